"""What a gate asks of a live database is counted, and has a budget, as in an audit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.connection import Dsn, connect
from audit.server.target import MIGRATIONS, Target
from tests.support.auditing import audit


@pytest.fixture(scope="module")
def live(target: Target) -> Iterator[Dsn]:
    """A database that says which migrations it has applied: all that there are."""
    dsn = target.server.clone_database("gate_footprint")
    with connect(dsn) as connection:
        connection.execute("drop schema supabase_migrations cascade; create schema supabase_migrations")
        connection.execute("create table supabase_migrations.schema_migrations (version text primary key)")
        for path in MIGRATIONS.glob("*.sql"):
            connection.execute(
                "insert into supabase_migrations.schema_migrations values (%s)", [path.name.partition("_")[0]]
            )
    yield dsn
    target.server.drop_database("gate_footprint")


def test_a_gate_counts_what_it_asks_of_a_live_database(live: Dsn, tmp_path: Path) -> None:
    options = ("--gate", f"--target={live}", "--base=live", f"--migrations={MIGRATIONS}", f"--stats-from={live}")
    footprint = audit(tmp_path / "out", *options, f"--gate-cache={tmp_path}").document["footprint"]
    # One for what was applied, one for the statistics, two and pg_dump's for the shadow.
    assert footprint["sessions"] == 5
    assert footprint["questions"] == 3
    assert footprint["dump_ms"] > 0
    assert footprint["server_ms"] > footprint["dump_ms"]
    assert footprint["lock_modes"] == ["AccessShareLock"]


def test_a_gate_keeps_to_its_budget(live: Dsn, tmp_path: Path) -> None:
    options = ("--gate", f"--target={live}", "--base=live", f"--migrations={MIGRATIONS}", "--budget-ms=1")
    outcome = audit(tmp_path / "out", *options, f"--gate-cache={tmp_path}")
    assert outcome.status == 4
    assert "the audit's budget of 1 ms of the server's time was used up" in outcome.said
    assert {policy["verdict"] for policy in outcome.policies.values()} == {"UNCHECKED"}
