"""A file with which the server ends, or that cannot be looked at, is told; the others are judged without it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from audit.access.declaration import Access
from audit.gate import rehearsal
from audit.gate.trace import Tracer
from audit.results import Verdict
from audit.settings import Settings
from fixtures.target import CHOICE
from reports.model import Result
from tests.support.rehearsing import Ground, SilentSuite, grounded

NEWS = {
    "20270101000001_loses.sql": "delete from private.labels;",
    "20270101000002_bad.sql": "create table private.not_seen (id integer primary key);",
    "20270101000003_loses_more.sql": "\n\ntruncate private.stops;",
    "20270101000004_harmless.sql": "comment on table private.stops is 'where they stop';",
}


@pytest.fixture(scope="module")
def brittle(pytestconfig: pytest.Config, settings: Settings, access: Access) -> Iterator[Ground]:
    with grounded(pytestconfig.stash[CHOICE], SilentSuite(settings, access)) as opened:
        yield opened


def try_them(ground: Ground, folder: Path) -> dict[str, Result]:
    for name, text in NEWS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return ground.try_files([folder / name for name in NEWS], weights={})


def told(results: dict[str, Result], policy: str) -> list[str]:
    return [finding.object for finding in results[policy].findings]


@pytest.fixture
def deadly(brittle: Ground, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What files are named by with which the server ends."""
    words: list[str] = []
    apply_files = rehearsal.apply_files

    def apply(conn: psycopg.Connection[Any], paths: Sequence[Path], *rest: Any) -> Any:
        if any(word in path.name for path in paths for word in words):
            os.kill(brittle.base.server.pid, signal.SIGKILL)
            brittle.base.server.process.wait(30)
        return apply_files(conn, paths, *rest)

    monkeypatch.setattr(rehearsal, "apply_files", apply)
    return words


def test_the_others_are_judged_on_another_server(brittle: Ground, tmp_path: Path, deadly: list[str]) -> None:
    deadly.append("bad")
    results = try_them(brittle, tmp_path)
    ((finding),) = results["MIG-01"].findings
    assert finding.object == "20270101000002_bad.sql"
    assert "the server that it was tried on ended with it" in str(finding.details["error"])
    lost = told(results, "MIG-03")
    assert [each for each in lost if "loses.sql" in each and "private.labels" in each], lost
    assert [each for each in lost if "loses_more.sql" in each and "private.stops" in each], lost
    assert not [each for each in lost if "harmless" in each]
    # Of the file itself nobody knows anything.
    assert results["MIG-06"].verdict is Verdict.UNCHECKED
    assert "bad.sql did not apply" in results["MIG-06"].reason


def test_servers_are_not_started_without_end(
    brittle: Ground, tmp_path: Path, deadly: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal, "MOST_BASES", 2)
    deadly += ["loses", "bad"]
    results = try_them(brittle, tmp_path)
    assert {finding.object: str(finding.details["error"]) for finding in results["MIG-01"].findings} == {
        name: rehearsal.SERVER_ENDED if "01_" in name else rehearsal.NOT_TRIED for name in NEWS
    }
    assert {results[name].verdict for name in ("MIG-03", "MIG-04", "MIG-05", "MIG-06")} == {Verdict.UNCHECKED}


def test_what_cannot_be_looked_at_is_told_of_its_file(
    brittle: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brittle.stand()
    finish = Tracer.finish

    def blind(self: Tracer, *, applied: bool) -> None:
        finish(self, applied=applied)
        if any("not_seen" in change.title for step in self.steps for change in step.catalogue):
            self.conn.execute("select 1 / 0")

    monkeypatch.setattr(Tracer, "finish", blind)
    results = try_them(brittle, tmp_path)
    ((finding),) = results["MIG-01"].findings
    assert str(finding.details["error"]).startswith("what it did could not be looked at: DivisionByZero")
    assert [each for each in told(results, "MIG-03") if "loses_more.sql" in each]
