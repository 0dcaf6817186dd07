"""Cells of the matrix become findings by what lets them through, or stands in the way."""

from __future__ import annotations

import pytest

from audit.access.ends import DEFAULT
from audit.access.gains import BY_CALL, Door, Found
from audit.access.gains import causes as causes_of_gain
from audit.access.results import DOUBTFUL, Cell, Doubtful, Judged, Judgement
from audit.access.telling import (
    BY_GRANT,
    BY_GRANT_ON_ALL,
    UNGUARDED,
    doubt_row,
    doubt_rows,
    findings,
    missing_calls,
    who,
)
from reports.matrix import tables


def leak(actor: str, shape: str, policies: tuple[str, ...] = (), **more: object) -> Judged:
    return Judged(actor, "public.t", shape, Cell.LEAK, rows=9, reached=5, leaked=4, policies=policies, **more)  # type: ignore[arg-type]


def lock(actor: str, shape: str, by: str = "row level security", **more: object) -> Judged:
    return Judged(actor, "public.t", shape, Cell.LOCKOUT, rows=9, missing=4, refused_by=by, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cells", "objects"),
    [
        ([leak("alice", "select", ("p",)), leak("bob", "update blind", ("p",))], ["p on public.t"]),
        ([leak("alice", "select", ("p", '"q r"'))], ["p on public.t", '"q r" on public.t']),
        ([leak("alice", "select column phone of", note=BY_GRANT)], ["select (phone) on public.t"]),
        (
            [leak("alice", f"select column {name} of", note=BY_GRANT_ON_ALL) for name in ("phone", "mail")],
            ["select on public.t"],
        ),
        ([leak("alice", 'update column a"b of', note=BY_GRANT)], ['update ("a""b") on public.t']),
        ([leak("alice", "select", note=UNGUARDED), leak("bob", "delete", note=UNGUARDED)], ["public.t"]),
        ([leak("alice", "move to another's by column owner of", ("p",))], ["p on public.t"]),
        (
            [lock("alice", "select"), lock("alice", "update"), lock("bob", "update")],
            ["select on public.t", "update on public.t"],
        ),
        ([lock("alice", "select"), lock("alice", "insert and get back")], ["select on public.t"]),
        ([lock("alice", "insert and get back")], ["insert and get back on public.t"]),
        ([lock("alice", "save again (upsert)")], ["save again on public.t"]),
        ([lock("alice", "insert column title of", "grant")], ["insert (title) on public.t"]),
    ],
)  # fmt: skip
def test_one_cause_is_one_finding(cells: list[Judged], objects: list[str]) -> None:
    rows = findings(cells)
    assert [row.object for row in rows] == objects
    assert all(row.cause and row.cause.table == "public.t" for row in rows)


def test_what_follows_is_told_with_what_it_follows_from() -> None:
    root = leak("alice", "select", ("p",))
    child = Judged("alice", "public.u", "select", Cell.LEAK, leaked=1, policies=("q",), follows=("public.t",))
    (row,) = findings([child, root])
    assert (row.object, row.details["follows"]) == ("p on public.t", "q on public.u")
    other = Judged("bob", "public.u", "select", Cell.LEAK, leaked=1, policies=("q",))
    assert [row.object for row in findings([root, child, other])] == ["p on public.t", "q on public.u"]


@pytest.mark.parametrize(
    ("actors", "words"),
    [
        (["anon", "alice"], "anybody, without signing in,"),
        (["guest", "alice"], "whoever signs up"),
        (["alice", "bob", "stranger"], "every member"),
        (["nobody"], "a caller who is signed in without an id"),
        (["guest"], "a guest (anonymous sign-in)"),
        (["bob", "alice"], "alice and bob"),
    ],
)
def test_people_are_told_as_the_widest_group(actors: list[str], words: str) -> None:
    assert who(actors) == words


@pytest.mark.parametrize(
    ("found", "door", "name"),
    [
        (Found("alice", "authenticated", "public.t", "role", "x"), Door(), "update (role) on public.t"),
        (Found("alice", "authenticated", "public.t", "role", "x"), Door(whole=True), "update on public.t"),
        (Found("alice", "authenticated", "public.t", "", "x"), Door(inserting=("p",)), "p on public.t"),
        (
            Found("alice", "authenticated", "public.t", "", "x"),
            Door(inserting=("p", "q")),
            "p on public.t, q on public.t",
        ),
        (
            Found("alice", "authenticated", "public.t", "role", "x"),
            Door(whole=True, inserting=("p",), updating=("p",)),
            "p on public.t",
        ),
        (Found("alice", "authenticated", "public.t", "role", "x"), Door(security=False), "public.t"),
        (Found("alice", "authenticated", "public.f(uuid)", "", BY_CALL), Door(), "public.f(uuid)"),
    ],
)
def test_a_change_is_let_through_by_what_covers_it(found: Found, door: Door, name: str) -> None:
    assert ", ".join(cause.name for cause in causes_of_gain(found, door)) == name


