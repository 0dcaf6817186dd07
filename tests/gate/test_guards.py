"""What triggers keep people from, and what they do to old rows, is known although no made-up row shows it by itself.

A trigger that kept people from writing, and no longer does, is told with what they can write from now on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import psycopg
import pytest

from audit.connection import connect
from audit.gate import catalogue, deeds, unseen
from audit.gate.firing import fired, losses
from audit.gate.guards import _derived, changed_guards, unguarded
from audit.gate.reading import code
from audit.gate.results import Effect, Entry, Moved, Overwritten, Print, Reach, Step
from audit.gate.trace import state
from audit.people import CAST
from audit.question import Connection
from audit.server.target import Target

ME = CAST["alice"].id
BASE = f"""
create schema lab; grant usage on schema lab to anon, authenticated;
create table lab.loans (
    id int primary key, person uuid not null, state text not null default 'asked', fee numeric, slug text,
    title text, edited_at timestamptz, edited_by uuid
);
insert into lab.loans values (1, '{ME}', 'asked', 0, 'a', 'A'), (2, '{CAST["bob"].id}', 'lent', 5, 'b', 'B'),
    (3, '{ME}', 'asked', 1, 'c', 'C');
alter table lab.loans enable row level security;
grant select, insert, update, delete on lab.loans to authenticated;
create policy own on lab.loans for all to authenticated using (person = (select auth.uid()));
create function lab.staff() returns boolean language sql stable set search_path = '' as $$ select false $$;
create function lab.guard() returns trigger language plpgsql set search_path = '' as $$ begin
    if not lab.staff() then
        if tg_op = 'UPDATE' then new.state := old.state; else new.state := 'asked'; end if;
        if coalesce(new.fee, 0) <> 0 and (tg_op = 'INSERT' or new.fee is distinct from old.fee) then
            raise exception 'no' using errcode = '42501';
        end if;
    end if;
    return new;
end $$;
create trigger guard before insert or update on lab.loans for each row execute function lab.guard();
create function lab.keep() returns trigger language plpgsql set search_path = '' as $$ begin
    if old.state <> 'x' and not lab.staff() then raise exception 'no'; end if; return old;
end $$;
create trigger keep before delete on lab.loans for each row execute function lab.keep();
create function lab.touch() returns trigger language plpgsql set search_path = '' as $$ begin
    new.slug := lower(new.title); new.edited_at := now(); new.edited_by := coalesce(new.edited_by, new.person);
    return new;
