"""The estimate of bloat, compared with what pgstattuple measures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psycopg.conninfo import make_conninfo

from audit.catalog.bloat import ROOM
from audit.connection import Dsn, connect
from audit.question import Connection
from audit.server.target import Target

# Shapes that mislead estimates: padding, NULLs, a bitmap of NULLs, rows of which few fit on a page, values out of line,
# room left on purpose, an index on an expression, a partial one, one in random order, columns that were dropped.
TABLES = """
create table narrow (id integer primary key);
insert into narrow select generate_series(1, 30000);

create table mixed (
    id bigint primary key, a boolean, b timestamptz, c smallint, d text, e uuid, f numeric, g jsonb, h integer);
insert into mixed
select i, i % 2 = 0, now(), case when i % 3 = 0 then i % 100 end, repeat('x', i % 50), gen_random_uuid(), i / 7.0,
       jsonb_build_object('k', i), i
from generate_series(1, 20000) as i;
create index mixed_uuid on mixed (e);
create index mixed_expression on mixed (upper(e::text));
create index mixed_partial on mixed (h) where h < 9000;

create table wide (id integer primary key, a char(1500), b char(1200));
alter table wide alter a set storage plain, alter b set storage plain;
insert into wide select i, 'x', 'y' from generate_series(1, 1000) as i;

create table toasted (id integer primary key, a text);
alter table toasted alter a set storage external;
insert into toasted select i, repeat('x', 4000) from generate_series(1, 2000) as i;

create table half_filled (id integer primary key, a text) with (fillfactor = 50);
insert into half_filled select i, i || repeat('x', 100) from generate_series(1, 10000) as i;
create index half_filled_a on half_filled (a, id) with (fillfactor = 50);

create table nothing_in_it (id integer primary key, a integer, b text, c text, d text, e text, f text, g text, h text);
insert into nothing_in_it select generate_series(1, 30000);

create table at_random (id uuid primary key, n integer, gone text);
alter table at_random drop gone;
insert into at_random select gen_random_uuid(), i from generate_series(1, 30000) as i;
"""

MEASURED = """
select c.oid::regclass::text,
       case when c.relkind = 'r' then (
           select free_percent + dead_tuple_percent from pgstattuple(c.oid::regclass))
       else (select 100 * (1 - avg_leaf_density / 90) from pgstatindex(c.oid::regclass)) end::float8
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'bloat' and c.relkind in ('r', 'i')
"""


@pytest.fixture(scope="module")
def database(target: Target) -> Iterator[Connection]:
    # Not a clone of the reference database: it could not be made while others in this run are connected to that.
    with connect(target.server.dsn) as connection:
        connection.execute("create database bloat template template0")
    try:
        with connect(Dsn(make_conninfo(target.server.dsn, dbname="bloat"))) as connection:
            connection.execute("create schema bloat; set search_path = bloat; create extension pgstattuple")
            connection.execute(TABLES)
            yield connection
    finally:
        target.server.drop_database("bloat")


def estimated(connection: Connection) -> dict[str, float | None]:
    """Return the percentage of bloat of each relation, None where it cannot be estimated."""
    question = f"with {ROOM} select relation::text, 100 * (1 - needed / nullif(pages, 0)) from room"
    found = dict(connection.execute(question, {"bloat_bytes": 200_000}).fetchall())
    return {name: percent for name, percent in found.items() if "." not in name}


def measured(connection: Connection) -> dict[str, float]:
    return dict(connection.execute(MEASURED).fetchall())


def test_without_statistics_nothing_is_estimated(database: Connection) -> None:
    assert estimated(database)["narrow"] is None
    assert estimated(database)["mixed_expression"] is None


def test_what_is_fresh_is_not_bloated(database: Connection) -> None:
    database.execute("vacuum")
    database.execute("analyze")
    found = estimated(database)
    assert {"narrow", "mixed", "wide", "half_filled", "nothing_in_it", "at_random", "mixed_uuid"} <= set(found)
    # An index in random order is two thirds full by nature.
    assert {name: percent for name, percent in found.items() if percent is None or percent > 5} == {
        "at_random_pkey": pytest.approx(22, abs=9)
    }
    assert found["at_random_pkey"] == pytest.approx(measured(database)["at_random_pkey"], abs=3)


def test_what_is_bloated_is_found(database: Connection) -> None:
    for table in ("narrow", "mixed", "wide", "toasted", "half_filled", "nothing_in_it", "at_random"):
        # Every fourth stays, so that no page becomes empty and is cut off.
        database.execute(
            f"delete from {table} where id in (select id from (select id, row_number() over (order by ctid) as n"
            f" from {table}) as numbered where n % 4 <> 0)"
        )
    database.execute("vacuum")
    database.execute("analyze")
    found, truth = estimated(database), measured(database)
    # Room left on purpose (half_filled) and what nothing fits into (wide) is free, and is no bloat: the need counts.
    for name, percent in found.items():
        assert percent == pytest.approx(75, abs=10), name
        assert percent <= truth[name] + 10, name
