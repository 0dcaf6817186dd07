"""One run with every verdict in it, and all that is written of it: the numbers are the same everywhere."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

from audit.results import Verdict
from reports import folder, wording
from reports.causes import causes, headline
from reports.pipeline import RENDERERS
from reports.renderers import html, terminal
from tests.reports.test_outputs import metrics
from tests.reports.test_reports import Page
from tests.support import samples


def run():
    """Every verdict, findings that count and some that are waived, and more of them than lists show."""
    accepted = samples.finding("MSG-01", "accepted", waiver=samples.waiver("MSG-01", "accepted"))
    told = samples.hostile("things")
    results = tuple(
        replace(
            one, wrong=f"{one.id} is wrong", findings=(*one.findings, accepted) if one.id == "MSG-01" else one.findings
        )
        for one in told.results
    )
    return replace(told, results=results, gate=None, runbook=None)


def test_all_reports_tell_the_same_numbers():
    told = run()
    written = {word: render(told) for word, render in RENDERERS.items()} | {"html": html.render(told)}
    assert written.keys() == folder.OUTPUTS.keys()
    counts = {verdict.value: number for verdict, number in told.counts().items()}
    assert set(counts.values()) == {1, 2} and sum(counts.values()) == 6
    findings = {result.id: len(wording.unwaived(result)) for result in told.having(Verdict.VIOLATED)}
    assert findings == {"MSG-01": 120, "MSG-05": 1}

    document = json.loads(written["json"])
    assert document["counts"] == counts == dict(Counter(each["verdict"] for each in document["policies"]))
    assert {
        each["id"]: sum(not (f["waiver"] and not f["waiver"]["expired"]) for f in each["findings"])
        for each in document["policies"]
        if each["verdict"] == "VIOLATED"
    } == findings

    page = Page(written["html"]).text
    lines = [line for line, _ in terminal.summary(told)]
    tables = re.search(r"\n\| (.+) \|\n\|[- |]+\|\n\| (.+) \|\n", written["markdown"])
    columns = dict(zip(tables[1].split(" | "), tables[2].split(" | "), strict=True))
    for verdict, word in wording.WORDS.items():
        assert f"{counts[verdict]} {word}" in page
        assert any(f"{counts[verdict]} {word}" in line for line in lines)
        assert columns[word] == str(counts[verdict])
    entries = re.findall(r'class="policy item" id="([^"]+)" data-verdict="([^"]+)"', written["html"])
    assert dict(Counter(verdict for _, verdict in entries)) == counts
    assert f"What is wrong: {len(causes(told))} cause" in page
    assert re.search(r"121 findings of|120 findings of", page)

    suite = ElementTree.fromstring(written["junit"]).find("testsuite")
    assert int(suite.get("tests")) == 6
    assert int(suite.get("failures")) == counts["VIOLATED"] and int(suite.get("errors")) == counts["UNCHECKED"]
    assert int(suite.get("skipped")) == counts["WAIVED"] + counts["NOT_APPLICABLE"]

    (sarif,) = json.loads(written["sarif"])["runs"]
    assert sarif["properties"]["counts"] == counts
    open_ones = Counter(one["ruleId"] for one in sarif["results"] if "suppressions" not in one)
    assert dict(open_ones) == findings
    assert all(one["locations"][0]["physicalLocation"] for one in sarif["results"])
    assert all(rule["helpUri"].startswith("https://") for rule in sarif["tool"]["driver"]["rules"])
    assert sarif["tool"]["driver"]["version"]

    rows = [*csv.DictReader(io.StringIO(written["csv"], newline=""))]
    verdicts = {row["policy"]: row["verdict"] for row in rows}
    assert dict(Counter(verdicts.values())) == counts
    violated = (row["policy"] for row in rows if row["verdict"] == "VIOLATED" and row["state"] != "waived")
    assert dict(Counter(violated)) == findings

    quality = json.loads(written["codequality"])
    assert dict(Counter(each["check_name"] for each in quality)) == findings
    assert len({each["fingerprint"] for each in quality}) == len(quality)

    commands = written["annotations"].splitlines()
    assert len(commands) == counts["VIOLATED"] + counts["UNCHECKED"] + 1
    assert commands[-1] == f"::error::{wording.verdict_line(told)}"

    measured = metrics(told)
    for verdict, number in counts.items():
        assert measured["audit_policies", ("verdict", verdict.lower())] == number
    for text in (page, "\n".join(lines)):
        assert document["verdict"] in text or document["verdict"] in written["markdown"]
        assert f"{document['score']}" in text
    assert document["headline"] == headline(told) and headline(told) in page


def test_cells_are_no_formulas_and_commands_end_where_they_should():
    for text in ("=1+1", "@x", "-2", "+3", "  =1+1", "\uff1d1"):
        found = samples.quiet(
            results=(samples.result("MSG-01", Verdict.VIOLATED, findings=(samples.finding("MSG-01", text),)),)
        )
        (row,) = csv.DictReader(io.StringIO(RENDERERS["csv"](found), newline=""))
        assert row["object"] == f"'{text}"
    names = "x " * 60 + "::error::a ::stop-commands::b ##[add-mask]c ##vso[task.setvariable variable=d]e"
    printed = [line for line, _ in terminal.summary(samples.hostile(names), 10_000)]
    assert any("::error::" in line for line in printed)
    assert not [line for line in printed if re.match(r"\s*::", line) or re.search(r"##\w*\[", line)]
    assert wording.printed("  ::error::a") == "  : :error::a" and wording.printed("a::text # ## [") == "a::text # ## ["
    hostile = RENDERERS["annotations"](samples.hostile("a\r\n::error::b%0A::warning,title=c"))
    assert all(line.startswith(("::error", "::warning", "::notice")) for line in hostile.splitlines())
    assert hostile.count("\n") == 4 and "%0A" not in hostile.replace("%250A", "")
