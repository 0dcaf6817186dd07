"""How large and how busy tables are on the live database, from its statistics: what an outage would be an outage of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg

from audit.connection import TargetError, connect, conninfo, reading
from audit.footprint import Footprint
from audit.server_errors import explain

SMALL_ROWS = 10_000
SMALL_BYTES = 10_000_000

# Rows are estimated by the last ANALYZE; -1: never analyzed (https://www.postgresql.org/docs/current/catalog-pg-class.html).
_TABLES = """
select pg_catalog.format('%I.%I', n.nspname, c.relname), greatest(c.reltuples, s.n_live_tup)::bigint,
       pg_catalog.pg_total_relation_size(c.oid)::bigint,
       (s.n_tup_ins + s.n_tup_upd + s.n_tup_del)::float8
       / greatest(
           extract(epoch from now() - coalesce(d.stats_reset, pg_catalog.pg_postmaster_start_time())), 1)::float8,
       c.reltuples >= 0
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
cross join (select stats_reset from pg_catalog.pg_stat_database where datname = pg_catalog.current_database()) d
where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""
_EMPTY_COLUMNS = """
select pg_catalog.format('%I.%I', schemaname, tablename), attname::text from pg_catalog.pg_stats where null_frac = 1
"""


@dataclass(frozen=True)
class Size:
    """Rows (estimated), bytes with indexes, rows written a second; ``analyzed``: the estimate is one."""

    rows: int
    bytes: int
    writes: float
    analyzed: bool


@dataclass(frozen=True)
class TableStatistics:
    """What is known of the live tables; nothing, where nobody gave statistics: then every table counts as large."""

    sizes: Mapping[str, Size] = field(default_factory=dict)
    empty_columns: frozenset[tuple[str, str]] = frozenset()

    def small(self, relation: str) -> bool:
        """Tell whether a table is known to be so small that nobody waits for long."""
        size = self.sizes.get(relation)
        return size is not None and size.analyzed and size.rows <= SMALL_ROWS and size.bytes <= SMALL_BYTES

    def empty(self, relation: str, column: str = "") -> bool:
        """Tell whether a table, or a column of it, is known to hold nothing."""
        size = self.sizes.get(relation)
        return (size is not None and size.analyzed and size.rows == 0) or (relation, column) in self.empty_columns

    def told(self, relation: str) -> str:
        """Say how large and busy a table is, or "" where that is not known."""
        size = self.sizes.get(relation)
        if size is None:
            return ""
        return f"about {max(size.rows, 0):,} rows, {size.bytes / 1e6:,.1f} MB, {size.writes:.1f} rows written a second"


def table_statistics(dsn: str, footprint: Footprint | None = None) -> TableStatistics:
    """Read the statistics of the database at ``dsn`` in one READ ONLY transaction, which ``footprint`` counts.

    Raises TargetError, and Unchecked when the budget is used up.
    """
    footprint = footprint or Footprint()
    footprint.left_ms()
    address = conninfo(dsn)
    with connect(address, waited=footprint.waited) as connection:
        footprint.sessions += 1
        footprint.questions += 2
        try:
            with reading(connection, statement_timeout="10000"):
                sizes = {name: Size(*facts) for name, *facts in connection.execute(_TABLES)}
                empty = frozenset((table, column) for table, column in connection.execute(_EMPTY_COLUMNS))
        except psycopg.Error as error:
            raise TargetError(f"--stats-from: {explain(error, address)}") from error
    return TableStatistics(sizes, empty)
