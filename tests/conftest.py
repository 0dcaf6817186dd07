"""Fixtures of the product's own tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from audit.access.declaration import Access
from audit.access.parameters import parameters
from audit.connection import connect
from audit.server.target import Target, opened
from audit.settings import Settings
from fixtures.suite import Suite
from fixtures.target import CHOICE
from reports.folder import OUTPUTS
from tests.support.auditing import Sabotaged, audit, sabotage_everything, told_in_confidence
from tests.support.proving import Bench

# By far the longest file of tests, and those that take longest after it. These begin, and the longest, whose tests are
# short ones, fills up what time the processes have left.
LONGEST = "test_exactness"
LONG = ("test_hostile", "test_gate", "test_outages", "test_live", "test_schemas", "test_proofs", "test_faults")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--thorough``."""
    parser.addoption("--thorough", action="store_true", help="exactness: ask every policy everywhere")


def pytest_sessionstart() -> None:
    """Heed Ctrl-C, which a shell makes those deaf to that it starts in the background, and what they start, too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest. Tests of one file may run side by side, each process with fixtures of its own."""
    order = {**dict.fromkeys(LONG, 0), LONGEST: 2}
    items.sort(key=lambda item: order.get(item.path.stem, 1))


@pytest.fixture(scope="session")
def bench(target: Target, settings: Settings, access: Access, suite: Suite) -> Iterator[Bench]:
    """Open the reference database on which the proofs are made."""
    connection = connect(target.server.clone_database("proofs"))
    bench = Bench(target, parameters(connection, settings, access), connection, suite)
    yield bench
    bench.connection.close()


@pytest.fixture(scope="session")
def sabotaged(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sabotaged]:
    """A reference database that suffered every sabotage, audited as a live one by its superuser.

    It has a server of its own: some sabotages (roles, replication slots, settings) are felt in every database.
    """
    with opened(pytestconfig.stash[CHOICE]) as target:
        with connect(target.dsn) as connection:
            secrets = told_in_confidence(connection)
            suffered = sabotage_everything(connection)
            secrets |= told_in_confidence(connection)
        every = f"--output={','.join(OUTPUTS)}"
        outcome = audit(tmp_path_factory.mktemp("sabotaged"), f"--target={target.dsn}", "--no-shadow", every)
        yield Sabotaged(target, suffered, secrets, outcome)
