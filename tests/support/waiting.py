"""Waiting for what is to happen, on a machine that may be busy: limits end what hangs, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT_S = 600.0
STEP_S = 0.02


def eventually(condition: Callable[[], object], limit_s: float = LIMIT_S) -> bool:
    """Wait until something is true; tell whether it became true within the limit."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(STEP_S)
    return True
