"""Outages in the middle of a question, against real servers: what was not answered is unchecked, and nothing is left.

"Nothing": no session of the audit on the server, no disposable server, no report that tells of another run.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audit.connection import Dsn, TargetError, connect
from audit.evidence import Unchecked
from audit.footprint import Footprint
from audit.results import UNREACHED
from audit.server import embedded, rights
from audit.server.shadow import dump, shadowed, study
from audit.server.target import Target
from fixtures.target import CHOICE
from tests.support.auditing import ROOT, Outcome, audit
from tests.support.bouncer import bouncing, needs_pgbouncer, running
from tests.support.outages import continue_tree, stop_tree
from tests.support.proving import POLICIES
from tests.support.waiting import LIMIT_S

# A plugin of pytest that does something once, inside the transaction of a question of the fifth policy.
BEFORE = 5
PLUGIN = """
import os, signal, subprocess, threading, time
import pytest

asked = 0

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    global asked
    asked += 1
    if asked != {before}:
        return
    from audit.question import Question
    from tests.support.auditing import end_sessions, kill_tree
    from tests.support.bouncer import start
    from tests.support.outages import stop_tree

    put = Question.put

    def interfering(self, cursor):
        Question.put = put
        {action}
        put(self, cursor)

    Question.put = interfering
"""


@pytest.fixture
def interfering(tmp_path: Path) -> Callable[..., Outcome]:
    """Run an audit in which something happens in the middle of a question."""

    def run(action: str, *options: str, **environment: str) -> Outcome:
        (tmp_path / "interference.py").write_text(PLUGIN.format(action=action, before=BEFORE))
        path = os.pathsep.join([str(tmp_path), str(ROOT)])
        return audit(tmp_path / "out", "-p", "interference", *options, PYTHONPATH=path, **environment)

    return run


@pytest.fixture
def server(pytestconfig: pytest.Config) -> Iterator[embedded.Server]:
    """A bare server of its own, which may be stopped."""
    with embedded.serve(pytestconfig.stash[CHOICE].postgres_bin) as running_server:
        yield running_server


@pytest.fixture(scope="module")
def reference(target: Target) -> Dsn:
    """A copy of the reference database, to be audited as a live one."""
    dsn = target.server.clone_database("outages")
    with connect(dsn) as connection:
        connection.execute("analyze")
    return dsn


@pytest.fixture
def packs(tmp_path: Path) -> str:
    """The option to ask the policies of all packs: nothing on a bare server tells whose it is."""
    (tmp_path / "audit.toml").write_text('packs = ["core", "care-collective"]\n', encoding="utf-8")
    return f"--settings={tmp_path / 'audit.toml'}"


def sessions(dsn: Dsn) -> list[str]:
    """Return what the audit's sessions in the database are called, once they had time to end."""
    deadline = time.monotonic() + LIMIT_S
    with connect(dsn) as connection:
        while True:
            found = connection.execute(
                """
                select application_name from pg_catalog.pg_stat_activity
                where (application_name ~ '^care-collective-audit' or application_name = 'pg_dump')
                and datname = pg_catalog.current_database() and pid <> pg_catalog.pg_backend_pid()
                """
            ).fetchall()
            if not found or time.monotonic() > deadline:
                return [name for (name,) in found]
            time.sleep(0.1)


def told_truly(outcome: Outcome, asked_after: bool) -> None:
    """Check that every policy is told of, that the fifth is unchecked, and whether those after it were asked."""
    names = [*outcome.policies]
    assert {*names} == {*POLICIES}
    assert outcome.policies[names[BEFORE - 1]]["verdict"] == "UNCHECKED"
    rest = {outcome.policies[name]["verdict"] for name in names[BEFORE:] if name != "MIG-01"}
    assert ("HOLDS" in rest) is asked_after, outcome.said
    if not asked_after:
        assert rest <= {"UNCHECKED", "NOT_APPLICABLE"}
    assert outcome.document["footprint"]["unseen"] >= 1


