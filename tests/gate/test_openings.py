"""What lets somebody in and shows in no cell of the matrix: columns, new defaults, settings."""

from __future__ import annotations

import pytest

from audit.gate.openings import (
    columns_granted,
    columns_opened,
    decided_by_default,
    joined,
    no_longer_narrowed,
    weakened,
)
from audit.gate.rehearsal import compare
from audit.gate.results import Change, Entry, Reach, Standing, Step


def table(**columns: list[str]) -> dict[str, Entry]:
    """Return a table whose columns have these grants."""
    entries = {"r7": Entry("table", "public.members", {"_acl": ["anon DELETE", "service_role SELECT"]})}
    for number, (name, acl) in enumerate(columns.items()):
        facts = {"_name": name, "_of": 7, "_acl": acl}
        entries[f"c7.{number}"] = Entry("column", f"public.members.{name}", facts)
    return entries


READ = "authenticated SELECT"
BEFORE = table(name=[READ], iban=[])
KNOWN = ("public.members.name", "public.members.iban")
REACH = {
    "alice: select public.members": Reach("UNDECLARED", 9, 9, 0),
    "anon: select public.members": Reach("OK", 9, 0, 0),
}


def opened(*after: dict[str, Entry], reach: dict[str, Reach] = REACH) -> list[list[str]]:
    standings = [columns_granted(each) for each in (BEFORE, *after)]
    return [[cell.cell for cell in each] for each in columns_opened(standings, KNOWN, reach)]


TOLD = ["authenticated: select column iban of public.members"]


@pytest.mark.parametrize("grant", [READ, f"{READ} grantable", "public SELECT"])
def test_a_column_of_rows_that_people_reach_is_opened(grant: str) -> None:
    assert opened(table(name=[READ], iban=[grant])) == [TOLD]


def test_a_grant_on_the_whole_table_opens_its_columns() -> None:
    whole = table(name=[READ], iban=[])
    whole["r7"] = Entry("table", "public.members", {"_acl": [READ]})
    assert opened(whole) == [TOLD]


def test_a_column_is_told_of_the_file_that_opens_it_unless_a_later_one_closes_it() -> None:
    wide = table(name=[READ], iban=[READ])
    assert opened(BEFORE, wide, wide) == [[], TOLD, []]
    assert opened(wide, BEFORE) == [[], []]


@pytest.mark.parametrize(
    ("after", "reach"),
    [
        (table(name=[READ, f"{READ} grantable"], iban=[]), REACH),  # what was granted already
        (table(name=[READ], iban=["service_role SELECT"]), REACH),  # for the server
        (table(name=[READ], iban=["anon SELECT"]), REACH),  # who could read none, and reads no row
        (table(name=[READ], iban=["authenticated UPDATE"]), REACH),  # who could change none: the cells tell
        (table(name=[READ], iban=[], nickname=[READ]), REACH),  # a new one
        (table(name=[READ], iban=[READ]), {"alice: select public.members": Reach("OK", 9, 9, 0)}),  # declared
        (table(name=[READ], iban=[READ]), {"alice: select public.members": Reach("UNDECLARED", 9, 0, 0)}),  # no row
    ],
)
def test_a_column_is_not_opened(after: dict[str, Entry], reach: dict[str, Reach]) -> None:
    assert opened(after, reach=reach) == [[]]


def default(old: str | None, new: str, asks: str) -> str:
    """Return what decides by a column's new default, where a policy asks this."""
    was, is_ = (
        Entry("column", "public.members.role", {"_name": "role", "_of": 7, "_default": each}) for each in (old, new)
    )
    entries = {
        "r7": Entry("table", "public.members", {}),
        "p1": Entry("policy", "p of public.courses", {"_of": 8, "_using": "app.is_admin()", "_check": None}),
        "f1": Entry("function", "app.is_admin()", {"_name": "is_admin", "_body": asks}),
    }
    return decided_by_default(
        Change("changed", "column", "public.members.role", key="c7.1", before=was, after=is_, known=True), entries
    )


OF_MEMBERS = "select exists (select from public.members m where m.id = auth.uid() and {})"


