"""What tables hold, row by row, and what became of each row: which are gone, and whose values are overwritten.

Values are read in the text form of their type's own output function: no cast, operator or function of the audited
project is called for it. Rows are known by their primary key, or another key that is never NULL; where there is
none, rows that are the same before and after are taken away, and the rest are paired in the order in which they lie.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation

from psycopg import sql

from audit.gate.results import Effect, Line, Overwritten, Print, Value
from audit.question import Connection

# Up to so many rows a table is compared row by row; of a larger one, those are whose key falls into a sample.
MOST_ROWS = 100_000
# The rows of a smaller table are read all at once: values of many times its size may be packed into a table.
FEW_BYTES = 1 << 20
# Longer values are kept as two hashes: of what they say, and of what they say whatever the case and the spaces.
LONGEST = 64
# So much of them is kept beside the hashes, of one table, to see what a longer value has become.
MOST_TEXT = 4 << 20
# So much JSON of one table is read as rows that it may keep.
MOST_JSON = 16 << 20

USER_SCHEMA = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"

# Tables with rows of their own, their columns in order, and their keys; what is generated is no information of its own.
_TABLES = f"""
select c.oid::pg_catalog.int8, pg_catalog.format('%%I.%%I', n.nspname, c.relname),
       pg_catalog.pg_table_size(c.oid),
       pg_catalog.array_agg(a.attname::pg_catalog.text order by a.attnum),
       pg_catalog.array_agg(a.attnum::pg_catalog.int4 order by a.attnum),
       (select pg_catalog.string_to_array(i.indkey::pg_catalog.text, ' ')::pg_catalog.int4[]
        from pg_catalog.pg_index i
        where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
        and i.indimmediate and not exists (
            select from pg_catalog.pg_attribute k
            where k.attrelid = c.oid and k.attnum = any (i.indkey) and (not k.attnotnull or k.attgenerated <> ''))
        order by i.indisprimary desc, i.indexrelid limit 1)
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and a.attgenerated = ''
where {USER_SCHEMA} and c.relkind = 'r' and c.relpersistence <> 't'
and (%(only)s::pg_catalog.int8[] is null or c.oid = any (%(only)s::pg_catalog.int8[]))
group by c.oid, n.nspname, c.relname
"""

# A row that was written anew lies elsewhere, or says of another transaction that it wrote it.
_SIGNATURE = (
    "select {}::pg_catalog.int8, pg_catalog.count(*), "
    "pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.concat(t.ctid, ' ', t.xmin), 0)) from only {} as t"
)


def prints(
    conn: Connection, only: Collection[int] | None = None, known: Mapping[int, Print] | None = None
) -> dict[int, Print]:
    """Return what tables hold (all, or ``only`` some); what did not change since ``known`` is not read again.

    The connection must be one that nothing is hidden from, in a transaction, with settings as ``looking`` makes them.
    Raises psycopg.Error.
    """
    tables = conn.execute(_TABLES, {"only": None if only is None else [*only]}).fetchall()
    if not tables:
        return {}
    parts = [sql.SQL(_SIGNATURE).format(sql.Literal(oid), sql.SQL(title)) for oid, title, *_ in tables]
    signatures = {oid: (rows, total) for oid, rows, total in conn.execute(sql.SQL(" union all ").join(parts))}
    found = {}
    for oid, title, size, columns, numbers, key in tables:
        names = [name for name in columns if name is not None]
        order = dict(zip(names, numbers, strict=True)) if names else {}
        signature = signatures[oid]
        old = known.get(oid) if known else None
        same = old is not None and old.signature == signature and old.numbers == order and old.key == tuple(key or ())
        if same and old is not None:
            found[oid] = old
        else:
            found[oid] = _read(conn, title, order, tuple(key or ()), signature, small=(size or 0) <= FEW_BYTES)
    return found


# Tables that may hold rows of their own.
_EMPTY = f"""
select c.oid::pg_catalog.int8, pg_catalog.format('%I.%I', n.nspname, c.relname)
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where {USER_SCHEMA} and c.relkind = 'r' and c.relpersistence <> 't'
"""


def empty_tables(conn: Connection, known: Collection[int]) -> list[int]:
    """Return the tables without any row, but for those that are known. Raises psycopg.Error.

    The connection must be as for :func:`prints`.
    """
    new = [(oid, title) for oid, title in conn.execute(_EMPTY).fetchall() if oid not in known]
    question = "select {}::pg_catalog.int8 where not exists (select from only {})"
    parts = [sql.SQL(question).format(sql.Literal(oid), sql.SQL(title)) for oid, title in new]
    return [oid for (oid,) in conn.execute(sql.SQL(" union all ").join(parts))] if parts else []


def _read(
    conn: Connection,
    title: str,
    order: dict[str, int],
    key: tuple[int, ...],
    signature: tuple[int, object],
    *,
    small: bool,
) -> Print:
    stride = max(1, -(-signature[0] // MOST_ROWS))
    numbers = list(order.values())
    places = [numbers.index(number) for number in key]
    columns = sql.SQL(", ").join(map(sql.Identifier, order))
    rows, counts, sums = 0, [0] * len(order), [0] * len(order)
    lines: list[Line] = []
    documents = _Documents()
    room = MOST_TEXT
    for cells in _rows(conn, sql.SQL("select {} from only {}").format(columns, sql.SQL(title)), small=small):
        rows += 1
        line = tuple(None if cell is None else _value(cell, room) for cell in (cells if order else ()))
        room -= sum(len(value.text) for value in line if isinstance(value, Long))
        documents.note(cells)
        for place, cell in enumerate(line):
            if cell is not None:
                counts[place] += 1
                sums[place] += hash(cell)
        if stride == 1 or hash(tuple(line[place] for place in places) or line) % stride == 0:
            lines.append(line)
    return Print(
        rows,
        dict(zip(order, counts, strict=True)),
        dict(zip(order, sums, strict=True)),
        order,
        key,
        lines,
        stride,
        signature,
        documents.columns(),
    )


class _Documents:
    """What stands in the objects of JSON of one table, for each of its columns that hold any, if it is not too much."""

    def __init__(self) -> None:
        self._found: dict[int, list[bytes]] = {}
        self._left = MOST_JSON

    def note(self, cells: Sequence[bytes | None]) -> None:
        """Keep what may be an object."""
        for place, cell in enumerate(cells):
            if cell is not None and cell.startswith(b'{"') and self._left > 0:
                self._left -= len(cell)
                self._found.setdefault(place, []).append(cell)

    def columns(self) -> list[dict[str, list[Value]]]:
        """Return for each column what its objects say, by name; what an object does not say is NULL."""
        if self._left <= 0:
            return []
        return [told for cells in self._found.values() if (told := _side_by_side(cells))]


def _side_by_side(cells: Sequence[bytes]) -> dict[str, list[Value]]:
    objects = []
    for cell in cells:
        with suppress(ValueError, RecursionError):
            read = json.loads(cell, parse_float=str, parse_int=str)
            if isinstance(read, dict):
                objects.append(read)
    names = dict.fromkeys(name for each in objects for name in each)
    return {name: [_of_json(each.get(name)) for each in objects] for name in names}


# As JSON has a moment; what PostgreSQL writes otherwise has a space, and no minutes of a zone that has none.
# https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT
_MOMENT = re.compile(r"(\d{4,6}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)(?:([+-]\d\d)(?::00)?)?")


def _of_json(value: object) -> Value:
    """Return a value of JSON as the type that it was made of writes it, as far as that can be told."""
    if value is None:
        return None
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, list):
        return _value(f"{{{','.join(map(_element, value))}}}".encode())
    if isinstance(value, dict):
        return _value(json.dumps(value, ensure_ascii=False).encode())
    return _value(_MOMENT.sub(lambda found: f"{found[1]} {found[2]}{found[3] or ''}", str(value)).encode())


def _element(value: object) -> str:
    return "NULL" if value is None else str(value)


# What lists and objects are written with, by PostgreSQL and in JSON.
_MARKS = re.compile(rb"[\s{}\[\]\"]")


def loosely(value: Value) -> Value:
    """Return a value as it is compared with one out of JSON, where lists and objects are written otherwise."""
    if isinstance(value, tuple):
        return b"%d" % value[1]
    if value is None or value[:1] not in (b"{", b"["):
        return value
    return b"%d" % hash(plain(_MARKS.sub(b"", value)))


def _rows(conn: Connection, question: sql.Composed, *, small: bool) -> Iterator[Sequence[bytes | None]]:
    """Yield rows as the output functions of their types write them: of a large table one after the other."""
    with conn.cursor() as cursor:
        if small:
            cursor.execute(question)
            if (result := cursor.pgresult) is not None:
                width = range(result.nfields)
                for number in range(result.ntuples):
                    yield [result.get_value(number, place) for place in width]
            return
        with cursor.copy(sql.SQL("copy ({}) to stdout").format(question)) as copied:
            for data in copied:
                cells = bytes(data)[:-1].split(b"\t")
                yield [None if cell == rb"\N" else _ESCAPED.sub(_unescaped, cell) for cell in cells]


# https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-TEXT-FORMAT: what COPY writes in place of a sign.
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_SIGNS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def _unescaped(found: re.Match[bytes]) -> bytes:
    return _SIGNS.get(found[1], found[1])


class Long(tuple[int, int]):
    """A longer value: two hashes, by which it is known, and the text itself where there was room for it."""

    text: bytes = b""


def _value(cell: bytes, room: int = 0) -> Value:
    if len(cell) <= LONGEST:
        return cell
    value = Long((hash(cell), hash(plain(cell))))
    if len(cell) <= room:
        value.text = cell
    return value


def _text(value: Value) -> bytes | None:
    """Return the text of a value; None where there is none, or none was kept."""
    return getattr(value, "text", None) or None if isinstance(value, tuple) else value


def plain(cell: bytes) -> str:
    """Return what a value says whatever its case, spaces and dashes; of figures, only spaces and the like go."""
    text = cell.decode("utf-8", "replace")
    if any(map(str.isalpha, text)):
        return "".join(filter(str.isalnum, text.casefold()))
    return text[:1] + "".join(letter for letter in text[1:] if letter not in " -()/")


def _says_the_same(old: Value, new: Value) -> bool:
    if old == new:
        return True
    if isinstance(old, tuple) and isinstance(new, tuple):
        return old[1] == new[1]
    said = [hash(plain(each)) if isinstance(each, bytes) else each[1] if each else None for each in (old, new)]
    return said[0] == said[1]


# --- Comparing


def compare(before: Print, after: Print, numbers: Collection[int]) -> Effect:
    """Tell what became of the rows of a table, and of their values in those of some columns that are left."""
    pairs, gone, looked = _paired(before, after)
    then, now = list(before.numbers.values()), list(after.numbers.values())
    names = {number: name for name, number in before.numbers.items()}
    columns = {}
    for number in then:
        if number in numbers and number in now:
            at, to = then.index(number), now.index(number)
            columns[names[number]] = _column([(old[at], new[to]) for old, new in pairs])
    lost = {name: [line[place] for line in gone] for place, name in enumerate(before.numbers)}
    fewer = {
        name: (count - after.values[name], before.sums[name] - after.sums[name])
        for name, count in before.values.items()
        if after.numbers.get(name) == before.numbers[name]
    }
    return Effect(before.rows, looked, len(gone), columns, lost, fewer)


def _paired(before: Print, after: Print) -> tuple[list[tuple[Line, Line]], list[Line], int]:
    """Return each row as it was and as it is, those that are gone, and how many were looked at."""
    stride = max(before.stride, after.stride)
    then, now = list(before.numbers.values()), list(after.numbers.values())
    if not before.key or not set(before.key) <= set(now):
        return _without_key(before, after, stride)
    at, to = [then.index(n) for n in before.key], [now.index(n) for n in before.key]
    old = _by_key(before.lines, at, stride)
    new = _by_key(after.lines, to, stride)
    pairs = [(line, new[key]) for key, line in old.items() if key in new]
    # A row whose key alone was changed is the same row.
    rest = [number for number in then if number in now and number not in before.key]
    lost = [line for key, line in old.items() if key not in new]
    fresh: dict[Hashable, list[Line]] = {}
    if lost and rest:
        places, others = [then.index(n) for n in rest], [now.index(n) for n in rest]
        for key, line in new.items():
            if key not in old:
                fresh.setdefault(tuple(line[place] for place in others), []).append(line)
        left = []
        for line in lost:
            same = fresh.get(tuple(line[place] for place in places))
            if same and any(line[place] is not None for place in places):
                pairs.append((line, same.pop()))
            else:
                left.append(line)
        lost = left
    return pairs, lost, len(old)


def _by_key(lines: Iterable[Line], places: Sequence[int], stride: int) -> dict[Hashable, Line]:
    found: dict[Hashable, Line] = {}
    for line in lines:
        key = tuple(line[place] for place in places)
        if stride == 1 or hash(key) % stride == 0:
            found[key] = line
    return found


def _without_key(before: Print, after: Print, stride: int) -> tuple[list[tuple[Line, Line]], list[Line], int]:
    then, now = list(before.numbers.values()), list(after.numbers.values())
    shared = [number for number in then if number in now]
    places, others = [then.index(n) for n in shared], [now.index(n) for n in shared]
    left: dict[Hashable, list[Line]] = {}
    for line in after.lines:
        left.setdefault(tuple(line[place] for place in others), []).append(line)
    pairs, changed = [], []
    for line in before.lines:
        same = left.get(tuple(line[place] for place in places))
        if same:
            pairs.append((line, same.pop()))
        else:
            changed.append(line)
    rest = [line for lines in left.values() for line in lines]
    # What an UPDATE writes anew is put behind what is there, in the order in which it was read.
    pairs += zip(changed, rest, strict=False)
    return pairs, changed[len(rest) :], len(before.lines)


def _column(pairs: Sequence[tuple[Value, Value]]) -> Overwritten:
    held = [(old, new) for old, new in pairs if old is not None]
    differing = [(old, new) for old, new in held if old != new]
    if not differing:
        return Overwritten(len(held))
    # NULL instead of a blank text says the same.
    emptied = sum(new is None and not (isinstance(old, bytes) and not old.strip()) for old, new in differing)
    changed = [(old, new) for old, new in differing if new is not None and not _says_the_same(old, new)]
    before, after = {old for old, _ in held}, {new for _, new in held if new is not None}
    told = Overwritten(
        len(held),
        emptied,
        cut=0 if _is_same_end(held) else sum(_cut(old, new) for old, new in differing),
        merged=max(0, len(before) - len(after)),
        shift=_shift(held),
    )
    if not changed or _renamed(changed, held) or _within(changed):
        return told
    old_kinds, new_kinds = {old for old, _ in changed}, {new for _, new in changed}
    return Overwritten(
        told.values,
        told.emptied,
        len(changed),
        len(old_kinds),
        len(new_kinds),
        exchanged=len(old_kinds) > 1 and Counter(old for old, _ in changed) == Counter(new for _, new in changed),
        cut=told.cut,
        merged=told.merged,
        shift=told.shift,
    )


def _renamed(changed: Sequence[tuple[Value, Value]], held: Sequence[tuple[Value, Value]]) -> bool:
    """Tell whether a few words only became other ones, one for each, so that they could be put back."""
    words: dict[Value, set[Value]] = {}
    for old, new in changed:
        words.setdefault(old, set()).add(new)
    targets = [new for news in words.values() for new in news]
    kept = {new for old, new in held if old == new}
    one_for_each = len(targets) == len(words) == len(set(targets)) and not kept & set(targets)
    exchanged = {*words} == {*targets}
    return one_for_each and not exchanged and len(words) * 2 <= len(changed)


def _within(changed: Sequence[tuple[Value, Value]]) -> bool:
    """Tell whether each value is still there as it was, within what says more.

    That is an object or array with what it had, or the same text around all.
    """
    around: set[tuple[bytes, bytes]] | None = None
    for old, new in ((_text(old), _text(new)) for old, new in changed):
        if old is None or new is None:
            return False
        if old[:1] in (b"{", b"[") and _is_more(old, new):
            continue
        ends = {(new[:at], new[at + len(old) :]) for at in range(len(new)) if old and new.startswith(old, at)}
        around = ends if around is None else around & ends
        if not around:
            return False
    return True


def _is_more(old: bytes, new: bytes) -> bool:
    """Tell whether JSON, or an array, has all that another one has, be it in another order."""
    with suppress(ValueError, RecursionError):
        return _has_all(json.loads(old), json.loads(new))
    if not (old.startswith(b"{") and new.startswith(b"{")):
        return False
    return not Counter(_ELEMENT.findall(old)) - Counter(_ELEMENT.findall(new))


# https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
_ELEMENT = re.compile(rb'"(?:[^"\\]|\\.)*"|[^{},"]+')


def _has_all(old: object, new: object) -> bool:
    """Tell whether what JSON says is still said: by the same keys of an object, or somewhere in an array."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and _has_all(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return not Counter(map(_told, old)) - Counter(map(_told, new))
    return type(old) is type(new) and old == new


