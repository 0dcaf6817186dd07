"""From what happened in a test to a verdict: the one place where outcomes, evidence and waivers become results."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import textwrap
import time
import traceback
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from _pytest.outcomes import Exit

from audit.access.matrix import MATRIX_KEY
from audit.evidence import Evidence, Log, Population, Row, Unchecked, safe
from fixtures.askers import LOG_KEY, TARGET_KEY
from fixtures.policy import POLICY_KEY, Policy
from fixtures.target import UNREACHABLE_KEY
from reports import waivers
from reports.model import RESULT_KEY, RUN_KEY, WAIVERS_KEY, Finding, Result, Run, Severity, TargetFacts, Verdict, Waiver

MOST_IDLE = 3
STOPPED = "the run was stopped before this policy was asked"


def judge(
    policy: Policy,
    log: Log,
    error: BaseException | None,
    accepted: Sequence[Waiver] = (),
    duration_ms: float = 0.0,
) -> Result:
    """Return the result of ``policy``, given what was asked and how its function ended (None: it returned)."""
    verdict, reason, rows = _judged(log, error)
    findings = waivers.apply(_findings(policy, rows), accepted, dt.datetime.now(dt.UTC).date())
    remedy, grants = _remedy(log, error) if verdict is Verdict.UNCHECKED else ("", ())
    if verdict is Verdict.VIOLATED and all(finding.waived for finding in findings):
        verdict = Verdict.WAIVED
    return Result(
        id=policy.id,
        name=policy.name,
        severity=Severity(policy.severity),
        title=policy.title.removesuffix("."),
        explanation=policy.explanation,
        runbook=policy.runbook,
        verdict=verdict,
        reason=reason,
        remedy=remedy,
        grants=grants,
        population=_population(log, error),
        duration_ms=duration_ms,
        findings=findings,
        fix=policy.fix,
        partial=bool(rows) and (bool(log.judged[-1].unjudgeable) or _partial(policy, error)),
    )


def _remedy(log: Log, error: BaseException | None) -> tuple[str, tuple[str, ...]]:
    """Return what would let a policy be judged that is unchecked, and the rights that the audit's login lacks."""
    if isinstance(error, Unchecked):
        return error.remedy, error.grants
    doubtful = next((evidence for evidence in log.judged if not evidence.rows and evidence.unjudgeable), None)
    return ("", ()) if doubtful is None else (doubtful.remedy, doubtful.grants)


def _partial(policy: Policy, error: BaseException | None) -> bool:
    """Tell whether an assertion stands behind the one that failed, or the same one would have been asked again."""
    lines, first = inspect.getsourcelines(policy.function)
    tree = ast.parse(textwrap.dedent("".join(lines)))
    failed = [
        frame.lineno - first + 1
        for frame in traceback.extract_tb(error.__traceback__ if error else None)
        if frame.name == policy.function.__name__ and frame.lineno is not None
    ]
    if not failed:
        return True
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.lineno > failed[-1]:
            return True
        if isinstance(node, ast.For | ast.While) and node.lineno <= failed[-1] <= (node.end_lineno or 0):
            return True
    return False


def _judged(log: Log, error: BaseException | None) -> tuple[Verdict, str, Sequence[Row]]:
    match error:
        case None:
            return _held(log)
        case pytest.skip.Exception():
            return Verdict.NOT_APPLICABLE, str(error), ()
        case AssertionError() if log.judged:
            return _failed(log.judged[-1])
        case Unchecked():
            return Verdict.UNCHECKED, error.reason, ()
        case _:
            # The text of an unforeseen error may hold data of the database: only its kind and place are told.
            last = traceback.extract_tb(error.__traceback__)[-1:]
            place = "".join(f" in {Path(frame.filename).name}, line {frame.lineno}" for frame in last)
            ended = "failed without evidence" if isinstance(error, AssertionError) else "could not be asked"
            return Verdict.UNCHECKED, f"the policy {ended}: {type(error).__name__}{place}", ()


def _held(log: Log) -> tuple[Verdict, str, Sequence[Row]]:
    if not log.judged:
        return Verdict.UNCHECKED, "the policy judged nothing", ()
    doubtful = [evidence for evidence in log.judged if not evidence.rows and evidence.unjudgeable]
    if doubtful:
        return Verdict.UNCHECKED, doubtful[0].unjudgeable, ()
    looked = _looked_at(log)
    empty = [population.of for population in looked if population.empty]
    # Of what is missing from the catalogue it is known that nothing offends; of rows that are missing, it is not.
    if empty and (len(empty) == len(looked) or any(population.blank for population in looked)):
        rest = "; the rest holds" if len(empty) < len(looked) else ""
        return Verdict.NOT_APPLICABLE, f"there is nothing to look at: no {' and '.join(empty)}{rest}", ()
    idle = [about for population in looked for about in population.idle]
    if idle:
        more = f" and {len(idle) - MOST_IDLE} more" if len(idle) > MOST_IDLE else ""
        return Verdict.HOLDS, f"nothing to look at for {'; '.join(idle[:MOST_IDLE])}{more}", ()
    return Verdict.HOLDS, "", ()


def _looked_at(log: Log) -> list[Population]:
    """Return what the answers without offenders looked at: what is empty for one may not be for another."""
    looked: dict[str, Population] = {}
    for evidence in log.judged:
        for population in () if evidence.rows else evidence.populations.values():
            seen = looked.get(population.of)
            looked[population.of] = seen + population if seen else population
    return list(looked.values())


