"""What became of rows is known row by row: by key, without one, and in a sample."""

from __future__ import annotations

import pytest

from audit.connection import connect
from audit.gate import contents
from audit.gate.contents import Effect, Print, compare, prints
from audit.gate.hazards import OVERWRITTEN_PERCENT, Elsewhere, _loses, refuses
from audit.gate.hazards import contents as kept_at_end
from audit.gate.results import Entry
from audit.gate.trace import State, looking
from audit.server.target import Target


@pytest.fixture
def conn(target: Target):
    database = target.server.clone_database("contents")
    try:
        with connect(database) as opened:
            opened.execute("create schema lab; create table lab.keyed (id int primary key, word text, number int)")
            opened.execute("create table lab.loose (word text, number int)")
            for table in ("keyed (id, word, number)", "loose (word, number)"):
                own = "n, 'word ' || n, n % 10" if "id" in table else "'word ' || n, n % 10"
                opened.execute(f"insert into lab.{table} select {own} from generate_series(1, 1000) n")
            yield opened
    finally:
        target.server.drop_database("contents")


def of(conn, table: str) -> Print:
    with looking(conn):
        oid = conn.execute("select %s::regclass::oid::int8", [table]).fetchone()[0]
        return prints(conn, [oid])[oid]


def effect(conn, table: str, statement: str) -> Effect:
    before = of(conn, table)
    conn.execute(statement)
    return compare(before, of(conn, table), before.numbers.values())


@pytest.mark.parametrize(
    ("statement", "gone", "changed", "lost"),
    [
        ("update {} set word = 'x' where number = 3", 0, 100, "values made equal"),
        ("update {} set word = md5(word)", 0, 1000, "values overwritten in every row"),
        ("update {} set word = md5(word) where number < 3", 0, 300, "values overwritten"),
        ("update {} set word = md5(word) where number = 3", 0, 100, ""),
        ("update {} set word = upper(word)", 0, 0, ""),
        ("update {} set word = word", 0, 0, ""),
        ("delete from {} where number = 3", 100, 0, ""),
    ],
)
@pytest.mark.parametrize("table", ["lab.keyed", "lab.loose"])
def test_each_row_is_followed(conn, table: str, statement: str, gone: int, changed: int, lost: str) -> None:
    found = effect(conn, table, statement.format(table))
    assert found.gone == gone
    assert found.columns["word"].changed == changed
    assert _loses("word", found.columns["word"], OVERWRITTEN_PERCENT) == lost


def test_rows_that_were_replaced_are_gone(conn) -> None:
    found = effect(
        conn,
        "lab.keyed",
        "do $$ begin delete from lab.keyed where id <= 3; insert into lab.keyed values (2001, 'a'), (2002, 'b'), "
        "(2003, 'c'); end $$",
    )
    assert found.gone == 3


def test_a_row_with_another_key_is_the_same_row(conn) -> None:
    found = effect(conn, "lab.keyed", "update lab.keyed set id = id + 10000")
    assert (found.gone, found.columns["id"].changed) == (0, 1000)


def test_exchanged_values_are_seen(conn) -> None:
    found = effect(
        conn, "lab.keyed", "update lab.keyed k set word = o.word from lab.keyed o where o.id = 1001 - k.id"
    ).columns["word"]
    assert found.exchanged
    assert _loses("word", found, OVERWRITTEN_PERCENT) == "values exchanged among rows"


def test_a_new_word_for_each_old_one_is_no_loss(conn) -> None:
    found = effect(conn, "lab.keyed", "update lab.keyed set number = number + 100").columns["number"]
    assert _loses("number", found, OVERWRITTEN_PERCENT) == ""
    mixed = effect(conn, "lab.keyed", "update lab.keyed set number = number / 2 + 100").columns["number"]
    assert _loses("number", mixed, OVERWRITTEN_PERCENT) == "values made equal"


