"""A schema with any number of tables, and its access matrix asked one statement at a time: what a benchmark compares.

The tables are a usual mix: rows of one owner, of a team by a table of members, published ones, some for the server
alone, keys of several kinds, foreign keys and triggers. :func:`one_at_a_time` asks as anybody would who writes such a
probe in an afternoon: a savepoint, the claims, the role, the statement, what it reached, and back, each a round trip.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import errors, sql

from audit.access.matrix import SHAPES, Observed
from audit.actors import claims_of
from audit.people import CAST, Identity
from audit.question import Connection

IDS = [who.id for who in CAST.values() if who.id]
MOST_OFFERED = 3

SHARED = """
create schema team;
grant usage on schema team to authenticated;
create table team.team (id bigint generated always as identity primary key, owner_id uuid not null, note text);
create table team.member (team_id bigint not null references team.team on delete cascade, owner_id uuid not null,
                                 note text, primary key (team_id, owner_id));
create index on team.member (owner_id);
create function team.is_in(team bigint) returns boolean language sql stable security definer set search_path = '' as
'select exists (select from team.member m where m.team_id = team and m.owner_id = (select auth.uid()))';
create function public.touch() returns trigger language plpgsql as 'begin new.touched = now(); return new; end';
insert into team.team (owner_id) select {ids}[1 + n % cardinality({ids})] from generate_series(0, 39) as n;
insert into team.member (team_id, owner_id)
select t.id, {ids}[1 + (t.id + n) % cardinality({ids})] from team.team t, generate_series(0, 2) as n;
alter table team.member enable row level security;
create policy p on team.member for select to authenticated using (owner_id = (select auth.uid()));
grant select on team.member to authenticated;
"""

# How rows are known: the columns, what stands for its value in row n ("": the database fills it), what may refer to it.
KEYS = (
    ("id uuid primary key default gen_random_uuid()", "id", "", "uuid"),
    ("id bigint generated always as identity primary key", "id", "", "bigint"),
    ("code text primary key", "code", "'code ' || n", "text"),
    ("part integer not null, place integer not null, primary key (part, place)", "part, place", "n / 10, n % 10", ""),
)

OWN = "owner_id = (select auth.uid())"
RULES = (
    # Rows of one owner, for everything.
    (f"create policy p on {{t}} to authenticated using ({OWN})", "select, insert, update, delete", "authenticated"),
    # Rows of a team, by a sub-select; who made a row changes it.
    (
        f"""
        create policy r on {{t}} for select to authenticated using (
            exists (select from team.member m where m.team_id = {{t}}.team_id and m.owner_id = (select auth.uid())));
        create policy i on {{t}} for insert to authenticated with check ({OWN} and team.is_in(team_id));
        create policy u on {{t}} for update to authenticated using ({OWN}) with check ({OWN});
        """,
        "select, insert, update",
        "authenticated",
    ),
    # What is published is for everybody; the owner has a policy for each command.
    (
        f"""
        create policy s on {{t}} for select to anon, authenticated using (shown or {OWN});
        create policy i on {{t}} for insert to authenticated with check ({OWN});
        create policy u on {{t}} for update to authenticated using ({OWN}) with check ({OWN});
        create policy d on {{t}} for delete to authenticated using ({OWN});
        """,
        "select, insert, update, delete",
        "anon, authenticated",
    ),
    # For the server alone, in spite of the grants that the platform gave once.
    ("", "select, insert, update, delete", "anon, authenticated"),
    # To be read by those who are signed in.
    ("create policy s on {t} for select to authenticated using (true)", "select", "authenticated"),
    # A team's by a function, under a restriction.
    (
        f"""
        create policy t on {{t}} to authenticated using (team.is_in(team_id)) with check (team.is_in(team_id));
        create policy o on {{t}} as restrictive for delete to authenticated using ({OWN});
        """,
        "select, insert, update, delete",
        "authenticated",
    ),
    # A grant and no row level security.
    ("alter table {t} disable row level security", "select", "anon, authenticated"),
    # Written by people, read by the server.
    (f"create policy i on {{t}} for insert to authenticated with check ({OWN})", "insert", "authenticated"),
)

SETS = {
    "own": "owner_id = :me",
    "shown": "shown",
    "team": "team_id in (select m.team_id from team.member m where m.owner_id = :me)",
}


@dataclass(frozen=True)
class Made:
    """A table that was made: its name, its key with the type that may refer to it, and the columns that people give."""

    name: str
    key: str
    kind: str
    given: str

    @property
    def text(self) -> str:
        """The key as text, as the matrix has it."""
        return f"{self.key}::text" if self.kind else f"jsonb_build_array({self.key})::text"


def build(connection: Connection, tables: int, rows: int) -> list[Made]:
    """Make that many tables with that many rows each, and the teams in a schema that is not exposed."""
    ids = sql.SQL("(array[{}]::uuid[])").format(sql.SQL(", ").join(map(sql.Literal, IDS))).as_string(None)
    connection.execute(SHARED.replace("{ids}", ids).encode())
    made: list[Made] = []
    for number in range(tables):
        column, key, value, kind = KEYS[number // 3 % len(KEYS)]
        given = "owner_id, team_id, shown, note, amount, touched"
        table = Made(f"public.thing_{number:03}", key, kind, f"{key}, {given}" if value else given)
        # Every fifth table is a detail of an earlier one.
        parent = made[number - 5] if number % 5 == 4 and number > 5 and made[number - 5].kind else None
        connection.execute(_table(table, column, value, ids, rows, RULES[number % len(RULES)]).encode())
        if number % 6 == 0:
            touch = "create trigger touch before update on {} for each row execute function public.touch()"
            connection.execute(touch.format(table.name).encode())
        if parent:
            refer = (
                "alter table {0} add parent {1} references {2}; update {0} set parent = (select {3} from {2} limit 1)"
            )
            connection.execute(refer.format(table.name, parent.kind, parent.name, parent.key).encode())
            table = replace(table, given=f"{table.given}, parent")
        made.append(table)
    connection.execute("analyze")
    return made


def _table(table: Made, column: str, value: str, ids: str, rows: int, rule: tuple[str, str, str]) -> str:
    rules, commands, roles = rule
    return f"""
    create table {table.name} (
        {column}, owner_id uuid not null, team_id bigint references team.team, shown boolean not null default false,
        note text, amount numeric default 0, touched timestamptz default now());
    insert into {table.name} ({f"{table.key}, " if value else ""}owner_id, team_id, shown, note, amount)
    select {f"{value}, " if value else ""}{ids}[1 + n % cardinality({ids})], 1 + n % 40, n % 7 = 0, 'note ' || n, n
    from generate_series(1, {rows}) as n;
    create index on {table.name} (owner_id);
    create index on {table.name} (team_id);
    alter table {table.name} enable row level security;
    {rules.format(t=table.name)};
    grant {commands} on {table.name} to {roles};
    """


def one_at_a_time(connection: Connection, tables: Sequence[Made], people: Sequence[Identity]) -> list[Observed]:
    """Observe the matrix in the plain way. The connection is inside a transaction of the owner's."""
    connection.execute("set local session_replication_role = replica")
    return [cell for table in tables for who in people for cell in _cells(connection, table, who)]


