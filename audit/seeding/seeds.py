"""Fill a disposable database with a made-up community, whatever exactly its tables look like.

The community makes rows as dictionaries; here each table's real columns are looked up, the rows are fitted to them and
loaded with COPY. A table that cannot be filled is rolled back and named with the reason, the rest goes on.
Reasons name conditions, columns and constraints, never values.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import chain, count, cycle, repeat
from operator import itemgetter
from typing import Any

import psycopg
import sqlglot
from psycopg import sql
from psycopg.rows import class_row, tuple_row
from sqlglot import exp

from audit.people import CAST
from audit.seeding.community import OTHER, SOMETIMES_MISSING, Community, Row, made_up_id
from audit.seeding.generator import Generator, Place, UnfillableError, reason, stubborn_triggers_off
from audit.seeding.tables import Table, read
from audit.seeding.tokens import write_tokens
from audit.seeding.values import token

# Other names under which projects keep the same column. A name counts only where the table lacks ours.
ALIASES: dict[str, tuple[str, ...]] = {
    "user_id": ("requester_id", "owner_id", "author_id", "created_by", "profile_id", "participant_id"),
    "name": ("full_name", "display_name"),
    "content": ("body", "text", "message"),
    "request_id": ("help_request_id",),
    "help_request_id": ("request_id",),
    "sender_id": ("author_id", "user_id"),
    "requester_id": ("owner_id", "user_id"),
    "helper_id": ("volunteer_id", "matched_with"),
    "recipient_id": ("receiver_id",),
    "location_override": ("address",),
    "created_by": ("creator_id",),
    "phone": ("phone_number",),
    "status": ("message_status",),
    "is_admin": ("is_staff", "admin", "is_superuser"),
    "actor": ("actor_id", "user_id", "performed_by"),
    "happened_at": ("created_at", "occurred_at", "logged_at"),
}

# Other words for the same thing, for columns that allow only certain words.
SYNONYMS: tuple[frozenset[str], ...] = (
    frozenset({"inprogress", "matched", "claimed", "assigned", "active"}),
    frozenset({"cancelled", "canceled", "withdrawn"}),
    frozenset({"completed", "complete", "done", "fulfilled"}),
    frozenset({"closed", "archived", "expired"}),
    frozenset({"open", "new", "available"}),
    frozenset({"normal", "medium", "low", "routine"}),
    frozenset({"urgent", "high"}),
    frozenset({"critical", "emergency"}),
    frozenset({"approved", "verified", "accepted"}),
    frozenset({"rejected", "denied", "declined"}),
    frozenset({"pending", "unverified", "waiting"}),
    frozenset({"groceries", "grocery", "shopping", "food"}),
    frozenset({"transport", "transportation", "rides"}),
    frozenset({"other", "general", "misc"}),
    frozenset({"made", "created", "insert", "exchange", "requested"}),
    frozenset({"confirmed", "update", "confirm"}),
)


# What is a person's own in the community's rows, and of how many values of a table it is remembered whose they are.
PRIVATE = frozenset({"email", "phone", "location", "description", "location_override", "content", "title"})
NOTED = 20_000


@dataclass(frozen=True)
class Planted:
    """What :func:`plant` did: rows per table, reasons per table that stayed as it was, and the moment it refers to.

    ``canaries`` are texts that occur in one place only, each with that place: whoever reads one has read from there. A
    canary may be a part of the value. Of the community's tables only the first rows have them, which are the cast's.
    """

    counts: dict[str, int]
    unfilled: dict[str, str]
    now: dt.datetime
    canaries: Mapping[str, Place]


@dataclass(frozen=True)
class Column:
    """A column as the catalogue describes it: of a domain, the type below it.

    ``category`` is ``pg_type.typcategory``, ``length`` the limit in characters (None: none), ``labels`` an enum's words
    (None: no enum), ``checks`` the definitions of CHECK constraints on this column alone, ``parent`` (quoted and with
    its schema) and ``parent_column`` what a foreign key of this column alone refers to.
    """

    name: str
    type: str
    category: str
    required: bool
    has_default: bool
    default: str | None
    length: int | None
    labels: list[str] | None
    checks: list[str]
    parent: str | None
    parent_column: str | None

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words that the column allows, its default first; none if it allows any."""
        lists = [self.labels] if self.labels else []
        lists += filter(None, map(_listed, self.checks))
        words = [word for word in lists[0] if all(word in others for others in lists)] if lists else []
        default = re.match("'([^']*)'", self.default or "")
        return tuple(sorted(words, key=lambda word: default is None or word != default[1]))


