"""Migrations: files of SQL become a schema, and what became of each file and statement is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
from psycopg import generators, sql
from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from audit.effects import effects, lacks, parts, things
from audit.evidence import safe
from audit.layouts import beginning, of_these, recognised, title, to_apply
from audit.platform import absent, bringing, extensions
from audit.results import ANYTHING, RELATIONS, ROW_SECURITY, Migration, Thing, Trouble
from audit.server_errors import tell
from audit.sql_text import STRING, Statement, Unreadable, statements, tokens

OWNER = "postgres"

# What schema/platform stands in for where the server lacks it, or what a schema can do without.
STOOD_IN = frozenset({"pgcrypto", "uuid-ossp", "pg_stat_statements"})
# Access methods that no server of ours has itself.
STOOD_IN_METHODS = frozenset({"pgroonga", "rum"})

# How the output of pg_dump begins, whichever of its parts was kept.
_DUMPED = re.compile(
    r"^-- PostgreSQL database (?:cluster )?dump|^\\restrict |set_config\('search_path', '', false\)", re.MULTILINE
)
_BEGINNING = 10_000
# From this version on a superuser can keep event triggers from firing as himself.
# https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-EVENT-TRIGGERS
EVENT_TRIGGERS_SINCE = 170000
# https://www.postgresql.org/docs/current/errcodes-appendix.html: what is there already, or is not for role postgres.
THERE_ALREADY = frozenset({"42P06", "42P07", "42710", "42723", "42P16", "42701"})
_NOT_ALLOWED = frozenset({"42501", "0LP01"})
# Extensions that a project had from its first day, up to some version of the platform.
# https://supabase.com/docs/guides/graphql, https://supabase.com/docs/guides/database/extensions/pgjwt
_ONCE_THERE = frozenset({"pg_graphql", "pgjwt"})
_EXTRAS = frozenset({"extension", "event trigger", "publication", "server", "wrapper", "default privileges", "role"})
_OF_PROJECTS = frozenset({"policy", "trigger"})
_KNOWN_ROLES = frozenset({"public", "current_user", "session_user", "current_role", OWNER})
_TRANSACTIONS = frozenset({"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "lock"})


# What is done around the execution of each statement, given the line that it begins in.
Around = Callable[[Statement, int], AbstractContextManager[None]]


def _nothing_around(_: Statement, __: int) -> AbstractContextManager[None]:
    return nullcontext()


class Refused(Unreadable):
    """A file that cannot be applied as it is, or a statement that was stopped: why, and at which offset."""


def stands_alone(statement: Statement) -> bool:
    """Tell whether PostgreSQL refuses the statement inside a transaction block, by the notes of each command's page."""
    words = statement.words
    match words[:2]:
        case ("vacuum", *_) | ("alter", "system") | ("create" | "drop", "database" | "tablespace"):
            return True
        case ("reindex", "database" | "system" | "schema"):
            return True
        case ("create" | "drop", "index") | ("create", "unique") | ("alter", "table"):
            return "concurrently" in words
        case ("reindex", *_):
            return "concurrently" in words or bool(re.match(r"reindex\s*\([^)]*concurrently", statement.text, re.I))
    return False


def find(directory: Path) -> list[Path]:
    """List what is to be applied of a directory of migrations, in order (:mod:`audit.layouts`). Raises TargetError."""
    return list(recognised(directory).files)


def is_dump(path: Path) -> bool:
    """Tell whether a file is what pg_dump wrote. Raises TargetError when it cannot be read."""
    return bool(_DUMPED.search(beginning(path, _BEGINNING)))


def version(name: str) -> int | None:
    """Return the version of a file: the number before the first ``_``, or None where its name begins with none."""
    number = re.match(r"[0-9]+", name)
    return int(number.group()) if number else None


