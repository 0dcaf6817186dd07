"""The migration gate: new migrations are applied to a disposable database that holds data, and what they did is judged.

The base (what is released) is built once, filled with made-up people, asked every policy, and frozen: its data
directory and the verdicts are kept in a cache by content. Each new file is applied statement by statement
(:mod:`audit.gate.trace`); afterwards the whole suite is asked again, and what newly fails is tied to a file.

``suite`` is handed down: the engine does not know the policies (docs/decisions/020-the-gate-asks-the-suite.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg

from audit.access.matrix import MOST_ROWS
from audit.catalog.table_statistics import TableStatistics
from audit.connection import TargetError, connect
from audit.ending import ENDING
from audit.evidence import Row, Unchecked, safe
from audit.gate.already import compared, doubted
from audit.gate.asking import Aftermath, Helper, Lots, ask_all, lost, lots, migrating, spare
from audit.gate.base import Base, Suite
from audit.gate.catalogue import lasting
from audit.gate.culprits import NAMED, blamed
from audit.gate.firing import fired
from audit.gate.foreign_keys import fitted
from audit.gate.guards import changed_guards, unguarded
from audit.gate.hazards import OVERWRITTEN_PERCENT, contents, judge_hazards
from audit.gate.later import Later, judge_later
from audit.gate.later import tried as tried_later
from audit.gate.linter import Warned, lint, weigh
from audit.gate.newcomers import fires_for_newcomers, seen_by_newcomers
from audit.gate.openings import columns_granted, columns_opened, joined
from audit.gate.partitions import cleared
from audit.gate.results import (
    FILES,
    Asked,
    Difference,
    Entry,
    Hazards,
    Reach,
    Reached,
    Rehearsed,
    Standing,
    Step,
)
from audit.gate.rules import judge_rules
from audit.gate.trace import State, Tracer, state
from audit.layouts import DOWN, title, to_apply
from audit.migrations import apply_files, decoded
from audit.question import Connection
from audit.results import Migration, Trouble
from audit.server.target import Say, Target
from audit.server_errors import Oversized, describe

# How often the base is begun anew for what ends its server; and how long a server may take to come up by itself, after
# a process of it crashed.
MOST_BASES = 4
UP_AGAIN_S = 20.0
_POLL_S = 0.2


class FileEnds(Exception):  # noqa: N818  it is no error of ours
    """With this file the rehearsal cannot go on: it is to be left out, and told with what became of it."""

    def __init__(self, path: Path, migration: Migration) -> None:
        super().__init__(f"{migration.file}: {migration.error}")
        self.path, self.migration = path, migration


@dataclass(frozen=True)
class Outcome:
    """What became of new files: of each, what the suite says in the end, and why the linter did not run, or "".

    ``base`` is where they were tried at last, ``origin`` what there was before them, and ``left_out`` are the files
    that a server ended with, and those that were not tried after them.
    """

    files: tuple[Rehearsed, ...]
    final: Standing
    unlinted: str
    base: Base
    origin: State
    left_out: Mapping[Path, Migration]


@dataclass
class _Tried:
    """One new file, applied and looked at, before other policies are asked; ``at_end`` is what there was after it."""

    path: Path
    migration: Migration
    steps: tuple[Step, ...]
    at_end: State
    duration_ms: float
    hazards: Hazards = field(default_factory=Hazards)
    warnings: tuple[Row, ...] = ()
    later: Sequence[Later] = ()


def rehearse(
    stack: ExitStack,
    bases: Callable[[], AbstractContextManager[Base]],
    files: Sequence[Path],
    suite: Suite,
    weights: Mapping[str, str],
    *,
    limit_s: float = 60.0,
    live_statistics: TableStatistics | None = None,
    overwritten_percent: int = OVERWRITTEN_PERCENT,
    say: Say = lambda _: None,
) -> Outcome:
    """Apply new files to a base, and judge each (:func:`_rehearse`); where one ends its server, begin anew without it.

    The base that they were tried on at last is open for as long as ``stack``. Raises TargetError where there is none,
    and psycopg.Error when its server answers no more.
    """
    known = live_statistics or TableStatistics()
    left_out: dict[Path, Migration] = {}
    for number in range(MOST_BASES):
        with ExitStack() as opened:
            base = opened.enter_context(bases())
            try:
                made = _rehearse(base, files, dict(left_out), suite, weights, limit_s, known, overwritten_percent, say)
            except FileEnds as ended:
                rest = files[files.index(ended.path) + 1 :] if number + 2 >= MOST_BASES else ()
                left_out |= {path: lost(path, None, NOT_TRIED) for path in rest} | {ended.path: ended.migration}
                say(f"{ended}; the other files are tried without it")
                continue
            stack.push(opened.pop_all())
            return made
    raise TargetError("the gate could not judge what is new: again and again its server ended")


def _rehearse(
    base: Base,
    files: Sequence[Path],
    left_out: Mapping[Path, Migration],
    suite: Suite,
    weights: Mapping[str, str],
    limit_s: float,
    known_statistics: TableStatistics,
    overwritten_percent: int,
    say: Say,
) -> Outcome:
    """Apply new files to the base, one after the other, and judge each; those ``left_out`` are only told.

    The suite is asked once, after all of them: they are released together, and what a later one mends is none's fault.
    Whose doing it is that something differs is found out afterwards (:mod:`audit.gate.culprits`).

    Raises FileEnds where a file ends the server, or cannot be looked at, and psycopg.Error when the server answers no
    more.
    """
    tried: list[_Tried] = []
    unlinted = ""
    watchdog = base.server.watchdog
    dsn = migrating(base.target)
    with ExitStack() as stack:
        with connect(base.target.dsn) as other:
            remarks, in_the_way = fitted(other, files), cleared(other, files)
        conn: Connection = stack.enter_context(connect(dsn))
        origin = now = state(conn)
        after = Aftermath(base, suite, [path for path in files if path not in left_out], limit_s, origin)
        groups = lots(suite.groups(), base.standing.took_ms)
        left, helper = Lots(groups), None
        if base.apart and spare() and len(groups) > 1:
            helper = stack.enter_context(Helper(after, left))
        for path in files:
            if path in left_out:
                continue
            begun = time.monotonic()
            name = title(path)
            tracer = Tracer(conn, now, origin, limit_s, watchdog)
            later: list[Later] = []
            try:
                (migration,) = apply_files(conn, [path], tracer.around)
                if not conn.closed:
                    tracer.finish(applied=migration.applied)
                    migration = _of_made_up_rows(migration, tracer.steps, now.entries)
                    later = tried_later(tracer) if migration.applied else []
            except psycopg.Error as error:
                if not conn.closed:
                    raise FileEnds(path, lost(path, _last_line(tracer), _unseen(error))) from error
                why = {"error": str(error)} if isinstance(error, Oversized) else {}
                migration = lost(path, _last_line(tracer), **why)
            if conn.closed:
                conn, now = _anew(stack, base, path, _last_line(tracer))
            else:
                now = tracer.now
            duration_ms = (time.monotonic() - begun) * 1000
            tried.append(_Tried(path, migration, tuple(tracer.steps), now, duration_ms, later=later))
            say(f"{name}: {'applied' if migration.applied else 'failed'} ({duration_ms / 1000:.1f} s)")
        for each in tried:
            # What was moved in one file may be dropped in a later one.
            kept = contents(origin.prints, each.at_end.prints, now)
            hazards = judge_hazards(title(each.path), each.steps, kept, known_statistics, overwritten_percent)
            judge_later(title(each.path), each.later, hazards, known_statistics, overwritten_percent)
            hazards.remarks += [*remarks.get(each.path, []), *in_the_way.get(each.path, [])]
            warnings, unlinted_here = _linted(each.path, each.steps, hazards, weights, conn, each.at_end)
            unlinted = unlinted or unlinted_here
            each.hazards, each.warnings = hazards, tuple(warnings)
        begun = time.monotonic()
        final = ask_all(after, base.target, [each.migration for each in tried], helper, left)
        say(f"new migrations: {len(final.asked)} policies asked ({time.monotonic() - begun:.1f} s)")
        _note_unguarded(after, tried, now, final)
        _note_newcomers(after, tried, now, final)
        told = _with_left_out(_told(after, tried, final), files, left_out)
        return Outcome(tuple(_with_drafts(told, base, suite, now, final)), final, unlinted, base, origin, left_out)


def _anew(stack: ExitStack, base: Base, path: Path, line: int | None) -> tuple[Connection, State]:
    """Connect again after a session was lost: to the same server, if it is there. Raises FileEnds where it is not."""
    until = time.monotonic() + UP_AGAIN_S
    while True:
        try:
            conn = stack.enter_context(connect(migrating(base.target)))
            return conn, state(conn)
        except (TargetError, psycopg.OperationalError) as error:
            if base.server.process.poll() is not None or time.monotonic() > until:
                raise FileEnds(path, lost(path, line, SERVER_ENDED)) from error
        with ENDING.waiting():
            time.sleep(_POLL_S)


SERVER_ENDED = "the server that it was tried on ended with it"
NOT_TRIED = "it was not tried: files before it ended their servers"


def _unseen(error: psycopg.Error) -> str:
    return f"what it did could not be looked at: {describe(error)}"


def _with_left_out(
    told: Sequence[Rehearsed], files: Sequence[Path], left_out: Mapping[Path, Migration]
) -> list[Rehearsed]:
    """Put the files that were left out in their places."""
    by_file = {each.file: each for each in told}
    names = {title(path): left_out.get(path) for path in files}
    return [
        by_file[name] if migration is None else Rehearsed(name, migration, untried=True)
        for name, migration in names.items()
    ]


def _told(after: Aftermath, tried: Sequence[_Tried], final: Standing) -> tuple[Rehearsed, ...]:
    """Say of each file what is its doing."""
    base = after.base
    before = base.standing
    walk = after.walk if base.copies else None
    differences, reached = compare(before, final, ruled := _ruled(tried))
    # Verdicts out of a cache may have changed with the time that went by.
    if base.cached and walk is not None and (suspects := _suspects(differences)):
        before = replace(before, asked={**before.asked, **walk({0: suspects})[0].asked})
        differences, reached = compare(before, final, ruled)
    if base.copies and (taken := doubted(reached, before, final, ruled)):
        with after.copy() as copy, connect(copy.dsn) as conn:
            reached = tuple(compared(conn, reached, taken))
    blames = blamed([each.steps for each in tried], differences, reached, final, walk, _late(after.origin))
    known = {entry.title for entry in after.origin.entries.values() if entry.kind == "column"}
    granted = [columns_granted(each.entries) for each in (after.origin, *(each.at_end for each in tried))]
    for blame, opened in zip(blames, columns_opened(granted, known, final.reach), strict=True):
        blame.reached += opened
    for each, blame in zip(tried, blames, strict=True):
        blame.reached += joined(each.steps, before.reach, final.reach)
    return tuple(
        Rehearsed(
            title(each.path),
            each.migration,
            each.steps,
            each.hazards,
            each.warnings,
            tuple(blame.differences),
            tuple(blame.reached),
            duration_ms=each.duration_ms,
        )
        for each, blame in zip(tried, blames, strict=True)
    )


def _note_unguarded(after: Aftermath, tried: Sequence[_Tried], now: State, final: Standing) -> None:
    """Note what triggers kept people from writing before all files, and do not any more after them."""
    steps = [step for each in tried for step in each.steps]
    guards = changed_guards(steps, after.origin.entries, now.entries, final.reach)
    if not guards:
        return
    target = after.base.target
    with connect(target.dsn) as conn:
        for guard in guards:
            try:
                with after.base.server.watchdog.limiting(conn, after.limit_s):
                    come = unguarded(conn, guard)
            except psycopg.Error as error:
                if conn.closed:
                    raise
                why = f"{guard.by} is not what it was: what it kept back could not be tried: {describe(error)}"
                _blind_of(tried, guard.step).append(why)
                continue
            guard.step.unguarded += tuple((f"{who}: {what} of {guard.table}", guard.by) for who, what in come)


def _note_newcomers(after: Aftermath, tried: Sequence[_Tried], now: State, final: Standing) -> None:
    """Note what whoever signs up sees more of, where what fires then is not what it was."""
    steps = [step for each in tried for step in each.steps]
    firing = [*fired(steps, now.entries, after.origin.titles)]
    if not fires_for_newcomers(firing, now.entries):
        return
    with connect(after.base.target.dsn) as conn:
        try:
            with after.base.server.watchdog.limiting(conn, after.limit_s):
                seen = [*seen_by_newcomers(conn, firing, final.reach)]
        except psycopg.Error as error:
            if conn.closed:
                raise
            why = f"{firing[0].by} is new: what newcomers see could not be tried: {describe(error)}"
            _blind_of(tried, firing[0].step).append(why)
            return
    for each, table in seen:
        each.step.newcomers += ((table, each.by),)


def _blind_of(tried: Sequence[_Tried], step: Step) -> list[str]:
    return next(each.hazards.blind for each in tried if any(step is one for one in each.steps))


def _late(origin: State) -> str:
    """Return the code that says only when it runs what it is about, and the names of functions and types."""
    known = [entry for entry in origin.entries.values() if entry.kind in NAMED]
    return "\n".join(f"{each.title} {each.facts.get('_name', '')} {each.facts.get('_body', '')}" for each in known)


def _with_drafts(
    told: Sequence[Rehearsed], base: Base, suite: Suite, now: State, final: Standing
) -> Iterator[Rehearsed]:
    """Add drafts for new tables that are only not declared."""
    cells = [cell.removesuffix(" (blind)") for cell, reach in final.reach.items() if reach.verdict == "UNDECLARED"]
    guarded = {
        entry.facts["_of"] for entry in now.entries.values() if entry.kind == "policy"
    }  # by a policy, whatever it says: others judge that
    for each in told:
        tables = {
            change.title
            for step in each.steps
            for change in step.catalogue
            if change.what == "created"
            and change.kind == "table"
            and (entry := now.entries.get(change.key)) is not None
            and entry.facts["row level security"]
            and int(change.key[1:]) in guarded
            and any(cell.endswith(f" {change.title}") for cell in cells)
        }
        if not tables:
            yield each
            continue
        with connect(base.target.dsn) as conn:
            drafts = suite.draft(conn, base.target.unfilled, frozenset(tables))
        yield replace(each, undeclared={table: drafts.get(table, ()) for table in sorted(tables)})


def _of_made_up_rows(migration: Migration, steps: Sequence[Step], before: Mapping[str, Entry]) -> Migration:
    """Set aside what a trigger of the project refused, which was there before: made-up rows never went by it.

    Rows are loaded with triggers off. Whether it refuses those of the real database as well, nobody knows here.
    """
    changed = {change.key for step in steps for change in step.catalogue}
    triggers = {
        entry.facts["_name"]: entry.title
        for key, entry in before.items()
        if entry.kind == "function" and entry.facts.get("_trigger") and key not in changed
    }

    def judged(trouble: Trouble) -> Trouble:
        if trouble.raised_by not in triggers:
            return trouble
        told = f"{triggers[trouble.raised_by]} refuses made-up rows ({trouble.error})"
        return replace(trouble, error=f"{told}: whether it refuses real ones is not known", aside=True)

    return replace(migration, troubles=tuple(map(judged, migration.troubles)))


def _last_line(tracer: Tracer) -> int | None:
    return tracer.steps[-1].line if tracer.steps else None


def _linted(
    path: Path, steps: Sequence[Step], hazards: Hazards, weights: Mapping[str, str], conn: Connection, now: State
) -> tuple[list[Row], str]:
    seen = judge_rules(title(path), steps, now.entries, weights)
    try:
        text = to_apply(decoded(path.read_bytes()))
        warnings: tuple[Warned, ...] = lint(text, conn.info.server_version // 10000)
    except (OSError, UnicodeDecodeError):
        return seen, ""  # it did not apply, and MIG-01 says why
    except Unchecked as reason:
        return seen, reason.reason
    rows, remarks = weigh(title(path), warnings, steps, hazards.slow_lines, weights)
    hazards.remarks += remarks
    return [*rows, *seen], ""


def compare(
    before: Standing, after: Standing, ruled: Collection[str] = ()
) -> tuple[tuple[Difference, ...], tuple[Reached, ...]]:
    """Tell what the suite says of the second database and did not say of the first, and who reaches more or less.

    ``ruled`` are tables whose policies are not what they were.
    """
    differences = []
    for policy, now in after.asked.items():
        was = before.asked.get(policy, Asked(policy, now.title, now.severity, "NOT_APPLICABLE"))
        new = {key: fix for key, fix in now.objects.items() if key not in was.objects}
        mended = tuple(key for key in was.objects if key not in now.objects) if now.verdict != "UNCHECKED" else ()
        if new or mended or was.verdict != now.verdict:
            verdicts = was.verdict, now.verdict
            differences.append(
                Difference(policy, now.title, now.severity, *verdicts, now.reason, new, mended, now.problems)
            )
    reached = []
    for cell in sorted(before.reach.keys() | after.reach.keys()):
        old, new_ = before.reach.get(cell), after.reach.get(cell)
        if FILES in cell and old is None:
            continue  # of a new bucket nobody stored anything for fewer people
        told, tells = _extent(old), _extent(new_)
        # Which rows are looked at of a large table is a matter of chance: only kinds of reach are compared of it.
        if told == tells and old and new_ and _grew(cell, old, new_, ruled):
            reached.append(Reached(cell, told, "more", wider=True, undeclared=True))
        if told == tells or (old is None and not (new_ and new_.reached)):
            continue
        more = new_ is not None and (old is None or EXTENT.index(tells) > EXTENT.index(told))
        undeclared = new_ is not None and (
            new_.leaked > (old.leaked if old else 0) or (new_.verdict == "UNDECLARED" and new_.reached > 0)
        )
        reached.append(Reached(cell, told, tells, wider=more, undeclared=undeclared))
    return tuple(differences), tuple(reached)


def _grew(cell: str, old: Reach, new: Reach, ruled: Collection[str]) -> bool:
    """Tell whether some rows became more, of a table whose policies were changed, that has the same ones and few.

    Of what is declared it is known which rows they are.
    """
    whole = old.rows == new.rows < MOST_ROWS and old.verdict == new.verdict == "UNDECLARED"
    table = cell.removesuffix(" (blind)").rpartition(" ")[2]
    return whole and table in ruled and ": insert " not in cell and 0 < old.reached < new.reached


def _ruled(tried: Sequence[_Tried]) -> frozenset[str]:
    """Return the tables of which new files made, changed or dropped policies."""
    changes = (change for each in tried for step in each.steps if not step.undone for change in step.catalogue)
    return frozenset(change.title.rpartition(" of ")[2] for change in changes if change.kind == "policy")


# How much somebody reaches, in words that do not depend on how many made-up rows there are.
EXTENT = ("not there", "none", "some", "as declared", "some beyond what is declared", "all")


def _extent(reach: Reach | None) -> str:
    if reach is None:
        return "not there"
    if not reach.reached:
        return "none"
    if reach.reached >= reach.rows:
        return "all"
    if reach.leaked:
        return "some beyond what is declared"
    return "as declared" if reach.verdict == "OK" else "some"


def _suspects(differences: Sequence[Difference]) -> frozenset[str]:
    return frozenset(each.policy for each in differences if each.new or each.after == "UNCHECKED")


def undone(target: Target, files: Sequence[Path], origin: State, *, wanted: bool) -> list[str]:
    """Undo new files, the last first, by what lies beside them (``NAME.down.sql``); tell what is not as it was before.

    ``wanted``: a file that has nothing to undo it is told, too. Raises psycopg.Error when the server answers no more.
    """
    told = []
    with connect(migrating(target)) as conn:
        for path in reversed(files):
            down = path.with_name(path.name.removesuffix(".sql") + DOWN)
            if not down.is_file():
                told += [f"{safe(path.name)} cannot be undone: there is no {safe(down.name)}"] if wanted else []
                continue
            (migration,) = apply_files(conn, [down])
            if not migration.applied:
                told.append(f"{migration.file} fails in line {migration.line}: {migration.error}")
        before, after = (
            {(e.kind, e.title): lasting(e.facts) for e in each.entries.values()} for each in (origin, state(conn))
        )
    for kind, called in sorted(before.keys() | after.keys()):
        if before.get((kind, called)) != after.get((kind, called)):
            left = "differs"
            if (kind, called) not in before or (kind, called) not in after:
                left = "is gone" if (kind, called) in before else "is left"
            told.append(safe(f"after undoing the new migrations, {kind} {called} {left}"))
    return told
