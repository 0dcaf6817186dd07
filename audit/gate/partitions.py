"""Made-up rows that are in the way of new partitions.

A default partition takes what no other one is for, and a new partition for some of that is refused. Made-up rows are of
all times, also of those for which there is no partition yet; real ones hardly ever are where partitions are made ahead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from audit.evidence import safe
from audit.layouts import to_apply
from audit.migrations import decoded
from audit.question import Connection
from audit.sql_text import Unreadable, quoted, statements, tokens

# https://www.postgresql.org/docs/current/catalog-pg-partitioned-table.html
_DEFAULT = """
select pg_catalog.format('%%I.%%I', n.nspname, c.relname)
from pg_catalog.pg_partitioned_table p
join pg_catalog.pg_class c on c.oid = p.partdefid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where p.partrelid = coalesce(pg_catalog.to_regclass(%(name)s), pg_catalog.to_regclass(%(in_public)s))
-- Nothing of the project is to run while rows are taken out: these fire in any session.
and not exists (
    select from pg_catalog.pg_partition_tree(p.partdefid) t
    join pg_catalog.pg_trigger g on g.tgrelid = t.relid and g.tgenabled in ('A', 'R'))
and not exists (
    select from pg_catalog.pg_partition_tree(p.partdefid) t
    join pg_catalog.pg_rewrite w on w.ev_class = t.relid and w.ev_enabled in ('A', 'R'))
"""


def cleared(conn: Connection, files: Sequence[Path]) -> dict[Path, list[str]]:
    """Take the made-up rows out of default partitions beside which files make others, and say so, by file.

    Raises psycopg.Error when the connection is lost.
    """
    told: dict[Path, list[str]] = {}
    for path in files:
        for parent in dict.fromkeys(_parents(path)):
            in_public = parent if "." in parent else f"public.{parent}"
            found = conn.execute(_DEFAULT, {"name": parent, "in_public": in_public}).fetchone()
            gone = _emptied(conn, found[0]) if found else 0
            if found and gone:
                remark = f"{gone:,} made-up rows of {safe(found[0])} were taken out of the way of a new partition"
                told.setdefault(path, []).append(f"{remark}: whether real ones are in its way is not known")
    return told


def _parents(path: Path) -> Iterator[str]:
    """Yield the tables of which a file makes partitions, each as it is written."""
    try:
        for statement in statements(to_apply(decoded(path.read_bytes()))):
            found = list(tokens(statement.text)) if statement.words[:2] == ("create", "table") else []
            for at, token in enumerate(found[:-1]):
                if token.word == "partition" and found[at + 1].word == "of":
                    parts, at = [], at + 2
                    while at < len(found) and found[at].name:
                        parts.append(quoted(found[at].name))
                        at += 2 if at + 1 < len(found) and found[at + 1].text == "." else len(found)
                    # A third part would name another database, which the server refuses.
                    if len(parts) in (1, 2):
                        yield ".".join(parts)
                    break
    except (OSError, UnicodeDecodeError, Unreadable):
        return  # it will not apply, and MIG-01 says why


def _emptied(conn: Connection, table: str) -> int:
    try:
        with conn.transaction():
            # Triggers of the project have no say in what is made up.
            conn.execute("set local search_path = pg_catalog, pg_temp; set local session_replication_role = replica")
            return conn.execute(sql.SQL("delete from {}").format(sql.SQL(table))).rowcount
    except psycopg.Error:
        if conn.closed:
            raise
        return 0
