"""Three schemas unlike the reference, with holes and innocents: every hole is found, no innocent is reported.

Each schema has a folder: its migrations; its access.toml, audit.toml and waivers.toml, as its owner would write them;
``holes``, files like those in tests/sabotage (the policy that is to find it, and ``object:``, what it is to name); and
``innocents``, which look like holes and are none.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from audit import settings
from audit.access import declaration
from audit.access.parameters import parameters
from audit.access.results import Cell
from audit.connection import connect
from audit.results import Verdict
from audit.server.target import Choice, opened
from fixtures.suite import Suite
from fixtures.target import CHOICE
from reports import waivers
from reports.model import Result
from tests.support.auditing import Outcome, audit
from tests.support.proving import POLICIES, Bench, Sabotage, read

SCHEMAS = Path(__file__).parent
NAMES = ("shop", "blog", "queue")
FINE = (Verdict.HOLDS, Verdict.NOT_APPLICABLE, Verdict.WAIVED)
MEMBERS = 3  # the cast is there whatever the number

HOLES = [(name, read(path)) for name in NAMES for path in sorted((SCHEMAS / name / "holes").glob("*.sql"))]


@dataclass(frozen=True)
class Project:
    """A schema with made-up people in it, and what every policy says of it as it is."""

    name: str
    bench: Bench
    before: Mapping[str, Result]


@contextmanager
def built(name: str, programs: Path | None) -> Iterator[Project]:
    """Build a schema, and ask every policy about it as it is."""
    folder = SCHEMAS / name
    with (
        opened(Choice(postgres_bin=programs, migrations=folder / "migrations", members=MEMBERS)) as target,
        connect(target.server.dsn) as connection,
    ):
        chosen = Suite(settings.load(folder / "audit.toml"), declaration.load(folder / "access.toml"))
        known = parameters(connection, chosen.settings, chosen.access)
        bench = Bench(target, known, connection, chosen, waivers.load(folder / "waivers.toml", POLICIES))
        connection.execute("begin")
        before = {
            name: bench.ask(policy, connection)
            for name, policy in POLICIES.items()
            if not policy.needs and policy.pack in chosen.settings.selected
        }
        connection.execute("rollback")
        yield Project(name, bench, before)
        bench.connection.close()  # the proofs connect anew now and then


@pytest.fixture(scope="module")
def projects(pytestconfig: pytest.Config) -> Iterator[Callable[[str], Project]]:
    """Return what builds a schema the first time that it is asked for."""
    programs = pytestconfig.stash[CHOICE].postgres_bin
    with ExitStack() as all_built:
        yield cache(lambda name: all_built.enter_context(built(name, programs)))


@pytest.fixture
def project(request: pytest.FixtureRequest, projects: Callable[[str], Project]) -> Project:
    """Return the schema whose name the test gives."""
    return projects(request.param)


def whole(name: str, more: str, folder: Path, pytestconfig: pytest.Config) -> Outcome:
    """Audit a schema from its migrations, as its owner would, with all files of a folder as further migrations."""
    migrations = folder / "migrations"
    shutil.copytree(SCHEMAS / name / "migrations", migrations)
    for number, path in enumerate(sorted((SCHEMAS / name / more).glob("*.sql"))):
        shutil.copy(path, migrations / f"20260101{number:06}_{path.name}")
    programs = pytestconfig.stash[CHOICE].postgres_bin
    options = {"settings": "audit.toml", "access": "access.toml", "waivers": "waivers.toml"}
    return audit(
        folder / "out",
        f"--migrations={migrations}",
        f"--members={MEMBERS}",
        *[f"--{option}={SCHEMAS / name / file}" for option, file in options.items()],
        *([f"--postgres-bin={programs}"] if programs else []),
    )


@pytest.mark.parametrize("project", NAMES, indirect=True)
def test_the_clean_schema_is_clean(project: Project) -> None:
    said = {name: (str(r.verdict), r.reason) for name, r in project.before.items() if r.verdict not in FINE}
    assert said == {}


# Cells that no row could have told, at most: a share of all.
MOST_VACUOUS = 0.02


@pytest.mark.parametrize("project", NAMES, indirect=True)
def test_nearly_every_cell_tells(project: Project) -> None:
    (judgement,) = project.bench.untouched
    cells = [cell for cell in judgement.cells if " column " not in cell.shape]
    vacuous = [cell.object for cell in cells if cell.verdict is Cell.VACUOUS]
    print(f"{project.name}: {len(vacuous)} of {len(cells)} cells could not be told by any row")
    assert len(cells) > 400
    assert len(vacuous) <= MOST_VACUOUS * len(cells), vacuous


@pytest.mark.parametrize("name", NAMES)
def test_there_are_holes_and_innocents_enough(name: str) -> None:
    assert len([hole for schema, hole in HOLES if schema == name]) >= 10
    assert len([*(SCHEMAS / name / "innocents").glob("*.sql")]) >= 10


@pytest.mark.parametrize(
    ("project", "hole"), HOLES, indirect=["project"], ids=[f"{name}-{hole.path.stem}" for name, hole in HOLES]
)
def test_every_hole_is_found(project: Project, hole: Sabotage) -> None:
    """The policy of a hole names what the hole's first comment says, and nothing else that it did not name before."""
    with project.bench.proof(hole) as scene:
        scene.execute(hole.sql)
        found = scene.ask(hole.policy)
    assert found.verdict is Verdict.VIOLATED, f"{found.verdict} {found.reason}"
    before = {finding.object for finding in project.before[hole.policy].findings}
    assert hole.expects({finding.object for finding in found.findings} - before), found.findings


@pytest.mark.parametrize("name", NAMES)
def test_all_holes_are_found_at_once(name: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """A whole audit, from the migrations, of a schema with all holes names each of them."""
    outcome = whole(name, "holes", tmp_path, pytestconfig)
    assert outcome.status == 1
    found = {
        name: [f["object"] for f in (*policy["findings"], *policy["repeated"])]
        for name, policy in outcome.policies.items()
    }
    missed = {
        hole.path.name: expected
        for schema, hole in HOLES
        for expected in hole.objects
        if schema == name and not any(fnmatchcase(each, expected) for each in found[hole.policy])
    }
    assert missed == {}
    # One cause is one finding: what is told of one thing by several policies counts once.
    told = [f for policy in outcome.policies.values() for f in policy["findings"] if not f["waiver"]]
    assert len(told) <= 1.2 * len([hole for schema, hole in HOLES if schema == name]), [f["object"] for f in told]


@pytest.mark.parametrize("name", NAMES)
def test_no_innocent_is_reported(name: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """A whole audit, from the migrations, of a schema with all innocents has nothing to say."""
    outcome = whole(name, "innocents", tmp_path, pytestconfig)
    said = {id_: policy for id_, policy in outcome.policies.items() if policy["verdict"] in ("VIOLATED", "UNCHECKED")}
    assert said == {}, outcome.said
    assert outcome.status == 0
