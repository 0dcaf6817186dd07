"""What an audit takes beside others and beside itself, in turn: the sections of ``make bench`` that are ratios."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from audit.access.declaration import Access
from audit.access.parameters import parameters
from audit.actors import Stage
from audit.connection import connect
from audit.evidence import Log
from audit.house import POLICIES
from audit.policy import CORE, collected
from audit.server import kept
from audit.server.embedded import Server
from audit.server.rights import OWNER, STAND_IN, follow, hire, login, superuser
from audit.server.target import Choice, opened, with_platform
from audit.settings import Settings
from care_audit import fleet as fleets
from care_audit.fleet_job import Job, Judged
from care_audit.fleet_targets import Database, Fleet
from fixtures.askers import Disposable
from fixtures.suite import put
from reports import fleet as fleet_page
from tests.support.distance import far_away
from tests.support.figures import Figures
from tests.support.made import Size, statements
from tests.support.multiplied import multiply

ROOT = Path(__file__).parents[2]
PEERS = ("pgrls==0.57.1", "rlsautotest==0.7.1")
LIMIT_S = 150.0
# So many people are made up one by one; more are copies of them.
SEEDED = 20_000
TICK = os.sysconf("SC_CLK_TCK")

ANEW = (
    "the server's directory, the platform, the migrations and the rows take 4 s of it, and then it is as "
    "above; a directory with the platform in it would have to come with the wheel."
)
LIVE = (
    "importing takes 1 s of it, and Python's reading of what the catalogues say most of the rest; a process "
    "that stays ready between audits would spare the first."
)
STAGE = (
    "both processors are busy to the end; RLS-09 and SCHEMA-04 act for each table and each function, and "
    "would have to try several things in one statement."
)
ROWS = (
    "it reads all rows of two tables and joins them; asked in parts, or only of what came since the last "
    "audit, it would be within the limit."
)
STORIES = (
    "no policy stands out; they wait 6,600 times for the server, and half of the time is Python's. The stories of"
    " the reference's pack would have to travel together, as the auditor's questions do."
)


def timed(command: Sequence[str | Path], limit_s: float = LIMIT_S, **environment: str) -> tuple[float, float, int]:
    """Run a command; return the seconds that went by, those of a processor, and its status (-1: it took too long)."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    inherited.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix, "pycache")))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    try:
        status = subprocess.run(
            [*map(str, command)], cwd=ROOT, env={**inherited, **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=limit_s,
        ).returncode  # fmt: skip
    except subprocess.TimeoutExpired:
        status = -1
    took = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, status


def check(folder: str, *options: str) -> list[str]:
    """Return the command of an audit."""
    return [sys.executable, "-m", "care_audit", "check", "--no-history", f"--report-dir={folder}", *options]


def start(found: Figures, times: int) -> None:
    """Measure whole audits of the embedded reference, with what was kept and without, in turn."""
    with TemporaryDirectory() as folder:
        timed(check(folder))
        runs = [(timed(check(folder)), timed(check(folder, "--anew"))) for _ in range(times)]
        document = json.loads(Path(folder, "audit.json").read_text(encoding="utf-8"))
        collecting = [timed([*check(folder), "--", "--collect-only", "-q"])[0] for _ in range(times)]
    found.add(
        "make audit, what was built is kept: the whole process", [a[0] for a, _ in runs], most=3.5, needed=STORIES
    )
    found.add("  the same: seconds of a processor", [a[1] for a, _ in runs])
    found.add("make audit, built anew: the whole process", [b[0] for _, b in runs], most=8.0, needed=ANEW)
    found.add("  kept to anew", [a[0] / b[0] for a, b in runs], "")
    found.add(
        "import and collection", collecting, most=0.6,
        needed="pytest itself and what it imports take 0.3 s of it, sqlglot and rich the next; a process that stays"
        " ready between audits would spare all of it.",
    )  # fmt: skip
    own = sum(p["duration_ms"] for p in document["policies"]) / 1000
    found.add("the policies' own part", [own], most=2.0, needed=STORIES)


def peers() -> Path | str:
    """Return the programs of an environment with the peers in it, or why there is none."""
    folder = kept.folder("peers") / "-".join(PEERS).replace("==", "-")
    programs = folder / "bin"
    if not (programs / "rlsautotest").is_file():
        venv.create(folder, with_pip=True, clear=True)
        done = subprocess.run(
            [programs / "python", "-m", "pip", "install", "--quiet", *PEERS], capture_output=True, check=False
        )
        if done.returncode:
            return f"pip install {' '.join(PEERS)} did not work here"
    return programs


def beside_peers(found: Figures, times: int) -> None:
    """Measure live audits of the reference without a shadow, in turn with other tools on the same database."""
    programs = peers()
    splinter = os.environ.get("SPLINTER_SQL", "")
    with opened(Choice()) as target, TemporaryDirectory() as folder:
        assert target.server is not None
        place = conninfo_to_dict(target.dsn)
        url = f"postgresql://{STAND_IN}@/{place['dbname']}?host={place['host']}"
        commands: dict[str, Sequence[str | Path]] = {"ours": check(folder, "--no-shadow")}
        if isinstance(programs, Path):
            commands["pgrls lint"] = [programs / "pgrls", "lint", "--database-url", url]
            commands["rlsautotest --report"] = [
                programs / "rlsautotest",
                "--schema",
                "public",
                "--db-url",
                url,
                "--report",
            ]
        if splinter:
            commands["splinter"] = ["psql", url, "-q", "-f", splinter]
        took: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(times):
            for name, command in commands.items():
                took[name].append(timed(command, AUDIT_TARGET=url)[0])
    found.add("a live audit of the reference, without a shadow", took["ours"], most=2.0, needed=LIVE)
    for name in ("pgrls lint", "rlsautotest --report", "splinter"):
        if name in took:
            found.add(f"{name}, on the same database", took[name])
            found.add(f"  ours to {name}", [a / b for a, b in zip(took["ours"], took[name], strict=True)], "")
        else:
            why = "SPLINTER_SQL names no file" if name == "splinter" else str(programs)
            found.missing(f"{name}, on the same database", why)


@contextmanager
def database(size: Size) -> Iterator[Server]:
    """Yield a server with a made database."""
    with with_platform(None) as server:
        with superuser(server.dsn) as connection:
            hire(connection)
        # Not in one transaction, which would hold more locks than a server has room for.
        with connect(login(server.dsn, OWNER)) as connection:
            for text in statements(size):
                connection.execute(text.encode())
        with superuser(server.dsn) as connection:
            follow(connection)
        with connect(login(server.dsn, STAND_IN)) as connection:
            connection.execute("set client_min_messages = error")
            connection.execute("analyze")
        yield server


def _backend(server: Server, pid: int) -> Path | None:
    """Return the place in /proc of a server's process, which has another number within the walls."""
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            lines = dict(line.split(":\t", 1) for line in (path / "status").read_text().splitlines() if ":\t" in line)
            ours = int(lines["PPid"]) == server.pid
            if ours and int(lines["NSpid"].split()[-1]) == pid:
                return path
    return None


def _processor_s(place: Path | None) -> float:
    if place is None:
        return time.monotonic()
    fields = (place / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def catalogue(found: Figures, sizes: Sequence[int] = (100, 300, 900), largest: int = 3000) -> None:
    """Measure the server's time for all policies that read catalogues, and how it grows."""
    costs = {tables: _catalogue(tables) for tables in (*sizes, largest)}
    found.add("all catalogue policies of 300 tables: the server's processor", [costs[300]], most=1.5)
    found.growth("all catalogue policies", sizes, [costs[each] for each in sizes])
    found.add(f"all catalogue policies of {largest:,} tables to 300", [costs[largest] / costs[300]], "times", most=12)


def _catalogue(tables: int) -> float:
    with database(Size.of(tables)) as server, connect(login(server.dsn, STAND_IN)) as connection:
        known = {**parameters(connection, Settings(), Access()), "statement_timeout_ms": 120_000}
        place = _backend(server, connection.info.backend_pid)
        begun = _processor_s(place)
        for policy in collected(POLICIES):
            if policy.pack == CORE and {*policy.askers} <= {"auditor"}:
                put(policy, Disposable(Stage(connection, known, Log(), {}), [], ()))
        return _processor_s(place) - begun


def acting(found: Figures, sizes: Sequence[int] = (15, 30, 60), largest: int = 200) -> None:
    """Measure whole audits of made schemas, in which people act."""
    costs: dict[int, float] = {}
    for tables in (*sizes, largest):
        with TemporaryDirectory() as folder:
            file = Path(folder, "schema.sql")
            size = Size(tables, tables * 19 // 6, tables * 3 // 2, tables * 20 // 3)
            file.write_text("\n".join(statements(size)), encoding="utf-8")
            # As with a user's first audit: nothing is kept yet, and what is built is.
            took, _, status = timed(check(folder, f"--schema={file}"), XDG_CACHE_HOME=folder)
            costs[tables] = took if status != -1 else float("inf")
    for tables, most in ((sizes[-1], 30.0), (largest, 60.0)):
        name = f"{tables} tables, people act: the whole audit"
        if costs[tables] < float("inf"):
            found.add(name, [costs[tables]], most=most, needed=STAGE)
        else:
            found.missing(name, f"more than {LIMIT_S:g} s", most=most)
    if all(costs[each] < float("inf") for each in sizes):
        found.growth("the whole audit", sizes, [costs[each] for each in sizes])


def distance(found: Figures) -> None:
    """Measure a live audit of 300 tables from 30 ms away, and how often it waits for an answer."""
    with database(Size.of(300)) as server, TemporaryDirectory() as folder:
        took: dict[float, float] = {}
        for seconds in (0.0, 0.03):
            with far_away(str(server.directory / "s" / ".s.PGSQL.5432"), seconds) as way:
                dsn = f"host=127.0.0.1 port={way.port} user={STAND_IN} dbname=postgres sslmode=disable"
                took[seconds] = timed(check(folder, "--no-shadow"), AUDIT_TARGET=dsn)[0]
                trips = way.round_trips
        cost = json.loads(Path(folder, "audit.json").read_text(encoding="utf-8"))["footprint"]
    found.add("a live audit of 300 tables, 30 ms away", [took[0.03]], most=20.0)
    found.add("  the same, on this machine", [took[0.0]])
    found.add("  round trips", [trips], "")
    found.add("  questions", [cost["questions"]], "")
    found.add("  time that it waited for the server, the way included", [cost["server_ms"] / 1000])
    if cost["buffers_hit"] is not None:
        found.add("  buffers that it looked at", [cost["buffers_hit"] + cost["buffers_read"]], "")


def data(found: Figures, members: int) -> None:
    """Measure a live audit of the reference with many people, each policy's time, and the memory that it takes."""
    seeded = min(members, SEEDED)
    with opened(Choice(members=seeded, keep=False)) as target, TemporaryDirectory() as folder:
        assert target.server is not None
        # Not by way of our own connections, which nothing may keep waiting for minutes.
        with psycopg.connect(target.server.dsn) as connection:
            # As made up, everybody has ten messages; five are enough.
            multiply(connection, members // seeded, max(1, members // seeded // 2))
        with connect(target.dsn) as connection:
            ((messages,),) = connection.execute("select count(*) from public.messages").fetchall()
        code = (
            "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *check(folder, "--no-shadow")], cwd=ROOT, capture_output=True, check=False,
            env={**os.environ, "AUDIT_TARGET": target.dsn},
        )  # fmt: skip
        policies = json.loads(Path(folder, "audit.json").read_text(encoding="utf-8"))["policies"]
    slowest = max(policies, key=lambda each: each["duration_ms"])
    name = f"{members:,} members, {messages:,} messages"
    seconds = [slowest["duration_ms"] / 1000]
    found.add(f"{name}: the slowest policy ({slowest['id']})", seconds, most=2.0, needed=ROWS)
    found.add(f"{name}: memory of the audit", [int(done.stdout) / 1024], "MB", most=150)


class Recorded:
    """A pool whose audits are over at once, with the answers of one that was."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files

    def submit(self, job: Job, done: Callable[[], None]) -> Any:
        """Answer."""
        done()
        return job

    def outcome(self, begun: Any) -> Judged:
        """Return the answer."""
        return Judged(begun.name, 1, "", 0.0, self.files)


def fleet(found: Figures, databases: int = 8, simulated: int = 1000) -> None:
    """Measure a fleet: two at a time beside one, and what a thousand take beside their audits."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        server = stack.enter_context(database(Size.of(20)))
        for number in range(databases):
            server.clone_database(f"fleet_{number}")
        place = server.directory / "s"
        text = 'options = ["--no-shadow"]\nat_once_per_server = 2\n' + "".join(
            f'[[database]]\nname = "d{number}"\ntarget = "host={place} user={STAND_IN} dbname=fleet_{number}"\n'
            for number in range(databases)
        )
        took = {}
        for at_once in (1, 2):
            file = folder / f"targets-{at_once}.toml"
            file.write_text(f"at_once = {at_once}\n{text}", encoding="utf-8")
            took[at_once] = timed([sys.executable, "-m", "care_audit.fleet", file, f"--into={folder / str(at_once)}"])[
                0
            ]
        found.add(f"{databases} databases: throughput with 2 at a time to 1", [took[1] / took[2]], "times", least=1.7)
        found.add(f"{databases} databases, 2 at a time: seconds for each", [took[2] / databases])
        files = {name: (folder / "2" / "d0" / name).read_bytes() for name in ("audit.json", "audit.html")}
        begun = time.perf_counter()
        many = Fleet(tuple(Database(f"d{number}", "service=any") for number in range(simulated)))
        (folder / "many").mkdir()
        round_ = fleets.Round.of(folder / "many", many, resumed=False)
        fleets.dispatch(round_.jobs, Recorded(files), 8, 8, round_.keep)
        fleet_page.write(round_.summary(), folder / "many")
        each = (time.perf_counter() - begun) / simulated
        size = sum(path.stat().st_size for path in (folder / "many").rglob("*") if path.is_file())
    found.add(f"{simulated:,} databases, recorded answers: what one takes beside its audit", [each * 1000], "ms")
    found.add(f"{simulated:,} databases: what is kept on the disk", [size / 1e6], "MB")
    found.add("audits a second, from where on one machine that writes them down is the limit", [1 / each], "")