def _failed(evidence: Evidence) -> tuple[Verdict, str, Sequence[Row]]:
    if evidence.rows:
        return Verdict.VIOLATED, "", evidence.rows
    if evidence.unjudgeable and not evidence.broken:
        return Verdict.UNCHECKED, evidence.unjudgeable, ()
    # What must work and was refused does not work, whatever else had nothing to work with.
    found = evidence.populations.values()
    if found and not any(population.count or population.refused for population in found):
        return Verdict.NOT_APPLICABLE, f"there is nothing to look at: no {' and '.join(evidence.populations)}", ()
    row = Row(evidence.about, {"must work": True}, {"object": evidence.about})
    return Verdict.VIOLATED, evidence.refusal or "what must work gave nothing", (row,)


def _population(log: Log, error: BaseException | None) -> Population | None:
    """Return the population of the question that decided, or of the largest one where none did."""
    if isinstance(error, AssertionError) and log.judged:
        return log.judged[-1].population
    known = [evidence.population for evidence in log.asked if evidence.population]
    return max(known, key=lambda population: population.count, default=None)


def _findings(policy: Policy, rows: Sequence[Row]) -> list[Finding]:
    """Turn rows into findings; rows of one object are one finding, with the details of the first."""
    findings: dict[str, Finding] = {}
    for row in rows:
        fix = row.render(policy.fix)
        if row.object in findings:
            seen = findings[row.object]
            if fix not in seen.fix:
                findings[row.object] = replace(seen, fix=f"{seen.fix}\n{fix}")
        else:
            findings[row.object] = Finding(policy.id, row.object, row.details, fix, location=row.location)
    return list(findings.values())


class Verdicts:
    """Collects the results of one run."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.started = dt.datetime.now(dt.UTC)
        self.clock = time.monotonic()
        self.items: list[pytest.Item] = []
        self.target: TargetFacts | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember the selected policies: one that never ran is UNCHECKED, not missing."""
        self.items = [item for item in session.items if POLICY_KEY in item.stash]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge a policy when its call, or the setup that kept it from being called, is over."""
        report = yield
        policy = item.stash.get(POLICY_KEY, None)
        error = call.excinfo.value if call.excinfo else None
        if policy is None or (call.when != "call" and error is None) or isinstance(error, Exit | KeyboardInterrupt):
            return report
        judged = item.stash.get(RESULT_KEY, None)
        if call.when == "teardown":
            if judged is not None and judged.findings:
                return report  # what was found stays found, whatever happened afterwards
            error = Unchecked(
                "what the policy did could not be undone, because the server answered no more",
                "see whether the server still runs, and run the audit again",
            )
        log = item.stash.get(LOG_KEY, Log())
        result = judge(policy, log, error, self.config.stash.get(WAIVERS_KEY, ()), call.duration * 1000)
        item.stash[RESULT_KEY] = result
        report.result = result  # type: ignore[attr-defined]  # renderers find it here, next to the outcome
        _tell_pytest(report, result)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Put the run together, and give the session the audit's exit status."""
        if not self.items or self.config.option.collectonly:
            return
        unreachable = self.config.stash.get(UNREACHABLE_KEY, None)
        stopped = Unchecked(unreachable or STOPPED, "run the audit again, to its end")
        results = tuple(
            item.stash.get(RESULT_KEY, None) or judge(item.stash[POLICY_KEY], Log(), stopped) for item in self.items
        )
        target = self.config.stash.get(TARGET_KEY, None)
        run = Run(
            started_at=self.started,
            duration_s=time.monotonic() - self.clock,
            target=TargetFacts(target.kind, target.server_version, target.database, target.role)
            if target
            else TargetFacts("unknown", "unknown", "unknown", "unknown"),
            results=results,
            migrations=target.migrations if target else (),
            unused_waivers=waivers.unused(self.config.stash.get(WAIVERS_KEY, ()), results),
            strict_waivers=bool(self.config.getoption("strict_waivers", False)),
            ended_by=exitstatus if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) else None,
            notes=target.notes if target else (),
            matrix=self.config.stash.get(MATRIX_KEY, None),
        )
        self.config.stash[RUN_KEY] = run
        session.exitstatus = run.exit_status


def _tell_pytest(report: pytest.TestReport, result: Result) -> None:
    """Give pytest's own report the outcome that stands for the verdict, and no text but ours."""
    text = safe(f"{result.id} {result.verdict}: {result.reason or f'{len(result.findings)} findings'}")
    report.sections = []
    told = {"policy": result.id, "severity": str(result.severity), "verdict": str(result.verdict)}
    report.user_properties = list(told.items())
    if hasattr(report, "wasxfail"):
        del report.wasxfail
    match result.verdict:
        case Verdict.HOLDS:
            report.outcome, report.longrepr = "passed", None
        case Verdict.NOT_APPLICABLE:
            report.outcome, report.longrepr = "skipped", (str(report.location[0]), report.location[1] or 0, text)
        case Verdict.WAIVED:
            report.outcome, report.longrepr = "skipped", text
            report.wasxfail = text
        case _:
            report.outcome, report.longrepr = "failed", text


def pytest_configure(config: pytest.Config) -> None:
    """Start collecting."""
    config.pluginmanager.register(Verdicts(config), "verdicts")
