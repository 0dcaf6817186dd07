"""From what policies say to results: what was accepted is taken into account, and pytest is told the verdict."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Generator, Sequence
from dataclasses import replace

import pytest

from audit.evidence import safe
from audit.facts import TargetFacts, facts_of
from audit.policy import CARE_COLLECTIVE, SUBJECTS
from audit.results import Ruling, Verdict
from reports import waivers
from reports.escalation import escalation_of
from reports.model import STOPPED, WAIVERS_KEY, Finding, Result, Run, Waiver

UNKNOWN = TargetFacts("unknown", "unknown", "unknown", "unknown")


def result_of(ruling: Ruling, accepted: Sequence[Waiver] = ()) -> Result:
    """Return the result of one policy: what it says, less what was accepted."""
    policy, verdict = ruling.policy, ruling.verdict
    found = [
        Finding(policy.id, o.object, o.details, o.fix, location=o.location, cause=o.cause) for o in ruling.offences
    ]
    findings = waivers.apply(found, accepted, dt.datetime.now(dt.UTC).date())
    if verdict is Verdict.VIOLATED and all(finding.waived for finding in findings):
        verdict = Verdict.WAIVED
    return Result(
        id=policy.id,
        name=policy.name,
        severity=policy.severity,
        title=policy.title.removesuffix("."),
        explanation=policy.explanation,
        runbook=policy.runbook,
        verdict=verdict,
        reason=ruling.reason,
        remedy=ruling.remedy,
        grants=ruling.grants,
        population=ruling.population,
        duration_ms=ruling.duration_ms,
        findings=findings,
        fix=policy.fix,
        partial=ruling.partial,
        wrong=policy.wrong,
        pack=policy.pack,
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make the result of a policy that was judged; ``tryfirst``: round the hook in which that happens."""
    report = yield
    if (ruling := getattr(report, "ruling", None)) is not None:
        tell(report, result_of(ruling, item.config.stash.get(WAIVERS_KEY, ())))
    return report


def tell(report: pytest.TestReport, result: Result) -> None:
    """Put a result into pytest's report, where renderers find it; what is waived is no failure."""
    report.result = result  # type: ignore[attr-defined]
    told = {"policy": result.id, "severity": str(result.severity), "verdict": str(result.verdict)}
    report.user_properties = list(told.items())
    if result.verdict is Verdict.WAIVED:
        text = safe(f"{result.id} {result.verdict}: {len(result.findings)} findings")
        report.outcome, report.longrepr, report.wasxfail = "skipped", text, text


def run_of(config: pytest.Config, exit_status: int) -> Run | None:
    """Put together what was found out; None where no policy was selected, or policies are only listed."""
    facts = facts_of(config)
    if not facts.selected or config.option.collectonly:
        return None
    if exit_status == pytest.ExitCode.USAGE_ERROR and not facts.rulings and not facts.unreachable:
        return None  # pytest has said what is wrong with the call
    accepted: Sequence[Waiver] = config.stash.get(WAIVERS_KEY, ())
    reason, remedy = facts.unreachable or STOPPED, "run the audit again, to its end"
    rulings = (
        facts.rulings.get(policy.id) or Ruling(policy, Verdict.UNCHECKED, reason, remedy=remedy)
        for policy in facts.selected
    )
    return Run(
        started_at=facts.started_at,
        duration_s=time.monotonic() - facts.clock,
        target=facts.target or UNKNOWN,
        results=tuple(_filed(result_of(ruling, accepted), facts.packs) for ruling in rulings),
        migrations=facts.migrations,
        ended_by=_ended_by(exit_status, facts.stopped()),
        notes=facts.notes,
        matrix=facts.judgements[0] if facts.judgements else None,
        problems=tuple(f"{each}: this entry counts for nothing" for made in facts.judgements for each in made.misfits),
        login=facts.login,
        cost=facts.cost() if facts.cost else None,
        gate=facts.rehearsal,
        runbook=facts.runbook,
        build=facts.build,
        offered=len(facts.offered),
        escalation=escalation_of(facts.packs, facts.people, facts.severities),
        unreachable=facts.unreachable,
    )


def _filed(result: Result, packs: Sequence[str]) -> Result:
    """Put a result under what it is about, where the chapters of the runbook are not the project's own."""
    return result if CARE_COLLECTIVE in packs else replace(result, runbook=SUBJECTS.get(result.runbook, result.runbook))


def _ended_by(exit_status: int, stopped: str) -> int | None:
    """Return pytest's status of a run that did not come to its end, or None."""
    if exit_status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return exit_status
    return int(pytest.ExitCode.INTERRUPTED) if stopped else None
