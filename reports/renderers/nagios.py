"""nagios.txt: one line with the state, the outcome and numbers, as monitoring plugins print it.

``python -m reports.renderers.nagios [DIR] [HOURS]`` prints the line of the last run and exits with its state. A line
that is missing, or older than HOURS (26, so that a daily audit may be a little late), is UNKNOWN. The form:
https://www.monitoring-plugins.org/doc/guidelines.html#PLUGOUTPUT.
"""

from __future__ import annotations

import re
import sys
import time
from enum import IntEnum
from pathlib import Path

from audit.policy import Severity
from audit.results import Verdict
from reports import folder, wording
from reports.causes import gravest
from reports.model import Run

MOST_CHARACTERS = 500
HOURS = 26

# A line break or a bar would end the text, and these are what Nagios itself takes out of it.
UNFIT = re.compile(r"[^ -~]|[|`~$&'\"<>]")


class Service(IntEnum):
    """The exit statuses of monitoring plugins."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def state(run: Run) -> Service:
    """Return CRITICAL for a P0 or P1 that is violated, WARNING for a P2 or P3; UNKNOWN for what nobody knows.

    OK is said only of a complete run in which something holds and nothing is unchecked.
    """
    violated = {result.severity for result in run.having(Verdict.VIOLATED)}
    if violated & {Severity.P0, Severity.P1}:
        return Service.CRITICAL
    if violated or (run.strict_waivers and run.unused_waivers):
        return Service.WARNING
    counts = run.counts()
    judged = counts[Verdict.HOLDS] + counts[Verdict.WAIVED]
    return Service.OK if run.exit_status == 0 and judged and run.complete else Service.UNKNOWN


def render(run: Run) -> str:
    """Return the line, with a line break at its end."""
    violated = [f"{result.severity} {result.id}" for result in gravest(run)]
    parts = [wording.verdict_line(run), wording.changes_line(run), *map(wording.cut, run.problems), wording.facts(run)]
    if violated:
        parts.append(f"Violated: {', '.join(violated)}")
    text = UNFIT.sub("?", " ".join(filter(None, parts)))[:MOST_CHARACTERS]
    return f"AUDIT {state(run).name} - {text} | {_numbers(run)}\n"


def _numbers(run: Run) -> str:
    """Return 'label'=value[unit];[warn];[crit];[min];[max], apart by spaces; U is a value that nobody knows."""
    most = len(run.results)
    counts = [f"{verdict.value.lower()}={number};;;0;{most}" for verdict, number in run.counts().items()]
    score = "U" if run.score is None else run.score
    scored = [] if run.selective else [f"score={score};;;0;100"]
    return " ".join([*counts, *scored, f"time={run.duration_s:.3f}s;;;0"])


def main(arguments: list[str]) -> int:
    """Print the line of the last run, and return its state."""
    path = Path(arguments[0] if arguments else folder.DEFAULT_FOLDER) / folder.OUTPUTS["nagios"]
    try:
        hours = float(arguments[1]) if len(arguments) > 1 else HOURS
        line = path.read_text(encoding="utf-8")
        age = (time.time() - path.stat().st_mtime) / 3600
        found = Service[line.split()[1]]
    except (OSError, ValueError, LookupError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not what an audit writes, or HOURS is no number"
        found, line = Service.UNKNOWN, f"AUDIT UNKNOWN - {UNFIT.sub('?', str(path))} cannot be used: {why}\n"
    else:
        if age > hours:
            found, line = Service.UNKNOWN, f"AUDIT UNKNOWN - the last audit was {age:.0f} hours ago; it said: {line}"
    sys.stdout.write(line)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
