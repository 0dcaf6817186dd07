"""Make the rows that decide a condition of a policy where no row does: like one that is there, but for what decides."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from audit.seeding.deciding import Condition, Deciding
from audit.seeding.loading import advance_sequences, leads_nowhere, own_rows, stubborn_triggers_off
from audit.seeding.rules import Rules, hints
from audit.seeding.tables import Catalogue, Table
from audit.seeding.values import Source, UnknownTypeError

# How many rows are offered to the server for one condition, and the number of the first that is made.
MOST_OFFERED, FIRST_MADE = 600, 30_000
# Refusals that say that there can be no such row, whatever the others are.
_RULES_OUT = (psycopg.errors.CheckViolation, psycopg.errors.NotNullViolation)


class Copied(NamedTuple):
    """What a row that was made repeats of another: of which table, of which key, in which columns."""

    table: str
    key: tuple[str, ...]
    columns: frozenset[str]


class Mending:
    """Makes rows in a transaction in which triggers do not fire. ``deciding`` says what is lacking."""

    def __init__(self, deciding: Deciding, catalogue: Catalogue, rules: Rules, now: Any) -> None:  # noqa: ANN401
        self.deciding, self.conn = deciding, deciding.conn
        self.catalogue, self.rules, self.now = catalogue, rules, now
        self.number = FIRST_MADE
        self.copied: list[Copied] = []

    def mend(self, lacking: Iterable[Condition]) -> None:
        """Make what rows can be made. Raises psycopg.Error when the connection is lost."""
        lacking = list(lacking)
        self.deciding.go_on(len(lacking))
        for condition in lacking:
            table = self.catalogue.tables.get(condition.relation)
            for value in condition.lacking if table is not None and table.primary_key else ():
                made = self._make(table, condition, value)  # type: ignore[arg-type]
                if made:
                    condition.seen |= {value}
                    condition.held = condition.held or value
                elif made is False:
                    condition.ruled_out = True

    def _make(self, table: Table, condition: Condition, value: bool) -> bool | None:
        """Return whether a row was made: False where constraints rule out every one, None where none would decide."""
        rows = self.deciding.rows(condition.relation)
        offered = list(self._offered(table, condition, rows))
        ruled_out: list[bool] = []
        for position in self.deciding.choose(condition, value, [row for row, _ in offered]) if offered else ():
            row, base = offered[position]
            refusal = self._insert(table, row, {*condition.columns, *condition.others}, base)
            if refusal is None:
                return True
            ruled_out.append(isinstance(refusal, _RULES_OUT))
        return False if ruled_out and all(ruled_out) else None

    def _offered(
        self, table: Table, condition: Condition, rows: list[dict[str, Any]]
    ) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Yield rows like those that are there, with other values in the columns that the policy asks about."""
        random = Random(f"{condition.place} {condition.text}")  # noqa: S311 - repeatable, not unpredictable
        named = [*condition.columns, *condition.others]
        values = {column: self._values(table, column, rows) for column in named if column in table.columns}
        if not values or not rows:
            return
        for _ in range(MOST_OFFERED):
            base = random.choice(rows)
            changes = {column: random.choice(some) for column, some in values.items() if some and random.random() < 0.5}
            yield {**base, **changes}, base

    def _values(self, table: Table, column: str, rows: list[dict[str, Any]]) -> list[Any]:
        """Return what a column may be: what it is elsewhere, and if it refers to no row what rules compare it with."""
        found = [row[column] for row in rows]
        if not any(column in key.columns for key in table.foreign_keys) and not table.columns[column].generated:
            source = Source(self.catalogue, table.columns[column], f"{table.title}.{column}", self.now)
            asked = None
            for check in table.checks:
                asked = hints(check.expression).get(column) or asked
            is_document = source.type.name in ("json", "jsonb")
            rule = self.rules.asked.get((table.oid, column))
            # Also what constraints rule out: that they do is then known.
            found += [*rule.words, *rule.values] if rule is not None and source.type.category == "S" else []
            try:
                for choice in source.values(asked, rule):
                    text = choice.make(self.number)
                    found.append(json.loads(text) if is_document and text is not None else text)
            except UnknownTypeError:
                pass
        if any(column in key.columns and len(key.columns) > 1 for key in table.foreign_keys):
            return []  # it belongs to others
        seen = {json.dumps(value, sort_keys=True): value for value in found}
        return list(seen.values())

    def _insert(self, table: Table, row: dict[str, Any], kept: set[str], base: dict[str, Any]) -> psycopg.Error | None:
        """Insert a row with keys and texts of its own; return why the table does not take it."""
        self.number += 1
        fresh = self._fresh(table, kept)
        row = {**row, **fresh}
        columns = [name for name, column in table.columns.items() if not column.generated]
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL(
            "insert into {0} ({1}) overriding system value select {1} from jsonb_populate_record(null::{0}, {2}::jsonb)"
        ).format(table.identifier, names, sql.Literal(json.dumps(row)))
        nowhere = [
            sql.SQL("select from {} c where {}").format(own_rows(table), leads_nowhere(key))
            for key in table.foreign_keys
        ]
        try:
            with self.conn.transaction(), stubborn_triggers_off(self.conn, table):
                self.conn.execute(statement)
                if nowhere and self.conn.execute(sql.SQL(" union all ").join(nowhere)).fetchone() is not None:
                    raise psycopg.errors.ForeignKeyViolation
                advance_sequences(self.conn, [table])
        except psycopg.Error as error:
            if self.conn.broken:
                raise
            return error
        key = tuple(str(base[column]) for column in table.primary_key)
        self.copied.append(Copied(table.title, key, frozenset(columns) - fresh.keys()))
        return None

    def _fresh(self, table: Table, kept: set[str]) -> dict[str, Any]:
        """Return values that only this row has: for its keys, and for texts that nobody asks about."""
        refers = {column for key in table.foreign_keys for column in key.columns}
        keys = {column for key in (table.primary_key, *table.unique_keys) for column in key}
        checked = {column for check in table.checks for column in check.columns}
        found: dict[str, Any] = {}
        for name, column in table.columns.items():
            source = Source(self.catalogue, column, f"{table.title}.{name}", self.now, self.number)
            is_text = source.type.name == "text" and name not in kept | checked
            is_key = name in keys and (source.is_unique or source.type.name in ("varchar", "int2")) and name not in kept
            if (is_text or is_key) and name not in refers and not column.generated:
                found[name] = source.fresh().make(self.number if source.type.category != "N" else 0)
        return found