def apply(
    conn: psycopg.Connection[Any], directory: Path, *, piecewise: bool = False, files: Sequence[Path] | None = None
) -> tuple[Migration, ...]:
    """Apply a directory's migrations (or a single file) in order, as role postgres, and tell what became of each file.

    Each file is one transaction, unless it has its own or holds a statement that cannot run in one, such as
    ``create index concurrently``: that one runs alone, between what stands before it and after it. A file that fails
    is rolled back and left out, or (``piecewise``) applied statement by statement then, as far as that goes; the next
    one is tried. What pg_dump wrote is taken statement by statement from the beginning, as psql does.
    ``create extension`` of one that this server lacks is passed over where schema/platform stands in for it, and set
    aside where it does not. ``files`` are those of the directory that are applied, as far as not all are, in their
    order; they may lie elsewhere. Every file starts in a fresh session, and so is ``conn`` left: ``SET`` is undone.

    ``conn`` must be a login of role postgres, or of somebody who is no superuser and may become that role, in no
    transaction: a file's RESET SESSION AUTHORIZATION must lead nowhere. Raises TargetError when there is nothing to
    apply, ValueError on a superuser's connection, and psycopg.OperationalError when it is lost.
    """
    layout = recognised(directory) if files is None else of_these(directory, files)
    done = apply_files(conn, layout.files, piecewise=piecewise)
    return tuple(replace(each, twice=layout.twice.get(each.file, "")) for each in done)


def apply_files(
    conn: psycopg.Connection[Any],
    files: Sequence[Path],
    around: Around = _nothing_around,
    *,
    piecewise: bool = False,
) -> tuple[Migration, ...]:
    """Apply some files as :func:`apply` does; ``around`` goes around each statement, inside of its transaction.

    ``piecewise``: a file that fails is applied statement by statement, with nothing around them. What adds something to
    what only a later file creates is executed once it is there: whoever made it in the dashboard could apply the file.
    """
    autocommit = conn.autocommit
    conn.autocommit = True
    conn.add_notify_handler(_forgotten)
    waiting = _Waiting(files)
    try:
        done = [_apply_file(conn, path, around, piecewise, waiting) for path in files]
        return tuple(map(waiting.without_what_was_made, done))
    finally:
        conn.remove_notify_handler(_forgotten)
        # Interrupted, the connection may still be busy: then it is of no more use to anybody.
        if not conn.closed and conn.info.transaction_status != TransactionStatus.ACTIVE:
            _start_afresh(conn)
            conn.autocommit = autocommit


def _start_afresh(conn: psycopg.Connection[Any]) -> None:
    """Undo what a file's ``SET`` did to the session: pg_dump's files, for one, empty the search_path."""
    # Not DISCARD ALL: it would take away statements that psycopg prepared.
    for undo in ("set session authorization default", "set role none", "reset all", "discard temp"):
        conn.execute(undo, prepare=False)


