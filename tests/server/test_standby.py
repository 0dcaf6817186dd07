"""A read replica, a real one: what can be judged there is, the rest says so, and people act on its shadow."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from audit.access.declaration import load
from audit.access.parameters import parameters
from audit.auditor import Auditor
from audit.connection import Dsn, TargetError, connect
from audit.evidence import Log, Unchecked
from audit.policy import PACKS
from audit.question import Connection, Question
from audit.server import embedded
from audit.server.rights import SUPERUSER
from audit.server.target import SCHEMA, Choice, Target, opened
from audit.server.walls import Walls
from audit.settings import Settings
from fixtures.target import CHOICE
from tests.support.auditing import Outcome, acts, audit
from tests.support.proving import OF_DATABASES, POLICIES

START_S = 600


@pytest.fixture(scope="module")
def primary(pytestconfig: pytest.Config) -> Iterator[Target]:
    """A reference database on a server of its own."""
    programs = pytestconfig.stash[CHOICE].postgres_bin
    with opened(Choice(postgres_bin=programs, members=40)) as target:
        yield target


@pytest.fixture(scope="module")
def standby(primary: Target) -> Iterator[Dsn]:
    """Its standby, which replays what the primary writes, and lets no question stand in the way of that for long."""
    with standing_by(primary.server) as dsn:
        with connect(primary.server.dsn) as leading, connect(dsn) as following:
            caught_up(leading, following)
        yield dsn


@contextmanager
def standing_by(server: embedded.Server) -> Iterator[Dsn]:
    """Copy a server as a standby's is copied, and start the copy."""
    account = replace(embedded.Account.for_server(), walls=Walls())
    programs = server.programs
    directory = Path(tempfile.mkdtemp(prefix="y", dir="/tmp"))
    try:
        for part in ("", "s"):
            (directory / part).mkdir(mode=0o700, exist_ok=True)
            account.own(directory / part)
        passwords = directory / "passwords"
        shutil.copy(server.directory / "passwords", passwords)
        account.own(passwords)
        way = f"host={server.directory / 's'} user={SUPERUSER} passfile={passwords}"
        status, said = account.run(
            [programs / "pg_basebackup", "-D", directory / "data", "-d", way,
             "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        )  # fmt: skip
        assert status == 0, said
        settings = (server.directory / "postgresql.conf").read_text()
        settings = settings.replace(str(server.directory / "s"), str(directory / "s"))
        configuration = directory / "conf"
        configuration.write_text(settings + "max_standby_streaming_delay = 0\n")
        account.own(configuration)
        with tempfile.TemporaryFile() as log:
            # As its primary's, so that it offers the same extensions.
            (program,) = (server.directory / "overlay").rglob("bin/postgres")
            command = [program, "-D", directory / "data", "-c", f"config_file={configuration}"]
            process = account.popen(command, log.fileno())
            try:
                place = {"host": str(directory / "s"), "passfile": str(server.directory / "passwords")}
                dsn = embedded.own_conninfo(**place, user=SUPERUSER, dbname=embedded.DATABASE)
                _await(process, dsn)
                yield dsn
            finally:
                embedded._stop(process, process.pid)
    finally:
        shutil.rmtree(directory)


def _await(process: subprocess.Popen[bytes], dsn: Dsn) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            connect(dsn).close()
            return
        except TargetError:
            assert process.poll() is None and time.monotonic() < deadline, "the standby did not start"
            time.sleep(0.1)


def caught_up(leading: Connection, following: Connection) -> None:
    """Wait until the standby has replayed what the primary has written so far."""
    ((written,),) = leading.execute("select pg_catalog.pg_current_wal_insert_lsn()::text").fetchall()
    deadline = time.monotonic() + START_S
    question = "select pg_catalog.pg_last_wal_replay_lsn() >= %s::pg_lsn"
    while following.execute(question, [written]).fetchone() != (True,):
        assert time.monotonic() < deadline, "the standby does not follow"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def outcome(standby: Dsn, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The audit of the standby as one."""
    folder = tmp_path_factory.mktemp("standby")
    (folder / "audit.toml").write_text(
        f'packs = ["core", "care-collective"]\naccess = "{SCHEMA}/access.toml"\nexpected_role = "standby"\n'
    )
    return audit(folder / "out", f"--target={standby}", f"--settings={folder / 'audit.toml'}")


def test_what_can_be_judged_on_a_standby_is(outcome):
    assert {*outcome.policies} == {*POLICIES}
    assert not outcome.having("VIOLATED"), outcome.said
    assert len(outcome.having("HOLDS")) > 0.8 * len(OF_DATABASES)
    assert outcome.policies["MON-01"]["verdict"] == "HOLDS"


def test_what_a_standby_does_not_count_is_unchecked_and_says_so(outcome):
    unchecked = {name: outcome.policies[name]["reason"] for name in outcome.having("UNCHECKED")}
    assert {"PERF-02", "PERF-07", "MAINT-01"} <= {*unchecked}
    assert {name: reason for name, reason in unchecked.items() if "standby" not in reason} == {}
    quiet = {policy["id"]: policy["reason"] for policy in outcome.policies.values() if not policy["population"]}
    assert "MAINT-01" not in quiet or "standby" in quiet["MAINT-01"]


def test_people_act_on_the_shadow_of_a_standby(outcome):
    assert "shadow PostgreSQL" in outcome.said
    acting = {name for name, policy in POLICIES.items() if acts(policy) or "matrix" in policy.askers}
    assert not outcome.having("UNCHECKED") & acting
    assert len(outcome.having("HOLDS") & acting) > len(acting) / 2


def test_a_standby_that_should_be_a_primary_is_a_finding(standby, tmp_path):
    found = audit(tmp_path, f"--target={standby}", "--no-shadow", "-k", "in_its_role")
    assert [finding["object"] for finding in found.policies["MON-01"]["findings"]] == ["the role of the server"]
    assert found.status == 1


# --- Replaying the log comes first


@pytest.fixture
def conflicting(
    primary: Target, standby: Dsn, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], tuple[Auditor, list[int]]]]:
    """Ask the standby while the primary changes, for so many times, the table that is asked about."""
    put = Question.put
    times: list[int] = []
    with connect(primary.server.dsn) as leading, connect(standby) as following:
        leading.execute("create table if not exists public.moved (id int)")
        caught_up(leading, following)

        def change() -> None:
            with connect(primary.server.dsn) as other:
                # Standbys are told of such locks, because a change may follow.
                other.execute("begin; lock table public.moved in access exclusive mode; commit")

        def conflict(most: int) -> tuple[Auditor, list[int]]:
            def interfering(self: Question, cursor: psycopg.Cursor[tuple[object, ...]]) -> None:
                if "public.moved" in self.text and len(times) < most:
                    times.append(1)
                    cursor.execute("select from public.moved")
                    threading.Timer(0.3, change).start()
                    cursor.execute("select pg_catalog.pg_sleep(200)")
                put(self, cursor)

            monkeypatch.setattr(Question, "put", interfering)
            known = parameters(following, Settings(packs=PACKS), load(SCHEMA / "access.toml"))
            known["statement_timeout_ms"] = 300_000
            return Auditor(lambda: following, known, Log()), times

        yield conflict
        leading.execute("drop table public.moved")


def test_a_question_that_recovery_took_back_is_asked_again(conflicting):
    auditor, times = conflicting(1)
    assert not len(auditor("select m.id as object from public.moved m", of="select 1 as tables"))
    assert len(times) == 1


def test_a_question_that_recovery_takes_back_twice_is_unchecked(conflicting):
    auditor, times = conflicting(9)
    with pytest.raises(Unchecked, match="canceling statement due to conflict with recovery") as refusal:
        auditor("select m.id as object from public.moved m", of="select 1 as tables")
    assert "hot_standby_feedback" in refusal.value.remedy
    assert len(times) == 2