def _listed(check: str) -> list[str]:
    """Return the words of ``check ((col = any (array['a'::text, ...])))``, or none if it is not of that form.

    PostgreSQL rewrites ``col in (...)`` to this: https://www.postgresql.org/docs/current/functions-comparisons.html.
    """
    match = re.fullmatch(r"CHECK \((.*)\)(?: NOT VALID| NO INHERIT| NOT ENFORCED)*", check, re.DOTALL)
    try:
        tree = sqlglot.parse_one(match[1], dialect="postgres") if match else None
    except sqlglot.errors.SqlglotError:
        tree = None
    if tree is None or tree.find(exp.Not, exp.And):
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


# Source: https://www.postgresql.org/docs/current/catalog-pg-attribute.html, -pg-type.html and -pg-constraint.html.
# The typmod of a length-limited type is the length plus 4.
_COLUMNS = """
select a.attname as name, t.typname as type, t.typcategory::text as category,
       a.attnotnull or d.typnotnull as required,
       a.atthasdef or a.attidentity <> '' or d.typdefault is not null as has_default,
       pg_catalog.pg_get_expr(f.adbin, f.adrelid) as default,
       case when t.typname in ('varchar', 'bpchar') then nullif(coalesce(nullif(a.atttypmod, -1), d.typtypmod), -1) - 4
       end as length,
       (select pg_catalog.array_agg(e.enumlabel::text order by e.enumsortorder)
          from pg_catalog.pg_enum e where e.enumtypid = t.oid) as labels,
       array(select pg_catalog.pg_get_constraintdef(c.oid) from pg_catalog.pg_constraint c
              where c.contype = 'c' and (c.conrelid = a.attrelid and c.conkey = array[a.attnum]
                                         or c.contypid = d.oid and d.typtype = 'd')) as checks,
       k.parent, p.attname as parent_column
from pg_catalog.pg_attribute a
join pg_catalog.pg_type d on d.oid = a.atttypid
join pg_catalog.pg_type t on t.oid = case when d.typtype = 'd' then d.typbasetype else d.oid end
left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
left join lateral (select c.confrelid, c.confkey, pg_catalog.format('%%I.%%I', n.nspname, r.relname) as parent
                     from pg_catalog.pg_constraint c
                     join pg_catalog.pg_class r on r.oid = c.confrelid
                     join pg_catalog.pg_namespace n on n.oid = r.relnamespace
                    where c.contype = 'f' and c.conrelid = a.attrelid and c.conkey = array[a.attnum]
                    order by c.conname limit 1) k on true
left join pg_catalog.pg_attribute p on p.attrelid = k.confrelid and p.attnum = k.confkey[1]
where a.attrelid = %s::pg_catalog.regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
order by a.attnum
"""

