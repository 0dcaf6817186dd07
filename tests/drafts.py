"""How much of a draft of access.toml somebody who knows the project has to change: ``python -m tests.drafts``.

Of each test project with declarations of its own everything is drafted anew, as if nothing were declared. An entry is
right when, for every actor and command, it lets them reach the very rows that the project's own declaration does.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit import settings
from audit.access import declaration
from audit.access.declaration import ALL, REACHING, Access, Declaration, declarations
from audit.access.draft import draft
from audit.access.matrix import opened_tables, predicate
from audit.access.parameters import parameters
from audit.access.results import API_ACTORS, COMMANDS
from audit.actors import Stage, staged
from audit.connection import connect
from audit.evidence import Log
from audit.server.target import MIGRATIONS, Choice, opened

SCHEMAS = Path(__file__).parent / "schemas"
MEMBERS = 8
# The folder of the migrations, and the project's own declarations.
PROJECTS = {
    "shop": (SCHEMAS / "shop" / "migrations", SCHEMAS / "shop"),
    "blog": (SCHEMAS / "blog" / "migrations", SCHEMAS / "blog"),
    "queue": (SCHEMAS / "queue" / "migrations", SCHEMAS / "queue"),
    "care_collective": (SCHEMAS / "care_collective" / "supabase" / "migrations", SCHEMAS / "care_collective"),
    "reference": (MIGRATIONS, MIGRATIONS.parent),
}


@dataclass(frozen=True)
class Score:
    """Of one project: the entries that were drafted, and of those that are wrong what is."""

    project: str
    entries: int
    wrong: dict[str, list[str]]

    @property
    def share(self) -> float:
        """How much of it has to be changed, from 0 to 1."""
        return len(self.wrong) / self.entries if self.entries else 0.0


def sets(given: Declaration, actor: str, command: str) -> set[str]:
    """Return the sets of rows that an actor may reach."""
    reach = given.reach.get(command, {})
    return {name for who, names in reach.items() if actor in REACHING[who] for name in names}


def compared(observed: Sequence[object], true: Declaration, mine: Declaration) -> Iterator[str]:
    """Yield the cells in which two declarations speak of different rows; the sets of both were observed, in turn."""
    names = [*true.rows, *mine.rows]
    for cell in observed:
        command = cell.shape  # type: ignore[attr-defined]
        if command not in COMMANDS or cell.refusal == "grant":  # type: ignore[attr-defined]
            continue

        def rows(given: Declaration, start: int, cell: object = cell, command: str = command) -> set[str]:
            allowed = sets(given, cell.actor, command)  # type: ignore[attr-defined]
            places = [names.index(name, start) for name in allowed - {ALL}]
            kinds = cell.everything  # type: ignore[attr-defined]
            return {kind for kind in kinds if ALL in allowed or any(kind[place] == "1" for place in places)}

        if rows(true, 0) != rows(mine, len(true.rows)):
            yield f"{cell.actor}: {command}"  # type: ignore[attr-defined]


def changed(stage: Stage, true: Access) -> tuple[str, int, dict[str, list[str]]]:
    """Draft a project anew; return the draft, how many entries were compared, and what is wrong in which of them."""
    text = "\n".join(draft(stage))
    mine = declarations(tomllib.loads(text)["tables"])
    wrong: dict[str, list[str]] = {}
    told = {**true.declared}
    for table in true.public_tables:
        given = told.get(table, Declaration())
        told[table] = Declaration(given.rows, {**given.reach, "select": {"everybody": (ALL,)}})
    with opened_tables(stage, {}) as (observatory, tables):
        common = [table for table in tables if table in told and table in mine]
        for table in common:
            both = [*told[table].rows.values(), *mine[table].rows.values()]
            observatory.sets = json.dumps({table: [predicate(each) for each in both]})
            differ = [*compared(observatory.observe([table]), told[table], mine[table])]
            if differ:
                wrong[table] = differ
    return text, len(common), wrong


def score(name: str) -> Score:
    """Draft a project anew and compare."""
    migrations, folder = PROJECTS[name]
    own = folder / "audit.toml"
    chosen = settings.load(own if own.exists() else MIGRATIONS.parents[1] / "audit.toml")
    true = declaration.load(folder / "access.toml")
    with opened(Choice(migrations=migrations, members=MEMBERS)) as target, connect(target.dsn) as connection:
        known = parameters(connection, chosen, Access(claims=true.claims))
        with staged(connection, known, Log(), target.unfilled) as stage:
            _, entries, wrong = changed(stage, true)
    return Score(name, entries, wrong)


def main(names: Sequence[str]) -> int:
    """Print how many entries need a change; return the exit status: 1 where more than a quarter does."""
    worst = 0.0
    for name in names or PROJECTS:
        found = score(name)
        print(f"{name}: {len(found.wrong)} of {found.entries} entries need a change ({found.share:.0%})")
        for table, cells in found.wrong.items():
            print(f"    {table}: {'; '.join(cells)}")
        worst = max(worst, found.share)
    print(f"of {len(API_ACTORS)} actors and {len(COMMANDS)} commands; at most a quarter of a project's may need one")
    return int(worst > 0.25)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
