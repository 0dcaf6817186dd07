"""Objects that a runbook names, in its SQL and in its code spans, looked up in the database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqlglot import exp

from audit.runbook.database import Database
from audit.runbook.hazards import Placed, objects, remark
from audit.runbook.reading import Span
from audit.runbook.results import Remark
from audit.sql_text import chains, tokens

MISSING = "RUN-03"

# Columns of the catalogue and its views that hold names, and of what kind. Whether an extension or a schema is there at
# all is what a question asks that names one.
_HOLDS = {
    **dict.fromkeys(("tablename", "table_name", "relname", "event_object_table", "viewname", "indrelname"), "relation"),
    **dict.fromkeys(("indexname", "indexrelname"), "index"),
    **dict.fromkeys(("trigger_name", "tgname"), "trigger"),
    **dict.fromkeys(("policyname", "polname"), "policy"),
    **dict.fromkeys(("proname", "routine_name"), "function"),
    **dict.fromkeys(("rolname", "usename", "grantee"), "role"),
    "pubname": "publication",
}
_CATALOGUES = re.compile(r"pg_\w+|information_schema")
_KINDS = (
    "table",
    "index",
    "view",
    "function",
    "trigger",
    "policy",
    "sequence",
    "column",
    "role",
    "extension",
    "schema",
    "publication",
)
# What our parser takes for a function where it is written with a parenthesis.
_NO_FUNCTIONS = frozenset(["all", "any", "some", "row", "array", "values", "exists"])
# What an ALTER may be about that is looked up.
_ALTERED = frozenset(
    ["table", "view", "index", "sequence", "function", "materialized", "policy", "trigger", "role", "publication"]
)
_UTILITIES = frozenset(
    ["reindex", "analyze", "vacuum", "cluster", "lock", "alter", "comment", "refresh", "truncate", "grant", "revoke"]
)


class Names:
    """What is named: counts what was looked up, and finds what is not there. ``made`` is what the book makes itself."""

    def __init__(self, database: Database, made: set[str]) -> None:
        self.database = database
        self.made = made
        self.looked = 0

    def in_statements(self, placed: Iterable[Placed]) -> Iterator[Remark]:
        """Return each object that statements name and that is not there."""
        for each in placed:
            told: set[str] = set()
            for kind, schema, name in (
                *self._relations(each),
                *self._functions(each),
                *self._literals(each),
                *self._utilities(each),
            ):
                self.looked += 1
                if name in self.made or name in told or self._is_there(kind, schema, name):
                    continue
                told.add(name)
                yield missing(_line(each, name), kind, f"{schema}.{name}" if schema else name)

    def _is_there(self, kind: str, schema: str, name: str) -> bool:
        if kind in ("relation", "table", "index", "view", "sequence"):
            return self.database.relation(schema, name) is not None or (
                not schema and self.database.has("relation", name)
            )
        if kind == "function":
            return self.database.function(schema, name) or (not schema and self.database.has("function", name))
        return self.database.has(kind, name)

    def _relations(self, each: Placed) -> Iterator[tuple[str, str, str]]:
        if each.parsed is None:
            return
        local = {cte.alias_or_name for cte in each.parsed.find_all(exp.CTE)}
        creates = each.written.verb == "create"
        for table in each.parsed.find_all(exp.Table):
            if not isinstance(table.this, exp.Identifier) or (table.name in local and not table.db):
                continue
            if creates and table.find_ancestor(exp.Select) is None:
                continue
            if each.written.verb == "drop":
                continue
            yield "relation", table.db, table.name

    def _functions(self, each: Placed) -> Iterator[tuple[str, str, str]]:
        if each.parsed is None or each.written.verb in ("create", "drop"):
            return
        for call in each.parsed.find_all(exp.Anonymous):
            if call.name.lower() in _NO_FUNCTIONS:
                continue
            parent = call.parent
            schema = parent.this.name if isinstance(parent, exp.Dot) and parent.expression is call else ""
            yield "function", schema, call.name.lower()

    def _literals(self, each: Placed) -> Iterator[tuple[str, str, str]]:
        """Return names that are compared with the columns of the catalogue that hold such names."""
        if each.parsed is None:
            return
        for part in each.parsed.find_all(exp.EQ, exp.In):
            column = part.this
            if not isinstance(column, exp.Column) or column.name.lower() not in _HOLDS:
                continue
            level = part.find_ancestor(exp.Select)
            if level is None or not any(_CATALOGUES.fullmatch(t.db or t.name) for t in level.find_all(exp.Table)):
                continue
            if isinstance(part, exp.In) and _HOLDS[column.name.lower()] == "function":
                continue  # which of several there is, is what such a question asks
            values = part.expressions if isinstance(part, exp.In) else [part.expression]
            for value in values:
                if isinstance(value, exp.Literal) and value.is_string and f"'{value.name}'" in each.written.text:
                    yield _HOLDS[column.name.lower()], "", value.name

    def _utilities(self, each: Placed) -> Iterator[tuple[str, str, str]]:
        """Return what a statement is about that our parser does not read."""
        words = each.written.words
        if (words[:1] and words[0] not in _UTILITIES) or not words:
            return
        if "exists" in words or words[:2] in (("alter", "system"), ("alter", "default"), ("alter", "database")):
            return
        if words[0] == "alter" and not _ALTERED.intersection(words[1:2]):
            return
        found = list(tokens(each.text[:4000]))
        kind = next((word for word in words[1:3] if word in _KINDS), "relation")
        if kind in ("column", "policy") or "constraint" in words[:2]:
            kind = "relation"
        start = 1
        for at, token in enumerate(found):
            if words[0] in ("grant", "revoke", "comment") or words[1:2] == ("policy",):
                if token.word == "on":
                    start = at + 1
                    break
            elif token.word == kind:
                start = at + 1
                break
        if words[0] in ("grant", "revoke", "comment"):
            behind = found[start].word if start < len(found) else ""
            if behind in ("all", "schema", "database") or not any(token.word == "on" for token in found):
                return
            kind = behind if behind in _KINDS else "relation"
        skipped = {"only", "table", "concurrently", "verbose", "full", "freeze", "analyze", kind} - {"relation"}
        while start < len(found) and (found[start].word in skipped or found[start].text in "()"):
            if found[start].text == "(":
                while start < len(found) and found[start].text != ")":
                    start += 1
            start += 1
        for chain in chains(found[start:]):
            if chain.first == 0 and len(chain.names) <= 2:
                yield kind, chain.names[-2] if len(chain.names) == 2 else "", chain.names[-1]
            break

    def in_spans(self, spans: tuple[Span, ...]) -> Iterator[Remark]:
        """Return each object that a code span names and that is not there."""
        for span in spans:
            named = self._named(span)
            if named is None:
                continue
            kind, schema, name = named
            self.looked += 1
            if name not in self.made and not self._is_there(kind, schema, name):
                yield missing(span.line, kind, f"{schema}.{name}" if schema else name)

    def _named(self, span: Span) -> tuple[str, str, str] | None:
        """Return what a code span names: a call, a qualified name, or what the text says that it is."""
        text = span.text.strip()
        call = re.fullmatch(r"(?:([a-z_]\w*)\.)?([a-z_][a-z0-9_]*)\((?:[a-z_ ,\[\]]*|\.\.\.|…)\)", text)
        if call and "_" in call[2]:
            return "function", call[1] or "", call[2]
        qualified = re.fullmatch(r"([a-z_]\w*)\.([a-z_]\w*)", text)
        if qualified and self.database.has("schema", qualified[1]):
            kind = (
                "function"
                if re.search(rf"\bfunctions?\b\W*{re.escape(span.text)}", span.context, re.IGNORECASE)
                else "relation"
            )
            return kind, qualified[1], qualified[2]
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", text):
            return None
        mark = re.escape(f"`{span.text}`")
        # Of a column alone nobody knows the table, nor whether it is one of the database at all.
        kinds = "|".join(kind for kind in _KINDS if kind != "column")
        said = re.search(
            rf"\b({kinds})\b\s+(?:called\s+|named\s+)?{mark}|{mark}\s+({kinds})\b", span.context, re.IGNORECASE
        )
        return ((said[1] or said[2]).lower(), "", text) if said else None


def missing(line: int, kind: str, name: str) -> Remark:
    """Return the remark that something is not there."""
    what = kind if kind != "relation" else "table or view"
    return remark(
        line,
        "not there",
        name,
        f"there is no {what} {name} in this database",
        "name what is there, or make it by a migration",
        policy=MISSING,
    )


def _line(each: Placed, name: str) -> int:
    """Return the line in the book where a statement names something."""
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", each.written.text, re.IGNORECASE)
    return each.written.line_of(found.start() if found else 0)


def made_by(placed: tuple[Placed, ...]) -> set[str]:
    """Return the names of what a block makes."""
    return {name for each in placed if each.written.verb == "create" for name in objects(each.text)}