# --- The server


def test_a_stopped_server_is_waited_for_so_long_and_no_longer(interfering, server, packs):
    """No time-out of its own and nothing of TCP helps: its kernel goes on to take what is sent."""
    try:
        outcome = interfering(
            f"stop_tree({server.pid})", f"--target={server.dsn} connect_timeout=2", "--no-shadow", packs
        )
    finally:
        continue_tree(server.pid)
    told_truly(outcome, asked_after=False)
    # That this bare server has none of the API's roles was known before it stopped.
    unchecked = [outcome.policies[name]["reason"] for name in outcome.having("UNCHECKED")]
    reasons = [reason for reason in unchecked if "the API's roles are not all here" not in reason]
    assert reasons.count("the server did not answer within 10 seconds") == 1
    assert reasons.count(UNREACHED) == len(reasons) - 1 > len(POLICIES) / 3
    assert outcome.status in (1, 6)
    # One wait, and one for a new connection, but not one for each policy.
    assert sum(policy["duration_ms"] for policy in outcome.policies.values()) < len(POLICIES) * 10_000 / 4
    assert sessions(server.dsn) == []


@needs_pgbouncer
def test_a_stopped_server_behind_a_pooler_is_no_better(interfering, server, packs):
    """The pooler takes the connection, and the question, and says nothing."""
    with bouncing(server.dsn, "transaction", rights.SUPERUSER) as bouncer:
        try:
            outcome = interfering(
                f"stop_tree({server.pid})", f"--target={bouncer.through(server.dsn)}", "--no-shadow", packs
            )
        finally:
            continue_tree(server.pid)
    told_truly(outcome, asked_after=False)
    assert sessions(server.dsn) == []


def test_a_killed_server_is_told(interfering, server, packs):
    outcome = interfering(f"kill_tree({server.pid})", f"--target={server.dsn}", "--no-shadow", packs)
    told_truly(outcome, asked_after=False)


def test_a_server_that_stops_during_the_dump_is_waited_for_so_long(server):
    program = embedded.program("pg_dump", None)
    with connect(server.dsn) as connection:
        original = study(connection)
        stop_tree(server.pid)
        try:
            with pytest.raises(TargetError, match="pg_dump did not end within 2 seconds"):
                dump(connection, original, program, limit_s=2)
        finally:
            continue_tree(server.pid)
    assert sessions(server.dsn) == []


def test_a_cut_connection_is_opened_again(interfering, reference):
    outcome = interfering(f"end_sessions({str(reference)!r})", f"--target={reference}", "--no-shadow")
    told_truly(outcome, asked_after=True)
    assert outcome.document["footprint"]["sessions"] == 2
    assert outcome.document["footprint"]["unknown"] == "a session was lost, and its counts with it"
    assert sessions(reference) == []


@needs_pgbouncer
def test_a_pooler_that_is_restarted_is_waited_for(interfering, reference):
    with bouncing(reference, "transaction", rights.SUPERUSER) as bouncer:
        (pid,) = running(bouncer.directory)
        outcome = interfering(
            f"os.kill({pid}, signal.SIGKILL); threading.Timer(1, start, [{bouncer.command!r}]).start()",
            f"--target={bouncer.through(reference)}",
            "--no-shadow",
        )
        assert running(bouncer.directory) not in ([], [pid])
    told_truly(outcome, asked_after=True)
    assert sessions(reference) == []