def _told(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _shift(held: Sequence[tuple[Value, Value]]) -> int:
    """Return by how many powers of ten all numbers became larger and are otherwise the same; 0 where they did not."""
    shifts = set()
    for old, new in held:
        if not isinstance(old, bytes) or not isinstance(new, bytes):
            return 0
        try:
            was, now = Decimal(old.decode()), Decimal(new.decode())
            if was or now:
                shifts.add(now / was if was else None)
        except (InvalidOperation, UnicodeDecodeError, ArithmeticError):
            return 0
    factor = shifts.pop() if len(shifts) == 1 else None
    if factor is None or factor <= 1 or factor != Decimal(10) ** factor.adjusted():
        return 0
    return factor.adjusted()


def _is_same_end(held: Sequence[tuple[Value, Value]]) -> bool:
    """Tell whether of all values, which differ, the same end alone is gone: such as that of a zone, which is known."""
    ends = set()
    for old, new in held:
        if not isinstance(old, bytes) or not isinstance(new, bytes) or not old.startswith(new):
            return False
        ends.add(old[len(new) :])
    return len(ends) == 1 and len({new for _, new in held}) > 1


def _cut(value: Value, became: Value) -> bool:
    old, new = _text(value), _text(became)
    if old is None or new is None or old == new:
        return False
    if old.startswith(b"{") and not new.startswith(b"{"):
        # What is left of an array is its beginning.
        whole, left = plain(old.strip(b"{}")), plain(new)
        return len(left) < len(whole) and whole.startswith(left)
    if not old.startswith(new):
        return False
    try:
        return float(old) != float(new)
    except ValueError:
        return bool(old[len(new) :].strip())
