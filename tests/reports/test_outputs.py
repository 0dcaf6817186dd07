"""Outputs for other programs: each is valid by its own rules, tells the same numbers, and keeps names text."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import prometheus_client.parser
import pytest
import xmlschema

from audit.evidence import UNSAFE, Location
from audit.policy import Severity
from audit.results import Login, Verdict
from reports import folder, wording
from reports.model import Change, Changes, Event
from reports.renderers import github, html, json_file, junit, markdown, nagios, prometheus, sarif, terminal
from tests.reports.test_reports import Page, Project
from tests.support import samples
from tests.support.auditing import audit
from tests.support.waiting import LIMIT_S

ROOT = Path(__file__).parents[2]
FORMS = Path(__file__).parents[1] / "forms"
SARIF = jsonschema.Draft7Validator(
    json.loads((FORMS / "sarif-2.1.0.json").read_text(encoding="utf-8")), format_checker=jsonschema.FormatChecker()
)
JUNIT = xmlschema.XMLSchema(FORMS / "junit-10.xsd")

each_hostile_text = pytest.mark.parametrize("text", samples.HOSTILE, ids=lambda text: ascii(text[:20]))

RENDERERS = {
    "json": json_file.render,
    "junit": junit.render,
    "sarif": sarif.render,
    "markdown": markdown.render,
    "prometheus": prometheus.render,
    "nagios": nagios.render,
}


def metrics(run):
    """The samples as Prometheus reads them: numbers by name and labels."""
    families = prometheus_client.parser.text_string_to_metric_families(prometheus.render(run))
    found = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, *sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def results(run):
    (only,) = sarif.document(run)["runs"]
    return only["results"]


def notifications(run):
    (only,) = sarif.document(run)["runs"]
    (invocation,) = only["invocations"]
    return invocation["toolExecutionNotifications"]


# Numbers agree


def test_every_output_tells_the_same_numbers():
    run = samples.hostile("things")
    counts = {verdict.value: number for verdict, number in run.counts().items()}
    assert sorted(counts.values()) == [1, 1, 1, 1, 2]

    told = {"json": json_file.document(run)["counts"]}
    suite = ElementTree.fromstring(junit.render(run)).find("testsuite")
    verdicts = [case.find("system-out").text.split("verdict: ")[1].split("\n")[0] for case in suite.iter("testcase")]
    told["junit"] = Counter(verdicts)
    (only,) = sarif.document(run)["runs"]
    told["sarif"] = only["properties"]["counts"]
    told["rules of sarif"] = Counter(rule["properties"]["verdict"] for rule in only["tool"]["driver"]["rules"])
    numbers = next(line for line in markdown.render(run).splitlines() if re.match(r"\| \d", line))
    told["markdown"] = dict(zip(counts, map(int, re.findall(r"\d+", numbers)), strict=False))
    found = metrics(run)
    told["prometheus"] = {v: found["audit_policies", ("verdict", v.lower())] for v in counts}
    single = [dict(labels)["verdict"].upper() for (name, *labels), n in found.items() if name.endswith("verdict") and n]
    told["policies of prometheus"] = Counter(single)
    told["nagios"] = {v: int(re.search(rf"\b{v.lower()}=(\d+)", nagios.render(run))[1]) for v in counts}
    page, printed = Page(html.render(run)).text, "\n".join(line for line, _ in terminal.summary(run))
    told["html"] = {v.value: int(re.search(rf"(\d+) {word}", page)[1]) for v, word in wording.WORDS.items()}
    told["terminal"] = {v.value: int(re.search(rf"(\d+) {word}", printed)[1]) for v, word in wording.WORDS.items()}
    assert {name: dict(each) for name, each in told.items()} == dict.fromkeys(told, counts)

    # Findings of a gate without a file are no results.
    (only,) = sarif.document(replace(run, gate=None))["runs"]
    findings = sum(len(result.findings) for result in run.results)
    waived = sum(finding.waived for result in run.results for finding in result.findings)
    assert len([one for one in only["results"] if one["kind"] == "fail"]) == findings
    assert len([one for one in only["results"] if one.get("suppressions")]) == waived
    assert sum(n for (name, *_), n in found.items() if name == "audit_policy_findings") == findings - waived
    assert found[("audit_score_ratio",)] * 100 == run.score == only["properties"]["score"]
    assert f"{run.score} of 100" in markdown.render(run) and f"score={run.score};" in nagios.render(run)
    statuses = (found[("audit_exit_status",)], only["invocations"][0]["exitCode"])
    assert statuses == (run.exit_status, run.exit_status) and "Exit status 1." in markdown.render(run)


def test_what_was_not_checked_is_open_in_every_output():
    run = samples.quiet(Verdict.UNCHECKED, Verdict.HOLDS)
    assert results(run) == []
    (found,) = notifications(run)
    assert (
        found["associatedRule"] == {"id": "MSG-01", "index": 0} and "not checked, because" in found["message"]["text"]
    )
    assert "### Unchecked" in markdown.render(run) and "<summary>P1 <b>MSG-01</b>" in markdown.render(run)
    assert metrics(run)["audit_policy_verdict", ("policy", "MSG-01"), ("severity", "P1"), ("verdict", "unchecked")] == 1
    assert not [key for key in metrics(run) if key[0] == "audit_policy_findings" and ("policy", "MSG-01") in key]
    assert nagios.render(run).startswith("AUDIT UNKNOWN - Nothing is known to be violated, but this is no all-clear")
    assert ElementTree.fromstring(junit.render(run)).find("testsuite/testcase/error") is not None


# What earlier runs found, and what went wrong beside the audit

EARLIER = samples.NOON - dt.timedelta(days=2)
OBJECTS = {"a": None, "b": Change.NEW, "c": Change.BACK, "d": Change.COUNTS_AGAIN}


def remembered(previous=EARLIER):
    """A run with four findings, one of each kind, and one finding that was fixed."""
    found = tuple(samples.finding("MSG-01", name, since=EARLIER) for name in OBJECTS)
    told = {**OBJECTS, "e": Change.FIXED}
    events = [Event(change, "MSG-01", name, Severity.P1, EARLIER) for name, change in told.items() if change]
    changes = Changes(previous, tuple(events) if previous else ())
    return samples.quiet(
        results=(samples.result("MSG-01", Verdict.VIOLATED, findings=found),),
        changes=changes,
        problems=("no | history",),
    )


def test_outputs_tell_what_has_changed():
    run = remembered()
    states = {
        one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]: one["baselineState"] for one in results(run)
    }
    assert states == {"a": "unchanged", "b": "new", "c": "new", "d": "unchanged"}
    assert {one["provenance"]["firstDetectionTimeUtc"] for one in results(run)} == {"2026-11-21T12:00:00.000Z"}
    SARIF.validate(sarif.document(run))
    found = metrics(run)
    changes = {dict(labels)["change"]: n for (name, *labels), n in found.items() if name == "audit_changes"}
    assert changes == {"new": 1, "back": 1, "counts_again": 1, "waived": 0, "fixed": 1, "unjudged": 0}
    since = [n for (name, *_), n in found.items() if name == "audit_policy_violated_since_timestamp_seconds"]
    assert since == [EARLIER.timestamp()]
    told = markdown.render(run)
    for text in (wording.changes_line(run), "What has changed (4)", "- fixed: P1 **MSG-01** `e`", "for 2 days"):
        assert text in told
    assert wording.changes_line(run) in nagios.render(run)
    assert "since: 2026-11-21 12:00 UTC" in junit.render(run)


def test_on_a_first_run_nothing_is_called_new():
    run = remembered(None)
    assert not [one for one in results(run) if "baselineState" in one]
    assert not [key for key in metrics(run) if key[0] == "audit_changes"]
    assert "What has changed" not in markdown.render(run) and "first run in the history" in markdown.render(run)


def test_outputs_tell_what_went_wrong_beside_the_audit():
    run = remembered()
    (only,) = sarif.document(run)["runs"]
    notes = only["invocations"][0]["toolExecutionNotifications"]
    assert [(note["level"], note["message"]["text"]) for note in notes] == [("error", "no | history")]
    assert metrics(run)[("audit_problems",)] == 1
    assert "- `no | history`" in markdown.render(run) and "no ? history" in nagios.render(run)
    held = samples.quiet(Verdict.HOLDS, problems=("nobody was told",))
    assert nagios.render(held).startswith("AUDIT UNKNOWN - ")


def test_outputs_tell_of_the_conduct_on_a_live_database():
    run = samples.quiet(Verdict.HOLDS, login=Login("auditor", ("it is a superuser",)), cost=samples.COST)
    found = metrics(run)
    assert found[("audit_login_excess_rights",)] == 1 and found[("audit_questions",)] == 120
    assert found[("audit_server_seconds",)] == 0.8125 and ("audit_wal_bytes",) not in found
    (only,) = sarif.document(run)["runs"]
    (note,) = only["invocations"][0]["toolExecutionNotifications"]
    assert note["level"] == "warning" and "it is a superuser" in note["message"]["text"]
    assert "The audit's login (1)" in markdown.render(run)
    unknown = replace(run, login=Login("auditor", unknown="it may not look"))
    assert ("audit_login_excess_rights",) not in metrics(unknown)


# Forms


@each_hostile_text
def test_sarif_is_valid(text):
    document = json.loads(sarif.render(samples.hostile(text)))
    SARIF.validate(document)
    assert document["version"] == "2.1.0"


def test_the_sarif_schema_would_tell():
    document = sarif.document(samples.hostile("x"))
    document["runs"][0]["results"][0]["kind"] = "violated"
    with pytest.raises(jsonschema.ValidationError):
        SARIF.validate(document)


@each_hostile_text
def test_junit_is_valid(text):
    JUNIT.validate(junit.render(samples.hostile(text)))


def test_the_junit_schema_would_tell():
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        JUNIT.validate(junit.render(samples.hostile("x")).replace("<skipped", "<waived").replace("/skipped", "/waived"))


@each_hostile_text
def test_metrics_can_be_read_and_keep_names_as_labels(text):
    (info,) = [labels for name, *labels in metrics(samples.hostile(text)) if name == "audit_target_info"]
    assert dict(info)["database"] == UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def test_metrics_have_no_time_of_their_own_and_tell_when_they_are_of():
    run = samples.hostile("x")
    assert not re.search(r"[0-9.]+ [0-9]+$", prometheus.render(run), re.MULTILINE)
    assert metrics(run)[("audit_run_timestamp_seconds",)] == samples.NOON.timestamp()
    assert metrics(run)[("audit_run_duration_seconds",)] == 1.5
    assert metrics(run)[("audit_complete",)] == 1
    assert metrics(replace(run, ended_by=2))[("audit_complete",)] == 0
    assert ("audit_score_ratio",) not in metrics(samples.quiet(Verdict.NOT_APPLICABLE))


# SARIF


def test_a_rule_has_help_and_fix_level_and_severity():
    one = samples.result("MSG-01", Verdict.HOLDS, "P0", fix="delete from {object};")
    (rule,) = sarif.document(samples.quiet(results=(one,)))["runs"][0]["tool"]["driver"]["rules"]
    for text in (rule["help"]["text"], rule["help"]["markdown"]):
        assert "Why it matters." in text and "delete from {object};" in text and "begin diagnosis within" in text
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert rule["properties"]["security-severity"] == "9.5" and rule["properties"]["precision"] == "high"
    assert set(sarif.LEVELS) == set(sarif.SECURITY_SEVERITY) == set(Severity)


def test_a_waived_finding_is_suppressed_with_its_reason_and_an_expired_waiver_suppresses_nothing():
    by_rule = {one["ruleId"]: one for one in results(replace(samples.hostile("x"), gate=None))}
    (suppression,) = by_rule["MSG-02"]["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    for told in ("known", "owner", samples.TODAY.isoformat()):
        assert told in suppression["justification"]
    assert "suppressions" not in by_rule["MSG-05"]


def test_a_fingerprint_is_the_identity_and_nothing_else():
    def prints(**changes):
        found = samples.finding("MSG-01", **{"obj": "x"} | changes)
        result = samples.result(found.policy, Verdict.VIOLATED, findings=(found,))
        return results(samples.quiet(results=(result,)))[0]["partialFingerprints"]

    assert prints() == prints(details={"n": 2}, fix="other", location=Location("a.sql", 9))
    assert prints() != prints(obj="y")
    many = [json.dumps(one["partialFingerprints"]) for one in results(replace(samples.hostile("x"), gate=None))]
    assert len(set(many)) == len(many) == 122


def test_a_place_in_a_file_is_a_physical_location():
    found = samples.finding("MIG-03", "public.t", location=Location("new migrations/2 ä.sql", 7))
    run = samples.quiet(results=(samples.result("MIG-03", Verdict.VIOLATED, findings=(found,)),))
    (location,) = results(run)[0]["locations"]
    assert location["logicalLocations"] == [{"fullyQualifiedName": "public.t"}]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "new%20migrations/2%20%C3%A4.sql", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7},
    }
    assert "`public.t` in `new migrations/2 ä.sql:7`" in markdown.render(run)
    (plain,) = results(samples.quiet(results=(samples.result("X-01", Verdict.WAIVED, findings=(
        samples.finding("X-01", "y"),)),)))[0]["locations"]  # fmt: skip
    assert plain["physicalLocation"] == {"artifactLocation": {"uri": "database/y"}}


def test_in_a_gate_every_result_has_a_file_and_nothing_is_lost():
    """A code host refuses the whole file when one result has none."""
    run = samples.hostile("x")
    assert run.gate is not None
    place = samples.finding("MIG-03", "public.t", location=Location("a.sql", 7))
    run = replace(run, results=(*run.results, samples.result("MIG-03", Verdict.VIOLATED, findings=(place,))))
    found = results(run)
    assert "MIG-03" in {one["ruleId"] for one in found}
    assert all("physicalLocation" in location for one in found for location in one["locations"])
    told = [note for note in notifications(run) if "associatedRule" in note]
    unchecked = sum(result.verdict is Verdict.UNCHECKED for result in run.results)
    assert len(told) + len(found) == sum(len(result.findings) for result in run.results) + unchecked
    SARIF.validate(sarif.document(run))


def test_messages_have_no_links_and_no_places_for_arguments():
    run = samples.quiet(results=(samples.result("MSG-01", Verdict.VIOLATED, findings=(
        samples.finding("MSG-01", r"[a](0) {0} \[b]"),)),))  # fmt: skip
    message = results(run)[0]["message"]
    assert r"\[a\](0) {{0}} \\\[b\]" in message["text"]
    assert "{{0}}" in message["markdown"] and not re.search(r"(?<!{){[^{]", message["markdown"])


def test_sarif_tells_no_details_of_rows():
    secret = samples.finding("MSG-01", "x", details={"e-mail": "alice@example.org"})
    run = samples.quiet(results=(samples.result("MSG-01", Verdict.VIOLATED, findings=(secret,)),))
    told = {name: render(run) for name, render in RENDERERS.items()}
    assert [name for name, text in told.items() if "alice" in text] == ["json"]


def test_a_run_that_ended_early_was_no_success():
    (only,) = sarif.document(replace(samples.hostile("x"), ended_by=2))["runs"]
    (invocation,) = only["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert invocation["endTimeUtc"] == "2026-11-23T12:00:01.500Z"
    levels = [n["level"] for n in invocation["toolExecutionNotifications"] if "associatedRule" not in n]
    assert levels == ["error", "error", "warning", "note"]


# Markdown


def outside_code(text):
    """What Markdown and HTML are read in: the text without blocks and spans of code."""
    text = re.sub(r"^(`{3,})sql\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"<code>[^<>]*</code>", "", text)
    return re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", text)


@each_hostile_text
def test_hostile_names_stay_code_in_markdown(text):
    made, calm = (outside_code(markdown.render(samples.hostile(each))) for each in (text, "calm"))
    # How many causes there are depends on what the names have in common.
    assert made.replace("; and 1 lesser cause", "") == calm.replace("; and 1 lesser cause", "")
    assert text[:5] not in made
    assert not UNSAFE.search(markdown.render(samples.hostile(text)).replace("\n", ""))


def test_the_search_for_code_would_tell():
    assert "@team" in outside_code("a `b` @team ``c`` `` ` ``") and "@team" not in outside_code("`` ` @team ``")


@pytest.mark.parametrize("text", ["x" * 190, "`" * 199, "\n" * 300])
def test_markdown_fits_into_a_comment_whatever_is_found(text):
    found = tuple(samples.finding("MSG-01", f"{n}{text}", fix=f"{text}\n" * 40) for n in range(2_000))
    many = tuple(samples.result(f"MSG-{n:02}", v, reason=text * 9, remedy=text, findings=found if v is Verdict.VIOLATED
                 else ()) for n in range(100) for v in (Verdict.VIOLATED, Verdict.UNCHECKED))  # fmt: skip
    told = markdown.render(samples.quiet(results=many, notes=(text,) * 500))
    assert len(told) < 65_000 and len(told.encode()) < 65_000 * 4
    assert "| 0 | 100 | 0 | 100 | 0 | 200 |" in told
    # Whatever is cut short: every policy is there.
    assert len(re.findall(r"<b>MSG-\d\d</b>", told)) == 200
    assert told.count("<details>") == told.count("</details>") > 0


def test_markdown_counts_what_does_not_fit_at_all():
    many = tuple(samples.result(f"MSG-{n:04}", Verdict.VIOLATED, title="t" * 190) for n in range(1_000))
    told = markdown.render(samples.quiet(results=many))
    left = int(re.search(r"([\d,]+) more entries in audit.json", told)[1])
    assert len(re.findall(r"<b>MSG-\d+</b>", told)) + left == 1_000 and 0 < left < 1_000
    assert 50_000 < len(told) < 65_000


def test_markdown_is_folded_and_names_what_mends_it():
    told = markdown.render(samples.hostile("things"))
    assert "<details><summary>P0 <b>MSG-01</b> What MSG-01 says is true: <code>120 of 1,204 things</code>" in told
    assert "- and 110 more in audit.json" in told
    assert "```sql\n-- mend\nselect '0 things'\n```" in told
    assert "begin diagnosis by 12:15 UTC" in told and "(its waiver expired on 2026-11-22)" in told


def test_where_a_list_is_cut_the_gravest_is_told_and_by_what_is_wrong():
    found = tuple(
        samples.result(id_, Verdict.VIOLATED, "P0", wrong=f"{id_} is <wrong>")
        for id_ in ("AUTH-01", "MAINT-03", "RLS-12", "RLS-02")
    )
    run = samples.quiet(results=found)
    ordered = ["RLS-12", "RLS-02", "AUTH-01", "MAINT-03"]
    told = markdown.render(run)
    assert re.findall(r"<b>([A-Z]+-\d\d)</b> \1 is &lt;wrong&gt;", told) == ordered
    assert "**RLS-12 is &lt;wrong&gt;; and 3 more P0 causes.**" in told
    assert re.findall(r"title=P0 ([A-Z]+-\d\d)", github.render(run)) == ordered
    assert f"Violated: {', '.join(f'P0 {id_}' for id_ in ordered)}" in nagios.render(run)


# Nagios

OUTCOMES = [
    ("H", {}, "OK"),
    ("HN", {}, "OK"),
    ("HW", {}, "OK"),
    ("HV", {"severity": "P0"}, "CRITICAL"),
    ("HV", {"severity": "P1"}, "CRITICAL"),
    ("HV", {"severity": "P2"}, "WARNING"),
    ("VU", {"severity": "P3"}, "WARNING"),
    ("HU", {"severity": "P3"}, "UNKNOWN"),
    ("N", {}, "UNKNOWN"),
    ("", {}, "UNKNOWN"),
    ("H", {"ended_by": 2}, "UNKNOWN"),
    ("H", {"strict_waivers": True, "unused_waivers": (samples.waiver("MSG-01", "x"),)}, "WARNING"),
]


@pytest.mark.parametrize(("verdicts", "changes", "expected"), OUTCOMES)
def test_the_state_for_nagios(verdicts, changes, expected):
    letters = {v.value[0]: v for v in Verdict}
    severity = changes.get("severity", "P1")
    each = tuple(samples.result(f"MSG-{n:02}", letters[v], severity) for n, v in enumerate(verdicts))
    run = samples.quiet(results=each, **{key: value for key, value in changes.items() if key != "severity"})
    assert nagios.render(run).startswith(f"AUDIT {expected} - {wording.verdict_line(run)}"[:60])
    assert (nagios.state(run) is nagios.Service.OK) is (run.exit_status == 0 and "H" in verdicts)


@each_hostile_text
def test_the_line_for_nagios_is_one_line_with_one_bar(text):
    line = nagios.render(samples.hostile(text))
    assert re.fullmatch(r"AUDIT CRITICAL - [ -{}]+ \| [ -{}]+\n", line) and line.count("|") == 1
    assert len(line) < 1_000
    for number in line.split(" | ")[1].split():
        assert re.fullmatch(r"[a-z_]+=(U|[0-9.]+s?)(;[0-9.]*){0,4}", number)


def check(path, *arguments):
    command = [sys.executable, "-m", "reports.renderers.nagios", str(path), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.stderr == "" and done.stdout.count("\n") == 1
    return done.returncode, done.stdout


def test_the_check_for_nagios_prints_the_line_and_never_trusts_an_old_one(tmp_path):
    status, said = check(tmp_path)
    assert status == 3 and said.startswith("AUDIT UNKNOWN - ") and "No such file" in said
    path = tmp_path / "nagios.txt"
    path.write_text(nagios.render(samples.quiet(Verdict.HOLDS)), encoding="utf-8")
    assert check(tmp_path) == (0, path.read_text(encoding="utf-8"))
    old = time.time() - 27 * 3600
    os.utime(path, (old, old))
    status, said = check(tmp_path)
    assert status == 3 and said.startswith("AUDIT UNKNOWN - the last audit was 27 hours ago; it said: AUDIT OK")
    assert check(tmp_path, "30")[0] == 0 and check(tmp_path, "soon")[0] == 3
    path.write_text("all is well\n", encoding="utf-8")
    assert check(tmp_path)[0] == 3


# --output


def test_a_file_whose_name_is_no_text_is_told_in_every_output(tmp_path):
    """Where only migrations were asked about, too, the target is known."""
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    Path(os.fsdecode(os.fsencode(migrations) + b"/20310000000000_\xff.sql")).write_text("select nothing;")
    every = f"--output={','.join(folder.OUTPUTS)}"
    outcome = audit(tmp_path / "out", f"--migrations={migrations}", every, "-k", "every_migration_applies")
    assert outcome.status == 1 and outcome.document["target"]["kind"] == "embedded"
    told = {path.name: path.read_text(encoding="utf-8") for path in outcome.folder.iterdir()}
    assert sorted(told) == sorted(folder.OUTPUTS.values())
    named = {name for name, text in told.items() if "20310000000000_" in text}
    assert named == {
        "audit.html", "audit.json", "junit.xml", "audit.sarif", "audit.md", "findings.csv", "annotations.txt",
        "gl-code-quality-report.json",
    }  # fmt: skip


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_output_says_what_is_written(project):
    outcome = project.run("policies", "--output=sarif,markdown", "--output", "prometheus, nagios")
    names = ("audit.json", "audit.sarif", "audit.md", "audit.prom", "nagios.txt")
    assert project.new() == {f"reports/out/{name}" for name in names}
    assert outcome.returncode == 1
    for name in names:
        assert f"report: {project.reports / name}" in outcome.stdout
    SARIF.validate(json.loads((project.reports / "audit.sarif").read_text(encoding="utf-8")))
    assert "FAILURES" not in outcome.stdout and not list(project.reports.glob(".*"))


@pytest.mark.parametrize(("words", "wrong"), [("sarif,pdf", "'pdf'"), ("", "''"), ("json,,sarif", "''")])
def test_an_unknown_output_ends_the_run(project, words, wrong):
    outcome = project.run("policies", f"--output={words}")
    assert outcome.returncode == pytest.ExitCode.USAGE_ERROR
    assert (
        outcome.stderr.strip() == f"ERROR: --output: there is no output {wrong}; there are {', '.join(folder.OUTPUTS)}"
    )
    assert project.new() == set()


def test_reports_of_an_earlier_run_go_and_metrics_stay_until_they_are_replaced(project):
    project.reports.mkdir(parents=True)
    for name in folder.OUTPUTS.values():
        (project.reports / name).write_text("of an earlier run")
    with (project.path / "policies" / "test_sample.py").open("a") as file:
        file.write("    import os; os._exit(9)\n")
    subprocess.run(**project.command("policies", "--output=prometheus,nagios"), capture_output=True, timeout=LIMIT_S)
    assert {path.name for path in project.reports.iterdir()} == {"audit.prom"}
    subprocess.run(**project.command("policies"), capture_output=True, timeout=LIMIT_S)
    assert list(project.reports.iterdir()) == []


def test_a_device_is_no_file_to_be_replaced(tmp_path):
    pipe = tmp_path / "baseline.toml"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="it is not a file"):
        folder.replace_file(pipe, "text")
    assert pipe.is_fifo() and [*tmp_path.iterdir()] == [pipe]
