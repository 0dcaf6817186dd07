"""What to write instead, where it is known why a server refuses a statement: mostly that something was renamed.

Sources: https://www.postgresql.org/docs/release/13.0/ (pg_stat_statements), https://www.postgresql.org/docs/release/17.0/
         https://www.postgresql.org/docs/current/monitoring-stats.html
"""

from __future__ import annotations

from audit.runbook.database import Database
from audit.runbook.desk import Refusal
from audit.sql_text import NAME, WORD, tokens

# By relation: what a column is called in books, and what it is called by the server; the first that is there counts.
_STATISTICS: dict[str, tuple[str, ...]] = {
    "tablename": ("relname",),
    "table_name": ("relname",),
    "indexname": ("indexrelname",),
    "index_name": ("indexrelname",),
    "schema_name": ("schemaname",),
}
RENAMED: dict[str, dict[str, tuple[str, ...]]] = {
    "pg_stat_statements": {
        "total_time": ("total_exec_time",),
        "mean_time": ("mean_exec_time",),
        "min_time": ("min_exec_time",),
        "max_time": ("max_exec_time",),
        "stddev_time": ("stddev_exec_time",),
        "blk_read_time": ("shared_blk_read_time",),
        "blk_write_time": ("shared_blk_write_time",),
    },
    **{
        f"{begin}_{whose}_{what}": _STATISTICS
        for begin in ("pg_stat", "pg_statio")
        for whose in ("user", "all", "sys")
        for what in ("tables", "indexes")
    },
    "pg_stat_activity": {
        "procpid": ("pid",),
        "current_query": ("query",),
        "waiting": ("wait_event", "wait_event_type"),
        "username": ("usename",),
        "start_time": ("query_start",),
    },
    "pg_stat_replication": {
        "sent_location": ("sent_lsn",),
        "write_location": ("write_lsn",),
        "flush_location": ("flush_lsn",),
        "replay_location": ("replay_lsn",),
    },
    "pg_tables": {"relname": ("tablename",), "table_name": ("tablename",), "table_schema": ("schemaname",)},
    "pg_indexes": {"relname": ("tablename",), "indexrelname": ("indexname",), "index_name": ("indexname",)},
    "pg_policies": {"polname": ("policyname",), "relname": ("tablename",), "polcmd": ("cmd",)},
    "pg_stat_bgwriter": {
        "checkpoints_timed": ("num_timed of pg_stat_checkpointer",),
        "checkpoints_req": ("num_requested of pg_stat_checkpointer",),
        "buffers_checkpoint": ("buffers_written of pg_stat_checkpointer",),
    },
}
FUNCTIONS = {
    "pg_current_xlog_location": "pg_current_wal_lsn",
    "pg_last_xlog_replay_location": "pg_last_wal_replay_lsn",
    "pg_last_xlog_receive_location": "pg_last_wal_receive_lsn",
    "pg_xlog_location_diff": "pg_wal_lsn_diff",
    "pg_switch_xlog": "pg_switch_wal",
    "pg_is_xlog_replay_paused": "pg_is_wal_replay_paused",
    "uuid_generate_v4": "gen_random_uuid",
}


def mend_of(database: Database, text: str, refused: Refusal) -> str:
    """Say what to write instead of a statement that the server refuses."""
    names = {token.name for token in tokens(text) if token.kind in (WORD, NAME)}
    renamed = [
        f"{now[0]} for {was}"
        for relation, columns in RENAMED.items()
        if relation in names
        for was, now in columns.items()
        if was in names and not _has(database, relation, was)
    ]
    renamed += [
        f"{now} for {was}" for was, now in FUNCTIONS.items() if was in names and not database.has("function", was)
    ]
    if renamed:
        return f"write {', '.join(dict.fromkeys(renamed))}"
    if refused.state == "42501" and refused.role:
        return f"name the columns that {refused.role} may read, or do it as who may"
    if refused.state in ("42P01", "3F000"):
        return "name a table that is there, with its schema, or make it by a migration"
    if refused.state == "42883":
        return "call a function that is there, with arguments of its types"
    return refused.hint or "correct it against this database, and try it on a copy before it is needed"


def _has(database: Database, relation: str, column: str) -> bool:
    found = database.relation("", relation)
    return found is not None and column in found.columns
