"""Whether the rows decide what the rules of access hinge on: each condition of a policy once for, once against.

A condition decides for a row and a person when the policy says another thing with it than without it. If no row does
so, nobody would notice that the condition is gone, wrong, or too much: the audit cannot tell such a policy from a laxer
or a stricter one. Each of the people asks with their own role, so that what sub-selects see is what they see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row
from sqlglot import exp

from audit.catalog.expressions import parsed, table_of
from audit.evidence import Unchecked

# The rows of a table that are looked at, and how long a question about one table may take.
MOST_ROWS = 100
TIMEOUT_MS, MOST_S = 1_000, 3.0
# A policy with more conditions than this is left out: the questions would take too long.
MOST_CONDITIONS = 40

# What lets rows of exposed tables be seen and changed, all names qualified under an empty search_path.
_POLICIES = """
select p.polrelid::bigint, p.polname::text, pg_catalog.pg_get_expr(p.polqual, p.polrelid),
       array(select r.rolname::text from pg_catalog.pg_roles r where r.rolname = any (%(roles)s) and exists (
           select from unnest(p.polroles) as named where named = 0 or pg_catalog.pg_has_role(r.oid, named, 'usage')))
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid and c.relrowsecurity
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where p.polqual is not null and n.nspname = any (%(schemas)s) and exists (select from pg_catalog.pg_roles r
    where r.rolname = any (%(roles)s) and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage')
    and pg_catalog.has_any_column_privilege(r.oid, c.oid, 'select, update'))
order by 1, 2
"""
_NAMES = """
select c.oid::bigint, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
       pg_catalog.quote_ident(c.relname)
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = any (%s::bigint[]::oid[])
"""


class Undecided(NamedTuple):
    """A condition that no row decides.

    ``relation`` is the quoted name of the policy's table, ``lacking`` what there is no row for: that the condition lets
    somebody in ("true"), that it keeps somebody out ("false"), or neither ("both").
    """

    relation: str
    policy: str
    condition: str
    lacking: str

    def __str__(self) -> str:
        """Say which row would be needed."""
        wanted = {
            "true": "is all that lets somebody in",
            "false": "is all that keeps somebody out",
            "both": "decides",
        }[self.lacking]
        return f"{self.relation}: no row for which {self.condition} {wanted} (policy {self.policy})"


@dataclass
class _Condition:
    """A condition: its policy's expression with it as it is, always true and always false; and what was seen of it."""

    relation: int
    policy: str
    roles: frozenset[str]
    text: str
    whole: str
    without: str
    never: str
    seen: set[bool] = field(default_factory=set)


def undecided(
    conn: psycopg.Connection[Any], schemas: Iterable[str], people: Iterable[tuple[str, str]]
) -> tuple[list[Undecided], list[str]]:
    """Return the conditions that no row decides for any of ``people``, and what could not be asked.

    ``people`` are a role and an expression that sets the claims, each. ``conn`` is in a transaction, its role sees all
    rows. Everything is undone. Raises psycopg.Error when the connection is lost.
    """
    cursor = conn.cursor(row_factory=tuple_row)
    people, mute, until = list(people), dict[str, None](), monotonic() + MOST_S
    with _undone(cursor):
        cursor.execute(f"set local search_path = ''; set local statement_timeout = {TIMEOUT_MS}")
        conditions = _all(cursor, schemas, {role for role, _ in people}, mute)
        numbers = list({condition.relation for condition in conditions})
        names = {oid: tuple(rest) for oid, *rest in cursor.execute(_NAMES, (numbers,)).fetchall()}
        rows = {oid: _rows(cursor, place) for oid, (place, _) in names.items()}
        for role, claims in people:
            for oid, (place, alias) in names.items():
                open_ = [c for c in conditions if c.relation == oid and len(c.seen) < 2 and role in c.roles]
                if open_ and rows[oid] is not None and monotonic() < until:
                    _look(cursor, (place, alias, rows[oid]), (role, claims), open_, mute)
        if monotonic() >= until:
            mute["there was no time for all conditions of policies"] = None
    lacking = [c for c in conditions if len(c.seen) < 2 and c.policy not in mute]
    return [Undecided(names[c.relation][0], c.policy, c.text, _lacking(c.seen)) for c in lacking], list(mute)


def _all(
    cursor: psycopg.Cursor[tuple[Any, ...]], schemas: Iterable[str], roles: set[str], mute: dict[str, None]
) -> list[_Condition]:
    conditions: list[_Condition] = []
    cursor.execute(_POLICIES, {"schemas": list(schemas), "roles": list(roles)})
    for relation, name, text, of_roles in cursor.fetchall():
        try:
            found = list(_conditions(relation, name, frozenset(of_roles), text))
        except Unchecked:
            mute[name] = None
        else:
            conditions += found if len(found) <= MOST_CONDITIONS else []
    return conditions


