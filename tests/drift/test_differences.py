"""Each kind of difference, planted alone, is one finding, and either statement mends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from audit.drift.building import buckets, jobs
from audit.drift.catalogue import Catalogue, asked
from audit.drift.differences import Difference, compare
from audit.question import Connection
from tests.drift.conftest import HERE, Side, changing


@dataclass(frozen=True)
class Case:
    """A change of one of two databases, and what it must be found as."""

    name: str
    sql: str
    titles: tuple[str, ...]
    along: str = ""
    before: str = ""
    superuser: bool = False


def cases(file: str = "differences.sql") -> list[Case]:
    text = (HERE / file).read_text(encoding="utf-8")
    found = []
    for part in re.split(r"^--- ", text, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        told = re.findall(r"^-- (\w+)(?:: (.*))?$", body, flags=re.MULTILINE)
        values = dict(told)
        titles = tuple(value for key, value in told if key == "finding")
        rest = values.get("along", ""), values.get("before", ""), "superuser" in values
        found.append(Case(name, body, titles, *rest))
    return found


def catalogue_of(connection: Connection) -> Catalogue:
    connection.execute("reset role; set local search_path = ''")
    with connection.cursor() as cursor:
        found = asked(cursor)
        found = found.with_parts({**buckets(cursor), **jobs(cursor)})
    connection.execute('set local search_path = "$user", public, extensions')
    return found


def execute(connection: Connection, sql: str, case: Case) -> None:
    if not case.superuser:
        connection.execute("set local role postgres")
    connection.execute(sql.encode())


def told(differences: Sequence[Difference]) -> str:
    return "\n".join(
        f"{each.what} {each.title} {each.aspects} {each.along}\n{each.to_migrations}{each.to_live}"
        for each in differences
    )


def test_there_are_enough() -> None:
    assert len(cases()) >= 50
    assert len({case.name for case in cases()}) == len(cases())


@pytest.mark.parametrize("version", ["15", "18"])
def test_equal_databases_are_equal(mine: Side, lives: Callable[[str], Side], version: str) -> None:
    found = compare(mine.catalogue, lives(version).catalogue, mine.printer.printed)
    assert not found, told(found)
    assert len(mine.catalogue.parts) > 100


# Two servers of one version are the easier case, of which a part is enough.
CASES = [("15", case) for case in cases()] + [("18", case) for case in cases()[::6]]
IDS = [f"{version}-{re.sub('[ ,]+', '-', case.name)}" for version, case in CASES]


@pytest.mark.parametrize(("version", "case"), CASES, ids=IDS)
def test_a_difference_is_one_finding_and_is_mended(
    mine: Side, lives: Callable[[str], Side], version: str, case: Case
) -> None:
    with changing(lives(version)) as there, changing(mine) as here:
        built = mine.catalogue
        printed = mine.printer.printed
        if case.before:
            for connection in (here, there):
                execute(connection, case.before, case)
            built = catalogue_of(here)
        execute(there, case.sql, case)
        changed = catalogue_of(there)
        here.execute("reset role")
        found = compare(built, changed, printed)
        assert tuple(each.title for each in found) == case.titles, told(found)
        (difference,) = found
        assert ", ".join(difference.along) == case.along
        execute(there, difference.to_migrations, case)
        left = compare(built, catalogue_of(there), printed)
        assert not left, f"{difference.to_migrations}\n{told(left)}"
        execute(here, difference.to_live, case)
        left = compare(catalogue_of(here), changed, printed)
        assert not left, f"{difference.to_live}\n{told(left)}"


@pytest.mark.parametrize("case", cases("innocents.sql"), ids=lambda case: re.sub("[ ,]+", "-", case.name))
def test_what_makes_no_difference_is_none(mine: Side, lives: Callable[[str], Side], case: Case) -> None:
    with changing(lives("15")) as there, changing(mine) as here:
        built = mine.catalogue
        if case.before:
            execute(here, case.before, case)
            built = catalogue_of(here)
        execute(there, case.sql, case)
        found = compare(built, catalogue_of(there), mine.printer.printed)
    assert not found, told(found)
