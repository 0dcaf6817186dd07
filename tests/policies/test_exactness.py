"""Proof that a sabotage breaks its own policy and no other, and an innocent look-alike none.

All policies are asked after every sabotage and every innocent look-alike. Those that look at all access at once take
longer than all others together: they are asked where they are expected to fail, and with ``--thorough``, as CI does on
one version of the server, wherever something that they look at is not as it was.
"""

from __future__ import annotations

from collections.abc import Collection

import pytest

from audit.results import Verdict
from reports.model import Result
from tests.support.proving import CLEAN, OVERALL, POLICIES, Bench, Sabotage, all_sabotages, aspects


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


@pytest.fixture(scope="session")
def shape(bench: Bench) -> dict[str, str]:
    """Return what the untouched reference database is like."""
    return aspects(bench.connection)


@pytest.mark.parametrize("sabotage", all_sabotages(), ids=lambda s: s.path.stem)
def test_nothing_else_is_violated(
    pytestconfig: pytest.Config, bench: Bench, baseline: dict[str, Verdict], shape: dict[str, str], sabotage: Sabotage
) -> None:
    """A sabotage breaks its own policy and those in its first comment; an innocent look-alike breaks no policy.

    Broken means VIOLATED.
    """
    broken = sabotage.also if sabotage.innocent else sabotage.also | {sabotage.policy}
    with bench.proof(sabotage) as scene:
        scene.execute(sabotage.sql)
        changed = {name for name, _ in aspects(scene.connection).items() ^ shape.items()}
        unasked = {name for name, policy in POLICIES.items() if policy.needs}
        unasked |= {name for name, looked_at in OVERALL.items() if not changed & looked_at}
        if not pytestconfig.getoption("thorough"):
            unasked |= {*OVERALL}
        expected = broken | sabotage.blind
        # Its own first: people who act leave traces in the statistics.
        order = sorted(POLICIES, key=lambda name: name not in expected)
        results = {name: scene.ask(name) for name in order if name in expected or name not in unasked}
    # Its own and those named were broken on purpose: not to be able to tell is no way to find that out.
    assert not {name: told(results[name]) for name in broken if results[name].verdict is not Verdict.VIOLATED}
    assert not {name: told(results[name]) for name in sabotage.blind if results[name].verdict is not Verdict.UNCHECKED}
    failing = {
        name for name, result in results.items() if fails(result, bench.known["declared"]) and baseline[name] in CLEAN
    }
    assert failing == expected, {name: told(results[name]) for name in failing ^ expected}


def fails(result: Result, declared: Collection[str]) -> bool:
    """Tell whether a policy objects. That nobody has declared or filled a sabotage's own tables is no objection."""
    if result.verdict is not Verdict.UNCHECKED:
        return result.verdict not in CLEAN
    table, empty, _ = result.reason.partition(" has no rows, which proves nothing")
    return "has no declaration" not in result.reason and (not empty or table in declared)


def told(result: Result) -> str:
    """Return a result in a few words."""
    return f"{result.verdict} {result.reason} {[finding.object for finding in result.findings]}"
