"""How fast it is, as figures and not as a test: ``make bench``, or ``python -m tests.bench --matrix`` for one part.

What is promised is printed beside what was measured, as a ratio: seconds are promised for a machine as fast as ours,
and here they are as many more or fewer as this one needs for a piece of work that never changes. Whether a promise is
kept is for the reader to judge, because a busy machine says nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from audit.access.declaration import Access
from audit.access.declaration import load as load_access
from audit.access.matrix import Observed, opened_tables
from audit.access.parameters import parameters
from audit.access.results import API_ACTORS
from audit.actors import staged
from audit.connection import connect
from audit.evidence import Log
from audit.gate.linter import lint
from audit.people import CAST
from audit.question import Connection
from audit.seeding.seeds import plant
from audit.server.embedded import serve
from audit.server.target import MIGRATIONS, PLATFORM, Choice, opened
from audit.settings import Settings
from audit.settings import load as load_settings
from tests.hazards import compare as compare_hazards
from tests.support import load, ratios
from tests.support.auditing import migrated
from tests.support.figures import RESULTS, Figures, rewrite
from tests.support.large import SETS, Made, build, one_at_a_time
from tests.support.rehearsing import CorpusSuite, corpus, found_in, grounded

ROOT = Path(__file__).parents[1]
SLOWEST = 10
LOAD_SCALE, LOAD_KEPT = 50, 0.95
PROMISED_S = {"audit": 8.0, "policies": 2.0, "proofs": 60.0, "seeds": 60.0, "gate": 5.0, "large gate": 60.0}
LARGE = 100_000

# The matrix: of so many tables, compared with one statement at a time, with twice the tables, and with longer ones.
TABLES, ROWS = 200, 60
FEW_TABLES, SHORT, LONG = 12, 200, 20_000
FASTER, TWICE, LONGER = 5.0, 2.3, 3.0
UNCHECKED = 1.5
EIGHT = [name for name in API_ACTORS if name != "rejected"]


# A piece of work that never changes, and the processor's seconds that it takes where the promises were made.
WORK, WORK_S = 300_000, 0.14


@cache
def pace() -> float:
    """Return how much longer this machine takes for a piece of work, whatever else it does: the best of three."""

    def work() -> float:
        begun = time.process_time()
        text = b""
        for _ in range(WORK):
            text = hashlib.md5(text, usedforsecurity=False).digest()
        return time.process_time() - begun

    return min(work() for _ in range(3)) / WORK_S


def tell(what: str, seconds: float, promised: float | None = None) -> None:
    """Print a figure, and its ratio to what is promised."""
    due = promised * pace() if promised else 0
    ratio = f"  {seconds / due:5.2f} of the promised {promised:g} s, here {due:.1f} s" if promised else ""
    print(f"{what:<56}{seconds:9.2f} s{ratio}", flush=True)


def timed(command: Sequence[str]) -> float:
    """Run a command without its output; return the seconds that it took. Its status is told when it is not 0.

    Compiled files are kept, as ``make`` does.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix, "pycache")))
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
    )  # fmt: skip
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
    with serve() as server, connect(server.dsn) as connection:
        tell("  a server: initdb and start", time.perf_counter() - begun)
        begun = time.perf_counter()
        for file in sorted(PLATFORM.glob("*.sql")):
            connection.execute(file.read_bytes())
        tell("  schema/platform", time.perf_counter() - begun)
        begun = time.perf_counter()
        migrated(connection, MIGRATIONS)
        tell("  schema/migrations", time.perf_counter() - begun)
        begun = time.perf_counter()
        plant(connection)
        tell("  seeds, 200 members", time.perf_counter() - begun)
        begun = time.perf_counter()
        connection.execute("analyze")
        tell("  analyze", time.perf_counter() - begun)


