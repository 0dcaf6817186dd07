"""The corpus of runbooks: everything that is wrong in them is found at its line, and nothing else."""

from __future__ import annotations

import pytest

from audit.runbook.results import Standing
from tests.support.books import CORPUS, book, examined, wrong_in
from tests.support.proving import Bench

BOOKS = sorted(path.name for path in CORPUS.glob("*.md"))


def test_there_are_books_of_every_kind() -> None:
    assert len(BOOKS) >= 10
    wrong = {each for name in BOOKS for each in book(name)[1]}
    assert {policy for _, policy, _ in wrong} == {f"RUN-0{number}" for number in range(1, 6)}
    assert {kind for _, policy, kind in wrong if policy == "RUN-04"} >= {
        "row level security off", "triggers off", "set without local", "local without a transaction", "no where",
        "more rows than said", "gives access", "gap", "resets statistics", "owner-rights view",
        "publishes an e-mail address", "not repeatable", "without concurrently", "alarm cannot ring", "never true",
        "cannot tell", "asks who is calling", "destroys", "outside the database", "explain that executes",
        "option is swallowed", "cut short by cron", "only said", "rewrites the table", "more than said",
    }  # fmt: skip


@pytest.mark.parametrize("name", BOOKS)
def test_what_is_wrong_is_found_and_nothing_else(bench: Bench, name: str) -> None:
    read, wrong = book(name)
    outline = examined(bench, read)
    assert wrong_in(outline) == wrong, [
        each for each in outline.remarks if (each.line, each.policy, each.kind) not in wrong
    ]
    doubts = [doubt for block in outline.blocks for doubt in block.doubts]
    assert [doubt for doubt in doubts if not doubt.reason.startswith("who may do it is for the provider to say")] == []


def test_a_finding_is_known_by_its_place_and_not_by_its_line(bench: Bench) -> None:
    read, _ = book("02-repairs.md")
    outline = examined(bench, read)
    told = {(each.block, each.policy, each.kind, each.about) for each in outline.remarks}
    assert len(told) == len(outline.remarks)
    for remark in outline.remarks:
        assert remark.message
        assert remark.mend
        assert not remark.message.endswith(".")


def test_every_block_has_a_verdict(bench: Bench) -> None:
    read, _ = book("10-shapes.md")
    outline = examined(bench, read)
    assert len(outline.blocks) == len(read.fences) == sum(outline.counts.values())
    assert outline.counts[Standing.NOTHING] >= 3
    assert {block.standing for block in outline.blocks} >= {Standing.BROKEN, Standing.NOTHING}