_FOREIGN_KEYS = """
select c.conname as name, pg_catalog.format('%%I.%%I', n.nspname, r.relname) as parent,
       array(select a.attname::text from pg_catalog.unnest(c.conkey) with ordinality k (num, pos)
               join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.num
              order by k.pos) as columns,
       array(select a.attname::text from pg_catalog.unnest(c.confkey) with ordinality k (num, pos)
               join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.num
              order by k.pos) as parent_columns
from pg_catalog.pg_constraint c
join pg_catalog.pg_class r on r.oid = c.confrelid
join pg_catalog.pg_namespace n on n.oid = r.relnamespace
where c.contype = 'f' and c.conrelid = %s::pg_catalog.regclass
order by c.conname
"""


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key; ``parent`` is a quoted, schema-qualified name."""

    name: str
    parent: str
    columns: list[str]
    parent_columns: list[str]


def plant(conn: psycopg.Connection[Any], members: int = 200) -> Planted:
    """Fill the database with the cast and ``members`` further people, three requests and ten messages for each.

    ``conn`` is a superuser's, in autocommit mode or not. Outside a transaction everything is committed at the end;
    inside one it is left to the caller. The rows are the same each time, their times relative to ``now()``. Triggers
    do not fire (session_replication_role = replica), so foreign keys are verified after each table instead; CHECK,
    NOT NULL and unique constraints are enforced as always. Nothing is analyzed.
    Source: https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SESSION-REPLICATION-ROLE.

    Raises ValueError when ``members`` is negative, psycopg.Error when the connection is lost or not a superuser's.
    """
    counts: dict[str, int] = {}
    unfilled: dict[str, str] = {}
    canaries: dict[str, Place] = {}
    with conn.transaction(), _replica_role(conn):
        community = Community(_value(conn, "select pg_catalog.now()"), members)
        makers = community.tables()

        def fit(table: str) -> bool:
            # Where a condition on several columns does not like what is added to our rows, they go without.
            for generous in (True, False):
                try:
                    with conn.transaction():
                        counts[table] = _fill(conn, table, makers[table](), unfilled, canaries, generous=generous)
                except (UnfillableError, psycopg.Error) as error:
                    if conn.broken:
                        raise
                    unfilled[table] = reason(error)
                else:
                    unfilled.pop(table, None)
                    return True
            return False

        def fit_again(table: Table) -> int | None:
            return counts[table.title] if table.title in unfilled and fit(table.title) else None

        for table in makers:
            if _value(conn, _IS_TABLE, table):
                fit(table)
        catalogue = read(conn)
        others = [table for table in catalogue.tables.values() if table.title not in counts]
        generated = Generator(conn, catalogue, community.now).fill(others, fit_again)
        write_tokens(conn, catalogue)
    for table in generated.counts:
        unfilled.pop(table, None)
    # Why the community did not fit is the better reason for its own tables.
    return Planted(
        {**counts, **generated.counts},
        {**generated.unfilled, **unfilled},
        community.now,
        {**generated.canaries, **canaries},
    )


def fill_new(conn: psycopg.Connection[Any], tables: Collection[int]) -> dict[str, str]:
    """Fill tables that a migration made, by number, in a planted database; return why some could not be filled.

    ``conn`` is as in :func:`plant`.
    """
    with conn.transaction(), _replica_role(conn):
        catalogue = read(conn)
        wanted = [table for table in catalogue.tables.values() if table.oid in tables]
        return Generator(conn, catalogue, _value(conn, "select pg_catalog.now()")).fill(wanted, lambda _: None).unfilled


@contextmanager
def _replica_role(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Keep ordinary triggers from firing; undone by hand, because the caller's transaction may go on."""
    before = _value(conn, "select pg_catalog.current_setting('session_replication_role')")
    conn.execute("set local session_replication_role = replica")
    yield
    conn.execute("select pg_catalog.set_config('session_replication_role', %s, true)", (before,))


# Views of these names are another project's business.
_IS_TABLE = "select relkind in ('r', 'p') from pg_catalog.pg_class where oid = pg_catalog.to_regclass(%s)"


def _value(conn: psycopg.Connection[Any], question: str, *parameters: object) -> Any:  # noqa: ANN401
    """Return the first column of the first row, or None."""
    row = conn.cursor(row_factory=tuple_row).execute(question, parameters or None).fetchone()
    return row[0] if row else None