def test_a_function_is_told_once_for_all_roles() -> None:
    given = [("public.f()", role, False, f"grant execute on function public.f() to {role};") for role in ("anon", "x")]
    (row,) = missing_calls([*given, ("public.g()", "anon", True, "")])
    assert (row.object, row.details["roles"]) == ("public.f()", "anon, x")


def test_what_is_doubtful_comes_first_in_the_inventory() -> None:
    def cell(relation: str, actor: str, note: str = "") -> Judged:
        return Judged(actor, relation, "select", Cell.UNDECLARED, rows=3, reached=3, note=note)

    cells = (cell("public.a", "alice"), cell("public.b", "alice"), cell("public.b", "bob", f"{DOUBTFUL}p lets it"))
    first, second = tables(Judgement(cells))
    assert (first.relation, second.relation) == ("public.b", "public.a")
    assert [line.actors for line in first.lines] == ["bob", "alice"]


def test_a_doubtful_policy_is_told_with_who_and_what() -> None:
    found = Doubtful("tenants", "r", "public.t", ("alice", "stranger"), ("select",), ("firm",), ("w",), 7)
    row = doubt_row(found)
    assert row.object == "r on public.t"
    assert row.details["what"] == (
        "alice and stranger can read rows of public.t whose firm is none of theirs, which w respects"
    )
    assert row.fix is not None and all(line.startswith("-- ") for line in row.fix.splitlines())
    asks_nobody = doubt_row(Doubtful("open", "r", "public.t", ("stranger",), ("select",), ("owner",), ("w",), 7))
    assert asks_nobody.details["what"] == "stranger can read rows of public.t that are not theirs: r asks nobody"
    in_anothers_name = doubt_row(Doubtful("names", "r", "public.t", ("alice",), ("insert",), ("writer",), (), 7))
    assert in_anothers_name.details["what"] == "alice can put rows into public.t in another's name (writer)"
    codes = doubt_row(Doubtful("codes", "r", "public.t", ("anon",), ("select",), ("door_code",), ("w",), 7))
    assert (
        codes.details["what"]
        == "anybody, without signing in, can read door_code of rows of public.t that are not theirs"
    )


def test_what_outlives_its_end_is_told_of_the_function_that_forgets_it() -> None:
    def ended(policy: str, relation: str, kept_by: tuple[str, ...], function: str = "") -> Doubtful:
        columns = ("public.shares.until",)
        return Doubtful("ended", policy, relation, ("alice",), ("select",), columns, kept_by, 2, function)

    through = [ended("p", "public.t", ("r on public.v",), "public.f"), ended("q", "public.u", ("s",), "public.f")]
    direct = ended("p", "public.w", (DEFAULT,))
    rows = {row.object: row.details for row in doubt_rows([*through, direct])}
    assert rows["public.f"]["what"] == (
        "alice can read rows of public.t, public.u by a row whose public.shares.until is past, "
        "which r on public.v and s asks for"
    )
    assert rows["public.f"]["policies"] == "p on public.t, q on public.u"
    assert str(rows["p on public.w"]["what"]).endswith("is past, which lies ahead by default")


def test_a_code_that_is_taken_too_long_is_told_of_the_function() -> None:
    def taken(kind: str, kept_by: tuple[str, ...]) -> Doubtful:
        column = ("public.invites.until",)
        return Doubtful(
            kind, "public.f(text)", "public.invites", ("stranger",), (), column, kept_by, 1, "public.f(text)"
        )

    (late,) = doubt_rows([taken("late", (DEFAULT,))])
    assert (late.object, late.details["what"]) == (
        "public.f(text)",
        "whoever has a code of public.invites still gets in by it when public.invites.until is past, "
        "which lies ahead by default",
    )
    (twice,) = doubt_rows([taken("twice", ("public.g",))])
    assert str(twice.details["what"]).endswith("asks whether public.invites.until is empty, which public.g asks for")
