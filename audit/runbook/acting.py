"""What statements of a runbook do, seen by doing them on a copy: who reaches more, and what becomes readable.

A repair that puts somebody into a conversation is three harmless words of SQL. Whether it gives access is not in its
words: it is done, people are asked what they see, and it is undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import errors, sql
from sqlglot import exp

from audit.people import CAST, Identity
from audit.question import Connection
from audit.runbook.database import Relation
from audit.runbook.desk import Desk, Session
from audit.runbook.hazards import Placed, Scene, parsed, remark, title
from audit.runbook.results import Remark
from audit.runbook.statements import Slot
from audit.server.rights import OWNER
from audit.sql_text import bare, chains, tokens

# Who is asked what they see: somebody who takes part in nothing, somebody who waits to be let in, and visitors.
WATCHED = ("stranger", "pending", "anon")
# What can open something for somebody.
OPENING = frozenset({"insert", "update", "merge", "with", "grant", "create", "alter"})
_POLICY = re.compile(r"\b(?:create|alter)\s+policy\b|\bdefault\s+privileges\b", re.IGNORECASE)
_TRAIL = re.compile(r"audit|log|trail|histor|journal", re.IGNORECASE)

_READABLE = """
select n.nspname::text, c.relname::text
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm') and n.nspname = any (%s)
order by 1, 2
"""
_PARENTS = """
select a.attname::text, f.confrelid::pg_catalog.regclass::text, b.attname::text
from pg_catalog.pg_constraint f
join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = f.conkey[1]
join pg_catalog.pg_attribute b on b.attrelid = f.confrelid and b.attnum = f.confkey[1]
where f.contype = 'f' and f.conrelid = pg_catalog.to_regclass(%s) and pg_catalog.cardinality(f.conkey) = 1
"""


def openings(scene: Scene, desk: Desk, session: Session, each: Placed) -> Iterator[Remark]:
    """Find out whether a statement lets somebody see more, without leaving a trail. Raises Unchecked, psycopg.Error."""
    if each.within == "undone" or not _opens(each) or _leaves_a_trail(scene, each):
        return
    connection = session.connection
    exposed = [str(schema) for schema in desk.stage().known["exposed"]]
    # Who is put into the places to fill in makes a difference only where there are any.
    for name in ("stranger", "pending") if each.written.slots else ("stranger",):
        person = CAST[name]
        text = _as_meant(connection, scene, each, person)
        as_owner = each.written.verb in ("grant", "create", "alter") and not session.role
        target = _target(scene, each)
        gained = _gained(connection, desk, session, Doing(text, exposed, target, as_owner))
        if gained:
            who, relation, _ = gained[0]
            yield remark(
                each.written.line,
                "gives access",
                title(each.text),
                f"afterwards {who} sees rows of {relation} that were hidden, without consent and with no trail",
                "let the function of the application do it that asks for consent, or write a row of the audit trail"
                " in the same transaction",
            )
            return


def _opens(each: Placed) -> bool:
    if each.written.verb not in OPENING:
        return False
    if each.written.verb in ("create", "alter"):
        return bool(_POLICY.search(bare(each.text)))
    if each.written.verb == "with":
        return each.parsed is not None and each.parsed.find(exp.Insert, exp.Update) is not None
    return True


def _leaves_a_trail(scene: Scene, each: Placed) -> bool:
    """Tell whether the same transaction writes into a trail."""
    if each.within != "kept":
        return False
    for other in scene.placed:
        if other.within == "kept" and other.written.verb == "insert":
            names = [chain.names[-1] for chain in chains(list(tokens(other.text[:2000]))) if chain.before == "into"]
            if names and _TRAIL.search(names[0]):
                return True
    return False


def _target(scene: Scene, each: Placed) -> Relation | None:
    """Return the relation that a statement writes to."""
    if each.parsed is None:
        return None
    written = each.parsed.find(exp.Insert, exp.Update)
    table = written.this.find(exp.Table) if written is not None and written.this is not None else None
    return scene.database.relation(table.db, table.name) if table is not None else None


def _as_meant(connection: Connection, scene: Scene, each: Placed, person: Identity) -> str:
    """Return a statement that does something, with ids that are there in its places: people's are this person's."""
    slots = [slot for slot in each.written.slots if slot.what == "value"]
    relation = _target(scene, each)
    if not slots or relation is None:
        return each.text
    marks = {slot: f"'@slot{at}@'" for at, slot in enumerate(slots)}
    tree = parsed(each.written.filled(lambda slot: marks.get(slot, "value")))
    parents = {column: (table, key) for column, table, key in connection.execute(_PARENTS, [str(relation)]).fetchall()}
    values: dict[Slot, str] = {}
    for slot in slots:
        column = _column_of(tree, marks[slot].strip("'"))
        values[slot] = _id(connection, relation, column, parents, person)
    return each.written.filled(lambda slot: values.get(slot, "value"))


def _column_of(tree: exp.Expr | None, mark: str) -> str:
    """Return the column that a literal is written to or compared with; "" when it cannot be told."""
    literal = (
        next((each for each in tree.find_all(exp.Literal) if each.name == mark), None) if tree is not None else None
    )
    if literal is None:
        return ""
    if isinstance(literal.parent, exp.EQ):
        other = literal.parent.this if literal.parent.expression is literal else literal.parent.expression
        return other.name if isinstance(other, exp.Column) else ""
    row = literal.find_ancestor(exp.Tuple)
    insert = literal.find_ancestor(exp.Insert)
    if row is None or insert is None or not isinstance(insert.this, exp.Schema):
        return ""
    at = next((at for at, each in enumerate(row.expressions) if each is literal), -1)
    return insert.this.expressions[at].name if 0 <= at < len(insert.this.expressions) else ""


def _id(
    connection: Connection, relation: Relation, column: str, parents: Mapping[str, tuple[str, str]], person: Identity
) -> str:
    known = relation.columns.get(column)
    table, key = parents.get(column, (str(relation), column))
    people = table in ("auth.users", "users", "profiles", "public.profiles", "public.users")
    if known is None or (people and key == "id" and known.type == "uuid"):
        return sql.Literal(person.id).as_string(None)
    try:
        with connection.transaction():
            found = connection.execute(
                sql.SQL("select {}::text from {} limit 1").format(sql.Identifier(key), sql.SQL(table))
            ).fetchone()
    except psycopg.Error:
        found = None
    return f"{sql.Literal(found[0]).as_string(None)}::{known.type}" if found and found[0] else "null"


@dataclass(frozen=True)
class Doing:
    """A statement that is done: in which schemas people look before and after it, what it writes to, and as whom."""

    text: str
    exposed: Sequence[str]
    target: Relation | None
    as_owner: bool


def _gained(connection: Connection, desk: Desk, session: Session, doing: Doing) -> list[tuple[str, str, int]]:
    """Do a statement, and return who sees more of what, and how many rows more. It is undone."""
    if session.changed or desk.reach is None:
        before = _reach(connection, desk, doing.exposed)
        if not session.changed:
            desk.reach = before
    else:
        before = desk.reach
    connection.execute("savepoint doing")
    try:
        try:
            with connection.cursor(binary=True) as cursor:
                if doing.as_owner:
                    cursor.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
                cursor.execute(doing.text)
                cursor.execute("set local role none")
            after = _reach(connection, desk, doing.exposed)
        except (errors.QueryCanceled, errors.LockNotAvailable):
            raise
        except psycopg.Error as error:
            if error.sqlstate is None:
                raise
            return []
    finally:
        if not connection.closed:
            connection.execute("rollback to savepoint doing; release savepoint doing")
    # Of the table that is written to, new rows are no sign.
    return [
        (who, relation, after.get((who, relation), 0) - count)
        for (who, relation), count in before.items()
        if after.get((who, relation), 0) > count and relation != str(doing.target)
    ]


def _reach(connection: Connection, desk: Desk, exposed: Sequence[str]) -> Mapping[tuple[str, str], int]:
    """Count how many rows of each relation each of those watched sees."""
    found: dict[tuple[str, str], int] = {}
    relations = connection.execute(_READABLE, [list(exposed)]).fetchall()
    for name in WATCHED:
        person = CAST[name]
        for schema, relation in relations:
            connection.execute("savepoint look")
            try:
                connection.execute(
                    sql.SQL("select {}; set local role {}").format(
                        sql.SQL(desk.stage().claims_of(person)),
                        sql.Identifier(person.role),
                    )
                )
                counted = connection.execute(
                    sql.SQL("select count(*) from {}").format(sql.Identifier(schema, relation))
                ).fetchone()
                found[name, f"{schema}.{relation}"] = int(counted[0]) if counted else 0
            except (errors.QueryCanceled, errors.LockNotAvailable):
                raise
            except psycopg.Error as error:
                if error.sqlstate is None:
                    raise
                found[name, f"{schema}.{relation}"] = 0
            finally:
                if not connection.closed:
                    connection.execute("rollback to savepoint look; release savepoint look")
    return found


_PROBE = "runbook_probe"
_SECURED = re.compile(r"\bsecurity_invoker\b\s*(?:=\s*)?(?:true|on|1|'true'|'on')?", re.IGNORECASE)
_GRANTED = """
select r.rolname::text from pg_catalog.pg_roles r
where r.rolname = any (%s) and pg_catalog.has_any_column_privilege(r.oid, %s::pg_catalog.regclass, 'select')
order by 1
"""


def views_opened(scene: Scene, desk: Desk, session: Session, each: Placed) -> Iterator[Remark]:
    """Find a view that goes round row level security and that an API role may read as soon as it is made.

    It is made under another name, so that one that is there already is not in the way. Raises Unchecked, psycopg.Error.
    """
    if (
        not isinstance(each.parsed, exp.Create)
        or str(each.parsed.args.get("kind")).upper() != "VIEW"
        or each.within == "undone"
    ):
        return
    select = each.parsed.expression
    head = each.text[: each.text.lower().find("select")] if select is not None else each.text
    if select is None or _SECURED.search(head):
        return
    protected = sorted(
        str(relation)
        for table in select.find_all(exp.Table)
        if (relation := scene.database.relation(table.db, table.name)) is not None and relation.protected
    )
    if not protected:
        return
    connection = session.connection
    body = each.text[each.text.lower().find("select") :]
    with_cte = re.search(r"\bas\s+(with\b.*)", each.text, re.IGNORECASE | re.DOTALL)
    body = with_cte[1] if with_cte else body
    connection.execute("savepoint doing")
    try:
        connection.execute("set local role postgres")
        with connection.cursor(binary=True) as cursor:
            cursor.execute(f"create view public.{_PROBE} as {body}")
        connection.execute("set local role none")
        roles = [
            role
            for (role,) in connection.execute(
                _GRANTED, [desk.stage().known["api_roles"], f"public.{_PROBE}"]
            ).fetchall()
        ]
        roles += _granted_later(scene, each)
    except psycopg.Error as error:
        if error.sqlstate is None or isinstance(error, errors.QueryCanceled | errors.LockNotAvailable):
            raise
        roles = _granted_later(scene, each)
    finally:
        if not connection.closed:
            connection.execute("rollback to savepoint doing; release savepoint doing")
    if roles:
        yield remark(
            each.written.line,
            "owner-rights view",
            title(each.text),
            f"the view shows {', '.join(dict.fromkeys(protected))} with its owner's rights, past row level security,"
            f" and {' and '.join(dict.fromkeys(roles))} may read it",
            "write create view ... with (security_invoker = true) as ..., or make it where the API does not serve it",
        )


def _granted_later(scene: Scene, each: Placed) -> list[str]:
    """Return API roles that the same block grants the view to."""
    name = title(each.text).partition(" ")[2].rpartition(".")[2]
    found = []
    for other in scene.placed:
        if other.written.verb == "grant" and re.search(rf"\b{re.escape(name)}\b", other.text):
            found += [
                role
                for role in ("anon", "authenticated", "public")
                if re.search(rf"\bto\b.*\b{role}\b", other.text, re.I | re.S)
            ]
    return found