def measure_unchecked(times: int) -> None:
    """Measure audits of a live copy of the reference in which nobody can act, beside the same with nothing unchecked.

    One after the other, again and again: what else the machine does is felt by both.
    """
    judged: list[float] = []
    blind: list[float] = []
    with opened(Choice()) as target, TemporaryDirectory() as folder:
        command = ["-m", "pytest", "policies", f"--target={target.dsn}", "--no-history", f"--report-dir={folder}"]
        for _ in range(times):
            judged.append(timed(command))
            blind.append(timed([*command, "--no-shadow"]))
            document = json.loads(Path(folder, "audit.json").read_text(encoding="utf-8"))
    tell("a live copy of the reference, with its shadow", min(judged))
    tell(f"  without it, {document['counts']['UNCHECKED']} policies unchecked", min(blind))
    compare("  unchecked to judged", min(blind) / min(judged), f"at most {UNCHECKED}")


def measure_seeds() -> None:
    """Measure the seeds with a large community."""
    with serve() as server, connect(server.dsn) as connection:
        for file in sorted(PLATFORM.glob("*.sql")):
            connection.execute(file.read_bytes())
        migrated(connection, MIGRATIONS)
        begun = time.perf_counter()
        plant(connection, LARGE)
        took = time.perf_counter() - begun
        counted = connection.execute("select count(*) from public.messages").fetchone()
    tell(f"seeds, {LARGE:,} members and {counted[0] if counted else 0:,} messages", took, PROMISED_S["seeds"])


def compare(what: str, ratio: float, promised: str) -> None:
    """Print a ratio beside what is promised of it."""
    print(f"{what:<56}{ratio:9.2f}    promised: {promised}", flush=True)


def observe(connection: Connection, made: Sequence[Made]) -> tuple[float, list[Observed]]:
    """Observe the matrix as an audit does; return the seconds and the cells."""
    known = parameters(connection, Settings(), Access())
    with staged(connection, known, Log(), {}) as stage:
        begun = time.perf_counter()
        with opened_tables(stage, {table.name: SETS for table in made}, EIGHT) as (observatory, tables):
            cells = observatory.observe(list(tables))
        return time.perf_counter() - begun, cells


def observed(tables: int, rows: int) -> float:
    """Return the seconds that the matrix takes of so many tables with so many rows: the better of two."""
    with serve() as server, connect(server.dsn) as connection:
        for file in sorted(PLATFORM.glob("*.sql")):
            connection.execute(file.read_bytes())
        made = build(connection, tables, rows)
        took = min(observe(connection, made)[0] for _ in range(2))
    tell(f"  the matrix of {tables} tables with {rows:,} rows", took)
    return took


def differences(cells: Sequence[Observed], others: Sequence[Observed]) -> int:
    """Count the cells of which the two say something else: what is reached, by kind, or that the grant refuses.

    New rows are made up by each in its own way: there the kinds count that both offered.
    """
    known = {(cell.actor, cell.relation, cell.shape): cell for cell in cells}
    count = len(known) - len(others)
    for other in others:
        cell = known[other.actor, other.relation, other.shape]
        same = (cell.refusal == "grant") == (other.refusal == "grant")
        if other.shape == "insert":
            both = cell.everything.keys() & other.everything.keys()
            same &= cell.reached.keys() & both == other.reached.keys() & both
        else:
            same &= dict(cell.reached) == dict(other.reached)
        count += not same
    return count


def measure_matrix() -> None:
    """Measure the access matrix, and the same cells asked one statement at a time."""
    with serve() as server, connect(server.dsn) as connection:
        for file in sorted(PLATFORM.glob("*.sql")):
            connection.execute(file.read_bytes())
        made = build(connection, TABLES, ROWS)
        before, cells = observe(connection, made)
        with staged(connection, {}, Log(), {}):
            begun = time.perf_counter()
            others = one_at_a_time(connection, made, [CAST[name] for name in EIGHT])
            plain = time.perf_counter() - begun
        after, _ = observe(connection, made)
    took = (before + after) / 2
    tell(f"the matrix of {TABLES} tables, {len(cells):,} cells", took)
    tell(f"  one statement at a time, {len(others):,} cells", plain)
    print(f"  cells of which the two say something else: {differences(cells, others)}")
    compare("  so many times faster", plain / took, f"at least {FASTER:g}")
    once, twice = observed(TABLES, ROWS), observed(2 * TABLES, ROWS)
    compare(f"  {2 * TABLES} tables to {TABLES}", twice / once, f"at most {TWICE:g}")
    short, long = observed(FEW_TABLES, SHORT), observed(FEW_TABLES, LONG)
    compare(f"  {FEW_TABLES} tables with {LONG:,} rows to {SHORT}", long / short, f"at most {LONGER:g}")


