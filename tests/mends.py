"""What the printed fixes of a project do to it: ``python -m tests.mends MIGRATIONS [POLICY ...]``.

The project is built, and nothing is declared. Each fix that is SQL is executed by itself, all policies are asked again,
and what it did beside its purpose is printed; then it is undone. Whoever reaches less than before is printed, too: a
reader decides whether they reached it rightly. Of the fixes of one policy MOST are tried.
"""

from __future__ import annotations

import sys
from collections import Counter
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

MOST = 1
MEMBERS = 10


def main(arguments: list[str]) -> int:
    """Print what is to be looked at for each fix, and return how many fixes did not do what they are for."""
    place, *only = arguments
    failures = 0
    tried: Counter[str] = Counter()
    with (
        opened(Choice(migrations=Path(place).resolve(), members=MEMBERS)) as target,
        connect(target.server.dsn) as connection,
    ):
        chosen = Suite(Settings(), Access())
        bench = Bench(target, parameters(connection, chosen.settings, chosen.access), connection, chosen)
        asked = [name for name, policy in POLICIES.items() if policy.pack == "core" and not policy.needs]
        with undone(connection):
            before = look(bench, asked, connection)
        for about, fix in before.fixes.items():
            tried[about[0]] += 1
            if tried[about[0]] > MOST or (only and about[0] not in only):
                continue
            with undone(connection):
                error = as_owner(connection, fix)
                done = None if error else harm({about}, before, look(bench, asked, connection))
            failures += bool(error or done)
            print(f"{about[0]} {safe(about[1])}: {safe(error) or _told(fix, done)}", flush=True)
    print(dict(tried), f"{failures} to look at")
    return failures


def _told(fix: str, done: Harm | None) -> str:
    if not done:
        return "as it should"
    found = {" ".join(about): each.details for about, each in done.found.items()}
    parts = {"left": done.left, "found": found, "unchecked": done.unchecked, "lost": done.lost, "out": done.out}
    lines = [f"{name}: {safe(str(value))}" for name, value in {"fix": fix, **parts}.items() if value]
    return "\n  ".join(["", *lines])


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
