"""How fast it is, as figures and not as a test: ``make bench``, or ``python -m tests.bench --seeds`` for the seeds.

What is promised is printed beside what was measured; whether it is kept is for the reader to judge, because a busy
machine says nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fixtures import live
from fixtures.embedded import serve
from fixtures.migrations import apply
from fixtures.seeds import plant
from fixtures.target import MIGRATIONS, PLATFORM

ROOT = Path(__file__).parents[1]
SLOWEST = 10
PROMISED_S = {"audit": 8.0, "policies": 2.0, "proofs": 60.0, "seeds": 60.0}
LARGE = 100_000


def tell(what: str, seconds: float, promised: float | None = None) -> None:
    """Print a figure, and its ratio to what is promised."""
    ratio = f"  {seconds / promised:5.2f} of the promised {promised:g} s" if promised else ""
    print(f"{what:<56}{seconds:9.2f} s{ratio}", flush=True)


def timed(command: Sequence[str]) -> float:
    """Run a command without its output; return the seconds that it took. Its status is told when it is not 0."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
    )
    took = time.perf_counter() - begun
    if done.returncode:
        print(f"{' '.join(command)}: exit status {done.returncode}")
    return took


def measure_audit(times: int) -> None:
    """Measure whole audits of the embedded reference, and print the best one: start to report."""
    runs: list[tuple[float, dict[str, Any]]] = []
    with TemporaryDirectory() as folder:
        for _ in range(times):
            took = timed(["-m", "pytest", "policies", f"--report-dir={folder}"])
            runs.append((took, json.loads(Path(folder, "audit.json").read_text(encoding="utf-8"))))
    best, document = min(runs, key=lambda run: run[0])
    policies = document["policies"]
    print(f"best of {times}: {', '.join(f'{took:.2f} s' for took, _ in runs)}; {len(policies)} policies")
    tell("the whole audit of the embedded reference", best, PROMISED_S["audit"])
    tell("  the policies' own part", sum(p["duration_ms"] for p in policies) / 1000, PROMISED_S["policies"])
    for policy in sorted(policies, key=lambda policy: -policy["duration_ms"])[:SLOWEST]:
        tell(f"    {policy['id']} {policy['name'].removeprefix('test_')[:40]}", policy["duration_ms"] / 1000)


def measure_parts() -> None:
    """Measure what an audit does before the first policy."""
    tell("  python with pytest and the plugins, nothing asked", timed(["-m", "pytest", "policies", "--co", "-q"]))
    begun = time.perf_counter()
    with serve() as server, live.connect(server.dsn) as connection:
        tell("  a server: initdb and start", time.perf_counter() - begun)
        begun = time.perf_counter()
        for file in sorted(PLATFORM.glob("*.sql")):
            connection.execute(file.read_bytes())
        tell("  schema/platform", time.perf_counter() - begun)
        begun = time.perf_counter()
        apply(connection, MIGRATIONS)
        tell("  schema/migrations", time.perf_counter() - begun)
        begun = time.perf_counter()
        plant(connection)
        tell("  seeds, 200 members", time.perf_counter() - begun)
        begun = time.perf_counter()
        connection.execute("analyze")
        tell("  analyze", time.perf_counter() - begun)


def measure_seeds() -> None:
    """Measure the seeds with a large community."""
    with serve() as server, live.connect(server.dsn) as connection:
        for file in sorted(PLATFORM.glob("*.sql")):
            connection.execute(file.read_bytes())
        apply(connection, MIGRATIONS)
        begun = time.perf_counter()
        plant(connection, LARGE)
        took = time.perf_counter() - begun
        counted = connection.execute("select count(*) from public.messages").fetchone()
    tell(f"seeds, {LARGE:,} members and {counted[0] if counted else 0:,} messages", took, PROMISED_S["seeds"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", action="store_true", help=f"the seeds with {LARGE:,} members, and nothing else")
    parser.add_argument("--times", type=int, default=3, help="how many audits; the best one counts (default 3)")
    chosen = parser.parse_args()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors{load}")
    if chosen.seeds:
        measure_seeds()
        return
    measure_audit(max(1, chosen.times))
    measure_parts()
    tell(
        "the proofs: pytest tests/test_proofs.py",
        timed(["-m", "pytest", "tests/test_proofs.py", "-q"]),
        PROMISED_S["proofs"],
    )


if __name__ == "__main__":
    main()