def _apply_file(
    conn: psycopg.Connection[Any], path: Path, around: Around, piecewise: bool, waiting: _Waiting
) -> Migration:
    name = title(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        return _unread(name, f"cannot be read: {error.strerror}", None)
    try:
        text = to_apply(decoded(data))
    except UnicodeDecodeError as error:
        return _unread(name, "is not UTF-8 text", data.count(b"\n", 0, error.start) + 1)
    file = _File(conn, text)
    try:
        file.read()
        file.run(around, piecewise)
    except Unreadable as refusal:
        return _unread(name, safe(str(refusal)), _line(text, refusal.start))
    if piecewise:
        waiting.go_on(path, file)
    failed = next((each for each in file.troubles if not each.aside), None)
    if failed is None:
        return Migration(name, applied=True, troubles=tuple(file.troubles), notes=tuple(file.notes))
    error_ = failed.error + file.partly
    return Migration(name, False, error_, failed.line, failed.sqlstate, tuple(file.troubles), tuple(file.notes))


def _unread(name: str, error: str, line: int | None) -> Migration:
    """Tell of a file of which nothing was executed: what it would have done is not known."""
    trouble = Trouble(line or 1, error, touched=(Thing(ANYTHING, "", ""),))
    return Migration(name, applied=False, error=error, line=line, troubles=(trouble,))


def decoded(data: bytes) -> str:
    """Return the text of a file. Raises UnicodeDecodeError."""
    # Editors put a byte order mark at the beginning; psql, too, passes over it.
    return data.decode("utf-8-sig")


# Where an exception was raised, innermost first: https://www.postgresql.org/docs/current/plpgsql-errors-and-messages.html
_RAISED = re.compile(r"PL/pgSQL function (?:.*\.)?\"?([^.\"(]+)\"?\(\) line \d+ at RAISE")


def _raised_by(error: psycopg.Error, statement: Statement) -> str:
    """Return the name of the function without arguments that refused rows which a statement brought about, or ""."""
    own_rows = statement.words[:1] == ("insert",) and "select" not in statement.words
    found = _RAISED.match(error.diag.context or "")
    return found[1] if found and not own_rows else ""


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


class _File:
    """One file, and what became of its statements."""

    def __init__(self, conn: psycopg.Connection[Any], text: str) -> None:
        self.conn = conn
        self.text = text
        self.parsed: list[Statement] = []
        self.troubles: list[Trouble] = []
        self.notes: list[str] = []
        self.partly = ""
        # What failed for something that is not there, with its statement.
        self.lacking: list[tuple[Trouble, Statement]] = []
        self._passed = self._kept = 0

    def read(self) -> None:
        """Split the text into statements. Raises Unreadable."""
        if "\0" in self.text:
            raise Refused("holds a zero byte, which SQL cannot", self.text.index("\0"))
        self.parsed = list(statements(self.text))
        for statement in self.parsed:
            if statement.words[:1] == ("copy",) and "stdout" in statement.words:
                raise Refused("copy to stdout needs psql, and changes nothing", statement.start)

    def run(self, around: Around, piecewise: bool) -> None:
        """Execute the statements. Raises Refused when ``around`` stops one; leaves no transaction open."""
        self._begin()
        if around is _nothing_around and _DUMPED.search(self.text[:_BEGINNING]):
            self._make_roles()
            self._one_by_one(0, dumped=True)
        else:
            self._together(around, piecewise)

    def _begin(self) -> None:
        """Make the session what it is at the beginning of a file."""
        _start_afresh(self.conn)
        if self.conn.info.parameter_status("is_superuser") == "on":
            raise ValueError("migrations are foreign code: not on a superuser's connection, whatever it is set to")
        if self.conn.info.user != OWNER:  # a shadow's stand-in: behind a RESET ROLE there is no more than that
            if self.conn.info.server_version >= EVENT_TRIGGERS_SINCE:
                self.conn.execute("set event_triggers = on")
            self.conn.execute(sql.SQL("set role {}").format(sql.Identifier(OWNER)))
        self.conn.execute('set search_path = "$user", public, extensions')

    def again(self, statement: Statement) -> Trouble | None:
        """Execute a statement once more, by itself; return why it failed, if it did."""
        self._begin()
        try:
            _execute(self.conn, self._placed(statement))
        except psycopg.Error as error:
            if self.conn.broken:
                raise
            return self._trouble(error, statement)
        return None

    def _together(self, around: Around, piecewise: bool) -> None:
        """Execute all as the file's author meant it: in one transaction, or in those of the file itself."""
        conn, line, counted, committed = self.conn, 1, 0, 0
        for number, statement in enumerate(self.parsed):
            line, counted = line + self.text.count("\n", counted, statement.start), statement.start
            alone = stands_alone(statement)
            try:
                if alone:
                    conn.commit()
                    committed = number
                elif conn.info.transaction_status == TransactionStatus.IDLE:
                    conn.execute("begin")
                if not self._passes_over(statement):
                    with around(statement, line):
                        _execute(conn, self._placed(statement))
            except psycopg.Error as error:
                self._fail(error, number, committed, piecewise)
                return
            except Refused:
                if not conn.broken:
                    conn.rollback()
                raise
            if conn.info.transaction_status == TransactionStatus.IDLE:
                committed = number + 1
        try:
            conn.commit()
        except psycopg.Error as error:
            # A deferred constraint speaks up at the end.
            self._fail(error, len(self.parsed) - 1, committed, piecewise)

    def _fail(self, error: psycopg.Error, number: int, committed: int, piecewise: bool) -> None:
        """Roll back, and go on with each statement that is undone by itself, or leave them all out."""
        if self.conn.broken:
            raise error
        self.conn.rollback()
        if piecewise:
            self.troubles = [each for each in self.troubles if each.line < self._line(self.parsed[committed])]
            self._one_by_one(committed)
            if not _lacking(error) and not any(not each.aside for each in self.troubles):
                # Only together they fail.
                self.troubles.append(self._trouble(error, self.parsed[number]))
            return
        undone = [effects(each) for each in self.parsed[committed:]]
        made, touched = (things(set().union(*(getattr(e, which) for e in undone))) for which in ("made", "touched"))
        self.troubles.append(replace(self._trouble(error, self.parsed[number]), made=made, touched=touched))
        self.partly = "; what stands before it stays applied" if committed else ""

    def _one_by_one(self, first: int, *, dumped: bool = False) -> None:
        self._each(self.parsed[first:], dumped=dumped)
        if self._passed:
            many = "s of the dump were" if self._passed > 1 else " of the dump was"
            told = "passed over: about what the platform brings, or keeps for itself"
            self.notes.append(f"{self._passed} statement{many} {told}")
        if self._kept:
            own = (
                "1 object that the dump gives to another role stays"
                if self._kept == 1
                else (f"{self._kept} objects that the dump gives to other roles stay")
            )
            self.notes.append(f"{own} {OWNER}'s")

    def _each(self, wanted: Sequence[Statement], *, dumped: bool = False) -> None:
        for statement in wanted:
            if statement.words[:1] and statement.words[0] in _TRANSACTIONS:
                continue
            try:
                if not self._passes_over(statement):
                    _execute(self.conn, _lasting(self._placed(statement)))
            except psycopg.Error as error:
                if self.conn.broken:
                    raise
                if self.conn.info.transaction_status != TransactionStatus.IDLE:
                    self.conn.rollback()
                if dumped and error.sqlstate in _NOT_ALLOWED and "owner" in statement.words:
                    self._kept += 1
                elif dumped and _is_the_platforms(statement, error):
                    self._passed += 1
                elif isinstance(error, psycopg.errors.SyntaxError) and len(run_on := parts(statement)) > 1:
                    # A semicolon was forgotten; what it would have parted is what production has in the end.
                    told = self._trouble(error, statement)
                    said = f"{told.error}; a semicolon seems to be missing before it"
                    self.troubles.append(replace(told, error=said, made=(), touched=()))
                    self._each(run_on, dumped=dumped)
                else:
                    told = self._trouble(error, statement)
                    if self._enabled_elsewhere(error):
                        self.troubles.append(replace(told, lacks=None, made=(), touched=(), aside=False))
                        self._each([statement], dumped=dumped)
                    else:
                        self.troubles.append(told)
                        self.lacking.append((told, statement))

    def _enabled_elsewhere(self, error: psycopg.Error) -> bool:
        """Create the extension that brings what is lacking, as somebody did in the dashboard; tell whether it did."""
        name = self._not_created(error)
        if not name:
            return False
        question = "select schema::text from pg_catalog.pg_available_extension_versions where name = %s limit 1"
        place = self.conn.execute(question, [name]).fetchone()
        created = sql.SQL("create extension {} with schema {}").format(
            sql.Identifier(name), sql.Identifier((place and place[0]) or "extensions")
        )
        try:
            for statement in statements(created.as_string(None)):
                _execute(self.conn, placed(statement))
        except psycopg.Error:
            if self.conn.broken:
                raise
            self.conn.rollback()
            return False
        return True

    def _not_created(self, error: psycopg.Error) -> str | None:
        """Return the extension that brings what a statement lacked, where no file has created it so far."""
        missing = lacks(error)
        name = bringing(missing.kind, missing.schema, missing.name) if missing else None
        question = "select from pg_catalog.pg_extension where extname = %s"
        return name if name and not self.conn.execute(question, [name]).fetchone() else None

    def _placed(self, statement: Statement) -> Statement:
        """Return a statement as the platform executes it."""
        if statement.words[:3] == ("create", "event", "trigger"):
            known = self.conn.info.server_version >= EVENT_TRIGGERS_SINCE
            return _event_trigger(statement) if known else statement
        return placed(statement)

    def _line(self, statement: Statement, offset: int = 0) -> int:
        return _line(self.text, statement.start + offset)

    def _trouble(self, error: psycopg.Error, statement: Statement) -> Trouble:
        position = error.diag.statement_position
        found = effects(statement)
        missing, extension = _lacking(error), self._not_created(error)
        uncreated = f"; no file before it creates the extension {extension}" if extension else ""
        return Trouble(
            self._line(statement, int(position) - 1 if position else 0),
            _not_here(missing) if missing else tell(error) + uncreated,
            error.sqlstate,
            lacks(error),
            things(found.made),
            things(found.touched),
            aside=bool(missing),
            raised_by=_raised_by(error, statement),
        )

    def _passes_over(self, statement: Statement) -> bool:
        """Tell whether the statement is about an extension that this server lacks, and set it aside if need be."""
        if "extension" not in statement.words[:3]:
            return False
        if statement.words[:2] == ("drop", "extension"):
            return self._was_there_once(statement)
        name = _extension(statement)
        if not name or self._is_available(name):
            return False
        if statement.words[0] == "create" and name not in STOOD_IN:
            told = _not_here(f"the extension {name}")
            found = effects(statement)
            made, touched = things(found.made), things(found.touched)
            self.troubles.append(Trouble(self._line(statement), told, None, None, made, touched, aside=True))
        return True

    def _was_there_once(self, dropped: Statement) -> bool:
        """Tell whether an extension is dropped that projects no longer begin with, and that is not here."""
        names = {token.name for token in tokens(dropped.text) if token.name in _ONCE_THERE}
        known = self.conn.execute("select from pg_catalog.pg_extension where extname = any (%s)", [[*names]])
        return bool(names) and known.fetchone() is None

    def _is_available(self, name: str) -> bool:
        found = self.conn.execute("select from pg_catalog.pg_available_extensions where name = %s", [name])
        return found.fetchone() is not None

    def _make_roles(self) -> None:
        """Make the roles that a dump relies on: it holds grants to them, and not them."""
        wanted = sorted({name for each in self.parsed for name in _roles(each)} - _KNOWN_ROLES)
        known = self.conn.execute("select rolname::text from pg_catalog.pg_roles where rolname = any (%s)", [wanted])
        missing = [name for name in wanted if name not in {found for (found,) in known}]
        made = []
        for name in missing:
            try:
                self.conn.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))
                made.append(name)
                self.conn.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(name)))
            except psycopg.Error:
                if self.conn.broken:
                    raise
                # What is granted to it fails then, and is told.
        if made:
            self.notes.append(safe(f"roles that the dump names were made, without a login: {', '.join(made)}"))


