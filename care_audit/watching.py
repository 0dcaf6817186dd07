"""A run of pytest that a verb looks into: what it found, and what can be asked of its database meanwhile."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Generator, Sequence
from typing import Any

import pytest

from audit.server.target import Target
from care_audit.calling import run
from care_audit.place import Place
from reports import folder
from reports.model import Run

Look = Callable[[Target, pytest.Config], None]


class Watcher:
    """A plugin of one run: keeps what was found, and shows the database to ``look`` before anything is asked of it."""

    def __init__(self, look: Look | None = None) -> None:
        self.look = look
        self.found: Run | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: pytest.FixtureRequest) -> Generator[None, Any, Any]:  # noqa: ANN401
        """Show the database once it is built."""
        made = yield
        if fixturedef.argname == "target" and self.look is not None:
            self.look(made, request.config)
        return made

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Keep what was found."""
        self.found = folder.finished(config)


def watched(place: Place, words: Sequence[str], look: Look | None = None) -> tuple[int, Run | None, str]:
    """Run an audit without a word; return its exit status, what it found, and what it would have said."""
    watcher = Watcher(look)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = run(place, words, plugins=[watcher])
    return status, watcher.found, said.getvalue()
