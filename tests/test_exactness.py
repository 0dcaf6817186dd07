"""Proof that a sabotage breaks its own policy and no other, and an innocent look-alike none.

The policies in OVERALL look at all access at once, so that nearly every hole in it is theirs too, and take their time:
they are asked in their own proofs only. All others are asked after every sabotage and every innocent look-alike.
"""

from __future__ import annotations

import pytest

from reports.model import Verdict
from tests.proving import CLEAN, OVERALL, POLICIES, Bench, Sabotage, all_sabotages


@pytest.fixture(scope="session")
def baseline(bench: Bench) -> dict[str, Verdict]:
    """Return the verdict of every policy on the untouched reference database.

    What needs a history does not apply to it, and the proofs leave traces in the statistics: only its own proofs ask.
    """
    bench.connection.execute("begin")
    verdicts = {name: bench.ask(policy, bench.connection).verdict for name, policy in POLICIES.items()}
    bench.connection.execute("rollback")
    return verdicts | {name: Verdict.NOT_APPLICABLE for name, policy in POLICIES.items() if policy.needs}


def test_the_reference_database_is_clean(baseline: dict[str, Verdict]) -> None:
    assert {name: verdict for name, verdict in baseline.items() if verdict not in CLEAN} == {}


@pytest.mark.parametrize("sabotage", all_sabotages(), ids=lambda s: s.path.stem)
def test_nothing_else_is_violated(bench: Bench, baseline: dict[str, Verdict], sabotage: Sabotage) -> None:
    """A sabotage breaks its own policy and those in its first comment; an innocent look-alike breaks nothing."""
    asked = {n for n, p in POLICIES.items() if n == sabotage.policy or not (p.needs or n in OVERALL)}
    expected = (sabotage.also if sabotage.innocent else sabotage.also | {sabotage.policy}) & asked
    with bench.proof(sabotage) as scene:
        scene.execute(sabotage.sql)
        verdicts = {policy: scene.ask(policy).verdict for policy in POLICIES if policy in asked}
    changed = {policy for policy, verdict in verdicts.items() if verdict not in CLEAN and baseline[policy] in CLEAN}
    assert changed == expected, {policy: str(verdicts[policy]) for policy in changed ^ expected}