@dataclass(eq=False)
class _Late:
    """A statement that lacks something: where it stands, as what it was told, and what it would make."""

    file: _File
    statement: Statement
    told: Trouble
    lacks: Thing


class _Waiting:
    """Statements that lack something, until a later file makes it.

    Each is executed when that file is through: what comes after it may take back what it made. What would change, or
    take away, what the later file made is left out, for that file may have had the last word; so may one that is yet
    to come, and makes the same.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.to_come = [*files]
        self._made_by: dict[Path, frozenset[Thing]] = {}
        self.late: list[_Late] = []
        self.made: dict[int, Trouble] = {}

    def go_on(self, path: Path, file: _File) -> None:
        """Execute what waited for what ``file`` made, and have its own statements wait that lack something."""
        self.to_come = self.to_come[self.to_come.index(path) + 1 :]
        failed = {id(statement) for _, statement in file.lacking}
        came = {made for each in file.parsed if id(each) not in failed for made in effects(each).made}
        gone = {thing for each in file.parsed if "drop" in each.words for thing in effects(each).touched} - came
        for late in [each for each in self.late if each.told.made and _among(each.told.made, came)]:
            self._is_there(late)
        # What is taken away again, which IF EXISTS lets pass, is not there in the end.
        for late in [each for each in self.late if any(_goes_with(thing, gone) for thing in each.told.made)]:
            self._is_there(late)
        ready = [each for each in self.late if _among([each.lacks], came)]
        self.late = [each for each in self.late if each not in ready or _adds(each.statement, each.told)]
        while ready := [each for each in ready if each in self.late]:
            made = {thing for late in ready for thing in self._again(late)}
            ready = [each for each in self.late if _among([each.lacks], made)]
        if not any("search_path" in each.words for each in file.parsed if each.words[:1] == ("set",)):
            self.late += [
                _Late(file, statement, told, told.lacks)
                for told, statement in file.lacking
                if told.lacks is not None and not told.aside
            ]

    def _again(self, late: _Late) -> tuple[Thing, ...]:
        """Execute a statement; return what it made."""
        if any(_among([thing], self._made(path)) for path in self.to_come for thing in late.told.made):
            return ()
        trouble = late.file.again(late.statement)
        if trouble is None or trouble.sqlstate in THERE_ALREADY:
            self._is_there(late)
            return late.told.made
        if trouble.lacks is None or trouble.lacks == late.lacks:
            self.late.remove(late)
        else:
            late.lacks = trouble.lacks
        return ()

    def _made(self, path: Path) -> frozenset[Thing]:
        """Return what a file that is yet to come makes."""
        if path not in self._made_by:
            try:
                parsed = [*statements(to_apply(decoded(path.read_bytes())))]
            except (OSError, UnicodeDecodeError, Unreadable):
                parsed = []
            self._made_by[path] = frozenset(made for each in parsed for made in effects(each).made)
        return self._made_by[path]

    def _is_there(self, late: _Late) -> None:
        self.late.remove(late)
        self.made[id(late.told)] = replace(late.told, touched=())

    def without_what_was_made(self, migration: Migration) -> Migration:
        """Return what became of a file, given that something was made later."""
        return replace(migration, troubles=tuple(self.made.get(id(each), each) for each in migration.troubles))


def _among(wanted: Iterable[Thing], made: Collection[Thing]) -> bool:
    return all(any(each.is_like(thing) for each in made) for thing in wanted)


def _goes_with(made: Thing, gone: Collection[Thing]) -> bool:
    """Tell whether something is taken away, or the table that it belongs to."""
    return any(each.is_like(made) or (each.kind == "table" and each.name == made.of) for each in gone)


def _adds(statement: Statement, told: Trouble) -> bool:
    """Tell whether a statement makes something new, and changes or takes away nothing that is there."""
    if statement.words[:1] == ("create",):
        return True
    new = (ROW_SECURITY,) if "disable" not in statement.words else ()
    return statement.words[:2] == ("alter", "table") and all(
        thing in told.made or thing.kind in new or (thing.kind == "constraint" and not thing.name)
        for thing in told.touched
    )


def _lacking(error: psycopg.Error) -> str | None:
    """Return what this server lacks, where that is why it refused a statement, and not the statement."""
    return absent(error.sqlstate, error.diag.message_primary or "")


def _not_here(missing: str) -> str:
    return safe(f"this server does not have {missing}, and nothing stands in for it")


def _execute(conn: psycopg.Connection[Any], statement: Statement) -> None:
    if statement.data is None and statement.words[:1] != ("copy",):
        with conn.lock:
            conn.wait(_unread_rows(conn.pgconn, statement.text.encode(), getattr(conn, "let_go", _nothing)))
        return
    if statement.data is None:
        conn.execute(statement.text.encode(), prepare=False)  # psycopg says that it needs data
        return
    with conn.cursor() as cursor, cursor.copy(statement.text.encode()) as copy:
        copy.write(statement.data)


def _nothing() -> None:
    """Do nothing."""


def _unread_rows(pgconn: PGconn, query: bytes, let_go: Callable[[], None]) -> PQGen[None]:
    """Execute a statement and let go of each row as it comes: nobody reads what a migration selects.

    All of it is one wait, so that time limits are about the whole; ``let_go`` is called after each row. Raises
    psycopg.Error.
    https://www.postgresql.org/docs/current/libpq-single-row-mode.html
    """
    pgconn.send_query(query)
    pgconn.set_single_row_mode()
    yield from generators.send(pgconn)
    failed: PGresult | None = None
    while (result := (yield from generators.fetch(pgconn))) is not None:
        let_go()
        if result.status == ExecStatus.FATAL_ERROR:
            failed = failed or result
    if failed is not None:
        raise error_from_result(failed)


def _forgotten(_: psycopg.Notify) -> None:
    """Let go of what NOTIFY says: psycopg would keep it for somebody who listens."""


def _lasting(statement: Statement) -> Statement:
    """Let what is set for the file's transaction last for the file: its statements are by themselves now."""
    if statement.words[:2] != ("set", "local"):
        return statement
    return replace(statement, text=re.sub(r"\blocal\b", "session", statement.text, count=1, flags=re.IGNORECASE))


