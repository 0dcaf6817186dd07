"""The call graph: what expressions and bodies lead to, whatever comments, quotes and languages are between."""

from __future__ import annotations

from typing import Any

import pytest

from audit.catalog.calls import Calls, Source, mentioned

FUNCTIONS = {
    "direct": ("sql", "select exists (select from public.team_view) -- public.never()", None),
    "dynamic": ("plpgsql", "begin execute 'select 1 from public.members'; return public.direct(); end", None),
    "circle": ("sql", "select public.circle() and public.dynamic()", None),
    "script": ("plv8", "return plv8.execute(\"select public.direct() from public.members where id = 'x'\")", None),
    "on_its_path": ("plpgsql", "begin perform direct(); select * into v from members; end", "public"),
    "off_its_path": ("plpgsql", "begin perform direct(); select * into v from members; end", "extensions"),
    "quoted": ("sql", 'select id from "Odd ""schema"."T a"', None),
    "never": ("sql", "select true /* public.direct() */", None),
}


def row(kind: str, schema: str, name: str, **more: Any) -> dict[str, Any]:
    plain = {"oid": 0, "language": "sql", "source": "", "whole": False, "path": None, "names": None, "brought": False}
    return {**plain, "kind": kind, "schema": schema, "name": name, **more}


@pytest.fixture
def calls() -> Calls:
    """A graph of a few functions and a view."""
    found = Calls()
    found.learn(row("relations", "public", "", names=["members", "team_view"]))
    found.learn(row("relations", 'Odd "schema', "", names=["T a"]))
    found.learn(row("view", "public", "team_view", oid=1, source="select team from public.members;"))
    for oid, (name, (language, source, path)) in enumerate(FUNCTIONS.items(), start=1):
        found.learn(row("function", "public", name, oid=oid, language=language, source=source, path=path))
    return found


@pytest.mark.parametrize(
    ("expression", "names", "relations"),
    [
        ("true", set(), set()),
        ("direct()", set(), set()),  # under an empty search_path that is a function of the server's own
        ("public.direct()", {"direct", "team_view"}, {"members", "team_view"}),
        ("(public.circle() AND true)", {"circle", "dynamic", "direct", "team_view"}, {"members", "team_view"}),
        ("(EXISTS ( SELECT 1 FROM public.members m WHERE (m.id = rows.id)))", set(), {"members"}),
        ("(team IN ( SELECT v.team FROM public.team_view v))", {"team_view"}, {"members", "team_view"}),
        ("public.script()", {"script", "direct", "team_view"}, {"members", "team_view"}),
        ("public.on_its_path()", {"on_its_path", "direct", "team_view"}, {"members", "team_view"}),
        ("public.off_its_path()", {"off_its_path"}, set()),
        ("public.quoted()", {"quoted"}, {"T a"}),
        ("(name = 'public.direct()'::text)", set(), set()),
    ],
)
def test_an_expression_leads_to_what_it_calls_and_looks_at(
    calls: Calls, expression: str, names: set[str], relations: set[str]
) -> None:
    found = calls.led_to([expression])
    assert {source.name for source in found if source.name} == names
    assert {name for _, name in calls.looks_at(found)} == relations


def test_who_judges_a_policy_is_told_what_it_calls_without_comments(calls: Calls) -> None:
    given: list[dict[str, Any]] = []
    assert calls.following(lambda row: not given.append(row))({"object": "p", "_rules": ["public.direct()"]})
    ((told,),) = [given]
    assert told["object"] == "p"
    assert [(schema, name, language, text.strip()) for schema, name, language, text in told["_called"]] == [
        ("public", "direct", "sql", "select exists (select from public.team_view)"),
        ("public", "team_view", "sql", "select team from public.members;"),
    ]


def test_what_is_written_is_known_from_what_is_read() -> None:
    body = mentioned(
        "begin insert into public.a select * from public.b; update only c set x = 1; delete from d using e;"
        " execute 'delete from f'; select x into g from h; end"
    )
    assert body.written == {("public", "a"), (None, "c"), (None, "d"), (None, "f")}
    assert body.relations >= body.written | {("public", "b"), (None, "e"), (None, "h")}


@pytest.mark.parametrize(
    ("language", "text", "overlooked"),
    [
        ("sql", "select exists (select from m where m.person = auth.uid()) -- team", {1}),
        ("sql", "select exists (select from m where m.person = auth.uid() and m.team = $1)", set()),
        ("sql", "select exists (select from m where m.team = within.team)", set()),
        ("sql", 'select exists (select from m where m.x = "team")', set()),
        ("sql", "select exists (select from m where m.team = $10)", {1}),
        ("plpgsql", "begin if team is null then return false; end if; return exists (select from m); end", {1}),
        (
            "plpgsql",
            "begin if team is not null then return team = any (array(select m.team from m)); end if; end",
            set(),
        ),
        ("plpgsql", "begin execute 'select 1 from m' into found; return found; end", set()),
        ("plv8", "return true", set()),
    ],
)
def test_an_argument_is_looked_at_or_not(language: str, text: str, overlooked: set[int]) -> None:
    """A comment, a column of the name, and the question whether there is any are no look at it."""
    assert Source("public", "within", language, text, (), arguments=("team",)).overlooked == overlooked