@pytest.mark.parametrize(
    ("old", "new", "asks"),
    [
        ("'member'::text", "'admin'::text", "m.role = 'admin'"),
        (None, "'admin'::app.rank", "m.role in ('trainer', 'admin')"),
        ("false", "true", "m.role"),
        ("false", "true", "m.role = true"),
        ("true", "false", "not m.role"),
        ("true", "false", "m.role = false"),
    ],
)
def test_a_default_that_lets_somebody_in(old: str | None, new: str, asks: str) -> None:
    assert default(old, new, OF_MEMBERS.format(asks)) == "function app.is_admin()"


@pytest.mark.parametrize(("new", "decides"), [("'conductor'::text", "function app.has_role()"), ("'guest'::text", "")])
def test_a_default_that_lets_in_whom_a_function_is_asked_for(new: str, decides: str) -> None:
    was, is_ = (
        Entry("column", "public.members.role", {"_name": "role", "_of": 7, "_default": each})
        for each in ("'singer'::text", new)
    )
    body = "select exists (select from public.members m where m.id = auth.uid() and m.role = wanted)"
    asks = "app.has_role(choir_id, 'conductor'::text)"
    entries = {
        "r7": Entry("table", "public.members", {}),
        "p1": Entry("policy", "p of public.courses", {"_of": 8, "_using": asks, "_check": None}),
        "f1": Entry("function", "app.has_role()", {"_name": "has_role", "_body": body}),
    }
    change = Change("changed", "column", "public.members.role", key="c7.1", before=was, after=is_, known=True)
    assert decided_by_default(change, entries) == decides


@pytest.mark.parametrize(
    ("old", "new", "asks"),
    [
        ("'admin'::text", "'member'::text", OF_MEMBERS.format("m.role = 'admin'")),
        ("'admin'::text", "'trainer'::text", OF_MEMBERS.format("m.role in ('trainer', 'admin')")),
        ("'member'::text", "'guest'::text", OF_MEMBERS.format("m.role = 'admin'")),
        ("false", "true", OF_MEMBERS.format("not m.role")),
        ("'member'::text", "'admin'::text", OF_MEMBERS.format("m.kind = 'admin'")),
        ("'member'::text", "'admin'::text", "select exists (select from public.others m where m.role = 'admin')"),
    ],
)
def test_a_default_that_lets_nobody_in(old: str, new: str, asks: str) -> None:
    assert default(old, new, asks) == ""


@pytest.mark.parametrize(
    ("whose", "name", "before", "after", "weaker"),
    [
        ("of anon", "statement_timeout", None, "0", True),
        ("of anon", "statement_timeout", "3s", None, True),
        ("of anon", "statement_timeout", "3s", "1min", True),
        ("of anon", "statement_timeout", "3s", "2500", False),
        ("of anon", "statement_timeout", "3s", "30s", False),
        ("of authenticated", "statement_timeout", "8s", "10s", False),
        ("of authenticated", "statement_timeout", "8s", "31s", True),
        ("of anon", "statement_timeout", None, "3s", False),
        ("of anon", "statement_timeout", "0", None, False),
        ("of postgres", "statement_timeout", "3s", "0", False),
        ("of every role in this database", "row_security", None, "off", True),
        ("of authenticator", "role", None, "service_role", True),
        ("of authenticator", "role", None, "none", False),
        ("of postgres", "session_replication_role", None, "replica", True),
        ("of every role", "search_path", None, "public, pg_catalog", True),
        ("of every role", "search_path", None, '"$user", public, extensions', False),
        ("of every role", "search_path", "evil", None, False),
        ("of every role in this database", "app.settings.key", None, "x", False),
        ("of anon", "request.jwt.claims", None, "{}", True),
    ],
)
def test_a_setting_that_protects(whose: str, name: str, before: str | None, after: str | None, weaker: bool) -> None:
    assert bool(weakened(whose, name, before, after)) is weaker