def placed(statement: Statement) -> Statement:
    """Return a statement as the platform executes it: it has its own mind about extensions and wrappers."""
    if statement.words[:4] == ("create", "foreign", "data", "wrapper"):
        return _foreign_data_wrapper(statement)
    if statement.words[:1] == ("create",) and "index" in statement.words[:3]:
        return _index(statement)
    if statement.words[:2] != ("create", "extension"):
        return statement
    known = extensions().get(_extension(statement))
    if known is None or not known.schema:
        return statement
    row = list(tokens(statement.text))
    place = next((number for number, token in enumerate(row[:-1]) if token.word == "schema"), None)
    if place is None:
        return statement
    start = row[place - 1].start if row[place - 1].word == "with" else row[place].start
    end = row[place + 1].end
    text = statement.text
    return replace(statement, text=f"{text[:start]}{' ' * (end - start)}{text[end:]}")


def _index(statement: Statement) -> Statement:
    """Leave out the options of an index whose access method is stood in for: it takes none, and is not used."""
    row = list(tokens(statement.text))
    using = next((number for number, token in enumerate(row[:-1]) if token.word == "using"), None)
    if using is None or row[using + 1].name not in STOOD_IN_METHODS:
        return statement
    places = range(using, len(row) - 1)
    start = next((at for at in places if row[at].word == "with" and row[at + 1].text == "("), None)
    if start is None:
        return statement
    depth, end = 1, start + 2
    while depth and end < len(row):
        depth += {"(": 1, ")": -1}.get(row[end].text, 0)
        end += 1
    first, last, text = row[start].start, row[end - 1].end, statement.text
    return replace(statement, text=f"{text[:first]}{' ' * (last - first)}{text[last:]}")


