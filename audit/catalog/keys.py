"""Whose row a row is: what the keys say, and never a name."""

from __future__ import annotations

from audit.auditor import Auditor
from audit.evidence import NotApplicable

# Columns that can hold the user's id, by themselves one for each row: those that refer to auth.users come first.
CANDIDATES = """
select quote_ident(a.attname) as object, k.conname is not null as refers
from pg_catalog.pg_attribute a
left join pg_catalog.pg_constraint k on k.contype = 'f' and k.conrelid = a.attrelid
    and k.conkey operator(pg_catalog.=) array[a.attnum]
    and k.confrelid = pg_catalog.to_regclass('auth.users')
where a.attrelid = pg_catalog.to_regclass(%(relation)s) and a.attnum > 0 and not a.attisdropped
and a.atttypid = 'pg_catalog.uuid'::pg_catalog.regtype
and exists (
    select from pg_catalog.pg_index i
    where i.indrelid = a.attrelid and i.indisunique and i.indpred is null and i.indnkeyatts = 1
    and i.indkey[0] = a.attnum)
order by (k.conname is not null) desc, a.attnum
"""


def users_key(auditor: Auditor, relation: str) -> str:
    """Return the column of a table that says whose user each row is, as SQL.

    It is the unique column that refers to auth.users; where no key does any more, the one that holds users' ids.

    Raises NotApplicable where there is none, and Unchecked when the server gave no answer.
    """
    found = list(auditor(CANDIDATES, of="select 1 as tables", relation=relation))
    for row in found:
        if row.details["refers"]:
            return row.object
    for row in found:
        column = row.object.replace("%", "%%")
        shared = auditor(
            f"select from {relation} t join auth.users u on u.id = t.{column} where %(relation)s <> '' limit 1",
            of="select 1 as tables",
            relation=relation,
        )
        if len(shared):
            return row.object
    raise NotApplicable(f"no key of {relation} says whose user a row is")
