"""Many databases: ``care-audit fleet targets.toml``, or ``make fleet TARGETS=targets.toml``.

Several audits run at a time, and no more than a few on one server; each database has a report of its own, and one page
is about all of them. A database that is down costs the time that it takes to find that out, and holds up no other.
What was judged is written down at once: ``--resume`` goes on where a round was stopped.

On one machine the audits are processes of it. On many, Dask distributes them (``--scheduler tcp://host:8786``,
https://distributed.dask.org): it knows which workers there are, and gives what a worker had that died to another one.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import queue
import shutil
import signal
import sys
import time
from argparse import ArgumentParser
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from audit.evidence import safe
from audit.toml_file import FileError
from care_audit.fleet_job import RUNNING, Job, Judged, judge
from care_audit.fleet_targets import Fleet, load, server_of
from reports import fleet as page
from reports.nightly import NightlyError, locked

USAGE = 4
TRIES = 3
# A scheduler that is started anew is waited for so long.
PATIENCE_S = 90.0
POLL_S = 0.5
ROUND, RESULT = "round.json", "result.json"


class Pool(Protocol):
    """Where audits run."""

    def submit(self, job: Job, done: Callable[[], None]) -> Any:  # noqa: ANN401
        """Begin an audit; ``done`` is called when it is over. Return what :meth:`outcome` is asked about."""

    def outcome(self, begun: Any) -> Judged | None:  # noqa: ANN401
        """Return what became of an audit that is over, or None when nobody knows. Raises whatever it raised."""


class Here:
    """Audits as processes of this machine."""

    def __init__(self, number: int) -> None:
        self.threads = ThreadPoolExecutor(number, thread_name_prefix="fleet")

    def submit(self, job: Job, done: Callable[[], None]) -> Any:  # noqa: ANN401
        """Begin an audit."""
        future = self.threads.submit(judge, job)
        future.add_done_callback(lambda _: done())
        return future

    def outcome(self, begun: Any) -> Judged | None:  # noqa: ANN401
        """Return what became of an audit."""
        judged: Judged = begun.result()
        return judged

    def close(self) -> None:
        """Begin no more, end what runs."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        for process in [*RUNNING]:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        self.threads.shutdown(wait=True)


class Scheduled:
    """Audits on the workers of a Dask scheduler. Raises FileError when it is not there."""

    def __init__(self, address: str, round_: str) -> None:
        try:
            import distributed
        except ImportError:
            raise FileError("--scheduler needs Dask: pip install 'care-audit[fleet]'") from None
        # What becomes of each audit is told by us; its own log tells of connections that end, with tracebacks.
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.distributed: Any = distributed
        self.address = address
        self.round = round_
        self.numbers: Counter[str] = Counter()
        self.client = self._reached(time.monotonic())

    def _reached(self, deadline: float) -> Any:  # noqa: ANN401
        while True:
            try:
                return self.distributed.Client(self.address, timeout=10, set_as_default=False)
            except (OSError, ValueError) as error:
                if time.monotonic() >= deadline:
                    raise FileError(
                        f"the scheduler {safe(self.address)} cannot be reached: {safe(str(error))}"
                    ) from None
                time.sleep(POLL_S)

    def submit(self, job: Job, done: Callable[[], None]) -> Any:  # noqa: ANN401
        """Begin an audit, under a key of its own: a scheduler that knows it already does not begin it again."""
        if self.client.status not in ("running", "connecting"):
            self.client = self._reached(time.monotonic() + PATIENCE_S)
        key = f"care-audit-{self.round}-{job.name}-{self.numbers[job.name]}"
        self.numbers[job.name] += 1
        future = self.client.submit(judge, job, key=key, pure=False, retries=TRIES)
        future.add_done_callback(lambda _: done())
        return future

    def outcome(self, begun: Any) -> Judged | None:  # noqa: ANN401
        """Return what became of an audit; None when the scheduler went away, or gave it up."""
        if begun.status in ("cancelled", "lost", "pending"):
            self._await()
            return None
        try:
            judged: Judged = begun.result(timeout=PATIENCE_S)
        except (self.distributed.KilledWorker, self.distributed.CancelledError, TimeoutError):
            return None
        begun.release()
        return judged

    def _await(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self.client.status == "connecting" and time.monotonic() < deadline:
            time.sleep(POLL_S)

    def close(self) -> None:
        """Leave the scheduler; what runs under our keys and is wanted by nobody else is cancelled by it."""
        with suppress(Exception):  # it may have gone before us
            self.client.close(timeout=5)


@dataclass
class Round:
    """One round of a fleet, and where it is written down."""

    folder: Path
    fleet: Fleet
    begun: str
    done: dict[str, Judged] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, fleet: Fleet, *, resumed: bool) -> Round:
        """Begin a round, or go on with the last one: what it judged stays judged."""
        now = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        known = _read(folder / ROUND).get("begun") if resumed else None
        made = cls(folder, fleet, str(known or now))
        _write(folder / ROUND, {"begun": made.begun, "databases": len(fleet.database)})
        for database in fleet.database if known else ():
            result = _read(folder / database.name / RESULT)
            if result.get("round") == made.begun and not result.get("reason"):
                made.done[database.name] = Judged(database.name, int(result["status"]), "", float(result["took_s"]))
        return made

    @property
    def jobs(self) -> list[tuple[str, Job]]:
        """What remains to be judged, each with the server that it is on."""
        fleet = self.fleet
        return [
            (server_of(each), Job(each.name, each.target, (*fleet.options, *each.options), fleet.minutes))
            for each in fleet.database
            if each.name not in self.done
        ]

    def keep(self, judged: Judged) -> None:
        """Write down what became of a database: its folder is there as a whole, or as it was before."""
        draft = self.folder / f".{judged.name}.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        for name, content in judged.files.items():
            (draft / name).write_bytes(content)
        told = {"round": self.begun, "status": judged.status, "reason": judged.reason, "took_s": judged.took_s}
        _write(draft / RESULT, told)
        place = self.folder / judged.name
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)
        self.done[judged.name] = judged

    def summary(self) -> page.Fleet:
        """Return what is known of all of them, for the page."""
        reasons = {name: judged.reason for name, judged in self.done.items() if judged.reason}
        for database in self.fleet.database:
            if database.name not in self.done:
                reasons[database.name] = "it was not judged: the round was stopped before"
        documents = {name: _read(self.folder / name / "audit.json") for name in self.done if name not in reasons}
        return page.fleet_of(documents, reasons)