def test_of_a_large_table_a_sample_is_compared_and_told(conn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MOST_ROWS", 100)
    found = effect(conn, "lab.keyed", "update lab.keyed set word = md5(word)")
    assert 30 < found.compared < 300 and found.columns["word"].changed == found.compared
    assert f"in a sample of {found.compared:,} of 1,000 rows" in found.told(1, 2)
    deleted = effect(conn, "lab.keyed", "delete from lab.keyed")
    assert deleted.gone == deleted.compared


def test_settings_of_the_session_do_not_change_what_is_read(conn) -> None:
    conn.execute("create table lab.odd (id int primary key, at timestamptz, took interval, raw bytea, part float8)")
    conn.execute("insert into lab.odd values (1, now(), '1 day', 'abc', 0.1::float8 + 0.2)")
    before = of(conn, "lab.odd")
    conn.execute(
        "set datestyle = 'German'; set timezone = 'Asia/Tokyo'; set intervalstyle = 'iso_8601';"
        "set bytea_output = 'escape'; set extra_float_digits = -5"
    )
    assert of(conn, "lab.odd") == before


def test_reading_calls_nothing_of_the_project(conn) -> None:
    """A cast to text, a domain in pg_temp and operators of the project's own are not asked."""
    conn.execute(
        """
        create table lab.seen (what text);
        create type lab.pair as (a int, b int);
        create function lab.told(lab.pair) returns text language plpgsql as
            $$ begin insert into lab.seen values ('cast'); return 'x'; end $$;
        create cast (lab.pair as text) with function lab.told(lab.pair);
        create function lab.checked(pg_catalog.text) returns boolean language plpgsql as
            $$ begin insert into lab.seen values ('domain'); return true; end $$;
        create domain pg_temp.text as pg_catalog.text check (lab.checked(value));
        create domain pg_temp.int8 as pg_catalog.int8 check (lab.checked('x'));
        create table lab.pairs (id int primary key, pair lab.pair);
        insert into lab.pairs values (1, row(1, 2));
        set search_path = pg_temp, lab, public;
        """
    )
    with looking(conn):
        assert prints(conn)
    assert conn.execute("select count(*) from lab.seen").fetchone() == (0,)


@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("update {} set word = 'no. ' || word || '!'", 0),  # it is all there
        ("update {} set word = case when number = 1 then 'a ' else 'b ' end || word", 1000),  # in many ways
        ("update {} set word = number || md5(word)", 1000),
    ],
)
def test_values_within_what_says_more_are_kept(conn, statement: str, changed: int) -> None:
    assert effect(conn, "lab.keyed", statement.format("lab.keyed")).columns["word"].changed == changed


@pytest.mark.parametrize(
    ("list_", "expression", "changed"),
    [
        ("array['a ' || id, 'b', '{\"c, d']", "tags[1:1]", 1000),
        ("array['a ' || id, 'b', '{\"c, d']", "trim_array(tags, 2)", 1000),
        ("array['a ' || id, 'b', '{\"c, d']", "array_remove(tags, 'b')", 1000),
        ("array['a ' || id, 'b', '{\"c, d']", "array(select t from unnest(tags) t order by t desc)", 0),
        ("array['a ' || id, 'b', '{\"c, d']", "tags || array['e']", 0),
        ("jsonb_build_array(id, 'b', id + 1)", "jsonb_build_array(tags -> 0)", 1000),
        ("jsonb_build_array(id, 'b', id + 1)", "jsonb_build_array(tags -> 2, tags -> 1, tags -> 0, true)", 0),
    ],
)
def test_lists_that_are_cut_are_told_from_those_in_another_order(
    conn, list_: str, expression: str, changed: int
) -> None:
    kind = "jsonb" if "jsonb" in list_ else "text[]"
    conn.execute(f"alter table lab.keyed add tags {kind}; update lab.keyed set tags = {list_}")
    update = f"update lab.keyed set tags = {expression}"
    assert effect(conn, "lab.keyed", update).columns["tags"].changed == changed


def test_numbers_in_a_smaller_unit_are_the_same_numbers(conn) -> None:
    alter = "alter table lab.keyed alter column number type bigint using number * {}"
    assert effect(conn, "lab.keyed", alter.format(100)).columns["number"].shift == 2
    assert effect(conn, "lab.keyed", alter.format(2)).columns["number"].shift == 0


def test_a_zone_that_goes_is_no_cut_and_an_array_that_is_cut_is_one(conn) -> None:
    conn.execute("alter table lab.keyed add at timestamptz, add tags text[]")
    conn.execute("update lab.keyed set at = '2026-01-01 12:00+00'::timestamptz + id * interval '1 hour'")
    conn.execute("update lab.keyed set tags = array['a ' || id, 'b']")
    alter = "alter table lab.keyed alter column {}"
    assert (
        effect(conn, "lab.keyed", alter.format("at type timestamp using at at time zone 'UTC'")).columns["at"].cut == 0
    )
    assert effect(conn, "lab.keyed", alter.format("tags type text using tags[1]")).columns["tags"].cut == 1000