def measure_load(scale: int, times: int) -> None:
    """Measure what pgbench does while audits run and while none does: on the same processors, and on others."""
    for apart in (False, True):
        found = load.measure(scale, times, apart=apart)
        where = "server and pgbench on one processor, the audit on others" if found.apart else "all on all processors"
        print(f"pgbench, scale {scale}, {load.CLIENTS} clients; {where}; {times} audits, {found.took_s:.1f} s each")
        print(f"  {found.on:,.0f} transactions a second with an audit, {found.off:,.0f} without")
        print(f"  audit by audit: {', '.join(f'{ratio:.1%}' for ratio in found.ratios)}; {found.unhurt=}")
        print(f"  {json.dumps(found.footprint)}")
        print(f"  the server's processor time for an audit: {found.processor_s:.2f} s")
        compare("  kept while an audit runs", found.on / found.off, f"at least {LOAD_KEPT}")


def measure_gate() -> None:
    """Measure the gate: its whole process with a cached base, and what it finds in its corpus, beside squawk alone."""
    with TemporaryDirectory() as folder:
        small, large = Path(folder, "small"), Path(folder, "large")
        for place, count in ((small, 0), (large, 300 - len(list(MIGRATIONS.glob("*.sql"))) - 3)):
            shutil.copytree(MIGRATIONS, place)
            for number in range(count):
                text = f"create table private.t{number} (id bigint primary key, word text, since timestamptz);\n"
                Path(place, f"20260101{number:06}_t{number}.sql").write_text(text, encoding="utf-8")
            for number in range(3 if count else 1):
                text = f"alter table public.messages add column extra_{number} text;\n"
                Path(place, f"2027010100000{number}_new.sql").write_text(text, encoding="utf-8")
        for place, what, name in (
            (small, "the gate: one new file, the base cached", "gate"),
            (large, "the gate: 300 files and 3 of them new", "large gate"),
        ):
            command = [
                "-m", "pytest", "policies", "--gate", f"--migrations={place}", "--since-version=20269999999999",
                f"--gate-cache={folder}/cache", f"--report-dir={folder}/out", f"--settings={ROOT / 'audit.toml'}",
            ]  # fmt: skip
            first = timed(command)
            tell(f"{what.split(',')[0]}, nothing cached", first, PROMISED_S["large gate"] if place is large else None)
            if place is small:
                tell(what, min(timed(command), timed(command)), PROMISED_S[name])
    compare_with_squawk()


def compare_with_squawk(figures: Figures | None = None) -> None:
    """Print how many dangers of the corpus the gate and squawk alone find, and how many harmless files they blame.

    Beside them the hazards that eugene's and squawk's documents list, and how many of them we tell wrongly.
    """
    suite = CorpusSuite(load_settings(ROOT / "audit.toml"), load_access(ROOT / "schema" / "access.toml"))
    dangers = harmless = 0
    found, blamed = {"gate": 0, "squawk": 0}, {"gate": 0, "squawk": 0}
    with grounded(Choice(), suite) as ground:
        for case in corpus():
            said = {
                "gate": {(file, line) for _, file, line, _ in found_in(ground.try_out(case))},
                "squawk": {(n, each.line) for n, p in case.files.items() for each in lint(p.read_text("utf-8"), 18)},
            }
            expected = {(each.file, each.line) for each in case.expected}
            dangers += bool(expected)
            harmless += not case.dangerous
            for who, places in said.items():
                found[who] += bool(expected) and expected <= places
                blamed[who] += not case.dangerous and bool(places)
    for who in ("gate", "squawk"):
        right = f"{found[who]} of {dangers} dangers at their lines"
        print(f"{who}: {right}, {blamed[who]} of {harmless} harmless cases blamed")
        if figures is not None:
            promised = {"least": 100.0} if who == "gate" else {}
            figures.add(
                f"{who}: dangers of the corpus found at their lines", [100 * found[who] / dangers], "%", **promised
            )
            promised = {"most": 0.0} if who == "gate" else {}
            figures.add(f"{who}: harmless cases blamed", [100 * blamed[who] / harmless], "%", **promised)
    if figures is not None:
        wrong = compare_hazards()
        figures.add(
            "documented hazards of eugene and squawk: missed, or told of where there is none", [wrong], "", most=0
        )


