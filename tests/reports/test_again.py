"""Reports of a run that is over: the same again, the difference of two runs, and what an auditor takes along."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from audit.causes import Cause
from audit.policy import Severity
from audit.results import Sizes, Verdict
from audit.verbs import command
from reports import again, folder, gate, index
from reports.escalation import UNSAID
from reports.model import Change, Finding, Identity, Past
from reports.reading import ReadError, load, run_of
from reports.renderers import html, json_file, markdown
from tests.support import samples

# What version 1.1 added, by where it stands.
NEW_IN_1_1 = ("ended_by", "unreachable", "headline", "identity", "trend", "sizes", "sizes_before")
NEW_IN_1_2 = ("escalation",)
NEW_OF_A_POLICY = ("wrong", "pack", "controls", "partial", "repeated")


def full():
    run = samples.hostile(samples.MARKUP)
    results = (replace(run.results[0], wrong="wrong", partial=True), *run.results[1:])
    caused = replace(results[0].findings[0], cause=Cause("table", "public.t", "public.t"), since=samples.NOON)
    caused = replace(caused, stands_for=("MSG-05",))
    repeat = Finding("MSG-01", "repeated", told_by="MSG-05")
    results = (replace(results[0], findings=(caused, *results[0].findings[1:], repeat)), *results[1:])
    return replace(
        run,
        results=results,
        identity=Identity("0.1", "service=x", {"policies": "ab"}, "c" * 40),
        trend=(Past(samples.NOON, dict.fromkeys(Verdict, 2)),),
        sizes=Sizes(samples.NOON, {"public.t": 8192}),
        sizes_before=Sizes(samples.NOON, {"public.t": 4096}),
    )


def test_what_was_written_is_read_as_it_was():
    run = full()
    document = json.loads(json_file.render(run))
    again_written = json.loads(json_file.render(run_of(document)))
    # A gate's statement is told by its first words, which were one text; the rest of everything is the same.
    assert again_written == document


def test_older_versions_are_read_too():
    document = json.loads(json_file.render(full()))
    document["schema_version"] = "1.0"
    for name in (*NEW_IN_1_1, *NEW_IN_1_2):
        del document[name]
    for policy in document["policies"]:
        for name in NEW_OF_A_POLICY:
            del policy[name]
        for finding in policy["findings"]:
            del finding["cause"], finding["stands_for"]
    run = run_of(document)
    assert run.counts() == full().counts() and "<h1" in html.render(run)
    assert run.escalation == UNSAID


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": "2.0"}', '{"schema_version": "1.1"}', "\x00"])
def test_what_is_no_report_ends_with_one_sentence(tmp_path, capsys, text):
    path = tmp_path / "audit.json"
    path.write_text(text)
    with pytest.raises(ReadError):
        load(path)
    assert again.main([str(path)]) == 4
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "audit.json"
    path.write_text(json_file.render(full()), encoding="utf-8")
    return path


def test_reports_are_written_again(written, capsys):
    assert again.main([str(written), "--output=html,csv"]) == 0
    assert {path.name for path in written.parent.iterdir()} == {"audit.json", "audit.html", "findings.csv"}
    assert again.main([str(written), "--output=pdf"]) == 4
    assert "there is no output 'pdf'" in capsys.readouterr().err


def test_two_runs_are_compared(tmp_path, capsys):
    def run(*objects, severity="P1"):
        findings = tuple(samples.finding("MSG-01", each) for each in objects)
        return samples.quiet(results=(samples.result("MSG-01", Verdict.VIOLATED, severity, findings=findings),))

    told = again.against(run("a", "b"), run("b", "c"))
    assert {(e.change, e.object) for e in told.changes.events} == {(Change.NEW, "a"), (Change.FIXED, "c")}
    for name, each in (("before", run("b", "c")), ("after", run("a", "b", severity="P0"))):
        (tmp_path / name).write_text(json_file.render(each), encoding="utf-8")
    assert again.main([str(tmp_path / "after"), f"--against={tmp_path / 'before'}", f"--report-dir={tmp_path}"]) == 1
    printed = capsys.readouterr().out
    assert "graver: P0 MSG-01, which was P1" in printed
    assert "new: P0 MSG-01 a" in printed and f"fixed: {Severity.P1} MSG-01 c" in printed
    assert "1 new, 1 fixed" in (tmp_path / "audit.html").read_text(encoding="utf-8")


def one(verdict, *objects, **changes):
    findings = tuple(samples.finding("MSG-01", each) for each in objects)
    return samples.quiet(results=(samples.result("MSG-01", verdict, findings=findings, **changes),))


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (one(Verdict.VIOLATED, "a", "b"), one(Verdict.VIOLATED, "b"), 0),
        (one(Verdict.VIOLATED, "a"), one(Verdict.VIOLATED, "a"), 0),
        (one(Verdict.VIOLATED, "a"), one(Verdict.HOLDS), 0),
        (one(Verdict.VIOLATED, "a"), one(Verdict.NOT_APPLICABLE), 0),
        (one(Verdict.UNCHECKED), one(Verdict.UNCHECKED), 0),
        (one(Verdict.UNCHECKED), one(Verdict.HOLDS), 0),
        (one(Verdict.HOLDS), one(Verdict.VIOLATED, "a"), 1),
        (one(Verdict.VIOLATED, "a", severity=Severity.P2), one(Verdict.VIOLATED, "a", severity=Severity.P0), 1),
        (one(Verdict.HOLDS), one(Verdict.UNCHECKED), 1),
        (one(Verdict.VIOLATED, "a"), one(Verdict.UNCHECKED), 1),
        (one(Verdict.VIOLATED, "a", "b"), one(Verdict.VIOLATED, "a", partial=True), 1),
        (one(Verdict.HOLDS), samples.quiet(results=()), 1),
    ],
)
def test_a_comparison_ends_with_1_where_something_is_worse(tmp_path, before, after, status):
    for name, run in (("before", before), ("after", after)):
        (tmp_path / name).write_text(json_file.render(run), encoding="utf-8")
    said = [str(tmp_path / "after"), f"--against={tmp_path / 'before'}", f"--report-dir={tmp_path}", "--output=csv"]
    assert again.main(said) == status


def test_what_newly_waits_or_was_waived_counts():
    accepted = samples.finding("MSG-01", "a", waiver=samples.waiver("MSG-01", "a"))
    waived = samples.quiet(results=(samples.result("MSG-01", Verdict.WAIVED, findings=(accepted,)),))
    told = again.against(one(Verdict.VIOLATED, "a"), waived)
    assert [event.change for event in told.changes.events] == [Change.COUNTS_AGAIN]
    assert Change.COUNTS_AGAIN in again.WORSE


def test_a_gate_that_is_told_again_says_the_same():
    run = samples.hostile("things")
    (file,) = run.gate.files
    steps = tuple(replace(file.steps[0], line=n, statements=n % 3 + 1) for n in range(1, gate.MOST_STEPS + 50))
    # Of doubts about a runbook's blocks audit.json tells the reason alone.
    run = replace(run, runbook=None, gate=replace(run.gate, files=(replace(file, steps=steps),)))
    told = run_of(json.loads(json_file.render(run)))
    (read,) = told.gate.files
    assert gate.headline(read) == gate.headline(run.gate.files[0])
    assert "1 loses data" in gate.headline(read) and "1 makes others wait" in gate.headline(read)
    for renderer in (html.render, markdown.render):
        assert renderer(told) == renderer(run)
    applied = replace(file, migration=replace(file.migration, applied=True, error=None, line=None))
    for each in (applied, replace(applied, steps=steps)):
        again_read = run_of(json.loads(json_file.render(replace(run, gate=replace(run.gate, files=(each,))))))
        assert gate.headline(again_read.gate.files[0]) == gate.headline(each)


def test_evidence_is_whole_and_its_list_is_right(written, tmp_path):
    where = tmp_path / "evidence"
    key = tmp_path / "key"
    if shutil.which("ssh-keygen"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    signing = [f"--sign={key}"] if key.exists() else []
    assert again.main([str(written), f"--evidence={where}", *signing]) == 0
    names = {*folder.OUTPUTS.values(), again.SUMS} | ({f"{again.SUMS}.sig"} if signing else set())
    assert {path.name for path in where.iterdir()} == names
    listed = dict(reversed(line.split("  ")) for line in (where / again.SUMS).read_text().splitlines())
    assert listed == {n: hashlib.sha256((where / n).read_bytes()).hexdigest() for n in folder.OUTPUTS.values()}
    assert (where / "audit.json").read_bytes() == written.read_bytes()
    assert again.main([str(written), f"--evidence={where}", f"--sign={tmp_path / 'missing'}"]) == 4


def test_the_index_has_every_run_and_leads_to_it(tmp_path):
    for name, verdicts in (("2026-01-01T000000", [Verdict.HOLDS]), ("2026-01-02T000000", [Verdict.UNCHECKED])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "audit.json").write_text(json_file.render(samples.quiet(*verdicts)), encoding="utf-8")
    (tmp_path / "2026-01-03T000000").mkdir()
    (tmp_path / "2026-01-03T000000" / "audit.json").write_text("broken")
    (tmp_path / "latest").symlink_to("2026-01-02T000000")
    index.write(tmp_path)
    text = (tmp_path / index.NAME).read_text(encoding="utf-8")
    links = re.findall(r'href="(2026[^"]+)"', text)
    assert links == ["2026-01-02T000000/audit.html", "2026-01-01T000000/audit.html"]
    assert "2 runs" in text and "Compliant" in text and "no all-clear" in text and "<script" not in text


def test_the_verbs_call_it():
    assert command("report", {}) == ["-m", "reports.again", "--", "reports/out/audit.json"]
    assert command("report", {"FILE": "-x", "ARGS": "--output=csv"})[-3:] == ["--output=csv", "--", "-x"]
    assert command("compare", {"A": "a", "B": "b"})[2:] == [
        "--against=a", "--report-dir=reports/out/compared", "--", "b",
    ]  # fmt: skip
    assert "--evidence=reports/out/evidence" in command("evidence", {"FILE": "x"})
    with pytest.raises(ValueError, match="make compare A="):
        command("compare", {"A": "a"})