def _fill(
    conn: psycopg.Connection[Any],
    table: str,
    rows: Iterable[Row],
    unfilled: Collection[str],
    canaries: dict[str, Place],
    *,
    generous: bool,
) -> int:
    """Load the rows into one table, and return how many there were.

    Raises UnfillableError when a column cannot be given a value or a foreign key would not hold, and psycopg.Error when
    PostgreSQL refuses the rows.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return 0
    makers = _makers(conn, table, first, unfilled)
    private = {column for column in makers if _key(column, makers.keys() & first.keys(), first) in PRIVATE}
    if generous:
        extra = _extras(conn, table, makers)
        makers |= extra
        private |= extra.keys()
    name = sql.Identifier(*table.split("."))
    columns = sql.SQL(", ").join(map(sql.Identifier, makers))
    noted: list[tuple[str, str, object]] = []
    with stubborn_triggers_off(conn, table, name), conn.cursor() as cursor:
        with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(name, columns)) as copy:
            for row in chain((first,), rows):
                values = [make(row) for make in makers.values()]
                copy.write_row(values)
                if len(noted) < NOTED:
                    noted += zip(repeat(str(row.get("id", ""))), makers, values, strict=False)
        written = cursor.rowcount
    _verify_foreign_keys(conn, table, name)
    _advance_sequences(conn, table, name)
    for key, column, value in noted:
        if column in private and isinstance(value, str) and len(value) > 6:
            canaries.setdefault(value, Place(table, column, (key,) if key else ()))
    return written


def _makers(
    conn: psycopg.Connection[Any], table: str, sample: Row, unfilled: Collection[str]
) -> dict[str, Callable[[Row], object]]:
    """Return, for each column that gets one, what makes its value from a row. All rows have the sample's keys.

    Raises UnfillableError when a column must have a value and there is none to give.
    """
    with conn.cursor(row_factory=class_row(Column)) as cursor:
        columns = cursor.execute(_COLUMNS, (table,)).fetchall()
    taken = {column.name for column in columns} & sample.keys()
    makers = {}
    for column in columns:
        key = _key(column.name, taken, sample)
        if key and column.parent not in unfilled:
            makers[column.name] = _maker(conn, column, key, sample[key])
        elif column.required and not column.has_default:
            makers[column.name] = _from_filler(_filler(conn, column))
    if not makers:
        raise UnfillableError("none of its columns is known")
    return makers


def _extras(conn: psycopg.Connection[Any], table: str, makers: Collection[str]) -> dict[str, Callable[[Row], object]]:
    """Return makers of texts for columns that may be NULL and that our rows know nothing about, each text unique."""
    with conn.cursor(row_factory=class_row(Column)) as cursor:
        columns = cursor.execute(_COLUMNS, (table,)).fetchall()
    return {
        column.name: _from_filler(map(partial(token, f"{table}.{column.name}"), count(1)))
        for column in columns
        if column.name not in makers and column.type == "text" and not column.has_default
        if not column.checks and not column.parent
    }


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


def _maker(conn: psycopg.Connection[Any], column: Column, key: str, sample: object) -> Callable[[Row], object]:
    """Return what takes a column's value from a row and converts it; where a value must be and is not, a filler."""
    convert = _converter(column, sample)
    if column.required and key in SOMETIMES_MISSING:
        try:
            fillers = _filler(conn, column)
        except UnfillableError as error:
            fillers = _none(error)
        return lambda row: next(fillers) if row[key] is None else convert(row[key]) if convert else row[key]
    if convert is None:
        return itemgetter(key)
    if key in SOMETIMES_MISSING:
        return lambda row: None if row[key] is None else convert(row[key])
    return lambda row: convert(row[key])


def _converter(column: Column, sample: object) -> Callable[[Any], object] | None:
    """Return what turns our value into the column's type, or None where nothing needs to be done."""
    if column.words:
        return cache(lambda value: _nearest(str(value), column.words))
    if column.type in ("json", "jsonb"):
        return json.dumps
    if column.category == "N":
        return _number
    if column.category == "A":
        return lambda _value: "{}"
    if isinstance(sample, dict):
        return json.dumps
    if column.length:
        return lambda value: str(value)[: column.length]
    return None


def _number(value: object) -> object:
    """Turn an id into its running number; the kinds of thing count separately, as numbered tables do."""
    return int(value[-12:]) if isinstance(value, str) and re.fullmatch(r"[0-9a-f-]{23}-[0-9]{12}", value) else value


def _nearest(value: str, words: Sequence[str]) -> str:
    """Return the allowed word that means the same, else the first, which is the column's default if it has one."""
    plain = {re.sub(r"[\W_]", "", word).lower(): word for word in reversed(words)}
    wanted = re.sub(r"[\W_]", "", value).lower()
    same = next((group for group in SYNONYMS if wanted in group), frozenset())
    return plain.get(wanted) or next((plain[word] for word in plain if word in same), words[0])


