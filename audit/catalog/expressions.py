"""Policies' expressions, parsed: what is always true, who is asked about, and what is compared with the caller.

The expressions are those of ``pg_get_expr`` under an empty ``search_path``: every function that is not PostgreSQL's own
is qualified. ``_called`` is what they lead to, through any number of functions and views (``audit/catalog/calls.py``).
What cannot be parsed raises Unchecked, never passes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from audit.catalog.calls import Source
from audit.catalog.functions import IDENTITY
from audit.evidence import Unchecked

# A common table expression: "rules" are the policies.
RULES = """
rules as materialized (
    select x.*, pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
               'command', x.command, 'permissive', x.permissive, 'using', x."using", 'check', x."check",
               'roles', x.roles)) over (partition by x.relation) as of_table
    from (
        select p.oid, p.polrelid as relation, p.polname as name, p.polcmd as command, p.polpermissive as permissive,
               n.nspname as schema, c.relname as "table",
               format('%%I on %%s', p.polname, p.polrelid::pg_catalog.regclass) as object,
               pg_catalog.pg_get_expr(p.polqual, p.polrelid) as "using",
               pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as "check",
               array(select r.rolname::text from pg_catalog.pg_roles r
                     where r.rolname = any (%(api_roles)s)
                     and exists (select from unnest(p.polroles) as named
                                 where named = 0 or pg_catalog.pg_has_role(r.oid, named, 'usage'))) as roles
        from pg_catalog.pg_policy p
        join pg_catalog.pg_class c on c.oid = p.polrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relpersistence <> 't' and n.nspname <> 'information_schema'
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')
        offset 0
    ) as x
)
"""

# All policies of the table of the policy "x" of such a question: looked up once, since thousands of tables would else
# be looked through for each policy.
SIBLINGS = """
pg_catalog.jsonb_to_recordset(x.of_table)
as y (command "char", permissive boolean, "using" text, "check" text, roles text[])
"""

# The expressions of the policy "x", or of all the policies of its table; what they lead to is in the column ``_called``
# for who is asked by way of ``Calls.following``.
OWN_RULES = 'pg_catalog.array_remove(array[x."using", x."check"], null) as _rules'
EXPRESSIONS_OF_TABLE = f"""
array(select e from {SIBLINGS}, unnest(array[y."using", y."check"]) as e where e is not null)
"""
RULES_OF_TABLE = f"{EXPRESSIONS_OF_TABLE} as _rules"

_READS_CLAIMS = re.compile(r"request\.jwt|\bauth\s*\.\s*(uid|jwt|role|email)\s*\(", re.IGNORECASE)

Tree = exp.Expr
Name = tuple[str, str]


class Body(NamedTuple):
    """A function or view that a policy leads to, its text without comments."""

    schema: str
    name: str
    language: str
    text: str


def bodies(called: Sequence[Sequence[str]]) -> list[Body]:
    """Return what the column ``_called`` of a question says."""
    return [Body(*body) for body in called]


@cache
def parsed(text: str) -> Tree:
    """Return the tree of one expression. Raises Unchecked when it cannot be parsed."""
    try:
        statement = sqlglot.parse_one(f"select {text}", dialect="postgres")
    except (SqlglotError, RecursionError) as error:
        raise Unchecked("the expression of a policy could not be parsed, so it was not judged") from error
    if not isinstance(statement, exp.Select) or len(statement.expressions) != 1:
        raise Unchecked("the expression of a policy could not be parsed, so it was not judged")
    tree: Tree = statement.expressions[0].pop()
    return tree


def trees(row: Mapping[str, Any]) -> list[Tree]:
    """Return the trees of a question's columns ``_using`` and ``_check``, as far as the policy has them."""
    return [parsed(row[column]) for column in ("_using", "_check") if row.get(column) is not None]


def bare(node: Tree) -> Tree:
    """Take off what does not change a value: parentheses, casts, collations, aliases, sub-selects of one expression."""
    while True:
        if isinstance(node, exp.Paren | exp.Cast | exp.Collate | exp.Alias) or (
            isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select | exp.Subquery)
        ):
            node = node.this
        elif isinstance(node, exp.Select) and _is_wrapping(node):
            node = node.expressions[0]
        else:
            return node