def _foreign_data_wrapper(statement: Statement) -> Statement:
    """Have the platform make a wrapper with a handler of its extension, as at the provider; others are a superuser's.

    https://supabase.com/docs/guides/database/extensions/wrappers/overview
    """
    row = list(tokens(statement.text))
    handler = next((number + 1 for number, token in enumerate(row[:-1]) if token.word == "handler"), None)
    if handler is None or len(row) < 5:
        return statement
    while handler + 2 < len(row) and row[handler + 1].text == ".":
        handler += 2
    made = sql.SQL("select pg_catalog.create_foreign_data_wrapper({}, {})").format(row[4].name, row[handler].name)
    return replace(statement, text=made.as_string(None))


def _event_trigger(statement: Statement) -> Statement:
    """Have an event trigger made by the platform, as at the provider: PostgreSQL keeps them to superusers.

    https://www.postgresql.org/docs/current/sql-createeventtrigger.html
    """
    row = list(tokens(statement.text))
    place = next((number for number, token in enumerate(row) if token.word == "execute"), 0)
    if (
        place < 6
        or place + 2 >= len(row)
        or row[4].word != "on"
        or row[place + 1].word not in ("function", "procedure")
    ):
        return statement
    if is_of_the_platform(Thing("function", row[place + 2].name if row[place + 3].text == "." else "", "")):
        return statement  # the provider's own, in a dump of everything: it would fire as somebody else here
    tags = [token.value for token in row[6:place] if token.kind is STRING]
    function = statement.text[row[place + 2].start : row[-1].end].rstrip("; \n")
    made = sql.SQL("select pg_catalog.create_event_trigger({}, {}, {}, {}::pg_catalog.regprocedure)").format(
        row[3].name, row[5].name, tags, function
    )
    return replace(statement, text=made.as_string(None))


