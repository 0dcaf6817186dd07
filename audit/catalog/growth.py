"""How large the database and its tables are, now and in an earlier run: for what is about growth.

Earlier sizes come from the history, which is kept where the reports are. It leaves here how it is asked for them, and
finds here what was measured.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from audit.auditor import Auditor
from audit.evidence import NotApplicable
from audit.question import Question
from audit.results import Sizes

WEEK = dt.timedelta(days=7)

# Sizes with indexes and TOAST, of tables and materialised views, partitions one by one.
# https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE
MEASURE = """
select 'the database', pg_catalog.pg_database_size(pg_catalog.current_database())
union all
(select c.oid::pg_catalog.regclass::text, pg_catalog.pg_total_relation_size(c.oid) as bytes
 from pg_catalog.pg_class c
 join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'm') and c.relpersistence <> 't'
 and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
 order by bytes desc nulls last limit 2000)
"""


def measure(auditor: Auditor) -> Sizes:
    """Ask for the present sizes. Raises Unchecked when there is no answer."""
    with auditor.asking(Question(MEASURE, None)) as cursor:
        cursor.execute(MEASURE)
        found = cursor.fetchall()
    return Sizes(dt.datetime.now(dt.UTC), {str(name): int(size) for name, size in found if size is not None})


def compared(now: Sizes, then: Sizes | None) -> dict[str, Any]:
    """Return both as parameters of a question: ``names``, ``then_bytes``, ``now_bytes``, and ``weeks`` between them.

    Less than a week counts as a whole one: what may grow by a fifth in a week may do so in a day of it. Raises
    NotApplicable where nothing was measured before.
    """
    if then is None:
        raise NotApplicable("nothing was measured before this run: growth is judged from the second one on")
    names = sorted(now.bytes.keys() & then.bytes.keys())
    return {
        "names": names,
        "then_bytes": [then.bytes[name] for name in names],
        "now_bytes": [now.bytes[name] for name in names],
        "measured": then.at,
        "weeks": max((now.at - then.at) / WEEK, 1.0),
    }
