"""Names of tables and columns that functions take: where they stand in the statement that is put together."""

from __future__ import annotations

import pytest

from audit.probes.dynamic import named, named_calls, unfolded

ROW = {
    "relation": "public.diaries",
    "relname": "diaries",
    "key": "id",
    "content": {"id": "00000000-0000-4000-8000-000000000009", "owner": "o", "entry": "what happened today"},
}
ID, TEXT = ROW["content"]["id"], "made up"


@pytest.mark.parametrize(
    ("body", "names", "values"),
    [
        (
            "execute format('select t from public.%I t where t.id = $1', which) using number;",
            ("which", "number"),
            ("diaries", ID),
        ),
        (
            "execute format('select t from %I.%I t limit %s', place, which, many);",
            ("place", "which", "many"),
            ("public", "diaries", TEXT),
        ),
        ("execute format('select t from %2$I.%1$I t', which, place);", ("place", "which"), ("public", "diaries")),
        (
            "execute format($q$update %I set %I = %L where id = %L$q$, t, c, v, n);",
            ("t", "c", "v", "n"),
            ("diaries", "entry", TEXT, ID),
        ),
        (
            "execute 'delete from public.' || which || ' where id = ' || quote_literal(n);",
            ("which", "n"),
            ("diaries", ID),
        ),
        (
            "execute 'select ' || quote_ident(c) || '::text from diaries where id = $1' into r using n;",
            ("c", "n"),
            ("entry", ID),
        ),
        (
            "execute 'select t from ' || t || ' where ' || quote_ident(c) || ' = $1' using v;",
            ("t", "c", "v"),
            ("diaries", "id", ID),
        ),
        (
            "execute format('select t from public.%I t where id = any($1)', which) using many;",
            ("which", "many"),
            ("diaries", ID),
        ),
        (
            "execute format('select t from public.%I t '\n || 'where t.id = $1', which) using number;",
            ("which", "number"),
            ("diaries", ID),
        ),
        ("execute format('insert into %I (%I) values (%L)', t, c, v);", ("t", "c", "v"), ("diaries", "entry", TEXT)),
    ],
)
def test_names_and_what_belongs_to_them(body: str, names: tuple[str, ...], values: tuple[str, ...]) -> None:
    its = named(unfolded(f"begin {body} end"), "f", names)
    assert its
    assert [*named_calls(its, [ROW], [[TEXT]] * len(names))] == [values]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("execute format('select t from public.diaries t where t.id = %L', number);", ("number",)),
        ("execute 'select 1 from diaries where id = $1' into r using number;", ("number",)),
        ("select t into r from public.diaries t where t.id = number;", ("number",)),
        ("raise notice '%', format('%s of %s', number, whole);", ("number", "whole")),
    ],
)
def test_what_is_no_name(body: str, names: tuple[str, ...]) -> None:
    assert not named(unfolded(f"begin {body} end"), "f", names)


def test_hostile_bodies_are_read_in_time() -> None:
    for body in ("format('" * 5000, "execute " * 5000, "' || a " * 5000, "select a, " * 5000, 'from "' * 5000):
        named(unfolded(body), "f", ("a", "b"))
        named(unfolded(f"begin execute {body}"), "f", ("a",))