# What `make bench` measures, in order; each begins only while there is time.
SECTIONS: Mapping[str, tuple[str, Callable[[Figures, argparse.Namespace], None]]] = {
    "start": ("Start", lambda found, chosen: ratios.start(found, chosen.times)),
    "live": ("Live, beside other tools", lambda found, chosen: ratios.beside_peers(found, chosen.times)),
    "catalogue": ("Catalogue policies", lambda found, _: ratios.catalogue(found)),
    "distance": ("From far away", lambda found, _: ratios.distance(found)),
    "fleet": ("Many databases", lambda found, _: ratios.fleet(found)),
    "corpus": ("The gate, beside squawk and eugene", lambda found, _: compare_with_squawk(found)),
    "acting": ("People who act", lambda found, _: ratios.acting(found)),
    "data": ("Many rows", lambda found, chosen: ratios.data(found, chosen.members)),
}
BUDGET_S = 19 * 60.0
MEMBERS = 20_000
# Parts that are measured by name alone, and only printed.
PARTS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "seeds": lambda _: measure_seeds(),
    "matrix": lambda _: measure_matrix(),
    "load": lambda chosen: measure_load(chosen.scale, chosen.times),
    "gate": lambda _: measure_gate(),
    "unchecked": lambda chosen: measure_unchecked(chosen.times),
    "hazards": lambda _: print(compare_hazards()),
    "audit": lambda chosen: measure_audit(chosen.times),
    "parts": lambda _: measure_parts(),
    "proofs": lambda _: measure_proofs(),
}


def measure_proofs() -> None:
    """Measure all proofs of the policies."""
    command = ["-m", "pytest", "tests/policies/test_proofs.py", "--numprocesses=auto"]
    tell("the proofs: pytest tests/policies/test_proofs.py --numprocesses=auto", timed(command), PROMISED_S["proofs"])


def machine() -> dict[str, str]:
    """Describe what is measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    name = next((line.partition(": ")[2] for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    return {
        "processors": f"{os.cpu_count()} ({name.strip() or platform.machine()}), {pace():.2f} times our time",
        "memory": f"{memory} GB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load at the beginning": f"{os.getloadavg()[0]:.1f}",
        "day": time.strftime("%Y-%m-%d"),
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def main() -> None:
    """Measure and print; write reports/out/bench.json and docs/performance.md when all of it was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.partition("\n")[0])
    for name in (*SECTIONS, *PARTS):
        parser.add_argument(f"--{name}", action="store_true", help="this part, and no other that is not named")
    parser.add_argument("--scale", type=int, default=LOAD_SCALE, help=f"of pgbench (default {LOAD_SCALE})")
    parser.add_argument("--members", type=int, default=MEMBERS, help=f"of --data (default {MEMBERS:,})")
    parser.add_argument("--times", type=int, default=5, help="how often, one after the other (default 5)")
    chosen = parser.parse_args()
    asked = [name for name in (*SECTIONS, *PARTS) if getattr(chosen, name)]
    begun = time.monotonic()
    found = Figures(machine())
    print(", ".join(f"{name}: {value}" for name, value in found.machine.items()), flush=True)
    for name, (title, measure) in SECTIONS.items():
        if asked and name not in asked:
            continue
        found.section = title
        print(f"\n{title} ({time.monotonic() - begun:.0f} s)", flush=True)
        if time.monotonic() - begun > BUDGET_S:
            found.missing(title, "there was no time left for it")
            continue
        try:
            measure(found, chosen)
        except Exception as error:  # noqa: BLE001  the other parts are measured all the same
            found.missing(title, f"it could not be measured: {type(error).__name__}: {error}"[:200])
    for name in asked:
        if name in PARTS:
            PARTS[name](chosen)
    if not asked or any(name in SECTIONS for name in asked):
        found.write(RESULTS if not asked else RESULTS.with_name("bench-part.json"))
    if not asked:
        rewrite()


if __name__ == "__main__":
    main()
