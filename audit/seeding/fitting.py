"""Fit the community's rows, which are dictionaries, to the columns that a table really has, and load them with COPY.

A column is known by its name or a usual other one; a word becomes the one that means the same here; what must have a
value and is not known gets a plain one. Reasons name conditions, columns and constraints, never values.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import chain, count, cycle, islice, repeat
from operator import itemgetter
from typing import Any, LiteralString

import psycopg
import sqlglot
from psycopg import sql
from psycopg.rows import tuple_row
from sqlglot import exp

from audit.names import SYNONYMS
from audit.people import CAST
from audit.seeding.community import ALIASES, OTHER, PRIVATE, SOMETIMES_MISSING, Row, made_up_id
from audit.seeding.loading import Place, UnfillableError, advance_sequences, leads_nowhere, stubborn_triggers_off
from audit.seeding.rules import hints
from audit.seeding.tables import Catalogue, Column, ForeignKey, Table
from audit.seeding.values import Source, token

# Of how many values of a table it is remembered whose they are.
NOTED = 20_000
# Rows that are there before ours are those that signing up made, and a migration's few.
MOST_THERE = 1_000
EPOCH = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)

Make = Callable[[Row], object]


class Fitting:
    """Loads the community's rows into the tables of one catalogue, and notes which private text went where."""

    def __init__(self, conn: psycopg.Connection[Any], catalogue: Catalogue) -> None:
        self.conn, self.catalogue = conn, catalogue
        self.canaries: dict[str, Place] = {}

    def fill(self, table: Table, rows: Iterable[Row], unfilled: Collection[str], *, generous: bool) -> int:
        """Load rows into a table, and return how many there were; ``generous``: with texts for columns unknown to us.

        Rows whose key is there already, because signing up made them, are brought up to date. Triggers do not fire, so
        foreign keys are verified afterwards.

        Raises UnfillableError when a column cannot be given a value or a foreign key would not hold, and psycopg.Error
        when PostgreSQL refuses the rows.
        """
        rows = iter(rows)
        first = next(rows, None)
        if first is None:
            return 0
        makers = self._makers(table, first, unfilled)
        private = {column for column in makers if _key(column, makers.keys() & first.keys(), first) in PRIVATE}
        if generous:
            extra = self._extras(table, makers)
            makers |= extra
            private |= extra.keys()
        noted: list[tuple[str, str, object]] = []
        key, keys = self._there(table, makers)
        places = [list(makers).index(column) for column in key]
        late: list[list[object]] = []

        def values(rows: Iterable[Row]) -> Iterator[list[object]]:
            """Yield the values of the rows that are not there yet; those that are wait, as a COPY may be under way."""
            for row in rows:
                made = [make(row) for make in makers.values()]
                if len(noted) < NOTED:
                    id_ = "" if keys and key != table.primary_key else str(row.get("id", ""))
                    noted.extend(zip(repeat(id_), makers, made, strict=False))
                if keys and tuple(str(made[place]) for place in places) in keys:
                    late.append(made)
                else:
                    yield made

        def bring_up() -> int:
            return sum(self._update(table, key, dict(zip(makers, late.pop(0), strict=True))) for _ in range(len(late)))

        names = sql.SQL(", ").join(map(sql.Identifier, makers))
        with stubborn_triggers_off(self.conn, table), self.conn.cursor() as cursor:
            # The cast come first, and stay first when they are brought up to date.
            new = list(values(islice(chain((first,), rows), len(CAST))))
            written = bring_up()
            with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(table.identifier, names)) as copy:
                for made in chain(new, values(rows)):
                    copy.write_row(made)
            written += cursor.rowcount + bring_up()
        self._verify(table)
        advance_sequences(self.conn, [table])
        for id_, column, value in noted:
            if column in private and isinstance(value, str) and len(value) > 6:
                self.canaries.setdefault(value, Place(table.title, column, (id_,) if id_ else ()))
        return written

    def _there(self, table: Table, makers: Collection[str]) -> tuple[tuple[str, ...], set[tuple[str, ...]]]:
        """Return a key of the table whose columns our rows have, and its values that are there already."""
        key = next((key for key in (table.primary_key, *table.unique_keys) if key and {*key} <= {*makers}), ())
        if not key:
            return (), set()
        columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in key)
        question = sql.SQL("select {} from {} limit {}").format(columns, table.identifier, MOST_THERE)
        return key, set(self.conn.cursor(row_factory=tuple_row).execute(question))

    def _update(self, table: Table, key: Collection[str], values: Mapping[str, object]) -> int:
        """Bring a row up to date that is there; the primary key stays, because others may refer to it."""
        others = {column: value for column, value in values.items() if column not in (*key, *table.primary_key)}
        if not others:
            return 1

        # Who signed up is as the project made them; only what it left open is added.
        new = "{0} = coalesce({0}, {1})" if table.title == "auth.users" else "{} = {}"

        def pairs(form: LiteralString, columns: Iterable[str]) -> list[sql.Composed]:
            # No parameters: with one, a percent sign in a name would be taken for a placeholder.
            return [sql.SQL(form).format(sql.Identifier(c), sql.Literal(_text(values[c]))) for c in columns]

        statement = sql.SQL("update {} set {} where {}").format(
            table.identifier, sql.SQL(", ").join(pairs(new, others)), sql.SQL(" and ").join(pairs("{} = {}", key))
        )
        return self.conn.execute(statement).rowcount

    def _source(self, column: Column) -> Source:
        return Source(self.catalogue, column, column.name, EPOCH)

    def _makers(self, table: Table, sample: Row, unfilled: Collection[str]) -> dict[str, Make]:
        """Return, for each column that gets one, what makes its value from a row. All rows have the sample's keys.

        Raises UnfillableError when a column must have a value and there is none to give.
        """
        taken = table.columns.keys() & sample.keys()
        makers = {}
        for column in table.columns.values():
            if column.generated:
                continue
            key = _key(column.name, taken, sample)
            parent = _parent(table, column.name)
            if key and not (parent and parent.title in unfilled):
                makers[column.name] = self._maker(table, column, key, sample[key])
            elif self._source(column).required and column.default is None and not column.identity:
                makers[column.name] = _from_filler(self._filler(table, column))
        if not makers:
            raise UnfillableError("none of its columns is known")
        return makers

    def _extras(self, table: Table, makers: Collection[str]) -> dict[str, Make]:
        """Return makers of texts for columns that may be NULL and that our rows know nothing about, each unique."""
        checked = {column for check in table.checks for column in check.columns}
        return {
            name: _from_filler(map(partial(token, f"{table.title}.{name}"), count(1)))
            for name, column in table.columns.items()
            if name not in makers and name not in checked and not column.generated and column.default is None
            if self._source(column).type.name == "text" and not _parent(table, name)
        }

    def _words(self, table: Table, column: Column) -> tuple[str, ...]:
        """Return the words that a column allows, its default first; none if it allows any."""
        type_ = self._source(column).type
        lists = [type_.labels] if type_.kind == "e" else []
        lists += filter(None, (_listed(c.expression) for c in table.checks if c.columns == (column.name,)))
        words = [word for word in lists[0] if all(word in others for others in lists)] if lists else []
        default = re.match("'([^']*)'", column.default or "")
        return tuple(sorted(words, key=lambda word: default is None or word != default[1]))

    def _maker(self, table: Table, column: Column, key: str, sample: object) -> Make:
        """Return what takes a column's value from a row and converts it; where one must be and is not, a filler."""
        convert = self._converter(table, column, sample)
        if self._source(column).required and key in SOMETIMES_MISSING:
            try:
                fillers = self._filler(table, column)
            except UnfillableError as error:
                fillers = _none(error)
            return lambda row: next(fillers) if row[key] is None else convert(row[key]) if convert else row[key]
        if convert is None:
            return itemgetter(key)
        if key in SOMETIMES_MISSING:
            return lambda row: None if row[key] is None else convert(row[key])
        return lambda row: convert(row[key])

    def _converter(self, table: Table, column: Column, sample: object) -> Callable[[Any], object] | None:
        """Return what turns our value into the column's type, or None where nothing needs to be done."""
        source, words = self._source(column), self._words(table, column)
        if words:
            return cache(lambda value: _nearest(str(value), words))
        if source.type.name in ("json", "jsonb"):
            return json.dumps
        if source.type.category == "N":
            return _number
        if source.type.category == "A":
            return lambda _value: "{}"
        if isinstance(sample, dict):
            return json.dumps
        if source.type.name in ("varchar", "bpchar") and source.limit:
            return lambda value: str(value)[: source.limit]
        return None

    def _filler(self, table: Table, column: Column) -> Iterator[object]:
        """Return endless plausible values for a column that must have one and that our rows know nothing about.

        Raises UnfillableError when there is no value to give.
        """
        source, words = self._source(column), self._words(table, column)
        if parent := _parent(table, column.name):
            return cycle(self._keys_of(parent))
        if words:
            return repeat(words[0])
        if source.type.name == "uuid":
            return (made_up_id(OTHER, number) for number in count(1))
        if source.type.category == "S":
            # As short as a check lets it be, or longer.
            asked = [hints(check.expression).get(column.name) for check in table.checks]
            least = min((length for hint in asked if hint for length in hint.lengths), default=0)
            # No text is a part of another: what stays of somebody is known by its text.
            source = replace(source, place=f"{table.title}.{column.name}")
            return (source.phrase(number).ljust(least, ".")[-(source.limit or 1_000) :] for number in count(1))
        if source.type.name in ("int4", "int8"):
            return count(1)
        constant = _CONSTANTS.get(source.type.name) or _CONSTANTS.get(source.type.category)
        if constant is None:
            raise UnfillableError(
                f"column {column.name} of type {source.type.name} must have a value and none is known"
            )
        return repeat(constant)

    def _keys_of(self, key: ForeignKey) -> list[str]:
        """Return up to 100 values that a foreign key may take, not the cast's: what they are party to is on purpose."""
        question = sql.SQL(
            "select {key}::text from {parent} where {key}::text <> all ({cast}) order by {key} limit 100"
        ).format(
            key=sql.Identifier(key.parent_columns[0]),
            parent=sql.SQL(key.place),
            cast=sql.Literal([identity.id for identity in CAST.values() if identity.id]),
        )
        keys = [row[0] for row in self.conn.cursor(row_factory=tuple_row).execute(question)]
        if not keys:
            raise UnfillableError(f"column {key.columns[0]} must refer to a row of {key.place}, which has none")
        return keys

    def _verify(self, table: Table) -> None:
        """Look for rows whose foreign keys lead nowhere, because nothing else does while triggers are off.

        Raises UnfillableError when there is such a row.
        """
        for key in table.foreign_keys:
            question = sql.SQL("select exists (select from {} c where {})").format(table.identifier, leads_nowhere(key))
            if self.conn.cursor(row_factory=tuple_row).execute(question).fetchone() == (True,):
                raise UnfillableError(f"foreign_key_violation, constraint {key.name}")


