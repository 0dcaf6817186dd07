"""What a project can run without this program: its declared access as a pgTAP suite, its questions as views."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg
from psycopg import sql

from audit.access.declaration import ALL, REACHING, Declaration
from audit.access.matrix import predicate
from audit.access.parameters import parameters
from audit.access.results import API_ACTORS, COMMANDS
from audit.actors import staged, token_of
from audit.connection import connect
from audit.evidence import Log, safe
from audit.house import page_of, version
from audit.people import CAST
from audit.policy import Policy, everything
from audit.question import Connection
from audit.runbook.questions import question
from audit.server_errors import describe
from audit.settings import PLATFORM_SCHEMAS
from audit.toml_file import FileError
from care_audit.calling import built, completed
from care_audit.database import Built, built_from
from care_audit.place import here
from care_audit.proving import own_policies

HELPERS = Path(__file__).parent / "templates" / "pgtap.sql"
PEOPLE = 6  # beside the cast: a few rows tell as much as many
NOT_DECLARED = (
    "nothing is declared that could be exported: review access.toml (care-audit draft writes one), and take out "
    "the lines review = true"
)


def export(kind: str, words: Sequence[str], settings: str | None, into: str | None) -> int:
    """Write what is exported to a file, or print it; return the exit status."""
    place = here(settings)
    full = built(place, completed(place, words))
    if kind == "pgtap":
        with built_from(full, members=PEOPLE, quiet=True) as base:
            text = Suite(base).text()
    else:
        own = own_policies(place)
        with built_from(full, members=PEOPLE, quiet=True) as base:
            text = views(base, [*everything(), *own.values()])
    if into is None:
        click.echo(text, nl=False)
    else:
        path = Path(into)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(f"wrote {into}")
    return 0


# --- Views


def views(base: Built, policies: Sequence[Policy]) -> str:
    """Return the questions of policies as views; one that cannot be asked of this database is left out, with why."""
    parts = [
        "-- The questions of care-audit that can be asked again and again, each as a view of its offenders, and",
        "-- care_audit.findings over all of them. Only their owner can read them, until others are granted it.",
        "begin;",
        "create schema if not exists care_audit;",
        "revoke all on schema care_audit from public;",
    ]
    made: list[Policy] = []
    with connect(base.target.server.dsn if base.target.server else base.target.dsn) as connection:
        values = parameters(connection, base.settings, base.access)
        connection.execute("create schema care_audit")
        for policy in policies:
            if not base.settings.asks(policy) or not (text := question(policy, values)):
                continue
            view = _view(policy, text)
            if reason := _refused(connection, view):
                parts.append(f"-- {policy.id} is left out: {safe(reason)}")
            else:
                made.append(policy)
                parts.append(view)
    parts += [_findings(made), "commit;"]
    return "\n\n".join(parts) + "\n"


def _refused(connection: Connection, view: str) -> str:
    """Say why a view cannot be made, or read, on this database; "" where it can."""
    try:
        connection.execute(view.encode())
        connection.execute(f"select * from {view.split(' view ')[1].split(' as')[0]}".encode())
    except psycopg.Error as error:
        return describe(error)
    return ""


def _name(policy: Policy) -> str:
    return f"care_audit.{policy.id.lower().replace('-', '_')}"


def _view(policy: Policy, text: str) -> str:
    comment = sql.Literal(f"{policy.id} ({policy.severity}): {policy.title} {page_of(policy.id)}").as_string(None)
    return (
        f"create or replace view {_name(policy)} as\n{text.rstrip().removesuffix(';')};\n"
        f"comment on view {_name(policy)} is {comment};"
    )


def _findings(made: Sequence[Policy]) -> str:
    if not made:
        return "-- No question could be asked."
    rows = [
        f"select {sql.Literal(policy.id).as_string(None)} as policy, '{policy.severity}' as severity,\n"
        f"    {sql.Literal(policy.title).as_string(None)} as what, v.object::text as object from {_name(policy)} v"
        for policy in made
    ]
    return "create or replace view care_audit.findings as\n" + "\nunion all\n".join(rows) + ";"


# --- pgTAP


@dataclass(frozen=True)
class Check:
    """One comparison of the suite: what an actor reaches of some rows of a table, and what it is called."""

    call: str
    expected: str
    title: str

    def tap(self) -> str:
        """Return it as pgTAP has it."""
        return f"select is({self.call}, {self.expected}, {sql.Literal(self.title).as_string(None)});"


class Suite:
    """The declared access of a project, as tests that act as its people on rows that are brought along."""

    def __init__(self, base: Built) -> None:
        self.base = base

    def text(self) -> str:
        """Return the suite. Raises FileError where nothing is declared."""
        declared = {
            table: each
            for table, each in self.base.access.declared.items()
            if not each.review and table not in self.base.access.server_only_tables
        }
        if not declared:
            raise FileError(NOT_DECLARED)
        with connect(self.base.target.server.dsn if self.base.target.server else self.base.target.dsn) as connection:
            rows = "\n".join(_rows(connection))
            connection.execute("begin")
            connection.execute(_helpers().encode())
            tokens = self._tokens(connection)
            checks = [check for table, each in declared.items() for check in self._of(connection, table, each, tokens)]
            told = [line for check in checks for line in _tried(connection, check)]
            connection.execute("rollback")
        count = sum(not line.startswith("--") for line in told)
        return "\n".join([_head(count), rows, _helpers(), *told, "select * from finish();", "rollback;"]) + "\n"

    def _tokens(self, connection: Connection) -> dict[str, str]:
        """Return the token of each actor, as the server would have written it."""
        known = parameters(connection, self.base.settings, self.base.access)
        found = {}
        with connect(self.base.target.dsn) as acting, staged(acting, known, Log(), self.base.target.unfilled) as stage:
            for name in API_ACTORS:
                found[name] = json.dumps(token_of(CAST[name], stage.written(CAST[name])))
        return found

    def _of(
        self, connection: Connection, table: str, declared: Declaration, tokens: Mapping[str, str]
    ) -> Iterator[Check]:
        if connection.execute("select pg_catalog.to_regclass(%s)", [table]).fetchone() == (None,):
            return
        for command in COMMANDS:
            for actor in API_ACTORS:
                yield from _checks(table, declared, command, actor, tokens[actor])


def _checks(table: str, declared: Declaration, command: str, actor: str, token: str) -> Iterator[Check]:
    """Yield what is tried of one actor, command and table: that no more is reached, and no less."""
    names = [name for who, sets in declared.reach.get(command, {}).items() if actor in REACHING[who] for name in sets]
    me = f"'{CAST[actor].id}'::uuid" if CAST[actor].id else "null::uuid"
    inside = "true" if ALL in names else " or ".join(f"({_mine(declared.rows[name], me)})" for name in names) or "false"
    words = [sql.Literal(word).as_string(None) for word in (table, command, CAST[actor].role, token)]
    for within, expected, what in (
        (f"not coalesce(({inside}), false)", "0::bigint", "nothing beyond what is declared"),
        (inside, f"pg_temp.there({words[0]}, {sql.Literal(inside).as_string(None)})", "all that is declared"),
    ):
        if (within, what) != ("false", "all that is declared"):
            call = f"pg_temp.reached({', '.join(words)}, {sql.Literal(within).as_string(None)})"
            yield Check(call, expected, f"{actor}: {command} on {table} reaches {what}")


def _mine(text: str, me: str) -> str:
    return predicate(text).replace("$1", me)


def _tried(connection: Connection, check: Check) -> Iterator[str]:
    """Yield a check as it is written; one that says too little is left out, where this suite's way cannot tell it."""
    try:
        connection.execute("savepoint tried")
        row = connection.execute(f"select {check.call}, {check.expected}".encode()).fetchone()
        connection.execute("release savepoint tried")
    except psycopg.Error as error:
        connection.execute("rollback to savepoint tried")
        yield f"-- left out, because it gives no answer here: {safe(check.title)}: {safe(describe(error))}"
        return
    assert row is not None
    if row[0] != row[1] and row[1]:
        yield f"-- left out: {safe(check.title)}: a trigger, a constraint or a default has a say in it"
        return
    yield check.tap()


