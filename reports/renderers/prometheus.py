"""audit.prom: the run as metrics, for the textfile collector of Prometheus' node exporter.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format. No sample has a time of its own,
which that collector refuses: ``audit_run_timestamp_seconds`` tells how old they all are.
"""

from __future__ import annotations

from collections.abc import Iterator

from audit.evidence import Scalar, safe
from audit.results import Verdict
from reports import matrix, wording
from reports.model import Change, Run

Sample = tuple[dict[str, str], float]
Metric = tuple[str, str, list[Sample]]


def render(run: Run) -> str:
    """Return the run as metrics. All are gauges: each run tells anew how things are."""
    lines = []
    for name, help_, samples in _metrics(run):
        lines += [f"# HELP {name} {help_}", f"# TYPE {name} gauge"]
        lines += [f"{name}{_labels(labels)} {value:.15g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _metrics(run: Run) -> Iterator[Metric]:
    target = {name: str(value) for name, value in vars(run.target).items()}
    yield "audit_target_info", "What was audited.", [(target, 1)]
    yield "audit_run_timestamp_seconds", "When the audit began.", [({}, run.started_at.timestamp())]
    yield "audit_run_duration_seconds", "How long the audit took.", [({}, round(run.duration_s, 3))]
    yield (
        "audit_complete",
        "1 when every policy that there is had its turn.",
        [({}, run.complete)],
    )
    yield "audit_policies_selected", "How many policies were selected.", [({}, len(run.results))]
    yield "audit_policies_offered", "How many policies there are to select from.", [({}, run.offered)]
    yield "audit_exit_status", "The exit status of the audit; 0 is the only good one.", [({}, run.exit_status)]
    yield (
        "audit_problems",
        "What went wrong beside the audit, such as an alert that nobody received.",
        [({}, len(run.problems))],
    )
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
    yield from _history(run)
    yield from _conduct(run)
    if run.matrix is not None:
        squares = [square for table in matrix.tables(run.matrix) for square in table.squares]
        cells = [({"state": state.word}, float(number)) for state, number in matrix.counts(squares).items()]
        yield (
            "audit_matrix_cells",
            "How many cells of actor, table and command of the access matrix are in a state.",
            cells,
        )


def _history(run: Run) -> Iterator[Metric]:
    """Yield since when policies are violated, and what has changed, as far as a history is kept."""
    since = [({"policy": r.id, "severity": r.severity.value}, r.since.timestamp()) for r in run.results if r.since]
    if since:
        yield "audit_policy_violated_since_timestamp_seconds", "When the oldest finding of a policy was seen.", since
    if run.changes is not None and run.changes.previous is not None:
        counts = [({"change": change.name.lower()}, float(len(run.changes.having(change)))) for change in Change]
        yield "audit_changes", "How many findings have changed since the run before.", counts


def _conduct(run: Run) -> Iterator[Metric]:
    """Yield what the audit cost a live server, and how many rights too many its login has."""
    if run.login is not None and not run.login.unknown:
        yield "audit_login_excess_rights", "Rights of the audit's login beyond reading.", [({}, len(run.login.excess))]
    if run.cost is not None:
        yield "audit_server_seconds", "How long the server worked for the audit.", [({}, run.cost.server_ms / 1000)]
        yield "audit_questions", "How many questions were asked.", [({}, run.cost.questions)]
        yield "audit_transaction_ids", "How many transaction ids the audit used.", [({}, run.cost.transaction_ids)]
        if run.cost.wal_bytes is not None:
            yield "audit_wal_bytes", "How much log the audit's questions wrote.", [({}, run.cost.wal_bytes)]


def word(verdict: Verdict) -> str:
    """Return a verdict as a label, such as not_applicable."""
    return verdict.value.lower()


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}" if labels else ""


def _escaped(value: Scalar) -> str:
    return safe(str(value)).replace("\\", "\\\\").replace('"', '\\"')
