"""The baseline: what was there is accepted until it is fixed, what is new fails, and the file only shrinks."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.connection import Dsn, connect
from audit.results import Verdict
from audit.server.target import Target
from reports import waivers
from reports.baseline import BaselineError, load, render, stale
from reports.model import Waiver
from tests.support.auditing import Outcome, audit
from tests.support.samples import HOSTILE, TODAY, finding, quiet, result, waiver

ENTRY = Waiver("MSG-01", "public.*", "it was there", "the baseline", None, 1)


def test_an_entry_covers_one_finding_and_no_pattern() -> None:
    assert ENTRY.covers("MSG-01", "public.*")
    assert not ENTRY.covers("MSG-01", "public.t")
    assert not ENTRY.expired(dt.date.max)


def test_a_decision_counts_before_the_baseline() -> None:
    expired = waiver("MSG-01", "public.*", TODAY - dt.timedelta(days=1))
    (found,) = waivers.apply([finding("MSG-01", "public.*")], [ENTRY, expired], TODAY)
    assert found.waiver == expired and not found.waived


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    pairs = {("MSG-01", text) for text in HOSTILE}
    (tmp_path / "b.json").write_text(render(pairs))
    assert {(each.policy, each.object) for each in load(tmp_path / "b.json")} == pairs


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"accepted": [{"policy": "A"}]}', '{"accepted": [{"policy": 1, "object": "a"}]}']
)
def test_anything_else_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(BaselineError, match="this is no baseline"):
        load(tmp_path / "b.json")


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (result("MSG-01", Verdict.HOLDS), True),
        (result("MSG-01", Verdict.VIOLATED, findings=(finding("MSG-01", "other"),)), True),
        (result("MSG-01", Verdict.VIOLATED, findings=(finding("MSG-01", "other"),), partial=True), False),
        (result("MSG-01", Verdict.UNCHECKED), False),
        (result("MSG-01", Verdict.NOT_APPLICABLE), False),
        (result("MSG-02", Verdict.HOLDS), False),
    ],
)
def test_an_entry_is_over_only_when_somebody_looked(judged, expected: bool) -> None:
    assert bool(stale([ENTRY], quiet(results=(judged,)))) is expected


@pytest.fixture
def audited(target: Target, tmp_path: Path) -> Callable[..., Outcome]:
    dsn: Dsn = target.server.clone_database("baseline")

    def audited(*options: str, sql: str = "") -> Outcome:
        with connect(dsn) as connection:
            connection.execute(sql)
        selected = ("--target=" + dsn, "--no-shadow", "--no-history", "-k", "foreign_key_has_an_index or primary_key")
        return audit(tmp_path / "out", *selected, f"--baseline={tmp_path / 'baseline.json'}", *options)

    return audited


def test_a_project_begins_with_what_it_has(audited: Callable[..., Outcome], tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"

    def accepted() -> set[str]:
        return {entry["object"] for entry in json.loads(file.read_text())["accepted"]}

    missing = audited()
    assert missing.status == 4 and "cannot be read" in missing.said and not file.exists()

    first = audited("--write-baseline", sql="create table public.old (a uuid references auth.users, b int)")
    assert first.status == 1 and first.having("VIOLATED") == {"PERF-04", "SCHEMA-02"}
    assert len(accepted()) == 2

    second = audited()
    assert second.status == 0 and second.having("WAIVED") == {"PERF-04", "SCHEMA-02"}
    given = second.policies["SCHEMA-02"]["findings"][0]["waiver"]
    assert given["expires"] is None and given["owner"] == "the baseline"
    assert "2 findings that the baseline accepts until they are mended" in " ".join(second.said.split())

    # What is new fails, and is not taken in; what is over is taken out.
    third = audited(
        "--write-baseline", sql="create table public.new (b int); alter table public.old add primary key (b)"
    )
    assert third.status == 1 and third.having("VIOLATED") == {"SCHEMA-02"}
    assert len(accepted()) == 1 and not any("new" in obj for obj in accepted())

    fourth = audited(sql="drop table public.new; drop table public.old")
    assert fourth.status == 0
    assert "no longer found" in fourth.said
    assert len(accepted()) == 1
    audited("--write-baseline")
    assert accepted() == set()
    assert audited(sql="create table public.old (b int)").status == 1
