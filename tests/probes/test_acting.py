# ruff: noqa: E501  a case is a line
"""The project's code, while people act: it does not become the auditor, nor write what the auditor notes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from audit.actors import Stage
from audit.evidence import Log
from audit.probes.calling import remembered
from audit.probes.disclosure import abused, given_away
from audit.probes.erasure import remains
from audit.probes.registration import failing
from tests.support.proving import Bench

# A secret that a function gives to everybody who asks, a function that deletes anybody's, and a policy with a function.
PROJECT = """
set role postgres;
create table public.diaries (id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users (id), diary text);
alter table public.diaries enable row level security;
grant select on public.diaries to authenticated;
insert into public.diaries (user_id, diary) select id, 'the days of ' || id from auth.users limit 40;
create function public.mine(owner uuid) returns boolean language plpgsql {mine};
create policy mine on public.diaries for select to authenticated using (public.mine(user_id));
create function public.read_diary(wanted uuid) returns text language plpgsql stable security definer set search_path = '' as $$
begin {told} end $$;
create function public.tear(wanted uuid) returns void language plpgsql security definer set search_path = '' as
$$ begin delete from public.diaries where id = wanted; end $$;
create function public.tidy(wanted uuid) returns void language plpgsql set search_path = '' as
$$ begin {tidies} perform public.tear(wanted); end $$;
revoke execute on function public.read_diary(uuid), public.tear(uuid), public.tidy(uuid) from public, anon;
grant execute on function public.read_diary(uuid), public.tear(uuid), public.tidy(uuid), public.mine(uuid) to authenticated;
reset role
"""
PLAIN = {
    "mine": "stable as 'begin return owner = auth.uid(); end'",
    "told": "return (select diary from public.diaries where id = wanted);",
    "tidies": "",
}
BECOMES = """
begin
    perform pg_catalog.set_config('role', 'none', true);
    {}
    perform pg_catalog.set_config('role', 'authenticated', true);
exception when others then null;
end;
"""
TRICKS = {
    "none": {},
    "it counts for us": {
        "tidies": BECOMES.format("""
            execute 'create or replace function pg_temp.counts(tables oid[]) returns bigint[]
                     language sql as $f$ select ''{}''::bigint[] $f$';""")
    },
    "it forgets what is closed": {"tidies": BECOMES.format("delete from pg_temp.closed; delete from pg_temp.stored;")},
    "it notes what is seen": {
        "mine": """security definer set search_path = '' as $$ begin
            begin
                insert into pg_temp.seen select 'diaries', pg_catalog.to_jsonb(d) from public.diaries d;
            exception when others then null; end;
            return owner = auth.uid(); end $$"""
    },
    "it becomes who notes what is seen": {
        "mine": "as $$ begin "
        + BECOMES.format("insert into pg_temp.seen select 'diaries', pg_catalog.to_jsonb(d) from public.diaries d;")
        + "return owner = auth.uid(); end $$"
    },
    "it fails as we do": {
        "told": "raise exception using errcode = 'ZZ000', message = (select diary from public.diaries where id = wanted);"
    },
}  # fmt: skip


@pytest.fixture
def stage(bench: Bench) -> Iterator[Stage]:
    bench.connection.execute("begin")
    yield Stage(bench.connection, {**bench.known, "declared": {}, "packs": ["core"]}, Log())
    bench.connection.execute("rollback")


@pytest.mark.parametrize("trick", TRICKS)
def test_what_a_function_tells_and_does_is_seen_whatever_else_it_tries(stage: Stage, trick: str) -> None:
    stage.connection.execute(PROJECT.format(**PLAIN | TRICKS[trick]))
    told = {row.object for row in given_away(stage.actor("stranger"))}
    done = {row.object for row in abused(stage.actor("stranger"))}
    assert "public.read_diary(uuid)" in told | done
    assert {"public.tear(uuid)", "public.tidy(uuid)"} <= done


def test_what_people_see_is_noted_where_only_the_auditor_writes(stage: Stage) -> None:
    stage.connection.execute(PROJECT.format(**PLAIN))
    with remembered(stage) as cursor:
        cursor.execute("select distinct r, p, c.relname from pg_catalog.pg_class c "
                       "cross join unnest(array['postgres', 'authenticated', 'anon', 'service_role']) as r "
                       "cross join unnest(array['insert', 'update', 'delete', 'truncate']) as p "
                       "where c.relpersistence = 't' and c.relkind = 'r' and pg_catalog.has_table_privilege(r, c.oid, p)")  # fmt: skip
        may = cursor.fetchall()
    assert not may


REFUSES = """
set role postgres;
create function public.refuse() returns trigger language plpgsql security definer set search_path = '' as
$$ begin raise exception using errcode = 'ZZ000', message = 'no'; end $$;
reset role;
create trigger refuse before {} on auth.users for each row execute function public.refuse()
"""


def test_a_sign_up_that_fails_as_we_do_fails(stage: Stage) -> None:
    stage.connection.execute(REFUSES.format("insert"))
    assert [row.object for row in failing(stage.actor("auth_service"))] == ["refuse on auth.users"]


def test_an_account_that_cannot_be_deleted_is_told_whatever_the_error(stage: Stage) -> None:
    stage.connection.execute(REFUSES.format("delete"))
    assert any(
        "ZZ000" in str(row.details) or "refuse" in str(row.details) for row in remains(stage.actor("auth_service"))
    )
