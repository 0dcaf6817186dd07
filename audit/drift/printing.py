"""What one server prints otherwise than another: printed by one of them, it can be compared.

A definition is made once more on the server that the migrations built, under a name of ours or in the place of the one
that is there, printed, and undone. What cannot be made there is different anyhow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from audit.drift.catalogue import Part
from audit.drift.statements import name
from audit.question import Connection
from audit.sql_text import WORD, tokens

PROBE = "drift probe"
_LIMIT_MS = 5000

_VIEW = "select pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), '; ') from pg_catalog.pg_class c where c.oid = %s"
_BEGIN = (
    f"begin; set local statement_timeout = {_LIMIT_MS}; set local check_function_bodies = off;"
    "set local search_path = ''; set local timezone = 'UTC'; set local client_min_messages = error"
)
_OF_TABLE = "pg_catalog.to_regclass(%s)"


def words(text: object) -> tuple[str, ...]:
    """Return what a text of SQL says: without comments and white space, with keywords in one case."""
    found = [token.name if token.kind is WORD else token.text for token in tokens(str(text))]
    while found and found[-1] == ";":
        found.pop()
    return tuple(found)


def tail(definition: object) -> tuple[str, ...]:
    """Return what an index is, whatever its name and its table's: what follows USING."""
    found = list(tokens(str(definition)))
    unique = ("unique",) if any(token.word == "unique" for token in found[:2]) else ()
    place = next((at for at, token in enumerate(found) if token.word == "using"), 0)
    return unique + words(str(definition)[found[place].start :])


