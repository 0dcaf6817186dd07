"""How a project begins."""

from typing import Any


def init(**given: Any) -> int:  # noqa: ANN401
    """."""
    return 0
