"""One cause, one finding: where several policies tell of the same thing, one of them tells, and the others say which.

Every policy judges by itself and keeps its verdict: nothing is left to another that did not see it. A finding is a
repeat only of one that counts in the same run; once that is mended, waived or not asked for, it stands for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import pytest

from reports.model import Finding, Result, Run, Verdict

Same = Callable[[Finding, Finding], bool]


def _cause(repeat: Finding, told: Finding) -> bool:
    return bool(repeat.cause.name) and repeat.cause == told.cause


def _table(repeat: Finding, told: Finding) -> bool:
    return bool(repeat.cause.table) and repeat.cause.table == told.cause.table


def _named(repeat: Finding, told: Finding) -> bool:
    """Tell whether a policy that is told of is among those that a finding names: to mend it decides about the rest."""
    name = told.cause.name.removesuffix(f" on {told.cause.table}")
    policies = str(repeat.details.get("policies", ""))
    return told.cause.kind == "policy" and _table(repeat, told) and name in policies.split(", ")


def _column(repeat: Finding, told: Finding) -> bool:
    """Tell whether two findings are about writing the same column of a table."""
    columns = set(str(repeat.details.get("columns", "")).split(", ")) - {""}
    return _table(repeat, told) and bool(columns & set(str(told.details.get("columns", "")).split(", ")))


def _constraint(repeat: Finding, told: Finding) -> bool:
    """Tell whether a finding is about the foreign key by which rows get where another finding says."""
    return repeat.object == told.details.get("constraint")


def _reading(repeat: Finding, told: Finding) -> bool:
    """Tell whether a policy lets too many read the table whose rows give something away."""
    return _table(repeat, told) and "select" in str(told.details.get("commands", "")).split(", ")


def _changing(repeat: Finding, told: Finding) -> bool:
    """Tell whether a policy lets people change rows of a table by whose changes they get further still."""
    updates = told.cause.kind == "grant" and told.cause.name.startswith("update")
    done = repeat.details.get("commands") or repeat.details.get("command")
    return updates and _table(repeat, told) and done == "update"


def _adding(repeat: Finding, told: Finding) -> bool:
    """Tell whether somebody gets further by the new rows that a finding is about."""
    adds = repeat.cause.kind == "grant" and repeat.cause.name.startswith("insert")
    return adds and _table(repeat, told) and "insert" in str(told.details.get("commands", "")).split(", ")


def _updating(repeat: Finding, told: Finding) -> bool:
    """Tell whether a policy lets people change rows of a table by whose changes they decide about themselves."""
    updates = repeat.cause.kind == "grant" and repeat.cause.name.startswith("update")
    done = str(told.details.get("commands", "")).split(", ")
    return updates and told.cause.kind == "policy" and _table(repeat, told) and "update" in done


def _anything(_repeat: Finding, _told: Finding) -> bool:
    return True


# Of each policy: what tells the same cause better (by acting, or with the graver consequence), and how that is seen.
TOLD_BY: Mapping[str, tuple[tuple[str, Same], ...]] = {
    # Nothing happens at sign-up when what is to happen is not there.
    "AUTH-04": (("AUTH-03", _anything),),
    "EXPO-01": (("EXPO-06", _cause),),
    "EXPO-02": (("EXPO-06", _cause), ("EXPO-11", _cause)),
    "EXPO-04": (("RLS-09", _cause),),
    "EXPO-05": (("RLS-09", _cause), ("EXPO-04", _cause)),
    "EXPO-08": (("RLS-02", _cause), ("RLS-01", _cause)),
    "EXPO-09": (("RLS-04", _cause),),
    # Of a table that everybody reads, or that has no rules, that is why its rows tell of others.
    "EXPO-11": (
        ("EXPO-06", _cause), ("EXPO-01", _cause), ("EXPO-04", _cause), ("RLS-02", _table), ("RLS-01", _table),
        ("RLS-04", _table), ("RLS-07", _reading),
    ),
    "EXPO-16": (("RLS-04", _cause), ("EXPO-09", _cause)),
    "EXPO-18": (
        ("RLS-09", _cause), ("RLS-07", _cause), ("RLS-04", _cause), ("RLS-22", _cause), ("RLS-26", _cause),
        ("RLS-13", _cause),
    ),
    "EXPO-19": (
        ("RLS-09", _cause), ("RLS-07", _cause), ("RLS-04", _cause), ("RLS-22", _cause), ("EXPO-18", _cause),
    ),
    "PERF-10": (
        ("RLS-06", _named), ("RLS-09", _named), ("RLS-07", _named), ("RLS-04", _named), ("RLS-13", _named),
        ("RLS-18", _named), ("RLS-20", _named), ("RLS-22", _named),
    ),
    "RLS-01": (("RLS-02", _cause),),
    # Whoever makes themselves more by a table without rules does so as anybody does anything there.
    "RLS-09": (("RLS-02", _cause), ("RLS-01", _cause)),
    # Who becomes an administrator comes first; what the policy says wrong is why somebody reaches too much.
    "RLS-07": (("RLS-09", _cause), ("RLS-09", _changing), ("RLS-06", _cause), ("RLS-02", _cause), ("RLS-01", _cause)),
    "RLS-04": (("RLS-09", _cause), ("RLS-09", _changing), ("RLS-07", _cause)),
    "RLS-08": (("RLS-05", _table), ("RLS-03", _table)),
    "RLS-13": (("RLS-07", _cause), ("RLS-04", _cause), ("RLS-02", _cause), ("RLS-01", _cause)),
    "RLS-15": (
        ("RLS-09", _cause), ("RLS-07", _cause), ("RLS-04", _cause), ("RLS-13", _cause), ("RLS-22", _cause),
        ("RLS-02", _cause), ("RLS-01", _cause),
    ),
    "RLS-18": (("RLS-07", _cause), ("RLS-09", _cause)),
    "RLS-19": (("RLS-02", _table), ("RLS-01", _table), ("RLS-24", _constraint)),
    # Who reaches too much by it comes before where the row stands.
    "RLS-24": (
        ("RLS-09", _named), ("RLS-09", _column), ("RLS-07", _named), ("RLS-07", _column), ("RLS-04", _named),
        ("RLS-20", _named), ("RLS-22", _named), ("RLS-26", _named),
    ),
    "RLS-25": (
        ("RLS-09", _cause), ("RLS-09", _column), ("RLS-09", _adding), ("RLS-07", _cause), ("RLS-07", _column),
        ("RLS-07", _updating), ("RLS-07", _adding), ("RLS-04", _table),
    ),
    "RLS-20": (("RLS-07", _cause), ("RLS-09", _cause), ("RLS-04", _cause)),
    "RLS-21": (("RLS-07", _cause), ("RLS-04", _cause)),
    "RLS-22": (("RLS-09", _cause), ("RLS-07", _cause), ("RLS-04", _cause), ("RLS-13", _cause)),
    "RLS-26": (
        ("RLS-09", _cause), ("RLS-07", _cause), ("RLS-06", _cause), ("RLS-04", _cause), ("RLS-20", _cause),
        ("RLS-22", _cause),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class _Told:
    """What each policy tells that counts."""

    results: Mapping[str, Result]

    def by(self, finding: Finding) -> tuple[str, Finding] | None:
        """Return the finding that tells the same cause better, and its policy; None: it stands for itself."""
        for policy, same in TOLD_BY.get(finding.policy, ()):
            for other in self._counting(policy):
                if same(finding, other):
                    return self.by(other) or (policy, other)
        return None

    def _counting(self, policy: str) -> Iterator[Finding]:
        result = self.results.get(policy)
        if result is not None and result.verdict is Verdict.VIOLATED:
            yield from (finding for finding in result.findings if not finding.waived)


def note(run: Run, _config: pytest.Config | None = None) -> Run:
    """Say of each finding which policy tells of its cause in its place, and of that one what else it stands for."""
    told = _Told({result.id: result for result in run.results})
    better = {
        (finding.policy, finding.object): found
        for result in run.having(Verdict.VIOLATED)
        for finding in result.findings
        if not finding.waived and (found := told.by(finding)) is not None
    }
    also: dict[tuple[str, str], list[str]] = {}
    for (policy, _), (other, finding) in better.items():
        also.setdefault((other, finding.object), []).append(policy)

    def noted(finding: Finding) -> Finding:
        place = (finding.policy, finding.object)
        by = better[place][0] if place in better else ""
        return replace(finding, told_by=by, stands_for=tuple(dict.fromkeys(also.get(place, ()))))

    return replace(
        run, results=tuple(replace(result, findings=tuple(map(noted, result.findings))) for result in run.results)
    )
