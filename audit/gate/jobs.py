"""Jobs that run later, by themselves: what the platform's scheduler knows of them.

https://supabase.com/docs/guides/cron
"""

from __future__ import annotations

from dataclasses import dataclass

from audit.question import Connection

# The table is the scheduler's only where its extension is; a project may call one of its own so.
_IS_THERE = """
select exists (select from pg_catalog.pg_extension e where e.extname operator(pg_catalog.=) 'pg_cron')
and pg_catalog.to_regclass('cron.job') is not null
"""
_ACTIVE = """
select j.jobid::pg_catalog.int8, coalesce(j.jobname::pg_catalog.text, j.jobid::pg_catalog.text),
       j.command::pg_catalog.text, j.username::pg_catalog.text
from cron.job j where j.active order by j.jobid
"""
TABLE = "cron.job"
# What the scheduler and the sender of requests note of their own work: no data of anybody.
# https://github.com/citusdata/pg_cron, https://supabase.com/docs/guides/database/extensions/pg_net
NOTES = frozenset({TABLE, "cron.job_run_details", "net.http_request_queue", "net._http_response"})


@dataclass(frozen=True)
class Job:
    """What is executed, and as whom; ``name`` is its number where it has none."""

    name: str
    command: str
    role: str


def active(conn: Connection) -> dict[int, Job]:
    """Return the jobs that will run, by their numbers. The connection must be as ``looking`` makes it."""
    ((is_there,),) = conn.execute(_IS_THERE).fetchall()
    return {number: Job(*told) for number, *told in conn.execute(_ACTIVE)} if is_there else {}