def _helpers() -> str:
    return HELPERS.read_text(encoding="utf-8")


def _head(count: int) -> str:
    return f"""\
-- Who may reach what, as access.toml declares it. Written by care-audit {version()} (care-audit export pgtap), run by
-- supabase test db or pg_prove. People and rows are made up and brought along; nothing stays: all is rolled back.
begin;
create extension if not exists pgtap;
select plan({count});
"""


def _rows(connection: Connection) -> Iterator[str]:
    """Yield statements that bring the rows along, without triggers and keys having a say."""
    tables = connection.execute(
        """
        select c.oid::pg_catalog.regclass::text, c.oid
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and (c.oid = pg_catalog.to_regclass('auth.users') or (
            n.nspname <> all (%s) and n.nspname !~ '^pg_|^information_schema$'))
        order by c.oid <> pg_catalog.to_regclass('auth.users'), 1
        """,
        [[*PLATFORM_SCHEMAS]],
    ).fetchall()
    yield "set local session_replication_role = replica;"
    for table, oid in tables:
        yield from _row_statements(connection, table, oid)
    yield "set local session_replication_role = origin;"


def _row_statements(connection: Connection, table: str, oid: int) -> Iterator[str]:
    columns = connection.execute(
        """
        select pg_catalog.quote_ident(a.attname) from pg_catalog.pg_attribute a
        where a.attrelid = %s and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum
        """,
        [oid],
    ).fetchall()
    document = connection.execute(
        sql.SQL(
            "select pg_catalog.jsonb_agg(pg_catalog.jsonb_strip_nulls(pg_catalog.to_jsonb(t)))::text from {} t"
        ).format(sql.SQL(table))
    ).fetchone()
    if not columns or document is None or document[0] is None:
        return
    # Only what is told: columns that the project's own platform has not are not named.
    used = {key for row in json.loads(document[0]) for key in row}
    names = ", ".join(name for (name,) in columns if name.strip('"').replace('""', '"') in used)
    text = sql.Literal(document[0]).as_string(None)
    yield (
        f"insert into {table} ({names}) overriding system value\n"
        f"select {names} from pg_catalog.jsonb_populate_recordset(null::{table}, {text}::jsonb)\n"
        "on conflict do nothing;"
    )
