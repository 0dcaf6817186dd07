"""What people decide about themselves is read from what policies say of new rows and of changes."""

from __future__ import annotations

import pytest

from audit.names import lets_in
from audit.probes.standing import Agreed, Rule, _for_others, approvals, states

ME = "( SELECT auth.uid() AS uid)"
ADD = Rule("public.t", "add on public.t", "a", None, f"((owner = {ME}) AND (eye IS NULL))")


@pytest.mark.parametrize(
    ("using", "check", "adding"),
    [
        (
            "private.at_desk()",
            f"((eye = {ME}) AND private.at_desk())",
            ["owner = auth.uid() and eye is null and (private.at_desk())"],
        ),
        ("(eye IS NULL)", f"(eye = {ME})", ["eye is null and ((eye IS NULL))"]),
        ("private.at_desk()", "private.at_desk()", []),
    ],
)
def test_whoever_agrees_names_themselves(using: str, check: str, adding: list[str]) -> None:
    rules = [ADD, Rule("public.t", "agree on public.t", "w", using, check)]
    found = [*approvals(rules, {"public.t"}, {("public.t", "eye"), ("public.t", "owner")})]
    assert [each.adding for each in found] == adding
    assert {each.attribute for each in found} <= {"eye"}


def test_whoever_takes_on_a_task_agrees_to_nothing() -> None:
    rules = [ADD, Rule("public.t", "take on public.t", "w", "private.at_desk()", f"(eye = {ME})")]
    assert [*approvals(rules, set(), {("public.t", "eye")})] == []


@pytest.mark.parametrize(
    ("adding", "changing", "columns"),
    [
        (f"((owner = {ME}) AND (place = 999))", f"(owner = {ME})", ["place"]),
        (f"((owner = {ME}) AND (place = 999))", f"((owner = {ME}) AND (place > 0))", []),
        (f"((owner = {ME}) AND (version = 1))", f"(owner = {ME})", []),
    ],
)
def test_a_number_that_new_rows_begin_with(adding: str, changing: str, columns: list[str]) -> None:
    rules = [
        Rule("public.t", "add on public.t", "a", None, adding),
        Rule("public.t", "change on public.t", "w", changing, changing),
    ]
    assert [each.attribute for each in states(rules)] == columns


@pytest.mark.parametrize("mine", ["(owner = auth.uid())", f"({ME} = owner)", f"(owner = {ME})"])
def test_that_others_may_change_a_row_is_seen_however_the_caller_is_asked_for(mine: str) -> None:
    rules = [
        Rule("public.t", "add on public.t", "a", None, "(owner = auth.uid())"),
        Rule("public.t", "own on public.t", "w", mine, None),
        Rule("public.t", "asked on public.t", "w", f"(other = {ME})", None),
    ]
    agreed = Agreed("public.t", "status", "pending", ("accepted",))
    assert _for_others(rules, agreed).others == f"(other = {ME.replace('( SELECT', '(SELECT')})"
    # Whoever wrote a row does not change it: that others do is no matter of theirs.
    assert _for_others([rules[0], rules[2]], agreed).others is None


@pytest.mark.parametrize(
    ("table", "column", "default", "key", "opens"),
    [
        ("einladungen", "code", "encode(gen_random_bytes(9), 'hex'::text)", True, True),
        ("items", "code", "", True, False),
        ("club_invites", "code", "", False, True),
        ("countries", "code", "", True, False),
        ("claims", "code", "", False, False),
        ("invites", "status_code", "", False, False),
        ("things", "id", "gen_random_uuid()", True, False),
        ("shares", "token", "encode(gen_random_bytes(24), 'hex'::text)", True, True),
    ],
)
def test_which_codes_let_in(table: str, column: str, default: str, key: bool, opens: bool) -> None:
    assert lets_in(table, column, default, key=key) is opens