def policy(*, permissive: bool = False, using: str = "(approved)") -> Entry:
    return Entry("policy", "p of public.members", {"permissive": permissive, "_using": using, "_check": None})


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (policy(), None, True),
        (policy(), policy(using="true"), True),
        (policy(), policy(using="(approved AND paid)"), False),
        (policy(permissive=True), None, False),
        (policy(using="true"), None, False),
        (None, policy(), False),
    ],
)
def test_a_restrictive_policy_that_is_gone_is_told_where_nothing_is_declared(
    before: Entry | None, after: Entry | None, told: bool
) -> None:
    what = "dropped" if after is None else "changed" if before else "created"
    change = Change(what, "policy", "p of public.members", "", "p1", before, after, known=before is not None)
    anew = Change("created", "policy", "q of public.members", "", "p2", None, policy())
    step = Step(1, ("drop", "policy"), catalogue=(change,))
    declared = {"alice: select public.members": Reach("OK", 9, 3, 0)}
    assert [*no_longer_narrowed([step], REACH)] == ([(step, change)] if told else [])
    assert not [*no_longer_narrowed([step], declared)]
    assert not [*no_longer_narrowed([step, Step(2, ("create", "policy"), catalogue=(anew,))], REACH)]


@pytest.mark.parametrize(
    ("before", "after", "ruled", "told"),
    [
        (Reach("UNDECLARED", 9, 2, 0), Reach("UNDECLARED", 9, 5, 0), True, True),
        (Reach("UNDECLARED", 9, 2, 0), Reach("UNDECLARED", 9, 5, 0), False, False),  # where rows lie
        (Reach("UNDECLARED", 9, 5, 0), Reach("UNDECLARED", 9, 2, 0), True, False),
        (Reach("UNDECLARED", 9, 2, 0), Reach("UNDECLARED", 12, 5, 0), True, False),  # more rows
        (Reach("UNDECLARED", 500, 2, 0), Reach("UNDECLARED", 500, 5, 0), True, False),  # which of them is chance
        (Reach("OK", 9, 2, 0), Reach("OK", 9, 5, 0), True, False),  # as it is declared
    ],
)
def test_some_rows_that_become_more_are_told(before: Reach, after: Reach, *, ruled: bool, told: bool) -> None:
    cell = "alice: update public.members (blind)"
    standings = [Standing({}, {cell: reach}) for reach in (before, after)]
    _, reached = compare(*standings, {"public.members"} if ruled else ())
    assert [(each.cell, each.after, each.wider, each.undeclared) for each in reached] == (
        [(cell, "more", True, True)] if told else []
    )


# --- A parent that is open


def made_child(*parents: str, known: bool = True) -> Step:
    before = Entry("table", "public.owners", {"_parents": None})
    after = Entry("table", "public.owners", {"_parents": [*parents]})
    return Step(7, ("alter",), catalogue=(Change("changed", "table", before.title, "", "r1", before, after, known),))


def through(parent: str, reached: int, verdict: str = "UNDECLARED", leaked: int = 0) -> dict[str, Reach]:
    return {f"alice: select {parent}": Reach(verdict, 200, reached, leaked)}


OWN = through("public.owners", 1)


def ways(step: Step, before: dict[str, Reach], after: dict[str, Reach]) -> list[str]:
    return [each.cell for each in joined([step], OWN | before, after)]


def test_rows_that_are_found_in_a_parent_are_told() -> None:
    told = ["alice: select public.people, and in it public.owners"]
    assert ways(made_child("public.people"), {}, through("public.people", 200)) == told
    assert ways(made_child("public.people"), through("public.people", 9), through("public.people", 200)) == told
    leak = through("public.people", 200, "LEAK", 199)
    assert ways(made_child("public.people"), {}, leak) == told


def test_a_parent_that_lets_nobody_in_is_not_told() -> None:
    assert ways(made_child("public.people"), {}, through("public.people", 1)) == []
    assert ways(made_child("public.people"), through("public.people", 199), through("public.people", 200)) == []
    assert ways(made_child("public.people"), {}, through("public.people", 200, "OK")) == []  # it is declared
    assert ways(made_child(), {}, through("public.people", 200)) == []
    assert ways(made_child("public.people", known=False), {}, through("public.people", 200)) == []