def _extension(statement: Statement) -> str:
    """Return the name of the extension that a statement creates, alters or comments on; "" for none."""
    row = list(tokens(statement.text))
    place = next(number for number, token in enumerate(row) if token.word == "extension") + 1
    while place < len(row) and row[place].word in ("if", "not", "exists"):
        place += 1
    is_first = statement.words[:2] in (("create", "extension"), ("alter", "extension"), ("comment", "on"))
    if not is_first or place >= len(row):
        return ""
    return row[place].name or (row[place].value if row[place].kind is STRING else "")


def _is_the_platforms(statement: Statement, error: psycopg.Error) -> bool:
    """Tell whether a statement of a dump failed because the platform has, or keeps, what it is about.

    A dump of a whole database brings the platform's own schemas along, as another version of it has them. What projects
    put there, policies and triggers, is theirs.
    """
    code, words = error.sqlstate or "", statement.words
    if words[:1] == ("set",):
        return True  # a setting of another version
    if words[:2] == ("create", "schema") and code in THERE_ALREADY:
        return True
    if code in _NOT_ALLOWED and words[0] in ("comment", "select"):
        return True  # where a sequence of the platform is to go on, among others
    touched, missing = effects(statement).touched, lacks(error)
    if words[0] in ("grant", "revoke") and ("on", "schema") in pairwise(words):
        touched = {Thing("schema", "", each.of) for each in touched}
    lacks_platform = missing is not None and is_of_the_platform(missing)
    if not touched:
        return lacks_platform
    theirs = any(each.kind in _OF_PROJECTS for each in touched) and code not in THERE_ALREADY | _NOT_ALLOWED
    return _all_of_the_platform(touched) and (lacks_platform or not theirs)


