"""What is round a question must not change its answer: settings, rights, other people's operators, a crash."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from audit.connection import connect
from audit.question import Connection
from audit.results import Verdict
from audit.server import embedded
from fixtures.target import CHOICE
from tests.support.auditing import audit
from tests.support.proving import POLICIES, Bench
from tests.support.waiting import eventually


@pytest.fixture
def passing(bench: Bench) -> Iterator[Connection]:
    """The reference database, for changes that pass."""
    bench.connection.execute("begin")
    yield bench.connection
    bench.connection.execute("rollback")


def test_how_the_planner_is_set_does_not_matter(bench: Bench, passing: Connection) -> None:
    for name in ("indexscan", "indexonlyscan", "bitmapscan", "sort", "hashjoin"):
        passing.execute(f"set local enable_{name} = off")
    assert bench.ask(POLICIES["HELP-04"], passing).verdict is Verdict.HOLDS
    ((setting,),) = passing.execute("select current_setting('enable_indexscan')")
    assert setting == "off"


# Whoever may create objects in the schema of an extension can define these.
OPERATOR = """
create function extensions.never({0}, {1}) returns {2} language plpgsql as $$ begin raise 'called'; end $$;
create operator extensions.{3} (leftarg = {0}, rightarg = {1}, function = extensions.never)
"""


def test_operators_of_others_are_not_called(bench: Bench, passing: Connection) -> None:
    for number, operator in enumerate((
        ("double precision", "numeric", "double precision", "/"), ("double precision", "smallint", "boolean", ">"),
        ("double precision", "integer", "boolean", ">"), ("numeric", "smallint", "boolean", ">="),
        ("numeric", "integer", "boolean", ">="), ("numeric", "bigint", "boolean", ">="),
    )):  # fmt: skip
        passing.execute(OPERATOR.format(*operator).replace("never", f"never_{number}"))
    result = bench.ask(POLICIES["PERF-01"], passing)
    assert result.verdict in (Verdict.HOLDS, Verdict.VIOLATED), result.reason


@pytest.mark.parametrize("policy", ["RLS-01", "EXPO-01", "MON-07", "EXPO-13"])
def test_of_roles_that_are_not_here_nothing_is_concluded(bench: Bench, passing: Connection, policy: str) -> None:
    result = bench.ask(POLICIES[policy], passing, {"absent_roles": ["anon", "authenticated"]})
    assert result.verdict is Verdict.UNCHECKED
    assert result.reason == "the API's roles are not all here: there is no anon and authenticated"
    assert "api_roles" in result.remedy


def test_nobody_acts_in_roles_that_are_not_here(pytestconfig: pytest.Config, tmp_path) -> None:
    """The shadow would have them."""
    with embedded.serve(pytestconfig.stash[CHOICE].postgres_bin) as server:
        with connect(server.dsn) as connection:
            connection.execute("create table public.notes (id int primary key)")
        outcome = audit(tmp_path, f"--target={server.dsn}", "--no-history", "-k", "RLS-13 or RLS-07 or EXPO-01")
    reasons = {policy["reason"] for policy in outcome.policies.values()}
    assert outcome.having("UNCHECKED") == {"RLS-13", "RLS-07", "EXPO-01"}
    assert all(reason.startswith("the API's roles are not all here: there is no anon") for reason in reasons), reasons


def test_a_right_that_is_missing_is_told_and_not_stumbled_over(bench: Bench, passing: Connection) -> None:
    passing.execute("create sequence public.numbers; create role audit_bare; set local role audit_bare")
    result = bench.ask(POLICIES["MAINT-04"], passing)
    assert result.verdict is Verdict.UNCHECKED
    assert result.reason.startswith("the audit may not read"), result.reason
    assert result.grants


def test_statistics_that_a_crash_discarded_are_not_kept(pytestconfig: pytest.Config, tmp_path) -> None:
    with embedded.serve(pytestconfig.stash[CHOICE].postgres_bin) as server:
        if int(server.version.split(".")[0]) < 15:
            pytest.skip("before 15 it looks like a reset of this database's statistics")
        asked = (f"--target={server.dsn}", "--no-shadow", "--no-history", "-k", "MAINT-02")
        assert audit(tmp_path, *asked).having("HOLDS") == {"MAINT-02"}
        (writer,) = (pid for pid, does in below(server.process.pid) if "background writer" in does)
        os.kill(writer, signal.SIGKILL)
        assert eventually(lambda: answers(server))
        assert audit(tmp_path, *asked).having("VIOLATED") == {"MAINT-02"}


def below(pid: int) -> Iterator[tuple[int, str]]:
    """Yield the processes of a server and what they do; by its own account they may have other numbers."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    children = [line.split(maxsplit=2) for line in listed.splitlines()]
    for child, parent, does in (each for each in children if len(each) == 3):
        if int(parent) == pid:
            yield int(child), does
            yield from below(int(child))


def answers(server: embedded.Server) -> bool:
    """Tell whether a server takes connections."""
    try:
        psycopg.connect(server.dsn).close()
    except psycopg.OperationalError:
        return False
    return True
