"""What a run is waiting for, told when that takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from audit.evidence import safe

FIRST_S = 10.0


class Progress:
    """What is done just now, and who is told of it."""

    def __init__(self) -> None:
        self.first_s = FIRST_S
        self.say: Callable[[str], None] | None = None
        self._doing: list[str] = []

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Do in the body what is said in a few words; of what other threads do nothing is told."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._doing.append(safe(what))
        try:
            yield
        finally:
            self._doing.pop()

    def waits(self, limit_s: float | None) -> Iterator[float]:
        """Yield the seconds of one wait after the other, up to a limit (None: for ever), and tell of it in between."""
        begun = time.monotonic()
        part = self.first_s
        while True:
            past = time.monotonic() - begun
            if limit_s is not None and past >= limit_s:
                return
            if past >= self.first_s:
                part = past  # told again when it has taken twice as long
                self._tell(past)
            yield part if limit_s is None else min(part, limit_s - past)

    def _tell(self, past_s: float) -> None:
        main = threading.current_thread() is threading.main_thread()
        if main and self.say is not None and self._doing:
            self.say(f"still waiting, for {past_s:.0f} s: {', '.join(self._doing)}")


PROGRESS = Progress()