def _parent(table: Table, column: str) -> ForeignKey | None:
    """Return the foreign key of this column alone, if there is one."""
    return next((key for key in table.foreign_keys if key.columns == [column]), None)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _listed(expression: str) -> list[str]:
    """Return the words of ``check ((col = any (array['a'::text, ...])))``, or none if it is not of that form.

    PostgreSQL rewrites ``col in (...)`` to this: https://www.postgresql.org/docs/current/functions-comparisons.html.
    """
    try:
        tree = sqlglot.parse_one(expression, dialect="postgres")
    except sqlglot.errors.SqlglotError:
        return []
    if tree.find(exp.Not, exp.And):
        return []
    return [
        literal.name
        for equation in tree.find_all(exp.EQ)
        if isinstance(_uncast(equation.left), exp.Column)
        for literal in equation.right.find_all(exp.Literal)
        if literal.is_string
    ]


def _uncast(expression: exp.Expr) -> exp.Expr:
    """Return what is inside parentheses and casts."""
    while isinstance(expression, exp.Paren | exp.Cast):
        expression = expression.this
    return expression


def _key(column: str, taken: set[str], sample: Row) -> str | None:
    """Return under which key rows hold the column's value: its name, or a usual name for it that is still free."""
    if column in taken:
        return column
    free = (key for key, names in ALIASES.items() if column in names and key in sample and key not in taken)
    key = next(free, None)
    if key:
        taken.add(key)
    return key


