"""Fill any tables with plausible rows for the whole cast, so that actors have something to reach.

For each table, columns that depend on each other (foreign keys, CHECK constraints) become a *block* with *options*,
which the server has judged before they are used; a row takes one option of each block. Rows are chosen such that each
of the cast owns some, and that what a predicate may tell apart (words, flags, NULLs, past and future, one's own and
another's parent row) occurs in every combination of two. The same schema gets the same rows each time.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations, islice, product
from math import prod
from operator import itemgetter
from random import Random
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from audit.catalog.expressions import own_columns, parsed
from audit.names import (
    ALWAYS_SET,
    CONTACT_COLUMN,
    IN_DISGRACE,
    IN_GRACE,
    MEMBERS,
    MEMBERSHIPS,
    OWNERS,
    PRIVILEGED,
    STANDING,
)
from audit.people import CAST
from audit.seeding.loading import (
    Place,
    UnfillableError,
    advance_sequences,
    leads_nowhere,
    own_rows,
    reason,
    stubborn_triggers_off,
)
from audit.seeding.rules import Hints, Rules, hints
from audit.seeding.tables import Catalogue, Check, Column, ForeignKey, Table
from audit.seeding.values import NULL, Source, UnknownTypeError, Value, token

# Values of a foreign key's columns, whose they are (an index into PEOPLE; None: nobody's), and whether the row that
# they refer to is as the rules of its table want it, such as not deleted.
Owned = tuple[tuple[Value, ...], int | None, bool]
Key = tuple[tuple[str, ...], int | None, bool]
Joined = tuple[dict[str, Value], int | None, bool]

# An option's position, and texts for its columns.
Try = tuple[int, list[str | None]]

# What kinds of value columns have together in a row, by column.
Target = dict[str, set[str]]

# The people, in the order in which they get rows, and for each whom the second person of a row is.
PEOPLE = tuple(CAST[name] for name in ("alice", "bob", "stranger", "admin", "guest", "pending", "rejected"))
PARTNERS = (1, 0, 3, 4, 2, 6, 5)
# To whose tenant each of the people belongs: alice's or the stranger's.
HOMES = (0, 0, 2, 0, 2, 2, 2)
# Who is on a list of those who may more: the admin and bob.
LISTED = (3, 1)
PERSON_OF = {person.id: index for index, person in enumerate(PEOPLE)}

MOST_ROWS, LEAST_ROWS = 56, 14
# Rows that are there before ours: how many are known, and the number of the first.
MOST_THERE, FIRST_THERE = 100, 8_000
# How many options of a block the server judges in the first and in the second round, and how many are kept.
JUDGED = (250, 900)
KEPT = 120
# Tries for one row, and for the rows of one table that a constraint refuses although it seemed content.
TRIES, RETRIES = 4, 20
# More optional columns than this are filled in turns: a row has to fit into a page of 8 kB.
WIDTH = 100
MOST_PARENTS = 42
TIMEOUT_MS = 10_000
# How many rules and exceptions from rules each person has a row for; what asks for a parent is tried with two of them.
MOST_WHOLE, MOST_PARTLY, MOST_AIMED = 3, 3, 6
# As many rows more for pairs of words that chance did not bring together.
MOST_PAIRED, MOST_APART = 7, 40
# The features whose pairs are covered.
MOST_FEATURES = 9
# What the rows of a list are called by.
NAMES = re.compile(r"(^|_)(name|slug|key|code|title|label)$", re.IGNORECASE)
# As many words a table of words may have, such as one of roles.
MOST_WORDS = 12
# In how many ways the columns of one predicate may go together if each of them is to be there.
MOST_TOGETHER = 40


@dataclass
class Generated:
    """What was done: rows by table, reasons by table that stayed empty, and where each private text went."""

    counts: dict[str, int] = field(default_factory=dict)
    unfilled: dict[str, str] = field(default_factory=dict)
    canaries: dict[str, Place] = field(default_factory=dict)


@dataclass(frozen=True)
class Option:
    """Values for the columns of a block that go together; ``person`` is whose they are (an index; None: nobody's).

    ``live``: the row that they refer to, if any, is as the rules of its table want it.
    """

    values: tuple[Value, ...]
    person: int | None = None
    live: bool = True


@dataclass
class Block:
    """Columns that get their values together. ``turn`` says which person of the row they are about.

    0 is the row's own person, 1 their partner, and so on; None is for parents, which belong to either.
    """

    columns: tuple[str, ...]
    options: list[Option]
    turn: int | None = None
    is_parent: bool = False

    @property
    def about_people(self) -> bool:
        """Whether the options belong to people."""
        return any(option.person is not None for option in self.options)


@dataclass(frozen=True)
class MadeRow:
    """A row: whose it is (None: nobody's), its number, its texts by column, and which of them nothing else holds.

    ``live``: it is as the rules of its table want it, such as not deleted, as far as its words and flags tell.
    """

    person: int | None
    number: int
    texts: dict[str, str | None]
    fresh: tuple[str, ...]
    live: bool = True


class Generator:
    """Fills tables one after the other, parents first."""

    def __init__(
        self, conn: psycopg.Connection[Any], catalogue: Catalogue, now: dt.datetime, rules: Rules | None = None
    ) -> None:
        """Prepare. ``conn`` is in a transaction in which triggers do not fire; ``rules`` say what is asked of rows."""
        self.conn, self.catalogue, self.now = conn, catalogue, now
        self.done = Generated()
        self.rows: dict[int, list[MadeRow]] = {}
        self._brought: dict[int, list[MadeRow]] = {}
        # Tables that refer to no people and to no other table.
        self.roots: set[int] = set()
        self.later: list[ForeignKey] = []
        self.pending: dict[int, Table] = {}
        self.populated: set[int] = set()
        users = self._ask("select pg_catalog.to_regclass('auth.users')::oid::bigint")[0][0]
        self.users: int | None = users
        self.people = self._tables_of_people(users)
        self.rules = rules or Rules()
        self._keys: dict[tuple[int, tuple[str, ...]], list[Key]] = {}

    def _ask(self, question: LiteralString | sql.Composed) -> list[tuple[Any, ...]]:
        return self.conn.cursor(row_factory=tuple_row).execute(question).fetchall()

    def _go_on_after(self, error: psycopg.Error) -> None:
        """Raise the error again if more of the same would cost the connection or for ever."""
        if self.conn.broken or isinstance(error, psycopg.errors.QueryCanceled):
            raise error

    def _tables_of_people(self, users: int | None) -> set[int]:
        """Return auth.users and the tables whose primary key refers to it, at once or through another of them."""
        people = {users} if users else set()
        grown = True
        while grown:
            more = {
                table.oid
                for table in self.catalogue.tables.values()
                for key in table.foreign_keys
                if key.parent in people and tuple(key.columns) == table.primary_key and len(key.columns) == 1
            }
            grown = not more <= people
            people |= more
        return people

    def fill(self, tables: Iterable[Table], first: Callable[[Table], int | None]) -> Generated:
        """Fill the tables. ``first`` may fill one in another way and returns the number of rows, else None."""
        self.pending = {table.oid: table for table in tables}
        self.populated = self._with_rows(self.pending.values())
        timeout = self._ask("select pg_catalog.current_setting('statement_timeout')")[0][0]
        self.conn.execute(f"set local statement_timeout = {TIMEOUT_MS}")
        filled = []
        while self.pending:
            for table in self._next():
                self._fill_or_say_why(table, first)
                del self.pending[table.oid]
                filled.append(table)
        self._fill_later()
        self._remove_lost(filled)
        advance_sequences(self.conn, [table for table in filled if self.rows.get(table.oid)])
        self._note_canaries(filled)
        self.conn.execute("select pg_catalog.set_config('statement_timeout', %s, true)", (timeout,))
        return self.done

    def _with_rows(self, tables: Collection[Table]) -> set[int]:
        if not tables:
            return set()
        parts = [sql.SQL("select {}::bigint where exists (select from {})").format(t.oid, t.identifier) for t in tables]
        return {oid for (oid,) in self._ask(sql.SQL(" union all ").join(parts))}

    def _next(self) -> list[Table]:
        """Return tables whose parents are filled; where they wait for each other, one that can refer to them later."""

        def waits(table: Table, *, also_nullable: bool) -> int:
            keys = [k for k in table.foreign_keys if k.parent in self.pending and k.parent != table.oid]
            return sum(also_nullable or self._must_be_set(table, key) for key in keys)

        tables = list(self.pending.values())
        ready = [table for table in tables if not waits(table, also_nullable=True)]
        if ready:
            return [table for table in ready if not self._awaits(table)] or ready
        able = [table for table in tables if not waits(table, also_nullable=False)]

        def cost(table: Table) -> tuple[int, int]:
            checked = {column for check in table.checks for column in check.columns}
            later = [k for k in table.foreign_keys if k.parent in self.pending and k.parent != table.oid]
            return sum(not checked.isdisjoint(key.columns) for key in later), len(later)

        return [min(able or tables, key=cost)]

    def _awaits(self, table: Table) -> bool:
        """Tell whether rules compare a column with the key of a table that has no rows yet."""
        return any(
            oid in self.pending and (other,) in self.catalogue.tables[oid].unique_keys
            for column in table.columns
            if not any(column in key.columns for key in table.foreign_keys)
            for oid, other in self.rules.sure.get((table.oid, column), ())
        )

    def _must_be_set(self, table: Table, key: ForeignKey) -> bool:
        return all(self._source(table, table.columns[column]).required for column in key.columns)

    def _source(self, table: Table, column: Column) -> Source:
        number = 9_001 if table.oid in self.populated else 1
        return Source(self.catalogue, column, f"{table.title}.{column.name}", self.now, number)

    def _fill_or_say_why(self, table: Table, first: Callable[[Table], int | None]) -> None:
        count = first(table)
        if count is None:
            try:
                with self.conn.transaction(), stubborn_triggers_off(self.conn, table):
                    rows = self._fill(table)
            except (UnfillableError, UnknownTypeError, psycopg.Error) as error:
                if self.conn.broken:
                    raise
                if table.oid not in self.populated:
                    self.done.unfilled[table.title] = self._why(error)
                return
            self.rows[table.oid] = rows
            count = len(rows)
        self.done.counts[table.title] = count

    @staticmethod
    def _why(error: UnfillableError | UnknownTypeError | psycopg.Error) -> str:
        return str(error) if isinstance(error, UnknownTypeError) else reason(error)

    # One table

    def _fill(self, table: Table) -> list[MadeRow]:
        blocks = self._blocks(table)
        if all(key.parent == table.oid for key in table.foreign_keys) and all(block.turn is None for block in blocks):
            self.roots.add(table.oid)
        chooser = _Chooser(table, blocks, self.people, self._sure(table), self.rules)
        there = self._there(table)
        chooser.take(there)
        if not any(row.person is not None for row in there):
            chooser.leave_some_out()
        there = [self._complete(table, chooser, row) if row.person is not None else row for row in there]
        there = [replace(row, live=chooser.is_live(row)) for row in there]
        try:
            with self.conn.transaction():
                return there + self._loaded(table, chooser)
        except psycopg.Error as error:
            self._go_on_after(error)
            if not there:
                raise
            return there  # there is no room for more, such as of accounts of which each has one

    def _there(self, table: Table) -> list[MadeRow]:
        """Return rows that are there already: those that signing up made, and those of a migration."""
        return self._stored(table) if table.oid in self.populated else []

    def _stored(self, table: Table) -> list[MadeRow]:
        names = list(table.columns)
        columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names)
        order = sql.SQL(", ").join(map(sql.Identifier, table.primary_key)) if table.primary_key else sql.SQL("1")
        question = sql.SQL("select {} from {} order by {} limit {}")
        rows = self._ask(question.format(columns, table.identifier, order, sql.Literal(MOST_THERE)))
        whose = [names.index(column) for column in _owners(table, self.people)]
        found = []
        for number, row in enumerate(rows):
            person = next((PERSON_OF[row[place]] for place in whose if row[place] in PERSON_OF), None)
            found.append(MadeRow(person, FIRST_THERE + number, dict(zip(names, row, strict=True)), ()))
        return found

    def _complete(self, table: Table, chooser: _Chooser, row: MadeRow) -> MadeRow:
        """Give a row that signing up made what a person of the cast stands for, and what it left open."""
        if not table.primary_key:
            return row
        texts, fresh = dict(row.texts), list(row.fresh)
        for changes, new in chooser.completions(row):
            statement = self._update(table, [*changes], row, changes)
            try:
                with self.conn.transaction():
                    self.conn.execute(statement)
            except psycopg.Error as error:
                self._go_on_after(error)  # the row stays as the project made it
            else:
                texts |= changes
                fresh += new
        return replace(row, texts=texts, fresh=tuple(fresh))

    def _loaded(self, table: Table, chooser: _Chooser) -> list[MadeRow]:
        rows = list(chooser.rows())
        columns = list(chooser.columns)
        while True:
            try:
                with self.conn.transaction():
                    self._copy(table, columns, rows)
            except psycopg.Error as error:
                self._go_on_after(error)
                # Not of a kind that this server can do (XML, say): the table can do without where it may be NULL.
                place = re.search(r"^COPY .*?, line \d+, column ([^:]*)", error.diag.context or "", re.MULTILINE)
                if not place or place[1] not in columns or table.columns[place[1]].required:
                    return self._one_by_one(table, columns, rows, chooser)
                columns.remove(place[1])
                for row in rows:
                    row.texts[place[1]] = None
            else:
                return rows

    def _copy(self, table: Table, columns: Sequence[str], rows: Iterable[MadeRow]) -> None:
        if not columns:  # a table may have none, and COPY takes no empty list of them
            for _ in rows:
                self.conn.execute(sql.SQL("insert into {} default values").format(table.identifier))
            return
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("copy {} ({}) from stdin").format(table.identifier, names)
        with self.conn.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row.texts[column] for column in columns])

    def _one_by_one(
        self, table: Table, columns: Sequence[str], rows: Iterable[MadeRow], chooser: _Chooser
    ) -> list[MadeRow]:
        """Offer the rows one at a time; for one that is refused, others. Raises the last error when none got in."""
        taken: list[MadeRow] = []
        last: psycopg.Error | None = None
        refusals: dict[str | None, int] = {}
        for row in rows:
            for attempt in range(4):
                offered = row if attempt == 0 else chooser.another(row, attempt)
                if offered is None:
                    continue
                try:
                    with self.conn.transaction():
                        self._copy(table, columns, [offered])
                except psycopg.Error as error:
                    self._go_on_after(error)
                    last, cause = error, error.diag.constraint_name
                    refusals[cause] = refusals.get(cause, 0) + 1
                    if refusals[cause] > RETRIES:
                        break
                else:
                    taken.append(offered)
                    break
            if not taken and sum(refusals.values()) > 2 * RETRIES:
                break
        if not taken and last is not None:
            raise last
        return taken

    def _sure(self, table: Table) -> set[str]:
        """Return the columns whose plain values are never the same."""
        parents = {column for key in table.foreign_keys for column in key.columns}
        columns = table.columns.values()
        return {c.name for c in columns if c.name not in parents and self._source(table, c).is_unique}

    # Blocks

    def _blocks(self, table: Table) -> list[Block]:
        """Return the blocks of a table. Raises UnfillableError when one has no options."""
        blocks = self._parents(table)
        taken = {column for block in blocks for column in block.columns}
        known: dict[str, Hints] = {}
        for check in table.checks:
            for name, hint in hints(check.expression).items():
                known.setdefault(check.columns[0] if check.of_domain else name, Hints()).add(hint)
        for column in table.columns.values():
            if column.name not in taken and not column.generated:
                blocks += self._of_column(table, column, known.get(column.name))
        self._take_turns(table, blocks)
        return self._judged(table, blocks)

    def _of_column(self, table: Table, column: Column, hint: Hints | None) -> list[Block]:
        source = self._source(table, column)
        rule = self.rules.asked.get((table.oid, column.name))
        if mine := _of_people(table, source, rule):
            mine += self._keys_of_things(table, source)
            # A check of the column's own may want other texts than ids: the "author" of a message is a word, perhaps.
            if hint is not None and source.type.category == "S":
                mine = mine + [Option((value,)) for value in source.values(hint, rule)]
            return [Block((column.name,), mine, turn=None if rule and rule.by_caller else 0)]
        try:
            values = source.values(hint, rule)
        except UnknownTypeError as error:
            if not source.required or column.default is not None or column.identity:
                return []
            raise UnfillableError(
                f"column {column.name} of type {error} must have a value and none is known"
            ) from error
        if joined := self._joined_with(table, source):
            # Once nobody's: what is like no other row.
            return [Block((column.name,), [*joined, *(Option((value,)) for value in values[:2])])]
        return [Block((column.name,), [Option((value,)) for value in values] + self._lists(source))]

    def _joined_with(self, table: Table, source: Source) -> list[Option]:
        """Return what rows of another table have in the column that rules compare this one with."""
        plays_a_key = source.type.name == "uuid" or (source.type.category == "N" and source.column.name.endswith("_id"))
        if not (source.type.category == "S" or (plays_a_key and table.primary_key != (source.column.name,))):
            return []
        is_unique = (source.column.name,) in table.unique_keys
        known = self.rules.sure if plays_a_key or is_unique else self.rules.joins
        found: dict[str, Option] = {}
        for oid, column in sorted(known.get((table.oid, source.column.name), ())):
            other = self.catalogue.tables[oid]
            if (is_unique or plays_a_key) and (column,) not in other.unique_keys:
                continue
            is_about_people = any(key.parent in self.people for key in other.foreign_keys) or other.oid in self.people
            if source.type.category == "S" and (column,) in other.unique_keys and not is_about_people:
                # A list of those who may more, and not everybody does.
                texts = [text for row in self._made(other) if (text := row.texts.get(column)) is not None]
                found |= {
                    text: Option((Value.always(text, "set"),), who) for text, who in zip(texts, LISTED, strict=False)
                }
                continue
            for row in sorted(self._made(other)[:MOST_PARENTS], key=lambda row: not row.live):
                text = row.texts.get(column)
                if text is not None and (source.limit is None or len(text) <= source.limit):
                    found.setdefault(text, Option((Value.always(text, "set"),), row.person, row.live))
        return list(found.values())

    def _keys_of_things(self, table: Table, source: Source) -> list[Option]:
        """Return for a column that names people the keys of rows that rules compare it with, such as of pupils."""
        joins = self.rules.sure.get((table.oid, source.column.name), ())
        things = {oid for oid, key in joins if self.catalogue.tables[oid].primary_key == (key,)} - self.people
        in_doubt = any(source.column.name in key.columns for key in table.foreign_keys)
        return [] if in_doubt or not things else self._joined_with(table, source)

    def _made(self, table: Table) -> Sequence[MadeRow]:
        """Return the rows of a table, also of one that was filled otherwise."""
        if table.oid in self.rows or table.oid in self.pending:
            return self.rows.get(table.oid, ())
        if table.oid not in self._brought:
            self._brought[table.oid] = self._stored(table)
        return self._brought[table.oid]

    def _lists(self, source: Source) -> list[Option]:
        """Return for a list of ids one that names each of the people: by their id, and by the key of their own row."""
        element = self.catalogue.types.get(source.type.element)
        if source.type.category != "A" or element is None or element.name != "uuid":
            return []
        named = {i: [person.id] for i, person in enumerate(PEOPLE)}
        for oid, rows in self.rows.items():
            table = self.catalogue.tables[oid]
            keys = [column for column in table.primary_key if table.columns[column].type == element.oid]
            holders = [key[0] for key in table.unique_keys if len(key) == 1 and key != table.primary_key]
            if len(keys) == len(table.primary_key) == 1:
                for row in rows:
                    ids = {row.texts.get(column) for column in holders} & PERSON_OF.keys()
                    for id_ in ids:
                        named[PERSON_OF[str(id_)]].append(row.texts.get(keys[0]))
        texts = {i: ",".join(filter(None, ids)) for i, ids in named.items()}
        return [Option((Value.always(f"{{{text}}}", "set"),), i) for i, text in texts.items()]

    @staticmethod
    def _take_turns(table: Table, blocks: list[Block]) -> None:
        """Give turns to the blocks that say whose a row is, the one that says it best first."""

        def rank(block: Block) -> tuple[bool, bool, int]:
            column = block.columns[0]
            place = OWNERS.index(column.lower()) if column.lower() in OWNERS else len(OWNERS)
            return column not in table.primary_key, any(NULL in option.values for option in block.options), place

        for turn, block in enumerate(sorted((b for b in blocks if b.turn is not None), key=rank)):
            block.turn = turn

    def _parents(self, table: Table) -> list[Block]:
        """Return a block for each foreign key; those with columns in common make one."""
        groups: list[list[ForeignKey]] = []
        for key in sorted(table.foreign_keys, key=lambda k: -len(k.columns)):
            near = [group for group in groups if any(set(key.columns) & set(other.columns) for other in group)]
            groups = [group for group in groups if group not in near] + [[*chain.from_iterable(near), key]]
        return [block for group in groups if (block := self._parent_block(table, group))]

    def _parent_block(self, table: Table, keys: list[ForeignKey]) -> Block | None:
        columns: list[str] = []
        joined: list[Joined] = [({}, None, True)]
        free = [key for key in keys if self._is_free(table, key)]
        for key in [*(key for key in keys if key not in free), *free]:
            rows = self._parent_values(table, key, free=key in free)
            joined = self._join(joined, key, rows, free=key in free)
            columns += [column for column in key.columns if column not in columns]
        to_people = any(key.parent in self.people for key in keys)
        if not joined:
            raise UnfillableError(f"foreign_key_violation, constraint {keys[-1].name}")
        generated = self._generated(table, columns)
        given = [column for column in columns if column not in generated]
        options = [
            Option(tuple(row[column] for column in given), person, live)
            for row, person, live in joined
            if all(row[column].make(0) == text for column, text in generated.items() if text is not None)
        ]
        if not options:
            raise UnfillableError(f"foreign_key_violation, constraint {keys[-1].name}")
        if not given:
            return None
        return Block(tuple(given), options, turn=0 if to_people and len(columns) == 1 else None, is_parent=True)

    def _generated(self, table: Table, columns: Iterable[str]) -> dict[str, str | None]:
        """Return the columns that the server writes, with what it writes into every row: None where that differs.

        A contract that is one of lending refers to its row among all contracts by its number and that word.
        """
        found: dict[str, str | None] = {}
        for name in columns:
            column = table.columns[name]
            if column.generated and column.default:
                plain = None if own_columns(parsed(column.default), table.name) else column.default
                found[name] = self._ask(sql.SQL("select ({})::text").format(sql.SQL(plain)))[0][0] if plain else None
        return found

    def _optional(self, table: Table, key: ForeignKey) -> list[str]:
        return [column for column in key.columns if not self._source(table, table.columns[column]).required]

    def _is_free(self, table: Table, key: ForeignKey) -> bool:
        """Tell whether a key refers to nothing for now: it may be NULL, and its parent has no rows yet or ever."""
        return bool(self._optional(table, key)) and (key.parent in self.pending or not self._keys_of(key))

    @staticmethod
    def _join(
        joined: list[Joined],
        key: ForeignKey,
        rows: list[Owned],
        *,
        free: bool,
    ) -> list[Joined]:
        """Combine what is known of the columns with a further key's rows; a free key yields to what is known."""
        result: list[Joined] = []
        for known, owner, before in joined:
            for values, person, live in rows:
                row = dict(zip(key.columns, values, strict=True))
                if free or all(known[c].make(0) == row[c].make(0) for c in known.keys() & row.keys()):
                    result.append(({**row, **known}, person if owner is None else owner, before and live))
        # Parents' rows are in the order of people, so the first ones are one of each.
        return result[: 6 * MOST_PARENTS]

    def _parent_values(self, table: Table, key: ForeignKey, *, free: bool) -> list[Owned]:
        """Return what the columns of a key may be, and whose that is. Raises UnfillableError if there is nothing."""
        optional = self._optional(table, key)
        if free:
            if key.parent in self.pending:
                self.later.append(key)
            sources = {column: self._source(table, table.columns[column]) for column in key.columns}
            return [(tuple(NULL if c in optional else source.fresh() for c, source in sources.items()), None, True)]
        if key.parent in self.pending:
            # Not null, and the parent waits for this table: its rows will have these keys, which is verified later.
            parent = self.catalogue.tables[key.parent]
            makes = [self._source(parent, parent.columns[column]).fresh().make for column in key.parent_columns]
            itself = key.parent == key.table
            return [(tuple(Value(_foretold(make, itself=itself), "set") for make in makes), None, True)]
        keys = self._keys_of(key)
        if not keys:
            raise UnfillableError(f"column {', '.join(key.columns)} must refer to a row of {key.title}, which has none")
        told = self._is_vocabulary(key)
        values = [
            (tuple(Value.always(text, text if told else "set") for text in texts), person, live)
            for texts, person, live in keys
        ]
        shared = {column for other in table.foreign_keys if other is not key for column in other.columns}
        if nulls := [column for column in optional if column not in shared]:
            values += [
                (tuple(NULL if c in nulls else v for c, v in zip(key.columns, row, strict=True)), None, True)
                for row, *_ in (values if len(nulls) < len(key.columns) else values[:1])
            ]
        return values

    def _keys_of(self, key: ForeignKey) -> list[Key]:
        """Return the values that a foreign key may take, and whose row each refers to: rows that rules want first."""
        place = (key.parent, tuple(key.parent_columns))
        if place not in self._keys:
            made = self.rows.get(key.parent)
            if made and all(column in made[0].texts for column in key.parent_columns):
                found: list[Key] = []
                free = {*HOMES}
                for row in sorted(made[:MOST_PARENTS], key=lambda row: not row.live):
                    texts = [row.texts[column] for column in key.parent_columns]
                    # What refers to nobody, such as a tenant, is nobody's own: in two of the rows people are at home.
                    person = row.person if row.person in free or key.parent not in self.roots else None
                    if None not in texts:
                        found.append((tuple(map(str, texts)), person, row.live))
                        if key.parent in self.roots:
                            free.discard(row.person)
            else:
                found = self._stored_keys(key)
            self._keys[place] = found[:MOST_PARENTS]
        return self._keys[place]

    def _is_vocabulary(self, key: ForeignKey) -> bool:
        """Tell whether a key's parents are a migration's few words, such as the roles that there are."""
        parent = self.catalogue.tables.get(key.parent)
        if parent is None or len(key.parent_columns) > 1 or key.parent not in self.populated & self.roots:
            return False
        kind, _ = self.catalogue.plain(parent.columns[key.parent_columns[0]].type, -1)
        brought = sum(row.number >= FIRST_THERE for row in self.rows.get(key.parent, ()))
        return 0 < brought <= MOST_WORDS and (kind.category == "S" or kind.kind == "e")

    def _stored_keys(self, key: ForeignKey) -> list[Key]:
        parent = self.catalogue.tables.get(key.parent)
        owners = [c for c in OWNERS if parent and c in parent.columns][:1]
        columns = [sql.SQL("{}::text").format(sql.Identifier(c)) for c in [*key.parent_columns, *owners]]
        wanted = sql.SQL(" and ").join(sql.SQL("{} is not null").format(sql.Identifier(c)) for c in key.parent_columns)
        order = sql.SQL(", ").join(map(sql.Identifier, key.parent_columns))
        rows = self._ask(
            sql.SQL("select {} from {} where {} order by {} limit {}").format(
                sql.SQL(", ").join(columns),
                sql.SQL(key.place),
                wanted,
                order,
                MOST_PARENTS,
            )
        )
        found = []
        for row in rows:
            persons = [PERSON_OF[text] for text in row if text in PERSON_OF]
            found.append((tuple(row[: len(key.parent_columns)]), persons[0] if persons else None, True))
        ours = [each for each in found if each[1] is not None]
        return ours if ours and key.parent in self.people else found

    # The server as the judge

    def _judged(self, table: Table, blocks: list[Block]) -> list[Block]:
        """Unite blocks that CHECK constraints connect, and keep the options that satisfy them.

        Raises UnfillableError when none does.
        """
        known = {column for block in blocks for column in block.columns}
        checks = [check for check in table.checks if check.columns and known.issuperset(check.columns)]
        result, cases = [], []
        for group, conditions in _connected(blocks, checks):
            if conditions:
                cases.append(_Case(group, conditions, f"{table.title} {group[0].columns[0]}"))
            else:
                result.append(group[0])
        for case, accepted in zip(cases, self._accepted(table, cases), strict=True):
            if not accepted:
                accepted = self._insist(table, case)
            elif case.enrich(accepted):
                accepted = accepted + self._accepted(table, [case])[0]
            result.append(case.block(accepted))
        return result

    def _insist(self, table: Table, case: _Case) -> list[Option]:
        """Try more combinations. Raises UnfillableError when none is accepted either."""
        case.combine(JUDGED[1])
        if accepted := self._accepted(table, [case])[0]:
            return accepted
        each = [_Case(case.group, [check], case.seed, case.options) for check in case.checks]
        alone = [only.checks[0] for only in each if not self._accepted(table, [only])[0]]
        names = [check.name for check in alone or case.checks]
        raise UnfillableError(f"check_violation, constraint{'s' * (len(names) > 1)} {' and '.join(names)}")

    def _accepted(self, table: Table, cases: list[_Case]) -> list[list[Option]]:
        """Return each case's options of which two rows, the first and a later one, satisfy its conditions."""
        if not cases:
            return []
        tries = [case.tries() for case in cases]
        try:
            with self.conn.transaction():
                refused = self._refused(table, cases, tries)
        except psycopg.Error as error:
            self._go_on_after(error)
            refused = self._refused_alone(table, cases, tries)
        return [
            [option for i, option in enumerate(case.options) if (number, i) not in refused]
            for number, case in enumerate(cases)
        ]

    def _refused_alone(self, table: Table, cases: list[_Case], tries: list[list[Try]]) -> set[tuple[int, int]]:
        """Ask case by case, and where that raises an error, one by one: who raises one is refused."""
        refused: set[tuple[int, int]] = set()
        for number, (case, mine) in enumerate(zip(cases, tries, strict=True)):
            portions = [mine] if len(cases) > 1 else [[each] for each in mine[: 2 * JUDGED[0]]]
            refused |= {(number, i) for i, _ in mine[2 * JUDGED[0] :] if len(cases) == 1}
            for portion in portions:
                try:
                    with self.conn.transaction():
                        refused |= {(number, i) for _, i in self._refused(table, [case], [portion])}
                except psycopg.Error as error:
                    self._go_on_after(error)
                    alone = self._refused_alone(table, [case], [portion]) if len(portion) > 1 else {(0, portion[0][0])}
                    refused |= {(number, i) for _, i in alone}
        return refused

    def _refused(self, table: Table, cases: list[_Case], tries: list[list[Try]]) -> set[tuple[int, int]]:
        """Ask which tries do not satisfy the conditions, of all cases in one question."""
        parts = [
            self._question(table, number, case, mine)
            for number, (case, mine) in enumerate(zip(cases, tries, strict=True))
        ]
        return {(number, i) for number, i in self._ask(sql.SQL(" union all ").join(parts))}

    def _question(self, table: Table, number: int, case: _Case, tries: list[Try]) -> sql.Composed:
        columns = case.columns
        names = [sql.Identifier(f"column {position}") for position in range(len(columns))]
        # Literals, not parameters: with one of those, a percent sign in a name would be taken for a placeholder.
        arrays = [sql.SQL("{}::int[]").format(sql.Literal([i for i, _ in tries]))] + [
            sql.SQL("{}::text[]").format(sql.Literal([texts[position] for _, texts in tries]))
            for position in range(len(columns))
        ]
        cast = [
            sql.SQL("{}::{} as {}").format(name, self._type_in_sql(table.columns[column]), sql.Identifier(column))
            for name, column in zip(names, columns, strict=True)
        ]
        conditions = []
        for check in case.checks:
            expression: sql.Composable = sql.SQL(check.expression)
            if check.of_domain:
                value = sql.Identifier(check.columns[0])
                expression = sql.SQL("(select {} from (select v.{} as value) d)").format(expression, value)
            conditions.append(sql.SQL("coalesce({}, true)").format(expression))
        # OFFSET 0 keeps the planner from moving conditions below the casts.
        return sql.SQL(
            "select {}::int, i from (select i, {} from unnest({}) t (i, {}) offset 0) v where not ({})"
        ).format(
            sql.Literal(number),
            sql.SQL(", ").join(cast),
            sql.SQL(", ").join(arrays),
            sql.SQL(", ").join(names),
            sql.SQL(" and ").join(conditions),
        )

    def _type_in_sql(self, column: Column) -> sql.Composable:
        """Return the type below the domains, by name, without its modifier: the values fit already."""
        plain, _ = self.catalogue.plain(column.type, column.modifier)
        return sql.SQL(plain.written)

    # Afterwards

    def _fill_later(self) -> None:
        """Set the foreign keys that had to wait for their parents, in two rows of three."""
        for key in self.later:
            table = self.catalogue.tables[key.table]
            free = [
                column
                for column in self._optional(table, key)
                if not table.columns[column].generated
                and not any(column in other.columns for other in table.foreign_keys if other is not key)
            ]
            self._keys.pop((key.parent, tuple(key.parent_columns)), None)
            rows = [row for position, row in enumerate(self.rows.get(key.table, ())) if position % 3]
            if free and rows and table.primary_key:
                with stubborn_triggers_off(self.conn, table):
                    self._refer(table, key, free, [(row, self._parents_for(key, free, row)) for row in rows])

    def _parents_for(self, key: ForeignKey, free: Collection[str], row: MadeRow) -> list[dict[str, str]]:
        """Return up to three of a parent's keys for a row: of the same person first, and never its own."""
        found = []
        for texts, person, _ in self._keys_of(key):
            itself = key.parent == key.table and tuple(row.texts.get(c) for c in key.parent_columns) == texts
            chosen = dict(zip(key.columns, texts, strict=True))
            if not itself and all(row.texts.get(c) == text for c, text in chosen.items() if c not in free):
                found.append((person != row.person, chosen))
        return [chosen for _, chosen in sorted(found, key=lambda pair: pair[0])[:3]]

    def _refer(
        self, table: Table, key: ForeignKey, free: list[str], rows: list[tuple[MadeRow, list[dict[str, str]]]]
    ) -> None:
        """Let rows refer to parents: all at once, or one at a time where a constraint refuses some."""
        try:
            with self.conn.transaction():
                for row, parents in rows:
                    for parent in parents[:1]:
                        self.conn.execute(self._update(table, free, row, parent))
        except psycopg.Error as error:
            self._go_on_after(error)
        else:
            for row, parents in rows:
                for parent in parents[:1]:
                    row.texts.update({column: parent[column] for column in free})
            return
        for row, parents in rows:
            for parent in parents:
                try:
                    with self.conn.transaction():
                        self.conn.execute(self._update(table, free, row, parent))
                except psycopg.Error as error:
                    # It stays NULL, which the table allows; perhaps another parent will do.
                    self._go_on_after(error)
                else:
                    row.texts.update({column: parent[column] for column in free})
                    break

    @staticmethod
    def _update(table: Table, free: Sequence[str], row: MadeRow, parent: Mapping[str, str | None]) -> sql.Composed:
        def equal(column: str, text: str | None) -> sql.Composed:
            return sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(text))

        return sql.SQL("update {} set {} where {}").format(
            table.identifier,
            sql.SQL(", ").join(equal(column, parent[column]) for column in free),
            sql.SQL(" and ").join(equal(column, row.texts[column]) for column in table.primary_key),
        )

    def _remove_lost(self, tables: Collection[Table]) -> None:
        """Delete rows that refer to nothing, because nothing else notices while triggers are off; name the tables."""
        while lost := self._lost(tables):
            for table, key in lost:
                removed = self._remove(table, key)
                self.done.counts[table.title] -= removed
                if self.done.counts[table.title] <= 0:
                    del self.done.counts[table.title]
                    if table.oid not in self.populated:
                        self.done.unfilled[table.title] = f"foreign_key_violation, constraint {key.name}"
                    break

    def _lost(self, tables: Iterable[Table]) -> list[tuple[Table, ForeignKey]]:
        """Return the foreign keys that some rows break, of the tables that have been filled."""
        keys = [
            (t, key) for t in tables if t.oid in self.rows and t.title in self.done.counts for key in t.foreign_keys
        ]
        parts = [
            sql.SQL("select {} where exists (select from {} c where {})").format(
                sql.Literal(position), own_rows(table), leads_nowhere(key)
            )
            for position, (table, key) in enumerate(keys)
        ]
        return [keys[position] for (position,) in self._ask(sql.SQL(" union all ").join(parts))] if parts else []

    def _remove(self, table: Table, key: ForeignKey) -> int:
        statement = sql.SQL("delete from {} c where {}").format(own_rows(table), leads_nowhere(key))
        with stubborn_triggers_off(self.conn, table):
            return self.conn.execute(statement).rowcount

    def _note_canaries(self, tables: Iterable[Table]) -> None:
        """Note which text went where, unless other tables repeat it because they refer to it."""
        keys = [key for table in self.catalogue.tables.values() for key in table.foreign_keys]
        repeated = {(key.parent, column) for key in keys for column in key.parent_columns}
        for table in tables:
            for row in self.rows.get(table.oid, ()):
                key = tuple(str(row.texts.get(column)) for column in table.primary_key)
                for column in row.fresh:
                    text = row.texts[column]
                    canary = token(f"{table.title}.{column}", row.number)
                    if text is None or table.title not in self.done.counts or (table.oid, column) in repeated:
                        continue
                    if canary not in text:
                        is_text = self.catalogue.plain(table.columns[column].type, -1)[0].category == "S"
                        canary = text if is_text and len(text) >= 6 else ""
                    if canary:
                        self.done.canaries.setdefault(canary, Place(table.title, column, key))


def _of_people(table: Table, source: Source, rule: Hints | None) -> list[Option]:
    """Return the options of a column that says whose a row is: by its name, or because rules compare it so."""
    name, type_ = source.column.name, source.type.name
    rule = rule or Hints()
    is_text = type_ in ("text", "varchar", "citext") and (source.limit or 36) >= 36
    nobody = [] if source.required else [Option((NULL,))]
    if rule.by_caller and type_ in ("json", "jsonb"):
        words = rule.words or ["true"]
        named = [Option((Value.always(json.dumps({p.id: w}), w),), i) for w in words for i, p in enumerate(PEOPLE)]
        return [*named, Option((Value.always("{}", "{}"),))]
    if rule.email and is_text and not rule.caller:
        addresses = [Option((Value.always(p.email, "set"),), i) for i, p in enumerate(PEOPLE) if p.email]
        return [*addresses, Option((source.fresh(),)), *nobody]
    if (type_ == "uuid" or is_text) and (name.lower() in OWNERS or rule.caller):
        people = [Option((Value.always(person.id, "set"),), i) for i, person in enumerate(PEOPLE)]
        # Where each can have one row only, there are others', too.
        strangers = [Option((source.fresh(),))] * (name.lower() not in OWNERS and (name,) in table.unique_keys)
        return [*people, *strangers, *nobody]
    return []


def _owners(table: Table, people: Collection[int]) -> list[str]:
    """Return the columns that say whose a row is, the one that says it best first."""
    keys = [key.columns[0] for key in table.foreign_keys if key.parent in people and len(key.columns) == 1]
    named = [column for column in OWNERS if column in table.columns]
    first = [column for column in table.primary_key if column in keys] + [c for c in named if c in keys]
    return list(dict.fromkeys([*first, *keys, *named, *table.primary_key]))


def _foretold(make: Callable[[int], str | None], *, itself: bool) -> Callable[[int], str | None]:
    """Return what makes keys of rows that will be there: one's own, or one of the first seven."""
    return make if itself else lambda n: make(n % len(PEOPLE))


def _connected(blocks: list[Block], checks: list[Check]) -> Iterator[tuple[list[Block], list[Check]]]:
    """Return the blocks in groups that conditions connect, each with its conditions."""
    rest = list(blocks)
    while rest:
        group, mine, size = [rest.pop(0)], list[Check](), -1
        while len(group) != size:
            size = len(group)
            columns = {column for block in group for column in block.columns}
            mine = [check for check in checks if not columns.isdisjoint(check.columns)]
            reach = columns.union(*(check.columns for check in mine))
            near = [block for block in rest if not reach.isdisjoint(block.columns)]
            group += near
            rest = [block for block in rest if block not in near]
        yield group, mine


class _Case:
    """Blocks that conditions connect, and the combinations of their options that the server is to judge."""

    def __init__(self, group: list[Block], checks: list[Check], seed: str, options: list[Option] | None = None) -> None:
        self.group, self.checks, self.seed = group, checks, seed
        self.columns = tuple(column for block in group for column in block.columns)
        self.options = options or []
        turns = [(block.turn, i) for i, block in enumerate(group) if block.turn is not None]
        parents = [i for i, block in enumerate(group) if block.is_parent]
        self.place = min(turns)[1] if turns else parents[0] if parents else None
        self.random = Random(seed)  # noqa: S311 - made-up data must be repeatable, not unpredictable
        if options is None:
            self.combine(JUDGED[0])

    def combine(self, most: int) -> None:
        """Combine the blocks' options: all, or a sample in which each option occurs."""
        each = [block.options for block in self.group]
        longest = min(max(map(len, each)), most // 2)
        if prod(map(len, each)) <= most:
            picks: Iterable[tuple[Option, ...]] = product(*each)
        else:
            regular = (tuple(options[i % len(options)] for options in each) for i in range(longest))
            picks = chain(regular, (tuple(map(self.random.choice, each)) for _ in range(most - longest)))
        self.picks = list(picks)
        self._unite()

    def _unite(self) -> None:
        self.options = [
            Option(
                tuple(value for part in pick for value in part.values),
                None if self.place is None else pick[self.place].person,
                all(part.live for part in pick),
            )
            for pick in self.picks
        ]

    def enrich(self, accepted: list[Option]) -> bool:
        """Combine anew what occurs in no accepted option with parts of accepted ones; False if there is nothing."""
        known = {id(option): pick for option, pick in zip(self.options, self.picks, strict=True)}
        bases = [known[id(option)] for option in accepted]
        seen = {(i, _kind(part)) for pick in bases for i, part in enumerate(pick)}
        missing: dict[tuple[int, object], Option] = {}
        for i, block in enumerate(self.group):
            for part in block.options:
                if (i, _kind(part)) not in seen and any(value.kind for value in part.values):
                    missing.setdefault((i, _kind(part)), part)
        self.picks = []
        for (i, _), part in islice(missing.items(), 12):
            for _ in range(JUDGED[0]):
                pick = list(self.random.choice(bases))
                for _ in range(self.random.randint(0, 4)):
                    other = self.random.randrange(len(pick))
                    pick[other] = self.random.choice(self.group[other].options)
                pick[i] = part
                self.picks.append(tuple(pick))
        self._unite()
        return bool(self.picks)

    def tries(self) -> list[Try]:
        """Return the texts of two rows of each option, each with the option's position."""
        values = {value for option in self.options for value in option.values}
        texts = {(value, n): value.make(n) for value in values for n in (0, MOST_ROWS)}
        return [
            (i, [texts[v, n] for v in option.values]) for i, option in enumerate(self.options) for n in (0, MOST_ROWS)
        ]

    def block(self, accepted: list[Option]) -> Block:
        """Return the one block that the blocks have become."""
        turns = [block.turn for block in self.group if block.turn is not None]
        is_parent = any(block.is_parent for block in self.group)
        return Block(self.columns, _varied(accepted), min(turns, default=None), is_parent)


def _kind(option: Option) -> tuple[object, ...]:
    """Return what predicates may tell apart in an option."""
    return option.person, *(value.kind for value in option.values), option.live


def _varied(options: list[Option]) -> list[Option]:
    """Keep some options, those that differ most in kind and person first; of the alike, the plainest."""
    seen: dict[tuple[object, ...], int] = {}
    ranked = []
    for position, option in enumerate(options):
        kind = _kind(option)
        seen[kind] = seen.get(kind, 0) + 1
        ranked.append((seen[kind], position))
    return [options[position] for _, position in sorted(ranked)[:KEPT]]


def _suits(column: str, kind: str, person: int, words: Collection[str], *, is_person: bool) -> bool:
    """Tell whether a person may have this value in a table that is about people, so that each stands as in the cast."""
    identity = PEOPLE[person]
    if kind == "null" and {"true", "false"} <= {*words} and is_person and _tells_standing(column):
        return False
    if kind in ("true", "false"):
        if PRIVILEGED.search(column):
            return (kind == "true") == identity.is_admin
        if not is_person:
            return True
        if STANDING.search(column):
            return (kind == "true") == (identity.verification == "approved")
        if IN_DISGRACE.search(column):
            return (kind == "true") == (identity.name == "rejected")
        return not IN_GRACE.search(column) or (kind == "true") == (identity.name != "rejected")
    if PRIVILEGED.search(kind):
        return identity.is_admin
    if is_person and identity.is_admin and any(map(PRIVILEGED.search, words)):
        return False
    if is_person and kind in ("past", "future", "null") and IN_DISGRACE.search(column):
        return (kind == "null") == (identity.name != "rejected")
    if is_person and identity.verification in words:
        return kind == identity.verification
    return True


# Kinds of value that are no word.
_NO_WORDS = {"null", "true", "false", "past", "future", "set", ""}


def _one_word(options: list[Option], place: int, person: int) -> list[Option]:
    """Return the options of one word, another one for the next person."""
    words = sorted({option.values[place].kind for option in options})
    return [option for option in options if option.values[place].kind == words[person % len(words)]]


def _tells_standing(column: str) -> bool:
    return any(names.search(column) for names in (PRIVILEGED, STANDING, IN_DISGRACE, IN_GRACE))


@dataclass
class _Choices:
    """The options of one block that suit one person: those of each person, nobody's, and all."""

    all: list[Option]
    of: dict[int | None, list[Option]]

    @classmethod
    def among(cls, options: list[Option]) -> _Choices:
        of: dict[int | None, list[Option]] = {}
        for option in options:
            of.setdefault(option.person, []).append(option)
        return cls(options, of)


@dataclass(frozen=True)
class _Draft:
    """A row to be: the chosen options, and what predicates may tell apart in it."""

    person: int
    n: int
    number: int
    options: dict[int, Option]
    features: tuple[int, ...]
    owners: tuple[int, ...]


class _Chooser:
    """Chooses the rows of one table."""

    def __init__(
        self,
        table: Table,
        blocks: list[Block],
        people: Collection[int],
        sure: Collection[str],
        rules: Rules,
    ) -> None:
        self.table, self.blocks = table, blocks
        self.random = Random(table.title)  # noqa: S311 - made-up data must be repeatable, not unpredictable
        self.columns = tuple(column for block in blocks for column in block.columns)
        self.place = {c: (i, j) for i, block in enumerate(blocks) for j, c in enumerate(block.columns)}
        self.is_gate = table.oid in rules.gates
        self.about_people = all(key.parent in people for key in table.foreign_keys)
        asked = rules.of(table)
        self.ruled = asked.keys()
        # Blocks of parents of which some are not as the rules of their table want them.
        self.dying = {i for i, b in enumerate(blocks) if b.is_parent and len({o.live for o in b.options}) > 1}
        self.wanted = self._wanted_kinds(asked)
        self.words = {column: {*hint.words} for column, hint in asked.items() if hint.words and not hint.keys}
        self.one_each = any(
            len(key) == 1 and block.turn == 0 and key[0] in block.columns
            for key in table.unique_keys
            for block in blocks
        )
        self.is_person = self.about_people and self.one_each
        self.ranks = rules.ranks.get(table.oid, {}) if self.about_people or self.one_each else {}
        self.out_of_rank = rules.out_of_rank.get(table.oid, {})
        plain = {
            b.columns[0] for b in blocks if len(b.columns) == len(b.options) == 1 and not b.options[0].values[0].kind
        }
        self.unique = [
            key
            for key in table.unique_keys
            if set(key) <= set(self.columns) and plain.intersection(sure).isdisjoint(key)
        ]
        self.unique += [key for key in self._names() if key not in self.unique]
        self.seen: list[set[tuple[str | None, ...]]] = [set() for _ in self.unique]
        self.choices = [
            [_Choices.among(self._suitable(block, person)) for person in range(len(PEOPLE))] for block in blocks
        ]
        # Blocks that tell whose a row is and nothing else, as the options of one person are alike.
        self.alike = {
            i
            for i, block in enumerate(blocks)
            if block.turn is None
            and len({tuple(v.kind for v in o.values) for o in block.options if o.person is not None}) == 1
        }
        # Blocks of parents that are nobody's own.
        self.homes = {
            i
            for i, block in enumerate(blocks)
            if block.is_parent and {option.person for option in block.options} == {*HOMES, None}
        }
        self.featured = self._featured()
        self.together = self._together(rules.together.get(table.oid, ()))
        self.owned = [(column, i, j) for column, (i, j) in self.place.items() if self._is_owner(i, j)]
        self.targets = [] if self.ranks else self._targets(rules.together.get(table.oid, ()))
        deciding = {i for _, i, _ in (*self.featured, *self.owned)} | {
            self.place[column][0] for key in self.unique for column in key
        }
        deciding |= {self.place[column][0] for targets in self.targets for target in targets for column in target}
        self.deciding = sorted(deciding)
        self.numbers: dict[object, int] = {}
        self.covered: set[int] = set()
        self.content: set[tuple[int, int, int] | None] = set()
        self.codes: dict[int, dict[int, tuple[list[int], list[int]]]] = {}
        self.slices = self._slices()
        self.turns = 1 + max(self.slices.values(), default=0)
        # The guest is a member of nothing, so that there is somebody who is not.
        self.persons = [i for i, who in enumerate(PEOPLE) if not (self._is_of_members(people) and who.is_anonymous)]

    def _names(self) -> Iterator[tuple[str, ...]]:
        """Yield what rows of a list are called by that rules look up, such as roles by name: each word is there once.

        Nothing but the project's own rows keeps to that, and ``(select id from roles where name = 'player')`` fails
        where two are called so.
        """
        if not any(block.is_parent or block.about_people for block in self.blocks):
            yield from ((column,) for column in self.words if column in self.place and NAMES.search(column))

    def _wanted_kinds(self, asked: Mapping[str, Hints]) -> dict[str, set[str]]:
        """Return the kinds that rules want of columns that are about nobody, where they can be of other kinds, too."""
        found: dict[str, set[str]] = {}
        for block in self.blocks:
            for j, column in enumerate(block.columns):
                kinds = {option.values[j].kind for option in block.options}
                wanted = kinds & {*asked[column].wanted} if column in asked else set()
                if wanted and wanted != kinds and not block.about_people and not block.is_parent:
                    found[column] = wanted
        return found

    def is_live(self, row: MadeRow) -> bool:
        """Tell whether a row that is there is as the rules of its table want it."""
        return all(
            self._kind_of(self.blocks[self.place[column][0]], self.place[column][1], row) in kinds
            for column, kinds in self.wanted.items()
        )

    def _is_of_members(self, people: Collection[int]) -> bool:
        """Tell whether the table says who belongs to what: by a key of a person and of what belongs to nobody alone."""
        to_people = {c for k in self.table.foreign_keys if k.parent in people for c in k.columns}
        to_others = {c for k in self.table.foreign_keys if k.parent not in people for c in k.columns}
        named = any({*key} & to_people and {*key} & to_others for key in self.table.unique_keys)
        return named and (self.is_gate or MEMBERSHIPS.search(self.table.name) is not None)

    def leave_some_out(self) -> None:
        """Leave people out of a table in which nobody is from the beginning and of which being in it gives rights.

        Where a rank in it has a default, all begin with that, and are in it, unless rows are there to be claimed, or
        nothing is said of people but that they are in it. The guest is outside, and somebody who has signed up, as
        rules may want that besides.
        """
        begins = any(self.table.columns[column].default for column in self.ranks)
        claimed, listed = self._is_claimed(), self._is_list()
        if not (self.is_gate and self.one_each) or (begins and not claimed and not listed):
            return
        outside = {"guest", "stranger"} if self.about_people or claimed else {"guest"}
        if listed:
            outside |= {"pending", "rejected"}
        self.persons = [i for i in self.persons if PEOPLE[i].name not in outside]

    def _is_claimed(self) -> bool:
        """Tell whether a row may be nobody's yet and has an address by which somebody may claim it."""
        may_be_nobodys = any(
            block.turn == 0 and any(NULL in option.values for option in block.options) for block in self.blocks
        )
        return may_be_nobodys and any(map(CONTACT_COLUMN.search, self.table.columns))

    def _is_list(self) -> bool:
        """Tell whether the table names people and says nothing of them, so that whoever is in it has been chosen."""
        people = {column for block in self.blocks if block.about_people for column in block.columns}
        kept = {*people, *self.table.primary_key}
        said = [name for name in self.table.columns if name not in kept and not ALWAYS_SET.search(name)]
        return self.about_people and not said and not MEMBERS.search(self.table.name)

    def _featured(self) -> list[tuple[str, int, int]]:
        """Return the columns whose kinds are combined, with their places in block and option: words come first."""
        found = []
        for i, block in enumerate(self.blocks):
            for j, column in enumerate(block.columns):
                kinds = {option.values[j].kind for option in block.options}
                if len(kinds) > 1 or (block.is_parent and block.about_people) or i in self.dying:
                    plain = kinds <= {"", "null", "past", "future", "set"}
                    found.append((column not in self.ruled, plain, not block.is_parent, column, i, j))
        return [(column, i, j) for *_, column, i, j in sorted(found, key=itemgetter(0, 1, 2))[:MOST_FEATURES]]

    def _targets(self, together: Iterable[Mapping[str, Collection[str]]]) -> list[list[Target]]:
        """Return for each person what is to be together in a row: all that a rule wants, or all but one.

        Each person begins with the whole, and then with another one that is missing.
        """
        whole: list[Target] = []
        partly: list[Target] = []
        for wanted in together:
            of_parent = any(column in wanted for i in self.dying for column in self.blocks[i].columns)
            kinds = {
                column: {option.values[j].kind for option in self.blocks[i].options}
                for column, (i, j) in self.place.items()
                if column in wanted and not self.blocks[i].about_people
            }
            able = {column: kinds[column] & {*wanted[column]} for column in kinds if kinds[column] & {*wanted[column]}}
            if len(able) > 1 or (able and of_parent):
                # Words that the rule does not name, such as a role that it is given, are at least known ones.
                able = {**{column: words for column in self.words if (words := self._known_words(column))}, **able}
            if (len(able) > 1 or (able and of_parent)) and able not in whole:
                # Of people's own parents, and those of others.
                whole += [able] * (1 + of_parent)
                rest = {column: kinds[column] - able[column] for column in able if column in kinds}
                partly += [{**able, column: others} for column, others in rest.items() if others]
        starts = (person % max(len(partly), 1) for person in range(len(PEOPLE)))
        turns = (partly[start:] + partly[:start] for start in starts)
        most = MOST_WHOLE + bool(self.dying)
        return [[*whole[:most], *turn[:MOST_PARTLY]][:MOST_AIMED] for turn in turns]

    def _known_words(self, column: str) -> set[str]:
        """Return those words that rules compare a column with that it can have."""
        i, j = self.place.get(column, (None, 0))
        return set() if i is None else self.words[column] & {option.values[j].kind for option in self.blocks[i].options}

    def _together(self, together: Iterable[Collection[str]]) -> list[tuple[int, ...]]:
        """Return the places in ``featured`` of three columns and more that one predicate asks about, if these are few.

        Such a predicate is told from a laxer one by a row that fails in one column alone.
        """
        kinds = [len({option.values[j].kind for option in self.blocks[i].options}) for _, i, j in self.featured]
        found: dict[tuple[int, ...], None] = {}
        for names in together:
            places = [
                place
                for place, (column, i, _) in enumerate(self.featured)
                if column in names and not self.blocks[i].about_people
            ]
            if len(places) > 2 and prod(kinds[place] for place in places) <= MOST_TOGETHER:
                found[tuple(places)] = None
        return list(found)

    def _is_owner(self, i: int, j: int) -> bool:
        return any(o.values[j].kind == "set" and o.values[j].make(0) in PERSON_OF for o in self.blocks[i].options)

    def _suitable(self, block: Block, person: int) -> list[Option]:
        fit = self._as_in_the_cast(block, person) if self.about_people else block.options
        for place, column in enumerate(block.columns):
            fit = self._ranked(block, fit, place, column, person) or fit
        return fit

    def _as_in_the_cast(self, block: Block, person: int) -> list[Option]:
        words = [{option.values[i].kind for option in block.options} for i in range(len(block.columns))]
        fit = [
            option
            for option in block.options
            if all(
                _suits(column, value.kind, person, kinds, is_person=self.is_person)
                for column, value, kinds in zip(block.columns, option.values, words, strict=True)
            )
        ]
        return fit or block.options

    def _ranked(self, block: Block, options: list[Option], place: int, column: str, person: int) -> list[Option]:
        """Return the options of somebody's rank: one has what opens more than what all begin with, others do not."""
        wanted = self.ranks.get(column, set())
        has = self.table.columns[column]
        default = re.match(r"'?(\w*)'?", has.default or "")
        begun = default[1] if default else ""
        if not block.is_parent:
            if out := self.out_of_rank.get(column, set()) if column in self.ranks else set():
                wanted = wanted | {option.values[place].kind for option in options} - out - {"null"}
            if self.one_each and has.default is None and not has.required:
                begun = "null"  # where nothing else is said of a row of somebody's own
        # Where nothing is everybody's from the beginning, roles that are given to people are not everybody's either.
        given = not begun and self.about_people and not self.one_each and wanted.isdisjoint(_NO_WORDS)
        if not wanted or begun in wanted or not (begun or given):
            return options
        if PEOPLE[person].name in ("alice", "stranger", "guest", "pending"):
            others = [option for option in options if option.values[place].kind not in wanted]
            return others or (_one_word(options, place, person) if given else options)
        if PEOPLE[person].name == "bob":
            return [option for option in options if option.values[place].kind in wanted]
        return options

    def _slices(self) -> dict[str, int]:
        """Return for optional columns of a very wide table in which turn they are filled."""
        needed = set(self.table.primary_key).union(*self.table.unique_keys, *(c.columns for c in self.table.checks))
        optional = [
            block.columns[0]
            for block in self.blocks
            if len(block.columns) == 1
            and not block.is_parent
            and block.turn is None
            and block.columns[0] not in needed
            and not self.table.columns[block.columns[0]].required
        ]
        return {column: i // WIDTH for i, column in enumerate(optional)} if len(optional) > 1.5 * WIDTH else {}

    def take(self, rows: Iterable[MadeRow]) -> None:
        """Take notice of rows that are there already: their keys are not free any more."""
        for row in rows:
            for key, seen in zip(self.unique, self.seen, strict=True):
                seen.add(tuple(row.texts.get(column) for column in key))

    def completions(self, row: MadeRow) -> Iterator[tuple[dict[str, str | None], list[str]]]:
        """Yield changes to a row that is there, and which of the new texts are nowhere else.

        What tells how a person stands becomes as in the cast. Of every second person other words and flags are tried
        than those that the project begins with. What is open gets a text.
        """
        person, number = row.person or 0, row.number
        keys = {column for key in (self.table.primary_key, *self.table.unique_keys) for column in key}
        for i, block in enumerate(self.blocks):
            if block.turn is not None or not keys.isdisjoint(block.columns):
                continue
            option = self._option(i, person, 0, 0)
            telling = any(value.kind for value in option.values)
            kinds = tuple(self._kind_of(block, j, row) for j in range(len(block.columns)))
            if telling and tuple(value.kind for value in option.values) == kinds:
                continue
            is_open = not any(row.texts.get(column) for column in block.columns)
            stands = len(self.choices[i][person].all) < len(block.options)
            if stands or (telling and person % 2) or (is_open and not telling):
                changes = {c: v.make(number) for c, v in zip(block.columns, option.values, strict=True)}
                yield changes, [c for c, v in zip(block.columns, option.values, strict=True) if not v.kind]

    @staticmethod
    def _kind_of(block: Block, place: int, row: MadeRow) -> str:
        text = row.texts.get(block.columns[place])
        kinds = {option.values[place].kind for option in block.options}
        plain = {"t": "true", "f": "false"}.get(text or "", text)
        return "null" if plain is None else plain if plain in kinds else "?"

    def rows(self) -> Iterator[MadeRow]:
        """Return rows until every pair of features is there, for each person at least two where that is possible."""
        made = 0
        for draft in self._drafts():
            made = draft.n + 1
            yield self._made(draft)
        apart = enumerate(islice(self._apart(), MOST_APART))
        paired = filter(None, (self._paired(made + n * len(PEOPLE), target) for n, target in apart))
        for draft in islice(paired, MOST_PAIRED):
            self.covered |= self._new(draft)
            yield self._made(draft)

    def _paired(self, n: int, target: Target) -> _Draft | None:
        """Return a row of somebody's in which two words are together; None where constraints do not let them be."""
        drafts = (self._draft(n + turn, person, 0, 0, target) for turn, person in enumerate(self.persons))
        return next(filter(None, drafts), None)

    def _apart(self) -> Iterator[Target]:
        """Yield the pairs of words of two columns that no row has together."""
        words = [
            (column, {option.values[j].kind for option in self.blocks[i].options} - {"", "set"})
            for column, i, j in self.featured
            if not self.blocks[i].is_parent and not self.blocks[i].about_people and i not in self.dying
        ]
        for (one, kinds), (other, others) in combinations(words, 2):
            for kind, another in product(sorted(kinds), sorted(others)):
                pair = self._number((one, kind)) << 16 | self._number((other, another))
                if pair not in self.covered:
                    yield {one: {kind}, other: {another}}

    def _drafts(self) -> Iterator[_Draft]:
        """Yield what the rows are to be, as long as there is something new in them."""
        idle = 0
        for n in range(MOST_ROWS):
            person = self.persons[n % len(self.persons)]
            if aimed := self._aimed(n, person):
                idle = 0
                self.covered |= self._new(aimed)
                yield aimed
                continue
            best: _Draft | None = None
            new: set[int] = set()
            tries = 2 if idle else TRIES  # when little is left to find, little is spent on it
            for attempt in range(tries + TRIES):
                # Other running numbers only where with its own no row is left.
                bump = max(0, attempt - tries + 1)
                if bump and best is not None:
                    break
                draft = self._draft(n, person, attempt, bump)
                if draft is None:
                    continue
                found = self._new(draft)
                if best is None or len(found) > len(new):
                    best, new = draft, found
                if len(new) >= len(self.featured) * (len(self.featured) + 1) // 2:
                    break
            if best is None or (not new and n >= max(LEAST_ROWS, self.turns)):
                idle += 1
                if idle >= len(self.persons):
                    return
                continue
            idle = 0
            self.covered |= new
            yield best

    def _aimed(self, n: int, person: int) -> _Draft | None:
        """Return a row that has together what a rule wants together; None where there is no more for this person."""
        targets = self.targets[person] if self.targets else []
        while targets:
            target = targets.pop(0)
            for attempt in range(TRIES):
                if draft := self._draft(n, person, attempt, 0, target):
                    return draft
        return None

    def _new(self, draft: _Draft) -> set[int]:
        """Return the pairs of features and the single owners, each as one number, that no row has had."""
        pairs = {one << 16 | other for one, other in combinations(draft.features, 2)}
        # The person's number is the first of the features.
        pairs.update(self._number(tuple(draft.features[1 + p] for p in places)) << 32 for places in self.together)
        return pairs.union(owner << 16 for owner in draft.owners) - self.covered

    def _wanted(self, place: int, person: int, options: list[Option], *, lasting: bool = True) -> list[Option]:
        """Return the options with a feature that this person has not had, or with an owner that no row has had."""
        mine, covered = self._number(person) << 16, self.covered
        codes = self.codes.get(place)
        if codes is None:
            codes = self.codes[place] = self._codes(place)
        # What is covered stays covered; only lists that live as long as the chooser are known by their identity.
        place_and_list = (place, person, id(options)) if lasting else None
        if place_and_list in self.content:
            return []
        wanted = [
            option
            for option in options
            if any(mine | code not in covered for code in codes[id(option)][0])
            or any(code not in covered for code in codes[id(option)][1])
        ]
        if not wanted and place_and_list:
            self.content.add(place_and_list)
        return wanted

    def _codes(self, place: int) -> dict[int, tuple[list[int], list[int]]]:
        """Return the features and the owners of a block's options, as they are counted in ``covered``."""
        features = [(column, j) for column, i, j in self.featured if i == place]
        owners = [(column, j) for column, i, j in self.owned if i == place]
        return {
            id(option): (
                [
                    self._number((column, option.values[j].kind))
                    for column, j in features
                    # Whether a parent is one's own depends on the person.
                    if not (
                        self.blocks[place].is_parent and option.person is not None and option.values[j].kind == "set"
                    )
                ],
                [self._number((column, option.values[j].make(0))) << 16 for column, j in owners],
            )
            for option in self.blocks[place].options
        }

    def another(self, row: MadeRow, attempt: int) -> MadeRow | None:
        """Return another row in place of one that was refused, or None."""
        draft = self._draft(row.number % 1_000, row.person or 0, attempt + TRIES, attempt + TRIES)
        return self._made(draft) if draft else None

    def _draft(self, n: int, person: int, attempt: int, bump: int, target: Target | None = None) -> _Draft | None:
        """Choose options for a row, or None if its keys are taken. ``bump`` gives it other running numbers."""
        lap, number = n // len(PEOPLE), n + 1_000 * bump
        options = {i: self._option(i, person, lap, attempt) for i in self.deciding}
        for i in {self.place[column][0] for column in target or ()}:
            wanted = [(j, target[c]) for j, c in enumerate(self.blocks[i].columns) if target and c in target]
            fit = [o for o in self.choices[i][person].all if all(o.values[j].kind in kinds for j, kinds in wanted)]
            if not fit:
                return None
            options[i] = self.random.choice(fit)
        for i in self.dying & options.keys() if target else ():
            alive = [o for o in self.choices[i][person].all if o.live and o.person == options[i].person]
            if alive and not options[i].live:
                options[i] = alive[0]
        for key, seen in zip(self.unique, self.seen, strict=True):
            texts = self._key(key, options, number)
            if texts in seen and None not in texts:
                return None
        features = [self._number(person)]
        for column, i, j in self.featured:
            option = options[i]
            kind = option.values[j].kind
            if kind == "set" and i in self.homes:
                kind = "own" if option.person == HOMES[person] else "other"
            elif kind == "set" and self.blocks[i].is_parent and option.person is not None:
                kind = "own" if option.person == person else "other"
            if i in self.dying and not option.live:
                kind += " gone"
            features.append(self._number((column, kind)))
        owners = (self._number((column, options[i].values[j].make(0))) for column, i, j in self.owned)
        return _Draft(person, n, number, options, tuple(features), tuple(owners))

    def _number(self, feature: object) -> int:
        return self.numbers.setdefault(feature, len(self.numbers))

    def _key(self, key: Sequence[str], options: Mapping[int, Option], number: int) -> tuple[str | None, ...]:
        places = (self.place[column] for column in key)
        return tuple(options[i].values[j].make(number) for i, j in places)

    def _made(self, draft: _Draft) -> MadeRow:
        for key, seen in zip(self.unique, self.seen, strict=True):
            seen.add(self._key(key, draft.options, draft.number))
        texts: dict[str, str | None] = {}
        fresh = []
        live = True
        for i, block in enumerate(self.blocks):
            option = draft.options.get(i) or self._option(i, draft.person, draft.n // len(PEOPLE), 0)
            for column, value in zip(block.columns, option.values, strict=True):
                skipped = self.slices.get(column, draft.n % self.turns) != draft.n % self.turns
                if column in self.slices and value is NULL:
                    value = block.options[0].values[0]  # its turn comes once
                texts[column] = None if skipped else value.make(draft.number)
                live = live and value.kind in self.wanted.get(column, (value.kind,))
                if not value.kind and not skipped:
                    fresh.append(column)
        return MadeRow(draft.person, draft.number, texts, tuple(fresh), live)

    def _option(self, place: int, person: int, lap: int, attempt: int) -> Option:
        """Choose an option of a block: the right person's, mostly not NULL; whatever else is left to chance."""
        block, choices = self.blocks[place], self.choices[place][person]
        if len(choices.all) == 1:
            return choices.all[0]
        if choices.of.keys() != {None}:
            if attempt == 1 and block.turn is None:
                near = [o for whose in (person, PARTNERS[person], None) for o in choices.of.get(whose, ())]
                wanted = self._wanted(place, person, near, lasting=False) or self._wanted(place, person, choices.all)
                if wanted:
                    return self.random.choice(wanted)
            if block.turn is None:
                target = PARTNERS[person] if lap % 2 or attempt > 2 else person
                if place in self.homes:
                    target = 2 - HOMES[person] if lap % 2 or attempt > 2 else HOMES[person]
            elif block.turn < 2:
                target = PARTNERS[person] if block.turn else person
            else:
                target = (person + block.turn) % len(PEOPLE)
            theirs, nobodys = choices.of.get(target), choices.of.get(None)
            if theirs and not (nobodys and (lap or block.turn) and self.random.random() < 0.25):
                if place in self.alike and not attempt % 2 and self.random.random() < 0.6:
                    return theirs[0]  # mostly the same parent, so that its rows have siblings
                return self.random.choice((attempt == 0 and self._wanted(place, person, theirs)) or theirs)
            return self.random.choice(nobodys or choices.all)
        return self.random.choice((attempt == 0 and self._wanted(place, person, choices.all)) or choices.all)
