"""Looking at a database on a migration's own connection, without leaving a trace of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.pq import TransactionStatus

from audit.question import Connection

# How values are written depends on settings, which a migration may change: they are the same whenever we read.
# pg_catalog comes before pg_temp, so that no type or table made there is taken for one of the server's own.
# https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SEARCH-PATH
_PLAIN = """
set local session authorization default; set local role none; set local search_path = pg_catalog, pg_temp;
set local row_security = off; set local statement_timeout = 0; set local lock_timeout = 0;
set local datestyle = 'ISO, YMD'; set local intervalstyle = postgres; set local timezone = 'UTC';
set local extra_float_digits = 1; set local bytea_output = hex; set local lc_monetary = 'C'; set local lc_numeric = 'C'
"""


@contextmanager
def looking(conn: Connection) -> Iterator[None]:
    """Look as the login, whom nothing is hidden from, in a transaction or out of one, and leave no trace of it."""
    inside = conn.info.transaction_status == TransactionStatus.INTRANS
    begin = "savepoint audit_looks" if inside else "begin"
    conn.execute(f"{begin}; {_PLAIN}", prepare=False)
    try:
        yield
    finally:
        if not conn.closed:
            end = "rollback to savepoint audit_looks; release savepoint audit_looks" if inside else "rollback"
            conn.execute(end, prepare=False)
