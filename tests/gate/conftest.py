"""The ground on which migrations are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audit.access.declaration import Access
from audit.settings import Settings
from fixtures.target import CHOICE
from reports.model import Finding
from tests.support.rehearsing import CorpusSuite, Ground, SilentSuite, grounded

Told = Callable[..., tuple[Finding, ...]]


@pytest.fixture(scope="session")
def ground(pytestconfig: pytest.Config, settings: Settings, access: Access) -> Iterator[Ground]:
    """The base, with the chapters that say something of any schema."""
    with grounded(pytestconfig.stash[CHOICE], CorpusSuite(settings, access)) as opened:
        yield opened


@pytest.fixture
def told(ground: Ground, tmp_path: Path, settings: Settings, access: Access) -> Told:
    """Return a function that tells what is found of migrations, each a text."""

    def tell(*texts: str) -> tuple[Finding, ...]:
        paths = []
        for number, text in enumerate(texts):
            path = tmp_path / f"2027010100000{number}_new.sql"
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        quick = Ground(lambda: ground.base, ground.released, SilentSuite(settings, access))
        quick.numbers = ground.numbers
        results = quick.try_files(paths, weights={})
        return tuple(finding for result in results.values() for finding in result.findings)

    return tell
