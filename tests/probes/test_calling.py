"""Tests of calling functions: what is hostile ends in time, what reaches out is not called, and arguments fit."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from audit.actors import Stage
from audit.evidence import Log
from audit.probes.calling import Argument, Routine, planned, remembered
from audit.probes.disclosure import abused, given_away
from audit.probes.faults import faulty
from tests.support.proving import Bench

HOSTILE = """
set role postgres;
create function public.forever(member uuid) returns void language plpgsql set search_path = ''
as 'begin loop end loop; end';
create function public.sleeper() returns int language plpgsql set search_path = ''
as 'begin perform pg_sleep(6000); return 1; end';
create function public.exporter() returns void language plpgsql set search_path = ''
as $$ begin copy (select 1) to program 'true'; end $$;
create function public.endless() returns setof int language sql set search_path = ''
as 'select generate_series(1, 100000000)';
create function public.deeper(n int) returns int language plpgsql as 'begin return public.deeper(n + 1); end';
create type public.stay as range (subtype = date);
create procedure public.commits() language plpgsql as 'begin commit; end';
create function public."Quo""te me's"("p_user id" uuid, "limit" int, variadic "others " text[]) returns text
language sql security definer set search_path = '' as 'select phone from public.profiles where id = "p_user id"';
create table public."Odd ""table" ("Key" text primary key, "user ""id" uuid, "order" int);
insert into public."Odd ""table" select 'Words of ' || p.id, p.id, 1 from public.profiles p limit 5;
grant all on public."Odd ""table" to anon, authenticated;
create view public."V""iew" as select phone as "pho""ne" from public.profiles;
grant all on public."V""iew" to anon, authenticated;
grant execute on all routines in schema public to anon, authenticated;
"""


@pytest.fixture
def stage(bench: Bench) -> Iterator[Stage]:
    """A stage on a database with hostile functions, and little patience."""
    bench.connection.execute("begin")
    bench.connection.execute(HOSTILE)
    bench.connection.execute("reset role")
    yield Stage(bench.connection, {**bench.known, "statement_timeout_ms": 1000}, Log())
    bench.connection.execute("rollback")


def test_what_does_not_end_is_named_and_the_rest_is_judged(stage: Stage) -> None:
    begun = time.monotonic()
    found = abused(stage.actor("stranger"))
    assert "public.forever(uuid)" in found.unjudgeable
    assert 'public."Quo""te me\'s"(uuid,integer,text[])' in {row.object for row in found}
    assert time.monotonic() - begun < 600


def test_what_reaches_out_is_not_called(stage: Stage) -> None:
    with remembered(stage) as cursor:
        plan = planned(cursor, stage)
        outside = {routine.signature for routine in plan.routines if plan.outside(routine)}
        # What makes ranges is their type's.
        assert not any(routine.name.startswith("stay") for routine in plan.routines)
    assert outside == {"public.exporter()"}


def test_views_with_odd_names_are_read(stage: Stage) -> None:
    found = given_away(stage.actor("anon"))
    assert 'public."V""iew"' in {row.object for row in found}
    assert "public.exporter()" in found.unjudgeable


def test_hostile_functions_are_not_broken(stage: Stage) -> None:
    found = faulty(stage.actor("alice"))
    assert {row.object for row in found} == set()
    assert "public.forever(uuid)" in found.unjudgeable


def test_nothing_is_left_behind(stage: Stage) -> None:
    count = "select count(*) from public.messages"
    before = stage.connection.execute(count).fetchone()
    abused(stage.actor("stranger"))
    assert stage.connection.execute(count).fetchone() == before
    assert stage.connection.execute("select to_regclass('pg_temp.stored')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("name", "word"),
    [("p_request_id", "request"), ("user_uuid", "user"), ("_member", "member"), ("id", ""), ("target_user_id", "user")],
)
def test_the_word_of_an_argument(name: str, word: str) -> None:
    assert Argument(name, "uuid", "b", "U", "uuid", []).word == word


def test_values_are_cast_and_quoted() -> None:
    routine = Routine(
        oid=1, signature="s.f(text)", called="s.f", name="f", schema="s", pseudo_arguments=False, returns_trigger=False,
        exposed=True, volatile=False, kind="f", strict=False, defaults=0, variadic=False, pseudo=False, trusted=True,
        language="sql", compiled=False, source="", roles=[], arguments=[Argument("a", "text", "b", "S", "text", [])],
    )  # fmt: skip
    assert "s.f('it''s'::text)" in routine.text(["it's"])
