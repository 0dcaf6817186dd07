"""What a body takes out of a document or a row stands for arguments, and is put together again for the call."""

from __future__ import annotations

import pytest

from audit.probes.calling import Argument
from audit.probes.documents import put_together, taken

TABLES = {"notes": {"id": "uuid", "text": "text", "tags": "?"}}


def argument(
    name: str | None, type_: str = "jsonb", fields: list[tuple[str, str]] | None = None, category: str = "U"
) -> Argument:
    return Argument(name, type_, "b", category, type_, [], fields)


@pytest.mark.parametrize(
    ("body", "given", "leaves", "whole"),
    [
        ("id = (p ->> 'id')::uuid", argument("p"), [("id", "uuid")], '{"id": "0"}'),
        ("id = ($1->>'id')::uuid", argument(None), [("id", "uuid")], '{"id": "0"}'),
        ("a = p -> 'of' ->> 'kind'", argument("p"), [("of kind", "text")], '{"of": {"kind": "0"}}'),
        ("a = (p #>> '{of,kind}')::int", argument("p"), [("of kind", "integer")], '{"of": {"kind": 0}}'),
        ("d := nullif(trim(p ->> 'day'), '')::date;", argument("p"), [("day", "date")], '{"day": "0"}'),
        ("k := (p ->> 'kind')::public.kind;", argument("p"), [("kind", "?")], '{"kind": "0"}'),
        ("b := coalesce((p ->> 'on')::boolean, false);", argument("p"), [("on", "boolean")], '{"on": false}'),
        ("n := f(p ->> 'name', 'x')", argument("p"), [("name", "text")], '{"name": "0"}'),
        (
            "select from jsonb_to_record(p) as r(id uuid, day date) where x = r.id and y = r.day",
            argument("p"),
            [("id", "uuid"), ("day", "date")],
            '{"id": "0", "day": "1"}',
        ),
        (
            "select from jsonb_array_elements(p -> 'all') e join t on t.id = (e ->> 'id')::uuid",
            argument("p"),
            [("all * id", "uuid")],
            '{"all": [{"id": "0"}]}',
        ),
        ("select from jsonb_array_elements_text(p) e where t.id = e::uuid", argument("p"), [("*", "uuid")], '["0"]'),
        (
            "for one in select * from jsonb_array_elements(p) loop delete from t where id = one ->> 'id'; end loop",
            argument("p"),
            [("* id", "text")],
            '[{"id": "0"}]',
        ),
        (
            "insert into notes select * from jsonb_populate_record(null::public.notes, p)",
            argument("p"),
            [("id", "uuid"), ("text", "text"), ("tags", "?")],
            '{"id": "0", "text": "1", "tags": "2"}',
        ),
        ("id = (r).id or id = r.id", argument("r", "ref", [("id", "uuid"), ("n", "int")]), [("id", "uuid")], '("0",)'),
        (
            "for k, v in select * from jsonb_each_text(p) loop update t set n = v::int where id = k::uuid; end loop",
            argument("p"),
            [("*key", "uuid"), ("*value", "integer")],
            '{"0": 1}',
        ),
        (
            "update t set n = e.n::int from jsonb_each_text(p) as e (which, n) where id = e.which::uuid",
            argument("p"),
            [("*key", "uuid"), ("*value", "integer")],
            '{"0": 1}',
        ),
        (
            "foreach one in array r loop update t set n = one.n where t.id = one.id; end loop",
            argument("r", "ref[]", [("id", "uuid"), ("n", "int")], "A"),
            [("n", "integer"), ("id", "uuid")],
            '{"(\\"1\\",\\"0\\")"}',
        ),
        (
            "insert into notes select * from unnest(r)",
            argument("r", "public.notes[]", [("id", "uuid"), ("n", "int")], "A"),
            [("id", "uuid"), ("n", "integer")],
            '{"(\\"0\\",\\"1\\")"}',
        ),
        (
            "insert into notes select r.*",
            argument("r", "public.notes", [("id", "uuid"), ("n", "int")]),
            [("id", "uuid"), ("n", "integer")],
            '("0","1")',
        ),
        ("a = p ->> 'n' or b = (p ->> 'n')::int", argument("p"), [("n", "integer")], '{"n": 0}'),
        ("id = q ->> 'id'", argument("p"), [], None),
        ("id = p", argument("p", "text"), [], None),
    ],
)
def test_what_is_taken_is_put_together(
    body: str, given: Argument, leaves: list[tuple[str, str]], whole: str | None
) -> None:
    text, found = taken(body, "f", [given], TABLES)
    assert [(" ".join(each.path), each.type) for each in found] == leaves
    assert all(each.mark in text for each in found)
    values = (None, *map(str, range(len(found))))
    assert put_together(values, found, [given]) == (whole,)


def test_a_body_that_takes_hundreds_of_keys_is_read_in_part() -> None:
    body = " or ".join(f"a = p ->> 'k{n}'" for n in range(500))
    text, found = taken(body, "f", [argument("p")], {})
    assert len(found) == 12
    assert "a = null" in text
