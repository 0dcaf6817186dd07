"""A draft of access.toml for tables that nobody has declared, from what is observed: ``care-audit draft``.

It tells what is so, not what ought to be: each entry says ``review = true``, and counts once a person has taken that
line out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import sql

from audit.access import declaration
from audit.access.declaration import ALL, REACHING, Access
from audit.access.matrix import Observatory, Observed, opened_tables, predicate
from audit.access.parameters import parameters
from audit.access.results import API_ACTORS, COMMANDS
from audit.actors import Stage, staged
from audit.connection import TargetError, connect
from audit.evidence import Log, Unchecked, safe
from audit.project import marked, project_of
from audit.server.target import MEMBERS, Choice, opened
from audit.server_errors import describe

ROOT = Path(__file__).parents[2]
MOST_VALUES = 6


def draft(stage: Stage, only: Collection[str] | None = None) -> Iterator[str]:
    """Yield the lines of a draft for each table that is not declared, or for ``only`` some of them.

    Raises Unchecked on a live database, and psycopg.Error when there is no answer.
    """
    known = {*stage.known["declared"], *stage.known["server_only_tables"], *stage.known["public_tables"]}
    with opened_tables(stage, {}) as (observatory, tables):
        for relation in tables:
            if relation in known or (only is not None and relation not in only):
                continue
            rows = _rows(observatory, relation)
            observatory.sets = json.dumps({relation: [predicate(each) for each in rows.values()]})
            yield from _entry(relation, rows, observatory.observe([relation]))


def _rows(observatory: Observatory, relation: str) -> dict[str, str]:
    """Return sets of rows that a person might mean: whose they are, and what they say of themselves in a word."""
    cursor = observatory.cursor
    cursor.execute(
        """
        select a.attname::text, a.atttypid::pg_catalog.regtype::text, y.typtype::text,
               a.attname = any (coalesce(t.people, '{}'))
        from pg_temp.audit_table t
        join pg_catalog.pg_attribute a on a.attrelid = t.id and a.attnum > 0 and not a.attisdropped
        join pg_catalog.pg_type y on y.oid = a.atttypid
        where t.relation = %s order by a.attnum limit 60
        """,
        [relation],
    )
    owned: dict[str, str] = {}
    worded: dict[str, str] = {}
    for name, kind, category, people in cursor.fetchall():
        column = sql.Identifier(name).as_string(None)
        plain = column.strip('"') if column == f'"{name}"' and name.isidentifier() and name.islower() else column
        if people:
            owned[name] = f"{plain} = :me" if kind == "uuid" else f"{plain} = :me::text"
        elif kind == "boolean":
            worded[name] = plain
        elif category == "e" or kind in ("text", "character varying"):
            cursor.execute(f"select distinct {column}::text from {relation} where {column} is not null limit 20")
            values = sorted(value for (value,) in cursor.fetchall())
            cursor.execute(f"select count(*) from {relation}")
            ((count,),) = cursor.fetchall()
            if len(values) <= MOST_VALUES and count > 2 * len(values):
                for value in values:
                    literal = sql.Literal(value).as_string(None)
                    worded[f"{name}_{value}"] = f"{plain} = {literal}"
    return owned | worded


def _entry(relation: str, rows: Mapping[str, str], observed: Sequence[Observed]) -> Iterator[str]:
    reach: dict[str, dict[str, tuple[str, ...]]] = {}
    remarks: list[str] = []
    for command in COMMANDS:
        found: dict[str, tuple[str, ...]] = {}
        for actor in API_ACTORS:
            cells = [c for c in observed if c.actor == actor and c.shape.removesuffix(" blind") == command]
            cell = max(cells, key=lambda c: sum(c.reached.values()))
            names, rest = _described(cell, list(rows))
            if names:
                found[actor] = names
            if rest:
                remarks.append(f"{actor}: {command} reaches {rest} rows more than these sets describe")
            if cell.refusal in ("broken", "unanswered"):
                remarks.append(f"{actor}: {command} gave no answer")
        if grouped := _grouped(found):
            reach[command] = grouped
    used = {name for given in reach.values() for names in given.values() for name in names}
    yield ""
    yield f"[tables.{_text(relation)}]"
    yield "review = true  # written from what is observed: take this line out when it says what ought to be"
    for name, text in rows.items():
        if name in used:
            yield f"rows.{_text(name)} = {_text(text)}"
    for command, given in reach.items():
        inside = ", ".join(f"{who} = [{', '.join(map(_text, names))}]" for who, names in given.items())
        yield f"reach.{command} = {{ {inside} }}"
    yield from (f"# {safe(remark)}" for remark in remarks)


def _described(cell: Observed, names: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """Return the sets that make up what was reached, and how many rows they leave out."""
    total, reached = sum(cell.everything.values()), sum(cell.reached.values())
    if not reached:
        return (), 0
    left = dict(cell.reached)
    if cell.shape == "insert":
        # Of what is offered a few rows of each kind are tried, so any that comes through stands for its kind.
        whole = {kind: cell.reached.get(kind, 0) > 0 for kind in cell.everything}
    else:
        whole = {kind: cell.reached.get(kind, 0) == n for kind, n in cell.everything.items()}
    if all(whole.values()) and total:
        # That all of a person's own rows are all there are says nothing.
        owner = [name for i, name in enumerate(names) if all(kind[i] == "1" for kind in cell.everything)]
        return (owner[0],) if owner and cell.shape == "insert" else (ALL,), 0
    chosen = []
    for i, name in enumerate(names):
        inside = [kind for kind in cell.everything if kind[i] == "1"]
        if inside and all(whole[kind] for kind in inside) and any(kind in left for kind in inside):
            chosen.append(name)
            for kind in inside:
                left.pop(kind, None)
    return tuple(chosen), sum(left.values())


def _grouped(found: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Put people of a group together who reach the same."""
    rest = dict(found)
    grouped: dict[str, tuple[str, ...]] = {}
    for group in ("everybody", "members"):
        people = REACHING[group]
        if all(person in rest for person in people) and len({rest[person] for person in people}) == 1:
            grouped[group] = rest[people[0]]
            rest = {person: names for person, names in rest.items() if person not in people}
    return grouped | rest


