"""What the policies of storage.objects tie an object to: its bucket, its owner, or its place in a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import exp

from audit.catalog.expressions import Judge, Tree, bare, called, names_caller, own_columns, parsed
from audit.catalog.functions import IDENTITY

# The columns that say whose an object is (https://supabase.com/docs/guides/storage/schema/design).
OWNERS = {"owner", "owner_id"}
PLACES = {"name", "path_tokens", "id"}


def ties(row: Mapping[str, Any]) -> bool:
    """Tell whether a policy ties an object to its owner or bucket, in all that it lets somebody read or write.

    ``row`` has ``_using``, ``_check`` and ``_command`` as in pg_policy: r, a, w, d or * for all.
    Raises Unchecked when an expression cannot be parsed.
    """
    return all(_tied(parsed(text)) for text in _judged(row["_command"], row["_using"], row["_check"]))


def _judged(command: str, using: str | None, check: str | None) -> Iterator[str]:
    """Yield what decides; a policy without an expression lets everything pass."""
    if command != "a":
        yield using or "true"
    if command == "a" or check is not None:
        yield check or "true"


def _tied(tree: Tree) -> bool:
    node = bare(tree)
    if isinstance(node, exp.Or):
        branches = [branch for branch in node.flatten() if not _closed(branch)]
        # An administrators' branch beside the others is usual; nothing but such a branch is not tied to anything.
        return all(_tied(branch) or _asks_the_project(branch) for branch in branches) and (
            not branches or any(_tied(branch) for branch in branches)
        )
    if isinstance(node, exp.And):
        return any(_tied(branch) for branch in node.flatten())
    if _closed(node):
        return True
    if isinstance(node, exp.Not | exp.NEQ | exp.Is):
        return False
    if isinstance(node, exp.Case):
        outcomes = [exp.and_(branch.this, branch.args["true"]) for branch in node.args["ifs"]]
        return all(_tied(outcome) for outcome in (*outcomes, node.args.get("default") or exp.false()))
    if isinstance(node, exp.EQ | exp.In | exp.Like | exp.RegexpLike):
        others = node.args.get("query") or node.args.get("expression") or exp.Tuple(expressions=node.expressions)
        return _compared(node.this, others) or _compared(others, node.this)
    if isinstance(node, exp.Exists):
        return bool(own_columns(node, "objects") & {"bucket_id", *OWNERS, *PLACES})
    asked = _asks_the_project(node) or names_caller(node, IDENTITY)
    return asked and bool(own_columns(node, "objects") & {"bucket_id", *OWNERS, *PLACES})


def _compared(one: Tree, other: Tree) -> bool:
    """Tell whether ``one`` is an object's bucket or owner, or its place, and ``other`` says which."""
    column = bare(one)
    if bare(other) == column:
        return False
    if isinstance(column, exp.Column) and column.name == "bucket_id":
        return not (isinstance(bare(other), exp.Literal) and not bare(other).name.strip("%"))
    if own_columns(other, "objects") and not other.find(exp.Select):
        return False
    somebody = names_caller(other, IDENTITY) or other.find(exp.Select) is not None or _asks_the_project(other)
    return somebody and bool(own_columns(one, "objects") & (OWNERS | PLACES))


def _asks_the_project(tree: Tree) -> bool:
    """Tell whether a function is asked that is neither PostgreSQL's nor the platform's."""
    names = [called(node) for node in tree.walk()]
    return any(name is not None and name[0] not in ("", "auth", "storage") for name in names)


def _closed(tree: Tree) -> bool:
    """Tell whether nobody whom the API lets in gets through: false, or a comparison with the service's own role."""
    node = bare(tree)
    if isinstance(node, exp.And):
        return any(_closed(branch) for branch in node.flatten())
    if isinstance(node, exp.EQ):
        sides = [bare(node.this), bare(node.expression)]
        named = any(isinstance(side, exp.Literal) and side.name == "service_role" for side in sides)
        return named and names_caller(node, IDENTITY)
    return isinstance(node, exp.Boolean) and not node.this


def lists(row: Mapping[str, Any]) -> bool:
    """Tell whether a policy shows all objects of a bucket, or what lies in a part of it, to everybody of a role.

    ``row`` has ``role``, ``_using`` of the policy, ``_bucket`` (its id) and ``_restrictive`` (conditions of the
    restrictive policies that apply). Raises Unchecked when an expression cannot be parsed.
    """
    judge = Judge(row["role"])
    tree = bare(parsed(row["_using"] or "true"))
    if any(not judge.anybody(parsed(text)) for text in row["_restrictive"]):
        return False
    branches = tree.flatten() if isinstance(tree, exp.Or) else [tree]
    return any(judge.anybody(branch) and _concerns(bare(branch), row["_bucket"]) for branch in branches)


def _concerns(branch: Tree, bucket: str) -> bool:
    """Tell whether a branch can be true of a bucket: only where it names others it cannot."""
    for part in map(bare, branch.flatten()) if isinstance(branch, exp.And) else [branch]:
        column = bare(part.this) if isinstance(part, exp.EQ | exp.NEQ | exp.In) else None
        if not isinstance(column, exp.Column) or column.name != "bucket_id":
            continue
        named = part.expressions
        if not isinstance(part, exp.In):
            value = bare(part.expression)
            named = bare(value.this).expressions if isinstance(value, exp.Any) else [value]
        words = {bare(word).name for word in named if isinstance(bare(word), exp.Literal)}
        if words and (bucket in words) is isinstance(part, exp.NEQ):
            return False
    return True
