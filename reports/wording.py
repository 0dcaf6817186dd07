"""What is said in every report in the same words: the verdict line, counts, populations."""

from __future__ import annotations

import datetime as dt
import re

from audit.evidence import safe
from audit.policy import Severity
from audit.results import Migration, Verdict
from reports.model import SCORE_FORMULA, Change, Event, Finding, Result, Run

# What a report is headed: the name of the command, which is nobody's project.
TITLE = "care-audit"

WORDS = {
    Verdict.HOLDS: "holds",
    Verdict.VIOLATED: "violated",
    Verdict.WAIVED: "waived",
    Verdict.UNCHECKED: "unchecked",
    Verdict.NOT_APPLICABLE: "not applicable",
}

# What a CI system takes for a command in what a step prints: GitHub at the beginning of a line, blanks aside,
# and ##[...] anywhere; Azure Pipelines and TeamCity have words between.
# https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
# https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands
COMMANDS = re.compile(r"^(\s*):(?=:)|#(?=#\w*\[)")

NO_REMEDY = "look at the reason, mend it and run the audit again"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Say ``1 policy``, ``2 policies``, ``1,204 findings``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def verdict_line(run: Run) -> str:
    """Say in plain words what the run found, in one or two sentences, and whether something else went wrong."""
    beside = f" {counted(len(run.problems), 'thing')} went wrong beside the audit." if run.problems else ""
    return _verdict(run) + beside


def selection(run: Run) -> str:
    """Say how many of the policies were selected: ``6 of 118 selected``."""
    return f"{len(run.results):,} of {run.offered:,} selected"


def _verdict(run: Run) -> str:
    """Return the sentences; where only some policies were selected, none that speaks of the database as a whole."""
    if not run.selective or run.unreachable:
        return _sentences(run)
    counts = run.counts()
    found = [f"{counts[verdict]:,} {WORDS[verdict]}" for verdict in Verdict if counts[verdict]]
    worst = f" ({_by_severity(run)})" if counts[Verdict.VIOLATED] else ""
    early = "" if run.finished else " The run ended early."
    return f"Only {selection(run)}: {', '.join(found)}{worst}. Nothing is said of the others.{early}"


def _sentences(run: Run) -> str:
    if run.unreachable:
        return f"Nothing was judged: {safe(run.unreachable)}."
    counts = run.counts()
    violated, unchecked, waived = (counts[v] for v in (Verdict.VIOLATED, Verdict.UNCHECKED, Verdict.WAIVED))
    sentences = []
    if violated:
        sentences.append(
            f"Not compliant: {counted(violated, 'policy is', 'policies are')} violated ({_by_severity(run)})."
        )
    if unchecked:
        start = "" if violated else "Nothing is known to be violated, but this is no all-clear: "
        sentences.append(f"{start}{counted(unchecked, 'policy', 'policies')} could not be checked.")
    if run.ended_by is not None:
        sentences.append("The run ended early.")
    if run.strict_waivers and run.unused_waivers:
        sentences.append(f"{counted(len(run.unused_waivers), 'waiver matches', 'waivers match')} nothing.")
    if not sentences and counts[Verdict.HOLDS] + waived == 0:
        return "Nothing was judged: no policy applies to this database."
    if not sentences:
        accepted = f" Findings of {counted(waived, 'policy is', 'policies are')} waived." if waived else ""
        return f"Compliant: every policy that applies was checked, and none is violated.{accepted}"
    return " ".join(sentences)


def _by_severity(run: Run) -> str:
    violated = run.having(Verdict.VIOLATED)
    numbers = {severity: sum(r.severity is severity for r in violated) for severity in Severity}
    return ", ".join(f"{number} {severity}" for severity, number in numbers.items() if number)


def built(run: Run) -> tuple[str, ...]:
    """Say how much was built of what the migrations would make, and what would help where they begin with nothing.

    Nothing is said of a database that was built whole. Of a gate it is said whether the change alters what it is judged
    by.
    """
    names = ", ".join(run.gate.altered) if run.gate is not None else ""
    altered = f"This change also alters what it is judged by; read that first: {names}." if names else ""
    build, told = run.build, [altered]
    if build is not None and not (run.complete and build.applied == build.files and not build.missing):
        told += [build.no_baseline, build.summary, *build.advice]
    return tuple(map(safe, filter(None, told)))


