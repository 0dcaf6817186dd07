"""What a project treats as the end of a row by which people are let in: which words say so, and which do not."""

from __future__ import annotations

import pytest

from audit.access.doubtful import branches
from audit.access.ends import DEFAULT, End, Ends, Time
from audit.access.rules import Known, Rule
from audit.catalog.calls import Calls


def ends(policy: str = "true", command: str = "r", body: str = "", default: str = "") -> list[End]:
    """Return the ends that a project knows with one policy for its letters, and one function; shares end."""
    calls = Calls()
    calls.learn({"kind": "relations", "names": ["letters", "shares", "guests"], "schema": "public", "source": ""})
    calls.relations = {"letters": {"public"}, "shares": {"public"}, "guests": {"public"}}
    if body:
        calls.learn(
            {"kind": "function", "oid": 1, "schema": "public", "name": "f", "language": "plpgsql", "source": body}
            | {"whole": False, "path": "public"}
        )
    columns = [
        Time("public", "shares", "public.shares", "until", True, default, False),
        Time("public", "shares", "public.shares", "said", False, "", True),
        Time("public", "guests", "public.guests", "seen", True, "now()", False),
    ]
    rule = Rule("p", command, True, ("authenticated",), policy, None)
    return Ends(columns, calls, Known({"public.letters": [rule]}, {}, {}, frozenset()), branches).all


def asked(condition: str) -> str:
    """Return a policy's condition as the server writes it."""
    return f"(EXISTS ( SELECT 1 FROM public.shares s WHERE ((s.letter = letters.id) AND {condition})))"


@pytest.mark.parametrize(
    "condition",
    [
        "(s.until > now())",
        "(now() < s.until)",
        "((s.until IS NULL) OR (s.until >= CURRENT_TIMESTAMP))",
        "(s.until IS NULL)",
        "(s.until >= CURRENT_DATE)",
        "((s.until)::date >= (now())::date)",
        "(COALESCE(s.until, 'infinity'::timestamp with time zone) > now())",
        "(s.until > timezone('utc'::text, now()))",
        "(s.until > ( SELECT now() AS now))",
    ],
)
def test_what_a_policy_asks_for_is_an_end(condition: str) -> None:
    assert {(each.place, each.column, each.reads) for each in ends(asked(condition))} == {
        (("public", "shares"), "until", True)
    }
    assert {each.reads for each in ends(asked(condition), command="w")} == {False}


@pytest.mark.parametrize(
    "condition",
    [
        "(s.until > (now() - '00:05:00'::interval))",
        "(s.until < now())",
        "(s.until IS NOT NULL)",
        "(s.until > letters.until)",
        "(letters.until > now())",
        "(s.said IS NULL)",
    ],
)
def test_what_else_is_asked_of_a_moment_is_none(condition: str) -> None:
    assert ends(asked(condition)) == []


def test_an_end_is_asked_for_together_with_a_state() -> None:
    with_state = asked("((s.said = 'yes'::text) AND (s.until > now()))")
    found = ends(f"({asked('(s.until > now())')} OR {with_state})")
    (plain, said) = sorted(found, key=lambda each: len(each.states))
    assert (plain.states, said.states) == (frozenset(), {"said"})


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("begin perform 1 from public.shares x where x.until > now(); end", True),
        (
            "declare r public.shares; begin select * into r from shares; if r.until > now() then return; end if; end",
            True,
        ),
        ("begin perform 1 from public.shares where until > now(); end", True),
        ("begin update public.shares set until = now() where until is null; end", False),
        ("begin perform 1 from public.guests g where g.seen > now() - interval '5 minutes'; end", False),
        ("begin -- until > now() of public.shares\n perform 1 from public.shares; end", False),
    ],
)
def test_what_functions_ask_for_is_one_as_well(body: str, found: bool) -> None:
    assert [(each.column, each.asked_by) for each in ends(body=body)] == ([("until", ("public.f",))] if found else [])


@pytest.mark.parametrize(
    ("default", "body", "found"),
    [
        ("(now() + '7 days'::interval)", "", True),
        ("now()", "", False),
        ("(CURRENT_DATE + 30)", "", True),
        ("(now() + '7 days'::interval)", "begin delete from public.shares where until < now(); end", False),
        ("(now() + '7 days'::interval)", "begin delete from public.guests where seen < now(); end", True),
    ],
)
def test_what_lies_ahead_by_default_ends_unless_it_is_swept_away(default: str, body: str, found: bool) -> None:
    assert [(each.column, each.asked_by) for each in ends(default=default, body=body)] == (
        [("until", (DEFAULT,))] if found else []
    )
