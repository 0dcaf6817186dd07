# ruff: noqa: E501  a case is a line
"""What runs while rows are made may not change the schema that is judged; new things may come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from audit.question import Connection
from audit.server.steady import steady
from audit.server_errors import Altered
from fixtures.target import CHOICE
from tests.support.auditing import audit
from tests.support.proving import Bench

STAGE = """
set role postgres;
create schema steady;
create table steady.notes (id int, at date not null default now(), body text) partition by range (at);
create table steady.labels (id int primary key, word text);
alter table steady.labels enable row level security;
create policy everybody on steady.labels using (true);
create function steady.answer() returns int language sql as 'select 1';
create function steady.fires() returns trigger language plpgsql as 'begin return new; end';
create trigger fires before insert on steady.labels for each row execute function steady.fires();
create view steady.words as select word from steady.labels;
grant select on steady.labels, steady.words to anon;
reset role
"""
OTHER = [
    ("steady.labels", "drop policy everybody on steady.labels"),
    ("steady.labels", "alter policy everybody on steady.labels using (id > 0)"),
    ("steady.labels", "create policy nobody on steady.labels as restrictive using (false)"),
    ("steady.labels", "alter table steady.labels disable row level security"),
    ("steady.labels", "alter table steady.labels force row level security"),
    ("steady.labels", "revoke select on steady.labels from anon"),
    ("steady.labels", "grant select (word) on steady.labels to authenticated"),
    ("steady.labels", "alter table steady.labels disable trigger fires"),
    ("steady.labels", "create rule nothing as on delete to steady.labels do instead nothing"),
    ("steady.labels", "alter table steady.labels add check (word <> '')"),
    ("steady.labels", "alter table steady.labels alter column word set default 'x'"),
    ("steady.words", "create or replace view steady.words as select word from steady.labels where id > 0"),
    ("steady.words", "drop view steady.words"),
    ("steady.answer()", "create or replace function steady.answer() returns int language sql as 'select 2'"),
    ("steady.answer()", "grant execute on function steady.answer() to anon"),
    ("auth.uid()", "create or replace function auth.uid() returns uuid language sql stable as 'select null::uuid'"),
    ("schema steady", "grant usage on schema steady to anon"),
    ("the membership of authenticator in service_role", "revoke service_role from authenticator"),
]
AS_BEFORE = [
    "create table steady.notes_2030 partition of steady.notes for values from ('2030-01-01') to ('2031-01-01')",
    "create schema customer_1; create table customer_1.orders (id int primary key references steady.labels (id))",
    "insert into steady.labels values (1, 'a'); analyze steady.labels",
    "create role customer_1 nologin; grant authenticated to customer_1",
    "create function steady.more() returns int language sql as 'select 1'",
    "alter table steady.labels disable trigger user; alter table steady.labels enable trigger user",
]


@pytest.fixture
def connection(bench: Bench) -> Iterator[Connection]:
    bench.connection.execute("begin")
    bench.connection.execute(STAGE)
    yield bench.connection
    bench.connection.execute("rollback")


@pytest.mark.parametrize(("name", "change"), OTHER, ids=[change for _, change in OTHER])
def test_what_is_not_as_it_was_is_named(connection: Connection, name: str, change: str) -> None:
    with pytest.raises(Altered) as told, steady(connection):
        connection.execute(change)
    assert f"changes the schema ({name});" in str(told.value)


@pytest.mark.parametrize("change", AS_BEFORE)
def test_what_comes_new_changes_nothing(connection: Connection, change: str) -> None:
    with steady(connection):
        connection.execute(change)
    assert connection.execute("select pg_catalog.to_regclass('steady.labels') is not null").fetchone() == (True,)


PROJECT = """
create table public.secrets (id uuid primary key default gen_random_uuid(), user_id uuid references auth.users (id), diary text);
alter table public.secrets enable row level security;
create policy everybody on public.secrets for select to authenticated using (user_id is not null);
create function public.close() returns boolean language plpgsql security definer set search_path = '' as
$$ begin drop policy if exists everybody on public.secrets; return true; end $$;
"""
CLOSES = {
    "a check": "create table public.notes (id uuid primary key, body text check (public.close()));",
    "a domain": "create domain public.word as text check (public.close() or value is null); create table public.notes (id uuid primary key, body public.word);",
    "a sign-up": """
        create function public.newcomer() returns trigger language plpgsql security definer set search_path = '' as
        $$ begin perform public.close(); return new; end $$;
        create trigger newcomer after insert on auth.users for each row execute function public.newcomer();""",
    "somebody who becomes the auditor": """
        create function public.newcomer() returns trigger language plpgsql set search_path = '' as
        $$ begin perform pg_catalog.set_config('role', 'none', true); drop policy if exists everybody on public.secrets; return new;
           exception when others then return new; end $$;
        create trigger newcomer after insert on auth.users for each row execute function public.newcomer();""",
    "an index": """
        create function public.same(t text) returns text language plpgsql immutable security definer set search_path = '' as
        $$ begin perform public.close(); return t; end $$;
        create table public.notes (id uuid primary key, body text); create index on public.notes (public.same(body));""",
}  # fmt: skip


@pytest.mark.parametrize("how", CLOSES)
def test_nobody_is_told_that_a_policy_is_not_there_which_the_first_row_drops(tmp_path, pytestconfig, how):
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    (folder / "20250101000000_all.sql").write_text(PROJECT + CLOSES[how])
    programs = pytestconfig.stash[CHOICE].postgres_bin
    options = [f"--postgres-bin={programs}"] if programs else []
    outcome = audit(tmp_path / "out", f"--migrations={folder}", "--members=10", *options)
    assert outcome.status == 4, outcome.said
    assert "code of the project that runs while rows are made changes the schema (public.secrets)" in outcome.said
    assert outcome.having("HOLDS") == set()
