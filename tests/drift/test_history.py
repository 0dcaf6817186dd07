"""Which versions a live database has applied, and which files there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.connection import TargetError
from audit.drift.history import disagreements

APPLIED = ["create table a (id integer)", "create function f() returns text language sql as $$ select 'x;y' $$"]
FIRST = f"-- A comment\n{APPLIED[0]};\n\n{APPLIED[1]};\n"


def written(folder: Path, **files: str) -> list[Path]:
    for name, text in files.items():
        (folder / f"{name.removeprefix('v')}.sql").write_text(text, encoding="utf-8")
    return sorted(folder.glob("*.sql"))


def told(files: list[Path], applied: dict[str, list[str] | None]) -> tuple[list[tuple[str, object]], list[str]]:
    found, unsure = disagreements(files, applied)
    return [(row.object, row.details["what"]) for row in found], unsure


def test_what_was_applied_is_what_the_file_says(tmp_path: Path) -> None:
    files = written(tmp_path, v1_first=FIRST)
    assert told(files, {"1": APPLIED}) == ([], [])
    assert told(files, {"1": ["\n-- Other comment\nCREATE  TABLE a(id integer);", *APPLIED[1:]]}) == ([], [])
    assert told(files, {"1": ["; ".join(APPLIED)]}) == ([], [])


@pytest.mark.parametrize(
    "applied",
    [
        APPLIED[:1],
        ["create table b (id integer)", APPLIED[1]],
        [APPLIED[0], APPLIED[1].replace("x;y", "x; y")],
        [APPLIED[0].replace("a (", '"A" ('), APPLIED[1]],
    ],
)
def test_an_edit_is_found(tmp_path: Path, applied: list[str]) -> None:
    assert told(written(tmp_path, v1_first=FIRST), {"1": applied}) == ([("version 1", "edited since")], [])


def test_versions_are_compared_as_numbers_and_told_as_they_are_written(tmp_path: Path) -> None:
    files = written(tmp_path, v0001_first=FIRST, v2_second="select 2")
    assert told(files, {"1": APPLIED, "3": ["select 3"], "x\n; drop": None}) == (
        [
            ("version 2", "not applied"),
            ("version 3", "no file"),
            ("version x\N{REPLACEMENT CHARACTER}; drop", "no file"),
        ],
        [],
    )


def test_what_was_not_noted_is_not_known(tmp_path: Path) -> None:
    assert told(written(tmp_path, v1_first=FIRST), {"1": None}) == ([], ["1"])


def test_the_advice_is_for_a_person(tmp_path: Path) -> None:
    found, _ = disagreements(written(tmp_path, v1_first=FIRST), {"2\n; drop table x": None, "3": ["select 3"]})
    assert all(line.startswith("--") for row in found for line in str(row.fix).splitlines())


def test_a_file_in_another_encoding_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "1_first.sql").write_bytes("select 'é'".encode("latin-1"))
    with pytest.raises(TargetError, match=r"1_first\.sql cannot be read"):
        disagreements([tmp_path / "1_first.sql"], {"1": APPLIED})
