"""Conditions of policies that hold by what everybody can know, or leave empty."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import exp

from audit.catalog.expressions import Judge, Tree, bare, bodies, called, names_caller, own_columns, parsed

# What a column is called whose value only its holder is to know; a postal code is none.
_SECRET = re.compile(
    r"(.*_)?((?<!postal_)(?<!post_)(?<!zip_)(?<!country_)(?<!language_)(?<!lang_)(?<!locale_)(?<!currency_)(?<!area_)"
    r"(?<!region_)(?<!state_)(?<!status_)(?<!error_)(?<!color_)(?<!colour_)(?<!phone_)(?<!dial_)(?<!tax_)(?<!iso_)"
    r"(?<!source_)(?<!product_)(?<!airport_)code|token|secret|invite|pin|otp|nonce|passcode|password|passphrase|share_id"
    r"|(share|sharing|invite|invitation|access|magic|claim|reset|join|secret)_(key|link|hash|url))s?",
    re.IGNORECASE,
)


def openings(row: Mapping[str, Any]) -> list[str]:
    """Return the conditions by which a policy opens rows to people whom they say nothing about, in words.

    ``row`` has ``role``, ``_using`` and ``_called`` of the policy; of its table ``_table`` (its name), ``_nullable``
    (the columns that may be null), ``_codes`` (columns of ids that are unique and neither the primary key nor a
    reference) and ``_restrictive`` (conditions of the restrictive policies that apply).
    """
    judge = Judge(row["role"], (), bodies(row["_called"]))
    if any(not judge.anybody(parsed(text)) for text in row["_restrictive"]):
        return []
    return sorted(set(_found(parsed(row["_using"]), row, judge)))


def _found(tree: Tree, row: Mapping[str, Any], judge: Judge) -> Iterator[str]:
    for branch in _branches(tree):
        parts = [bare(part) for part in branch.flatten()] if isinstance(branch, exp.And) else [branch]
        if all(judge.anybody(part) for part in parts):
            filled = {column for part in parts if (column := _filled(part)) is not None}
            for column in filled:
                if _SECRET.fullmatch(column) or column in row["_codes"]:
                    yield f"that {column} is there, which only who knows it should be let in by"
        for part in parts:
            yield from _empty(part, parts, row, judge)
            yield from _inside(part, judge)


def _branches(tree: Tree) -> Iterator[Tree]:
    node = bare(tree)
    yield from map(bare, node.flatten()) if isinstance(node, exp.Or) else [node]


def _filled(part: Tree) -> str | None:
    """Return the column of which ``part`` says no more than that it is there, or is not empty."""
    node = bare(part)
    negated = isinstance(node, exp.Not)
    inner = bare(node.this) if negated else node
    if isinstance(inner, exp.Is) and isinstance(bare(inner.expression), exp.Null):
        there = negated is not bool(inner.args.get("negate"))
    else:
        literal = bare(inner.expression) if isinstance(inner, exp.NEQ) else None
        there = not negated and isinstance(literal, exp.Literal) and not literal.name.strip()
    column = bare(inner.this) if there else None
    return column.name if isinstance(column, exp.Column) else None


def _empty(part: Tree, parts: list[Tree], row: Mapping[str, Any], judge: Judge) -> Iterator[str]:
    """Yield where a null of the row equals the null of a caller without an id, and nothing else asks for one."""
    node = bare(part.this) if isinstance(part, exp.Not) else part
    same = isinstance(node, exp.NullSafeNEQ if isinstance(part, exp.Not) else exp.NullSafeEQ)
    if isinstance(node, exp.EQ) and not isinstance(part, exp.Not):
        sides = (bare(node.this), bare(node.expression))
        same = all(isinstance(side, exp.Coalesce) for side in sides) and sides[0].expressions == sides[1].expressions
    if not same:
        return
    for one, other in ((node.this, node.expression), (node.expression, node.this)):
        columns = own_columns(one, row["_table"]) & set(row["_nullable"])
        if columns and names_caller(other, judge.readers) and not own_columns(other, row["_table"]):
            named = any(_asks_for_an_id(each, judge) or _filled(each) in columns for each in parts if each is not part)
            if not named:
                yield f"that {min(columns)} is empty, as the id of a caller without one is"


def _asks_for_an_id(part: Tree, judge: Judge) -> bool:
    node = bare(part)
    negated = isinstance(node, exp.Not)
    inner = bare(node.this) if negated else node
    return (
        isinstance(inner, exp.Is)
        and isinstance(bare(inner.expression), exp.Null)
        and negated is not bool(inner.args.get("negate"))
        and names_caller(inner.this, judge.readers)
    )


def _inside(part: Tree, judge: Judge) -> Iterator[str]:
    """Yield where a sub-select asks for no more than that there is a code, whoever has it."""
    if not isinstance(part, exp.Exists | exp.In) or names_caller(part, judge.readers):
        return
    for node in part.find_all(exp.Is, exp.NEQ):
        whole = node.parent if isinstance(node.parent, exp.Not) else node
        column = _filled(whole)
        if column is not None and _SECRET.fullmatch(column):
            yield f"that there is a {column}, which only who knows it should be let in by"


def shows_nothing_to_visitors(row: Mapping[str, Any]) -> bool:
    """Tell whether no policy shows a row to who is not signed in: each branch asks for an id, which they do not have.

    ``row`` has ``_selects``, the conditions of the policies for SELECT that apply to the role anon.
    """
    judge = Judge("anon")
    return not any(
        judge.truth(branch) is not False and not _needs_an_id(branch, judge)
        for text in row["_selects"]
        for branch in _branches(parsed(text))
    )


def _needs_an_id(branch: Tree, judge: Judge) -> bool:
    parts = branch.flatten() if isinstance(branch, exp.And) else [branch]
    return any(
        (
            isinstance(part, exp.EQ)
            and any(called(bare(side)) == ("auth", "uid") for side in (part.this, part.expression))
        )
        or judge.truth(part) is False
        for part in map(bare, parts)
    )
