"""How long tests take: printed file by file, and kept in durations.json, by which later runs are ordered and shortened.

What a test costs is its own time, all its cases together, and that of the fixtures it needs beside the target, which
every run has. ``make test ARGS=--write-durations`` measures anew what it runs.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[1] / "durations.json"
KEPT_S = 0.3  # shorter ones are not told apart
QUICK_S = 0.8
FREE = ("target", "bench")

FIXTURES_KEY = pytest.StashKey[dict[str, float]]()


def key(nodeid: str) -> str:
    """Return what all cases of a test have in common."""
    return nodeid.partition("[")[0]


def file_of(nodeid: str) -> str:
    """Return the file of a test."""
    return nodeid.partition("::")[0]


def recorded() -> dict[str, float]:
    """Return the seconds that files took, and the tests that take long, as they were last measured."""
    measured: dict[str, float] = json.loads(PLACE.read_text(encoding="utf-8"))
    return measured


def ordered(items: list[pytest.Item], seconds: dict[str, float]) -> list[pytest.Item]:
    """Return the tests with the files first that take longest: what comes last fills up what time is left.

    The tests of a file stay together, as its fixtures do. A file that was never measured begins.
    """

    def rank(item: pytest.Item) -> tuple[float, str]:
        file = file_of(item.nodeid)
        return -seconds.get(file, math.inf), file

    return sorted(items, key=rank)


def quick(item: pytest.Item, seconds: dict[str, float]) -> bool:
    """Tell whether a test is a short one, with all its cases. In a file that was measured, one that was not may be."""
    return file_of(item.nodeid) in seconds and seconds.get(key(item.nodeid), 0.0) <= QUICK_S


class Durations:
    """The plugin that measures. With several processes each measures its fixtures, and the first adds everything up."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.fixtures: dict[str, float] = {}
        self.files: Counter[str] = Counter()
        self.tests: dict[str, float] = {}
        self.needs: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Measure a fixture without those that it needs, which are set up before it."""
        begun = time.monotonic()
        try:
            return (yield)
        finally:
            self.fixtures[fixturedef.argname] = time.monotonic() - begun

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note what the fixtures of a test took, whoever had them set up."""
        needed = [name for name in getattr(item, "fixturenames", ()) if name not in FREE]
        item.user_properties.append(("fixtures_s", sum(self.fixtures.get(name, 0.0) for name in needed)))
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up."""
        self.files[file_of(report.nodeid)] += report.duration  # type: ignore[assignment]
        if report.when == "call":
            name = key(report.nodeid)
            self.tests[name] = self.tests.get(name, 0.0) + report.duration
            self.needs[name] = max(self.needs.get(name, 0.0), dict(report.user_properties).get("fixtures_s", 0.0))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the files, the longest first."""
        if self.config.getoption("file_durations"):
            terminalreporter.section("seconds in each file")
            for file, took in self.files.most_common():
                terminalreporter.write_line(f"{took:8.1f}  {file}")

    def pytest_sessionfinish(self) -> None:
        """Write what was measured, and keep what was not."""
        if not self.config.getoption("write_durations") or hasattr(self.config, "workerinput"):
            return
        measured = {name: took + self.needs[name] for name, took in self.tests.items()}
        kept = {name: took for name, took in recorded().items() if name not in measured}
        kept |= {name: round(took, 1) for name, took in measured.items() if took >= KEPT_S}
        kept |= {file: round(took, 1) for file, took in self.files.items()}
        PLACE.write_text(json.dumps(dict(sorted(kept.items())), indent=0) + "\n", encoding="utf-8")
