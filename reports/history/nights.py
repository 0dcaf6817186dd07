"""history.html and its text: run after run what was found, what had changed, and since when each finding is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit.evidence import safe
from audit.results import Verdict
from reports import wording
from reports.history.changes import Condition, Known
from reports.history.store import Night, Past
from reports.model import Change
from reports.renderers import html

MOST_NIGHTS = 400
MOST_FINDINGS = 500
MOST_EVENTS = 20

WIDTH, HEIGHT = 1000, 160  # of the trend, in its own units


@dataclass(frozen=True)
class Bar:
    """One run in the trend: where it stands, and how high its parts are, from the bottom up."""

    night: Night
    x: float
    width: float
    parts: tuple[tuple[Verdict, float, float], ...]  # verdict, y, height


def page(past: Sequence[Past]) -> str:
    """Return the history as a page in one file that fetches nothing, the target audited last on top."""
    template = html.environment().get_template("history.html.jinja")
    return template.render(
        targets=[
            {
                "name": name(each),
                "nights": each.nights[::-1][:MOST_NIGHTS],
                "runs": len(each.nights),
                "bars": bars(each.nights[-MOST_NIGHTS:]),
                "open": [known for known in each.findings if known.open],
                "fixed": sorted(
                    (known for known in each.findings if not known.open),
                    key=lambda known: known.ended or known.seen,
                    reverse=True,
                ),
            }
            for each in reversed(past)
        ],
        WIDTH=WIDTH,
        HEIGHT=HEIGHT,
        MOST_FINDINGS=MOST_FINDINGS,
        MOST_EVENTS=MOST_EVENTS,
        Verdict=Verdict,
        lasted=lasted,
        words=[wording.WORDS[verdict] for verdict in html.ORDER],
        title=f"{wording.TITLE}: history",
        body="history",
        **html.framed(html.style()),
    )


def name(past: Past) -> str:
    """Say which database it is, and where it was last found."""
    of = f"database {past.place.database}, " if past.place.database else "a database that was never reached, "
    return safe(f"{of}{past.place.place}")


def bars(nights: Sequence[Night]) -> list[Bar]:
    """Return the trend: of each run the policies that are violated, unchecked and waived, one upon the other."""
    shown = (Verdict.VIOLATED, Verdict.UNCHECKED, Verdict.WAIVED)
    highest = max((sum(night.counts[verdict] for verdict in shown) for night in nights), default=0) or 1
    step = min(WIDTH / max(len(nights), 1), 40.0)
    found = []
    for number, night in enumerate(nights):
        parts, y = [], float(HEIGHT)
        for verdict in shown:
            height = HEIGHT * night.counts[verdict] / highest
            y -= height
            parts.append((verdict, round(y, 2), round(height, 2)))
        found.append(Bar(night, round(number * step, 2), round(step * 0.8, 2), tuple(parts)))
    return found


def lasted(known: Known) -> str:
    """Say how long a finding has been there, or was: ``3 days``."""
    return wording.duration((known.ended or known.seen) - known.since)


def text(past: Sequence[Past]) -> str:
    """Return the history for the terminal: per target the last runs, what had changed, and what is there."""
    return "\n".join(wording.printed(line) for each in past for line in _lines(each))


def _lines(past: Past) -> Iterator[str]:
    yield f"{name(past)}: {wording.counted(len(past.nights), 'run')}"
    for night in past.nights[-30:]:
        counts = ", ".join(f"{night.counts[v]} {wording.WORDS[v]}" for v in html.ORDER)
        score = "no score" if night.score is None else f"score {night.score}"
        yield f"  {wording.moment(night.started_at)}  {counts}; {score}; exit status {night.exit_status}"
        for change in Change:
            events = [event for event in night.events if event.change is change]
            for event in events[:5]:
                yield f"      {change}: {event.severity} {event.policy} {safe(event.object)}"
            if len(events) > 5:
                yield f"      {change}: and {len(events) - 5:,} more"
    there = [known for known in past.findings if known.open]
    if there:
        yield f"  there now: {wording.counted(len(there), 'finding')}"
    for known in there[:30]:
        waived = ", waived" if known.state is Condition.WAIVED else ""
        yield f"      {known.severity} {known.policy} {safe(known.object)}: since {wording.moment(known.since)}{waived}"
    if len(there) > 30:
        yield f"      and {len(there) - 30:,} more"
    yield ""
