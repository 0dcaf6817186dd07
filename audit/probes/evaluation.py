"""Trying whether policies can be evaluated at all: every table, command and person, in one round trip a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from audit.actors import Actor
from audit.causes import Cause
from audit.evidence import Evidence, Population, Row, safe
from audit.probes.attempt import ask, each, prepared, words_of
from audit.probes.calling import api_path
from audit.question import Cursor
from audit.sql_text import quoted

SETUP = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")

_TABLES = """
select c.oid::pg_catalog.regclass::text
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = any (%s) and c.relkind in ('r', 'p') and c.relrowsecurity and c.relpersistence <> 't'
and not exists (
    select from pg_catalog.pg_depend e
    where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')
order by 1
"""

_RECURSION = re.compile(r'infinite recursion detected in policy for relation "(.+)"')


class Command(NamedTuple):
    """What came of one command on one table; ``code`` is None where nothing went wrong."""

    relation: str
    command: str
    code: str | None
    message: str | None


def unusable(people: Actor) -> Evidence:
    """Return the exposed tables on which a command of one of ``people`` fails because a policy cannot be evaluated.

    Raises Unchecked on a live database, and when the server gave no answer.
    """
    stage = people.stage
    found: list[Row] = []
    slow: set[str] = set()
    tried, path = 0, api_path(stage)
    for who in people.people:
        with prepared(stage, SETUP, who=who, claims=people.claims, replica=True) as cursor:

            def evaluate(names: Sequence[str], cursor: Cursor = cursor, role: str = who.role) -> list[Command]:
                return ask(cursor, Command, "select * from pg_temp.evaluate(%s, %s, %s)", [role, list(names), path])

            tables = ask(cursor, str, _TABLES, [stage.known["exposed"]])
            answers = each(cursor, tables, evaluate, slow, stage.known)
        tried += len(answers)
        found += [_row(who.name, answer, answer.code, tables) for answer in answers if answer.code is not None]
    return Evidence(
        found,
        about="every actor's commands on every exposed table",
        log=stage.log,
        population=Population(tried, "commands of actors on tables with row level security"),
        unjudgeable=f"without an end: {safe(', '.join(sorted(slow)[:5]))}" if slow else stage.doubt,
        question=SETUP,
    )


def _row(actor: str, answer: Command, code: str, tables: Sequence[str]) -> Row:
    details = {"actor": actor, "command": answer.command, "error": words_of(code, answer.message or "")}
    return Row(
        answer.relation,
        details,
        {**details, "object": answer.relation},
        cause=_culprit(answer.message or "", tables),
    )


def _culprit(message: str, tables: Sequence[str]) -> Cause | None:
    """Return the table whose policies ask themselves, where a table fails for that: it may be another one."""
    named = _RECURSION.search(message)
    found = [each for each in tables if named and each.rpartition(".")[2] == quoted(named[1])]
    return Cause("table", found[0], found[0]) if len(found) == 1 else None
