"""A runbook in a run: options, verdicts, the report's outline, and which policies cover which block."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.policy import collected
from audit.runbook.coverage import covered
from audit.runbook.reading import book_of
from audit.runbook.results import Standing
from reports import runbook as told
from reports.model import Run
from reports.renderers import html
from tests.support import samples
from tests.support.auditing import audit
from tests.support.books import CORPUS, book, examined
from tests.support.proving import Bench


def test_a_book_is_audited_by_option(tmp_path: Path) -> None:
    book_ = tmp_path / "book.md"
    book_.write_text("# Book\n\n## Part\n\n```sql\nselect tablename from pg_stat_user_tables;\n```\n", encoding="utf-8")
    outcome = audit(tmp_path / "out", f"--runbook={book_}", "-k", "RUN-")
    run = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert {each["id"]: each["verdict"] for each in run["policies"]} == {
        "RUN-01": "HOLDS", "RUN-02": "VIOLATED", "RUN-03": "HOLDS", "RUN-04": "HOLDS", "RUN-05": "NOT_APPLICABLE",
    }  # fmt: skip
    (block,) = run["runbook"]["blocks"]
    assert block["verdict"] == "broken"
    assert block["headings"] == ["Book", "Part"]
    (finding,) = next(each for each in run["policies"] if each["id"] == "RUN-02")["findings"]
    assert finding["location"] == {"file": "book.md", "line": 6}
    assert finding["object"] == "Part, block 1: select pg_stat_user_tables: cannot be planned"
    assert "relname for tablename" in finding["fix"]
    assert "block by block" in (tmp_path / "out" / "audit.html").read_text(encoding="utf-8")
    assert outcome is not None


@pytest.mark.parametrize(
    ("name", "number", "ids"),
    [
        ("01-diagnosis.md", 1, {"PERF-01"}),
        ("04-schema.md", 1, {"RLS-02"}),
        ("06-alarms.md", 11, set()),
    ],
)
def test_a_block_is_covered_by_the_policies_that_ask_the_same(
    bench: Bench, name: str, number: int, ids: set[str]
) -> None:
    read, _ = book(name)
    outline = covered(
        examined(bench, read), {fence.number: fence.text for fence in read.fences}, tuple(collected("policies"))
    )
    assert ids <= set(outline.blocks[number - 1].covered)


def test_a_block_is_covered_by_policies_of_its_chapter(bench: Bench) -> None:
    text = "# Book\n\n## 1. Authentication & User Registration\n\n```sql\nselect p.id from profiles p;\n```\n"
    read = book_of(text, "book.md", CORPUS)
    outline = covered(examined(bench, read), {1: read.fences[0].text}, tuple(collected("policies")))
    assert {"AUTH-01", "AUTH-05"} <= set(outline.blocks[0].covered)
    assert not [id_ for id_ in outline.blocks[0].covered if id_.startswith("MSG-")]


def test_the_page_shows_the_outline_with_a_verdict_beside_each_block(bench: Bench) -> None:
    read, _ = book("04-schema.md")
    outline = examined(bench, read)
    run = Run(samples.NOON, 1.0, samples.TARGET, (), runbook=outline)
    page = html.render(run)
    for standing in (Standing.BROKEN, Standing.DANGEROUS, Standing.WORKS):
        assert str(standing) in page
    assert page.count("<tr>") > len(outline.blocks)
    assert "by none" in page
    assert told.summary(outline) in page
    assert len(list(told.lines(outline))) == sum(n for s, n in outline.counts.items() if s is not Standing.NOTHING)