def _all_of_the_platform(touched: Collection[Thing]) -> bool:
    """Tell whether all that a statement is about is the server's or in schemas of the platform."""
    tables = {each.name for each in touched if each.kind in RELATIONS and is_of_the_platform(each)}
    return all(
        each.kind in _EXTRAS
        or is_of_the_platform(each)
        or each.schema in ("pg_catalog", "information_schema")
        or (not each.schema and each.of in tables)
        for each in touched
    )


def is_of_the_platform(thing: Thing) -> bool:
    """Tell whether a thing is in a schema that the provider brings."""
    # Imported late: the settings know the linter's rules, and the linter knows migrations.
    from audit.settings import PLATFORM_SCHEMAS

    return (thing.name if thing.kind == "schema" else thing.schema) in PLATFORM_SCHEMAS


def _roles(statement: Statement) -> Iterator[str]:
    """Return the roles that a statement of a dump names: who is granted something, who owns, who a policy is for."""
    if statement.words[:1] not in (("grant",), ("revoke",), ("alter",), ("create",)):
        return
    if statement.words[0] == "create" and statement.words[1:2] not in (("policy",), ("schema",)):
        return
    row = list(tokens(statement.text))
    depth = place = 0
    for number, token in enumerate(row):
        if number < place:
            continue  # in a list that was read
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.word in ("to", "from", "authorization") or (token.word == "role" and row[number - 1].word == "for"):
            if (token.word == "to" and row[number - 1].word in ("rename", "set")) or depth > 0:
                continue
            place = number + 1
            while place < len(row) and row[place].name:
                yield row[place].name
                if place + 1 >= len(row) or row[place + 1].text != ",":
                    break
                place += 2
