"""Which files count as down files: what the project's tool skips, and not what merely looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.gate.down import applied
from audit.gate.pending import by_version
from audit.gate.versions import judge_versions

DOWN = "20300101000000_x.down.sql"


@pytest.fixture(params=["db/migrations", "supabase/migrations"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    place: Path = tmp_path / request.param
    place.mkdir(parents=True)
    (place / "20200101000000_old.sql").write_text("select 1;\n")
    (place / DOWN).write_text("drop table public.messages; grant all on all tables in schema public to anon;\n")
    return place


def names(folder: Path, down: str = "") -> list[str]:
    return [path.name for path in applied(folder, down).files]


def test_a_down_file_without_its_migration_is_a_migration(folder: Path) -> None:
    assert names(folder) == ["20200101000000_old.sql", DOWN]
    files = by_version(folder, 20200101000000)
    assert [path.name for path in files.new] == [DOWN]
    (row,) = judge_versions(files)
    assert row.object == f"{DOWN}: taken for a migration"


@pytest.mark.parametrize("up", ["20300101000000_x.sql", "20300101000000_x.up.sql"])
def test_beside_its_migration_it_counts_as_what_the_tool_takes_it_for(folder: Path, up: str) -> None:
    (folder / up).write_text("select 2;\n")
    supabase = folder.parent.name == "supabase"
    assert (DOWN in names(folder)) is supabase
    told = [row.object for row in judge_versions(by_version(folder, 20200101000000))]
    assert (f"{DOWN}: taken for a migration" in told) is supabase


def test_what_the_tool_skips_can_be_said(folder: Path) -> None:
    assert names(folder, "*.down.sql") == ["20200101000000_old.sql"]
    (folder / "20300101000000_y_undo.sql").write_text("select 3;\n")
    assert "20300101000000_y_undo.sql" not in names(folder, "*_undo.sql")


def test_what_is_new_since_a_version_goes_by_the_order_in_which_files_are_applied(tmp_path: Path) -> None:
    """As text, 20240101000000 comes before 20260713, though it is the larger number."""
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    for name in ("20240101000000_first.sql", "20260713_second.sql", "20260721_third.sql", "20260721_fourth.sql"):
        (folder / name).write_text("select 1;\n", encoding="utf-8")
    files = by_version(folder, 20260713)
    assert [path.name for path in files.new] == ["20260721_fourth.sql", "20260721_third.sql"]
    assert [path.name for path in files.released] == ["20240101000000_first.sql", "20260713_second.sql"]