def conjuncts(condition: Tree) -> Iterator[Tree]:
    """Yield the conditions that all have to hold."""
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.this)
        yield from conjuncts(condition.expression)
    else:
        yield condition


def _is_wrapping(select: exp.Select) -> bool:
    plain = not any(select.args.get(part) for part in ("from_", "where", "having", "limit", "offset"))
    return plain and len(select.expressions) == 1


def called(node: Tree) -> Name | None:
    """Return schema and name of the function that ``node`` calls, or None; PostgreSQL's own have no schema."""
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
        return node.this.name, _function_name(node.expression)
    if isinstance(node, exp.Anonymous) and not isinstance(node.parent, exp.Dot):
        return "", str(node.this).lower()
    return None


def _function_name(function: exp.Func) -> str:
    return str(function.this) if isinstance(function, exp.Anonymous) else function.sql_name().lower()


def readers(called_bodies: Sequence[Body]) -> set[Name]:
    """Return the functions and views that read the caller's claims, by themselves or through others."""
    found = set[Name](IDENTITY)
    found |= {(body.schema, body.name) for body in called_bodies if _READS_CLAIMS.search(body.text)}
    while True:
        names = "|".join(re.escape(name) for _, name in found - IDENTITY) or "(?!)"
        calls = re.compile(rf"\b({names})\b")
        more = {(body.schema, body.name) for body in called_bodies if calls.search(body.text)} - found
        if not more:
            return found
        found |= more


def reads_claims(node: Tree, known: Collection[Name]) -> bool:
    """Tell whether ``node`` itself is a call that reads the claims: a function of ``known``, or current_setting."""
    name = called(node)
    if name == ("", "current_setting"):
        return any("request." in literal.name for literal in node.find_all(exp.Literal))
    return name in known


def names_caller(tree: Tree, known: Collection[Name]) -> bool:
    """Tell whether the claims are read anywhere in ``tree``."""
    return any(reads_claims(node, known) for node in tree.walk())


def depends_on_caller(tree: Tree, known: Collection[Name]) -> bool:
    """Tell whether the value of ``tree`` may differ between two callers of one role, for the same row.

    Somebody else's function may do anything, and a sub-select sees what row level security shows to the caller.
    """
    for node in tree.walk():
        name = called(node)
        if isinstance(node, exp.Table | exp.CurrentUser | exp.SessionUser) or reads_claims(node, known):
            return True
        if name is not None and (name[0] or name[1] == "current_setting"):
            return True
    return False


# --- what is always true ---------------------------------------------------------------------------------------------

