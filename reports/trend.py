"""The last runs as a picture: of each the policies that are violated and unchecked, one upon the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.results import Verdict
from reports import wording
from reports.model import Past

WIDTH_OF_A_RUN = 10
HEIGHT = 40
SHOWN = (Verdict.VIOLATED, Verdict.UNCHECKED)


@dataclass(frozen=True)
class Part:
    """One part of a bar, in the picture's own units."""

    verdict: Verdict
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """One run."""

    past: Past
    x: int
    parts: tuple[Part, ...]

    @property
    def told(self) -> str:
        """What it stands for, in words."""
        counts = ", ".join(f"{self.past.counts[verdict]} {wording.WORDS[verdict]}" for verdict in SHOWN)
        return f"{wording.moment(self.past.started_at)}: {counts}"


@dataclass(frozen=True)
class Trend:
    """The picture."""

    bars: tuple[Bar, ...]

    @property
    def width(self) -> int:
        """How wide it is, in its own units: thirty runs fill it, and few do not become beams."""
        return max(len(self.bars), 30) * WIDTH_OF_A_RUN

    height = HEIGHT

    @property
    def told(self) -> str:
        """The numbers, for whoever does not see the picture."""
        numbers = ", ".join(str(bar.past.counts[Verdict.VIOLATED]) for bar in self.bars)
        return f"Policies violated in the last {wording.counted(len(self.bars), 'run')}, the newest last: {numbers}"

    def last(self, verdict: str) -> int:
        """Return the newest number of a verdict."""
        return self.bars[-1].past.counts[Verdict(verdict)]


def trend(runs: Sequence[Past]) -> Trend:
    """Return the picture of these runs, the oldest first."""
    highest = max((sum(past.counts[verdict] for verdict in SHOWN) for past in runs), default=0) or 1
    bars = []
    for number, past in enumerate(runs):
        parts, y = [], float(HEIGHT)
        for verdict in SHOWN:
            height = HEIGHT * past.counts[verdict] / highest
            y -= height
            parts.append(Part(verdict, round(y, 1), round(height, 1)))
        bars.append(Bar(past, number * WIDTH_OF_A_RUN, tuple(parts)))
    return Trend(tuple(bars))
