"""Trying whether policies can be evaluated at all: every table, command and person, in one round trip a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from audit.actors import Actor
from audit.evidence import Evidence, Population, Row, safe
from audit.probes.calling import api_path
from audit.question import Cursor, define, short_ms, together, unchecked
from audit.server_errors import NAMING_CLASSES

Answer = tuple[Any, ...]

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


def unusable(people: Actor) -> Evidence:
    """Return the exposed tables on which a command of one of ``people`` fails because a policy cannot be evaluated.

    Raises Unchecked on a live database, and when the server gave no answer.
    """
    stage = people.stage
    found: list[Row] = []
    slow: set[str] = set()
    tried, path = 0, api_path(stage)
    for who in people.people:
        try:
            with stage.savepoint(who, people.claims, keep=False) as cursor:
                # Messages in English, because some refusals can be told by their text alone.
                cursor.execute("set local role none; set local lc_messages = 'C'")
                cursor.execute("set local session_replication_role = replica")
                define(cursor, SETUP)
                cursor.execute("set local search_path = ''")

                def evaluate(names: Sequence[str], cursor: Cursor = cursor, role: str = who.role) -> list[Answer]:
                    cursor.execute("select * from pg_temp.evaluate(%s, %s, %s)", [role, list(names), path])
                    return cursor.fetchall()

                cursor.execute(_TABLES, [stage.known["exposed"]])
                names = [name for (name,) in cursor.fetchall() if name not in slow]
                answers, more = together(cursor, names, evaluate, short_ms(stage.known))
                slow |= more
        except psycopg.Error as error:
            raise unchecked(error) from error
        tried += len(answers)
        for relation, command, code, message in answers:
            if code is not None:
                found.append(_row(relation, {"actor": who.name, "command": command}, code, message))
    return Evidence(
        found,
        about="every actor's commands on every exposed table",
        log=stage.log,
        population=Population(tried, "commands of actors on tables with row level security"),
        unjudgeable=f"without an end: {safe(', '.join(sorted(slow)[:5]))}" if slow else stage.doubt,
        question=SETUP,
    )


def _row(relation: str, known: dict[str, str], code: str, message: str) -> Row:
    # Other classes' messages may hold data.
    details = {**known, "error": f"{safe(message)} ({code})" if code[:2] in NAMING_CLASSES else code}
    return Row(relation, details, {**details, "object": relation})
