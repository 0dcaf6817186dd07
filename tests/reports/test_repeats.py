"""What several policies tell of one cause is told by one of them, as long as that one counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from audit.causes import Cause
from audit.results import Verdict
from reports import wording
from reports.model import Finding, Result, Run, TargetFacts
from reports.renderers.json_file import document
from reports.repeats import TOLD_BY, note
from tests.support.proving import POLICIES
from tests.support.samples import NOON, finding, result, waiver

POLICY = Cause("policy", "p on public.t", "public.t")


def ran(*results: Result) -> Run:
    return Run(NOON, 1.0, TargetFacts("embedded", "18", "postgres", "postgres"), results)


def told(policy: str, *findings: Finding, verdict: Verdict = Verdict.VIOLATED, severity: str = "P0") -> Result:
    return result(policy, verdict, severity, findings=findings)


def found(policy: str, cause: Cause = POLICY, **changes: object) -> Finding:
    return finding(policy, cause.name, cause=cause, **changes)


def noted(run: Run, config: pytest.Config) -> dict[str, list[str]]:
    """Return which findings of each policy are told by which other."""
    return {each.id: [one.told_by for one in each.findings] for each in note(run, config).results}


def test_the_one_that_tells_is_at_least_as_severe() -> None:
    for policy, others in TOLD_BY.items():
        assert {other for other, _ in others} <= {*POLICIES}
        assert all(POLICIES[other].severity <= POLICIES[policy].severity for other, _ in others), policy


def test_nobody_leaves_it_to_whom_it_is_left_by() -> None:
    def reached(policy: str, way: tuple[str, ...] = ()) -> None:
        assert policy not in way, way
        for other, _ in TOLD_BY.get(policy, ()):
            reached(other, (*way, policy))

    for policy in TOLD_BY:
        reached(policy)


def test_one_cause_is_told_once(pytestconfig: pytest.Config) -> None:
    run = ran(told("RLS-04", found("RLS-04")), told("RLS-15", found("RLS-15"), severity="P2"),
              told("RLS-07", found("RLS-07")))  # fmt: skip
    assert noted(run, pytestconfig) == {"RLS-04": ["RLS-07"], "RLS-15": ["RLS-07"], "RLS-07": [""]}
    known = note(run, pytestconfig)
    assert [each["findings"] for each in document(known)["policies"]][:2] == [[], []]
    assert document(known)["policies"][2]["findings"][0]["stands_for"] == ["RLS-04", "RLS-15"]
    assert wording.extent(known.results[0]) == "0 of 1,204 rows in auth.users, and 1 told with RLS-07"
    assert {each.verdict for each in known.results} == {Verdict.VIOLATED}


@pytest.mark.parametrize(
    "better",
    [
        told("RLS-07", found("RLS-07", Cause("policy", "other on public.t", "public.t"))),
        told("RLS-07", verdict=Verdict.UNCHECKED),
        told("RLS-07", found("RLS-07", waiver=waiver("RLS-07", POLICY.name, dt.date(2099, 1, 1)))),
        told("RLS-07", found("RLS-07", waiver=waiver("RLS-07", POLICY.name)), verdict=Verdict.WAIVED),
        told("RLS-10", found("RLS-10")),
    ],
    ids=["of another cause", "unchecked", "waived", "all waived", "about something else"],
)
def test_what_nobody_else_tells_stands_for_itself(pytestconfig: pytest.Config, better: Result) -> None:
    assert noted(ran(better, told("RLS-04", found("RLS-04"))), pytestconfig)["RLS-04"] == [""]


def test_a_waived_finding_is_no_repeat(pytestconfig: pytest.Config) -> None:
    accepted = found("RLS-04", waiver=waiver("RLS-04", POLICY.name, dt.date(2099, 1, 1)))
    run = ran(told("RLS-07", found("RLS-07")), told("RLS-04", accepted, replace(found("RLS-04"), object="other")))
    assert noted(run, pytestconfig)["RLS-04"] == ["", "RLS-07"]


def test_a_pair_with_a_policy_that_leaks_is_told_with_it(pytestconfig: pytest.Config) -> None:
    table = Cause("table", "public.t", "public.t")
    pair = found("PERF-10", table, details={"policies": "own, p"})
    others = replace(pair, object="others", details={"policies": "own, pp"})
    run = ran(told("RLS-07", found("RLS-07")), told("PERF-10", pair, others, severity="P3"))
    assert noted(run, pytestconfig)["PERF-10"] == ["RLS-07", ""]


def test_a_policy_for_changes_is_told_by_what_is_gained_by_them(pytestconfig: pytest.Config) -> None:
    grant = Cause("grant", "update on public.t", "public.t")
    for commands, better in (("update", "RLS-09"), ("select, update", "")):
        leak = found("RLS-07", details={"commands": commands})
        run = ran(told("RLS-07", leak), told("RLS-09", found("RLS-09", grant)))
        assert noted(run, pytestconfig)["RLS-07"] == [better]


def test_a_table_without_rules_is_one_cause_whatever_comes_of_it(pytestconfig: pytest.Config) -> None:
    table = Cause("table", "public.t", "public.t")
    run = ran(told("RLS-01", found("RLS-01", table)), told("RLS-09", found("RLS-09", table), found("RLS-09")))
    assert noted(run, pytestconfig) == {"RLS-01": [""], "RLS-09": ["RLS-01", ""]}


def test_a_policy_that_lets_everybody_change_rows_is_told_by_what_comes_of_it(pytestconfig: pytest.Config) -> None:
    changed = found("RLS-09", Cause("grant", "update on public.t", "public.t"))
    for command, by in (("update", "RLS-09"), ("delete", "")):
        run = ran(told("RLS-09", changed), told("RLS-04", found("RLS-04", details={"command": command})))
        assert noted(run, pytestconfig)["RLS-04"] == [by]


def test_what_rows_give_away_is_told_by_who_lets_too_many_read_them(pytestconfig: pytest.Config) -> None:
    table = Cause("table", "public.t", "public.t")
    for commands, better in (("select", "RLS-07"), ("update", "")):
        run = ran(
            told("EXPO-11", found("EXPO-11", table)), told("RLS-07", found("RLS-07", details={"commands": commands}))
        )
        assert noted(run, pytestconfig)["EXPO-11"] == [better]


def test_what_people_decide_about_themselves_is_told_by_the_policy_that_lets_them(pytestconfig: pytest.Config) -> None:
    for command, commands, better in (
        ("update", "update", "RLS-07"),
        ("insert", "insert", "RLS-07"),
        ("update", "select", ""),
    ):
        grant = Cause("grant", f"{command} on public.t", "public.t")
        leak = found("RLS-07", details={"commands": commands})
        run = ran(told("RLS-07", leak), told("RLS-25", found("RLS-25", grant), severity="P2"))
        assert noted(run, pytestconfig)["RLS-25"] == [better]