def test_a_locked_table_costs_what_is_about_it_and_no_more(reference, tmp_path):
    with connect(reference) as other, other.transaction():
        other.execute("set application_name = 'somebody'")
        other.execute("lock table public.messages in access exclusive mode")
        outcome = audit(tmp_path, f"--target={reference}")
        # Nobody waits for us, either: what the audit asked for is gone.
        assert other.execute("select count(*) from pg_catalog.pg_locks where not granted").fetchone() == (0,)
    about_it = {"MSG-02", "MSG-04", "MSG-05"}
    assert about_it <= outcome.having("UNCHECKED")
    for name in about_it:
        assert "lock timeout" in outcome.policies[name]["reason"]
        assert "lock_timeout_ms" in outcome.policies[name]["remedy"]
    shadowless = {policy["reason"] for policy in outcome.policies.values() if "the shadow" in policy["reason"]}
    assert len(shadowless) == 1 and "somebody holds a lock" in shadowless.pop()
    assert {"AUTH-01", "HELP-01", "RLS-01"} <= outcome.having("HOLDS")
    assert sessions(reference) == []


# --- The run itself


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_the_question_of_a_run_that_is_told_to_stop_is_stopped(interfering, reference, name):
    """It would take five seconds on the server, with nobody left to wait for it."""
    outcome = interfering(
        f"threading.Timer(0.5, os.kill, [os.getpid(), signal.{name}]).start(); cursor.execute('select pg_sleep(60)')",
        f"--target={reference}",
        "--no-shadow",
    )
    with connect(reference) as connection:
        left = connection.execute("select count(*) from pg_catalog.pg_stat_activity where query ~ 'pg_sleep.60'")
        assert left.fetchone() == (1,)  # this one
    assert outcome.status == pytest.ExitCode.INTERRUPTED
    assert outcome.document["complete"] is False
    assert {*outcome.policies} == {*POLICIES}
    assert sessions(reference) == []


MOMENTS = 20

# Sends a signal to this process once it has worked for so long, which does not depend on what else the machine does.
TIMER = """
import atexit, os, pathlib, signal, time

atexit.register(lambda: pathlib.Path(os.environ["WORKED"]).write_text(str(time.process_time())))
if moment := float(os.environ.get("MOMENT", 0)):
    # Once Python is on its way out nobody hears the timer, which then ends the process.
    atexit.register(signal.setitimer, signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, lambda *_: os.kill(os.getpid(), getattr(signal, os.environ["SIGNAL"])))
    signal.setitimer(signal.ITIMER_PROF, max(moment - time.process_time(), 0.01))
"""


