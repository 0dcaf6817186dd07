"""How far to trust a run: what could not be judged, in groups of what would enable it, and what was looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from audit.evidence import safe
from audit.policy import Severity
from audit.results import Verdict
from reports import wording
from reports.model import Result, Run


@dataclass(frozen=True)
class Doubt:
    """Policies that could not be judged for the same want: the same remedy enables them."""

    remedy: str
    results: tuple[Result, ...]

    @property
    def grants(self) -> bool:
        """What enables them is SQL."""
        return bool(self.results[0].grants)

    @property
    def reasons(self) -> int:
        """How many reasons there are."""
        return len({result.reason for result in self.results})

    @property
    def told(self) -> str:
        """Why, in a sentence: the reason of all, or of the first."""
        first = wording.cut(self.results[0].reason) or "no reason is known"
        return first if self.reasons == 1 else f"{first}; and {wording.counted(self.reasons - 1, 'other reason')}"

    @property
    def severities(self) -> tuple[Severity, ...]:
        """The severities of its policies."""
        return tuple(dict.fromkeys(result.severity for result in self.results))


def doubts(run: Run) -> tuple[Doubt, ...]:
    """Return what could not be judged, grouped by what would enable it, the gravest severity first."""
    found: dict[str, list[Result]] = {}
    for result in run.having(Verdict.UNCHECKED):
        remedy = "\n".join(dict.fromkeys(result.grants)) or result.remedy or wording.NO_REMEDY
        # Of what nobody has a remedy for, the reason is what they have in common.
        found.setdefault(remedy if result.grants or result.remedy else result.reason, []).append(result)
    groups = [
        Doubt("\n".join(dict.fromkeys(r[0].grants)) or r[0].remedy or wording.NO_REMEDY, tuple(r))
        for r in found.values()
    ]
    return tuple(sorted(groups, key=lambda group: (group.results[0].severity, -len(group.results))))


MOST_DOUBTS = 4


def lines(run: Run) -> Iterator[str]:
    """Yield sentences: how much was looked at, what was selected, what could not be checked and why."""
    yield _looked(run)
    if run.unreachable:
        yield f"The database could not be reached: {safe(run.unreachable)}."
    if run.selective:
        yield f"Only {wording.selection(run)}: nothing is said of the others."
    if not run.finished:
        yield "The run ended early."
    groups = doubts(run) if not run.unreachable else ()
    for group in groups[:MOST_DOUBTS]:
        need = ", for want of one grant" if group.grants and len(group.results[0].grants) == 1 else ""
        number = wording.counted(len(group.results), "policy", "policies")
        yield f"{number} ({', '.join(group.severities)}) could not be checked{need}: {group.told}."
    if len(groups) > MOST_DOUBTS:
        rest = sum(len(group.results) for group in groups[MOST_DOUBTS:])
        yield f"{wording.counted(rest, 'more policy', 'more policies')} could not be checked, for other reasons."


def _looked(run: Run) -> str:
    """Say how much was looked at, and by whom."""
    judged = [r for r in run.results if r.verdict in (Verdict.HOLDS, Verdict.VIOLATED, Verdict.WAIVED)]
    looked = sum(result.population.count for result in judged if result.population)
    said = [f"{wording.counted(len(judged), 'policy was', 'policies were')} judged, over {looked:,} rows and objects"]
    if number := run.counts()[Verdict.NOT_APPLICABLE]:
        said.append(f"{wording.counted(number, 'does', 'do')} not apply to this database")
    if run.matrix is not None and run.matrix.cells:
        people = len({cell.actor for cell in run.matrix.cells})
        tables = len({cell.relation for cell in run.matrix.cells})
        said.append(f"{people} people tried to reach {wording.counted(tables, 'table')}")
    return "; ".join(said) + "."
