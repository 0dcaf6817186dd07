"""Figures of a benchmark: what was measured, beside what is promised; as JSON, and as docs/performance.md."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "reports" / "out" / "bench.json"
PAGE = ROOT / "docs" / "performance.md"
GROWTH = 1.15


@dataclass(frozen=True)
class Figure:
    """What was measured: ``samples`` are all of it, ``value`` their median.

    ``most`` or ``least`` is what is promised, and ``met`` whether that was kept; None where nothing is promised, or
    nothing was measured: then ``note`` says why. ``needed`` is what it would take to keep a promise that is not kept.
    """

    section: str
    name: str
    value: float | None
    unit: str
    most: float | None = None
    least: float | None = None
    note: str = ""
    needed: str = ""
    samples: tuple[float, ...] = ()

    @property
    def met(self) -> bool | None:
        """Tell whether the promise was kept."""
        if self.value is None or (self.most is None and self.least is None):
            return None
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)

    @property
    def promised(self) -> str:
        """What is promised, in words."""
        if self.most is not None:
            return f"at most {self.most:g} {self.unit}".strip()
        return f"at least {self.least:g} {self.unit}".strip() if self.least is not None else ""

    @property
    def verdict(self) -> str:
        """Whether the promise was kept, in a word."""
        if self.met is not None:
            return "met" if self.met else "NOT MET"
        return "not measured" if self.value is None else ""


@dataclass
class Figures:
    """All figures of a run, and what machine it was on."""

    machine: Mapping[str, Any] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    section: str = ""

    def add(self, name: str, samples: Sequence[float], unit: str = "s", **promised: Any) -> float:
        """Note and print a figure, the median of what was measured; return it."""
        value = median(samples)
        self.note(
            Figure(self.section, name, round(value, 4), unit, samples=tuple(round(s, 4) for s in samples), **promised)
        )
        return value

    def missing(self, name: str, note: str, **promised: Any) -> None:
        """Note that something could not be measured, and why."""
        self.note(Figure(self.section, name, None, "", note=note, **promised))

    def note(self, figure: Figure) -> None:
        """Note and print a figure."""
        self.figures.append(figure)
        value = figure.note if figure.value is None else f"{figure.value:10.3f} {figure.unit}"
        print(f"{figure.name:<74} {value:<16} {figure.promised:<20} {figure.verdict}", flush=True)

    def growth(self, name: str, sizes: Sequence[float], costs: Sequence[float], most: float | None = GROWTH) -> None:
        """Note how cost grows with size: the exponent that fits best."""
        self.add(
            f"{name}: exponent of growth over {', '.join(f'{s:g}' for s in sizes)}",
            [exponent(sizes, costs)],
            "",
            most=most,
        )

    def write(self, path: Path = RESULTS) -> None:
        """Write all of it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        figures = [{**asdict(each), "met": each.met} for each in self.figures]
        path.write_text(json.dumps({"machine": dict(self.machine), "figures": figures}, indent=1), encoding="utf-8")


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the slope of a line through the logarithms, by least squares: 1 is linear."""
    points = [(math.log(size), math.log(max(cost, 1e-6))) for size, cost in zip(sizes, costs, strict=True)]
    x, y = (sum(each) / len(points) for each in zip(*points, strict=True))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def page(document: Mapping[str, Any]) -> str:
    """Return docs/performance.md, given what :meth:`Figures.write` wrote."""
    return "\n".join(_page(document)) + "\n"


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    known = [Figure(**{k: v for k, v in each.items() if k != "met"}) for each in document["figures"]]
    wanted = [each for each in known if each.promised]
    met = sum(each.met is True for each in wanted)
    yield "# Performance"
    yield ""
    yield "Written by `make bench` from `reports/out/bench.json`. A figure of several runs is their median, and what is"
    yield "compared was run in turn. Figures of a machine that is busy say little; ratios say more."
    yield ""
    yield f"{', '.join(f'{name}: {value}' for name, value in document['machine'].items())}."
    yield ""
    missed = sum(each.met is False for each in wanted)
    yield f"Of {len(wanted)} promises {met} were met, {missed} were not, and the others were not measured."
    for section in dict.fromkeys(each.section for each in known):
        yield ""
        yield f"## {section}"
        yield ""
        yield "| what | measured | promised | |"
        yield "|---|---:|---|---|"
        for each in known:
            if each.section == section:
                value = "" if each.value is None else f"{each.value:,.3g} {each.unit}".strip()
                note = f" ({each.note})" if each.note else ""
                yield f"| {each.name}{note} | {value} | {each.promised} | {each.verdict} |"
    if missed:
        yield ""
        yield "## What is not met, and what would be needed"
        yield ""
        for each in wanted:
            if each.met is False:
                yield f"- {each.section}, {each.name.strip()}: {each.needed or 'not looked into yet.'}"


def rewrite() -> None:
    """Write the page from the results that are there."""
    PAGE.write_text(page(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")
