"""Which moments that a rule of access names are a doubt: those after which it may let somebody in."""

from __future__ import annotations

import pytest

from audit.surroundings import decided_later

OWN = "(user_id = ( SELECT auth.uid() AS uid))"
AHEAD = "'2999-01-01 00:00:00+00'::timestamp with time zone"
BEHIND = "'2020-01-01 00:00:00+00'::timestamp with time zone"


@pytest.mark.parametrize(
    "rule",
    [
        f"(now() < {AHEAD})",
        f"(now() < {BEHIND})",
        f"(now() >= {BEHIND})",
        f"({AHEAD} > now())",
        f"({OWN} AND (now() < {AHEAD}))",
        f"({OWN} OR ((CURRENT_DATE <= '2999-06-30'::date) AND (seats > 1)))",
        f"({OWN} OR (now() > {BEHIND}))",
        f"{OWN} and now() < '2999-01-01' or current_timestamp < timestamptz '2999-01-01'",
    ],
)
def test_what_ends_or_has_begun_lets_in_nobody_else_later(rule: str) -> None:
    assert decided_later(rule, is_condition=True) == ()


@pytest.mark.parametrize(
    "rule",
    [
        f"({OWN} OR (now() > {AHEAD}))",
        f"(now() >= {AHEAD})",
        f"({AHEAD} < now())",
        "(now() > 'infinity'::timestamp with time zone)",
        "(now() < 'tomorrow')",
        f"(NOT (now() < {AHEAD}))",
        f"(NOT ({OWN} AND (now() < {AHEAD})))",
        f"((now() < {AHEAD}) = false)",
        f"((now() < {AHEAD}) IS NOT TRUE)",
        f"CASE WHEN (now() < {AHEAD}) THEN false ELSE true END",
        f"private.flipped((now() < {AHEAD}))",
        f"(( SELECT count(*) AS count FROM loans WHERE (now() < {AHEAD})) = 0)",
        f"(now() BETWEEN {BEHIND} AND {AHEAD})",
        "(EXTRACT(hour FROM now()) < (18)::numeric)",
        "((now())::time without time zone < '18:00:00'::time without time zone)",
        "begin if now() < '2999-01-01' then return false; end if; return true; end",
    ],
)
def test_what_begins_later_or_comes_back_may_let_in_somebody(rule: str) -> None:
    assert decided_later(rule, is_condition=True) in (("now",), ("now", "now"))


@pytest.mark.parametrize("deep", ["(", "(a AND ", "(a OR (b AND "])
def test_it_is_read_in_little_time_however_deep(deep: str) -> None:
    closed = ")" * deep.count("(") * 5000
    assert decided_later(deep * 5000 + f"(now() < {AHEAD})" + closed, is_condition=True) == ("now",)


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        (f"begin if to_regclass('pg_temp.seen') is null then return true; end if; return {OWN}; end", "pg_temp.seen"),
        (f"({OWN} OR (NOT (EXISTS ( SELECT FROM pg_class WHERE (pg_class.relname = 'seen'::name)))))", "pg_class"),
        (f"select {OWN} or (select count(*) from pg_catalog.pg_trigger) < 9", "pg_trigger"),
        (f"({OWN} OR (to_regrole('audit_stand_in'::text) IS NULL))", "audit_stand_in"),
        (f"({OWN} OR (to_regclass(('pg_' || word)) IS NULL))", "to_regclass"),
        (f"begin perform from pg_temp.seen; return {OWN}; exception when others then return true; end", "pg_temp"),
    ],
)
def test_what_can_see_that_people_are_made_up_may_let_in_others(rule: str, seen: str) -> None:
    assert decided_later(rule, is_condition=True) == (seen,)


@pytest.mark.parametrize(
    "rule",
    [
        f"({OWN} OR (kind = ANY (ARRAY['pg_class'::text, 'seen'::text])))",
        f"select {OWN} and state in (select e.enumlabel from pg_catalog.pg_enum e)",
        f"begin if to_regclass('public.members') is null then return false; end if; return {OWN}; end",
        f"({OWN} OR (books.pg_class = 3))",
        f"({OWN} OR has_schema_privilege('service_role', 'graphql', 'usage'))",
    ],
)
def test_what_asks_for_things_of_the_project_is_judged_by_what_it_lets_through(rule: str) -> None:
    assert decided_later(rule, is_condition=True) == ()


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (f"insert into public.calls values (1); return {OWN} or (select count(*) from calls) > 1000;", "calls"),
        (
            f"update calls set n = n + 1; select n into how_many from public.calls; return {OWN} or how_many > 9;",
            "calls",
        ),
        (f'delete from "Left" where n = 1; return {OWN} or not exists (select from public."Left");', "Left"),
    ],
)
def test_what_remembers_its_own_calls_may_let_in_others(body: str, seen: str) -> None:
    assert decided_later(f"begin {body} end", is_condition=True) == (f"what it wrote into {seen}",)


@pytest.mark.parametrize(
    "body",
    [
        f"insert into public.looks (who) values (auth.uid()); return {OWN};",
        "select m.role into strict held from public.members m where m.person = auth.uid(); return held = 'clerk';",
        "select role into held from members where person = auth.uid() for update; return exists (select from members);",
        "select role into held from members where person = auth.uid() for no key update; return held = 'clerk';",
    ],
)
def test_what_notes_who_looks_is_judged_by_what_it_lets_through(body: str) -> None:
    assert decided_later(f"begin {body} end", is_condition=True) == ()