def failed(run: Run) -> tuple[Migration, ...]:
    """Return the migrations that failed for a reason of their own: what follows from others is told with those."""
    own = (each for each in run.migrations if not each.applied)
    return tuple(each for each in own if not each.troubles or not all(t.cause or t.aside for t in each.troubles))


def unwaived(result: Result) -> tuple[Finding, ...]:
    """Return the findings that count: those without a valid waiver that no other policy tells of in their place."""
    return tuple(finding for finding in result.findings if not finding.waived and not finding.told_by)


def repeated(result: Result) -> str:
    """Say how many findings other policies tell of, and which: ``7 told with RLS-07``; the text is empty for none."""
    told = [finding.told_by for finding in result.findings if finding.told_by]
    return f"{len(told):,} told with {' and '.join(sorted(set(told)))}" if told else ""


def extent(result: Result) -> str:
    """Say how many findings out of which population: ``3 of 1,204 rows in auth.users``; without a population ``3``.

    Waived findings are not counted, but said: ``2 of 1,204 rows in auth.users, and 1 waived``. Where nothing could be
    looked at there is no number, because 0 would read as all well.
    """
    if result.verdict is Verdict.UNCHECKED:
        return "unknown"
    if result.verdict is Verdict.NOT_APPLICABLE:
        return "nothing to look at"
    number = len(unwaived(result))
    of = f" of {safe(str(result.population))}" if result.population else ""
    waived = sum(finding.waived for finding in result.findings)
    rest = [f"{waived:,} waived" if waived else "", repeated(result)]
    return ", and ".join([f"{number:,}{of}", *filter(None, rest)])


def placed(finding: Finding) -> str:
    """Return the object, and where it is written if that is known: ``public.t (2_add_t.sql:7)``."""
    return f"{finding.object} ({finding.location})" if finding.location else finding.object


def changes_line(run: Run) -> str:
    """Say how many findings changed and how, since when; the text is empty where no history is kept."""
    if run.changes is None:
        return ""
    if run.changes.previous is None:
        return "This is the first run in the history."
    numbers = {change: len(run.changes.having(change)) for change in Change}
    said = ", ".join(f"{number:,} {change}" for change, number in numbers.items() if number) or "nothing has changed"
    return f"Since the run of {moment(run.changes.previous)}: {said}."


def events(run: Run) -> tuple[Event, ...]:
    """Return what has changed, kind by kind, the worst severity first."""
    return tuple(event for change in Change for event in (run.changes.having(change) if run.changes else ()))


def since(finding: Finding, run: Run) -> str:
    """Say since when a finding is there: ``since 2026-11-01 09:00 UTC``; empty where the history does not know."""
    return f"since {moment(finding.since)}" if finding.since and finding.since < run.started_at else ""


def summons(severity: Severity, run: Run) -> str:
    """Say who is to be called and by when; nobody for what a pull request would do, which only must not be merged."""
    if run.gate:
        return "blocks the merge"
    escalation = run.escalation[severity]
    # Where a history is kept, the clock of each policy began when it was violated first.
    return escalation.whom if run.changes else escalation.told(run.started_at, run.started_at)


def _begun(severity: Severity, run: Run) -> dt.datetime:
    """Return when the clock of a severity began: when its oldest finding was seen first."""
    results = (result for result in run.having(Verdict.VIOLATED) if result.severity is severity)
    return min((result.since for result in results if result.since), default=run.started_at)


def call(severity: Severity, run: Run) -> str:
    """Say in full who is to be called, and all that has to happen by when, for one severity; "" if nothing is known."""
    if run.gate:
        return "It blocks the merge."
    escalation = run.escalation[severity]
    by_when = escalation.by_when(_begun(severity, run), run.started_at)
    said = [capital(escalation.whom), f"By when: {by_when}" if by_when else ""]
    return " ".join(f"{each}." for each in said if each)


def clocks(run: Run) -> dict[Severity, str]:
    """Say once for each severity who has to do what by when, counted from when its oldest finding was seen first.

    Where nobody is named and no time limit is set for a severity, it is left out.
    """
    found: dict[Severity, str] = {}
    for severity in Severity:
        if not any(result.severity is severity for result in run.having(Verdict.VIOLATED)):
            continue
        if run.gate:
            found[severity] = "It blocks the merge."
            continue
        if brief := run.escalation[severity].brief(_begun(severity, run), run.started_at):
            found[severity] = f"{capital(brief)}."
    return found


