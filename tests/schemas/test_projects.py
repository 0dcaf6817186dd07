"""Projects as people write them, one for each layout of migrations: they build whole, and what is planted is found.

Each has a folder in ``projects``, with the files as its tool keeps them, and ``expected.toml``: where the migrations
are, what the header says of them, and the defects that were planted, each with the findings that tell it. A finding
that no defect stands for is a false one, and a fault of the program: projects are not changed to please it. The
largest, a dump of 200 tables and 400 functions, is made by ``tests/support/dump.py``.

They are audited as ``make audit MIGRATIONS=...`` does it, and without any option: nothing is declared.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from audit.verbs import command
from fixtures.target import CHOICE
from tests.support.auditing import ROOT, Outcome
from tests.support.dump import dump
from tests.support.waiting import LIMIT_S

PROJECTS = Path(__file__).parent / "projects"
NAMES = sorted(path.name for path in PROJECTS.iterdir())
LARGEST = 7  # the seed

# What nobody has declared cannot be compared with anything.
UNDECLARED = {"RLS-07", "RLS-08", "RLS-15"}


@dataclass(frozen=True)
class Expected:
    """What an audit of a project is to say: of each defect, the findings as ``POLICY object``, with wildcards."""

    migrations: Path
    layout: str
    planted: Mapping[str, tuple[str, ...]]


def expected(name: str) -> Expected:
    """Return what is to be said of the project in a folder."""
    told = tomllib.loads((PROJECTS / name / "expected.toml").read_text(encoding="utf-8"))
    planted = {each["defect"]: tuple(each["found"]) for each in told["planted"]}
    return Expected(PROJECTS / name / told["migrations"], told["layout"], planted)


def made(migrations: Path, folder: Path, pytestconfig: pytest.Config) -> Outcome:
    """Audit migrations with the words that make's verb has for it; where the reports go is all that is said besides."""
    programs = pytestconfig.stash[CHOICE].postgres_bin
    given = {
        "MIGRATIONS": str(migrations),
        "ARGS": f"--report-dir={folder} -p no:cacheprovider",
        **({"POSTGRES_BIN": str(programs)} if programs else {}),
    }
    done = subprocess.run(
        [sys.executable, *command("audit", given)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("AUDIT_", "PG"))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT_S,
        check=False,
        encoding="utf-8",
    )
    assert "Traceback" not in done.stdout, done.stdout
    return Outcome(done.returncode, done.stdout, folder)


def findings(outcome: Outcome) -> Iterator[str]:
    """Yield all findings of an audit as ``POLICY object``."""
    for name, policy in outcome.policies.items():
        for finding in (*policy["findings"], *policy["repeated"]):
            yield f"{name} {finding['object']}"


def look(wanted: Expected, outcome: Outcome, undecided: set[str] = frozenset()) -> None:
    """Compare what an audit found with what was planted; ``undecided`` may be unchecked besides."""
    assert outcome.status == 1, outcome.said
    assert wanted.layout in outcome.said
    document = outcome.document
    assert document["complete"]
    assert not outcome.policies["MIG-01"]["findings"]
    assert [each["file"] for each in document["migrations"] if each["error"]] == []
    assert outcome.having("UNCHECKED") <= UNDECLARED | undecided, outcome.said
    patterns = [pattern for each in wanted.planted.values() for pattern in each]
    found = [*findings(outcome)]
    assert [each for each in found if not any(fnmatchcase(each, pattern) for pattern in patterns)] == []
    missed = {
        defect: pattern
        for defect, several in wanted.planted.items()
        for pattern in several
        if not any(fnmatchcase(each, pattern) for each in found)
    }
    assert missed == {}


@pytest.mark.parametrize("name", NAMES)
def test_what_was_planted_is_found_and_nothing_else(name: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    wanted = expected(name)
    look(wanted, made(wanted.migrations, tmp_path / "out", pytestconfig))


def test_of_a_large_dump_too(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    large = dump(LARGEST)
    assert (large.text.count("\nCREATE TABLE "), large.text.count("\nCREATE FUNCTION ")) == (200, 400)
    path = tmp_path / "dump.sql"
    path.write_text(large.text, encoding="utf-8")
    wanted = Expected(path, "1 file, a single file", large.planted)
    # Whoever acts has a limit of time, and the tables are many.
    look(wanted, made(path, tmp_path / "out", pytestconfig), {"RLS-09"})


def test_every_layout_has_a_project() -> None:
    said = {expected(name).layout.split(", ", 1)[1].partition(", ")[0] for name in NAMES}
    assert said == {
        "Supabase CLI", "Prisma", "Drizzle", "Flyway", "sqitch", "dbmate", "goose", "golang-migrate", "Hasura",
        "plain SQL files", "a single file",
    }  # fmt: skip
    # Drizzle has kept a journal, and then a folder for each migration.
    drizzle = [expected(name).migrations for name in NAMES if "Drizzle" in expected(name).layout]
    assert {(place / "meta").is_dir() for place in drizzle} == {True, False}


def test_a_dump_is_the_same_each_time() -> None:
    assert dump(3) == dump(3)
    assert dump(3).planted != dump(4).planted