def dispatch(
    jobs: Iterable[tuple[str, Job]], pool: Pool, at_once: int, per_server: int, keep: Callable[[Judged], None]
) -> None:
    """Judge all: so many at a time, and so many of one server; what nobody knows the outcome of is tried again."""
    waiting: dict[str, deque[Job]] = {}
    for server, job in jobs:
        waiting.setdefault(server, deque()).append(job)
    over: queue.SimpleQueue[int] = queue.SimpleQueue()
    running: dict[int, tuple[str, Job, Any]] = {}
    busy: Counter[str] = Counter()
    tries: Counter[str] = Counter()
    number = 0
    while running or any(waiting.values()):
        for server, jobs_ in waiting.items():
            while jobs_ and busy[server] < per_server and len(running) < at_once:
                job = jobs_.popleft()
                number += 1
                busy[server] += 1
                tries[job.name] += 1
                running[number] = server, job, pool.submit(job, _telling(over, number))
        server, job, begun = running.pop(over.get())
        busy[server] -= 1
        judged = _outcome(pool, job, begun)
        if judged is None and tries[job.name] < TRIES:
            waiting[server].append(job)
        else:
            keep(judged or Judged(job.name, USAGE, "its workers died or went away while it was judged", 0.0))


def _telling(over: queue.SimpleQueue[int], number: int) -> Callable[[], None]:
    return lambda: over.put(number)


def _outcome(pool: Pool, job: Job, begun: Any) -> Judged | None:  # noqa: ANN401
    try:
        return pool.outcome(begun)
    except Exception as error:  # noqa: BLE001  whatever it is, it is about this database alone
        return Judged(job.name, USAGE, safe(f"it could not be judged: {type(error).__name__}: {error}")[:400], 0.0)


class Stopped(BaseException):
    """Somebody ends the round."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise Stopped where a signal asks to end."""

    def stop(number: int, _: object) -> None:
        raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write(path: Path, content: object) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content), encoding="utf-8")
    draft.replace(path)


def _read(path: Path) -> dict[str, Any]:
    """Return what was written as JSON, or nothing where that is not there, or damaged."""
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def run(targets: Path, into: Path, *, scheduler: str = "", resume: bool = False) -> int:
    """Judge a fleet; return the worst exit status: violated (1), not reached (4), unchecked (6), or 0.

    Raises FileError and NightlyError with one sentence.
    """
    fleet = load(targets, scheduled=bool(scheduler))
    into.mkdir(parents=True, exist_ok=True)
    with locked(into), ExitStack() as stack:
        round_ = Round.of(into, fleet, resumed=resume)
        pool: Scheduled | Here = (
            Scheduled(scheduler, round_.begun) if scheduler else Here(fleet.at_once or _processors())
        )
        stack.callback(pool.close)
        at_once = fleet.at_once or (len(fleet.database) if scheduler else _processors())
        print(f"{len(fleet.database)} databases, {len(round_.jobs)} to judge", flush=True)

        def keep(judged: Judged) -> None:
            round_.keep(judged)
            told = judged.reason or page.told(_read(into / judged.name / "audit.json"))
            print(f"{len(round_.done)}/{len(fleet.database)} {judged.name}: {told}", flush=True)

        try:
            with stoppable():
                dispatch(round_.jobs, pool, at_once, fleet.at_once_per_server, keep)
        except Stopped:
            print("the round was stopped; --resume goes on with it", flush=True)
        summary = round_.summary()
        page.write(summary, into)
        print("\n".join(page.lines(summary)), flush=True)
        return summary.status


def _processors() -> int:
    return max(2, os.cpu_count() or 2)


def main(arguments: Sequence[str]) -> int:
    """Judge a fleet; return the exit status."""
    parser = ArgumentParser(prog="care-audit fleet", description="Audit many databases; one page is about all of them.")
    parser.add_argument("targets", type=Path, nargs="?", default=Path("targets.toml"), metavar="TARGETS.TOML")
    parser.add_argument("--targets", type=Path, dest="named", metavar="FILE", help="the same, as an option")
    parser.add_argument(
        "--into", type=Path, default=Path("reports/fleet"), metavar="DIR", help="default: reports/fleet"
    )
    parser.add_argument("--scheduler", default="", metavar="ADDRESS", help="a Dask scheduler, such as tcp://host:8786")
    parser.add_argument("--resume", action="store_true", help="go on with the last round, where it was stopped")
    options = parser.parse_args(arguments)
    try:
        return run(options.named or options.targets, options.into, scheduler=options.scheduler, resume=options.resume)
    except (FileError, NightlyError) as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        sys.stderr.write(f"{safe(str(error.filename or options.into))}: {error.strerror}\n")
    return USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
