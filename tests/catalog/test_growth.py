"""Growth: compared with which earlier run, and where there is none that says so."""

from __future__ import annotations

import datetime as dt

import pytest

from audit.catalog.growth import compared
from audit.connection import connect
from audit.evidence import NotApplicable
from audit.results import Sizes
from audit.server.target import Target
from reports.history.store import Store
from tests.support.auditing import audit

NOW = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)


def then(days: float, **sizes: int) -> Sizes:
    return Sizes(NOW - dt.timedelta(days=days), sizes)


@pytest.mark.parametrize(("days", "weeks"), [(0.1, 1), (6, 1), (7, 1), (21, 3)])
def test_less_than_a_week_counts_as_a_whole_one(days: float, weeks: int) -> None:
    assert compared(then(0, a=2), then(days, a=1))["weeks"] == weeks


def test_what_is_new_or_gone_is_not_compared() -> None:
    told = compared(then(0, a=2, new=5), then(7, a=1, gone=9))
    assert (told["names"], told["then_bytes"], told["now_bytes"]) == (["a"], [1], [2])


def test_on_the_first_run_there_is_nothing_to_compare_with() -> None:
    with pytest.raises(NotApplicable, match="from the second one on"):
        compared(then(0, a=2), None)


def test_a_live_database_is_compared_with_the_run_before(target: Target, tmp_path) -> None:
    dsn = target.server.clone_database("growing")
    settings = tmp_path / "settings.toml"
    settings.write_text("[thresholds]\ngrowth_bytes = 0\n")
    history = tmp_path / "history.sqlite"
    options = (f"--target={dsn}", "--no-shadow", "-k", "nothing_grows", f"--settings={settings}")

    without = audit(tmp_path / "out", *options, "--no-history")
    assert "--history" in without.policies["MON-09"]["reason"]
    first = audit(tmp_path / "out", *options, f"--history={history}")
    assert first.policies["MON-09"]["verdict"] == "NOT_APPLICABLE"
    second = audit(tmp_path / "out", *options, f"--history={history}")
    assert second.policies["MON-09"]["verdict"] == "HOLDS"
    assert second.policies["MON-09"]["population"]["count"] > 10

    with connect(dsn) as connection:
        connection.execute(
            """
            insert into public.contact_exchange_audit (exchange_id, request_id, action)
            select gen_random_uuid(), gen_random_uuid(), 'removed' from generate_series(1, 60000)
            """
        )
    third = audit(tmp_path / "out", *options, f"--history={history}")
    found = {finding["object"]: finding for finding in third.policies["MON-09"]["findings"]}
    assert {*found} == {"the database", "public.contact_exchange_audit"}
    assert "grew from" in found["the database"]["fix"]
    (past,) = Store(history).past()
    assert len(past.nights) == 3


def test_a_history_that_cannot_be_read_leaves_growth_unchecked(target: Target, tmp_path) -> None:
    (tmp_path / "history.sqlite").write_bytes(b"no database at all" * 100)
    dsn = target.server.clone_database("unread")
    options = (f"--target={dsn}", "--no-shadow", "-k", "nothing_grows", f"--history={tmp_path / 'history.sqlite'}")
    outcome = audit(tmp_path / "out", *options)
    assert outcome.policies["MON-09"]["verdict"] == "UNCHECKED"
    assert outcome.status == 6
