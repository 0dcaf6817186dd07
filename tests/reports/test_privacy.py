"""Privacy: with everything broken at once, no report tells what a member wrote or who a member is."""

from __future__ import annotations

import html as entities
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import markupsafe
import pytest

from audit.access.declaration import Access
from audit.access.parameters import parameters
from audit.access.results import Cell
from audit.connection import connect
from audit.policy import Severity
from audit.results import Verdict
from audit.settings import Settings
from fixtures.suite import Suite
from reports import folder, wording
from reports.causes import causes
from reports.escalation import RUNBOOK
from reports.model import Run, TargetFacts
from reports.renderers import (
    codequality,
    csv_file,
    github,
    html,
    json_file,
    junit,
    markdown,
    nagios,
    prometheus,
    sarif,
    terminal,
)
from tests.support import samples
from tests.support.auditing import Sabotaged, acts, told_in_confidence
from tests.support.proving import POLICIES, Bench, all_sabotages


class Words(HTMLParser):
    """Everything in a page that a person or a program can read: text, attributes and comments, decoded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words += [value for _, value in attrs if value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.words.append(data)


def strings(value: object) -> Iterator[str]:
    """Yield every text of a JSON document, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (key, *strings(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def decoded(name: str, text: str) -> str:
    """Return what a report says, free of the escapes of its format, and the text as it stands."""
    if name.endswith((".json", ".sarif")):
        words = [*strings(json.loads(text))]
    elif name.endswith(".xml"):
        elements = [*ElementTree.fromstring(text).iter()]
        words = [word for e in elements for word in (e.text, e.tail, *e.attrib.values()) if word]
    elif name.endswith(".html"):
        words = Words(text).words
    elif name.endswith((".md", ".prom")):
        words = [entities.unescape(text), text.replace('\\"', '"').replace("\\\\", "\\")]
    else:
        words = [re.sub(r"\x1b\[[0-9;]*m", "", text)]
    return "\n".join([text, *words])


def leaks(secrets: set[str], told: str) -> set[str]:
    """Return the secrets that a text tells, also with quotes doubled or escaped as in SQL."""
    plain = re.sub(r"\s+", " ", told.replace("''", "'"))
    # Thousands of searches take long: what a text tells begins with letters that follow each other there.
    length = min(map(len, secrets))
    begun = {text[place : place + length] for text in (plain, told) for place in range(len(text))}
    return {secret for secret in secrets if secret[:length] in begun and (secret in plain or secret in told)}


@pytest.fixture(scope="module")
def acted(sabotaged: Sabotaged, settings: Settings, access: Access, suite: Suite) -> Run:
    """The run of every policy, people acting, on the sabotaged database."""
    wished: dict[str, dict[str, Any]] = defaultdict(dict)
    for sabotage in all_sabotages():
        wished[sabotage.policy] |= {} if sabotage.innocent else sabotage.settings
    target = sabotaged.target
    with connect(target.server.dsn) as connection:
        connection.execute("set default_transaction_read_only = off")  # one sabotage lets everybody read only
        bench = Bench(target, parameters(connection, settings, access), connection, suite)
        results = tuple(bench.ask(policy, connection, wished[name]) for name, policy in POLICIES.items())
    facts = TargetFacts(target.kind, target.server_version, target.database, target.role)
    return Run(samples.NOON, 1.0, facts, results, escalation=RUNBOOK)


def rendered(run: Run) -> dict[str, str]:
    """Every report of a run, by name."""
    return {
        "audit.html": html.render(run),
        "audit.json": json_file.render(run),
        "junit.xml": junit.render(run),
        "audit.sarif": sarif.render(run),
        "audit.md": markdown.render(run),
        "audit.prom": prometheus.render(run),
        "nagios.txt": nagios.render(run),
        "findings.csv": csv_file.render(run),
        "annotations.txt": github.render(run),
        "gl-code-quality-report.json": codequality.render(run),
        "terminal": "\n".join(line for line, _ in terminal.summary(run)),
    }


def test_there_is_something_to_keep(sabotaged, acted):
    """What follows would be empty without secrets and without findings."""
    assert len(sabotaged.secrets) > 1_000
    kinds = (r"@example\.org", r"^\+\d{8}", r"made up", r"\d{5}$", r"^[A-Z]\w+ ([A-Z] )?[A-Z]\w+$")
    assert [kind for kind in kinds if not any(re.search(kind, secret) for secret in sabotaged.secrets)] == []
    violated = {result.id for result in acted.having(Verdict.VIOLATED)}
    assert {name for name in violated if acts(POLICIES[name])}
    assert len(violated & sabotaged.suffered) > len(sabotaged.suffered) / 2


@pytest.mark.parametrize("secret", ["Zoë O'Brien", 'Robert "Bobby" <b>Tables</b> & Söhne', "alice.b.carol@example.org"])
def test_the_search_finds_what_leaks(secret):
    """Whatever a format makes of a secret, the search sees it: as an object, a detail, a fix or a reason."""
    places = {"object": secret, "details": {"name": secret}, "fix": "select '{}'".format(secret.replace("'", "''"))}
    for key, value in places.items():
        finding = samples.finding("MSG-01", **{"obj": "x", key if key != "object" else "obj": value})
        run = samples.quiet(results=(samples.result("MSG-01", Verdict.VIOLATED, findings=(finding,)),))
        told = {name for name, text in rendered(run).items() if leaks({secret}, decoded(name, text))}
        assert told >= {"audit.html", "audit.json"} | ({"audit.sarif", "audit.md"} if key != "details" else set()), key
    facts = TargetFacts("live", "18", secret, secret)
    told = rendered(Run(samples.NOON, 1.0, facts, ()))
    assert {name for name, text in told.items() if leaks({secret}, decoded(name, text))} >= {"audit.prom", "audit.md"}


@pytest.mark.parametrize("name", folder.OUTPUTS.values())
def test_no_file_of_a_live_audit_tells_of_members(sabotaged, name):
    assert sabotaged.outcome.having("VIOLATED")
    text = Path(sabotaged.outcome.folder, name).read_text(encoding="utf-8")
    assert leaks(sabotaged.secrets, decoded(name, text)) == set()


def test_the_terminal_of_a_live_audit_tells_nothing_of_members(sabotaged):
    assert "Not compliant" in sabotaged.outcome.said
    assert leaks(sabotaged.secrets, decoded("terminal", sabotaged.outcome.said)) == set()


@pytest.mark.parametrize("name", [*folder.OUTPUTS.values(), "terminal"])
def test_no_report_of_what_people_did_tells_of_members(sabotaged, acted, name):
    assert leaks(sabotaged.secrets, decoded(name, rendered(acted)[name])) == set()


def test_what_only_shows_alone_tells_nothing_either(bench, sabotaged, acted):
    """Sabotages get into each other's way: a policy that was not violated with all of them is broken by one alone."""
    violated = {result.id for result in acted.having(Verdict.VIOLATED)}
    sabotages = {each.policy: each for each in all_sabotages() if not each.innocent}
    found, cells = [], set()
    # One with a leak in the matrix is among them, whatever was violated.
    for sabotage in [each for name, each in sabotages.items() if name not in violated or name == "RLS-07"]:
        with bench.proof(sabotage) as scene:
            scene.execute(sabotage.sql)
            found.append(scene.ask(sabotage.policy))
            secrets = sabotaged.secrets | told_in_confidence(scene.connection)
            matrix = next(iter(bench.judgements), None)
        cells |= {cell.verdict for cell in matrix.cells} if matrix else set()
        for name, text in rendered(samples.quiet(results=(found[-1],), matrix=matrix)).items():
            assert leaks(secrets, decoded(name, text)) == set(), sabotage.path.name
    assert {result.verdict for result in found} <= {Verdict.VIOLATED}
    assert Cell.LEAK in cells
    assert violated | {result.id for result in found} == {*sabotages}


# The same run, because nothing is worse: what is told first


def test_of_everything_at_once_the_gravest_is_told_first(acted):
    found = causes(acted)
    assert found[0].severity is Severity.P0
    # Who can read and change everything, before who can read something.
    assert found[0].parts[0].result.id in ("RLS-12", "CONF-04", "RLS-09", "AUTH-07"), found[0].title
    assert [cause.severity for cause in found] == sorted(cause.severity for cause in found)
    page = html.render(acted)
    assert re.search(r'<h1 id="verdict">([^<]+)</h1>', page)[1].startswith(str(markupsafe.escape(found[0].title)))
    first_screen = page[: page.index('id="filter"')]
    assert all(str(markupsafe.escape(cause.title)) in first_screen for cause in found[: html.FIRST])
    assert "on-call database administrator" in first_screen
    lines = [line for line, _ in terminal.screen(acted)]
    assert len(lines) <= terminal.LINES
    assert any(line.startswith(f"P0 {found[0].parts[0].result.id} ") for line in lines)
    # What is one thing to mend is one cause: far fewer than findings, and each finding is in exactly one.
    told = [(each.policy, each.object) for cause in found for each in cause.findings]
    wanted = [(each.policy, each.object) for r in acted.having(Verdict.VIOLATED) for each in wording.unwaived(r)]
    assert sorted(told) == sorted(wanted) and len(found) < len(told) / 3
