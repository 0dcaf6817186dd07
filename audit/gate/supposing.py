"""What an UPDATE would do to rows like those that it asks for, where none of the made-up ones is like that.

Some rows are given what its WHERE compares columns with, as far as that can be read; the statement is executed again,
and what became of these rows is looked at. All of it is undone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from audit.gate.contents import compare, prints
from audit.gate.looking import looking
from audit.gate.results import TOUCHED, Effect, Print
from audit.question import Connection
from audit.sql_text import STRING, Token, quoted, tokens

# So many rows are made to meet it; one, where a constraint lets no two be alike.
ROWS = (3, 1)
# Another number for each of the rows, so that what they are given is not the same where it need not be.
_PLACE = "((ctid::pg_catalog.text::pg_catalog.point)[1])::pg_catalog.int4"
# Longer statements carry rows of their own.
LONGEST = 20_000


@dataclass(frozen=True)
class Wish:
    """What a column must be for a condition to be true: SQL of which one or the other fits its type; None: NULL."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Update:
    """An UPDATE as it is written: the conditions that all have to be true, and its text without them.

    ``joined``: it reads other tables, too.
    """

    conditions: tuple[tuple[Token, ...], ...]
    joined: bool
    everywhere: str


def read(code: Sequence[Token], text: str) -> Update | None:
    """Read a plain UPDATE; None for what is none, or is too long."""
    if not code or code[0].sign != "update" or len(text) > LONGEST:
        return None
    depth, set_at, from_at, where_at, end = 0, 0, 0, 0, len(code)
    for at, token in enumerate(code):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth:
            continue
        match token.sign:
            case "set" if not set_at:
                set_at = at
            case "from" if set_at and not from_at and not where_at:
                from_at = at
            case "where" if set_at and not where_at:
                where_at = at
            case "returning" if set_at:
                end = at
                break
    if not set_at:
        return None
    conditions = tuple(_conjuncts(code[where_at + 1 : end])) if where_at else ()
    everywhere = (
        text[: code[where_at].start] + (text[code[end].start :] if end < len(code) else "") if where_at else text
    )
    return Update(conditions, bool(from_at), everywhere)


def _conjuncts(code: Sequence[Token]) -> Iterator[tuple[Token, ...]]:
    """Yield the parts that AND joins; of those that OR joins the first, which is enough."""
    while len(code) > 1 and code[0].text == "(" and _closing(code, 0) == len(code) - 1:
        code = code[1:-1]
    for sign in ("or", "and"):
        parts = list(_split(code, sign))
        if len(parts) > 1:
            for part in parts if sign == "and" else parts[:1]:
                yield from _conjuncts(part)
            return
    yield tuple(code)


def _closing(code: Sequence[Token], at: int) -> int:
    depth = 0
    for place in range(at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[place].text, 0)
        if not depth:
            return place
    return len(code)


def _split(code: Sequence[Token], sign: str) -> Iterator[Sequence[Token]]:
    depth, begin, between = 0, 0, False
    for at, token in enumerate(code):
        depth += {"(": 1, ")": -1}.get(token.text, 0) + {"case": 1, "end": -1}.get(token.sign, 0)
        if token.sign == "between":
            between = True
        elif token.sign == sign and not depth:
            if sign == "and" and between:
                between = False
                continue
            yield code[begin:at]
            begin = at + 1
    yield code[begin:]


_WRAPPING = frozenset({"lower", "upper", "trim", "btrim", "coalesce", "nullif", "initcap"})
_MEASURING = frozenset({"length", "char_length", "octet_length", "character_length"})
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}


def wish(condition: Sequence[Token], text: str) -> Wish | None:
    """Return what a column must be for a simple condition to be true; None where that cannot be read."""
    code = list(condition)
    if code and code[0].sign == "not" and len(code) == 2:
        return Wish(code[1].name, ("false",)) if code[1].name else None
    at = next((n for n, token in enumerate(code) if _compares(token)), None)
    if at is None:
        name = _column(code)
        return Wish(name, ("true",)) if name else None
    left, sign, right = code[:at], code[at].sign, code[at + 1 :]
    if sign == "is":
        name, words = _column(left), [token.sign for token in right]
        if words[:1] in (["true"], ["false"], ["null"]):
            return Wish(name, (words[0],)) if name else None
        return None
    if sign in ("not", "<>", "!="):
        return None
    name, other = _column(left), right
    if not name and (name := _column(right)):
        sign, other = _TURNED.get(sign, ""), left
    measured = _measured(left)
    if measured and right and sign in (">", ">=", "="):
        return Wish(measured, (f"pg_catalog.repeat('x', ({_text(right, text)})::pg_catalog.int4 + {_PLACE})",))
    if not name or not other:
        return None
    value = _text(other, text)
    match sign:
        case "=":
            return Wish(name, (value,))
        case "in" | "any":
            first, *others = [part for part in _split_commas(other[1:]) if part] or [()]
            if not first or first[0].sign == "select":
                return None
            second = _text(others[0] if others else first, text)
            return Wish(name, (f"case when {_PLACE} % 2 = 0 then {second} else {_text(first, text)} end",))
        case "<" | "<=":
            return Wish(name, (f"({value})::{{0}} - interval '1 day' * {_PLACE}", f"({value})::{{0}} - {_PLACE}", "''"))
        case ">" | ">=":
            more = f"pg_catalog.concat('zzzz', {_PLACE})"
            return Wish(name, (f"({value})::{{0}} + interval '1 day' * {_PLACE}", f"({value})::{{0}} + {_PLACE}", more))
        case "between":
            low = next(iter(_split(other, "and")), ())
            return Wish(name, (_text(low, text),))
        case "like" | "ilike" | "~~" | "~~*" if len(other) == 1 and other[0].kind is STRING:
            begin, any_, end = other[0].value.replace("_", "a").partition("%")
            parts = [sql.Literal(each.replace("%", "")).as_string(None) for each in (begin, end)]
            return Wish(name, (f"pg_catalog.concat({f', {_PLACE}, '.join(parts) if any_ else parts[0]})",))
    return None


