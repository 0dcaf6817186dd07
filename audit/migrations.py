"""Migrations: a directory of SQL files becomes a schema, and what became of each file is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from audit.evidence import safe
from audit.layouts import recognised
from audit.sql_text import Statement, Unreadable, statements

OWNER = "postgres"

# What schema/platform stands in for where the server lacks it, or what a schema can do without.
STOOD_IN = frozenset({"pgcrypto", "uuid-ossp", "pg_stat_statements"})

# Messages of these classes speak about objects and syntax; those of others may quote values of rows.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_TELLING = ("0A", "25", "2B", "3D", "3F", "42", "55")

_EXTENSION = re.compile(
    r'(?:create|alter|comment\s+on)\s+extension\s+(?:if\s+not\s+exists\s+)?(?:"([^"]+)"|([\w$]+))', re.IGNORECASE
)


@dataclass(frozen=True)
class Migration:
    """One migration file and what became of it; ``error`` is None when it was applied."""

    file: str
    applied: bool
    error: str | None = None
    line: int | None = None
    sqlstate: str | None = None


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


def version(name: str) -> int | None:
    """Return the version of a file: the number before the first ``_``, or None where its name begins with none."""
    number = re.match(r"[0-9]+", name)
    return int(number.group()) if number else None


def apply(conn: psycopg.Connection[Any], directory: Path) -> tuple[Migration, ...]:
    """Apply a directory's migrations in order, as role postgres, and tell what became of each file.

    Each file is one transaction, unless it has its own or holds a statement that cannot run in one, such as
    ``create index concurrently``: that one runs alone, between what stands before it and after it. A file that fails
    is rolled back and the next one is tried. ``create extension`` of one that this server lacks and schema/platform
    stands in for is passed over. Every file starts in a fresh session, and so is ``conn`` left: ``SET`` is undone.

    ``conn`` must be a superuser's, or that of a shadow's stand-in, in no transaction. Raises TargetError when the
    directory is missing or empty, and psycopg.OperationalError when the connection is lost.
    """
    return apply_files(conn, find(directory))


def apply_files(
    conn: psycopg.Connection[Any], files: Sequence[Path], around: Around = _nothing_around
) -> tuple[Migration, ...]:
    """Apply some files as :func:`apply` does; ``around`` goes around each statement, inside of its transaction."""
    autocommit = conn.autocommit
    conn.autocommit = True
    try:
        return tuple(_apply_file(conn, path, around) for path in files)
    finally:
        # Interrupted, the connection may still be busy: then it is of no more use to anybody.
        if not conn.closed and conn.info.transaction_status != TransactionStatus.ACTIVE:
            _start_afresh(conn)
            conn.autocommit = autocommit


def _start_afresh(conn: psycopg.Connection[Any]) -> None:
    """Undo what a file's ``SET`` did to the session: pg_dump's files, for one, empty the search_path."""
    # Not DISCARD ALL: it would take away statements that psycopg prepared.
    for undo in ("set session authorization default", "set role none", "reset all", "discard temp"):
        conn.execute(undo, prepare=False)


def _apply_file(conn: psycopg.Connection[Any], path: Path, around: Around) -> Migration:
    name = safe(path.name)
    try:
        data = path.read_bytes()
    except OSError as error:
        return Migration(name, applied=False, error=f"cannot be read: {error.strerror}")
    try:
        text = decoded(data)
    except UnicodeDecodeError as error:
        return Migration(name, applied=False, error="is not UTF-8 text", line=data.count(b"\n", 0, error.start) + 1)
    try:
        _run(conn, text, around)
    except Unreadable as refusal:
        return Migration(name, applied=False, error=safe(str(refusal)), line=_line(text, refusal.start))
    except _Failed as failure:
        return Migration(
            name, applied=False, error=failure.told, line=_line(text, failure.start), sqlstate=failure.sqlstate
        )
    return Migration(name, applied=True)


def decoded(data: bytes) -> str:
    """Return the text of a file. Raises UnicodeDecodeError."""
    # Editors put a byte order mark at the beginning; psql, too, passes over it.
    return data.decode("utf-8-sig")


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


class _Failed(Exception):  # noqa: N818 -- not an error of the program but of a migration
    """A statement that the server refused: what may be told of it, and the offset in the file."""

    def __init__(self, error: psycopg.Error, statement: Statement, *, partly: bool) -> None:
        super().__init__()
        self.sqlstate = error.sqlstate
        self.told = _tell(error) + ("; what stands before it stays applied" if partly else "")
        position = error.diag.statement_position
        self.start = statement.start + (int(position) - 1 if position else 0)


def _run(conn: psycopg.Connection[Any], text: str, around: Around) -> None:
    """Run one file. Raises Refused or _Failed, and leaves no transaction open."""
    if "\0" in text:
        raise Refused("holds a zero byte, which SQL cannot", text.index("\0"))
    parsed = list(statements(text))
    for statement in parsed:
        if statement.words[:1] == ("copy",) and {"stdin", "stdout"} & {*statement.words}:
            raise Refused("copy from stdin or to stdout needs psql; use insert", statement.start)
    _start_afresh(conn)
    # Not only SET ROLE: a file's own RESET ROLE would then act as the superuser. On a shadow there is none to fear.
    switch = "session authorization" if conn.info.parameter_status("is_superuser") == "on" else "role"
    conn.execute(sql.SQL(f"set {switch} {{}}").format(sql.Identifier(OWNER)))
    conn.execute('set search_path = "$user", public, extensions')
    committed = False
    line, counted = 1, 0
    for statement in parsed:
        line, counted = line + text.count("\n", counted, statement.start), statement.start
        alone = stands_alone(statement)
        try:
            if alone:
                conn.commit()
            elif conn.info.transaction_status == TransactionStatus.IDLE:
                conn.execute("begin")
            if not _passed_over(conn, statement):
                with around(statement, line):
                    conn.execute(statement.text.encode(), prepare=False)
        except psycopg.Error as error:
            if conn.broken:
                raise
            conn.rollback()
            raise _Failed(error, statement, partly=committed) from error
        except Refused:
            if not conn.broken:
                conn.rollback()
            raise
        committed = committed or conn.info.transaction_status == TransactionStatus.IDLE
    try:
        conn.commit()
    except psycopg.Error as error:
        # A deferred constraint speaks up at the end.
        if conn.broken:
            raise
        raise _Failed(error, parsed[-1], partly=committed) from error


def _passed_over(conn: psycopg.Connection[Any], statement: Statement) -> bool:
    """Tell whether the statement is about an extension that is stood in for. Raises Refused when it cannot be."""
    if "extension" not in statement.words[:3] or not (found := _EXTENSION.match(statement.text)):
        return False
    name = found.group(1) or found.group(2).lower()
    if conn.execute("select name from pg_catalog.pg_available_extensions where name = %s", [name]).fetchone():
        return False
    if name in STOOD_IN:
        return True
    if statement.words[0] == "create":
        raise Refused(
            f"this server does not have the extension {name}, and it cannot be stood in for: use a target that has it",
            statement.start,
        )
    return False


def _tell(error: psycopg.Error) -> str:
    """Say in one line what went wrong, without values that rows may hold."""
    diag = error.diag
    if diag.sqlstate and diag.sqlstate.startswith(_TELLING):
        return safe(" ".join((diag.message_primary or "").split()))
    condition = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
    named = (
        ("table", ".".join(filter(None, (diag.schema_name, diag.table_name))) if diag.table_name else None),
        ("column", diag.column_name),
        ("constraint", diag.constraint_name),
    )
    return safe(", ".join([condition, *(f"{kind} {name}" for kind, name in named if name)]))
