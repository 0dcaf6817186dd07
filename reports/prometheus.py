"""audit.prom: the run as metrics, for the textfile collector of Prometheus' node exporter.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format. No sample has a time of its own,
which that collector refuses: ``audit_run_timestamp_seconds`` tells how old they all are.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.evidence import Scalar, safe
from reports import folder, matrix, wording
from reports.model import Run, Verdict

Sample = tuple[dict[str, str], float]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write ``audit.prom``."""
    folder.write(session, "prometheus", render)


def render(run: Run) -> str:
    """Return the run as metrics. All are gauges: each run tells anew how things are."""
    lines = []
    for name, help_, samples in _metrics(run):
        lines += [f"# HELP {name} {help_}", f"# TYPE {name} gauge"]
        lines += [f"{name}{_labels(labels)} {value:.15g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _metrics(run: Run) -> Iterator[tuple[str, str, list[Sample]]]:
    target = {name: str(value) for name, value in vars(run.target).items()}
    yield "audit_target_info", "What was audited.", [(target, 1)]
    yield "audit_run_timestamp_seconds", "When the audit began.", [({}, run.started_at.timestamp())]
    yield "audit_run_duration_seconds", "How long the audit took.", [({}, round(run.duration_s, 3))]
    yield "audit_complete", "1 when every selected policy had its turn.", [({}, run.complete)]
    yield "audit_exit_status", "The exit status of the audit; 0 is the only good one.", [({}, run.exit_status)]
    if run.score is not None:
        yield "audit_score_ratio", "The score, from 0 to 1.", [({}, run.score / 100)]
    counts = [({"verdict": word(verdict)}, float(number)) for verdict, number in run.counts().items()]
    yield "audit_policies", "How many policies have a verdict.", counts
    yield (
        "audit_policy_verdict",
        "1 for the verdict of a policy, 0 for the others.",
        [
            ({"policy": r.id, "severity": r.severity.value, "verdict": word(verdict)}, r.verdict is verdict)
            for r in run.results
            for verdict in Verdict
        ],
    )
    yield (
        "audit_policy_findings",
        "How many findings of a policy no valid waiver covers; absent where the policy could not be judged.",
        [
            ({"policy": r.id, "severity": r.severity.value}, len(wording.unwaived(r)))
            for r in run.results
            if r.verdict not in (Verdict.UNCHECKED, Verdict.NOT_APPLICABLE)
        ],
    )
    if run.matrix is not None:
        squares = [square for table in matrix.tables(run.matrix) for square in table.squares]
        cells = [({"state": state.word}, float(number)) for state, number in matrix.counts(squares).items()]
        yield (
            "audit_matrix_cells",
            "How many cells of actor, table and command of the access matrix are in a state.",
            cells,
        )


def word(verdict: Verdict) -> str:
    """Return a verdict as a label, such as not_applicable."""
    return verdict.value.lower()


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}" if labels else ""


def _escaped(value: Scalar) -> str:
    return safe(str(value)).replace("\\", "\\\\").replace('"', '\\"')
