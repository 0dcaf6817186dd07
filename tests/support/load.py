"""What an audit takes from a busy server: members at work by way of pgbench, with audits now and then.

On a machine of its own the audit's Python and its shadow would take nothing from the database server. That is measured
by giving server and pgbench one processor and the audit the others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from audit.server.target import Choice, opened
from tests.support.outages import tree

ROOT = Path(__file__).parents[2]
CLIENTS = 2
PAUSE_S = 8.0  # about as long as an audit: then there is as much of the one as of the other
MEMBERS = 5_000
# What libpq reads from the environment: https://www.postgresql.org/docs/18/libpq-envars.html
VARIABLES = {"PGHOST": "host", "PGUSER": "user", "PGDATABASE": "dbname", "PGPASSFILE": "passfile"}

# What a member's page asks, as the API asks it.
WORK = r"""
\set n random(0, 199)
begin;
select id as me from public.profiles order by id offset :n limit 1 \gset
select set_config('request.jwt.claims', json_build_object('sub', ':me', 'role', 'authenticated')::text, true);
set local role authenticated;
select id, title, status from public.help_requests order by created_at desc limit 20;
select c.id, c.created_at from public.conversations c order by c.created_at desc limit 20;
select m.id, m.content, m.created_at from public.messages m order by m.created_at desc limit 20;
commit;
"""


@dataclass(frozen=True)
class Load:
    """For each audit: members' transactions a second, and the 99th percentile of their time, in relation to without it.

    ``unhurt``: all of pgbench's sessions lasted to the end, and each ends with its first error.
    """

    throughput: tuple[float, ...]
    p99: tuple[float, ...]
    unhurt: bool
    footprint: dict[str, Any]
    took_s: tuple[float, ...]


def measure(times: int) -> Load:
    """Let members work, and audit their database ``times`` times, with as long a rest before and after each."""
    processors = sorted(os.sched_getaffinity(0))
    ours, others = (processors[:1], processors[1:]) if len(processors) > 1 else (processors, processors)
    with opened(Choice(members=MEMBERS, keep=False)) as target, TemporaryDirectory() as folder:
        assert target.server is not None
        place = conninfo_to_dict(target.server.dsn)
        environment = {
            **os.environ,
            **{variable: str(place[name]) for variable, name in VARIABLES.items()},
        }  # fmt: skip
        Path(folder, "work.sql").write_text(WORK, encoding="utf-8")
        for pid in tree(target.server.pid):
            os.sched_setaffinity(pid, ours)
        bench = subprocess.Popen(
            [target.server.programs / "pgbench", "-f", f"{folder}/work.sql", "-c", str(CLIENTS), "-n",
             "-T", str(int((times + 1) * PAUSE_S * 20)), "-l", f"--log-prefix={folder}/log"],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, ours),
        )  # fmt: skip
        windows = []
        try:
            time.sleep(PAUSE_S)
            for _ in range(times):
                begun = time.time()
                subprocess.run(
                    [sys.executable, "-m", "pytest", "policies", f"--report-dir={folder}", "--no-history",
                     f"--target={target.server.dsn}"],
                    cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
                    preexec_fn=lambda: os.sched_setaffinity(0, others),
                )  # fmt: skip
                windows.append((begun, time.time()))
                time.sleep(PAUSE_S)
            alive = bench.poll() is None
        finally:
            bench.terminate()
            bench.wait()
        document = json.loads(Path(folder, "audit.json").read_text(encoding="utf-8"))
        logged = _logged(Path(folder))
    beside = [_beside(logged, *window) for window in windows]
    return Load(
        tuple(throughput for throughput, _ in beside), tuple(p99 for _, p99 in beside), alive, document["footprint"],
        tuple(end - begun for begun, end in windows),
    )  # fmt: skip


def _logged(folder: Path) -> list[tuple[float, float]]:
    """Return for each transaction when it ended, in seconds, and how many milliseconds it took.

    https://www.postgresql.org/docs/18/pgbench.html, "Per-Transaction Logging"
    """
    lines = (line.split() for path in folder.glob("log.*") for line in path.read_text(encoding="utf-8").splitlines())
    return [
        (int(fields[4]) + int(fields[5]) / 1e6, int(fields[2]) / 1000)
        for fields in lines
        if len(fields) >= 6 and fields[2].isdigit()
    ]


def _beside(logged: Sequence[tuple[float, float]], begun: float, end: float) -> tuple[float, float]:
    """Return throughput and 99th percentile during an audit, both in relation to those in the rests around it."""
    during = [ms for at, ms in logged if begun < at <= end]
    around = [ms for at, ms in logged if begun - PAUSE_S + 1 < at <= begun or end < at <= end + PAUSE_S - 1]
    seconds = end - begun, 2 * (PAUSE_S - 1)
    return (
        len(during) / seconds[0] / (len(around) / seconds[1]),
        quantiles(during, n=100)[98] / quantiles(around, n=100)[98],
    )
