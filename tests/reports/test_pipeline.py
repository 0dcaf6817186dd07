"""The end of a run: its steps have an order of their own, whatever that of the plugins, and the last word counts."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from care_audit.running import pytest_plugins
from reports.folder import OUTPUTS
from reports.pipeline import RENDERERS, STEPS
from tests.fixtures.test_askers import copy
from tests.support.auditing import audit

SOME = "primary_key or registered or every_user_has_a_profile"


def ordered(folder: Path, order: str) -> Path:
    """Copy the project, and put its plugins into another order."""
    project = copy(folder)
    path = project / "conftest.py"
    text = path.read_text(encoding="utf-8")
    names = list(pytest_plugins)
    assert len(names) > 10
    chosen = {"as it is": names, "sorted": sorted(names), "reversed": names[::-1]}[order]
    path.write_text(f"{text}\npytest_plugins = {tuple(chosen)!r}\n", encoding="utf-8")
    return project


def untimed(value: Any) -> Any:
    """Return a document without what differs from run to run: moments, durations and the paths of this run."""
    if isinstance(value, dict):
        timeless = {k: v for k, v in value.items() if k not in ("started_at", "duration_s", "duration_ms", "previous")}
        return {key: untimed(each) for key, each in timeless.items()}
    if isinstance(value, list):
        return [untimed(each) for each in value]
    return re.sub(r"/\S*/", "", value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, Any, int, list[str]]]:
    """One audit for each order: its exit status, audit.json, the exit status in its history, and its reports."""
    found = {}
    for order in ("as it is", "sorted", "reversed"):
        folder = tmp_path_factory.mktemp("order")
        project = ordered(folder / "project", order)
        alerts, waivers = folder / "alerts", folder / "waivers.toml"
        alerts.write_text("json://127.0.0.1:9/nobody-listens\n", encoding="utf-8")
        alerts.chmod(0o600)
        waivers.write_text(
            '[[waiver]]\npolicy = "AUTH-01"\nobject = "nobody"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n',
            encoding="utf-8",
        )
        outcome = audit(
            folder / "out", "-k", SOME, "--members=5", f"--history={folder / 'history.sqlite'}",
            f"--alert-file={alerts}", "--alert-on=always", f"--waivers={waivers}",
            f"--baseline={folder / 'baseline.json'}", "--write-baseline", f"--output={','.join(OUTPUTS)}", root=project,
        )  # fmt: skip
        with sqlite3.connect(folder / "history.sqlite") as history:
            ((stored,),) = history.execute("select exit_status from run").fetchall()
        files = sorted(path.name for path in (folder / "out").iterdir())
        found[order] = (outcome.status, untimed(outcome.document), stored, files)
    return found


@pytest.mark.parametrize("order", ["sorted", "reversed"])
def test_the_order_of_the_plugins_changes_nothing(documents, order: str) -> None:
    assert documents[order] == documents["as it is"]


def test_every_step_has_spoken(documents) -> None:
    _, document, _, files = documents["as it is"]
    assert document["counts"]["HOLDS"] >= 2
    assert [waiver["policy"] for waiver in document["unused_waivers"]] == ["AUTH-01"]
    assert any("0 findings in the baseline" in note for note in document["notes"])
    assert document["changes"] is not None
    assert any("was not delivered" in problem for problem in document["problems"])
    assert files == sorted(OUTPUTS.values())


def test_history_keeps_the_status_that_the_run_ended_with(documents) -> None:
    status, document, stored, _ = documents["as it is"]
    # Nothing is violated: it is the alert, which comes after the history, that makes this run fail.
    assert (status, document["exit_status"], stored) == (3, 3, 3)


def test_every_output_has_a_renderer() -> None:
    assert {*RENDERERS, "html"} == OUTPUTS.keys()
    assert [step.__module__.rpartition(".")[2] for step in STEPS] == [
        "identity", "waivers", "baseline", "repeats", "history", "alerts", "pipeline",
    ]  # fmt: skip
