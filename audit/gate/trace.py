"""What the statements of a migration did, by watching the server: locks, rewrites, scans, rows, catalogue, values.

Everything is asked on the migration's own connection, because nobody else sees what it has not committed: after each
statement, in a savepoint that is rolled back, as the superuser. What only reads or adds rows (``insert``) is looked at
together with its neighbours, so that a file of many thousand statements takes no longer than it must.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from audit.evidence import safe
from audit.gate import catalogue, deeds, reading, unseen
from audit.gate.contents import compare, prints
from audit.gate.dependence import Dependence
from audit.gate.firing import FLOOD, TooLongError, fired, losses
from audit.gate.grants import Given, given, without_effect
from audit.gate.jobs import TABLE as JOBS
from audit.gate.jobs import Job, active
from audit.gate.looking import looking
from audit.gate.openings import asked_of_who_acts, decided_by_default
from audit.gate.outward import SENDING, sent_at_once, sent_by_change
from audit.gate.results import WORDS_TOLD, Change, Doubt, Entry, Lock, Loss, Moved, Print, Step
from audit.gate.sequences import repeating
from audit.gate.supposing import harmless
from audit.migrations import Refused, stands_alone
from audit.question import Connection
from audit.server.watchdog import Watchdog
from audit.sql_text import Statement, Token
from audit.surroundings import asks

# What each lock mode conflicts with, as far as an application's statements are concerned: SELECT takes ACCESS SHARE,
# and INSERT, UPDATE and DELETE take ROW EXCLUSIVE.
# https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
MODES = {
    "AccessShareLock": "ACCESS SHARE",
    "RowShareLock": "ROW SHARE",
    "RowExclusiveLock": "ROW EXCLUSIVE",
    "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE",
    "ShareLock": "SHARE",
    "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE",
    "ExclusiveLock": "EXCLUSIVE",
    "AccessExclusiveLock": "ACCESS EXCLUSIVE",
}
STRENGTH = {mode: number for number, mode in enumerate(MODES.values())}
BLOCKS = {
    "SHARE": "writes",
    "SHARE ROW EXCLUSIVE": "writes",
    "EXCLUSIVE": "writes",
    "ACCESS EXCLUSIVE": "reads and writes",
}

# Statements that only read settings or add rows: what they did is looked at together.
LIGHT = frozenset({"insert", "set", "comment", "reset"})
# What holds rows, or a number that grows with them.
HOLDING = frozenset({"table", "view", "materialized view", "foreign table", "sequence"})

# What takes back what a transaction did, all of it or from a savepoint on.
# https://www.postgresql.org/docs/current/sql-rollback-to.html
TAKING_BACK = frozenset({"rollback", "abort"})
ENDING = TAKING_BACK | {"commit", "end"}

# Who can sign in: https://supabase.com/docs/guides/auth/users
USERS = "auth.users"

# After the time limit the statement is cancelled; one that catches even that loses its session after this.
GRACE_S = 2.0

# What may be spent on the code of one file: what so many statements may that lead to as much as one may.
MOST_STATEMENTS = 5

# Inserts into a table with triggers are looked at one by one, so that what a trigger does is told of its statement;
# after so many in one file they are looked at together like all others.
MOST_ALONE = 200


@dataclass
class State:
    """The database at one moment: relations by number, the catalogue's parts, contents of tables, sequences."""

    titles: dict[int, str]
    kinds: dict[int, str]
    files: dict[int, int]
    of_table: dict[int, int]
    entries: dict[str, Entry]
    prints: dict[int, Print]
    sequences: dict[str, int | None]


_SEQUENCES = """
select pg_catalog.format('%I.%I', s.schemaname, s.sequencename), s.last_value from pg_catalog.pg_sequences s
"""

# The words of enumerations: https://www.postgresql.org/docs/current/catalog-pg-enum.html
_WORDS = """
select e.oid::pg_catalog.int8, e.enumtypid::pg_catalog.int8, pg_catalog.format('%I.%I', n.nspname, t.typname),
       e.enumlabel::pg_catalog.text
from pg_catalog.pg_enum e
join pg_catalog.pg_type t on t.oid = e.enumtypid join pg_catalog.pg_namespace n on n.oid = t.typnamespace
"""

