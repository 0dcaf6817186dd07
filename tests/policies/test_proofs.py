"""Proof that every policy can fail: each sabotage is found, named, and mended by the fix that the report shows."""

from __future__ import annotations

import re

import pytest
from sqlglot.errors import SqlglotError

from audit.mending import harms, is_sql
from audit.question import relations
from audit.results import Verdict
from reports.model import Finding
from tests.support.proving import CLEAN, POLICIES, Bench, Sabotage, Scene, all_sabotages

SABOTAGES = all_sabotages()


def test_every_question_can_be_parsed(bench: Bench) -> None:
    """What a question names is found by parsing it, where a relation is missing: it must not fail only there."""
    unparsed = []
    for policy in POLICIES:
        bench.ask(POLICIES[policy], bench.connection)
        for question in bench.questions[policy]:
            try:
                relations(question)
            except SqlglotError as error:
                unparsed.append(f"{policy}: {str(error).splitlines()[0]}")
    assert not unparsed, "\n".join(unparsed)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_has_a_sabotage(policy: str) -> None:
    bites = [sabotage for sabotage in SABOTAGES if sabotage.policy == policy and not sabotage.innocent]
    assert bites, f"add tests/sabotage/{policy}.what-goes-wrong.sql, which breaks {POLICIES[policy].name}"


@pytest.mark.parametrize("sabotage", [s for s in SABOTAGES if not s.innocent], ids=lambda s: s.path.stem)
def test_the_sabotage_is_found_and_mended(bench: Bench, sabotage: Sabotage) -> None:
    with bench.proof(sabotage) as scene:
        before = scene.ask(sabotage.policy)
        assert before.verdict in CLEAN, f"before the sabotage: {before.verdict} {before.reason} {before.findings}"
        scene.execute(sabotage.sql)
        found = scene.ask(sabotage.policy)
        assert found.verdict is Verdict.VIOLATED, f"after the sabotage: {found.verdict} {found.reason}"
        assert sabotage.expects({finding.object for finding in found.findings}), found.findings
        assert all(finding.fix.strip() for finding in found.findings)
        assert [finding.fix for finding in found.findings if harms(finding.fix)] == []
        if mended := mend(scene, found.findings):
            after = scene.ask(sabotage.policy)
            advised = {finding.object for finding in found.findings} - mended
            if not advised:
                assert after.verdict in CLEAN, f"after the fix: {after.verdict} {after.reason} {after.findings}"
            assert after.verdict is not Verdict.UNCHECKED, f"after the fix: {after.reason}"
            left = [finding for finding in after.findings if finding.object not in advised]
            assert left == [], "after the fix"


@pytest.mark.parametrize("sabotage", [s for s in SABOTAGES if s.innocent], ids=lambda s: s.path.stem)
def test_an_innocent_look_alike_is_none(bench: Bench, sabotage: Sabotage) -> None:
    """Its own policy is asked here, and all others in test_exactness."""
    with bench.proof(sabotage) as scene:
        assert scene.ask(sabotage.policy).verdict in CLEAN
        scene.execute(sabotage.sql)
        after = scene.ask(sabotage.policy)
    assert after.verdict in CLEAN, f"{after.verdict} {after.reason} {after.findings}"


def test_what_a_fix_puts_into_a_statement_can_be_executed() -> None:
    """Words arrive in quotes, as literals: ``to 'anon'`` is no SQL, however often it is copied."""
    statement = re.compile(r"\b(create policy|revoke|grant)\b[^;]*?\b(to|from|for) \{(roles?|command)\}", re.IGNORECASE)
    assert [name for name, policy in POLICIES.items() if statement.search(policy.fix)] == []


@pytest.mark.parametrize(
    ("fix", "harm"),
    [
        ("-- drop function f();", False),
        ("drop policy p on t;", True),
        ('drop policy if exists "p q" on t; create policy "p q" on t using (true);', False),
        ("delete from public.t;", True),
        ("revoke execute on routine f() from anon;", True),
        ("revoke execute on routine f() from public; grant execute on routine f() to service_role;", False),
        ("alter table t enable row level security;", False),
        ("alter publication p drop table t;", False),
        ("alter publication p drop table t; drop table t;", True),
    ],
)
def test_harm_is_told(fix: str, harm: bool) -> None:
    assert harms(fix) is harm


def mend(scene: Scene, findings: tuple[Finding, ...]) -> set[str]:
    """Execute the fixes, and return the objects of those; one of comments alone is advice for a person."""
    executable = {finding.object: finding.fix for finding in findings if is_sql(finding.fix)}
    for fix in dict.fromkeys(executable.values()):
        scene.execute(fix)
    return {*executable}