def _text(value: str) -> str:
    """Quote for TOML, whose strings are those of JSON with one more character escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the draft. Returns the exit status: 0, or 4 with one sentence where there is none."""
    parser = argparse.ArgumentParser(prog="care-audit draft", description="Draft access.toml for undeclared tables.")
    parser.add_argument("--target", default=os.environ.get("AUDIT_TARGET") or "embedded")
    parser.add_argument("--image")
    parser.add_argument("--postgres-bin", type=Path)
    parser.add_argument("--migrations", type=Path)
    parser.add_argument("--schema", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--access")
    parser.add_argument("--settings")
    given = parser.parse_args(arguments)
    try:
        choice = Choice(
            given.target,
            given.image,
            given.postgres_bin,
            given.migrations,
            given.members,
            schema=given.schema,
            before=given.before,
        )
        project = project_of(
            ROOT,
            live=marked(choice.target) if choice.kind == "live" else None,
            source=given.schema or given.migrations,
            settings=given.settings,
            access=given.access,
        )
        choice = replace(choice, parts=project.settings.parts)
        declared = declaration.load(project.access) if project.access else Access()
        with opened(choice, lambda line: print(f"# {line}", file=sys.stderr)) as target:
            if not target.disposable:
                raise Unchecked("people act on disposable databases only: give --migrations, and no live target")
            with connect(target.dsn) as connection:
                known = parameters(connection, project.settings, declared)
                with staged(connection, known, Log(), target.unfilled) as stage:
                    lines = list(draft(stage))
    except (TargetError, ValueError, Unchecked) as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    except psycopg.Error as error:
        print(f"error: the draft could not be made: {describe(error)}", file=sys.stderr)
        return 4
    print("\n".join(lines) if lines else "# Every exposed table is declared.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