# What the transaction holds, and what it did so far: the counts are those that were not handed on yet.
# https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-XACT-ALL-TABLES-VIEW
_LOCKS = """
select l.relation::pg_catalog.int8, l.mode from pg_catalog.pg_locks l
where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.granted
and l.relation::pg_catalog.int8 >= 16384
"""
_COUNTS = """
select s.relid::pg_catalog.int8, s.n_tup_ins, s.n_tup_upd, s.n_tup_del, s.seq_tup_read, s.seq_scan,
       pg_catalog.pg_relation_size(s.relid) / 8192
from pg_catalog.pg_stat_xact_all_tables s
where s.relid::pg_catalog.int8 >= 16384 and s.n_tup_ins + s.n_tup_upd + s.n_tup_del + s.seq_scan > 0
"""
_CATALOGUE_WRITES = """
select coalesce(pg_catalog.sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0)
from pg_catalog.pg_stat_xact_sys_tables s
"""

Counts = dict[int, tuple[int, int, int, int, int, int]]


def state(conn: Connection, known: State | None = None) -> State:
    """Return the whole state; tables that did not change since ``known`` are not read again. Raises psycopg.Error."""
    with looking(conn):
        relations = conn.execute(catalogue.RELATIONS).fetchall()
        return State(
            titles={oid: title for oid, title, *_ in relations},
            kinds={oid: kind for oid, _, kind, *_ in relations},
            files={oid: node for oid, _, _, node, _ in relations if node},
            of_table={oid: table for oid, *_, table in relations if table},
            entries=catalogue.read(conn, known.entries if known else None),
            prints=prints(conn, known=known.prints if known else None),
            sequences=dict(conn.execute(_SEQUENCES).fetchall()),
        )