# A body that does nothing but return one expression: PL/pgSQL, SQL in either form of the standard, SQL in a string.
# A long one does more; and how long a pattern takes must not be in the hands of who writes the body.
_ONLY_RETURNS = re.compile(
    r"(?:(?:declare\b.*)?begin\s+return|create\b.*\breturn|create\b.*\bbegin\s+atomic\s+select|select)\b\s*+([^;]+)",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_RETURN = 10_000
_END = re.compile(r"(?<=[\s;])end\Z", re.IGNORECASE)
_SOMETHING = object()  # a value that is known not to be null, and nothing else


class Judge:
    """Judges expressions as a caller of ``role`` meets them.

    ``never_null`` are the table's columns that cannot be null, ``functions`` what the policy calls.
    """

    def __init__(self, role: str, never_null: Collection[str] = (), functions: Sequence[Body] = ()) -> None:
        self.role = role
        self.never_null = frozenset(never_null)
        self.functions = functions
        self.readers = readers(functions)
        # Of each function what it returns, once, however many others call it.
        self._returned: dict[int, bool | None] = {}
        self._within: Judge | None = None if never_null else self

    def always(self, tree: Tree) -> bool:
        """Tell whether ``tree`` is true for every row and every caller of the role."""
        return self.truth(tree) is True

    def anybody(self, tree: Tree) -> bool:
        """Tell whether ``tree`` can be true without a look at who is calling, in one branch of an OR at least."""
        node = bare(tree)
        if self.truth(node) is not None:
            return self.truth(node) is True
        if isinstance(node, exp.Or):
            return any(self.anybody(branch) for branch in node.flatten())
        if isinstance(node, exp.And):
            return all(self.anybody(branch) for branch in node.flatten())
        return not depends_on_caller(node, self.readers)

    def truth(self, tree: Tree) -> bool | None:
        """Return True or False where ``tree`` is that for every row and caller, else None."""
        node = bare(tree)
        if isinstance(node, exp.Boolean):
            return bool(node.this)
        if isinstance(node, exp.Literal):
            return {"true": True, "t": True, "false": False, "f": False}.get(node.name.lower())
        if isinstance(node, exp.Not):
            truth = self.truth(node.this)
            return None if truth is None else not truth
        if isinstance(node, exp.And | exp.Or):
            return self._joined(node)
        if isinstance(node, exp.GT | exp.GTE | exp.LT | exp.LTE) and (truth := _ordered(node)) is not None:
            return truth
        if isinstance(node, exp.Is | exp.EQ | exp.NEQ | exp.NullSafeEQ | exp.NullSafeNEQ | exp.GTE | exp.LTE):
            return self._compared(node)
        if isinstance(node, exp.In) and not node.args.get("query"):
            return self._one_of(self._value(node.this), node.expressions)
        if isinstance(node, exp.Coalesce):
            values = [part for part in (node.this, *node.expressions) if not isinstance(bare(part), exp.Null)]
            return self.truth(values[0]) if values else None
        if isinstance(node, exp.Case):
            branches = [branch.args["true"] for branch in node.args["ifs"]]
            outcomes = {self.truth(part) for part in (*branches, node.args.get("default") or exp.Null())}
            return outcomes.pop() if len(outcomes) == 1 else None
        if isinstance(node, exp.Exists):
            select = node.this
            return (
                True
                if isinstance(select, exp.Select) and not select.args.get("from_") and not select.args.get("where")
                else None
            )
        return self._called(node)

    def _joined(self, node: exp.Connector) -> bool | None:
        decisive = isinstance(node, exp.Or)
        branches = [bare(branch) for branch in node.flatten()]
        truths = [self.truth(branch) for branch in branches]
        if decisive in truths:
            return decisive
        if all(truth is (not decisive) for truth in truths):
            return not decisive
        # "a or not a" is true but for nulls.
        if not any(
            isinstance(branch, exp.Not | exp.NEQ | exp.NullSafeNEQ) or branch.args.get("negate") for branch in branches
        ):
            return None
        texts = {_polarity(branch) for branch in branches}
        return decisive if decisive and any((text, not sign) in texts for text, sign in texts) else None

    def _compared(self, node: exp.Binary) -> bool | None:
        left, right = bare(node.this), bare(node.expression)
        negated = isinstance(node, exp.NEQ | exp.NullSafeNEQ)
        if isinstance(node, exp.Is) and isinstance(right, exp.Null):
            null = self._null(left)
            return None if null is None else null is not bool(node.args.get("negate"))
        if isinstance(node, exp.Is) and isinstance(right, exp.Boolean):
            truth = self.truth(left)
            return None if truth is None else (truth is bool(right.this)) is not bool(node.args.get("negate"))
        if isinstance(right, exp.Any):
            items = bare(right.this)
            return self._one_of(self._value(left), items.expressions) if isinstance(items, exp.Array) else None
        if left == right and not isinstance(left, exp.Null):
            return not negated
        one, other = self._value(left), self._value(right)
        if _SOMETHING in (one, other) or one is None or other is None or isinstance(node, exp.GTE | exp.LTE):
            truth, literal = self.truth(left), bare(right)
            if truth is not None and isinstance(literal, exp.Boolean):
                return (truth is bool(literal.this)) is not negated
            return None
        return (one == other) is not negated

    def _one_of(self, value: object, items: Sequence[Tree]) -> bool | None:
        values = [self._value(item) for item in items]
        if not isinstance(value, str):
            return None
        if value in values:
            return True
        return False if values and all(isinstance(item, str) for item in values) else None

    def _null(self, node: Tree) -> bool | None:
        """Tell whether ``node`` is always, or never, null; None when neither is known."""
        if isinstance(node, exp.Null):
            return True
        if isinstance(node, exp.Column) and not node.table and node.name in self.never_null:
            return False
        if self._value(node) is not None or _range(node) is not None:
            return False
        signed_in = {("auth", "uid"), ("auth", "email")}
        anonymous = self.role == "anon" and (called(node) in signed_in or _claim(node) == "sub")
        return True if anonymous else None

    def _value(self, tree: Tree) -> object:
        """Return what ``tree`` is for every caller of the role: a text, _SOMETHING, or None when that is not known."""
        node = bare(tree)
        if isinstance(node, exp.Literal):
            return node.name
        if isinstance(node, exp.Coalesce):
            return self._value(node.this)
        if called(node) == ("auth", "role") or _claim(node) == "role" or _is_role(node):
            return self.role
        if called(node) == ("auth", "jwt"):
            return _SOMETHING
        if self.role != "anon":
            if _claim(node) == "aud":
                return "authenticated"
            if called(node) in {("auth", "uid"), ("auth", "email")} or _claim(node) in ("sub", "email"):
                return _SOMETHING
        return None

    def _called(self, node: Tree) -> bool | None:
        """Return the truth of a function that does nothing but return an expression."""
        name = called(node)
        found = {self._body(body) for body in self.functions if (body.schema, body.name) == name}
        return found.pop() if len(found) == 1 else None

    def _body(self, body: Body) -> bool | None:
        if id(body) not in self._returned:
            self._returned[id(body)] = None  # to itself, meanwhile
            self._returned[id(body)] = self._returns(body)
        return self._returned[id(body)]

    def _returns(self, body: Body) -> bool | None:
        simple = _only_returns(body.text)
        if simple is None or re.search(rf"\b{re.escape(body.name)}\b", simple):
            return None
        try:
            tree = parsed(simple)
        except Unchecked:
            return None
        # Only what reads no rows can be judged here; who the user is depends on whose rights the function has.
        if tree.find(exp.From, exp.CurrentUser) is not None:
            return None
        if self._within is None:  # where no column of the table is meant
            self._within = Judge(self.role, (), self.functions)
            self._within._returned = self._returned
        return self._within.truth(tree)


def _only_returns(text: str) -> str | None:
    """Return the expression that a function's body returns where it does nothing else."""
    if len(text) > _LONGEST_RETURN:
        return None
    found = _ONLY_RETURNS.fullmatch(without_end(text.strip()))
    return found[1] if found else None


def without_end(text: str) -> str:
    """Return a body without the END of its block and the semicolons around it."""
    text = text.rstrip().removesuffix(";").rstrip()
    return _END.sub("", text).rstrip().removesuffix(";").rstrip()


def _ordered(node: exp.Binary) -> bool | None:
    """Tell how two numbers compare that are known well enough: ``(select count(*) from t) >= 0`` is always true."""
    one, other = _range(node.this), _range(node.expression)
    if one is None or other is None:
        return None
    if isinstance(node, exp.LT | exp.LTE):
        one, other = other, one
    or_equal = isinstance(node, exp.GTE | exp.LTE)
    if one[0] > other[1] or (or_equal and one[0] == other[1]):
        return True
    return False if one[1] < other[0] or (not or_equal and one[1] == other[0]) else None


def _range(tree: Tree) -> tuple[float, float] | None:
    """Return the least and the greatest that a number or a count can be; a count of all rows is never null."""
    node = bare(tree)
    if isinstance(node, exp.Select) and len(node.expressions) == 1:
        counts = isinstance(bare(node.expressions[0]), exp.Count)
        plain = not any(node.args.get(part) for part in ("group", "having", "limit", "offset"))
        return (0, math.inf) if counts and plain else None
    sign = -1 if isinstance(node, exp.Neg) else 1
    literal = bare(node.this) if isinstance(node, exp.Neg) else node
    try:
        number = sign * float(literal.name) if isinstance(literal, exp.Literal) else None
    except ValueError:
        return None
    return None if number is None else (number, number)


def _polarity(node: Tree) -> tuple[str, bool]:
    """Return the text of a condition without its negation, and whether it had none."""
    if isinstance(node, exp.Not):
        text, sign = _polarity(bare(node.this))
        return text, not sign
    if isinstance(node, exp.NEQ | exp.NullSafeNEQ):
        return " = ".join(sorted((bare(node.this).sql(), bare(node.expression).sql()))), False
    if isinstance(node, exp.EQ | exp.NullSafeEQ):
        return " = ".join(sorted((bare(node.this).sql(), bare(node.expression).sql()))), True
    if isinstance(node, exp.Is):
        return f"{bare(node.this).sql()} is {node.expression.sql()}", not node.args.get("negate")
    return node.sql(), True


def _is_role(node: Tree) -> bool:
    return isinstance(node, exp.CurrentUser) or (
        isinstance(node, exp.Column) and not node.table and node.name.lower() in ("current_role", "current_user")
    )


def is_database_user(node: Tree) -> bool:
    """Tell whether ``node`` asks who the database's user is: the API's role, which is nobody in particular."""
    return _is_role(node) or isinstance(node, exp.SessionUser)


def _claim(node: Tree) -> str | None:
    """Return the name of the top-level claim that ``node`` takes out of the token as text, or None."""
    if called(node) == ("", "current_setting"):
        setting = node.find(exp.Literal)
        name = setting.name if setting is not None else ""
        return name.removeprefix("request.jwt.claim.") if name.startswith("request.jwt.claim.") else None
    if not isinstance(node, exp.JSONExtractScalar | exp.JSONExtract | exp.Bracket):
        return None
    key = bare(node.expressions[0] if isinstance(node, exp.Bracket) else node.expression)
    return key.name if isinstance(key, exp.Literal) and _is_token(bare(node.this)) else None


def _is_token(node: Tree) -> bool:
    if called(node) == ("", "current_setting"):
        return any(literal.name == "request.jwt.claims" for literal in node.find_all(exp.Literal))
    return called(node) == ("auth", "jwt")


def hole(row: Mapping[str, Any]) -> bool:
    """Tell whether a permissive policy lets a whole role do a command, restrictive policies considered.

    Reading is open to what is always true: a branch about the row alone (``is_published``) declares what is public.
    It matters where rows belong to somebody, or are ``_private`` by what is known of the table, and where the policy
    itself asks for something beside what is true of every row, which was to keep rows back.
    Updating and deleting is open to any branch that does not look at the caller; inserting to what is always true,
    and to what does not look at the caller where rows belong to somebody. A new row that may be anything matters
    where the role may update a column that says whose the row is.

    ``row`` has ``role``, ``command``, ``_using``, ``_check`` and ``_called`` of the policy; of its table ``_table``
    (its name), ``_never_null`` and ``_updatable`` (columns), ``_restrictive`` (pairs of expressions that apply to the
    role and command), ``_others`` (all expressions), ``_usings`` and ``_checks`` (those of all permissive policies).
    """
    judge = Judge(row["role"], row["_never_null"], bodies(row["_called"]))
    using, check = (None if row[column] is None else parsed(row[column]) for column in ("_using", "_check"))
    limits = [[parsed(text) for text in pair if text is not None] for pair in zip(*row["_restrictive"], strict=True)]
    of_old, of_new = limits or ([], [])
    checks = [parsed(text) for text in row["_checks"]]

    def changes(conditions: Iterable[Tree]) -> bool:
        columns = {column for condition in conditions for column in own_columns(condition, row["_table"])}
        return bool(columns & set(row["_updatable"]))

    match row["command"]:
        case "select":
            if using is None or not all(map(judge.always, [using, *of_old])):
                return False
            slipped = _asks_in_vain(using, judge, row["_table"])
            return row["_private"] or slipped or _belongs_to_somebody(row, judge.readers)
        case "delete":
            return using is not None and all(map(judge.anybody, [using, *of_old]))
        case "insert":
            if check is None or not all(map(judge.anybody, [check, *of_new])):
                return False
            return judge.always(check) or _belongs_to_somebody(row, judge.readers)
    if using is not None and all(map(judge.anybody, [using, *of_old])):
        # Where a new row must be the caller's, and whose it is cannot be changed, no other row is within reach.
        return any(judge.anybody(new) or not own_columns(new, row["_table"]) for new in checks) or changes(checks)
    return check is not None and all(map(judge.always, [check, *of_new])) and changes(map(parsed, row["_usings"]))


def _asks_in_vain(using: Tree, judge: Judge, table: str) -> bool:
    """Tell whether one alternative says of the row what is true of all rows, and another asks for more in vain."""
    node = bare(using)
    branches = list(node.flatten()) if isinstance(node, exp.Or) else []
    open_to_all = [each for each in branches if judge.truth(each) is True and own_columns(each, table)]
    return bool(open_to_all) and any(judge.truth(each) is None for each in branches)


def _belongs_to_somebody(row: Mapping[str, Any], known: Collection[Name]) -> bool:
    return any(
        found.with_caller and found.table is None for text in row["_others"] for found in compared(parsed(text), known)
    )


# --- how often it is asked -------------------------------------------------------------------------------------------


def asks_for_every_row(row: Mapping[str, Any]) -> bool:
    """Tell whether the policy of ``_using``, ``_check`` and ``_called`` reads the claims once for every row.

    The server evaluates ``(select f())`` once for a statement when nothing in it refers to the row. A function that is
    given a column cannot be taken out, and is not counted
    (https://supabase.com/docs/guides/database/postgres/row-level-security#call-functions-with-select).
    """
    known = readers(bodies(row["_called"]))
    return any(
        reads_claims(node, known) and not _has_columns(node) and not _is_wrapped(node)
        for tree in trees(row)
        for node in tree.walk()
    )


def _has_columns(node: Tree) -> bool:
    return any(not _is_role(column) for column in node.find_all(exp.Column))


def _is_wrapped(node: Tree) -> bool:
    """Tell whether ``node`` stands in a sub-select without a reference to any row, or is the rows of one."""
    inner: Tree = node
    parent = node.parent
    while parent is not None:
        if isinstance(parent, exp.Select):
            from_rows = isinstance(inner, exp.From | exp.Join)
            if from_rows or not parent.args.get("from_"):
                return not _has_columns(inner) and not any(_has_columns(e) for e in parent.expressions if not from_rows)
        inner, parent = parent, parent.parent
    return False


# --- what is compared with the caller --------------------------------------------------------------------------------


class Compared(NamedTuple):
    """A column that a policy compares for equality; ``table`` is None for the policy's own table."""

    table: Name | None
    column: str
    with_caller: bool


def compared(tree: Tree, known: Collection[Name]) -> Iterator[Compared]:
    """Yield the columns that are compared for equality, with what: the caller (their id, their rows), or else."""
    for node in tree.find_all(exp.EQ, exp.In):
        others = node.args.get("query") or node.args.get("expression") or exp.Tuple(expressions=node.expressions)
        sides = (node.this, others)
        for one, other in (sides, sides[::-1]):
            column = bare(one)
            if isinstance(column, exp.Column) and not _is_role(column):
                caller = names_caller(other, known) and not _has_columns(other)
                yield Compared(table_of(column), column.name, caller)


def compares_without_index(row: Mapping[str, Any]) -> bool:
    """Tell whether a policy compares a column with the caller and none of the ``_indexes`` helps to find its rows.

    ``row`` has ``_using``, ``_check``, ``_called``, the column's ``_owner`` (None: the policy's own table; else schema
    and name) and ``_column``, and for each index on it the list of its columns before this one. An index helps when
    the policy compares those, too.
    """
    known = readers(bodies(row["_called"]))
    owner = tuple(row["_owner"]) if row["_owner"] else None
    found = [one for tree in trees(row) for one in compared(tree, known) if one.table == owner]
    if not any(one.with_caller and one.column == row["_column"] for one in found):
        return False
    columns = {one.column for one in found}
    return not any(set(index) <= columns for index in row["_indexes"])


def own_columns(tree: Tree, table: str) -> set[str]:
    """Return the columns of the policy's own table, called ``table``, that ``tree`` refers to."""
    return {
        column.name for column in tree.find_all(exp.Column) if table_of(column) is None and column.table in ("", table)
    }


def table_of(column: exp.Column) -> Name | None:
    """Return the table of a column as the sub-select around it names it; None is the policy's own."""
    select = column.find_ancestor(exp.Select)
    while select is not None:
        tables = [
            table
            for part in (select.args.get("from_"), *(select.args.get("joins") or []))
            if part is not None
            for table in part.find_all(exp.Table)
            if table.find_ancestor(exp.Select) is select
        ]
        for table in tables:
            if column.table == table.alias_or_name or (not column.table and len(tables) == 1):
                return table.db, table.name
        select = select.find_ancestor(exp.Select)
    return None


# --- what can be forged, guessed or changed --------------------------------------------------------------------------

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NIL = "00000000-0000-0000-0000-000000000000"
_ADDRESS = re.compile(r"(?<![^\s@'])[^\s@']++@[^\s@']+\.[^\s@']")
_HEADERS = re.compile(r"request\.(headers?|cookies?)\b", re.IGNORECASE)
HEADERS = "headers of the request, which the caller writes"
# A header whose value is a secret of a row lets in whoever knows it, as a password does.
_KEY_COLUMN = r"(?:\w{1,60}_)?(?:key|token|secret|hash|digest)(?:_\w{1,60})?"
_BY_KEY = re.compile(
    rf"\b{_KEY_COLUMN}\s*=\s*[^;=]{{0,80}}request\.headers?|request\.headers?'[^;=]{{0,80}}=\s*(?:\w+\.)?{_KEY_COLUMN}\b",
    re.IGNORECASE,
)
_METADATA_KEY = re.compile(r"""(\$\.|\{)?\s*"?user_metadata"?\s*([,.}\[].*)?""", re.DOTALL)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_PATTERNS = (exp.Like, exp.ILike, exp.RegexpLike, exp.RegexpILike, exp.SimilarTo)


def trusts_metadata(row: Mapping[str, Any]) -> bool:
    """Tell whether a policy, or what it calls, reads what users write about themselves: their user_metadata."""
    for body in bodies(row["_called"]):
        if re.search(r"\braw_user_meta_data\b", body.text, re.IGNORECASE) or any(
            _METADATA_KEY.fullmatch(literal) for literal in _LITERAL.findall(body.text)
        ):
            return True
    return any(_reads_metadata(tree) for tree in trees(row))


def _reads_metadata(tree: Tree) -> bool:
    if any(column.name == "raw_user_meta_data" for column in tree.find_all(exp.Column)):
        return True
    for literal in tree.find_all(exp.Literal):
        around = literal.parent
        while isinstance(around, exp.Cast | exp.Paren):
            around = around.parent
        if _METADATA_KEY.fullmatch(literal.name) and not isinstance(around, exp.EQ | exp.NEQ | exp.In):
            return True
    return False


def weaknesses(row: Mapping[str, Any]) -> list[str]:
    """Return what a policy's own text rests on that can be forged, guessed or changed by the caller.

    ``row`` has ``_using``, ``_check``, ``_called`` and ``_roles``, the names of all roles of the server.
    """
    known = readers(bodies(row["_called"]))
    return sorted({weakness for tree in trees(row) for weakness in _weak(tree, known, frozenset(row["_roles"]))})


def weak_within(source: Source | None) -> bool:
    """Tell whether a function or view that policies call rests on such a thing."""
    known = source is None or source.brought or (source.schema, source.name) in IDENTITY
    return not known and source is not None and bool(_weak_body(source.plain))


def _weak(tree: Tree, known: Collection[Name], roles: Collection[str]) -> Iterator[str]:
    for node in tree.walk():
        if called(node) == ("auth", "email") or _claim(node) == "email":
            yield "an e-mail address"
        elif _claim(node) == "phone":
            yield "a telephone number"
        elif is_database_user(node):
            yield "the database's user, which is the API's role for everybody"
        elif isinstance(node, _PATTERNS) and names_caller(node, known) and not _is_own_folder(node):
            yield "a pattern over the caller's claims"
        elif isinstance(node, exp.Literal) and node.is_string:
            yield from _weak_literal(node.name)
        elif isinstance(node, exp.EQ | exp.NEQ | exp.In | exp.NullSafeEQ | exp.NullSafeNEQ):
            yield from _unknown_roles(node, roles)


def _is_own_folder(node: Tree) -> bool:
    """Tell whether a pattern is the caller's id, and then a slash and anything: an id has no wildcard of its own."""
    parts = [*_joined(node.args.get("expression") or exp.Null())]
    ids = [at for at, part in enumerate(parts) if _is_own_id(part)]
    if not isinstance(node, exp.Like) or len(ids) != 1:
        return False
    literals = [part.name if isinstance(part, exp.Literal) else "%" for at, part in enumerate(parts) if at not in ids]
    before, after = literals[: ids[0]], "".join(literals[ids[0] :])
    return not any({*text} & {*"%_"} for text in before) and after.startswith("/")


def _joined(node: Tree) -> Iterator[Tree]:
    """Yield what a text is put together of."""
    node = bare(node)
    if isinstance(node, exp.DPipe):
        yield from (*_joined(node.left), *_joined(node.right))
    else:
        yield node


def _is_own_id(part: Tree) -> bool:
    """Tell whether an expression is auth.uid(), also from a sub-select of its own."""
    if isinstance(part, exp.Subquery | exp.Select):
        return part.find(exp.Table) is None and [called(each) for each in part.find_all(exp.Dot)] == [("auth", "uid")]
    return called(part) == ("auth", "uid")


def _weak_literal(text: str) -> Iterator[str]:
    if _UUID.fullmatch(text.strip()) and text.strip() != _NIL:
        yield "a hard-coded id"
    if _ADDRESS.search(text):
        yield "a hard-coded e-mail address"
    if _HEADERS.match(text):
        yield HEADERS


def _unknown_roles(node: Tree, roles: Collection[str]) -> Iterator[str]:
    sides = [node.this, *([node.expression] if isinstance(node, exp.Binary) else node.expressions)]
    plain = [bare(side) for side in sides]
    if any(called(side) == ("auth", "role") or _claim(side) == "role" or _is_role(side) for side in plain):
        for side in plain:
            items = bare(side.this) if isinstance(side, exp.Any) else side
            for item in items.expressions if isinstance(items, exp.Array) else [items]:
                if isinstance(bare(item), exp.Literal) and bare(item).name not in roles:
                    yield "a role that does not exist"


_READS_EMAIL = re.compile(
    r"\bauth\s*\.\s*email\s*\(|request\.jwt\.claim\.email|\bauth\s*\.\s*jwt\s*\(\s*\)\s*->>?\s*'email'", re.IGNORECASE
)


_READS_PHONE = re.compile(r"request\.jwt\.claim\.phone|\bauth\s*\.\s*jwt\s*\(\s*\)\s*->>?\s*'phone'", re.IGNORECASE)

# Whoever comes by the API has the session of authenticator: that somebody else's is asked for lets none of them in.
# https://docs.postgrest.org/en/stable/references/auth.html
_SESSION_OF_OTHERS = re.compile(
    r"\bsession_user\s*(?:::\s*\w+\s*)?=\s*'(?!authenticator')[^']*'|'(?!authenticator')[^']*'\s*=\s*session_user\b",
    re.IGNORECASE,
)


def _weak_body(text: str) -> set[str]:
    found = {weakness for literal in _LITERAL.findall(text) for weakness in _weak_literal(literal)}
    if _BY_KEY.search(text):
        found.discard(HEADERS)
    if _READS_EMAIL.search(text):
        found.add("an e-mail address")
    if _READS_PHONE.search(text):
        found.add("a telephone number")
    if re.search(r"\b(current_user|session_user|current_role)\b", _SESSION_OF_OTHERS.sub("", text), re.IGNORECASE):
        found.add("the database's user, which is the API's role for everybody")
    return found
