"""Tables that nobody has seen before are filled for the whole cast: in three schemas unlike the reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from audit.people import CAST
from audit.seeding import generator
from audit.seeding.generator import OWNERS, PEOPLE
from audit.seeding.patterns import UnsupportedPatternError, matching
from audit.seeding.rules import hints
from audit.seeding.seeds import Planted, plant
from audit.settings import PLATFORM_SCHEMAS
from tests.seeding.test_seeds import new_database, platform, platform_database
from tests.support.auditing import migrated

__all__ = ["new_database", "platform", "platform_database"]

Connection = psycopg.Connection[Any]
SCHEMAS = Path(__file__).parents[1] / "schemas"
IDS = [person.id for person in PEOPLE]

# What cannot have rows: its condition contradicts itself, and another depends on it.
IMPOSSIBLE = """
create table queue.impossible (
    id integer primary key check (id > 5),
    reason text not null,
    constraint contradiction check (id < 3)
);
create table queue.depends_on_it (
    id uuid primary key,
    impossible_id integer not null references queue.impossible (id)
);
"""
# What cannot have rows, and why.
UNFILLED = {
    "shop": {},
    "blog": {},
    "queue": {
        "queue.impossible": "check_violation, constraints contradiction and impossible_id_check",
        "queue.depends_on_it": "column impossible_id must refer to a row of queue.impossible, which has none",
    },
}
# Columns that tell whose a row is in which some of the cast are not: the guest is a member of nothing.
NOT_EVERYBODY = {"public.memberships.user_id", "public.memberships.invited_by"}

TABLES = """
select format('%%I.%%I', n.nspname, c.relname), n.nspname || '.' || c.relname
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname <> all (%s) and n.nspname !~ '^(pg_|information_)'
"""
OWNER_COLUMNS = """
select format('%%I.%%I', n.nspname, c.relname), a.attname
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname <> all (%(platform)s)
  and n.nspname !~ '^(pg_|information_)'
  and (exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
               and k.confrelid = any (%(people)s::regclass[]))
       or lower(a.attname) = any (%(owners)s) and a.atttypid = 'uuid'::regtype
          and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f'
                          and a.attnum = any (k.conkey)))
order by 1, 2
"""
FOREIGN_KEYS = """
select conname, conrelid::regclass::text, confrelid::regclass::text,
       array(select quote_ident(attname) from unnest(conkey) with ordinality u (n, i)
             join pg_attribute on attrelid = conrelid and attnum = n order by i),
       array(select quote_ident(attname) from unnest(confkey) with ordinality u (n, i)
             join pg_attribute on attrelid = confrelid and attnum = n order by i)
