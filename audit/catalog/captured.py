"""Names in policies' sub-selects that mean another table than their author thought: the server takes the nearest one.

``pg_get_expr`` writes every column inside a sub-select with the table that the server takes it from, so that what was
meant can be compared with what is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from audit.catalog.expressions import Body, Tree, bare, bodies, called, trees, without_end
from audit.evidence import Unchecked

# What takes the path of a stored object apart (https://supabase.com/docs/guides/storage/schema/helper-functions).
_OF_PATHS = {("storage", name) for name in ("foldername", "filename", "extension")}
_EQUAL = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)
_MAYBE_ITSELF = re.compile(r"""(?:\b\w+\.)?("[^"]+"|\b\w+)\s*=\s*(?:\w+\.)?\1(?![\w"])""", re.IGNORECASE)
_HEAD = re.compile(r"\A\s*create\b.*?(?:\breturn\b|\b(begin\s+atomic)\b)", re.IGNORECASE | re.DOTALL)


def captured(row: Mapping[str, Any]) -> list[str]:
    """Return what a policy's sub-selects mean wrongly, in words.

    ``row`` has ``_using``, ``_check`` and ``_called`` of the policy, and of its table ``_schema``, ``_table`` and
    ``_columns``. Raises Unchecked when an expression, or a function that may compare a name with itself, cannot be
    parsed.
    """
    objects = (row["_schema"], row["_table"]) == ("storage", "objects")
    found = {problem for tree in trees(row) for problem in _wrong(tree, set(row["_columns"]), objects)}
    for body in bodies(row["_called"]):
        found |= {f"{name} is compared with itself in {body.schema}.{body.name}" for name in _itself_in(body)}
    return sorted(found)


def _wrong(tree: Tree, columns: set[str], objects: bool) -> Iterator[str]:
    for node in tree.walk():
        if isinstance(node, _EQUAL):
            one, other = bare(node.this), bare(node.expression)
            if isinstance(one, exp.Column) and one == other:
                yield f"{one.sql(dialect='postgres')} is compared with itself"
            elif (name := _among_themselves(node, columns)) is not None:
                yield f"{name} is the column of the sub-select's own table, and nothing in it is about the row"
        elif isinstance(node, exp.In) and (given := _given_back(node)) is not None:
            yield f"the sub-select gives back {given}, which is the row's own column and no column of its table"
        elif objects and called(node) in _OF_PATHS:
            for column in node.find_all(exp.Column):
                if column.name == "name" and _source(column) not in (None, "objects"):
                    yield f"{column.sql(dialect='postgres')} is taken for the path of the object"


def _among_themselves(node: exp.Binary, columns: set[str]) -> str | None:
    """Return a column that has the name of one of the row's, where a test for existence is about one table alone.

    Such as ``m.team = m.id``: of the same row of the sub-select, and nothing in the sub-select refers to the policy's.
    """
    sides = [list(side.find_all(exp.Column)) for side in (node.this, node.expression)]
    found = [column for side in sides for column in side]
    if not all(sides) or len({(_source(column), column.table) for column in found}) != 1 or _source(found[0]) is None:
        return None
    test = found[0].find_ancestor(exp.Exists, exp.In)
    if test is None or any(_source(column) is None for column in test.find_all(exp.Column)):
        return None
    return next((column.sql(dialect="postgres") for column in found if column.name in columns), None)


def _given_back(node: exp.In) -> str | None:
    """Return the row's own column where a sub-select gives nothing but that: ``id in (select team from members)``."""
    query = node.args.get("query")
    select = query.this if isinstance(query, exp.Subquery) else query
    if not isinstance(select, exp.Select) or len(select.expressions) != 1 or not _sources(select):
        return None
    given = bare(select.expressions[0])
    return given.sql(dialect="postgres") if isinstance(given, exp.Column) and _source(given) is None else None


def _source(column: exp.Column) -> str | None:
    """Return the name of the table inside of the policy that a column is taken from; None for the policy's own row."""
    select = column.find_ancestor(exp.Select)
    while select is not None:
        sources = _sources(select)
        if column.table in sources:
            return sources[column.table]
        select = select.find_ancestor(exp.Select)
    return None


def _sources(select: exp.Select) -> dict[str, str]:
    """Return what a sub-select reads: by the name that its columns have, the name of the table or of the function."""
    parts = [part for part in (select.args.get("from_"), *(select.args.get("joins") or [])) if part is not None]
    return {
        source.alias_or_name: source.name
        for part in parts
        for source in part.find_all(exp.Table, exp.Subquery, exp.Lateral, exp.Unnest)
        if source.alias_or_name and source.find_ancestor(exp.Select) is select
    }


def _itself_in(body: Body) -> Iterator[str]:
    """Yield the names that a function in SQL compares with themselves: its arguments, which columns go before.

    PL/pgSQL refuses a name that may be both.
    """
    if body.language != "sql" or not _MAYBE_ITSELF.search(body.text):
        return
    for statement in _statements(body):
        for node in statement.find_all(exp.EQ, exp.NullSafeEQ):
            if isinstance(node.parent, exp.Update):  # what is set, not what is compared
                continue
            one, other = bare(node.this), bare(node.expression)
            if isinstance(one, exp.Column) and isinstance(other, exp.Column) and _is_same(one, other):
                yield one.name


def _statements(body: Body) -> list[Tree]:
    """Return the trees of a function's statements; a body in the standard's form comes with its head."""
    text = _HEAD.sub(lambda head: "" if head[1] else "select ", body.text, count=1)
    text = without_end(text) if text != body.text else text
    try:
        return [statement for statement in sqlglot.parse(text, dialect="postgres") if statement is not None]
    except (SqlglotError, RecursionError) as error:
        raise Unchecked(f"{body.schema}.{body.name}, which a policy calls, could not be parsed") from error


def _is_same(one: exp.Column, other: exp.Column) -> bool:
    """Tell whether two columns of one name are the same: ``team = team``, or ``m.team = team`` in a select from m."""
    if one.name != other.name or (one.table and other.table and one.table != other.table):
        return False
    table = one.table or other.table
    select = one.find_ancestor(exp.Select)
    return not table or (select is not None and table in _sources(select))
