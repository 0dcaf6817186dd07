"""What the gate keeps is good for the engine that made it, and for no other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from audit.access.declaration import Access
from audit.gate import base
from audit.server import kept
from audit.server.target import Choice
from audit.settings import Settings
from fixtures.suite import SOURCES, Suite

ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources, on which what is kept depends."""
    for folder in SOURCES:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(kept, "ENGINE", tmp_path / "audit")
    monkeypatch.setattr(Suite, "root", tmp_path)
    return tmp_path


def sources(house: Path, *folders: str) -> list[Path]:
    return [path for each in folders for path in (house / each).rglob("*") if path.suffix in (".py", ".sql")]


def test_a_change_in_any_file_of_the_engine_makes_a_base_anew(house: Path) -> None:
    files = sources(house, "audit")
    assert {"evidence.py", "matrix.sql", "embedded.py"} <= {path.name for path in files}
    keys = {base.base_key(Choice(), [])}
    for path in files:
        with path.open("a", encoding="utf-8") as file:
            file.write("\n-- changed\n" if path.suffix == ".sql" else "\n# changed\n")
        keys.add(base.base_key(Choice(), []))
    assert len(keys) == len(files) + 1


def test_a_change_in_any_source_makes_the_suite_be_asked_again(house: Path) -> None:
    files = sources(house, *SOURCES)
    suite = Suite(Settings(), Access())
    keys = {suite.key()}
    for path in files:
        with path.open("a", encoding="utf-8") as file:
            file.write("\n-- changed\n" if path.suffix == ".sql" else "\n# changed\n")
        keys.add(suite.key())
    assert len(keys) == len(files) + 1
