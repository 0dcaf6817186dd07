"""How what new files did is told: each cause once."""

from __future__ import annotations

import pytest

from audit.access.elsewhere import NOT_TRIED
from audit.evidence import Evidence, Log
from audit.gate.findings import Gate
from audit.gate.results import Asked, Change, Difference, Entry, Reached, Rehearsal, Rehearsed, Standing, Step
from audit.probes.registration import PLAIN, WAY
from audit.results import Migration, Thing

FAILS = "signing up fails: 23502 about profiles nickname"
TRIGGER = "on_auth_user_created on auth.users"


def offended(policy: str, problems: dict[str, str]) -> Difference:
    return Difference(
        policy, policy, "P0", "HOLDS", "VIOLATED", "", dict.fromkeys(problems, "-- mend it"), (), problems
    )


def blind(policy: str) -> Difference:
    return Difference(policy, policy, "P0", "HOLDS", "UNCHECKED", FAILS)


def test_what_a_rule_does_at_another_time_is_a_doubt_and_breaks_nothing() -> None:
    """MIG-06 is in the same doubt; a policy that cannot be asked any more is a finding as before."""
    reason = f"night on public.loans decides by now: {NOT_TRIED}"
    hangs = Difference("RLS-07", "", "P0", "HOLDS", "UNCHECKED", reason)
    assert told(hangs) == []
    assert broken(hangs).unjudgeable == f"RLS-07 can no longer be checked: {reason}"
    assert told(blind("RLS-07")) == ["RLS-07 can no longer be checked"]


def gone(policy: str) -> Difference:
    return Difference(policy, policy, "P0", "HOLDS", "NOT_APPLICABLE", "no view is there")


def broken(*differences: Difference, changes: tuple[Change, ...] = ()) -> Evidence:
    """Return what MIG-05 would be given of a file after which the suite says something else."""
    steps = (Step(1, ("alter",), catalogue=changes),)
    file = Rehearsed("1_x.sql", Migration("1_x.sql", applied=True), steps, differences=differences)
    final = Standing({"AUTH-04": Asked("AUTH-04", "", "P0", "VIOLATED")}, {})
    return Gate(Rehearsal("main", (file,), (), final), Log()).broken()


def told(*differences: Difference, changes: tuple[Change, ...] = ()) -> list[str]:
    """Return what MIG-05 would say of it."""
    return sorted(str(row.object).partition(": ")[2] for row in broken(*differences, changes=changes))


def test_a_sign_up_that_fails_is_told_once() -> None:
    ways = {f"{WAY} {PLAIN}": FAILS, f"{WAY} by invitation": f"{FAILS} again"}
    assert told(
        offended("AUTH-03", {TRIGGER: FAILS}), offended("AUTH-04", ways), blind("AUTH-05"), blind("AUTH-07")
    ) == ["nobody can register"]


def test_what_is_wrong_beside_a_sign_up_that_fails_is_told_as_well() -> None:
    others = {TRIGGER: FAILS, "other on auth.users": "it is disabled"}
    assert told(offended("AUTH-03", others), offended("AUTH-04", {f"{WAY} {PLAIN}": FAILS})) == [
        "AUTH-03 other on auth.users",
        "nobody can register",
    ]


def test_one_way_that_fails_keeps_nobody_else_out() -> None:
    assert told(offended("AUTH-04", {f"{WAY} by invitation": FAILS})) == [f"AUTH-04 {WAY} by invitation"]


def test_a_profile_that_is_missing_is_no_sign_up_that_fails() -> None:
    missing = offended("AUTH-04", {f"{WAY} {PLAIN}": "0 profiles are made"})
    assert told(offended("AUTH-03", {TRIGGER: "it is disabled"}), missing) == [
        f"AUTH-03 {TRIGGER}",
        f"AUTH-04 {WAY} {PLAIN}",
    ]


def change(what: str, kind: str) -> Change:
    entry = Entry(kind, "public.open_loans", {})
    return Change(what, kind, entry.title, "", "r1", entry, entry, known=True)


@pytest.mark.parametrize("what", ["dropped", "changed", "created"])
def test_what_is_gone_on_purpose_is_not_missed(what: str) -> None:
    """The last view was dropped, the last public bucket closed: nothing is left to judge, and nothing is lost."""
    assert told(gone("EXPO-01"), changes=(change(what, "view"),)) == []


def test_what_may_only_be_out_of_sight_is_told() -> None:
    hidden = ["EXPO-01 has nothing left to judge"]
    assert told(gone("EXPO-01"), changes=(change("renamed", "view"),)) == hidden
    assert told(gone("EXPO-01"), changes=(change("created", "settings"),)) == hidden


def test_a_new_table_that_is_not_declared_is_told_once_whichever_file_lets_people_in() -> None:
    opened = [
        Reached(f"alice: select public.{table}", "not there", "some", wider=True, undeclared=True)
        for table in ("fresh", "old")
    ]
    files = [
        Rehearsed("1_made.sql", Migration("1_made.sql", applied=True), undeclared={"public.fresh": ()}),
        Rehearsed("2_later.sql", Migration("2_later.sql", applied=True), reached=tuple(opened)),
    ]
    gate = Gate(Rehearsal("main", tuple(files), (), Standing({}, {})), Log())
    assert [row.object for row in gate.widened()] == [
        "1_made.sql: declare public.fresh",
        "2_later.sql: alice: select public.old",
    ]


@pytest.mark.parametrize(("names", "doubted"), [({"shops", "size"}, True), ({"goods"}, False)])
def test_what_released_files_did_not_make_is_a_doubt_where_a_new_file_speaks_of_it(
    names: set[str], doubted: bool
) -> None:
    step = Step(1, ("alter", "table"), names=frozenset(names))
    file = Rehearsed("2_b.sql", Migration("2_b.sql", applied=True), (step,))
    unbuilt = (Thing("table", "public", "shops"), Thing("column", "", "size", "crates"))
    gate = Gate(Rehearsal("main", (file,), (), unbuilt=unbuilt), Log())
    told = "released migrations do not apply: public.shops was not built as the migrations say" if doubted else ""
    assert [each.unjudgeable for each in (gate.losses(), gate.waits(), gate.widened(), gate.forbidden())] == [told] * 4
    assert gate.versions().unjudgeable == ""
