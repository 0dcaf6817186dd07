"""What the printed fixes of a project do to it: ``python -m tests.mends MIGRATIONS [POLICY ...]``.

The project is built, and nothing is declared. All fixes that are SQL are executed, one after the other, and all
policies asked again; what that did beside its purpose is printed, and undone. With the ids of policies each of their
fixes is looked at by itself, which takes as long as an audit each time. Whoever reaches less than before is printed,
too: a reader decides whether they reached it rightly.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from audit.access.declaration import Access
from audit.access.parameters import parameters
from audit.connection import connect
from audit.evidence import safe
from audit.server.target import Choice, opened
from audit.settings import Settings
from fixtures.suite import Suite
from tests.support.mends import Harm, as_owner, harm, look, undone
from tests.support.proving import POLICIES, Bench

MEMBERS = 10


def main(arguments: list[str]) -> int:
    """Print what is to be looked at, and return how many times fixes did not do what they are for."""
    place, *only = arguments
    failures = 0
    with (
        opened(Choice(migrations=Path(place).resolve(), members=MEMBERS)) as target,
        connect(target.server.dsn) as connection,
    ):
        chosen = Suite(Settings(), Access())
        bench = Bench(target, parameters(connection, chosen.settings, chosen.access), connection, chosen)
        asked = [name for name, policy in POLICIES.items() if policy.pack == "core" and not policy.needs]
        with undone(connection):
            before = look(bench, asked, connection)
        fixes = before.fixes
        together = [[about] for about in fixes if about[0] in only] if only else [list(fixes)]
        for those in together:
            with undone(connection):
                errors = {about: error for about in those if (error := as_owner(connection, fixes[about]))}
                done = harm(set(those) - errors.keys(), before, look(bench, asked, connection))
            failures += bool(errors or done)
            print(
                *sorted({policy for policy, _ in those}), f"({len(those)} fixes)", _told(fixes[those[0]], errors, done)
            )
    return failures


def _told(fix: str, errors: Mapping[tuple[str, str], str], done: Harm) -> str:
    found = {" ".join(about): each.details for about, each in done.found.items()}
    parts = {"errors": errors, "left": done.left, "found": found, "unchecked": done.unchecked, "lost": done.lost}
    lines = [f"{name}: {safe(str(value))}" for name, value in {**parts, "out": done.out}.items() if value]
    return "\n  ".join(["", f"first: {safe(fix)}", *lines]) if lines else "as they should"


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