def _cells(connection: Connection, table: Made, who: Identity) -> Iterator[Observed]:
    kinds = _kinds(connection, table, who)
    everything = dict(Counter(kinds.values()))
    for shape in SHAPES:
        if shape == "insert":
            yield _inserts(connection, table, who)
            continue
        reached, refusal = _reached(connection, table, who, shape, kinds)
        counted = dict(Counter(kinds[key] for key in reached))
        yield Observed(who.name, table.name, shape, refusal, everything=everything, reached=counted)


def _bits(who: Identity) -> str:
    mine = sql.Literal(who.id).as_string(None)
    digits = (f"case when ({text.replace(':me', mine)}) then 1 else 0 end" for text in SETS.values())
    return f"concat({', '.join(digits)})"


def _kinds(connection: Connection, table: Made, who: Identity) -> dict[str, str]:
    found = connection.execute(f"select {table.text}, {_bits(who)} from {table.name}".encode()).fetchall()
    return dict(found)


STATEMENTS = {
    "select": "select {key} from {table}",
    "update": "update {table} set note = 'reached' where (owner_id is null) is not null",
    "update blind": "update {table} set note = 'reached'",
    "delete": "delete from {table} where (owner_id is null) is not null",
    "delete blind": "delete from {table}",
}


def _reached(
    connection: Connection, table: Made, who: Identity, shape: str, kinds: Mapping[str, str]
) -> tuple[set[str], str]:
    connection.execute("savepoint probe")
    try:
        connection.execute(f"select {claims_of(who)}".encode())
        connection.execute(f"set local role {who.role}".encode())
        answer = connection.execute(STATEMENTS[shape].format(table=table.name, key=table.text).encode())
        if shape == "select":
            return {key for (key,) in answer.fetchall()}, ""
        connection.execute("set local role none")
        if shape.startswith("update"):
            written = f"select {table.text} from {table.name} where note = 'reached'".encode()
            return {key for (key,) in connection.execute(written).fetchall()}, ""
        left = connection.execute(f"select {table.text} from {table.name}".encode()).fetchall()
        return kinds.keys() - {key for (key,) in left}, ""
    except errors.InsufficientPrivilege:
        return set(), "grant"
    finally:
        connection.execute("rollback to savepoint probe")
        connection.execute("release savepoint probe")


