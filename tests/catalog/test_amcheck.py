"""amcheck on a live database: on request only, with the right to, within its time, and with no lock that hinders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from audit.connection import connect
from audit.question import Connection
from audit.server.target import Target
from tests.support.auditing import Outcome, audit


@pytest.fixture(scope="module")
def production(target: Target) -> Iterator[Connection]:
    with connect(target.server.clone_database("deep")) as connection:
        connection.execute("create role audit_deep login bypassrls; grant pg_read_all_data, pg_monitor to audit_deep")
        yield connection
        connection.execute("drop owned by audit_deep; drop role audit_deep")


@pytest.fixture
def deep(target: Target, production: Connection, tmp_path: Path) -> Callable[..., dict]:
    """Return what is said of MAINT-11."""

    def deep(*options: str, settings: str = "") -> dict:
        (tmp_path / "settings.toml").write_text(settings)
        dsn = make_conninfo(target.server.dsn_of("deep"), user="audit_deep")
        chosen = ("-k", "critical_tables", "--no-shadow", "--no-history", f"--settings={tmp_path / 'settings.toml'}")
        outcome: Outcome = audit(tmp_path / "out", f"--target={dsn}", *chosen, *options)
        return outcome.policies["MAINT-11"]

    return deep


def test_it_is_asked_with_deep_only_and_with_the_right_to(deep: Callable[..., dict], production: Connection) -> None:
    assert deep()["verdict"] == "NOT_APPLICABLE"

    missing = deep("--deep")
    assert missing["verdict"] == "UNCHECKED"
    assert missing["remedy"] == "create extension amcheck with schema extensions;"

    production.execute(missing["remedy"])
    barred = deep("--deep")
    assert barred["verdict"] == "UNCHECKED" and "may not use" in barred["reason"]
    assert "grant execute on function extensions.bt_index_check" in barred["remedy"]

    # What it asks for is what it needs.
    production.execute("grant usage on schema extensions to audit_deep;" + barred["remedy"])
    sound = deep("--deep")
    assert sound["verdict"] == "HOLDS", sound
    assert sound["population"]["count"] > 15

    production.execute("begin; lock table public.messages in access exclusive mode")
    locked = deep("--deep")
    production.execute("rollback")
    assert locked["verdict"] == "UNCHECKED" and "messages" in locked["reason"]

    # Beside somebody who writes, it holds; so it takes no lock that would have to wait for a writer.
    production.execute("begin; lock table public.messages in row exclusive mode")
    beside = deep("--deep")
    production.execute("rollback")
    assert beside["verdict"] == "HOLDS"


def test_a_check_that_takes_too_long_leaves_it_unchecked(deep: Callable[..., dict], production: Connection) -> None:
    production.execute("create extension if not exists amcheck with schema extensions")
    production.execute(
        """
        grant usage on schema extensions to audit_deep;
        grant execute on all functions in schema extensions to audit_deep;
        create function public.slowly(text) returns text language plpgsql immutable
            as $$ begin perform pg_catalog.pg_sleep(0.02); return $1; end $$;
        alter function public.slowly(text) owner to postgres;
        create index slow on public.help_requests (public.slowly(title));
        """
    )
    late = deep("--deep", settings="[thresholds]\ndeep_timeout_ms = 1000\n")
    production.execute("drop index public.slow")
    assert late["verdict"] == "UNCHECKED"
    assert late["reason"].startswith("public.slow: ") and "statement timeout" in late["reason"]


def test_a_disposable_database_has_nothing_to_find(tmp_path: Path) -> None:
    outcome = audit(tmp_path / "out", "--deep", "-k", "critical_tables", "--members=0")
    assert outcome.policies["MAINT-11"]["verdict"] == "NOT_APPLICABLE"