def _filler(conn: psycopg.Connection[Any], column: Column) -> Iterator[object]:
    """Return endless plausible values for a column that must have one and that our rows know nothing about.

    Raises UnfillableError when there is no value to give.
    """
    if column.parent and column.parent_column:
        return cycle(_keys_of_parent(conn, column.name, column.parent, column.parent_column))
    if column.words:
        return repeat(column.words[0])
    if column.type == "uuid":
        return (made_up_id(OTHER, number) for number in count(1))
    if column.category == "S":
        return (f"made up {number}"[-(column.length or 100) :] for number in count(1))
    if column.type in ("int4", "int8"):
        return count(1)
    constant = _CONSTANTS.get(column.type) or _CONSTANTS.get(column.category)
    if constant is None:
        raise UnfillableError(f"column {column.name} of type {column.type} must have a value and none is known")
    return repeat(constant)


def _none(error: UnfillableError) -> Iterator[object]:
    """Return no values: the first row that needs one learns why."""
    raise error
    yield


# By type or by category. The address is one reserved for documentation (RFC 5737).
_CONSTANTS = {
    "json": "{}", "jsonb": "{}", "bytea": r"\x00",
    "A": "{}", "B": "false", "D": "now", "I": "192.0.2.1", "N": "1", "R": "empty", "T": "1 hour",
}  # fmt: skip


def _keys_of_parent(conn: psycopg.Connection[Any], column: str, parent: str, parent_column: str) -> list[str]:
    """Return up to 100 values that a foreign key may take, not the cast's: what they are party to is on purpose."""
    question = sql.SQL(
        "select {key}::text from {parent} where {key}::text <> all ({cast}) order by {key} limit 100"
    ).format(
        key=sql.Identifier(parent_column),
        parent=sql.SQL(parent),
        # No parameter: with one, a percent sign in a name would be taken for a placeholder.
        cast=sql.Literal([identity.id for identity in CAST.values() if identity.id]),
    )
    keys = [row[0] for row in conn.cursor(row_factory=tuple_row).execute(question)]
    if not keys:
        raise UnfillableError(f"column {column} must refer to a row of {parent}, which has none")
    return keys


def _verify_foreign_keys(conn: psycopg.Connection[Any], table: str, name: sql.Identifier) -> None:
    """Look for rows whose foreign keys lead nowhere, because nothing else does while triggers are off.

    Raises UnfillableError when there is such a row.
    """
    with conn.cursor(row_factory=class_row(ForeignKey)) as cursor:
        keys = cursor.execute(_FOREIGN_KEYS, (table,)).fetchall()
    for key in keys:
        columns = [sql.Identifier("c", column) for column in key.columns]
        pairs = zip(columns, (sql.Identifier("p", column) for column in key.parent_columns), strict=True)
        offenders = sql.SQL(
            "select exists (select from {} c where {} and not exists (select from {} p where {}))"
        ).format(
            name,
            sql.SQL(" and ").join(sql.SQL("{} is not null").format(column) for column in columns),
            sql.SQL(key.parent),
            sql.SQL(" and ").join(sql.SQL("{} = {}").format(*pair) for pair in pairs),
        )
        if conn.cursor(row_factory=tuple_row).execute(offenders).fetchone() == (True,):
            raise UnfillableError(f"foreign_key_violation, constraint {key.name}")


def _advance_sequences(conn: psycopg.Connection[Any], table: str, name: sql.Identifier) -> None:
    """Move sequences that belong to the table beyond the numbers that were loaded."""
    question = """
        select a.attname, pg_catalog.pg_get_serial_sequence(%s, a.attname) from pg_catalog.pg_attribute a
        where a.attrelid = %s::pg_catalog.regclass and a.attnum > 0 and not a.attisdropped
          and pg_catalog.pg_get_serial_sequence(%s, a.attname) is not null
    """
    for column, sequence in conn.cursor(row_factory=tuple_row).execute(question, (table, table, table)).fetchall():
        statement = "select pg_catalog.setval({}, max({})) from {} having max({}) >= (select last_value from {})"
        column_name = sql.Identifier(column)
        conn.execute(
            sql.SQL(statement).format(sql.Literal(sequence), column_name, name, column_name, sql.SQL(sequence))
        )
