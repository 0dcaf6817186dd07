"""Databases of any size, made from a seed: what benchmarks grow with.

The tables are a usual project's: people belong to teams, things belong to people or teams and refer to each other;
functions look up and change rows; policies ask who owns what. The same seed makes the same text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

OWN = "owner_id = (select auth.uid())"
TEAM = "team_id in (select m.team_id from public.member m where m.user_id = (select auth.uid()))"
BY_FUNCTION = "public.is_in(team_id)"
WORDS = ("order", "note", "event", "task", "photo", "invoice", "visit", "offer", "room", "report", "tag", "comment")
COLUMNS = (
    "title text not null default 'untitled'",
    "amount numeric(10, 2) not null default 0 check (amount >= 0)",
    "status text not null default 'new' check (status in ('new', 'open', 'done'))",
    "details jsonb not null default '{}'",
    "starts_at timestamptz",
    "count integer not null default 0",
    "public boolean not null default false",
    "labels text[] not null default '{}'",
)
COMMANDS = ("select", "insert", "update", "delete")

SHARED = """
create table public.team (id bigint generated always as identity primary key, name text not null);
create table public.member (
    team_id bigint not null references public.team on delete cascade,
    user_id uuid not null references auth.users on delete cascade,
    primary key (team_id, user_id));
create index on public.member (user_id);
alter table public.team enable row level security;
alter table public.member enable row level security;
create function public.is_in(team bigint) returns boolean language sql stable security definer set search_path = '' as
'select exists (select from public.member m where m.team_id = team and m.user_id = (select auth.uid()))';
create policy own on public.member for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.team for select to authenticated using (public.is_in(id));
"""


@dataclass(frozen=True)
class Size:
    """How many there are of what, all tables together; ``rows`` are those of each table."""

    tables: int
    policies: int = 0
    indexes: int = 0
    functions: int = 0
    rows: int = 0

    @classmethod
    def of(cls, tables: int, rows: int = 0) -> Size:
        """Return a usual mix: 8 policies for 3 tables, 3 indexes for 2, a function for 5."""
        return cls(tables, tables * 8 // 3, tables * 3 // 2, tables // 5, rows)


def text(size: Size, seed: int = 1) -> str:
    """Return the statements that make a database of a size."""
    return "\n".join(statements(size, seed))


def statements(size: Size, seed: int = 1) -> Iterator[str]:
    """Yield the statements that make a database of a size, several in a text."""
    rng = Random(seed)
    yield SHARED
    names = [f"{rng.choice(WORDS)}_{number:04}" for number in range(size.tables)]
    for number, name in enumerate(names):
        yield _table(name, names[:number], rng)
    for number in range(size.functions):
        yield _function(number, rng.choice(names), rng)
    for number in range(size.policies):
        yield _policy(number, names[number % size.tables], COMMANDS[number // size.tables % 4], rng)
    for number in range(size.indexes):
        yield _index(number, names[number % size.tables], number // size.tables)
    if size.rows:
        yield "insert into public.team (name) select 'team ' || n from generate_series(1, 50) n;"
        yield from (_rows(name, size.rows) for name in names)


def _table(name: str, earlier: list[str], rng: Random) -> str:
    refers = f", parent bigint references public.{rng.choice(earlier)} on delete set null" if earlier else ""
    columns = ", ".join(rng.sample(COLUMNS, rng.randint(2, 6)))
    return (
        f"create table public.{name} (id bigint generated always as identity primary key, "
        f"owner_id uuid default auth.uid() references auth.users on delete cascade, "
        f"team_id bigint references public.team on delete cascade{refers}, {columns}, "
        f"created_at timestamptz not null default now());\n"
        f"alter table public.{name} enable row level security;"
    )


def _function(number: int, name: str, rng: Random) -> str:
    head = f"create function public.of_{number:04}"
    end = "security definer set search_path = ''" if rng.random() < 0.3 else "set search_path = ''"
    if rng.random() < 0.5:
        return (
            f"{head}(team bigint) returns setof bigint language sql stable {end} as "
            f"'select t.id from public.{name} t where t.team_id = team and public.is_in(team)';"
        )
    return (
        f"{head}(number bigint) returns void language plpgsql {end} as $$ begin\n"
        f"    update public.{name} set team_id = null where id = number and {OWN};\n"
        f"    if not found then raise exception 'not yours'; end if;\nend $$;"
    )


def _policy(number: int, name: str, command: str, rng: Random) -> str:
    rule = rng.choice((OWN, OWN, TEAM, BY_FUNCTION))
    clause = f"with check ({rule})" if command == "insert" else f"using ({rule})"
    return f"create policy p_{number:05} on public.{name} for {command} to authenticated {clause};"


def _index(number: int, name: str, turn: int) -> str:
    columns = ("owner_id", "team_id", "created_at", "team_id, created_at")[turn % 4]
    return f"create index i_{number:05} on public.{name} ({columns});"


def _rows(name: str, rows: int) -> str:
    return f"insert into public.{name} (owner_id, team_id) select null, 1 + n % 50 from generate_series(1, {rows}) n;"