_COMPARING = frozenset(
    {"=", "<", ">", "<=", ">=", "<>", "!=", "is", "in", "like", "ilike", "~~", "~~*", "between", "not"}
)


def _compares(token: Token) -> bool:
    return token.kind is not STRING and token.sign in _COMPARING


def _split_commas(code: Sequence[Token]) -> Iterator[Sequence[Token]]:
    depth, begin = 0, 0
    for at, token in enumerate(code):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0 or (token.text == "," and not depth):
            yield code[begin:at]
            begin = at + 1
            if depth < 0:
                return


def _column(code: Sequence[Token]) -> str:
    """Return the one column that stands there, be it in lower(), trim(), coalesce() or with a cast; else ""."""
    code = list(code)
    while len(code) > 2 and code[1].text == "(" and code[0].word in _WRAPPING:
        first = next(_split_commas(code[2:]), ())
        code = list(first)
    while len(code) > 2 and code[0].text == "(" and _closing(code, 0) == len(code) - 1:
        code = code[1:-1]
    for at, token in enumerate(code):
        if token.text == ":":
            code = code[:at]
            break
    if len(code) == 3 and code[1].text == ".":
        code = code[2:]
    return code[0].name if len(code) == 1 else ""


def _measured(code: Sequence[Token]) -> str:
    is_measure = len(code) > 3 and code[0].word in _MEASURING and code[1].text == "("
    return _column(code[2:-1]) if is_measure else ""


def _text(code: Sequence[Token], text: str) -> str:
    return text[code[0].start : code[-1].end] if code else ""


# --- Trying


def harmless(conn: Connection, text: str, oid: int, title: str, columns: Collection[str]) -> bool:
    """Tell whether an UPDATE would lose no value of some columns of its table in any row that it is about.

    It is tried on rows that are made to meet it; and on all rows, without its condition. The connection is in a
    transaction, which is left as it was. Raises psycopg.Error when it is lost.
    """
    code = list(tokens(text))
    update = read(code, text)
    if update is None:
        return False
    for number in ROWS:
        effect = _tried(conn, update, text, oid, title, number)
        if effect is not None:
            return not loses(effect, columns)
    if update.joined:
        return False
    effect = _tried(conn, replace(update, conditions=()), update.everywhere, oid, title, 0)
    return effect is not None and not loses(effect, columns)


def loses(effect: Effect, columns: Collection[str]) -> bool:
    """Tell whether values of some columns were overwritten or emptied."""
    return any(
        became.emptied or became.changed
        for name, became in effect.columns.items()
        if name in columns and not TOUCHED.fullmatch(name)
    )


def _tried(conn: Connection, update: Update, text: str, oid: int, title: str, number: int) -> Effect | None:
    """Execute an UPDATE when ``number`` rows were made to meet it, and tell what became of them; then undo it."""
    conn.execute("savepoint audit_supposes", prepare=False)
    try:
        if not number or _made(conn, update, text, oid, title, number):
            before = _print(conn, oid)
            conn.execute(text.encode(), prepare=False)
            after = _print(conn, oid)
            if before and after and before.signature != after.signature:
                return compare(before, after, before.numbers.values())
    except psycopg.Error:
        if conn.closed:
            raise
    finally:
        if not conn.closed:
            conn.execute("rollback to savepoint audit_supposes; release savepoint audit_supposes", prepare=False)
    return None


def _print(conn: Connection, oid: int) -> Print | None:
    with looking(conn):
        return prints(conn, [oid]).get(oid)


_TYPES = """
select a.attname::pg_catalog.text, pg_catalog.format_type(a.atttypid, a.atttypmod)
from pg_catalog.pg_attribute a where a.attrelid = %s and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
"""


def _made(conn: Connection, update: Update, text: str, oid: int, title: str, number: int) -> bool:
    """Give some rows what the conditions ask for; tell whether there are any."""
    types: dict[str, str] = dict(conn.execute(_TYPES, [oid]).fetchall())
    with suppress(psycopg.Error), conn.transaction():
        # Neither triggers nor foreign keys have a say in what is supposed.
        conn.execute("set local session_replication_role = replica", prepare=False)
    some = conn.execute(f"select ctid::pg_catalog.text from only {title} limit {number}".encode())
    places = [place for (place,) in some.fetchall()]
    if not places:
        return False
    where = " or ".join(f"ctid = {sql.Literal(place).as_string(None)}::pg_catalog.tid" for place in places)
    wishes = [found for each in update.conditions if (found := wish(each, text)) and found.column in types]
    together: dict[str, str] = {}
    for each in wishes:
        values = [value.replace("{0}", types[each.column]) for value in each.values]
        fits = next((value for value in values if _fits(conn, title, where, each.column, value)), None)
        if fits is not None:
            together[each.column] = f"{quoted(each.column)} = {fits}"
    if together:
        conn.execute(f"update only {title} set {', '.join(together.values())} where {where}".encode(), prepare=False)
    conn.execute("set local session_replication_role = origin", prepare=False)
    return True


def _fits(conn: Connection, title: str, where: str, column: str, value: str) -> bool:
    """Tell whether a column takes a value."""
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(f"update only {title} set {quoted(column)} = {value} where {where}".encode(), prepare=False)
    except psycopg.Error:
        if conn.closed:
            raise
        return False
    return True
