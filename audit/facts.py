"""What is found out during a run beside the verdicts: the fixtures note it, and the reports tell it.

Neither imports the other: both ask for the facts of the run that they are part of.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

from audit.access.results import Judgement
from audit.policy import Policy
from audit.results import Build, Cost, Login, Migration, Ruling, Sizes

if TYPE_CHECKING:
    from audit.gate.results import Rehearsal
    from audit.runbook.results import Outline


@dataclass(frozen=True)
class TargetFacts:
    """What may be told about the target: never its connection string."""

    kind: str
    server_version: str
    database: str
    role: str


@dataclass
class Facts:
    """The facts of one run. What is None or empty was not found out.

    ``started_at`` and ``clock`` (of :func:`time.monotonic`) are when it began.

    Known from the start: ``waivers`` (the file that applies), ``files`` (what decides what is judged),
    ``live`` (the target is a live database), ``gate`` (only
    new migrations are judged) and ``place``, where the target is looked for, without secrets. ``system`` is the
    identifier by which a live server is known for life, and ``unreachable`` why the target could not be reached.
    ``stopped`` returns the name of the signal by which the run was told to stop, or "".

    ``packs`` are those whose policies are asked, ``people`` whom to call, by severity, and ``severities`` the minutes
    by which something must have happened, where the project says so. ``offered`` are all policies that could be asked,
    ``own`` those of them that the project has written for itself, ``selected`` those of this run in their order,
    ``rulings`` those of them that were asked, by id. ``cost`` returns what a live database has been asked for so far.
    ``earlier`` returns the newest sizes of a moment or before it, else the oldest that there are; it is None where no
    history is kept.
    """

    started_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    clock: float = field(default_factory=time.monotonic)
    live: bool = False
    gate: bool = False
    place: str = ""
    target: TargetFacts | None = None
    system: str | None = None
    migrations: tuple[Migration, ...] = ()
    build: Build | None = None
    notes: tuple[str, ...] = ()
    unreachable: str = ""
    stopped: Callable[[], str] = str
    packs: tuple[str, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    severities: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    offered: tuple[Policy, ...] = ()
    own: tuple[Policy, ...] = ()
    selected: tuple[Policy, ...] = ()
    rulings: dict[str, Ruling] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    rehearsal: Rehearsal | None = None
    runbook: Outline | None = None
    waivers: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    login: Login | None = None
    cost: Callable[[], Cost] | None = None
    sizes: Sizes | None = None
    earlier: Callable[[dt.datetime], Sizes | None] | None = None


class Call(Protocol):
    """What is asked of pytest's config: how it was called."""

    @property
    def rootpath(self) -> Path:
        """The project's folder."""

    @property
    def args(self) -> Sequence[str]:
        """What pytest was asked to run."""

    @property
    def invocation_params(self) -> Any:  # noqa: ANN401 -- a class of pytest's
        """Where pytest was called (``dir``)."""

    def getoption(self, name: str) -> Any:  # noqa: ANN401 -- whatever an option holds
        """Return the value of an option."""


def is_audit(config: Call) -> bool:
    """Tell whether pytest was asked to run policies, so that ``pytest tests`` stays an ordinary test run."""
    if config.getoption("collectonly"):
        return False
    policies = config.rootpath / "policies"
    asked = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
    return any(path in (policies, config.rootpath) or policies in path.parents for path in map(Path.resolve, asked))


_FACTS: WeakKeyDictionary[object, Facts] = WeakKeyDictionary()


def facts_of(run: object) -> Facts:
    """Return the facts of a run, given the object that stands for it (pytest's config), for as long as that lives."""
    return _FACTS.setdefault(run, Facts())
