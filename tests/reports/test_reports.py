"""Reports: the numbers agree everywhere, hostile names stay text, and what pytest prints is ours."""

import contextlib
import itertools
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from audit.evidence import UNSAFE, Location
from audit.policy import Severity
from audit.results import Sizes, Verdict
from reports import folder, model, wording
from reports.escalation import RUNBOOK
from reports.renderers import html, json_file, junit, terminal
from tests.support import samples
from tests.support.auditing import unwrapped
from tests.support.waiting import LIMIT_S

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "reports" / "schema.json").read_text(encoding="utf-8"))

each_hostile_text = pytest.mark.parametrize("text", samples.HOSTILE, ids=lambda text: ascii(text[:20]))


def check(document):
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(document)


class Page(HTMLParser):
    """The elements, attributes and text that a browser would see."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words = set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def words(run):
    return unwrapped("\n".join(line for line, _ in terminal.summary(run)))


# The JSON


def test_the_schema_is_valid_and_closed():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def objects(node):
        if isinstance(node, dict):
            if "properties" in node:
                yield node
            for value in node.values():
                yield from objects(value)
        elif isinstance(node, list):
            for value in node:
                yield from objects(value)

    for node in objects(SCHEMA):
        assert node["additionalProperties"] is False and node["required"] == list(node["properties"])


@each_hostile_text
def test_json_keeps_names_exactly_and_fits_its_schema(text):
    rendered = json_file.render(samples.hostile(text))
    document = json.loads(rendered)
    check(document)
    assert rendered.isascii()
    assert document["policies"][0]["findings"][119]["object"] == f"119 {text}"
    assert document["migrations"][1]["error"] == text


def test_json_has_no_place_for_infinity():
    endless = samples.finding("MSG-01", "x", details={"a": float("inf"), "b": float("nan"), "c": 1.5, "d": None})
    run = samples.quiet(results=(samples.result("MSG-01", Verdict.VIOLATED, findings=(endless,)),))
    document = json.loads(json_file.render(run))
    check(document)
    assert document["policies"][0]["findings"][0]["details"] == {"a": "inf", "b": "nan", "c": 1.5, "d": None}


def test_an_empty_run_fits_the_schema():
    document = json_file.document(samples.quiet())
    check(document)
    assert document["score"] is None and document["policies"] == []


def test_times_are_utc_and_counts_add_up():
    document = json_file.document(samples.hostile("x"))
    assert document["started_at"] == "2026-11-23T12:00:00+00:00"
    assert sum(document["counts"].values()) == len(document["policies"]) == 6


# Numbers agree


def test_all_reports_tell_the_same_numbers():
    run = samples.hostile("things")
    document = json_file.document(run)
    suite = ElementTree.fromstring(junit.render(run)).find("testsuite")
    page, text = Page(html.render(run)).text, words(run)
    counts = document["counts"]
    assert int(suite.get("tests")) == len(document["policies"]) == len(suite.findall("testcase"))
    assert int(suite.get("failures")) == counts["VIOLATED"] == len(suite.findall("testcase/failure"))
    assert int(suite.get("errors")) == counts["UNCHECKED"] == len(suite.findall("testcase/error"))
    assert int(suite.get("skipped")) == counts["WAIVED"] + counts["NOT_APPLICABLE"]
    for verdict, word in wording.WORDS.items():
        assert f"{counts[verdict]} {word}" in page
        assert f"{counts[verdict]} {word}" in text
    for told in (page, text, suite.find("testcase/failure").get("message")):
        assert "120 of 1,204 things" in told
    assert document["verdict"] in page
    assert f"{document['score']} of 100" in page and f"score {document['score']} of 100" in text


def test_waived_findings_are_not_counted_but_said():
    findings = (samples.finding("MSG-01", "a"), samples.finding("MSG-01", "b", waiver=samples.waiver("MSG-01", "b")))
    told = wording.extent(samples.result("MSG-01", Verdict.VIOLATED, findings=findings))
    assert told == "1 of 1,204 rows in auth.users, and 1 waived"


@pytest.mark.parametrize("verdict", [Verdict.UNCHECKED, Verdict.NOT_APPLICABLE])
def test_what_was_not_looked_at_has_no_number_of_findings(verdict):
    assert not re.search(r"\d", wording.extent(samples.result("MSG-01", verdict)))


# The score


def runs():
    for verdicts in itertools.product(Verdict, repeat=3):
        for severities in (("P0", "P1", "P3"), ("P3", "P3", "P2")):
            results = tuple(
                samples.result(f"X-{n}", v, s) for n, (v, s) in enumerate(zip(verdicts, severities, strict=True))
            )
            yield samples.quiet(results=results)


def test_an_unchecked_or_violated_policy_never_raises_the_score():
    for run, verdict in itertools.product(runs(), (Verdict.UNCHECKED, Verdict.VIOLATED)):
        for number, one in enumerate(run.results):
            if run.score is not None and one.verdict is Verdict.HOLDS:
                worse = replace(
                    run, results=(*run.results[:number], replace(one, verdict=verdict), *run.results[number + 1 :])
                )
                assert worse.score < run.score
        more = replace(run, results=(*run.results, samples.result("X-9", verdict)))
        assert run.score is None or more.score <= run.score


def test_the_score_is_100_only_when_everything_that_applies_holds():
    for run in runs():
        told = {one.verdict for one in run.results} - {Verdict.NOT_APPLICABLE}
        assert (run.score == 100) is (told == {Verdict.HOLDS})


def test_the_formula_that_is_printed_is_the_one_that_is_used():
    numbers = re.findall(r"\d+", model.SCORE_FORMULA)
    weights = [f"{severity}"[1:] for severity in Severity]
    expected = ["100", *itertools.chain(*zip(weights, (str(w) for w in model.WEIGHT.values()), strict=True))]
    assert numbers[: len(expected)] == expected
    assert numbers[len(expected) : len(expected) + 4] == [str(ceiling) for ceiling in model.CEILING.values()]


# Plain words


@pytest.mark.parametrize(
    ("verdicts", "changes", "says"),
    [
        ("HV", {}, "Not compliant: 1 policy is violated (1 P1)."),
        ("VVU", {}, "Not compliant: 2 policies are violated (2 P1). 1 policy could not be checked."),
        ("HU", {}, "Nothing is known to be violated, but this is no all-clear: 1 policy could not be checked."),
        ("HN", {}, "Compliant: every policy that applies was checked, and none is violated."),
        (
            "HW",
            {},
            "Compliant: every policy that applies was checked, and none is violated. Findings of 1 policy is waived.",
        ),
        ("NN", {}, "Nothing was judged: no policy applies to this database."),
        ("", {}, "Nothing was judged: no policy applies to this database."),
        ("H", {"ended_by": 2}, "The run ended early."),
        (
            "H",
            {"strict_waivers": True, "unused_waivers": (samples.waiver("MSG-01", "x"),)},
            "1 waiver matches nothing.",
        ),
        ("H", {"unused_waivers": (samples.waiver("MSG-01", "x"),)}, "Compliant: "),
    ],
)
def test_the_verdict_line(verdicts, changes, says):
    letters = {v.value[0]: v for v in Verdict}
    line = wording.verdict_line(samples.quiet(*(letters[letter] for letter in verdicts), **changes))
    assert line.startswith(says)
    assert line.startswith("Compliant") is (
        samples.quiet(*(letters[v] for v in verdicts), **changes).exit_status == 0 and "H" in verdicts
    )


def test_each_severity_says_whom_to_call_and_by_when():
    assert RUNBOOK.keys() == set(Severity)
    assert "begin diagnosis by 12:15 UTC" in RUNBOOK[Severity.P0].by_when(samples.NOON)
    assert "have it fixed by 2026-11-24 12:00 UTC" in RUNBOOK[Severity.P2].by_when(samples.NOON)
    assert "begin diagnosis within 15 minutes" in RUNBOOK[Severity.P1].limits
    assert "within 1 hour," in RUNBOOK[Severity.P2].limits
    assert RUNBOOK[Severity.P3].by_when(samples.NOON) == "mend it in the next maintenance window"


# Hostile names


@each_hostile_text
def test_hostile_names_stay_text_in_the_html(text):
    made, calm = Page(html.render(samples.hostile(text))), Page(html.render(samples.hostile("calm")))
    assert (made.tags, made.attributes) == (calm.tags, calm.attributes)
    assert not UNSAFE.search(made.text)
    assert "7 * 7" in made.text if text == samples.TEMPLATE else True
    assert " ".join(wording.lines(text).split())[:80] in made.text


@each_hostile_text
def test_the_terminal_gets_no_control_characters(text):
    printed = words(samples.hostile(text))
    assert not any(UNSAFE.search(line) for line in printed.split("\n"))
    assert max(map(len, printed.split("\n"))) < 1_000


@each_hostile_text
def test_junit_is_well_formed_with_any_name(text):
    suite = ElementTree.fromstring(junit.render(samples.hostile(text))).find("testsuite")
    assert {element.tag for element in suite.iter()} == {
        "testsuite", "testcase", "failure", "error", "skipped", "system-out",
    }  # fmt: skip
    assert suite.find("testcase/system-out").text.startswith("severity: P0\nverdict: VIOLATED\nfindings: 120 of")


def test_junit_tells_no_details_of_rows():
    secret = samples.finding("MSG-01", "x", details={"e-mail": "alice@example.org"})
    run = samples.quiet(results=(samples.result("MSG-01", Verdict.VIOLATED, findings=(secret,)),))
    assert "alice" not in junit.render(run)


def test_long_lists_are_cut_in_pages_and_whole_in_json():
    run = samples.hostile("x")
    page = html.render(run)
    assert all(f"<code>{number} x</code>" in page for number in range(120))
    assert page.count('class="finding"') == html.FULL + 1
    assert "and 118 more" in words(run)
    assert "and 100 more in audit.json" in junit.render(run)
    assert len(json_file.document(run)["policies"][0]["findings"]) == 120


def test_details_are_told_in_words_and_not_in_those_of_a_program():
    told = samples.finding("MSG-04", "m", details={"read": None, "private": True, "listed": False, "rows": 0})
    page = html.render(samples.quiet(results=(samples.result("MSG-04", Verdict.VIOLATED, findings=(told,)),)))
    assert "read: none, private: yes, listed: no, rows: 0" in page


def test_a_fix_can_be_copied_from_the_page():
    run = samples.quiet(
        results=(samples.result("MSG-01", Verdict.VIOLATED, findings=(samples.finding("MSG-01", "a < 'b'"),)),)
    )
    assert '<div class="copied"><pre title="the fix">-- mend\nselect &#39;a &lt; &#39;b&#39;&#39;</pre>' in html.render(
        run
    )


def test_the_first_causes_are_open_unless_they_are_long():
    def opened(causes, findings):
        found = tuple(
            samples.result(
                f"MAINT-{n:02}",
                Verdict.VIOLATED,
                findings=tuple(samples.finding(f"MAINT-{n:02}", f"x{m}") for m in range(findings)),
            )
            for n in range(causes)
        )
        return html.render(samples.quiet(results=found)).count("    <details open>\n      <summary><h3>")

    assert (opened(2, 2), opened(11, 2), opened(11, 40)) == (2, html.OPEN, 0)


def test_the_terminal_passes_over_empty_lines_of_a_fix():
    found = samples.finding("MSG-01", "x", fix="\nfirst;\n\n  \nsecond;\nthird;\n")
    printed = words(samples.quiet(results=(samples.result("MSG-01", Verdict.VIOLATED, findings=(found,)),)))
    assert "fix: first;" in printed and "second" not in printed


def test_the_terminal_shows_one_screen_whatever_was_found():
    def results(verdict, number):
        for n in range(number):
            id_ = f"MAINT-{n:02}"
            yield samples.result(
                id_, verdict, f"P{n % 4}", reason=f"{n} " * 99, findings=(samples.finding(id_, f"x{n} " * 99),)
            )

    many = (*results(Verdict.VIOLATED, 50), *results(Verdict.UNCHECKED, 50), *results(Verdict.WAIVED, 9))
    run = replace(samples.hostile("long " * 99), results=many, notes=("a note " * 99,) * 9, problems=("a " * 300,) * 9)
    lines = [line for line, _ in terminal.screen(run, [Path("reports/out/audit.html")])]
    assert len(lines) + len(terminal.wrapped(wording.verdict_line(run))) <= terminal.LINES
    calm = replace(run, notes=(), problems=(), unused_waivers=(), migrations=(), gate=None, login=None)
    lines = [line for line, _ in terminal.screen(calm, [Path("reports/out/audit.html")])]
    assert len(lines) + len(terminal.wrapped(wording.verdict_line(calm))) <= terminal.LINES
    assert max(map(len, lines)) <= terminal.WIDTH


def test_every_report_says_where_a_finding_is_written():
    found = samples.finding("MIG-03", "public.t", location=Location("2_drop_t.sql", 7))
    run = samples.quiet(results=(samples.result("MIG-03", Verdict.VIOLATED, findings=(found,)),))
    for told in (Page(html.render(run)).text, words(run), junit.render(run)):
        assert "public.t" in told and "2_drop_t.sql:7" in told
    document = json_file.document(run)
    check(document)
    assert document["policies"][0]["findings"][0]["location"] == {"file": "2_drop_t.sql", "line": 7}


@pytest.mark.parametrize("name", html.SECTIONS)
def test_every_section_of_the_page_tells_something_and_is_silent_without_it(name):
    template = html.environment().get_template(f"{name}.html.jinja")
    full = replace(samples.hostile("x"), sizes=Sizes(samples.NOON, {"the database": 10}))
    assert Page(template.render(html.told(full))).text
    silent = Page(template.render(html.told(samples.quiet(Verdict.HOLDS)))).text
    always = {
        "matrix": "There is no matrix",
        "causes": "0 causes",
        "policies": "Holds: 1 policy",
        "identity": "Database",
    }
    assert silent == "" if name not in always | {"controls": ""} else always.get(name, "") in silent


def test_the_page_fetches_nothing():
    page = html.render(samples.hostile("x"))
    assert not re.search(r"url\(|@import", page)
    assert not Page(page).attributes & {"src", "style", "onclick"}
    assert all(link[0] == "#" or link == "data:," for link in re.findall(r'href="([^"]*)', page))
    assert "default-src &#39;none&#39;" in page


# With pytest

PLUGIN = """
from types import SimpleNamespace