def _inserts(connection: Connection, table: Made, who: Identity) -> Observed:
    """Offer clones of rows, as they are and with the caller as their owner, until one of each kind is taken."""
    offers: dict[str, list[tuple[Any, ...]]] = {}
    owners = ["owner_id"] + ([f"{sql.Literal(who.id).as_string(None)}::uuid as owner_id"] if who.id else [])
    columns = [name.strip() for name in table.given.split(",")]
    for owner in owners:
        given = ", ".join(owner if name == "owner_id" else name for name in columns)
        found = connection.execute(
            f"""
            select kind, {table.given} from (
                select {_bits(who)} as kind, *, row_number() over (partition by {_bits(who)} order by note) as nth
                from (select {given} from {table.name}) as rows) as few
            where nth <= {MOST_OFFERED}
            """.encode()
        ).fetchall()
        for kind, *row in found:
            rows = offers.setdefault(kind, [])
            if len(rows) < MOST_OFFERED:
                rows.append(tuple(row))
    reached: dict[str, int] = {}
    for kind, rows in offers.items():
        for row in rows:
            refusal = _refused(connection, table, who, row)
            if refusal == "grant":
                return Observed(who.name, table.name, "insert", "grant")
            if not refusal:
                reached[kind] = 1
                break
    return Observed(
        who.name, table.name, "insert", "", everything={k: len(v) for k, v in offers.items()}, reached=reached
    )


def _refused(connection: Connection, table: Made, who: Identity, row: tuple[Any, ...]) -> str:
    holders = ", ".join(["%s"] * len(row))
    connection.execute("savepoint probe")
    try:
        connection.execute(f"select {claims_of(who)}".encode())
        connection.execute(f"set local role {who.role}".encode())
        connection.execute(f"insert into {table.name} ({table.given}) values ({holders})".encode(), row)
    except errors.InsufficientPrivilege as error:
        return "grant" if error.diag.source_function == "aclcheck_error" else "row level security"
    except psycopg.errors.UniqueViolation:
        return ""
    finally:
        connection.execute("rollback to savepoint probe")
        connection.execute("release savepoint probe")
    return ""
