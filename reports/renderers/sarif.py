"""audit.sarif: the run in SARIF 2.1.0, for programs that show findings of many tools.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. As in JUnit, objects are told and details of rows are
not: many people look at such files.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Set
from typing import Any
from urllib.parse import quote

from audit import house
from audit.policy import PACKS, Severity
from audit.results import Verdict
from reports import conduct, wording
from reports.model import Change, Finding, Result, Run
from reports.renderers import markdown

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

# By severity: the level, and the number by which GitHub ranks what concerns security (9 critical, 7 high, 4 medium).
LEVELS = {Severity.P0: "error", Severity.P1: "error", Severity.P2: "warning", Severity.P3: "note"}
SECURITY_SEVERITY = {Severity.P0: "9.5", Severity.P1: "8.0", Severity.P2: "5.5", Severity.P3: "2.5"}


def render(run: Run) -> str:
    """Return the run as SARIF, in ASCII."""
    return json.dumps(document(run), indent=2, allow_nan=False) + "\n"


def document(run: Run) -> dict[str, Any]:
    """Return the run as plain JSON types.

    Every policy is a rule, with its verdict among the rule's properties, and findings are its results. Programs that
    show results refuse a file of which one has no location: an audit's have the object, and a gate's must have a file.
    What has none, and what was not checked, is told in the notifications.
    """
    new = _new(run)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": wording.TITLE,
                        "version": run.identity.tool or house.version(),
                        "rules": [_rule(each, run) for each in run.results],
                    }
                },
                "automationDetails": {"id": "database-audit/"},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(run)],
                "results": [
                    one
                    for index, result in enumerate(run.results)
                    for one in _results(index, result, new, gate=run.gate is not None)
                ],
                "properties": {
                    "verdict": wording.verdict_line(run),
                    "score": run.score,
                    "counts": {verdict.value: number for verdict, number in run.counts().items()},
                    "target": wording.facts(run),
                },
            }
        ],
    }


def _rule(result: Result, run: Run) -> dict[str, Any]:
    rule = run.escalation[result.severity].rule
    call = "It blocks the merge." if run.gate else f"{wording.capital(rule)}." if rule else ""
    text = "\n\n".join(filter(None, [result.explanation, call]))
    help_ = {"text": text, "markdown": text}
    if result.fix:
        help_["text"] += f"\n\nWhat mends it:\n\n{result.fix}"
        help_["markdown"] += f"\n\nWhat mends it:\n\n{markdown.block(result.fix)}"
    return {
        "id": result.id,
        "name": result.name,
        "shortDescription": {"text": result.title},
        "fullDescription": {"text": f"{result.title}. {result.explanation}"},
        "help": help_,
        **({"helpUri": house.page_of(result.id)} if result.pack in PACKS else {}),
        "defaultConfiguration": {"level": LEVELS[result.severity]},
        "properties": {
            "tags": ["security", "database", result.severity.value],
            "precision": "high",
            "security-severity": SECURITY_SEVERITY[result.severity],
            "runbook": result.runbook,
            "verdict": result.verdict.value,
        },
    }


def _invocation(run: Run) -> dict[str, Any]:
    failed = [*run.problems, *(f"migration {m.file} failed: {m.error}" for m in wording.failed(run))]
    return {
        "executionSuccessful": run.finished,
        "exitCode": run.exit_status,
        "exitCodeDescription": wording.verdict_line(run),
        "startTimeUtc": _utc(run.started_at),
        "endTimeUtc": _utc(run.started_at + dt.timedelta(seconds=run.duration_s)),
        "toolExecutionNotifications": [
            *({"level": "error", "message": _message(wording.lines(text))} for text in failed),
            *({"level": "warning", "message": _message(wording.lines(text))} for text in [conduct.excess(run)] if text),
            *({"level": "note", "message": _message(wording.lines(text))} for text in run.notes),
            *(
                told
                for index, result in enumerate(run.results)
                for told in _untold(index, result, gate=run.gate is not None)
            ),
        ],
    }


def _utc(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _results(index: int, result: Result, new: Set[tuple[str, str]] | None, *, gate: bool) -> list[dict[str, Any]]:
    rule = {"ruleId": result.id, "ruleIndex": index}
    found = [finding for finding in result.findings if _shown(finding, gate=gate) and not finding.told_by]
    return [rule | _result(result, finding) | _history(finding, new) for finding in found]


def _shown(finding: Finding, *, gate: bool) -> bool:
    return finding.location is not None or not gate


def _untold(index: int, result: Result, *, gate: bool) -> Iterator[dict[str, Any]]:
    """Yield the notifications of a policy: what is not among the results."""
    rule = {"id": result.id, "index": index}
    if result.verdict is Verdict.UNCHECKED:
        text = f"{result.title}: not checked, because {result.reason}"
        remedy = f"To enable it: {result.remedy or wording.NO_REMEDY}"
        message = _message(wording.lines(f"{text}\n{remedy}"))
        yield {"level": "warning", "message": message, "associatedRule": rule}
    for finding in result.findings:
        if not _shown(finding, gate=gate):
            message = _message(wording.lines(f"{result.title}: {finding.object}"))
            yield {"level": LEVELS[result.severity], "message": message, "associatedRule": rule}


def _result(result: Result, finding: Finding) -> dict[str, Any]:
    fix = wording.lines(finding.fix)
    text = wording.lines(f"{result.title}: {finding.object}")
    told = f"{wording.lines(result.title)}: {markdown.code(finding.object)}"
    found: dict[str, Any] = {
        "kind": "fail",
        "level": LEVELS[result.severity],
        "message": _message(
            f"{text}\nWhat mends it:\n{fix}" if fix else text,
            f"{told}\n\nWhat mends it:\n\n{markdown.block(finding.fix)}" if fix else told,
        ),
        "locations": [_location(finding)],
        "partialFingerprints": {"findingIdentity/v1": fingerprint(finding.policy, finding.object)},
    }
    if fix:
        found["properties"] = {"fix": fix}
    if finding.waived and finding.waiver:
        waiver = finding.waiver
        reason = f"{waiver.reason} ({waiver.owner}, until {waiver.until})"
        found["suppressions"] = [{"kind": "external", "status": "accepted", "justification": wording.lines(reason)}]
    return found


def _history(finding: Finding, new: Set[tuple[str, str]] | None) -> dict[str, Any]:
    """Return since when a finding is there, and whether it is new, as far as a history knows."""
    found: dict[str, Any] = {}
    if finding.since is not None:
        found["provenance"] = {"firstDetectionTimeUtc": _utc(finding.since)}
    if new is not None:
        found["baselineState"] = "new" if (finding.policy, finding.object) in new else "unchanged"
    return found


def _new(run: Run) -> Set[tuple[str, str]] | None:
    """Return the findings that were not there in the run before; None where nobody knows."""
    if run.changes is None or run.changes.previous is None:
        return None
    events = (*run.changes.having(Change.NEW), *run.changes.having(Change.BACK))
    return {(event.policy, event.object) for event in events}


def _location(finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": wording.lines(finding.object)}]}
    where = finding.location
    if where is None:
        found["physicalLocation"] = {"artifactLocation": {"uri": quote(place(finding), safe="/%")}}
    else:
        # A URI, relative to the root of the source; a line is known or not.
        found["physicalLocation"] = {
            "artifactLocation": {"uri": quote(where.file, errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}
        }
        if where.line:
            found["physicalLocation"]["region"] = {"startLine": where.line}
    return found


def _message(text: str, as_markdown: str = "") -> Mapping[str, str]:
    """Return a message in which nothing is a link to a location or a place for an argument (3.11.5 and 3.11.6)."""
    escaped = text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    message = {"text": escaped}
    if as_markdown:
        message["markdown"] = as_markdown
    return {key: value.replace("{", "{{").replace("}", "}}") for key, value in message.items()}


def fingerprint(policy: str, obj: str) -> str:
    """Return what tells programs that a finding is the same as in another run: its identity, and nothing else."""
    return hashlib.sha256(json.dumps([policy, obj]).encode()).hexdigest()


def place(finding: Finding) -> str:
    """Return a path for what is in the database and in no file, because programs show nothing without one."""
    return f"database/{quote(wording.cut(finding.object), safe=' .,:()')}"