def identity(run: Run) -> list[tuple[str, str]]:
    """Return what was audited by what, in pairs of a name and a value; what is not known is left out."""
    target, known = run.target, run.identity
    pairs = [
        ("Database", target.database),
        ("Where", known.place),
        ("Server", f"PostgreSQL {target.server_version}, {target.kind}"),
        ("Role", target.role),
        ("Begun", f"{run.started_at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"),
        ("Duration", f"{run.duration_s:.1f} s"),
        ("Exit status", str(run.exit_status)),
        ("Score", f"{score(run)}" + ("" if run.selective else f": {SCORE_FORMULA}")),
        ("Tool", f"{known.tool}" if known.tool else ""),
        ("Commit", known.commit),
        *((f"{capital(name)} (SHA-256)", digest) for name, digest in known.digests.items()),
    ]
    return [(name, value) for name, value in pairs if value]


def violated(run: Run) -> tuple[Result, ...]:
    """Return what is violated, the worst first; of a gate what would be lost first, and who must wait last."""
    found = run.having(Verdict.VIOLATED)
    if not run.gate:
        return found
    return tuple(sorted(found, key=lambda each: (each.severity, _GATE.get(each.id, len(_GATE)), each.id)))


# What would be lost, who could newly reach what, what newly fails, who must wait.
_GATE = {name: place for place, name in enumerate(("MIG-03", "MIG-06", "MIG-05", "MIG-01", "MIG-04", "MIG-02"))}


def clock(result: Result, run: Run) -> str:
    """Say by when what has to be done about a violated policy, counted from when its oldest finding was seen first.

    Without a history that is the present run.
    """
    begun = result.since or run.started_at
    by_when = run.escalation[result.severity].by_when(begun, run.started_at)
    if begun >= run.started_at:
        return f"new: {by_when}" if by_when else "new"
    there = f"there since {moment(begun)}, for {duration(run.started_at - begun)}"
    return f"{there}: {by_when}" if by_when else there


def moment(when: dt.datetime) -> str:
    """Say a point in time, to the minute: ``2026-11-23 09:15 UTC``."""
    return f"{when.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def duration(span: dt.timedelta) -> str:
    """Say a span of time in its largest unit, rounded down: ``3 days``."""
    minutes = max(int(span.total_seconds()), 0) // 60
    if minutes < 60:
        return counted(minutes, "minute") if minutes else "less than a minute"
    return counted(minutes // 60, "hour") if minutes < 48 * 60 else counted(minutes // 1440, "day")


def capital(sentence: str) -> str:
    """Return a sentence with its first letter as a capital; ``str.capitalize`` would make all others small."""
    return sentence[:1].upper() + sentence[1:]


def ordinal(number: int) -> str:
    """Say ``2nd``, ``11th``, ``23rd``."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def title(result: Result) -> str:
    """Return the policy's sentence, to be followed by something else."""
    return safe(result.title).rstrip(".")


def tally(run: Run) -> str:
    """Say the five counts, and what they add up to."""
    parts = ", ".join(f"{number:,} {WORDS[verdict]}" for verdict, number in run.counts().items())
    return f"{parts}: {selection(run) if run.selective else counted(len(run.results), 'policy', 'policies')}"


def facts(run: Run) -> str:
    """Say what was audited."""
    target = run.target
    return safe(f"{target.kind} PostgreSQL {target.server_version}, database {target.database}, as {target.role}")


def score(run: Run) -> str:
    """Say the score, such as ``87 of 100``; ``none`` when no policy applied, or only some were selected."""
    return "none" if run.score is None else f"{run.score} of 100"


def cut(text: str, width: int = 200) -> str:
    """Return a text in one line, free of control and direction characters, and no longer than a reader wants it."""
    text = safe(text)
    return text if len(text) <= width else f"{text[:width]}... ({len(text):,} characters)"


def printed(line: str) -> str:
    """Return a line for a log in which no CI system reads a command: names of a database may say anything."""
    return COMMANDS.sub(lambda found: f"{found[0]} ", line)


def lines(text: str) -> str:
    """Neutralise control and direction characters in ``text``, and keep its lines."""
    return "\n".join(safe(line) for line in text.replace("\t", "    ").split("\n"))
