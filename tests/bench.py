"""How fast it is, as figures and not as a test: ``make bench``, or ``python -m tests.bench --matrix`` for one part.

What is compared was measured in turn, in the same run; what is promised stands beside it. Whether a promise is kept is
for the reader to judge, because a busy machine says nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

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
from tests.support.ratios import check, timed
from tests.support.rehearsing import CorpusSuite, corpus, found_in, grounded

ROOT = Path(__file__).parents[1]
LARGE = 100_000
PROCESSES = 2
SHARED = (
    "members and the audit's questions have one processor here, and the questions take what they take; asked "
    "with pauses between them they would take a smaller share for a longer time."
)

# The matrix: of so many tables, compared with one statement at a time, with twice the tables, and with longer ones.
TABLES, ROWS = 200, 60
FEW_TABLES, SHORT, LONG = 12, 200, 20_000
EIGHT = [name for name in API_ACTORS if name != "rejected"]


def measure_unchecked(found: Figures, times: int) -> None:
    """Measure audits of a live copy of the reference in which nobody can act, beside the same with nothing unchecked.

    One after the other, again and again: what else the machine does is felt by both.
    """
    with opened(Choice()) as target, TemporaryDirectory() as folder:
        command = check(folder, f"--target={target.dsn}")
        runs = [(timed(command)[0], timed([*command, "--no-shadow"])[0]) for _ in range(times)]
        document = json.loads(Path(folder, "audit.json").read_text(encoding="utf-8"))
    found.add("a live copy of the reference, with its shadow", [judged for judged, _ in runs])
    name = f"without a shadow, {document['counts']['UNCHECKED']} policies unchecked, to the same with one"
    found.add(name, [blind / judged for judged, blind in runs], "times", most=1.5)


def measure_seeds(found: Figures) -> None:
    """Measure the seeds with a large community."""
    with serve() as server, connect(server.dsn) as connection:
        for file in sorted(PLATFORM.glob("*.sql")):
            connection.execute(file.read_bytes())
        migrated(connection, MIGRATIONS)
        begun = time.perf_counter()
        plant(connection, LARGE)
        took = time.perf_counter() - begun
        counted = connection.execute("select count(*) from public.messages").fetchone()
    found.add(f"seeds, {LARGE:,} members and {counted[0] if counted else 0:,} messages", [took], most=60)


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
        return min(observe(connection, made)[0] for _ in range(2))


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


def measure_matrix(found: Figures) -> None:
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
    found.add(f"the matrix of {TABLES} tables, {len(cells):,} cells", [took])
    found.add("  cells of which one statement at a time says something else", [differences(cells, others)], "", most=0)
    found.add("  so many times faster than one statement at a time", [plain / took], "times", least=5)
    once, twice = observed(TABLES, ROWS), observed(2 * TABLES, ROWS)
    found.add(f"  {2 * TABLES} tables to {TABLES}", [twice / once], "times", most=2.3)
    short, long = observed(FEW_TABLES, SHORT), observed(FEW_TABLES, LONG)
    found.add(f"  {FEW_TABLES} tables with {LONG:,} rows to {SHORT}", [long / short], "times", most=3)


def measure_load(found: Figures, times: int) -> None:
    """Measure how members' work goes on while audits run; it and the server have one processor to themselves."""
    beside = load.measure(times)
    found.add("an audit of a database at work", beside.took_s)
    found.add(
        "  members' transactions a second, to those without it", beside.throughput, "times", least=0.95, needed=SHARED
    )
    found.add("  99th percentile of their time, to that without it", beside.p99, "times", most=1.15, needed=SHARED)
    found.add("  members whose session broke", [not beside.unhurt], "", most=0)


def measure_gate(found: Figures) -> None:
    """Measure whole processes of the gate, with a cached base and without."""
    with TemporaryDirectory() as folder:
        for count, new, what, most in (
            (0, 1, "one new file", 5.0),
            (0, 40, "40 new files", 60.0),
            (297, 3, "300 files and 3 of them new, nothing cached", 60.0),
        ):
            place = Path(folder, f"{count}-{new}")
            shutil.copytree(MIGRATIONS, place)
            for number in range(max(0, count - len(list(MIGRATIONS.glob("*.sql"))))):
                text = f"create table private.t{number} (id bigint primary key, word text, since timestamptz);\n"
                Path(place, f"20260101{number:06}_t{number}.sql").write_text(text, encoding="utf-8")
            for number in range(new):
                text = f"alter table public.messages add column extra_{number} text;\n"
                Path(place, f"20270101{number:06}_new.sql").write_text(text, encoding="utf-8")
            command = check(
                folder, "--gate", f"--migrations={place}", "--since-version=20269999999999",
                f"--gate-cache={folder}/cache", f"--settings={ROOT / 'audit.toml'}",
            )  # fmt: skip
            first = timed(command)[0]
            if count:
                found.add(f"the gate: {what}", [first], most=most)
            else:
                again = [timed(command)[0] for _ in range(3)]
                found.add(f"the gate: {what}, the base cached", again, most=most, needed=CACHED)


