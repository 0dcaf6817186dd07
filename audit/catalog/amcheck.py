"""Whether tables and indexes are sound: the extension amcheck reads them from end to end, with ``--deep`` only."""

from __future__ import annotations

from typing import Any, LiteralString

from psycopg import errors

from audit.auditor import Auditor
from audit.evidence import Evidence, Population, Row, Unchecked, safe
from audit.question import Cursor, Question

# The functions of amcheck that take no lock beyond a reader's: not bt_index_parent_check, which keeps writers out.
# verify_heapam is there since 14, and uniqueness can be checked since 16.
# https://www.postgresql.org/docs/current/amcheck.html
FUNCTIONS = """
select pg_catalog.quote_ident(n.nspname) as schema,
       pg_catalog.format('grant execute on function %s to %I;', p.oid::pg_catalog.regprocedure, current_user) as needed,
       pg_catalog.has_function_privilege(p.oid, 'execute')
       and pg_catalog.has_schema_privilege(n.oid, 'usage') as allowed
from pg_catalog.pg_extension e
join pg_catalog.pg_namespace n on n.oid = e.extnamespace
join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.refobjid = e.oid
    and d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
join pg_catalog.pg_proc p on p.oid = d.objid
where e.extname = 'amcheck' and p.proname in ('bt_index_check', 'verify_heapam')
"""

# What there is to check of the tables asked for: themselves, what they keep in TOAST, and their B-trees. Of unlogged
# ones a standby has nothing. Indexes that are not valid are another policy's affair.
PARTS = """
with asked (oid) as (select relation::pg_catalog.oid from (
{}
) as asked), tables as (
    select c.oid, c.reltoastrelid from asked join pg_catalog.pg_class c using (oid)
    where c.relkind in ('r', 'm') and (c.relpersistence = 'p' or not pg_catalog.pg_is_in_recovery())
)
select t.oid, t.oid::pg_catalog.regclass::text, false as is_index from tables t
union all
select i.indexrelid, i.indexrelid::pg_catalog.regclass::text, true
from tables t
join pg_catalog.pg_index i on i.indrelid in (t.oid, t.reltoastrelid)
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_am a on a.oid = c.relam
where a.amname = 'btree' and i.indisvalid and i.indisready
order by 2
"""

REINDEX = "reindex index concurrently {};"
RESTORE = """\
-- {} is damaged, and no SQL mends that. Stop what writes to it, copy the server's files as they are, look for what
-- fails below (disk, memory, file system), and restore it from a backup that is older than the damage.\
"""


class Unsound(Exception):  # noqa: N818 -- it is an answer
    """The server found what it read to be damaged; the message is the server's, which tells places and no values."""


class Amcheck:
    """Checks tables and their B-tree indexes, each part in a read-only transaction of its own."""

    def __init__(self, auditor: Auditor) -> None:
        # Whoever has tables read from end to end has asked for that.
        known = {**auditor.known, "statement_timeout_ms": auditor.known["deep_timeout_ms"], "lock_hold_ms": 0}
        self.auditor = Auditor(auditor.connect, known, auditor.log, auditor.name, auditor.footprint)

    def __call__(self, text: str) -> Evidence:
        """Return what is damaged of the tables that the query ``text`` names in its column ``relation``.

        Raises Unchecked when the extension or the right to use it is missing, or a table could not be found.
        """
        schema, version = self._ready()
        question = Question.of(PARTS.format(text), self.auditor.known, {})
        with self.auditor.asking(question) as cursor:
            question.put(cursor)
            parts = cursor.fetchall()
        found: list[Row] = []
        doubts: list[str] = []
        for oid, name, is_index in parts:
            try:
                self._check(schema, version, int(oid), bool(is_index))
            except Unsound as damage:
                fix = (REINDEX if is_index else RESTORE).format(safe(name))
                found.append(Row(name, {"problem": str(damage)}, {"object": name}, fix))
            except Unchecked as doubt:
                doubts.append(f"{safe(name)}: {doubt.reason}")
        return Evidence(
            found,
            about="the soundness of tables and indexes",
            log=self.auditor.log,
            population=Population(len(parts), "tables and indexes"),
            unjudgeable=doubts[0] if doubts else "",
            question=question.text,
        )

    def _ready(self) -> tuple[str, int]:
        """Return the schema of the extension, as SQL, and the server's version."""
        with self.auditor.asking(Question(FUNCTIONS, None)) as cursor:
            functions = cursor.execute(FUNCTIONS).fetchall()
            version = cursor.connection.info.server_version
        if not functions:
            raise Unchecked(
                "the extension amcheck is not installed in this database",
                "create extension amcheck with schema extensions;",
            )
        if grants := tuple(str(needed) for _, needed, allowed in functions if not allowed):
            raise Unchecked("the audit's login may not use the extension amcheck", "", grants)
        return str(functions[0][0]), version

    def _check(self, schema: str, version: int, oid: int, is_index: bool) -> None:
        """Check one part. Raises Unsound when it is damaged, and Unchecked when that could not be found out."""
        with self.auditor.asking(Question("select", None)) as cursor:
            try:
                if is_index:
                    more = ", true" if version >= 160000 else ""
                    _ask(cursor, f"select {schema}.bt_index_check(%s::pg_catalog.oid, true{more})", oid)
                elif version >= 140000:
                    rows = _ask(cursor, f"select msg from {schema}.verify_heapam(%s::pg_catalog.oid) limit 1", oid)
                    if rows:
                        raise Unsound(safe(str(rows[0][0])))
            except (errors.IndexCorrupted, errors.DataCorrupted) as error:
                raise Unsound(safe(error.diag.message_primary or "it is damaged")) from error


def _ask(cursor: Cursor, text: str, oid: int) -> list[Any]:
    query: LiteralString = text  # put together from our own text and a quoted name
    return cursor.execute(query, [oid]).fetchall()