def _from_filler(values: Iterator[object]) -> Callable[[Row], object]:
    return lambda _row: next(values)


def _number(value: object) -> object:
    """Turn an id into its running number; the kinds of thing count separately, as numbered tables do."""
    return int(value[-12:]) if isinstance(value, str) and re.fullmatch(r"[0-9a-f-]{23}-[0-9]{12}", value) else value


def _nearest(value: str, words: Sequence[str]) -> str:
    """Return the allowed word that means the same, else the first, which is the column's default if it has one."""
    plain = {re.sub(r"[\W_]", "", word).lower(): word for word in reversed(words)}
    wanted = re.sub(r"[\W_]", "", value).lower()
    same = next((group for group in SYNONYMS if wanted in group), frozenset())
    return plain.get(wanted) or next((plain[word] for word in plain if word in same), words[0])


def _none(error: UnfillableError) -> Iterator[object]:
    """Return no values: the first row that needs one learns why."""
    raise error
    yield


# By type or by category. The address is one reserved for documentation (RFC 5737).
_CONSTANTS = {
    "json": "{}", "jsonb": "{}", "bytea": r"\x00",
    "A": "{}", "B": "false", "D": "now", "I": "192.0.2.1", "N": "1", "R": "empty", "T": "1 hour",
}  # fmt: skip
