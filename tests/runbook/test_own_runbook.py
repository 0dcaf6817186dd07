"""The project's own runbook: it is as the policies are, and holds nothing that its own audit would object to."""

from __future__ import annotations

from pathlib import Path

from audit.policy import collected
from audit.runbook.questions import question
from audit.runbook.reading import read
from audit.runbook.results import Standing
from reports.own_runbook import PAGE, main, page
from tests.support.books import examined
from tests.support.proving import Bench


def test_it_is_up_to_date(capsys) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_one_is_noticed(monkeypatch, tmp_path: Path, capsys) -> None:
    stale = tmp_path / "RUNBOOK.md"
    monkeypatch.setattr("reports.own_runbook.PAGE", stale)
    assert main(["--check"]) == 1
    stale.write_text(page().replace("AUTH-01", "AUTH-99"), encoding="utf-8")
    assert main(["--check"]) == 1
    assert "run make docs" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0


def test_its_own_audit_has_nothing_against_it(bench: Bench) -> None:
    outline = examined(bench, read(PAGE), None)
    assert outline.remarks == ()
    assert [doubt for block in outline.blocks for doubt in block.doubts] == []
    assert outline.counts[Standing.WORKS] > 100
    assert outline.looked["RUN-02"] > 80


def test_every_policy_about_the_database_has_its_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for policy in collected("policies"):
        about_files = policy.id.startswith(("RUN-", "CONF-", "SETUP-", "MIG-", "DRIFT-"))
        assert (f"### {policy.id} (" in text) is not about_files


def test_whatever_other_runbooks_name_has_something_in_its_place() -> None:
    text = PAGE.read_text(encoding="utf-8")
    replaced = text[text.index("## What replaces what") :]
    for named in ("db:security-audit", "verify-setup.js", "analyze-query-performance.sql", "--auto-vacuum",
                  "unhealthy metrics", "weekly script", "backups"):  # fmt: skip
        assert named in replaced


def test_what_is_shown_of_a_policy_finds_nothing_where_it_holds(bench: Bench) -> None:
    """A policy that first asks which columns there are is not shown by that question: it would always find some."""
    shown = {policy.id: text for policy in collected("policies") if (text := question(policy, bench.known))}
    assert len(shown) > 20 and not {"AUTH-01", "PERF-01"} & shown.keys()
    for name, text in shown.items():
        assert bench.connection.execute(text.encode()).fetchall() == [], name
