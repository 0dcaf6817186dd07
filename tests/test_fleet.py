"""Many databases: each is judged once, or it is said why not; what is down holds up nobody; a round can be resumed."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from audit.connection import connect
from audit.server.embedded import Server
from audit.server.rights import STAND_IN, hire, superuser
from audit.server.target import with_platform
from audit.toml_file import FileError
from care_audit import fleet
from care_audit.fleet_job import Job, Judged
from care_audit.fleet_targets import load, server_of
from reports.fleet import fleet_of, lines, write
from tests.support.waiting import LIMIT_S

ROOT = Path(__file__).parents[1]
OPTIONS = 'options = ["--no-shadow", "--policy=RLS-01", "--policy=RLS-02"]\n'
OPEN = "create table public.diary (id int primary key); grant select on public.diary to anon"


# --- What targets.toml says


def written(folder: Path, text: str) -> Path:
    path = folder / "targets.toml"
    path.write_text(text, encoding="utf-8")
    return path


DATABASE = '[[database]]\nname = "{}"\ntarget = "{}"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no database in it"),
        ("at_once_per_server = 0\n" + DATABASE.format("a", "service=a"), "must be more than 0"),
        (DATABASE.format("../a", "service=a"), "line 2: a name has letters"),
        (DATABASE.format("a", "service=a") + DATABASE.format("A", "service=b"), "line 5: there are two databases"),
        (DATABASE.format("a", "embedded"), "line 3: a target is a live database"),
        (DATABASE.format("a", "postgresql://u:secret@h/d"), "line 3: it holds a password"),
        (DATABASE.format("a", "service=a") + 'options = ["--target=x"]', "line 4: '--target=x' is none of the options"),
        (DATABASE.format("a", "service=a") + "ports = 3", "unknown key 'ports'"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(FileError) as mistake:
        load(written(tmp_path, text))
    assert said in str(mistake.value)
    assert "secret" not in str(mistake.value)


def test_only_names_of_services_travel_to_other_machines(tmp_path: Path) -> None:
    path = written(tmp_path, DATABASE.format("a", "postgresql://u@h/d"))
    assert load(path).database[0].name == "a"
    with pytest.raises(FileError, match="service=NAME"):
        load(path, scheduled=True)


def test_a_server_is_known_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = tmp_path / "services"
    services.write_text("[a]\nhost=h\nport=5\n[b]\nhost=h\nport=5\ndbname=x\n", encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    text = "".join(DATABASE.format(name, f"service={name}") for name in "abc") + DATABASE.format("d", "host=h port=5")
    servers = [server_of(each) for each in load(written(tmp_path, text)).database]
    assert servers == ["h:5", "h:5", "service c:", "h:5"]


# --- Who is judged when


class Slow:
    """A pool whose audits end when they are told to."""

    def __init__(self, lost: Mapping[str, int] = {}) -> None:
        self.begun: list[str] = []
        self.running: dict[str, tuple[Future[Judged | None], Any]] = {}
        self.lost = dict(lost)
        self.most = 0
        self.new: queue.SimpleQueue[str] = queue.SimpleQueue()

    def submit(self, job: Job, done: Any) -> Any:
        future: Future[Judged | None] = Future()
        self.begun.append(job.name)
        self.running[job.name] = future, done
        self.most = max(self.most, len(self.running))
        self.new.put(job.name)
        return future

    def end(self, name: str) -> None:
        future, done = self.running.pop(name)
        left = self.lost.get(name, 0)
        self.lost[name] = left - 1
        future.set_result(None if left > 0 else Judged(name, 0, "", 0.0))
        done()

    def outcome(self, begun: Any) -> Judged | None:
        return begun.result()


def dispatched(pool: Slow, servers: Mapping[str, str], held: str = "") -> list[Judged]:
    """Judge databases by name and server; those of the server ``held`` end after all others."""
    kept: list[Judged] = []
    jobs = [(server, Job(name, f"service={name}", (), 1)) for name, server in servers.items()]
    thread = threading.Thread(target=fleet.dispatch, args=(jobs, pool, 4, 2, kept.append))
    thread.start()
    late: list[str] = []
    others = sum(server != held for server in servers.values()) + sum(pool.lost.values())
    while others:
        name = pool.new.get(timeout=LIMIT_S)
        if servers[name] == held:
            late.append(name)
        else:
            pool.end(name)
            others -= 1
    while thread.is_alive() and (late or held):
        for name in late:
            pool.end(name)
        late.clear()
        try:
            late.append(pool.new.get(timeout=0.5))
        except queue.Empty:
            break
    thread.join(LIMIT_S)
    return kept


def test_a_server_that_hangs_holds_up_no_other() -> None:
    servers = {f"a{n}": "a" for n in range(5)} | {f"b{n}": "b" for n in range(5)}
    pool = Slow()
    kept = dispatched(pool, servers, held="a")
    assert sorted(each.name for each in kept) == sorted(servers)
    assert [each.name for each in kept[:5]] == [f"b{n}" for n in range(5)]
    assert pool.most == 4
    assert pool.begun[:4] == ["a0", "a1", "b0", "b1"]


def test_what_was_lost_is_tried_again_and_given_up() -> None:
    kept = dispatched(Slow({"a": 1, "b": 2}), {"a": "s", "b": "t", "c": "u"})
    assert {each.name: each.reason for each in kept} == {"a": "", "b": "", "c": ""}
    pool = Slow({"a": 99})
    thread = threading.Thread(target=fleet.dispatch, args=([("s", Job("a", "", (), 1))], pool, 4, 2, kept.append))
    thread.start()
    for _ in range(fleet.TRIES):
        pool.end(pool.new.get(timeout=LIMIT_S))
    thread.join(LIMIT_S)
    assert "its workers died" in kept[-1].reason


# --- What is told


def document(*findings: tuple[str, str], unchecked: bool = False) -> dict[str, Any]:
    policies = [
        {
            "id": policy, "severity": "P0", "title": "t", "wrong": "it is open", "verdict": "VIOLATED", "reason": "",
            "findings": [{"waiver": None, "cause": {"kind": "policy", "name": cause, "table": "public.<b>"}}],
        }
        for policy, cause in findings
    ]  # fmt: skip
    if unchecked:
        policies.append({"id": "RLS-9", "severity": "P1", "verdict": "UNCHECKED", "reason": "no right", "findings": []})
    counts = {"VIOLATED": len(findings), "UNCHECKED": int(unchecked), "HOLDS": 3}
    return {"policies": policies, "counts": counts, "score": 90 - len(findings), "headline": "<h1>", "unreachable": ""}


def test_what_is_wrong_is_told_by_cause_over_all_databases(tmp_path: Path) -> None:
    found = fleet_of(
        {
            "good": document(),
            "unsure": document(unchecked=True),
            "bad": document(("RLS-1", "<script>")),
            "worse": document(("RLS-1", "<script>"), ("RLS-2", "<script>"), ("RLS-2", "other")),
            "odd": {"policies": 3},
        },
        {"down": "cannot connect"},
    )
    assert [each.name for each in found.members] == ["down", "odd", "worse", "bad", "unsure", "good"]
    assert dict(found.verdicts) == {"violated": 2, "unchecked": 1, "compliant": 1, "not judged": 2}
    assert [(each.name, each.policies, each.databases) for each in found.causes] == [
        ("<script>", ("RLS-1", "RLS-2"), ("bad", "worse")),
        ("other", ("RLS-2",), ("worse",)),
    ]
    assert found.status == 1
    assert any("(policy <script> on public.<b>): in 2 of 4" in line for line in lines(found))
    write(found, tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "2 of 4" in page and "<script>" not in page and "<h1>&lt;" not in page.partition("</h1>")[0]
    assert json.loads((tmp_path / "fleet.json").read_text(encoding="utf-8"))["exit_status"] == 1


def test_the_status_is_the_worst() -> None:
    assert fleet_of({"a": document()}, {}).status == 0
    assert fleet_of({"a": document(unchecked=True)}, {}).status == 6
    assert fleet_of({"a": document(unchecked=True)}, {"b": "down"}).status == 4


# --- Whole rounds


@contextmanager
def database_server(number: int) -> Iterator[Server]:
    """A server with databases of a fleet, of which each third is open."""
    with with_platform(None) as server:
        with superuser(server.dsn) as connection:
            hire(connection)
        for each in range(number):
            server.clone_database(f"fleet_{each}")
            if each % 3 == 0:
                with connect(server.dsn_of(f"fleet_{each}")) as connection:
                    connection.execute(OPEN)
        yield server


def services(folder: Path, servers: Mapping[str, Server], number: int) -> Path:
    """Write a file of services; return it."""
    text = "".join(
        f"[{name}-{each}]\nhost={server.directory / 's'}\nuser={STAND_IN}\ndbname=fleet_{each}\n"
        for name, server in servers.items()
        for each in range(number)
    )
    path = folder / "pg_service.conf"
    path.write_text(f"{text}[nowhere]\nhost=127.0.0.1\nport=1\n", encoding="utf-8")
    return path


def targets(folder: Path, names: list[str], more: str = "") -> Path:
    return written(folder, OPTIONS + more + "".join(DATABASE.format(name, f"service={name}") for name in names))


def environment(folder: Path, file: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AUDIT_", "PG"))}
    return {**kept, "PGSERVICEFILE": str(file), "PYTHONPATH": str(ROOT)}


def begun(folder: Path, file: Path, path: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "care_audit.fleet", str(path), f"--into={folder / 'out'}", *options],
        cwd=ROOT, env=environment(folder, file), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip


def until(process: subprocess.Popen[str], word: str) -> str:
    """Read what a process says up to a line with a word in it."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if word in line:
            return said
    raise AssertionError(said)


