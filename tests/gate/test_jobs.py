# ruff: noqa: E501  a case is a line
"""What jobs do that a migration schedules (``cron.schedule``): told where they are scheduled, and harmless ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.access.declaration import Access
from audit.results import Verdict
from audit.settings import Settings
from tests.support.proving import CLEAN
from tests.support.rehearsing import Ground, SilentSuite

FIRST = "set lock_timeout = '2s'; create extension if not exists pg_cron;\n"


def job(command: str) -> str:
    return f"{FIRST}select cron.schedule('work', '0 3 * * *', $x${command}$x$);"


# Data that a job takes away.
LOST = {
    "all rows": job("delete from private.labels"),
    "all rows at once": job("truncate private.labels"),
    "rows that are old": job("delete from private.parcels where sent_at < now() - interval '2 years'"),
    "values": job("update private.parcels set note = null"),
    "a table": job("drop table private.labels"),
    "by a function": (
        "create function private.tidy() returns void language plpgsql as $$ begin delete from private.labels; end $$;\n"
        + job("select private.tidy()")
    ),
    "by a function that knows the time": (
        "create function private.tidy() returns void language sql as "
        "$$ delete from private.parcels where sent_at < now() - interval '2 years' $$;\n" + job("select private.tidy()")
    ),
    "in a block": f"{FIRST}do $do$ begin perform cron.schedule('* * * * *', 'delete from private.labels'); end $do$;",
    "with a text that is put together": f"{FIRST}select cron.schedule('* * * * *', 'dele' || 'te from private.labels');",
    "in another database": f"{FIRST}select cron.schedule_in_database('work', '* * * * *', 'delete from private.labels', 'postgres');",
    "of an altered job": (
        f"{FIRST}select cron.schedule('work', '* * * * *', 'select 1');\n"
        "select cron.alter_job(jobid, command => 'delete from private.labels') from cron.job where jobname = 'work';"
    ),
    "in a transaction of its own": job("begin; delete from private.labels; commit;"),
    "behind what cannot be in a transaction": job("vacuum private.labels; delete from private.labels;"),
    "by a file in which it is not alone": f"{FIRST}select cron.schedule('a', '* * * * *', 'delete from private.labels'), cron.schedule('b', '* * * * *', 'select 1');",
}

# A state that runs out is what such jobs are for.
STATES = (
    "set role postgres; create extension if not exists pg_cron; alter table private.parcels add column state text;"
    "update private.parcels set state = case when id % 3 = 0 then 'sent' else 'waiting' end; commit"
)


@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        (
            "update private.parcels set state = 'late' where state = 'waiting' and sent_at < now() - interval '3 minutes'",
            "HOLDS",
        ),
        ("update private.parcels set state = 'late' where id % 2 = 0", "VIOLATED"),
    ],
)
def test_a_job_may_move_a_state_on(quick: Ground, tmp_path: Path, command: str, verdict: str) -> None:
    path = tmp_path / "20270101000000_new.sql"
    path.write_text(job(command), encoding="utf-8")
    told = quick.try_files([path], meanwhile=STATES)["MIG-03"]
    assert told.verdict.name == verdict, (told.reason, told.findings)


# What nobody can tell of a job.
UNKNOWN = {
    "rows that are not there": job("delete from private.labels where word = 'nobody has it'"),
    "behind what fails": job("select 1 / 0; delete from private.labels"),
    "in a branch": job(
        "do $$ begin if (select count(*) from private.stops) > 90000 then delete from private.labels; end if; end $$"
    ),
}

# Who is let in by a job.
OPEN = {
    "a grant": job("grant select on private.parcels to anon"),
    "no row level security": job("alter table public.profiles disable row level security"),
    "a policy": job("create policy all_of_them on public.profiles for select to anon using (true)"),
}

HARMLESS = {
    "a view is refreshed": job("refresh materialized view private.totals"),
    "a table is cleaned": job("vacuum analyze private.labels"),
    "rows are added": job("insert into private.labels values (-1, 1, 'more')"),
    "rows are moved": (
        "create table private.kept (id bigint primary key, parcel_id integer, word text);\n"
        + job("insert into private.kept select * from private.labels; delete from private.labels;")
    ),
    "the scheduler's own notes": job("delete from cron.job_run_details where end_time < now() - interval '7 days'"),
    "what is empty is filled": job("update private.parcels set note = 'none' where note is null"),
    "it fails and would do nothing": job("select 1 / 0"),
    "it would talk with somebody": job("copy private.labels to stdout"),
    "it is a grant less": job("revoke select on public.profiles from anon"),
    "it is taken back": f"{FIRST}select cron.schedule('work', '* * * * *', 'delete from private.labels'); select cron.unschedule('work');",
    "it is switched off": (
        f"{FIRST}select cron.schedule('work', '* * * * *', 'delete from private.labels');\n"
        "select cron.alter_job(jobid, active => false) from cron.job;"
    ),
    "the schedule alone is another": (
        f"{FIRST}select cron.schedule('work', '* * * * *', 'select 1'); select cron.schedule('work', '@daily', 'select 1');"
    ),
    "a table that is only called so": (
        "create schema cron; create table cron.job (command text); insert into cron.job values ('delete from private.labels');"
    ),
}


@pytest.fixture(scope="module")
def quick(ground: Ground, settings: Settings, access: Access) -> Ground:
    """Return the base with a suite that asks nothing."""
    made = Ground(lambda: ground.base, ground.released, SilentSuite(settings, access))
    made.numbers = ground.numbers
    return made


def said(quick: Ground, folder: Path, text: str) -> tuple[str, str, str]:
    """Return what is said of data and of access, and all findings."""
    path = folder / "20270101000000_new.sql"
    path.write_text(text, encoding="utf-8")
    results = quick.try_files([path])
    told = [
        f"{name} {each.verdict} {each.reason} {[f.object for f in each.findings]}" for name, each in results.items()
    ]
    return results["MIG-03"].verdict.name, results["MIG-06"].verdict.name, "\n".join(told)


@pytest.mark.parametrize("case", LOST)
def test_what_a_job_loses_is_found(quick: Ground, tmp_path: Path, case: str) -> None:
    data, _, told = said(quick, tmp_path, LOST[case])
    assert data == Verdict.VIOLATED.name, told
    assert "by job" in told


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_a_job_may_do_elsewhere_is_not_known(quick: Ground, tmp_path: Path, case: str) -> None:
    data, _, told = said(quick, tmp_path, UNKNOWN[case])
    assert data == Verdict.UNCHECKED.name, told


@pytest.mark.parametrize("case", OPEN)
def test_whom_a_job_lets_in_is_found(quick: Ground, tmp_path: Path, case: str) -> None:
    _, reach, told = said(quick, tmp_path, OPEN[case])
    assert reach == Verdict.VIOLATED.name, told


@pytest.mark.parametrize("case", HARMLESS)
def test_a_harmless_job_is_silent(quick: Ground, tmp_path: Path, case: str) -> None:
    data, reach, told = said(quick, tmp_path, HARMLESS[case])
    assert {data, reach} <= {verdict.name for verdict in CLEAN}, told


# A job that is there already, and what it calls; each file replaces a function, or something else.
STANDING = (
    "set role postgres; create extension if not exists pg_cron;"
    "create function private.outer_work() returns void language plpgsql as 'begin perform private.work(); end';"
    "create function private.work() returns void language sql as $$ {} $$;"
    "select cron.schedule('work', '0 3 * * *', 'select private.outer_work()'); commit"
)
WORK = "set lock_timeout = '2s'; create or replace function private.work() returns void language sql {} $$ {} $$;"
AGAIN = "select cron.unschedule('work'); select cron.schedule('later', '0 5 * * *', 'select private.outer_work()');"
AGED = "delete from private.parcels where sent_at < now() - interval '{} years'"


@pytest.mark.parametrize(
    ("before", "new", "verdict"),
    [
        ("select 1", WORK.format("as", "delete from private.labels"), Verdict.VIOLATED),
        ("select 1", WORK.format("as", AGED.format(2)), Verdict.VIOLATED),
        ("delete from private.labels", WORK.format("as", "update private.parcels set note = null"), Verdict.VIOLATED),
        ("delete from private.labels", WORK.format("as", "delete from private.labels where true"), Verdict.HOLDS),
        (AGED.format(3), WORK.format("as", AGED.format(2)), Verdict.HOLDS),
        ("delete from private.labels", WORK.format("as", "select 1"), Verdict.HOLDS),
        ("select 1", WORK.format("security definer set search_path = '' as", "select 2"), Verdict.HOLDS),
        ("delete from private.labels", AGAIN, Verdict.HOLDS),
        ("select 1", AGAIN + WORK.format("as", "delete from private.labels"), Verdict.VIOLATED),
        ("delete from private.labels", "grant select on public.profiles to authenticated;", Verdict.HOLDS),
    ],
)
def test_a_job_that_was_there_is_tried_where_what_it_calls_is_changed(
    quick: Ground, tmp_path: Path, before: str, new: str, verdict: Verdict
) -> None:
    path = tmp_path / "20270101000000_new.sql"
    path.write_text(new, encoding="utf-8")
    told = quick.try_files([path], meanwhile=STANDING.format(before))["MIG-03"]
    assert told.verdict is verdict, (told.reason, told.findings)
    if verdict is Verdict.VIOLATED:
        assert all("by job work" in row.object or "by job later" in row.object for row in told.findings), told.findings


def test_nothing_of_a_job_stays(quick: Ground, tmp_path: Path) -> None:
    path = tmp_path / "20270101000000_new.sql"
    path.write_text(
        job("create table private.left_behind (); commit; create table private.left_too ()"), encoding="utf-8"
    )
    behind = tmp_path / "20270101000001_behind.sql"
    behind.write_text("create table private.left_behind (); create table private.left_too ();", encoding="utf-8")
    results = quick.try_files([path, behind])
    assert not results["MIG-01"].findings
