"""What an audit takes from a busy server: pgbench at full speed, with audits now and then, and how fast it was then.

On a machine of its own the audit's Python and its shadow would take nothing from the database server. That is measured
by giving server and pgbench one processor and the audit the others; the other way they share all processors.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from audit.connection import Dsn, connect
from audit.server.target import Choice, opened
from tests.support.outages import tree

ROOT = Path(__file__).parents[2]
CLIENTS = 2
PAUSE_S = 12.0  # about as long as an audit: then there is as much of the one as of the other
PROGRESS = re.compile(rb"progress: ([\d.]+) s, ([\d.]+) tps")


@dataclass(frozen=True)
class Load:
    """Transactions per second of pgbench while an audit ran and while none did, and the ratio for each audit.

    ``unhurt``: all of its sessions lasted to the end, and each ends with its first error. ``processor_s`` is the time
    of a processor that the audit's sessions on the server had, for each audit: whatever else the machine does.
    """

    on: float
    off: float
    ratios: tuple[float, ...]
    unhurt: bool
    footprint: dict[str, Any]
    took_s: float
    apart: bool
    processor_s: float


class Sessions(threading.Thread):
    """Looks ten times a second at the audit's sessions, and at the time of a processor that each has had."""

    def __init__(self, dsn: Dsn) -> None:
        super().__init__(daemon=True)
        self.dsn = dsn
        self.over = threading.Event()
        self.seconds: dict[int, float] = {}

    def run(self) -> None:
        """Look until it is over."""
        tick = os.sysconf("SC_CLK_TCK")
        with connect(self.dsn) as connection:
            connection.execute("set application_name = 'load'")
            while not self.over.wait(0.1):
                for (pid,) in connection.execute(
                    "select pid from pg_catalog.pg_stat_activity where backend_type = 'client backend'"
                    " and (application_name ~ '^care-collective-audit' or application_name = 'pg_dump')"
                ).fetchall():
                    with suppress(OSError):  # it has just ended
                        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                        self.seconds[pid] = (int(fields[11]) + int(fields[12])) / tick


def measure(scale: int, times: int, options: Sequence[str] = (), *, apart: bool = False) -> Load:
    """Let pgbench run, and audit its database ``times`` times.

    ``apart``: server and pgbench have one processor and the audit the others, where there are several. A second that
    was partly the one and partly the other is left out.
    """
    processors = sorted(os.sched_getaffinity(0))
    apart = apart and len(processors) > 1
    with opened(Choice()) as target, TemporaryDirectory() as folder:
        assert target.server is not None
        programs = target.server.programs
        place = conninfo_to_dict(target.server.dsn)
        environment = {
            **os.environ,
            "PGHOST": str(place["host"]), "PGUSER": str(place["user"]), "PGDATABASE": str(place["dbname"]),
            "PGOPTIONS": "-c search_path=bench",
        }  # fmt: skip
        with connect(target.server.dsn) as connection:
            connection.execute("create schema bench")
        made = [programs / "pgbench", "-i", "-q", "-s", str(scale)]
        subprocess.run(made, env=environment, check=True, capture_output=True)
        with connect(target.server.dsn) as connection:
            connection.execute("checkpoint")
        if apart:
            for pid in tree(target.server.pid):
                os.sched_setaffinity(pid, processors[:1])
        length = (times + 1) * PAUSE_S * 20  # it is stopped when the audits are over
        bench = subprocess.Popen(
            [programs / "pgbench", "-c", str(CLIENTS), "-j", "1", "-n", "-T", str(int(length)), "-P", "1",
             "--progress-timestamp"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=(lambda: os.sched_setaffinity(0, processors[:1])) if apart else None,
        )  # fmt: skip
        windows = []
        sessions = Sessions(target.server.dsn)
        sessions.start()
        try:
            time.sleep(PAUSE_S)
            for _ in range(times):
                begun = time.time()
                subprocess.run(
                    [sys.executable, "-m", "pytest", "policies", f"--report-dir={folder}",
                     f"--target={target.server.dsn}", *options],
                    cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
                    preexec_fn=(lambda: os.sched_setaffinity(0, processors[1:])) if apart else None,
                )  # fmt: skip
                windows.append((begun, time.time()))
                time.sleep(PAUSE_S)
        finally:
            sessions.over.set()
            sessions.join()
            with connect(target.server.dsn) as connection:
                alive = bench.poll() is None and connection.execute(
                    "select count(*) from pg_catalog.pg_stat_activity where application_name = 'pgbench'"
                ).fetchone() == (CLIENTS,)
            bench.terminate()
            _, said = bench.communicate()
        document = json.loads(Path(folder, "audit.json").read_text(encoding="utf-8"))
    seconds = [(float(end), float(tps)) for end, tps in PROGRESS.findall(said)]
    on, off, ratios = _sorted_out(seconds, windows)
    return Load(
        mean(on), mean(off), tuple(ratios), alive, document["footprint"],
        mean(end - begun for begun, end in windows), apart,
        sum(sessions.seconds.values()) / len(windows),
    )  # fmt: skip


def _sorted_out(
    seconds: Sequence[tuple[float, float]], windows: Sequence[tuple[float, float]]
) -> tuple[list[float], list[float], list[float]]:
    on: list[float] = []
    off: list[float] = []
    ratios = []
    for begun, end in windows:
        inside = [tps for at, tps in seconds if begun + 1 <= at <= end]
        around = [
            tps for at, tps in seconds
            if (begun - PAUSE_S + 2 <= at <= begun or end + 1 <= at <= end + PAUSE_S - 1)
        ]  # fmt: skip
        on += inside
        off += around
        ratios.append(mean(inside) / mean(around))
    return on, off, ratios