def results(folder: Path) -> dict[str, dict[str, Any]]:
    found = (folder / "out").glob("*/result.json")
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in found}


@pytest.fixture(scope="module")
def two() -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(database_server(3)) for name in ("harbour", "inland")}


NAMES = [f"{server}-{number}" for number in range(3) for server in ("harbour", "inland")]


def test_all_are_judged_once_and_what_is_down_is_said(two: dict[str, Server], tmp_path: Path) -> None:
    file = services(tmp_path, two, 3)
    path = targets(tmp_path, ["nowhere", *NAMES])
    first = begun(tmp_path, file, path)
    said, _ = first.communicate(timeout=LIMIT_S)
    assert first.returncode == 1, said
    found = results(tmp_path)
    assert {name for name, each in found.items() if each["reason"]} == {"nowhere"}
    assert {*found} == {"nowhere", *NAMES}
    told = json.loads((tmp_path / "out" / "fleet.json").read_text(encoding="utf-8"))
    assert told["verdicts"] == {"violated": 2, "unchecked": 0, "compliant": 4, "not judged": 1}, said
    assert [len(cause["databases"]) for cause in told["causes"] if "diary" in cause["table"] + cause["name"]] == [2]
    assert all((tmp_path / "out" / name / "audit.html").is_file() for name in NAMES)
    assert not [path for path in (tmp_path / "out").glob(".*") if path.name != ".lock"]

    # Resumed, nothing that was judged is judged again.
    again = begun(tmp_path, file, path, "--resume")
    said, _ = again.communicate(timeout=LIMIT_S)
    assert "7 databases, 1 to judge" in said and again.returncode == 1
    assert results(tmp_path) | {"nowhere": {}} == found | {"nowhere": {}}