end $$;
create trigger touch before insert or update on lab.loans for each row execute function lab.touch();
"""
REACH = {"alice: select lab.loans": Reach("UNDECLARED", 3, 2, 0)}
STATE, FEE = ["insert column state", "update column state"], ["insert column fee", "update column fee"]
MORE = [f"alice: {what}" for pair in zip(FEE, STATE, strict=True) for what in pair]
DEFINITION = "execute function lab.guard()"
UNDO = {
    "function": lambda entry: entry.facts["_definition"],
    "trigger": lambda entry: (
        f"drop trigger if exists {entry.title.partition(' ')[0]} on lab.loans; {entry.facts['_definition']}"
    ),
}


@pytest.fixture(scope="module")
def conn(target: Target) -> Iterator[Connection]:
    database = target.server.clone_database("guards")
    try:
        with connect(database) as opened:
            opened.execute(BASE)
            yield opened
    finally:
        target.server.drop_database("guards")


def told(conn: Connection, statements: str, reach: dict[str, Reach] = REACH) -> list[str]:
    """Apply statements, and return what comes through because of them; nothing stays."""
    before = state(conn)
    ours = [entry for entry in before.entries.values() if entry.kind in UNDO and "lab." in entry.title]
    undo = [UNDO[entry.kind](entry) for entry in sorted(ours, key=lambda entry: entry.kind)]
    conn.execute(statements)
    try:
        now = state(conn)
        changes = tuple(catalogue.differences(before.entries, now.entries, before.entries))
        found = changed_guards([Step(1, ("drop",), catalogue=changes)], before.entries, now.entries, reach)
        return sorted(f"{who}: {what}" for guard in found for who, what in unguarded(conn, guard))
    finally:
        conn.execute("drop trigger if exists z on lab.loans; grant all on lab.loans to authenticated")
        conn.execute("; ".join(undo))


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ("drop trigger guard on lab.loans; drop function lab.guard", MORE),
        ("alter table lab.loans disable trigger guard", MORE),
        ("alter table lab.loans enable replica trigger guard", MORE),
        (f"create or replace trigger guard before insert on lab.loans for each row {DEFINITION}", MORE[2:]),
        (
            "create or replace trigger guard before insert or update on lab.loans for each row "
            f"when (new.title = 'nothing') {DEFINITION}",
            MORE,
        ),
        (
            f"create or replace trigger guard before insert or update of state on lab.loans for each row {DEFINITION}",
            ["alice: update column fee"],
        ),
        (
            "create or replace function lab.guard() returns trigger language plpgsql as $$ begin return new; end $$",
            MORE,
        ),
        (
            "create or replace function lab.staff() returns boolean language sql as 'select true'",
            ["alice: delete", *MORE],
        ),
        ("drop trigger keep on lab.loans", ["alice: delete"]),
        # Harmless: by another name, made anew, told otherwise, kept back in another way, or of no rule at all.
        ("alter trigger guard on lab.loans rename to z", []),
        (
            "drop trigger guard on lab.loans; create trigger z before insert or update of fee, state on lab.loans "
            f"for each row {DEFINITION}",
            [],
        ),
        ("alter function lab.guard() security definer", []),
        ("drop trigger touch on lab.loans", []),
        (
            "drop trigger guard on lab.loans; revoke insert, update on lab.loans from authenticated; "
            "grant insert (id, person, title), update (title) on lab.loans to authenticated",
            [],
        ),
    ],
)
def test_what_a_guard_kept_back_is_told(conn: Connection, statements: str, expected: list[str]) -> None:
    assert told(conn, statements) == expected


@pytest.mark.parametrize(
    ("body", "derived"),
    [
        ("new.slug := lower(new.title);", {"slug"}),
        ("new.phone := regexp_replace(new.phone, '[^0-9]', '', 'g');", {"phone"}),
        ("new.seen = now();", {"seen"}),
        ("new.state := old.state;", set()),
        ("new.state := 'asked';", set()),
        ("new.price := (select p.price from products p where p.id = new.product);", set()),
        ("new.amount := least(new.amount, 5);", set()),
        ("if new.a = new.b then raise exception 'no'; end if;", set()),
    ],
)
def test_what_a_trigger_makes_of_other_columns_keeps_nobody_from_anything(body: str, derived: set[str]) -> None:
    assert {*_derived([*code(body)])} == derived


def test_of_a_declared_table_the_matrix_tells(conn: Connection) -> None:
    assert told(conn, "drop trigger guard on lab.loans", {"alice: select lab.loans": Reach("OK", 3, 2, 0)}) == []


def test_what_cannot_be_put_back_is_not_known(conn: Connection) -> None:
    before = state(conn)
    with conn.transaction(force_rollback=True):
        conn.execute("drop trigger guard on lab.loans")
        now = state(conn)
        changes = tuple(catalogue.differences(before.entries, now.entries, before.entries))
        (guard,) = changed_guards([Step(1, ("drop",), catalogue=changes)], before.entries, now.entries, REACH)
    with pytest.raises(psycopg.Error):
        unguarded(conn, type(guard)(guard.step, guard.oid, guard.table, guard.by, guard.commands, ("select 1/0",)))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("update lab.loans set prefs = prefs - 'lang' || '{\"a\": 1}'", [("lab.loans", "prefs")]),
        ("update lab.loans set prefs = prefs #- '{a,b}'", [("lab.loans", "prefs")]),
        ("update lab.loans set prefs = prefs || '{\"a\": 1}'", []),
        ("update lab.loans set fee = fee - '1'", []),
    ],
)
def test_keys_that_no_made_up_row_has_are_in_doubt(statement: str, expected: list[tuple[str, str]]) -> None:
    entries = {
        name: Entry("column", f"lab.loans.{name}", {"_name": name, "_of": 7, "type": kind})
        for name, kind in (("prefs", "jsonb"), ("fee", "numeric"))
    } | {"r7": Entry("table", "lab.loans", {})}
    figures = Print(3, {"prefs": 3, "fee": 3}, {"prefs": 1, "fee": 1}, {"prefs": 1, "fee": 2})
    column = "prefs" if "prefs" in statement else "fee"
    effect = Effect(3, 3, columns={column: Overwritten(3, changed=0 if column == "prefs" else 3)})
    step = Step(
        1, ("update",), moved={"lab.loans": Moved(updated=3)}, before={"lab.loans": figures},
        after={"lab.loans": figures}, effects=(("lab.loans", effect),),
    )  # fmt: skip
    seen = unseen.Seen(step, {"loans": ["lab.loans"]}, frozenset({"lab.loans"}), frozenset(), entries, entries)
    read = deeds.read(statement, deeds.Reader({}, deeds.Effort(10_000)))
    assert [*unseen.unchanged(read, seen)] == expected


def lost(conn: Connection, statements: str) -> list[str]:
    """Apply statements, and return what the triggers that they make lose; nothing stays."""
    before = state(conn)
    conn.execute(statements)
    try:
        now = state(conn)
        changes = tuple(catalogue.differences(before.entries, now.entries, before.entries))
        tables = fired([Step(1, ("create",), catalogue=changes)], now.entries, before.titles)
        titles = {oid: before.titles[oid] for oid in before.prints}
        return [loss.what for table in tables for loss in losses(conn, table, now.prints, titles, math.inf)]
    finally:
        conn.execute("drop function lab.purge() cascade; drop table if exists lab.fresh")


PURGE = """
create table lab.fresh (id int, at timestamptz default now());
create function lab.purge() returns trigger language plpgsql set search_path = '' as $$ begin {}; return null; end $$;
create trigger purge after insert or update on lab.loans for each statement execute function lab.purge()
"""


@pytest.mark.parametrize(
    ("does", "expected"),
    [
        ("delete from lab.parcels where sent_at < now() - interval '5 years'", ["rows of lab.parcels"]),
        ("delete from lab.parcels where sent_on < '2001-01-01'", ["rows of lab.parcels"]),
        ("update lab.parcels set note = null where gone_at < now()", ["values of lab.parcels.note"]),
        ("delete from lab.fresh where at < now() - interval '5 years'", []),
        ("update lab.parcels set note = upper(note) where sent_at < now() - interval '5 years'", []),
        ("perform 1 from lab.parcels where sent_at < now() - interval '5 years'", []),
    ],
)
def test_what_a_trigger_does_to_old_rows_is_seen(conn: Connection, does: str, expected: list[str]) -> None:
    conn.execute(
        "create table lab.parcels (id int primary key, sent_at timestamptz, sent_on date, gone_at timestamp, note text)"
        ";"
        "insert into lab.parcels select n, now(), now(), null, 'note ' || n from generate_series(1, 12) n;"
        "create table lab.stops (id int primary key, parcel int references lab.parcels); "
        "insert into lab.stops select n, n from generate_series(1, 12) n"
    )
    try:
        assert lost(conn, PURGE.format(does)) == expected
    finally:
        conn.execute("drop table lab.parcels cascade; drop table lab.stops")