@pytest.mark.parametrize("target_of_run", ["embedded", "live"])
def test_a_run_that_is_told_to_stop_at_any_moment_ends_in_order(reference, tmp_path, target_of_run):
    """While it is collected, while servers start and people are made up, in questions, amid clearing up and at the end.

    A run that was over before its signal is one as any other.
    """
    (tmp_path / "timer.py").write_text(TIMER)
    # What was kept would make all runs but the first shorter than the moments that are chosen.
    chosen = ["--anew", "-p", "timer", "-k", "SCHEMA-02 or SCHEMA-03 or AUTH-01 or AUTH-04 or MSG-07", "--members=5"]
    chosen += [f"--target={reference}", "--no-history"] if target_of_run == "live" else []
    place = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]), "WORKED": str(tmp_path / "worked")}
    undisturbed = audit(tmp_path / "all", *chosen, **place)
    assert undisturbed.status in (0, 6)
    worked = float((tmp_path / "worked").read_text())
    chance = random.Random(12)
    late = 0
    for n in range(MOMENTS // 2):
        moment = worked * (0.25 + 0.75 * (n + chance.random()) / (MOMENTS // 2))  # before it, only pytest is there
        name = ("SIGTERM", "SIGINT")[n % 2]
        outcome = audit(tmp_path / str(n), *chosen, **place, MOMENT=str(moment), SIGNAL=name)
        if outcome.status == undisturbed.status:
            late += 1
            continue
        assert outcome.status == pytest.ExitCode.INTERRUPTED, (moment, worked, outcome.said)
        assert (outcome.document["complete"], outcome.document["exit_status"]) == (False, 2)
        assert "The run ended early. Exit status 2." in outcome.said
        assert "another command is already in progress" not in outcome.said
    assert late <= MOMENTS // 5
    assert sessions(reference) == []


def test_a_killed_run_leaves_no_session_and_no_server(reference, tmp_path):
    """Nothing can be told any more; the next run finds no report to mistake for its own, and clears up."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "audit.json").write_text("{}")
    (tmp_path / "interference.py").write_text(
        PLUGIN.format(action="os.kill(os.getpid(), signal.SIGKILL)", before=BEFORE)
    )
    command = [sys.executable, "-m", "pytest", "policies", f"--report-dir={tmp_path / 'out'}", "-p", "interference"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run(
        [*command, f"--target={reference}", "--no-shadow"],
        cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=LIMIT_S,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "out" / "audit.json").exists()
    assert sessions(reference) == []


@pytest.fixture(scope="module")
def undisturbed(reference: Dsn, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The audit with nobody in the way."""
    return audit(tmp_path_factory.mktemp("undisturbed"), f"--target={reference}", "--no-shadow")


def test_with_nobody_in_the_way_the_exit_status_is_the_reports(undisturbed, reference):
    assert undisturbed.status == 6 == undisturbed.document["exit_status"]
    assert undisturbed.document["complete"]
    assert sessions(reference) == []


def test_the_footprint_tells_what_the_server_counted(undisturbed, target):
    footprint = undisturbed.document["footprint"]
    assert footprint["questions"] > len(POLICIES) / 2
    assert (footprint["sessions"], footprint["unseen"], footprint["transaction_ids"]) == (1, 0, 0)
    # To see how far a sequence is, the server takes the lock that drawing a number takes: nobody waits for it.
    assert {*footprint["lock_modes"]} == {"AccessShareLock", "RowExclusiveLock"}
    assert footprint["locks"] > 0 and footprint["server_ms"] > 0 and footprint["dump_ms"] is None
    counted = [footprint[name] for name in ("buffers_read", "buffers_hit", "wal_bytes")]
    if int(target.server_version.split(".")[0]) >= 18:
        assert footprint["unknown"] == "" and footprint["buffers_hit"] > 1000 and None not in counted
    else:
        assert counted == [None] * 3 and "PostgreSQL 18 and newer do" in footprint["unknown"]


def test_an_audit_leaves_no_rollbacks_to_wonder_about(reference, tmp_path):
    count = "select xact_rollback from pg_catalog.pg_stat_database where datname = pg_catalog.current_database()"
    with connect(reference) as connection:
        ((before,),) = connection.execute(count).fetchall()
        outcome = audit(tmp_path, f"--target={reference}", "--no-shadow", "--no-history", "-k", "SCHEMA or MSG or HELP")
        assert outcome.document["footprint"]["questions"] > 10
        ((after,),) = connection.execute(count).fetchall()
    assert after - before == 0


def test_a_budget_ends_the_asking(undisturbed, reference, tmp_path):
    # The machine may be less busy than it was when nobody was in the way.
    for part in (3, 10, 30):
        budget = int(undisturbed.document["footprint"]["server_ms"] / part)
        outcome = audit(tmp_path, f"--target={reference}", "--no-shadow", f"--budget-ms={budget}")
        over = [policy for policy in outcome.policies.values() if f"budget of {budget:,} ms" in policy["reason"]]
        if over:
            break
    assert over
    assert {(policy["verdict"], policy["remedy"]) for policy in over} == {
        ("UNCHECKED", "raise --budget-ms, or ask fewer policies at a time")
    }
    assert outcome.status == 6
    footprint = outcome.document["footprint"]
    assert budget <= footprint["server_ms"] and footprint["budget_ms"] == budget
    assert outcome.having("HOLDS")


def test_no_shadow_is_made_when_the_budget_is_used_up(reference):
    spent = Footprint(budget_ms=10, server_ms=11)
    with pytest.raises(Unchecked, match="budget of 10 ms"), shadowed(reference, None, 5, str, spent):
        pass


def test_the_budget_stops_a_question_that_would_go_over_it(interfering, reference):
    outcome = interfering(
        "cursor.execute('select pg_sleep(60)')", f"--target={reference}", "--no-shadow", "--budget-ms=1500"
    )
    fifth = [*outcome.policies][BEFORE - 1]
    assert "budget of 1,500 ms" in outcome.policies[fifth]["reason"]
    assert outcome.document["footprint"]["server_ms"] < 30_000


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--budget-ms=5"], "--budget-ms is for a live target only"),
        (["--budget-ms=0", "--target=service=prod"], "--budget-ms must be more than 0"),
    ],
)
def test_a_budget_that_is_none_gets_one_sentence(tmp_path, options, sentence):
    outcome = audit(tmp_path, *options)
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert sentence in outcome.said


# --- The folder of the reports


REPORTS = ("audit.html", "audit.json", "junit.xml")


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a file system of its own for the reports."""
    place = tmp_path / "mounted"
    place.mkdir()
    count = 0

    def mount(options: str) -> Path:
        nonlocal count
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
        count += 1
        return place

    yield mount
    for _ in range(count):
        subprocess.run(["umount", str(place)], check=True)


def may_mount() -> bool:
    """Tell whether this user may mount file systems: root outside of most containers."""
    try:
        done = subprocess.run(
            ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return done.returncode == 0


needs_mount = pytest.mark.skipif(not may_mount(), reason="this user may not mount file systems")


@needs_mount
def test_a_full_disk_is_told_by_terminal_and_exit_status(reference, mounted):
    """What fits is whole; what does not is not there, not half and not from another run."""
    folder = mounted("size=100k")
    outcome = audit(folder, f"--target={reference}", "--no-shadow")
    assert outcome.status == pytest.ExitCode.INTERNAL_ERROR
    lacking = [name for name in REPORTS if not (folder / name).exists()]
    assert "audit.html" in lacking, "the disk was not full"
    for name in lacking:
        assert f"{folder / name} could not be written: No space left on device" in outcome.said
    assert {path.name for path in folder.iterdir()} == {*REPORTS} - {*lacking}
    assert "could not be checked. Exit status 3." in outcome.said


def test_files_that_may_not_grow_are_told_by_terminal_and_exit_status(reference, tmp_path):
    """As a full disk, for users who may not mount one: a limit on the size of files."""
    (tmp_path / "limit.py").write_text(
        "import resource, signal\n\n"
        "def pytest_collection_finish():\n"
        "    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, {resource.getrlimit(resource.RLIMIT_FSIZE)[1]}))\n"
    )
    folder = tmp_path / "out"
    outcome = audit(folder, f"--target={reference}", "--no-shadow", "-p", "limit", PYTHONPATH=str(tmp_path))
    assert outcome.status == pytest.ExitCode.INTERNAL_ERROR
    for name in ("audit.html", "audit.json"):
        assert f"{folder / name} could not be written: File too large" in outcome.said
        assert not (folder / name).exists()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@needs_mount
def test_a_folder_that_is_read_only_is_told_before_anything_is_asked(reference, mounted):
    folder = mounted("ro")
    outcome = audit(folder, f"--target={reference}", "--no-shadow")
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert f"{folder}: the reports cannot be written there (Read-only file system)" in outcome.said
    assert sessions(reference) == []


@needs_mount
def test_a_folder_that_becomes_read_only_is_told_at_the_end(interfering, reference, mounted, tmp_path):
    folder = mounted("size=10m")
    outcome = interfering(
        f"subprocess.run(['mount', '-o', 'remount,ro', {str(folder)!r}], check=True)",
        f"--target={reference}", "--no-shadow", f"--report-dir={folder}",
    )  # fmt: skip
    assert outcome.status == pytest.ExitCode.INTERNAL_ERROR
    for name in REPORTS:
        assert f"{folder / name} could not be written: Read-only file system" in outcome.said
    assert not [*folder.iterdir()]