import pytest

pytest.register_assert_rewrite("fixtures", "reports")
pytest_plugins = [
    "fixtures.settings", "fixtures.access", "fixtures.target",
    "reports.folder", "reports.waivers", "reports.baseline", "reports.pipeline", "reports.history.history",
    "reports.alerts", "reports.renderers.html", "reports.renderers.screen",
]

def pytest_configure(config):
    global RUN, end, tell
    from reports import pipeline
    from fixtures.policy import tell as end
    from reports.verdicts import tell
    from tests.support import samples

    global Verdict
    from audit.results import Sizes, Verdict

    RUN = samples.hostile(samples.MARKUP)
    pipeline.run_of = lambda config, status: RUN if config.selected else None
    pipeline.STEPS = (pipeline.write_files,)
    config.addinivalue_line("markers", "policy(id)")

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    mark = item.get_closest_marker("policy")
    if mark and call.when == "call":
        result = next(r for r in RUN.results if r.id == mark.args[0])
        verdict = Verdict.VIOLATED if result.verdict is Verdict.WAIVED else result.verdict
        policy = SimpleNamespace(id=result.id)
        end(report, SimpleNamespace(policy=policy, verdict=verdict, reason=result.reason, offences=result.findings))
        tell(report, result)
    return report

def pytest_collection_finish(session):
    config = session.config
    config.selected = any(item.get_closest_marker("policy") for item in session.items) and not config.option.collectonly
