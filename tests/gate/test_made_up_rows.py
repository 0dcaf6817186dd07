"""What a trigger of the project refuses of made-up rows, which never went by it, is no fault of a new file."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.access.declaration import Access
from audit.results import Verdict
from audit.settings import Settings
from tests.support.rehearsing import Ground, SilentSuite

SOUND = """
create or replace function private.sound() returns trigger language plpgsql as $$
begin
    if new.word not like 'shelf %' then raise exception 'a label names its shelf'; end if;
    return new;
end $$;
"""
GUARD = f"""{SOUND}
create trigger sound before insert or update on private.labels for each row execute function private.sound();
"""
UPDATE = "update private.labels set word = upper(word) || '!' where word is not null;"


@pytest.fixture(scope="module")
def quick(ground: Ground, settings: Settings, access: Access) -> Ground:
    """Return the base with a suite that asks nothing."""
    made = Ground(lambda: ground.base, ground.released, SilentSuite(settings, access))
    made.numbers = ground.numbers
    return made


@pytest.mark.parametrize(
    ("before", "new", "verdict"),
    [
        (GUARD, UPDATE, Verdict.UNCHECKED),
        (GUARD, f"do $$ begin {UPDATE} end $$;", Verdict.UNCHECKED),
        (GUARD, "insert into private.labels select id + 5000, parcel_id, word from private.labels;", Verdict.UNCHECKED),
        (GUARD, "insert into private.labels values (-1, 1, 'a box');", Verdict.VIOLATED),
        (GUARD, f"{SOUND.replace('names', 'has')} {UPDATE}", Verdict.VIOLATED),
        (GUARD, f"{SOUND} {UPDATE}", Verdict.UNCHECKED),
        ("select", f"{GUARD} {UPDATE}", Verdict.VIOLATED),
        ("select", "do $$ begin raise exception 'never'; end $$;", Verdict.VIOLATED),
        (GUARD, "update private.labels set nothing = 1;", Verdict.VIOLATED),
    ],
)
def test_what_refuses_made_up_rows_may_take_real_ones(
    quick: Ground, tmp_path: Path, before: str, new: str, verdict: Verdict
) -> None:
    path = tmp_path / "20270101000000_new.sql"
    path.write_text(f"set lock_timeout = '2s'; {new}", encoding="utf-8")
    told = quick.try_files([path], meanwhile=f"set role postgres; {before}; commit")["MIG-01"]
    assert told.verdict is verdict, (told.reason, told.findings)
    if verdict is Verdict.UNCHECKED:
        assert told.reason.startswith("private.sound() refuses made-up rows (")
        assert "whether it refuses real ones is not known" in told.reason


VISITS = """
create table private.visits (id bigint, day date not null) partition by range (day);
create table private.visits_rest partition of private.visits default;
insert into private.visits select n, date '2026-01-01' + n from generate_series(1, 700) as n;
"""


def test_what_is_in_the_way_of_a_new_partition_was_made_up(quick: Ground, tmp_path: Path) -> None:
    path = tmp_path / "20270101000000_new.sql"
    begin, end = "('2027-01-01')", "('2028-01-01')"
    path.write_text(
        "set lock_timeout = '2s';\n"
        f"create table private.visits_2027 partition of private.visits for values from {begin} to {end};",
        encoding="utf-8",
    )
    results = quick.try_files([path], meanwhile=f"set role postgres; {VISITS} commit")
    assert {name for name, each in results.items() if each.findings} == set(), results


FIRES_ALWAYS = """
create function private.told() returns trigger language plpgsql as $$
begin raise exception 'as %', current_user; end $$;
create trigger told before delete on private.visits_rest for each row execute function private.told();
alter table private.visits_rest enable always trigger told;
"""


@pytest.mark.parametrize(
    ("before", "new"),
    [
        # What fires in any session does not while rows are taken out, so that they stay.
        (
            VISITS + FIRES_ALWAYS,
            "create table private.visits_2027 partition of private.visits for values from ({}) to ({})",
        ),
        # There is no such parent, in no schema and in no database.
        (VISITS, "create table private.visits_2027 partition of private.tours for values from ({}) to ({})"),
        (VISITS, "create table private.visits_2027 partition of elsewhere.private.visits for values from ({}) to ({})"),
    ],
)
def test_what_is_in_no_way_or_must_not_be_touched_stays(quick: Ground, tmp_path: Path, before: str, new: str) -> None:
    path = tmp_path / "20270101000000_new.sql"
    statement = new.format("'2027-01-01'", "'2028-01-01'")
    path.write_text(f"set lock_timeout = '2s';\n{statement};", encoding="utf-8")
    told = quick.try_files([path], meanwhile=f"set role postgres; {before} commit")["MIG-01"]
    assert told.verdict is Verdict.VIOLATED, told.reason
    assert "as " not in str(told.findings), told.findings


# For each row that is written: nothing, or so long that all rows in all ways take longer than there is time for.
SLOW = """
create function private.slow() returns trigger language plpgsql set search_path = '' as $$
begin perform pg_catalog.pg_sleep({}); return new; end $$;
create trigger slow before insert or update on private.labels for each row execute function private.slow();
"""


@pytest.mark.parametrize(("seconds", "verdict"), [(0, Verdict.HOLDS), (0.1, Verdict.UNCHECKED)])
def test_what_fires_is_tried_for_a_limited_time(
    quick: Ground, tmp_path: Path, seconds: float, verdict: Verdict
) -> None:
    path = tmp_path / "20270101000000_slow.sql"
    path.write_text(f"set lock_timeout = '2s'; {SLOW.format(seconds)}", encoding="utf-8")
    told = quick.try_files([path], limit_s=3)["MIG-03"]
    assert told.verdict is verdict, (told.reason, told.findings)
    if verdict is Verdict.UNCHECKED:
        assert "does when rows of private.labels are written took too long to see all of" in told.reason


# What is done to other people's rows when somebody is new, or signs in: who is there and is written once more may have
# all that a newcomer gets.
NEWCOMERS = """
create function private.greet() returns trigger language plpgsql security definer set search_path = '' as $$
begin {} return new; end $$;
create trigger greet {} for each row execute function private.greet();
"""
SIGN_UP = "after insert on auth.users"
SIGN_IN = "after update of last_sign_in_at on auth.users"
GREETED = "create table private.greeted (user_id uuid primary key, at timestamptz default now());"


@pytest.mark.parametrize(
    ("before", "act", "when", "verdict"),
    [
        ("", "delete from private.labels;", SIGN_UP, Verdict.VIOLATED),
        ("", "update private.parcels set note = null;", "before insert on auth.users", Verdict.VIOLATED),
        ("", "update private.labels set word = 'new';", SIGN_UP, Verdict.VIOLATED),
        ("", "delete from private.labels;", SIGN_IN, Verdict.VIOLATED),
        ("", "delete from private.labels;", "after insert on storage.objects", Verdict.VIOLATED),
        (
            f"{GREETED} insert into private.greeted (user_id) select id from auth.users;",
            "insert into private.greeted (user_id) values (new.id); delete from private.labels;",
            SIGN_UP,
            Verdict.VIOLATED,
        ),
        (f"{GREETED}", "insert into private.greeted (user_id) values (new.id);", SIGN_UP, Verdict.HOLDS),
        ("", "delete from private.labels where word = new.email;", SIGN_UP, Verdict.HOLDS),
        ("", "update private.parcels set note = coalesce(note, 'new') where id < 20;", SIGN_IN, Verdict.HOLDS),
    ],
)
def test_what_is_done_when_somebody_is_new_is_tried(
    quick: Ground, tmp_path: Path, before: str, act: str, when: str, verdict: Verdict
) -> None:
    path = tmp_path / "20270101000000_newcomers.sql"
    path.write_text(f"set lock_timeout = '2s'; {before} {NEWCOMERS.format(act, when)}", encoding="utf-8")
    told = quick.try_files([path])["MIG-03"]
    assert told.verdict is verdict, (told.reason, told.findings)