CACHED = (
    "import and collection take a sixth of it, the kept server and a copy of it for the file come next, and then what "
    "is asked anew; it was 4.3 s on another processor, on which make audit took 5.4 s."
)


def measure_corpus(found: Figures) -> None:
    """Measure how many dangers of the corpus the gate and squawk alone find, and how many harmless files they blame.

    Beside them the hazards that eugene's and squawk's documents list, and how many of them we tell wrongly.
    """
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        counted = sum(pool.map(_in_part_of_corpus, range(PROCESSES)), Counter())
    dangers, harmless = counted["dangers"], counted["harmless"]
    for who in ("gate", "squawk"):
        ours = who == "gate"
        name = f"{who}: dangers of the corpus found at their lines, of {dangers}"
        found.add(name, [counted[who, "right"]], "", **({"least": dangers} if ours else {}))
        name = f"{who}: harmless cases blamed, of {harmless}"
        found.add(name, [counted[who, "blamed"]], "", **({"most": 0} if ours else {}))
    name = "documented hazards of eugene and squawk: missed, or told of where there is none"
    found.add(name, [compare_hazards()], "", most=0)


def _in_part_of_corpus(part: int) -> Counter[str | tuple[str, str]]:
    """Count in each so many-th case what is dangerous, harmless, and told rightly and wrongly by whom."""
    suite = CorpusSuite(load_settings(ROOT / "audit.toml"), load_access(ROOT / "schema" / "access.toml"))
    counted: Counter[str | tuple[str, str]] = Counter()
    with grounded(Choice(), suite) as ground:
        for case in corpus()[part::PROCESSES]:
            said = {
                "gate": {(file, line) for _, file, line, _ in found_in(ground.try_out(case))},
                "squawk": {(n, each.line) for n, p in case.files.items() for each in lint(p.read_text("utf-8"), 18)},
            }
            expected = {(each.file, each.line) for each in case.expected}
            counted["dangers"] += bool(expected)
            counted["harmless"] += not case.dangerous
            for who, places in said.items():
                counted[who, "right"] += bool(expected) and expected <= places
                counted[who, "blamed"] += not case.dangerous and bool(places)
    return counted


def measure_proofs(found: Figures) -> None:
    """Measure all proofs of the policies."""
    command = ["-m", "pytest", "tests/policies/test_proofs.py", "--numprocesses=auto"]
    found.add("all proofs of the policies", [timed([sys.executable, *command], limit_s=900)[0]], most=60)


# What `make bench` measures, in order; each begins only while there is time.
SECTIONS: Mapping[str, tuple[str, Callable[[Figures, argparse.Namespace], None]]] = {
    "start": ("Start", lambda found, chosen: ratios.start(found, chosen.times)),
    "live": ("Live, beside other tools", lambda found, chosen: ratios.beside_peers(found, chosen.times)),
    "unchecked": ("Nothing can be checked", lambda found, _: measure_unchecked(found, 3)),
    "catalogue": ("Catalogue policies", lambda found, _: ratios.catalogue(found)),
    "distance": ("From far away", lambda found, _: ratios.distance(found)),
    "load": ("A database at work", lambda found, chosen: measure_load(found, chosen.times)),
    "fleet": ("Many databases", lambda found, _: ratios.fleet(found)),
    "acting": ("People who act", lambda found, _: ratios.acting(found)),
    "gate": ("The gate", lambda found, _: measure_gate(found)),
    "corpus": ("The gate, beside squawk and eugene", lambda found, _: measure_corpus(found)),
    "data": ("Many rows", lambda found, chosen: ratios.data(found, chosen.members)),
}
# What is measured by name alone.
BY_NAME: Mapping[str, tuple[str, Callable[[Figures, argparse.Namespace], None]]] = {
    "seeds": ("Seeds", lambda found, _: measure_seeds(found)),
    "matrix": ("The access matrix", lambda found, _: measure_matrix(found)),
    "proofs": ("Proofs", lambda found, _: measure_proofs(found)),
}
BUDGET_S = 19 * 60.0
MEMBERS = 1_000_000


def machine() -> dict[str, str]:
    """Describe what is measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    name = next((line.partition(": ")[2] for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    return {
        "processors": f"{os.cpu_count()} ({name.strip() or platform.machine()})",
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
    for name in (*SECTIONS, *BY_NAME):
        parser.add_argument(f"--{name}", action="store_true", help="this part, and no other that is not named")
    parser.add_argument("--members", type=int, default=MEMBERS, help=f"of --data (default {MEMBERS:,})")
    parser.add_argument("--times", type=int, default=5, help="how often, one after the other (default 5)")
    chosen = parser.parse_args()
    asked = [name for name in (*SECTIONS, *BY_NAME) if getattr(chosen, name)]
    begun = time.monotonic()
    found = Figures(machine())
    print(", ".join(f"{name}: {value}" for name, value in found.machine.items()), flush=True)
    for name, (title, measure) in (SECTIONS | BY_NAME).items():
        if name not in (asked or SECTIONS):
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
    found.write(RESULTS if not asked else RESULTS.with_name("bench-part.json"))
    print(f"\n{time.monotonic() - begun:.0f} s in all")
    if not asked:
        rewrite()


if __name__ == "__main__":
    main()