"""

POLICIES = "\n".join(
    f"""
@mark.policy("{one.id}")
def {one.name}():
    print("printed by the policy")
    assert {one.verdict is Verdict.HOLDS}, "an assertion's own text"
"""
    for one in samples.hostile("x").results
)


class Project:
    """A folder with six policies, whose verdicts are made up, and two ordinary tests."""

    def __init__(self, path):
        self.path = path
        self.reports = path / "reports" / "out"
        (path / "policies").mkdir()
        (path / "tests").mkdir()
        (path / "conftest.py").write_text(PLUGIN)
        (path / "policies" / "test_sample.py").write_text(f"from pytest import mark\n{POLICIES}")
        (path / "tests" / "test_other.py").write_text("def test_a(): assert 1 == 2\ndef test_b(): pass\n")
        self.before = self.files()

    def files(self):
        found = (path for path in self.path.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {str(path.relative_to(self.path)) for path in found}

    def new(self):
        return self.files() - self.before

    def command(self, *arguments):
        options = ["-W", "error", "-p", "no:cacheprovider", "--rootdir", "."]
        return {
            "args": [sys.executable, "-m", "pytest", *options, *arguments],
            "cwd": self.path,
            "env": os.environ | {"PYTHONPATH": str(ROOT), "BUILD_URL": "https://ci.example/secret-token"},
        }

    def run(self, *arguments):
        self.done = subprocess.run(**self.command(*arguments), capture_output=True, text=True, timeout=LIMIT_S)
        assert "Traceback" not in self.done.stdout + self.done.stderr
        return self.done


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """A project whose policies have been run once, without any option."""
    project = Project(tmp_path_factory.mktemp("audited"))
    project.run("policies")
    return project


def test_an_audit_writes_its_reports_and_nothing_else(audited):
    assert audited.done.returncode == 1
    assert audited.new() == {"reports/out/audit.html", "reports/out/audit.json", "reports/out/junit.xml"}
    check(json.loads((audited.reports / "audit.json").read_text(encoding="utf-8")))
    ElementTree.fromstring((audited.reports / "junit.xml").read_text(encoding="utf-8"))


def test_the_terminal_speaks_of_policies_and_not_of_tests(audited):
    printed = audited.done.stdout
    for absent in ("FAILURES", "short test summary", "AssertionError", "an assertion's own text", "FAILED"):
        assert absent not in printed
    for noise in ("rootdir", "plugins:", "platform linux", "collected", "Generated html report", "VWU-VH", "===="):
        assert noise not in printed
    lines = printed.rstrip().splitlines()
    assert lines[0].startswith("packs: core, care-collective") and len(lines) <= 46 and "6 policies are asked" in lines
    begun = lines.index("6 policies are asked")
    assert len(lines) - begun - 1 <= terminal.LINES
    assert max(len(line) for line in lines[begun:] if not line.startswith("report:")) <= terminal.WIDTH
    told = unwrapped(printed)
    assert f"P0 MSG-01 What MSG-01 says is true: 120 of 1,204 {samples.MARKUP}" in told
    assert f"reason: {samples.MARKUP}" in told and f"to enable: {samples.MARKUP}" in told
    assert "audit.json" in printed
    last = told.rstrip().splitlines()[-1]
    assert last == f"{wording.verdict_line(samples.hostile('x'))} Exit status 1."


def test_on_a_terminal_one_line_tells_the_progress(project):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(**project.command("policies"), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    printed = b""
    with contextlib.suppress(OSError):  # Linux says EIO when the other end is closed
        while piece := os.read(ours, 65_536):
            printed += piece
    os.close(ours)
    assert process.wait(60) == 1
    plain = re.sub(rb"\x1b\[[0-9;]*m|\xe2\x94\x81|\xe2\x95[\xb8\xba]", b"", printed)  # colours, and the bar
    assert [plain.count(b"\r[%d/6]  MSG-%02d " % (number, number)) for number in range(1, 7)] == [1] * 6
    assert b"100%" not in printed and b"test_sample.py" not in printed


def test_the_page_is_whole_and_safe(audited):
    text = (audited.reports / "audit.html").read_text(encoding="utf-8")
    assert re.findall(r'<details class="policy item" id="([^"]+)" data-verdict="([^"]+)"', text) == [
        (one.id, one.verdict.value) for verdict in html.ORDER for one in samples.hostile("x").having(verdict)
    ]
    assert samples.MARKUP not in text and "data-jsonblob" not in text
    assert wording.TITLE in text and wording.verdict_line(samples.hostile("x")) in text
    for absent in ("secret-token", str(ROOT), str(audited.path), "printed by the policy", "an assertion"):
        assert absent not in text
    assert not re.search(r"<script src|@import|url\(", text)


def test_an_audit_does_without_pytest_html(project):
    assert project.run("policies", "-p", "no:html").returncode == 1
    assert project.new() == {"reports/out/audit.json", "reports/out/junit.xml"}
    assert "audit.html" not in project.done.stdout


def test_ordinary_tests_look_as_always(project):
    printed = project.run("tests").stdout
    assert "FAILURES" in printed and "1 failed, 1 passed" in printed and "database audit" not in printed
    assert project.new() == set()
    project.run("tests", "--html", "own.html", "--self-contained-html")
    assert "database audit" not in (project.path / "own.html").read_text(encoding="utf-8")


def test_listing_the_policies_leaves_the_reports_alone(project):
    project.reports.mkdir(parents=True)
    (project.reports / "audit.json").write_text("the last run's")
    project.run("policies", "--collect-only")
    assert (project.reports / "audit.json").read_text() == "the last run's"
    assert project.new() == {"reports/out/audit.json"}


def test_policies_that_pytest_never_came_to_are_on_the_page_too(project):
    project.run("policies", "-k", "msg_01 or msg_06")
    text = (project.reports / "audit.html").read_text(encoding="utf-8")
    assert {*re.findall(r'<details class="policy item" id="([^"]+)"', text)} == {
        one.id for one in samples.hostile("x").results
    }


def test_the_report_folder_can_be_chosen(project):
    project.run("policies/test_sample.py::test_msg_01", "--report-dir", "elsewhere/deep")
    assert project.new() == {f"elsewhere/deep/{name}" for name in ("audit.html", "audit.json", "junit.xml")}


def test_a_report_folder_that_cannot_be_written_ends_the_run_at_once(project):
    (project.path / "taken").write_text("a file")
    outcome = project.run("policies", "--report-dir", "taken/out")
    assert outcome.returncode == pytest.ExitCode.USAGE_ERROR
    assert "the reports cannot be written there" in outcome.stderr and "--report-dir" in outcome.stderr


def test_reports_that_cannot_be_written_in_the_end_are_said_and_fail_the_run(project):
    for name in ("audit.json", "audit.html"):
        (project.reports / name / "in_the_way").mkdir(parents=True)
    outcome = project.run("policies")
    assert outcome.returncode == pytest.ExitCode.INTERNAL_ERROR
    for name in ("audit.json", "audit.html"):
        assert f"{project.reports / name} could not be written: " in outcome.stdout
    assert (project.reports / "junit.xml").exists()
    assert outcome.stdout.rstrip().endswith("Exit status 3.")
    assert "Generated html report" not in outcome.stdout


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "audit.json"
    folder.replace_file(path, "first")
    with pytest.raises(UnicodeEncodeError):
        folder.replace_file(path, "\ud800")
    assert path.read_text() == "first" and list(tmp_path.iterdir()) == [path]


def test_waivers_that_were_asked_for_must_be_there(project):
    outcome = project.run("policies", "--waivers", "missing.toml")
    assert outcome.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--waivers missing.toml: there is no such file" in outcome.stderr


def test_wrong_waivers_end_the_run_with_their_line(project):
    keys = 'object = "*"\nreason = "r"\nowner = "o"\nexpires = 2030-01-01\n'
    (project.path / "waivers.toml").write_text(f'\n[[waiver]]\npolicy = "MSG-77"\n{keys}')
    outcome = project.run("policies")
    assert outcome.returncode == pytest.ExitCode.USAGE_ERROR
    assert "waivers.toml, line 3: there is no policy 'MSG-77'" in outcome.stderr


def test_slow_statements_and_connections_are_drawn():
    statements = [
        samples.finding("PERF-01", name, details={"calls": calls, "average_ms": 1000})
        for name, calls in (("1", 5), ("2", 20))
    ]
    full = samples.finding("MON-02", "the server", details={"used": 90, "available": 100})
    run = samples.quiet(
        results=(
            samples.result("PERF-01", Verdict.VIOLATED, findings=tuple(statements)),
            samples.result("MON-02", Verdict.VIOLATED, findings=(full,)),
        )
    )
    page = html.render(run)
    assert page.index("100 % of the slowest") < page.index("25 % of the slowest")
    assert "the server: 90 % in use" in page