class Tracer:
    """Watches one file; :meth:`around` goes around each statement. ``steps`` is what became of them.

    ``base`` is what was there before all new migrations: only that has readers, writers and data to lose.
    """

    def __init__(self, conn: Connection, now: State, base: State, limit_s: float, watchdog: Watchdog) -> None:
        self.conn = conn
        self.now = now
        self.known = frozenset(base.titles)
        self.base = base
        self.begun_with = {title: oid for oid, title in now.titles.items()}
        self.columns = {oid: frozenset(figures.numbers.values()) for oid, figures in base.prints.items()}
        self.limit_s = limit_s
        self.watchdog = watchdog
        self.steps: list[Step] = []
        self._group: Step | None = None
        # The savepoints of the transaction, and how many steps there were before each; and before all of it.
        self._savepoints: list[tuple[str, int]] = []
        self._begun = 0
        self._locks: dict[int, set[str]] = {}
        self._counts: Counts = {}
        self._writes = 0
        self._alone = 0
        self._triggers: tuple[Mapping[str, Entry], set[str]] | None = None
        self._given: list[tuple[Step, Given]] = []
        self._code: tuple[Mapping[str, Entry], dict[str, list[str]]] | None = None
        self._asked: tuple[Mapping[str, list[str]], dict[str, tuple[set[str], tuple[str, ...]]]] | None = None
        self._acting: tuple[Mapping[str, Entry], dict[tuple[str, str], list[tuple[str, set[str]]]]] | None = None
        self._effort = deeds.Effort(MOST_STATEMENTS * deeds.MOST_STEPS)
        with looking(conn):
            self._jobs = active(conn)
            self._words = {oid: told for oid, *told in conn.execute(_WORDS)}
        self._commands = frozenset((job.command, job.role) for job in self._jobs.values())
        self._scheduled: dict[int, tuple[Step, Job]] = {}

    @property
    def scheduled(self) -> list[tuple[Step, Job]]:
        """The jobs that were made or changed and will run, each with the statement that did it.

        What ran already, under another name or at other times, is none.
        """
        now = ((step, job) for number, (step, job) in self._scheduled.items() if self._jobs.get(number) == job)
        return [(step, job) for step, job in now if (job.command, job.role) not in self._commands]

    @property
    def standing(self) -> list[Job]:
        """The jobs that were there and do what they did, at whatever times."""
        return [
            job
            for number, job in self._jobs.items()
            if number not in self._scheduled or (job.command, job.role) in self._commands
        ]

    @contextmanager
    def around(self, statement: Statement, line: int) -> Iterator[None]:
        """Execute one statement in its time limit, and look at what it did. Raises Refused when it took too long."""
        light = self._is_light(statement)
        if not light:
            self._close_group()
        alone = stands_alone(statement)
        step = self._group if light and self._group else Step(line, statement.words, alone)
        if step is self._group:
            step.statements += 1
        elif alone:
            step.names = frozenset(reading.named(reading.code(statement.text)))
        else:
            self._remember(step, statement)
        begun = time.monotonic()
        try:
            with self.watchdog.limiting(self.conn, self.limit_s) as killed:
                yield
        except psycopg.Error as error:
            step.duration_ms += (time.monotonic() - begun) * 1000
            step.error = "took too long" if killed.is_set() else type(error).__name__
            if step is not self._group:
                self.steps.append(step)
            self._group = None
            if killed.is_set() or isinstance(error, errors.QueryCanceled):
                limit = f"the time limit of {self.limit_s:g} s" if killed.is_set() else "a time limit of its own"
                reason = f"was stopped at {limit}: {' '.join(statement.words[:WORDS_TOLD])}"
                raise Refused(safe(reason), statement.start) from error
            raise
        step.duration_ms += (time.monotonic() - begun) * 1000
        if light:
            if self._group is None:
                self.steps.append(step)
            self._group = step
        else:
            self.steps.append(step)
            if statement.words[:1] and statement.words[0] in TAKING_BACK:
                self._take_back(statement)
            else:
                self._look(step, statement)
        self._follow(statement)

    def _is_light(self, statement: Statement) -> bool:
        """Tell whether a statement is looked at together with its neighbours."""
        if not statement.words[:1] or statement.words[0] not in LIGHT:
            return False
        if statement.words[0] != "insert":
            return True
        if not reading.only_adds(statement.text) or reading.overwrites(statement.text):
            return False
        if self._alone < MOST_ALONE and {*statement.words} & self._triggering():
            self._alone += 1
            return False
        return True

    def _triggering(self) -> set[str]:
        """Return the names, without their schemas, of the tables that have triggers."""
        if self._triggers is None or self._triggers[0] is not self.now.entries:
            triggers = (entry for entry in self.now.entries.values() if entry.kind == "trigger")
            self._triggers = self.now.entries, {entry.title.rpartition(".")[2] for entry in triggers}
        return self._triggers[1]

    def settle(self) -> None:
        """Look at what the last statements did."""
        self._close_group()

    def finish(self, *, applied: bool) -> None:
        """Look at what the last statements did, and what happened when the file was committed."""
        self._close_group()
        if not applied:
            self.now = state(self.conn, self.now)  # without what was rolled back, which nobody did
        elif self.steps:
            last = self.steps[-1]
            with looking(self.conn):
                self._compare(last, everything=True)
                self._out_of_reach()
                self._exchanged_words()
                self._note_jobs(last)
                self._note_users()
                all_given = [what for _, what in self._given]
                for step, what in self._given:
                    step.idle = without_effect(self.conn, what, all_given, self.now.entries, self.base.entries)

            self._fire()

    def _fire(self) -> None:
        """Act out what fires on tables because of this file."""
        titles = {oid: self.base.titles[oid] for oid in self.base.prints}
        until = time.monotonic() + self.limit_s
        for table in fired(self.steps, self.now.entries, self.base.titles):
            try:
                with self.watchdog.limiting(self.conn, self.limit_s):
                    for loss in losses(self.conn, table, self.now.prints, titles, until):
                        if loss.kind == FLOOD:
                            table.step.floods += (loss,)
                        else:
                            table.step.losses += (loss,)
            except TooLongError:
                told = f"what {table.by} does when rows of {table.title} are written took too long to see all of"
                table.step.doubts += (Doubt(told, table.title),)

    def _out_of_reach(self) -> None:
        """Note whose rows are there, and are not found any more under the name that they had."""
        named = {title: oid for oid, title in self.now.titles.items()}
        for oid, figures in self.base.prints.items():
            title = self.base.titles[oid]
            instead = named.get(title)
            if not figures.rows or oid not in self.now.titles:
                continue
            if instead not in (None, oid) and (self.begun_with.get(title) != instead or self._changed(f"r{instead}")):
                ((rows,),) = self.conn.execute(f"select pg_catalog.count(*) from {title}".encode()).fetchall()
                left = self.now.prints[oid].rows
                if rows < left:
                    told = f"{title} shows {rows:,} of {left:,} rows, which {self.now.titles[oid]} holds"
                    self._note(f"r{instead}", Loss(f"rows of {title}", "rows hidden", title, told))
        for step in self.steps:
            for change in step.catalogue if not step.undone else ():
                oid = int(change.key[1:]) if change.kind == "table" and change.key[1:].isdigit() else 0
                rows = self.base.prints[oid].rows if oid in self.base.prints else 0
                for parent in self._no_longer_in(change) if oid in self.base.prints else ():
                    which = f"the {rows:,} rows" if rows else "whatever rows there are, and no made-up one,"
                    told = f"{which} of {change.title} are no longer found in {parent}"
                    step.losses += (Loss(f"rows of {change.title}", "rows hidden", change.title, told),)
                if rows and change.fact("persistence") == ("p", "u"):
                    told = f"the {rows:,} rows of {change.title} would be lost when the server crashes"
                    step.losses += (Loss(f"rows of {change.title}", "rows unlogged", change.title, told),)

    def _note_users(self) -> None:
        """Note how many people the file makes who can sign in with a password that it knows."""
        writing = [step for step in self.steps if not step.undone and (m := step.moved.get(USERS)) and m.inserted]
        if not writing:
            return
        oid = next(oid for oid, title in self.now.titles.items() if title == USERS)
        was, now = (
            {line[list(each.numbers).index("id")] for line in each.lines}
            for each in (self.base.prints[oid], self.now.prints[oid])
        )
        ids = [each.decode() for each in now - was if isinstance(each, bytes)]
        asked = (
            "select pg_catalog.count(*) from auth.users "
            "where id::pg_catalog.text = any (%s) and encrypted_password operator(pg_catalog.<>) ''"
        )
        ((writing[-1].users,),) = self.conn.execute(asked, [ids]).fetchall()

    def _no_longer_in(self, change: Change) -> set[str]:
        """Return the tables that a table was part of, or inherited from, and is no more when the file is at its end."""
        left = self.now.entries.get(change.key)
        if left is None:
            return set()
        was, now = ({*(parents or ())} for parents in change.fact("_parents"))
        return (was - now - {*(left.facts["_parents"] or ())}) & {*self.now.titles.values()}

    def _exchanged_words(self) -> None:
        """Note the words of enumerations that mean other rows than before: no row was written for it."""
        for oid, (of, title, word) in {oid: told for oid, *told in self.conn.execute(_WORDS)}.items():
            was = self._words.get(oid)
            if was and was[2] != word and any(old[0] == of and old[2] == word for old in self._words.values()):
                told = f"rows that held {was[2]!r} of {title} say {word!r} now, which other rows held"
                self._note(f"y{of}", Loss(f"values of type {title}", "values exchanged", title, told))

    def _note_jobs(self, step: Step) -> None:
        """Note which jobs a statement made or changed."""
        now = active(self.conn)
        for number, job in now.items():
            if self._jobs.get(number) != job:
                self._scheduled[number] = step, job
        self._jobs = now

    def _changed(self, key: str) -> list[Step]:
        """Return the statements that changed a part of the catalogue."""
        return [step for step in self.steps if any(change.key == key for change in step.catalogue)]

    def _note(self, key: str, loss: Loss) -> None:
        """Note a loss of the last statement that changed a part of the catalogue."""
        (self._changed(key) or self.steps)[-1].losses += (loss,)

    def _follow(self, statement: Statement) -> None:
        """Keep account of where the transaction began, and of its savepoints."""
        # With AND CHAIN the next transaction has begun already.
        ended = statement.words[:1] and statement.words[0] in ENDING and not {"to", "prepared"} & {*statement.words}
        if ended or self.conn.info.transaction_status == TransactionStatus.IDLE:
            self._savepoints, self._begun = [], len(self.steps)
        elif statement.words[:1] == ("savepoint",):
            self._savepoints.append((reading.last_name(statement), len(self.steps)))
        elif statement.words[:1] == ("release",):
            self._savepoints = self._savepoints[: self._place(statement)]

    def _place(self, statement: Statement) -> int:
        """Return where in the list the savepoint is that a statement names: the last one of that name."""
        name = reading.last_name(statement)
        return max((n for n, (each, _) in enumerate(self._savepoints) if each == name), default=len(self._savepoints))

    def _take_back(self, statement: Statement) -> None:
        """Take back what the steps did that a statement rolled back."""
        if "prepared" in statement.words[:2]:
            return
        since = self._begun
        if "to" in statement.words:
            place = self._place(statement)
            since = self._savepoints[place][1] if place < len(self._savepoints) else len(self.steps)
            self._savepoints = self._savepoints[: place + 1]
        was, self.now = self.now, state(self.conn, self.now)
        for step in self.steps[since:]:
            # What setval() did stays, whatever becomes of the transaction.
            stays = (name for name in step.reset if was.sequences.get(name) == self.now.sequences.get(name))
            step.take_back(tuple(stays))
        taken_back = self.steps[since:]
        self._given = [each for each in self._given if each[0] not in taken_back]

    def _close_group(self) -> None:
        if self._group is not None:
            step, self._group = self._group, None
            if self.conn.info.transaction_status == TransactionStatus.INTRANS:
                self._look(step)

    def _remember(self, step: Step, statement: Statement) -> None:
        """Look at what is so before the statement, so that only what it does itself is told of it."""
        found = self.conn.execute("select pg_catalog.current_setting('lock_timeout')", prepare=False).fetchone()
        step.unlimited = not found or found[0] == "0"
        with looking(self.conn):
            self._locks, self._counts, self._writes = self._quick()
        code = list(reading.code(statement.text))
        words = {token.word for token in code}
        step.takes_along, step.names = "cascade" in words, frozenset(reading.named(code))
        step.whole = not words & {"where", "limit", "on", "using", "fetch"}
        defines = statement.words[:1] == ("create",)
        step.telltale = () if defines else tuple(sorted({*asks(code), *self._asked_by(code)}))

    def _asked_by(self, code: Iterable[Token]) -> Iterator[str]:
        """Yield what the functions ask of the place where they run that some code names, and those that these name."""
        bodies = self._bodies()
        if self._asked is None or self._asked[0] is not bodies:
            self._asked = bodies, {}
        known = self._asked[1]
        seen = set[str]()
        waiting = reading.named(code)
        while waiting:
            seen |= waiting
            found = set[str]()
            for name in waiting & bodies.keys():
                if name not in known:
                    inner = [token for text in bodies[name] for token in reading.code(text)]
                    known[name] = reading.named(inner) & bodies.keys(), tuple(asks(inner))
                found |= known[name][0]
                yield from known[name][1]
            waiting = found - seen

    def _quick(self) -> tuple[dict[int, set[str]], Counts, int]:
        locks: dict[int, set[str]] = {}
        for relation, mode in self.conn.execute(_LOCKS):
            locks.setdefault(relation, set()).add(MODES.get(mode, str(mode)))
        counts: Counts = {relation: tuple(numbers) for relation, *numbers in self.conn.execute(_COUNTS)}
        ((writes,),) = self.conn.execute(_CATALOGUE_WRITES).fetchall()
        return locks, counts, int(writes)

    def _look(self, step: Step, statement: Statement | None = None) -> None:
        was = self.now
        inside = self.conn.info.transaction_status == TransactionStatus.INTRANS
        if not inside and not step.alone:
            return  # the statement ended the transaction, or failed and the file goes on
        with looking(self.conn):
            if not inside:
                self._compare(step, everything=True)
                return
            locks, counts, writes = self._quick()
            held, taken = [], []
            for relation, modes in locks.items():
                if relation in self.known and self.now.kinds.get(relation) in ("r", "p", "m"):
                    held.append(self._lock(relation, modes))
                    new = modes - self._locks.get(relation, set())
                    taken += [self._lock(relation, new)] if new else []
            step.held, step.taken = tuple(held), tuple(taken)
            step.moved = self._moved(counts)
            if JOBS in step.moved and _wrote(step.moved[JOBS]):
                self._note_jobs(step)
            self._compare(step, everything=False, parts=writes != self._writes)
            step.opened = tuple(
                (change.title, decides)
                for change in step.catalogue
                if (decides := decided_by_default(change, self.now.entries))
            )
            step.sent = tuple(
                dict.fromkeys(sent for change in step.catalogue for sent in sent_by_change(change, self.now.entries))
            )
            makes = statement is None or statement.words[:1] == ("create",)
            if statement and not makes and step.names & SENDING and (by := sent_at_once(statement.text)):
                step.sent += (("a statement", by),)
            if statement and statement.words[:1] and statement.words[0] in ("grant", "revoke"):
                self._given.append((step, given(statement.text, step.catalogue)))
        if statement:
            self._doubt(step, statement, was, locks)

    def _doubt(self, step: Step, statement: Statement, was: State, locks: Mapping[int, set[str]]) -> None:
        """Note what the statement may do elsewhere, and was not seen to do here."""
        effort = deeds.Effort(min(deeds.MOST_STEPS, self._effort.most - self._effort.spent))

        def names(text: str) -> frozenset[str]:
            effort.spend(1 + len(text) // 16)
            return reading.names(text)

        rules = unseen.Rules(self.now.entries, self._bodies(), names)
        try:
            step.blind += tuple(
                f"{told}: whom it lets in elsewhere is not known" for told in unseen.stored(step, rules)
            )
            self._doubt_as_read(step, statement, was, locks, deeds.Reader(self._bodies(), effort))
        except deeds.Unreadable:
            step.doubts = (Doubt(f"{step.told} leads to more code than is read: what it does elsewhere is not known"),)
            step.blind += (f"{step.told} leads to more code than is read: whom it lets in elsewhere is not known",)
        with suppress(deeds.Unreadable):
            self._effort.spend(min(effort.spent, effort.most))

    def _doubt_as_read(
        self, step: Step, statement: Statement, was: State, locks: Mapping[int, set[str]], reader: deeds.Reader
    ) -> None:
        read = deeds.read(statement.text, reader)
        if not read.deeds:
            return
        seen = self._seen(step, was, locks)
        dependence = self._dependence(read, reader)
        found = [one for one in unseen.unmet(read, seen, dependence) if not self._is_harmless(one)]
        empty = {self.base.titles[oid] for oid, figures in self.base.prints.items() if not figures.rows}
        certain = [one for one in found if one.table in empty and unseen.takes_all(one)]
        step.losses += tuple(
            Loss(f"rows of {one.table}", "rows deleted", one.table, f"{one.table} loses whatever rows it has")
            for one in certain
        )
        doubts = [unseen.doubt(one) for one in found if one not in certain]
        doubts += [
            Doubt(f"it rewrites {table}.{name} by what it holds, and the made-up rows hold nothing of the kind", table)
            for table, name in (*unseen.unchanged(read, seen), *unseen.cast(read, seen))
        ]
        if asked := tuple(dict.fromkeys(unseen.hanging(read, seen))):
            doubts.append(Doubt(f"what it does hangs on {', '.join(asked)}: what it would do elsewhere is not known"))
        for table, names, written in unseen.overwriting(read, seen):
            told = f"{', '.join(names)} of {table} would be overwritten where a row has the key that no made-up one had"
            if written:
                step.remarks += (Doubt(told, table),)
            else:
                doubts.append(Doubt(told, table))
        step.blind += tuple(
            f"it gives {column} what {by} asks of who acts, and met no made-up row: whom it lets in is not known"
            for column, by in dict.fromkeys(unseen.promoting(read, seen, self._asked_of_who_acts))
        )
        for takes, opens, told in unseen.not_taken(read, seen, dependence):
            doubts += [Doubt(f"{told}, was not seen to do anything; what it would do elsewhere is not known")] * takes
            step.blind += (f"{told}, was not seen to do anything; whom it would let in elsewhere is not known",) * opens
        step.doubts = tuple(dict.fromkeys((*doubts, *unseen.opaque(read, seen))))

    def _is_harmless(self, one: unseen.Unmet) -> bool:
        """Tell whether an UPDATE that met no row would lose nothing of one that it meets."""
        if one.deed.kind != "update":
            return False
        if not one.columns:
            return True
        oid = next((oid for oid, title in self.now.titles.items() if title == one.table), None)
        if one.deed.guards or oid is None:
            return False
        with self.watchdog.limiting(self.conn, self.limit_s):
            return harmless(self.conn, one.deed.text, oid, one.table, one.columns)

    def _asked_of_who_acts(self, table: str, column: str) -> list[tuple[str, set[str]]]:
        if self._acting is None or self._acting[0] is not self.now.entries:
            self._acting = self.now.entries, {}
        known = self._acting[1]
        if (table, column) not in known:
            known[table, column] = asked_of_who_acts(self.now.entries, table, column)
        return known[table, column]

    def _bodies(self) -> dict[str, list[str]]:
        """Return the code of the project's functions by their names."""
        if self._code is None or self._code[0] is not self.now.entries:
            found: dict[str, list[str]] = {}
            for entry in self.now.entries.values():
                if entry.kind == "function" and entry.facts.get("_body"):
                    found.setdefault(entry.facts["_name"], []).append(entry.facts["_body"])
            self._code = self.now.entries, found
        return self._code[1]

    def _dependence(self, read: deeds.Reading, reader: deeds.Reader) -> Dependence:
        holding = (entry.title for entry in self.now.entries.values() if entry.kind in HOLDING)
        return Dependence(map(unqualified, holding), reader, read.variables)

    def _seen(self, step: Step, was: State, locks: Mapping[int, set[str]]) -> unseen.Seen:
        """Gather what was seen of a statement; ``was`` is what there was before it."""
        changed = frozenset(
            was.titles[oid]
            for oid, modes in locks.items()
            if oid in self.known and was.kinds.get(oid) == "r" and modes - self._locks.get(oid, set())
            and any(STRENGTH.get(mode, 0) >= STRENGTH["ROW EXCLUSIVE"] for mode in modes)
        )  # fmt: skip
        partitions = frozenset(title for title in changed if self._is_partition(title, was))
        names: dict[str, list[str]] = {}
        for oid in self.known & was.titles.keys():
            title, kind = was.titles[oid], was.kinds[oid]
            # What goes through a view, or to the parts of a table, is known by what it locks.
            meant = {"r": [title], "p": sorted(partitions) or [title], "v": sorted(changed)}.get(kind, [])
            names.setdefault(unqualified(title), []).extend(meant)
        return unseen.Seen(step, names, changed, partitions, self.base.entries, self.now.entries)

    @staticmethod
    def _is_partition(title: str, was: State) -> bool:
        return any(entry.title == title and entry.facts.get("partition") for entry in was.entries.values())

    def _lock(self, relation: int, modes: set[str]) -> Lock:
        mode = max(modes, key=lambda mode: STRENGTH.get(mode, 0))
        # Nobody writes to a materialized view but whoever refreshes it.
        harmless = self.now.kinds[relation] == "m" and mode != "ACCESS EXCLUSIVE"
        return Lock(self.now.titles[relation], mode, "" if harmless else BLOCKS.get(mode, ""))

    def _moved(self, counts: Counts) -> dict[str, Moved]:
        moved = {}
        for relation, numbers in counts.items():
            before = self._counts.get(relation, (0, 0, 0, 0, 0, 0))
            inserted, updated, deleted, scanned, scans, _ = (n - b for n, b in zip(numbers, before, strict=True))
            if relation in self.now.titles and (inserted or updated or deleted or scanned or scans):
                moved[self.now.titles[relation]] = Moved(inserted, updated, deleted, scanned, scans, numbers[-1])
        return moved

    def _compare(self, step: Step, *, everything: bool, parts: bool = True) -> None:
        """Compare the database (the catalogue only with ``parts``) with what it was, and take it as the present."""
        was = self.now
        touched = {oid for oid, title in was.titles.items() if title in step.moved and _wrote(step.moved[title])}
        if parts:
            relations = self.conn.execute(catalogue.RELATIONS).fetchall()
            titles = {oid: title for oid, title, *_ in relations}
            files = {oid: node for oid, _, _, node, _ in relations if node}
            entries = catalogue.read(self.conn, was.entries)
            were, are = catalogue.columns(was.entries), catalogue.columns(entries)
            of_table = {oid: table for oid, *_, table in relations if table}
            changes = tuple(catalogue.differences(was.entries, entries, self.base.entries))
            refiled = {oid for oid, node in files.items() if was.files.get(oid, node) != node}
            altered = {oid for oid in was.prints if oid in titles and were.get(oid) != are.get(oid)}
            gone = {oid for oid in was.prints if oid not in titles}
            step.catalogue += changes
            rewritten = {oid for oid in refiled if was.kinds[oid] in ("r", "m")}
            step.rewritten += tuple(was.titles[oid] for oid in rewritten if oid in self.known)
            step.rebuilt += tuple(
                was.titles[oid]
                for oid in refiled
                if was.kinds[oid] == "i" and oid in self.known and was.of_table.get(oid) not in rewritten
            )
            kinds = {oid: kind for oid, _, kind, *_ in relations}
            fresh = set(titles) - set(was.titles)
        else:
            titles, files, entries, of_table, kinds = was.titles, was.files, was.entries, was.of_table, was.kinds
            refiled, altered, gone, fresh = set(), set(), set(), set()
        looked = None if everything else sorted(touched | refiled | altered | fresh)
        now = prints(self.conn, looked, was.prints) if looked is None or looked else {}
        for oid, content in now.items():
            if (
                oid in self.known
                and oid in was.prints
                and (was.prints[oid] != content or oid in altered or _moved(was.prints[oid], content))
            ):
                title, numbers = was.titles[oid], self.columns[oid]
                before = was.prints[oid].of(numbers)
                step.before = {**step.before, title: step.before.get(title, before)}
                step.after = {**step.after, title: content.of(content.numbers.values())}
                step.effects += ((title, compare(was.prints[oid], content, numbers)),)
        for oid in gone & self.known:
            step.before = {**step.before, was.titles[oid]: was.prints[oid].of(self.columns[oid])}
            step.after = {**step.after, was.titles[oid]: None}
        sequences: dict[str, int | None] = dict(self.conn.execute(_SEQUENCES).fetchall())
        back = (
            name
            for name, value in was.sequences.items()
            if value is not None and name in sequences and (sequences[name] or 0) < value
        )
        step.reset += tuple(repeating(self.conn, back))
        kept = {oid: figures for oid, figures in was.prints.items() if oid not in gone}
        self.now = State(titles, kinds, files, of_table, entries, {**kept, **now}, sequences)


def _moved(before: Print, after: Print) -> bool:
    """Tell whether rows were written, though the figures are the same: values may be in other rows."""
    return before.lines is not after.lines and before.signature != after.signature


def unqualified(title: str) -> str:
    """Return the own name of a relation, as it is compared with names in code."""
    return title.rpartition(".")[2].strip('"').replace('""', '"')


def _wrote(moved: Moved) -> bool:
    return bool(moved.inserted or moved.updated or moved.deleted)
