"""What one object costs: its own time, and the others have theirs; and who waits is told for what."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from audit.connection import connect
from audit.progress import PROGRESS, Progress
from audit.question import Connection
from audit.server import shadow, upkeep
from audit.server.shadow import refresh
from audit.server.target import Target
from audit.server.upkeep import analyze, within


@pytest.fixture
def connection(target: Target) -> Iterator[Connection]:
    with connect(target.server.clone_database("limits", "template1")) as opened:
        yield opened
    target.server.drop_database("limits")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "OBJECT_LIMIT_S", 1)
    monkeypatch.setattr(shadow, "OBJECT_LIMIT_S", 1)


@pytest.mark.usefixtures("short")
def test_a_materialised_view_without_an_end_leaves_the_others_filled(connection: Connection) -> None:
    connection.execute(
        """
        create materialized view endless as select pg_sleep(600)::text as slept with no data;
        create materialized view one as select 1 as number with no data;
        create materialized view of_endless as select 1 from endless with no data;
        """
    )
    assert {*refresh(connection)} == {"public.endless", "public.of_endless"}
    assert connection.execute("select number from one").fetchall() == [(1,)]


@pytest.mark.usefixtures("short")
def test_an_index_without_an_end_leaves_the_others_their_statistics(connection: Connection) -> None:
    connection.execute(
        """
        create function slow(int) returns int immutable language plpgsql as $$
        begin
            if current_setting('audit.slow', true) = 'on' then perform pg_sleep(600); end if;
            return 1;
        end $$;
        create table slowed as select n from generate_series(1, 10) as n;
        create index on slowed (slow(n));
        create table quick as select n from generate_series(1, 10) as n;
        set audit.slow = 'on';
        """
    )
    assert analyze(connection) == ["slowed"]
    assert connection.execute("select reltuples from pg_class where relname = 'quick'").fetchall() == [(10,)]
    assert connection.execute("show statement_timeout").fetchall() == [("0",)]


def test_a_statement_that_fails_leaves_no_limit_behind(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        within(connection, "select pg_sleep(600)", 0.1)
    with pytest.raises(psycopg.errors.UndefinedColumn):
        within(connection, "select nothing", 0.1)
    assert connection.execute("show statement_timeout").fetchall() == [("0",)]


def test_who_waits_is_told_for_what(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(PROGRESS, "first_s", 0.3)
    monkeypatch.setattr(PROGRESS, "say", told.append)
    with PROGRESS.doing("RLS-09"), PROGRESS.doing("a \x1b[31mview"):
        # More than fits into the buffers on the way, so that sending is waited for, too.
        ((length,),) = connection.execute("select pg_sleep(1)::text || length(%s)", ["x" * 20_000_000]).fetchall()
        connection.execute("select")
    assert length == "20000000"
    assert told and all(line.startswith("still waiting, for ") and "RLS-09, a " in line for line in told)
    assert not any("\x1b" in line for line in told)


def test_waits_add_up_to_their_limit() -> None:
    progress = Progress()
    progress.first_s = 10
    waits = progress.waits(None)
    assert [next(waits), next(waits)] == [10, 10]
    assert next(progress.waits(3)) == pytest.approx(3, abs=0.1)
    assert [*progress.waits(0)] == []