class Printer:
    """Prints definitions of another server as this one does, on a connection in autocommit mode."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def printed(self, part: Part, like: Part, differing: Sequence[str]) -> Mapping[str, Any]:
        """Return those of the ``differing`` facts of a part that this server prints; ``like`` is what is here.

        Raises psycopg.Error when the connection is lost.
        """
        make = getattr(self, f"_{part.key[0]}", None)
        if make is None:
            return {}
        try:
            # One message, because this is done for each view where one of two servers is of before version 16.
            self.connection.execute(_BEGIN)
            found: Mapping[str, Any] = make(part, like, differing)
            return found
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.InternalError_):
            raise  # it was not told apart, and might be the same
        except psycopg.Error:
            if self.connection.broken:
                raise
            return {}
        finally:
            if not self.connection.closed:
                self.connection.execute("rollback")

    def _value(self, question: str, *parameters: object) -> str:
        row = self.connection.execute(question, parameters).fetchone()
        return str(row[0]) if row else ""

    def _do(self, statement: str) -> None:
        self.connection.execute(statement.encode())

    def _relation(self, part: Part, _: Part, differing: Sequence[str]) -> Mapping[str, Any]:
        if "query" not in differing or "query" not in part.facts:
            return {}
        view = name(part.key[1], PROBE)
        self._do(f"create view {view} as {part.facts['query']}")
        return {"query": self._value(_VIEW.replace("%s", _OF_TABLE), view)}

    def _column(self, part: Part, _: Part, differing: Sequence[str]) -> Mapping[str, Any]:
        schema, table, column = part.key[1:]
        found = {}
        expression = """
            select pg_catalog.pg_get_expr(f.adbin, f.adrelid) from pg_catalog.pg_attrdef f
            join pg_catalog.pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
            where a.attrelid = pg_catalog.to_regclass(%s) and a.attname = %s
        """
        if "default" in differing and "default" in part.facts:
            self._do(
                f"alter table {name(schema, table)} alter column {name(column)} set default {part.facts['default']}"
            )
            found["default"] = self._value(expression, name(schema, table), column)
        if "generated" in differing and "generated" in part.facts:
            self._do(
                f"alter table {name(schema, table)} add column {name(PROBE)} {part.facts['type']}"
                f" generated always as ({part.facts['generated']}) stored"
            )
            found["generated"] = self._value(expression, name(schema, table), PROBE)
        return found

    def _constraint(self, part: Part, _: Part, differing: Sequence[str]) -> Mapping[str, Any]:
        table = name(*part.key[1:3])
        self._do(f"alter table {table} add constraint {name(PROBE)} {part.facts['definition']}")
        row = self.connection.execute(
            """
            select pg_catalog.pg_get_constraintdef(k.oid), pg_catalog.pg_get_expr(k.conbin, k.conrelid)
            from pg_catalog.pg_constraint k where k.conrelid = pg_catalog.to_regclass(%s) and k.conname = %s
            """,
            [table, PROBE],
        ).fetchone()
        return {"definition": row[0], "check": row[1]} if row else {}

    def _index(self, part: Part, like: Part, differing: Sequence[str]) -> Mapping[str, Any]:
        if like.of is None:
            return {}
        definition = str(part.facts["definition"])
        found = list(tokens(definition))
        start = next(token.start for token in found if token.word == "using")
        unique = "unique " if any(token.word == "unique" for token in found[:2]) else ""
        schema = like.of[1]
        self._do(f"create {unique}index {name(PROBE)} on {name(*like.of[1:])} {definition[start:]}")
        return {
            "definition": self._value(
                "select pg_catalog.pg_get_indexdef(pg_catalog.to_regclass(%s))", name(schema, PROBE)
            )
        }

    def _policy(self, part: Part, _: Part, differing: Sequence[str]) -> Mapping[str, Any]:
        table, found = name(*part.key[1:3]), {}
        for fact, clause in (("using", "for select using"), ("with check", "for insert with check")):
            if fact in differing and fact in part.facts:
                probe = f"{PROBE} {fact}"
                self._do(f"create policy {name(probe)} on {table} {clause} ({part.facts[fact]})")
                found[fact] = self._value(
                    """
                    select pg_catalog.pg_get_expr(coalesce(p.polqual, p.polwithcheck), p.polrelid)
                    from pg_catalog.pg_policy p where p.polrelid = pg_catalog.to_regclass(%s) and p.polname = %s
                    """,
                    table,
                    probe,
                )
        return found

    def _trigger(self, part: Part, _: Part, differing: Sequence[str]) -> Mapping[str, Any]:
        question = "pg_catalog.pg_get_triggerdef(t.oid)"
        return self._again(part, "trigger", question, "pg_trigger t", "t.tgrelid", "t.tgname")

    def _rule(self, part: Part, _: Part, differing: Sequence[str]) -> Mapping[str, Any]:
        question = "pg_catalog.rtrim(pg_catalog.pg_get_ruledef(w.oid), ';')"
        return self._again(part, "rule", question, "pg_rewrite w", "w.ev_class", "w.rulename")

    def _again(self, part: Part, kind: str, printed: str, source: str, of: str, called: str) -> Mapping[str, Any]:
        """Replace it by what the other server says."""
        table = name(*part.key[1:3])
        self._do(f"drop {kind} {name(part.key[3])} on {table}")
        self._do(str(part.facts["definition"]))
        question = (
            f"select {printed} from pg_catalog.{source} where {of} = pg_catalog.to_regclass(%s) and {called} = %s"
        )
        return {"definition": self._value(question, table, part.key[3])}

    def _function(self, part: Part, like: Part, differing: Sequence[str]) -> Mapping[str, Any]:
        if "definition" not in part.facts or part.facts["kind"] != like.facts["kind"]:
            return {}
        if not {"sql body", "arguments"} & {*differing}:
            return {}
        self._do(str(part.facts["definition"]))
        row = self.connection.execute(
            """
            select pg_catalog.pg_get_function_arguments(p.oid), pg_catalog.pg_get_function_sqlbody(p.oid)
            from pg_catalog.pg_proc p where p.oid = pg_catalog.to_regprocedure(%s)
            """,
            [f"{name(*part.key[1:3])}{part.key[3]}"],
        ).fetchone()
        return {fact: value for fact, value in zip(("arguments", "sql body"), row or (), strict=False) if value}

    def _type(self, part: Part, _: Part, differing: Sequence[str]) -> Mapping[str, Any]:
        if part.facts["kind"] != "domain" or not part.facts.get("checks"):
            return {}
        checks = part.facts["checks"]
        told = " ".join(f"constraint {name(check)} {text}" for check, text in sorted(checks.items()))
        self._do(f"create domain pg_temp.{name(PROBE)} as {part.facts['type']} {told}")
        rows = self.connection.execute(
            """
            select k.conname, pg_catalog.pg_get_constraintdef(k.oid)
            from pg_catalog.pg_constraint k where k.contypid = pg_catalog.to_regtype(%s)
            """,
            [f"pg_temp.{name(PROBE)}"],
        ).fetchall()
        return {"checks": {row[0]: row[1] for row in rows}}