from pg_constraint where contype = 'f' and conparentid = 0
"""


@dataclass(frozen=True)
class Project:
    """A planted project."""

    name: str
    connection: Connection
    planted: Planted

    def ask(self, question: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(question, parameters or None).fetchall()


@pytest.fixture(scope="module", params=["shop", "blog", "queue"])
def project(request: pytest.FixtureRequest, new_database: Callable[[], Connection]) -> Iterator[Project]:
    connection = new_database()
    migrations = migrated(connection, SCHEMAS / request.param / "migrations")
    assert [migration for migration in migrations if not migration.applied] == []
    if request.param == "queue":
        connection.execute(IMPOSSIBLE)
    yield Project(request.param, connection, plant(connection, 3))
    connection.execute("reset all")


def owner_columns(project: Project) -> list[tuple[str, str]]:
    people = {"shop": ["public.profiles"], "blog": ["public.subscribers"], "queue": ["public.accounts"]}[project.name]
    parameters = {"platform": list(PLATFORM_SCHEMAS), "people": ["auth.users", *people], "owners": list(OWNERS)}
    return project.connection.execute(OWNER_COLUMNS, parameters).fetchall()


def test_every_table_is_filled_or_named_with_the_reason(project: Project) -> None:
    assert project.planted.unfilled == UNFILLED[project.name]
    tables = project.ask(TABLES, list(PLATFORM_SCHEMAS))
    assert 12 <= len(tables) <= 30
    empty = {title for quoted, title in tables if not project.ask(f"select from {quoted.replace('%', '%%')} limit 1")}
    assert empty == set(UNFILLED[project.name])


def test_every_foreign_key_leads_somewhere(project: Project) -> None:
    keys = project.ask(FOREIGN_KEYS)
    assert len(keys) > 10
    for name, child, parent, columns, parent_columns in keys:
        on = " and ".join(f"p.{p} = c.{c}" for c, p in zip(columns, parent_columns, strict=True))
        there = " and ".join(f"c.{c} is not null" for c in columns)
        lost = project.ask(f"select from {child} c where {there} and not exists (select from {parent} p where {on})")
        assert not lost, name


def test_each_of_the_cast_owns_a_row(project: Project) -> None:
    columns = owner_columns(project)
    assert len(columns) >= 4
    missing = {}
    for table, column in columns:
        name = sql.Identifier(column)
        owners = sql.SQL("select distinct {}::text from {} where {} is not null").format(name, sql.SQL(table), name)
        absent = set(IDS) - {owner for (owner,) in project.connection.execute(owners)}
        if absent and f"{table}.{column}" not in NOT_EVERYBODY:
            missing[f"{table}.{column}"] = len(absent)
    assert missing == {}


def test_keys_that_refer_in_a_circle_are_set(project: Project) -> None:
    circles = {
        "shop": ["tenants.default_location_id", "orders.last_shipment_id", "categories.parent_id"],
        "blog": ["authors.featured_post_id", "posts.previous_id", "comments.parent_id", "polls.favourite_id"],
        "queue": ["queue.workers.current_job", "queue.queues.fallback", "queue.secrets.next"],
    }
    for circle in circles[project.name]:
        table, _, column = circle.rpartition(".")
        assert project.ask(f"select from {table} where {column} is not null"), circle


def test_enums_and_flags_have_a_row_for_each_value(project: Project) -> None:
    columns = project.ask(
        """
        select c.oid::regclass::text, quote_ident(a.attname), a.atttypid::regtype::text
        from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid
        where c.relnamespace::regnamespace::text in ('public', 'queue') and c.relkind in ('r', 'p')
          and not c.relispartition and a.attnum > 0 and (t.typtype = 'e' or t.typname = 'bool')
          and a.attname !~ '^c[0-9]+$'
        """
    )
    for table, column, kind in columns:
        # A condition forbids these.
        if (table, column) in (("site_settings", "id"), ("invitations", "role")):
            continue
        labels = (
            "select false union all select true" if kind == "boolean" else f"select unnest(enum_range(null::{kind}))"
        )
        missing = project.ask(f"select v from ({labels}) l (v) where v not in (select {column} from {table})")
        assert not missing, (table, column, missing)


VARIETY = {
    "shop": {
        "every status of an order with and without a shipment": """
            select count(distinct (status, last_shipment_id is null)) >= 9 from orders""",
        "published and not, of each owner's tenant": """
            select count(distinct (t.owner_id, p.is_published)) >= 10
            from products p join tenants t on t.id = p.tenant_id""",
        "every status of a product": "select count(distinct status) = 3 from products",
        "every role in somebody's own tenant and in another's": """
            select count(distinct (m.role, t.owner_id = m.user_id)) = 8
            from memberships m join tenants t on t.id = m.tenant_id""",
        "open, expired and accepted invitations": """
            select count(distinct (expires_at > now(), accepted_at is null)) = 4 from invitations""",
    },
    "blog": {
        "every status with every visibility": "select count(distinct (status, visibility)) = 12 from posts",
        "published long ago and tomorrow": """
            select count(distinct published_at > now()) = 2 from posts where status = 'published'""",
        "paid and lapsed": "select count(distinct paid_until > now()) = 2 from subscribers",
        "every state of a comment for everybody": "select count(distinct (user_id, state)) = 21 from comments",
        "private and shared bookmarks for everybody": """
            select count(distinct (owner, is_private)) >= 12 from bookmarks""",
        "both of each partition": "select count(distinct tableoid) = 2 from newsletters",
    },
    "queue": {
        "every state of a job for everybody": "select count(distinct (requested_by, state)) >= 33 from jobs",
        "only who is one in the cast is an admin": f"""
            select bool_and((role = 'admin') = (user_id in ('{CAST["admin"].id}', '{CAST["rejected"].id}')))
            from accounts""",
        "only the rejected one is banned": f"""
            select bool_and(is_banned = (user_id = '{CAST["rejected"].id}')) from accounts""",
        "each column of the widest table is set somewhere": """
            select count(distinct key) = 1600 from queue.telemetry t, json_each_text(row_to_json(t))
            where value is not null""",
        "the trigger did not fire and is as it was": """
            select tgenabled = 'A' from pg_trigger where tgname = 'note_beat'""",
    },
}


def test_rows_differ_in_what_predicates_tell_apart(project: Project) -> None:
    answers = {what: project.ask(question)[0][0] for what, question in VARIETY[project.name].items()}
    assert [what for what, answer in answers.items() if answer is not True] == []


def test_strangers_stay_strangers(project: Project) -> None:
    if project.name != "shop":
        pytest.skip("this is about memberships, which only the shop has")
    members = "select m.user_id::text from memberships m join tenants t on t.id = m.tenant_id where t.owner_id = %s"
    alice, bob, stranger = (CAST[name].id for name in ("alice", "bob", "stranger"))
    of_alice = {member for (member,) in project.ask(members, alice)}
    assert {alice, bob} <= of_alice and stranger not in of_alice
    assert stranger in {member for (member,) in project.ask(members, stranger)}


def plain(key: Iterable[object]) -> tuple[str, ...]:
    """Spell texts, truth and times in one way; JSON leaves out the zeros at the end of a fraction."""
    whole = (re.sub(r"(\.\d*?)0+(?=[+-])", r"\1", str(part)).replace(".+", "+") for part in key)
    return tuple(part.lower().replace("t", " ").removesuffix(":00") for part in whole)


def test_canaries_are_where_they_are_said_to_be_and_nowhere_else(project: Project) -> None:
    texts: dict[str, list[tuple[tuple[str, ...], dict[str, str], str]]] = {}
    keys = dict(
        project.ask(
            """
            select n.nspname || '.' || c.relname,
                   array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k (n, p)
                         join pg_attribute a on a.attrelid = c.oid and a.attnum = k.n order by k.p)
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            join pg_index i on i.indrelid = c.oid and i.indisprimary
            """
        )
    )
    generated = {c: p for c, p in project.planted.canaries.items() if re.fullmatch(r"c[0-9a-f]{10}", c)}
    assert len(generated) > 200
    for table in {place.table for place in generated.values()}:
        schema, _, name = table.partition(".")
        question = sql.SQL("select to_jsonb(t) from {} t").format(sql.Identifier(schema, name))
        rows = [row for (row,) in project.connection.execute(question)]
        texts[table] = [(plain(row[c] for c in keys.get(table, ())), row, str(row)) for row in rows]
    whole = {table: " ".join(text for _, _, text in rows) for table, rows in texts.items()}
    for canary, place in generated.items():
        where = {table for table, text in whole.items() if canary in text}
        assert where == {place.table}, (canary, place)
        found = [(key, row) for key, row, text in texts[place.table] if canary in text]
        assert [key for key, _ in found] == [plain(place.key)], (canary, place)
        assert canary in str(found[0][1][place.column])


def test_the_rows_are_the_same_each_time(new_database: Callable[[], Connection]) -> None:
    connection = new_database()
    migrated(connection, SCHEMAS / "blog" / "migrations")
    seen = []
    for _ in range(2):
        with connection.transaction(force_rollback=True):
            planted = plant(connection, 2)
            ids = connection.execute("select id, author_id, slug, visibility, status from posts order by id").fetchall()
            seen.append((planted.counts, planted.unfilled, list(planted.canaries.items()), ids))
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("t (a int not null, b int not null, constraint less check (a < b), constraint more check (a > b))",
         "check_violation, constraints less and more"),
        ("t (a int constraint never check (false))", "check_violation, constraint never"),
        ("t (a pg_snapshot not null)", "column a of type pg_snapshot must have a value and none is known"),
        ("t (a int) partition by range (a)", "check_violation"),
        ("t (a uuid not null references auth.sessions (id))",
         "column a must refer to a row of auth.sessions, which has none"),
        ("t (a text not null constraint odd check (md5(a) like 'odd%'))", "check_violation, constraint odd"),
        ("t (a int not null constraint slow check (public.slow(a)))", "query_canceled"),
        ("t (a int not null constraint wrong check (1 / (a - a) > 0))", "check_violation, constraint wrong"),
    ],
)  # fmt: skip
def test_what_cannot_be_filled_is_named_without_values(
    platform: Connection, monkeypatch: pytest.MonkeyPatch, table: str, reason: str
) -> None:
    monkeypatch.setattr(generator, "TIMEOUT_MS", 300)
    platform.execute(
        "create function public.slow(int) returns boolean language sql as 'select pg_sleep(60) is not null'"
    )
    platform.execute(f"create table public.{table}")
    platform.execute("create table public.child (t_a int)")
    planted = plant(platform, 1)
    assert planted.unfilled == {"public.t": reason}
    assert planted.counts["public.child"] > 0
    assert platform.execute("show statement_timeout").fetchone() == ("0",)


@pytest.mark.parametrize(
    "column",
    [
        "a citext_like not null",
        "a jsonb not null check (a ? 'x' and jsonb_typeof(a -> 'x') = 'number')",
        "a text not null check (a ~ '^(foo|bar)-[0-9]{2,}$') unique",
        "a text not null check (a similar to '[a-z]+')",
        "a date not null check (a >= '2031-01-01' and a < '2031-02-01') unique",
        "a numeric(3, 1) not null check (a > 90.5)",
        "a int[] not null check (array_length(a, 1) between 4 and 5)",
        "a uuid not null, b int, c int, check (num_nulls(b, c) = 1)",
        "a text not null, check (length(a) = 5 and a = upper(a)), b text generated always as (lower(a)) stored unique",
        "a char(2) not null unique, b varchar(3) not null unique, c \"char\", d name not null, e bit varying(3)",
        "a xml, b tsquery, c macaddr8, d money, e regclass, f oid, g datemultirange, h circle, i jsonpath",
        "a text not null, exclude using gist (b with &&), b int4range not null",
        "a time not null default '21:00', b timetz not null, c time, d text not null, check (d <> '')",
        "a int not null generated always as identity, b text, unique (a, b)",
    ],
)  # fmt: skip
def test_many_kinds_of_column_are_filled(platform: Connection, column: str) -> None:
    platform.execute("create domain public.citext_like as text check (value <> upper(value)) not null")
    platform.execute(f"create table public.t ({column})")
    planted = plant(platform, 1)
    assert planted.unfilled == {}
    assert planted.counts["public.t"] >= 7


def test_lists_have_more_than_their_first_element(platform: Connection) -> None:
    """Of a list of one, what cuts all lists to their first element would leave everything."""
    platform.execute("create table public.t (a text[] not null, b int[] default '{}', c jsonb not null default '[]')")
    plant(platform, 1)
    platform.execute("delete from public.t where jsonb_typeof(c) <> 'array'")
    counts = "select count(distinct a[2]) > 1, max(cardinality(a)), max(cardinality(b)), max(jsonb_array_length(c))"
    assert platform.execute(f"{counts} from public.t").fetchone() == (True, 3, 3, 3)


def test_what_a_rule_looks_up_by_its_name_is_there_once(platform: Connection) -> None:
    """Nothing says that names of roles are unique, and a function takes the one; posts of a state there are several."""
    platform.execute(
        "create table public.roles (id bigint generated by default as identity primary key, name text not null,"
        " note text); create table public.posts (id bigint primary key, state text not null, title text)"
    )
    platform.execute(
        "create function public.player() returns bigint language sql stable as $$"
        " select (select id from public.roles where name = 'Player') + (select count(*) from public.posts"
        " where state = 'draft') $$"
    )
    assert plant(platform, 1).unfilled == {}
    assert platform.execute("select count(*) from public.roles where name = 'Player'").fetchone() == (1,)
    assert platform.execute("select count(*) > 1 from public.posts where state = 'draft'").fetchone() == (True,)
    assert platform.execute("select count(*) > 3 from public.roles").fetchone() == (True,)


def test_a_key_that_is_generated_in_part_leads_to_what_it_says(platform: Connection) -> None:
    """What a row is among its kind is a word that the server writes, and that its row among all has as well."""
    platform.execute("create type public.kind as enum ('renting', 'lending', 'selling')")
    platform.execute(
        "create table public.contracts (id bigint generated by default as identity primary key, type public.kind not"
        " null, unique (id, type)); create table public.kinds_of (word public.kind primary key);"
        "insert into public.kinds_of select unnest(enum_range(null::public.kind));"
        "create table public.lendings (id bigint primary key, type public.kind not null generated always as"
        " ('lending'::public.kind) stored references public.kinds_of, sum integer not null,"
        " foreign key (id, type) references public.contracts (id, type))"
    )
    planted = plant(platform, 1)
    assert planted.unfilled == {}
    assert planted.counts["public.lendings"] > 1


def test_rows_that_a_migration_brought_are_kept_and_joined(platform: Connection) -> None:
    platform.execute("create table public.kinds (id serial primary key, name text not null unique)")
    platform.execute("insert into public.kinds (name) values ('first'), ('second')")
    planted = plant(platform, 1)
    assert planted.unfilled == {}
    names = platform.execute("select name from public.kinds where id < 3 order by id").fetchall()
    assert names == [("first",), ("second",)]
    assert platform.execute("insert into public.kinds (name) values ('next') returning id > 9000").fetchone() == (True,)


@pytest.mark.parametrize(
    ("sequence", "column", "following"),
    [
        ("", "bigint", "> 7"),
        ("increment by -1 maxvalue 0 start 0", "bigint", "= 0"),
        ("increment by -1 maxvalue 20000 start 20000", "int", "= 0"),
        ("maxvalue 20", "smallint", "= 15"),
        ("", "numeric(12, 0)", "> 7"),
        ("", "text", "> 0"),
    ],
)
def test_whatever_counts_goes_on_counting(platform: Connection, sequence: str, column: str, following: str) -> None:
    platform.execute(f"create sequence public.s {sequence}")
    platform.execute(f"create table public.t (id {column} primary key default nextval('public.s'), word text)")
    planted = plant(platform, 1)
    assert planted.unfilled == {} and planted.counts["public.t"] >= 7
    ((told,),) = platform.execute(
        f"insert into public.t (word) values ('') returning id::bigint {following}"
    ).fetchall()
    assert told is True


def test_extensions_partitions_and_temporary_tables_are_left_alone(platform: Connection) -> None:
    platform.execute("create table public.whole (id int) partition by range (id)")
    platform.execute("create table public.part partition of public.whole for values from (0) to (1000)")
    platform.execute("create temporary table short_lived (id int) on commit drop")
    with platform.cursor(row_factory=dict_row) as cursor:
        before = cursor.execute("select count(*) from auth.sessions").fetchone()
        planted = plant(platform, 1)
        assert cursor.execute("select count(*) from auth.sessions").fetchone() == before
    assert set(planted.counts) == {"auth.users", "storage.buckets", "storage.objects", "public.whole"}
    assert platform.execute("select count(*) from short_lived").fetchone() == (0,)


@pytest.mark.parametrize(
    "pattern",
    ["^[a-z0-9]+(?:-[a-z0-9]+)*$", r"^\+[1-9]\d{7,14}$", r"^[^@\s]+@[^@\s]+\.\w{2,}$", "^(a|bc?)+.x*$", "^[]x-]{3}$"],
)
def test_made_up_texts_match_their_pattern(pattern: str) -> None:
    texts = {matching(pattern, str(seed)) for seed in range(30)}
    assert len(texts) > 3
    assert all(re.search(pattern, text) for text in texts)


@pytest.mark.parametrize("pattern", ["(?=a)b", r"(a)\1", "[a", "(a", "a{9999999,99999999}b", "*"])
def test_patterns_beyond_us_are_refused(pattern: str) -> None:
    with pytest.raises(UnsupportedPatternError):
        matching(pattern, "")


def test_conditions_are_read() -> None:
    read = hints("((status = ANY (ARRAY['a'::text, 'b'::text])) AND (char_length(title) <= 9) AND (code ~ '^x'::text))")
    assert read["status"].words == ["a", "b"]
    assert read["title"].lengths == [9]
    assert read["code"].patterns == ["^x"]
    assert hints("this is (no condition") == {}
