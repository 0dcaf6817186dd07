"""junit.xml: one test case per policy, for the test pages of CI systems. Rendered from the run, like everything else.

Objects and counts are in it, details of rows are not: CI systems show this file to many people.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from audit.evidence import safe
from audit.results import Verdict
from reports import wording
from reports.model import Result, Run

MAX_OBJECTS = 20

# https://www.w3.org/TR/xml/#charsets: what cannot be in an XML document at all, not even escaped.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(run: Run) -> str:
    """Return the run as JUnit XML: VIOLATED is a failure, UNCHECKED an error, WAIVED and NOT APPLICABLE are skipped."""
    counts = run.counts()
    suite = ElementTree.Element(
        "testsuite",
        name=wording.TITLE + (f", {wording.selection(run)}" if run.selective else ""),
        timestamp=run.started_at.isoformat(timespec="seconds"),
        time=f"{run.duration_s:.3f}",
        tests=str(len(run.results)),
        failures=str(counts[Verdict.VIOLATED]),
        errors=str(counts[Verdict.UNCHECKED]),
        skipped=str(counts[Verdict.WAIVED] + counts[Verdict.NOT_APPLICABLE]),
    )
    for result in run.results:
        suite.append(_case(result, run))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _case(result: Result, run: Run) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        classname=_text(result.runbook),
        name=_text(f"{result.id} {result.title}"),
        time=f"{result.duration_ms / 1000:.3f}",
    )
    match result.verdict:
        case Verdict.VIOLATED:
            told = _text(_violation(result, run))
            failure = ElementTree.SubElement(case, "failure", type=result.severity, message=told)
            failure.text = _text(_objects(result))
        case Verdict.UNCHECKED:
            error = ElementTree.SubElement(case, "error", type=result.severity, message=_text(result.reason))
            error.text = _text(result.remedy or wording.NO_REMEDY)
        case Verdict.WAIVED | Verdict.NOT_APPLICABLE:
            words = wording.WORDS[result.verdict]
            ElementTree.SubElement(case, "skipped", message=_text(": ".join(filter(None, [words, result.reason]))))
        case Verdict.HOLDS:
            pass
    # Not as properties: the usual schema has none in a test case.
    facts: dict[str, str] = {"severity": result.severity, "verdict": result.verdict, "findings": wording.extent(result)}
    if result.since is not None:
        facts["since"] = wording.moment(result.since)
    told = "\n".join(f"{name}: {value}" for name, value in facts.items())
    ElementTree.SubElement(case, "system-out").text = _text(told)
    return case


def _violation(result: Result, run: Run) -> str:
    called = "blocks the merge" if run.gate else run.escalation[result.severity].rule
    return "; ".join(filter(None, [wording.extent(result), called]))


def _objects(result: Result) -> str:
    shown = [wording.placed(finding) for finding in result.findings[:MAX_OBJECTS]]
    more = len(result.findings) - len(shown)
    return "\n".join([*map(safe, shown), *([f"and {more:,} more in audit.json"] if more else [])])


def _text(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", wording.lines(text))
