"""What is read from the source of functions: comments and literals do not count, statements put together do."""

from __future__ import annotations

import pytest

from audit.catalog.calls import read
from audit.catalog.functions import IDENTITY, Functions
from audit.evidence import Unchecked


@pytest.mark.parametrize(
    "source",
    [
        "select auth.uid()",
        'select "auth"."uid"()',
        "select AUTH . UID ()",
        r"select 'a\', name from public.profiles where id = auth.uid()",
        "select 1 /* ' */, auth.uid() /* ' */",
        "select name from public.profiles where name = '/*' and id = auth.uid() -- */",
        "begin return query execute $q$ select name from public.profiles where id = auth.uid() $q$; end",
        "begin q := format('select %I where id = auth.uid()', c); execute q; end",
        "select current_setting('request.jwt.claims', true)",
        "declare me uuid := auth.uid(); begin return me; end",
    ],
)
def test_the_caller_is_asked(source: str) -> None:
    body = read(source)
    assert body.asks or body.calls & IDENTITY


@pytest.mark.parametrize(
    "source",
    [
        "select 1 -- auth.uid()",
        "select 1 /* a /* nested */ auth.uid() */",
        "select 'auth.uid()', $$ auth.uid() $$, E'it\\'s auth.uid()'",
        "begin raise notice 'auth.uid()'; end",
        "select auth.uid from public.profiles auth",
        'select "AUTH".uid()',
        "select private.uid()",
        "select current_setting('request.path', true)",
    ],
)
def test_the_caller_is_not_asked(source: str) -> None:
    body = read(source)
    assert not body.asks
    assert not body.calls & IDENTITY


def test_what_cannot_be_read_is_not_judged() -> None:
    with pytest.raises(Unchecked):
        read("select 'without an end")


def row(oid: int, name: str, source: str, path: str | None = "") -> dict[str, object]:
    return {
        "kind": "function",
        "oid": oid,
        "schema": "public",
        "name": name,
        "language": "sql",
        "source": source,
        "whole": False,
        "path": path,
        "names": None,
    }


def test_what_is_called_counts_even_in_a_circle() -> None:
    known = Functions()
    known.learn({"kind": "relations", "schema": "public", "names": ["profiles"]})
    known.learn(row(1, "first", "select public.second()"))
    known.learn(row(2, "second", "select public.first(), auth.uid() from public.profiles"))
    known.learn(row(3, "third", "select public.third() from public.profiles"))
    known.learn(row(4, "fourth", "select 1"))
    assert known.asks_who_calls(1)
    assert known.touches(1)
    assert known.calls("function", 1, 2)
    assert not known.asks_who_calls(3)
    assert not known.touches(3, public=["public.profiles"])
    assert not known.touches(4)


def test_an_unqualified_name_is_looked_for_on_the_functions_own_path() -> None:
    known = Functions()
    known.learn(row(1, "asking", "select auth.uid()"))
    known.learn(row(2, "on_its_path", "select asking()", '"$user", public'))
    known.learn(row(3, "off_its_path", "select asking()", '""'))
    known.learn(row(4, "anywhere", "select asking()", None))
    known.learn(row(5, "short", "select uid()", "auth"))
    known.learn(row(6, "shorter", "select uid()", None))
    assert [known.asks_who_calls(oid) for oid in range(1, 7)] == [True, True, False, True, True, False]


@pytest.mark.parametrize(
    ("source", "opens"),
    [
        ("select * from public.share_links where id = p_id", True),
        ("select * from public.share_links l where l.id = p_id", True),
        ("select * from public.share_links l join public.papers p on p.id = l.paper where p_id = l.id", True),
        ("select * from public.share_links l join public.papers p on p.id = l.paper where p.id = p_id", False),
        ("select * from public.papers where id = p_id", False),
        ("select * from public.papers p, public.share_links l where l.paper = p.id and id = p_id", False),
        ("select * from public.share_links where slug = p_id", True),
        (
            "select p.name, p.size from public.share_links l join public.papers p on p.id = l.id where l.slug = p_id",
            True,
        ),
    ],
)
def test_an_argument_is_a_secret_where_its_own_table_opens_by_it(source: str, opens: bool) -> None:
    known = Functions()
    for table, column, key in (("share_links", "id", True), ("papers", "id", True), ("share_links", "slug", False)):
        known.learn_column({"table": table, "column": column, "default": "gen_random_uuid()", "key": key})
    known.learn(row(1, "opened", source))
    assert known.asks_for_a_secret(1, ["p_id"]) is opens


def test_policies_may_ask_on_behalf_of_a_functions_owner() -> None:
    known = Functions()
    known.learn({"kind": "relations", "schema": "public", "names": ["crews", "boats"]})
    known.learn(row(1, "leave", "delete from public.crews"))
    known.learn(row(2, "sink", "delete from public.boats"))
    known.learn(row(3, "both", "select public.leave(), public.sink()"))
    known.learn_owner({"functions": [1], "binding": [["public.crews", ["sailor = auth.uid()"]], ["public.boats", []]]})
    known.learn_owner({"functions": [2], "binding": [["public.boats", ["sailor = auth.uid()", "true"]]]})
    assert known.kept_by_policies(1) == {"public.crews", "public.boats"}
    assert known.kept_by_policies(2) == known.kept_by_policies(3) == set()
    assert not known.touches(1, kept=known.kept_by_policies(1))
    assert known.touches(2, kept=known.kept_by_policies(2))
