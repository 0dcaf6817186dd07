"""Which tables have one row for each person, as rules take it that look up the caller's: ``(select team from ...)``.

A sub-select that stands for a value fails where it finds two rows. Where no key keeps them apart, it is the application
that makes one row for each: so do we. A key of several columns says otherwise, and then what fails is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from sqlglot import exp

from audit.catalog.expressions import Name, conjuncts
from audit.seeding.tables import Catalogue

CALLER = re.compile(
    r"\buid\(\)|request\.jwt\.claim\.sub\b|\bjwt\(\)[^=]*'sub'|request\.jwt\.claims'[^=]*'sub'", re.IGNORECASE
)
# What a sub-select in one of these may find any number of rows for.
_OF_MANY = (exp.From, exp.Join, exp.In, exp.Any, exp.All, exp.Exists, exp.SetOperation, exp.Lateral, exp.Array)


def note_single(rules: Iterable[exp.Expr], views: Mapping[Name, exp.Expr | None], catalogue: Catalogue) -> None:
    """Have the columns by which ``rules`` look up one row of the caller be a key of its table."""
    tables = {(table.schema, table.name): table for table in catalogue.tables.values()}
    for rule in rules:
        for name, key in _looked_up(rule, views):
            table = tables.get(name)
            if table is None or not {*key} <= {*table.columns}:
                continue
            if not any({*key} & {*known} for known in (table.primary_key, *table.unique_keys)):
                table.unique_keys.append(key)


def _looked_up(rule: exp.Expr, views: Mapping[Name, exp.Expr | None]) -> Iterator[tuple[Name, tuple[str, ...]]]:
    for node in rule.find_all(exp.Subquery):
        parent = node.parent
        while isinstance(parent, exp.Paren | exp.Subquery):
            parent = parent.parent
        of_many = isinstance(parent, _OF_MANY) and not (isinstance(parent, exp.In) and parent.this is node)
        if isinstance(node.this, exp.Select) and not of_many and _may_find_several(node.this):
            yield from _of_the_caller(node.this, set(), views)


def _may_find_several(select: exp.Select) -> bool:
    return not select.args.get("limit") and not any(each.find(exp.AggFunc) for each in select.expressions)


def _of_the_caller(
    select: exp.Select, known: set[str], views: Mapping[Name, exp.Expr | None], depth: int = 3
) -> Iterator[tuple[Name, tuple[str, ...]]]:
    """Yield by which columns the caller's rows are looked up; ``known`` are those of the answer that are the caller."""
    own = [each for each in select.find_all(exp.Table, exp.Join) if each.find_ancestor(exp.Select) is select]
    named = {each.alias_or_name: (each.db, each.name) for each in own if isinstance(each, exp.Table)}
    only = next(iter(named)) if len(named) == 1 else ""
    found = {
        (each.this.table or only, each.this.name) if isinstance(each, exp.Alias) else (each.table or only, each.name)
        for each in select.expressions
        if each.alias_or_name in known and isinstance(each.unalias(), exp.Column)
    }
    conditions = [select.args.get("where"), *(each.args.get("on") for each in own if isinstance(each, exp.Join))]
    pairs = [
        (equal.this.unnest(), equal.expression.unnest())
        for condition in conditions
        if condition is not None
        for equal in conjuncts(condition.this if isinstance(condition, exp.Where) else condition)
        if isinstance(equal, exp.EQ)
    ]
    grown = True
    while grown:
        before = len(found)
        for one, other in (*pairs, *((b, a) for a, b in pairs)):
            if isinstance(one, exp.Column) and _is_caller(other, found, only):
                found.add((one.table or only, one.name))
        grown = len(found) > before
    for alias, name in named.items():
        columns = {column for of, column in found if of == alias}
        view = views.get(name)
        if isinstance(view, exp.Select) and depth:
            yield from _of_the_caller(view, columns, views, depth - 1)
        more = {
            one.name
            for one, other in (*pairs, *((b, a) for a, b in pairs))
            if isinstance(one, exp.Column) and (one.table or only) == alias and _is_given(other, named)
        }
        if columns:
            yield name, tuple(sorted(columns | more))


def _is_given(side: exp.Expr, named: Mapping[str, Name]) -> bool:
    """Tell whether something does not depend on the sub-select's own tables."""
    return side.find(exp.Select) is None and all(c.table and c.table not in named for c in side.find_all(exp.Column))


def _is_caller(side: exp.Expr, found: set[tuple[str, str]], only: str) -> bool:
    if isinstance(side, exp.Column):
        return (side.table or only, side.name) in found
    select = side.find(exp.Select)
    asks_nothing_else = select is None or select.args.get("from_") is None
    return asks_nothing_else and CALLER.search(side.sql(dialect="postgres")) is not None