def test_rows_are_kept_in_documents_and_in_large_tables(conn, monkeypatch: pytest.MonkeyPatch) -> None:
    conn.execute(
        "alter table lab.loose add at timestamptz default now(), add yes boolean default true, add tags text[]"
    )
    conn.execute("update lab.loose set tags = array[word, 'b c']; create table lab.archive (id serial, doc jsonb)")
    before, archive = of(conn, "lab.loose"), of(conn, "lab.archive")
    conn.execute("insert into lab.archive (doc) select to_jsonb(l) from lab.loose l where number = 3")
    conn.execute("delete from lab.loose where number = 3")
    gone = compare(before, of(conn, "lab.loose"), before.numbers.values())
    assert elsewhere(archive, of(conn, "lab.archive")).keeps(gone)
    conn.execute("update lab.archive set doc = doc - 'word'")
    assert not elsewhere(archive, of(conn, "lab.archive")).keeps(gone)

    monkeypatch.setattr(contents, "MOST_ROWS", 100)
    conn.execute("create table lab.copy (like lab.loose)")
    before, empty = of(conn, "lab.loose"), of(conn, "lab.copy")
    conn.execute("insert into lab.copy select * from lab.loose; delete from lab.loose")
    gone = compare(before, of(conn, "lab.loose"), before.numbers.values())
    assert gone.compared < gone.rows
    assert elsewhere(empty, of(conn, "lab.copy")).keeps(gone)
    conn.execute("update lab.copy set word = 'x' where ctid = '(0,1)'")
    assert not elsewhere(empty, of(conn, "lab.copy")).keeps(gone)


def elsewhere(before: Print, now: Print) -> Elsewhere:
    """Return what is found in one table of its own at the end."""
    table = Entry("table", "lab.archive", {"persistence": "p"})
    return kept_at_end({1: before}, {1: now}, State({}, {}, {}, {}, {"r1": table}, {1: now}, {}))


@pytest.mark.parametrize(
    ("old", "new", "written", "refused"),
    [
        ("text", "character varying(20)", False, True),
        ("text", "character varying(20)", True, False),  # a cast cuts
        ("character varying(40)", "character(20)", False, True),
        ("bigint", "integer", True, True),
        ("numeric(12,2)", "numeric(8,2)", True, True),
        ("numeric(12,2)", "numeric(12,1)", False, False),  # rounds
        ("numeric", "numeric(12,2)", False, False),
        ("timestamp with time zone", "date", False, False),
        ("text", "name", False, False),
        ("text", "character varying", False, False),  # is no narrower
    ],
)
def test_a_type_that_refuses_what_does_not_fit_cuts_nothing(old: str, new: str, written: bool, refused: bool) -> None:
    assert refuses(old, new, written=written) is refused


LONG = "x" * 70


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (f'{{"a": "{LONG}"}}', f'{{"a": "{LONG}", "b": 1}}', 0),
        (f'{{"a": {{"b": "{LONG}"}}}}', f'{{"a": {{"b": "{LONG}", "c": 2}}}}', 0),
        (f'["{LONG}"]', f'["{LONG}", 1]', 0),
        (f"{{{LONG},b}}", f"{{{LONG},b,c}}", 0),
        ("{}", "{c}", 0),
        (LONG, f"<p>{LONG}</p>", 0),
        (f'{{"a": "{LONG}"}}', f'{{"a": "{LONG}y", "b": 1}}', 2),
        (f'{{"a": "{LONG}", "b": 1}}', f'{{"a": "{LONG}"}}', 2),
        ('{"x": 1}', '{"x": true}', 2),
        ('["x", "b"]', '["b", "c"]', 2),
        ("{a,b}", "{ab,c}", 2),
    ],
)
def test_what_says_more_loses_nothing(old: str, new: str, changed: int) -> None:
    """Two rows, so that one word for another does not explain it."""
    olds, news = ([each, each.replace("x", "z").replace("a,", "d,")] for each in (old, new))
    pairs = [
        tuple(contents._value(each.encode(), contents.MOST_TEXT) for each in pair)
        for pair in zip(olds, news, strict=True)
    ]
    assert contents._column(pairs).changed == changed


def test_a_long_value_that_is_cut_is_seen() -> None:
    old, new = (contents._value(each.encode(), 1000) for each in (f"{LONG} and more", LONG[:20]))
    assert contents._column([(old, new)]).cut == 1
    assert contents._value(LONG.encode()) == contents._value(LONG.encode(), 1000)