def test_a_stopped_round_is_resumed_and_a_server_that_stops_is_said(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = {name: stack.enter_context(database_server(2)) for name in ("harbour", "inland")}
        file = services(tmp_path, servers, 2)
        names = [f"{server}-{number}" for number in range(2) for server in servers]
        path = targets(tmp_path, names, "at_once = 1\n")
        first = begun(tmp_path, file, path)
        until(first, "1/4")
        first.send_signal(signal.SIGINT)
        said, _ = first.communicate(timeout=LIMIT_S)
        assert "--resume goes on" in said and "Traceback" not in said, said
        judged = {name for name, each in results(tmp_path).items() if not each["reason"]}
        assert 1 <= len(judged) < 4
        os.kill(servers["inland"].pid, signal.SIGQUIT)
        second = begun(tmp_path, file, path, "--resume")
        said, _ = second.communicate(timeout=LIMIT_S)
        assert f"4 databases, {4 - len(judged)} to judge" in said
        found = results(tmp_path)
        assert {*found} == {*names}
        assert {name for name, each in found.items() if each["reason"]} == {
            name for name in names if name.startswith("inland") and name not in judged
        }


# --- On many machines


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A scheduler and its workers, as processes."""

    def __init__(self, folder: Path, file: Path) -> None:
        self.port = free_port()
        self.environment = {**environment(folder, file), "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "20s"}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.address = f"tcp://127.0.0.1:{self.port}"

    def start(self, what: str, *words: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + what, *words, "--no-dashboard"],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def scheduler(self) -> subprocess.Popen[bytes]:
        return self.start("dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port))

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def test_forty_databases_are_judged_once_whoever_dies(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = {name: stack.enter_context(database_server(20)) for name in ("harbour", "inland")}
        file = services(tmp_path, servers, 20)
        names = [f"{server}-{number}" for number in range(20) for server in servers]
        cluster = stack.enter_context(Cluster(tmp_path, file))
        scheduler = cluster.scheduler()
        doomed, other = cluster.worker(), cluster.worker()
        run = begun(tmp_path, file, targets(tmp_path, names), f"--scheduler={cluster.address}")
        stack.callback(run.kill)
        said = until(run, "5/40")
        doomed.kill()
        said += until(run, "10/40")
        scheduler.kill()
        scheduler.wait()
        other.kill()
        time.sleep(1)
        cluster.scheduler()
        cluster.worker(), cluster.worker()
        said += until(run, "25/40")
        os.kill(servers["inland"].pid, signal.SIGQUIT)
        rest, _ = run.communicate(timeout=LIMIT_S)
    said += rest
    assert run.returncode == 1 and "Traceback" not in said, said
    found = results(tmp_path)
    assert {*found} == {*names}
    assert sorted(re.findall(r"^ *\d+/40 (\S+):", said, re.MULTILINE)) == sorted(names), said
    unreachable = {name for name, each in found.items() if each["reason"]}
    assert unreachable and all(name.startswith("inland-") for name in unreachable), found
    assert len(found) - len(unreachable) >= 25


def test_a_scheduler_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = targets(tmp_path, ["a"])
    run = begun(tmp_path, tmp_path / "none", path, f"--scheduler=tcp://127.0.0.1:{free_port()}")
    said, _ = run.communicate(timeout=LIMIT_S)
    assert run.returncode == 4 and "cannot be reached" in said and "Traceback" not in said, said
