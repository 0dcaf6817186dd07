"""Which controls of published frameworks each policy is evidence for (controls.toml), and what a run says of them.

A control is never said to be met: a run tells what its policies found, and the framework what is not covered.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from audit.results import Verdict
from reports import wording
from reports.model import Result, Run

FILE = Path(__file__).with_name("controls.toml")

# The worst first: what is said of a control is the worst that its policies say.
ORDER = (Verdict.VIOLATED, Verdict.UNCHECKED, Verdict.WAIVED, Verdict.HOLDS, Verdict.NOT_APPLICABLE)


@dataclass(frozen=True)
class Control:
    """One control: its number and title, the policies that are evidence for it (ids or areas), and what they say."""

    key: str
    id: str
    title: str
    policies: tuple[str, ...]
    results: tuple[Result, ...] = ()

    def covers(self, policy: str) -> bool:
        """Tell whether a policy is evidence for it."""
        return policy in self.policies or policy.partition("-")[0] in self.policies

    @property
    def verdict(self) -> Verdict:
        """The worst of its policies' verdicts."""
        return min((result.verdict for result in self.results), key=ORDER.index, default=Verdict.NOT_APPLICABLE)

    @property
    def told(self) -> str:
        """Say how many of its policies have which verdict: ``1 violated, 3 hold``."""
        verdicts = [result.verdict for result in self.results]
        counts = [(verdicts.count(verdict), wording.WORDS[verdict]) for verdict in ORDER]
        return ", ".join(f"{number} {word}" for number, word in counts if number) or "no policy was asked"


@dataclass(frozen=True)
class Framework:
    """A published framework: its edition, what of it no policy can tell, and the controls that some tell of."""

    name: str
    edition: str
    source: str
    not_covered: str
    controls: tuple[Control, ...]

    @property
    def told(self) -> str:
        """Say in one line what the run says of it."""
        verdicts = [control.verdict for control in self.controls]
        counts = [(verdicts.count(verdict), wording.WORDS[verdict]) for verdict in ORDER]
        said = ", ".join(f"{number} {word}" for number, word in counts if number)
        return f"{self.edition}: {wording.counted(len(self.controls), 'control')}: {said}"


@cache
def frameworks() -> tuple[Framework, ...]:
    """Return what controls.toml says."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))["framework"]
    return tuple(
        Framework(
            each["name"],
            each["edition"],
            each["source"],
            each["not_covered"],
            tuple(
                Control(f"{number}.{place}", one["id"], one["title"], tuple(one["policies"]))
                for place, one in enumerate(each["control"], 1)
            ),
        )
        for number, each in enumerate(found, 1)
    )


def judged(run: Run) -> list[Framework]:
    """Return the frameworks with what a run says of their controls."""
    return [
        Framework(
            each.name,
            each.edition,
            each.source,
            each.not_covered,
            tuple(
                Control(
                    one.key,
                    one.id,
                    one.title,
                    one.policies,
                    tuple(sorted((r for r in run.results if one.covers(r.id)), key=lambda r: r.id)),
                )
                for one in each.controls
            ),
        )
        for each in frameworks()
    ]


def of(policy: str) -> list[str]:
    """Return the controls that a policy is evidence for: ``SOC 2 CC6.1``."""
    return [f"{each.name} {control.id}" for each in frameworks() for control in each.controls if control.covers(policy)]


def keys(policies: Iterable[str]) -> Mapping[str, list[str]]:
    """Return, for each policy, the keys of its controls, by which the page filters."""
    controls = [control for each in frameworks() for control in each.controls]
    return {policy: [control.key for control in controls if control.covers(policy)] for policy in policies}
