"""Whether those who may change a row may see it: a change that looks for its row touches only what can be seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlglot import exp

from audit.catalog.expressions import (
    Judge,
    Name,
    Tree,
    bare,
    bodies,
    compared,
    names_caller,
    own_columns,
    parsed,
)
from audit.catalog.functions import IDENTITY


def unseen(row: Mapping[str, Any]) -> bool:
    """Tell whether a policy for INSERT, UPDATE or DELETE is about rows that the role cannot see.

    ``row`` has ``role``, ``command``, ``_condition`` (of the rows that are changed, or made) and ``_called`` of the
    policy; of its table ``_table`` (its name), ``_key`` (the columns of its primary key that the database fills),
    ``_children`` (names of the tables that refer to it) and ``_selects`` (conditions of its policies for SELECT).
    """
    judge = Judge(row["role"], (), bodies(row["_called"]))
    changed = parsed(row["_condition"])
    if judge.truth(changed) is False:
        return False
    # Who has no id is named in no row: such a policy is not for them, though it is for every role.
    if row["role"] == "anon" and all(names_caller(branch, judge.readers) for branch in _branches(changed)):
        return False
    selects = [tree for tree in map(parsed, row["_selects"]) if judge.truth(tree) is not False]
    shown = [branch for tree in selects for branch in _branches(tree)]
    if row["command"] == "insert":
        return bool(shown) and all(_hangs_on_children(branch, row) for branch in shown)
    if not shown:
        return True
    return any(
        not any(_may_cover(branch, mine) for branch in shown)
        for mine in (_callers(branch, judge.readers) for branch in _branches(changed))
        if mine
    )


def _branches(tree: Tree) -> Iterator[Tree]:
    node = bare(tree)
    yield from map(bare, node.flatten()) if isinstance(node, exp.Or) else [node]


def _parts(branch: Tree) -> list[Tree]:
    return [bare(part) for part in branch.flatten()] if isinstance(branch, exp.And) else [branch]


def _callers(branch: Tree, known: Collection[Name]) -> set[str]:
    """Return the columns of the row that must be the caller's for a branch to be true: what ``known`` tell of them."""
    return {
        found.column
        for part in _parts(branch)
        if isinstance(part, exp.EQ)
        for found in compared(part, known)
        if found.with_caller and found.table is None
    }


def _may_cover(shown: Tree, mine: set[str]) -> bool:
    """Tell whether who is named in the columns ``mine`` may see a row by the branch ``shown``, as far as can be told.

    Not by one that is for those who are named in other columns. What a function of the project makes of the caller
    (their company, say) is another thing to be named by, and may go for the same people.
    """
    theirs = _callers(shown, IDENTITY)
    return not theirs or bool(theirs & mine)


def _hangs_on_children(branch: Tree, row: Mapping[str, Any]) -> bool:
    """Tell whether a branch asks for a row that refers to this one, by a key that the database has only just made."""
    return any(
        isinstance(part, exp.Exists | exp.In)
        and any(table.name in row["_children"] for table in part.find_all(exp.Table))
        and bool(own_columns(part, row["_table"]) & set(row["_key"]))
        for part in _parts(branch)
    )
