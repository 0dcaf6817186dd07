"""What a story leaves out of the rows that it writes: columns of this project that must be filled.

A story knows the runbook's columns. Where the project's table has more of them that must have a value and have no
default, each gets that of a row that is there already and is most like the new one, as a client that knows the table
would send it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from audit.question import Cursor, Question

# An insert of rows that it says itself, or makes of parameters. What else it might do is left as it is.
INSERT = re.compile(
    r"\s*insert\s+into\s+(?P<table>[a-z_]\w*\.[a-z_]\w*)\s*\((?P<columns>[^()]*)\)\s*(?P<rows>(?:values|select)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
MORE = re.compile(r"\b(returning|on\s+conflict)\b", re.IGNORECASE)

# Not null, and filled by nothing (https://www.postgresql.org/docs/current/catalog-pg-attribute.html). A column alone in
# a unique index has no two equal values: what it gets is new.
LACKING = """
select a.attname::text, pg_catalog.has_column_privilege(%(role)s, a.attrelid, a.attnum, 'insert'), t.typcategory::text,
       exists (select from pg_catalog.pg_index i
               where i.indrelid = a.attrelid and i.indisunique and i.indnkeyatts = 1 and i.indkey[0] = a.attnum)
from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
where a.attrelid = pg_catalog.to_regclass(%(table)s) and a.attnum > 0 and not a.attisdropped
and (a.attnotnull or t.typnotnull) and not a.atthasdef and t.typdefault is null
and a.attidentity = '' and a.attgenerated = '' and a.attname::text <> all (%(given)s)
order by a.attnum
"""


@dataclass(frozen=True)
class Lacking:
    """A column that must be filled and is not named; ``allowed``: who acts may write it; ``new``: no value twice."""

    name: str
    allowed: bool
    category: str
    new: bool

    @property
    def value(self) -> sql.Composable:
        """Return what it gets, out of the row ``t`` that is like the new one: text, as any type is written."""
        column = sql.SQL("t.{}::pg_catalog.text").format(sql.Identifier(self.name))
        if not self.new:
            return column
        if self.category == "N":
            return sql.SQL("(1000000 + t.{})::pg_catalog.text").format(sql.Identifier(self.name))
        if self.category == "S":
            # Long ones often have all but their end in common: a few letters of chance would meet one that is there.
            many = sql.SQL("case when pg_catalog.length({}) > 24 then 12 else 4 end").format(column)
            new = "pg_catalog.left({0}, -({1})) || pg_catalog.right(pg_catalog.gen_random_uuid()::pg_catalog.text, {1})"
            return sql.SQL(new).format(column, many)
        return sql.SQL("pg_catalog.gen_random_uuid()::pg_catalog.text")


def completed(cursor: Cursor, question: Question, role: str | None) -> Question:
    """Return an insert with what its rows lack; any other statement, or one that lacks nothing, as it is.

    ``cursor`` is the owner's, who sees every row; ``role`` acts (None: the owner), and only what that role may write is
    added: a trigger may fill the rest. Raises psycopg.Error when the rows cannot be told.
    """
    match = INSERT.fullmatch(question.text)
    if match is None or MORE.search(match["rows"]):
        return question
    table, given = match["table"], [name.strip() for name in match["columns"].split(",")]
    lacking = _lacking(cursor, table, given, role)
    if not lacking:
        return question
    columns = sql.SQL(", ").join(map(sql.Identifier, given)).as_string(None)
    texts = ", ".join(f"v.{sql.Identifier(name).as_string(None)}::pg_catalog.text" for name in given)
    cursor.execute(f"select {texts} from ({match['rows']}) as v ({columns})", question.parameters)
    rows = [[*row, *_like(cursor, table, dict(zip(given, row, strict=True)), lacking)] for row in cursor.fetchall()]
    if not rows:
        return question
    names = sql.SQL(", ").join(map(sql.Identifier, [*given, *(each.name for each in lacking)]))
    values = sql.SQL(", ").join(
        sql.SQL("({})").format(sql.SQL(", ").join(sql.Literal(value) for value in row)) for row in rows
    )
    statement = sql.SQL("insert into {} ({}) values {}").format(sql.Identifier(*table.split(".")), names, values)
    return Question(statement.as_string(None), None)


def _lacking(cursor: Cursor, table: str, given: Sequence[str], role: str | None) -> list[Lacking]:
    known = {"table": table, "given": [name.strip('"') for name in given], "role": role or "postgres"}
    found = [Lacking(*row) for row in cursor.execute(LACKING, known).fetchall()]
    return [each for each in found if role is None or each.allowed]


def _like(cursor: Cursor, table: str, row: dict[str, str | None], lacking: Sequence[Lacking]) -> Sequence[str | None]:
    """Return what the columns have in the row that is most like this one: in its first column, if not in all.

    Nobody is named twice in a row where that can be helped.
    """
    said = [value for value in row.values() if value is not None]
    twice = sql.SQL(" + ").join(
        sql.SQL("(t.{}::pg_catalog.text = any ({}::pg_catalog.text[]))::int").format(
            sql.Identifier(each.name), sql.Literal(said)
        )
        for each in lacking
    )
    alike = [
        sql.SQL("(t.{}::pg_catalog.text is not distinct from {}) desc").format(sql.Identifier(name), sql.Literal(value))
        for name, value in row.items()
    ]
    question = sql.SQL("select {} from {} t order by {} limit 1").format(
        sql.SQL(", ").join(each.value for each in lacking),
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join([alike[0], twice, *alike[1:]]),
    )
    # No parameters: with one, a percent sign in a name would be taken for a placeholder.
    return cursor.execute(question).fetchone() or [None] * len(lacking)
