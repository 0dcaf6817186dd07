"""How a run is told to stop, and where it heeds that: while it waits for something, and never amid clearing up.

A signal comes at any moment. Raised wherever that is, an exception could be lost (in a finalizer), leave a connection
amid an answer, or keep a server from being ended. So the handler only notes who asked, unless the run is in a wait
that may be broken off; everywhere else the next such wait, or the next policy, heeds it. It is heeded once: what is
cleared up afterwards is not disturbed.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """Somebody stopped the run. As a KeyboardInterrupt it ends pytest, and psycopg cancels what it waits for."""


class Ending:
    """Whether a run was told to stop: ``asked`` is the name of the signal, or ""."""

    def __init__(self) -> None:
        self.asked = ""
        self._heeded = True  # until there is something that could be told
        self._waiting = False

    def ask(self, number: int, _: FrameType | None = None) -> None:
        """Note that the run is to stop; the handler of the signals. Raises Stopped in a wait."""
        self.asked = self.asked or signal.Signals(number).name
        if self._waiting:
            self.heed()

    def heed(self) -> None:
        """Raise Stopped if that was asked for and has not been heeded yet."""
        if self.asked and not self._heeded:
            self._heeded = True
            raise Stopped(f"stopped by {self.asked}")

    def again(self) -> None:
        """Raise Stopped once more, where what was broken off has failed in another way on its way out."""
        if self.asked:
            raise Stopped(f"stopped by {self.asked}")

    def begin(self) -> None:
        """Heed from now on what is asked, and what was asked before."""
        self._heeded = False

    def undisturbed(self) -> None:
        """Heed nothing any more: what is done from now on is the end."""
        self._heeded = True

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait for something, in the body, in a way that may be broken off. Raises Stopped."""
        # Handlers run in the main thread; others are ended by it.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self.heed()
        before = self._waiting
        try:
            self._waiting = True
            yield
        finally:
            self._waiting = before

    @contextmanager
    def held_off(self) -> Iterator[None]:
        """Clear up in the body, and heed nothing meanwhile."""
        before = self._heeded
        self._heeded = True
        try:
            yield
        finally:
            self._heeded = before


ENDING = Ending()