def _rows(cursor: psycopg.Cursor[tuple[Any, ...]], place: str) -> str | None:
    """Return the rows of a table as one JSON text, None where it has none."""
    question = f"select jsonb_agg(to_jsonb(whole))::text from (select * from {place} limit {MOST_ROWS}) as whole"
    try:
        with _undone(cursor):
            ((text,),) = cursor.execute(question.encode()).fetchall()
    except psycopg.Error:
        if cursor.connection.closed:
            raise
        return None
    return str(text) if text is not None else None


def _lacking(seen: set[bool]) -> str:
    return "both" if not seen else "false" if seen == {True} else "true"


def _look(
    cursor: psycopg.Cursor[tuple[Any, ...]],
    table: tuple[str, str, str | None],
    person: tuple[str, str],
    open_: list[_Condition],
    mute: dict[str, None],
) -> None:
    """Note which conditions some row of a table decides, as one person; where a question fails, one by one."""
    place, alias, rows = table
    role, claims = person
    parts = []
    for c in open_:
        for value in {True, False} - c.seen:
            # Where the policy says yes, it would say no if the condition were something else; and the other way round.
            whole, *others = (f"coalesce({part}, false)" for part in (c.whole, c.without, c.never))
            differs = " or ".join(f"{other} <> {value}" for other in others)
            parts.append((c, value, f"exists (select from given as {alias} where {whole} = {value} and ({differs}))"))
    question = f"""
        with given as materialized (select * from jsonb_populate_recordset(null::{place}, $1::text::jsonb))
        select {", ".join(part for *_, part in parts)}
    """
    try:
        with _undone(cursor):
            cursor.execute(f"select {claims}; set local role {role}")
            found = _raw(cursor, question, rows)
    except psycopg.Error as error:
        if cursor.connection.closed:
            raise
        if len(open_) > 1:
            for condition in open_:
                _look(cursor, table, person, [condition], mute)
        elif not isinstance(error, psycopg.errors.RaiseException):
            mute[open_[0].policy] = None
        return
    for (condition, value, _), there in zip(parts, found, strict=True):
        condition.seen |= {value} if there else set()


def _raw(cursor: psycopg.Cursor[tuple[Any, ...]], question: str, rows: str | None) -> tuple[Any, ...]:
    """Ask with $1, because a percent sign in a policy is no placeholder."""
    raw = psycopg.RawCursor(cursor.connection, row_factory=tuple_row)
    return raw.execute(question.encode(), (rows,)).fetchone() or ()


@contextmanager
def _undone(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Iterator[None]:
    cursor.execute("savepoint deciding")
    try:
        yield
    finally:
        if not cursor.connection.closed:
            cursor.execute("rollback to savepoint deciding; release savepoint deciding")


# What conditions there are


def _conditions(relation: int, policy: str, roles: frozenset[str], text: str) -> Iterator[_Condition]:
    """Yield the conditions of an expression, also those inside its sub-selects. Raises Unchecked."""
    tree = parsed(text)
    seen: set[str] = set()
    for leaf in list(_leaves(tree)):
        condition = leaf.sql(dialect="postgres")
        if condition not in seen and _is_about_rows(leaf):
            seen.add(condition)
            whole, without, never = (_with(tree, condition, value) for value in (None, True, False))
            yield _Condition(relation, policy, roles, condition, whole, without, never)


def _leaves(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the parts of a condition that are no AND, OR or NOT, and those of the sub-selects in them."""
    if isinstance(node, exp.Paren | exp.Not | exp.And | exp.Or):
        for child in (node.this, node.args.get("expression")):
            if isinstance(child, exp.Expr):
                yield from _leaves(child)
        return
    inner = list(node.find_all(exp.Where))
    # A sub-select without a condition of its own beside how it is joined is one condition.
    if not isinstance(node, exp.Exists | exp.Subquery) or not inner:
        yield node
    for where in inner:
        yield from _leaves(where.this)


def _is_about_rows(leaf: exp.Expr) -> bool:
    """Tell whether a condition is about the policy's own row, and more than how it is joined to another table's."""
    own = [column for column in leaf.find_all(exp.Column) if _is_own(column)]
    joins = isinstance(leaf, exp.EQ) and len(own) < len(list(leaf.find_all(exp.Column)))
    return bool(own) and not joins


def _is_own(column: exp.Column) -> bool:
    if table_of(column) is not None:
        return False
    select = column.find_ancestor(exp.Select)
    return bool(column.table) or select is None or not select.args.get("from_")


def _with(tree: exp.Expr, condition: str, value: bool | None) -> str:
    """Write an expression with a condition in it replaced by TRUE or FALSE (None: as it is)."""
    copy = exp.Paren(this=tree.copy())
    if value is not None:
        for leaf in list(_leaves(copy)):
            if leaf.sql(dialect="postgres") == condition:
                leaf.replace(exp.Boolean(this=value))
    return copy.sql(dialect="postgres")
