"""Fixtures of the product's own tests."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator

import pytest

from audit.access.declaration import Access
from audit.access.parameters import parameters
from audit.connection import connect
from audit.evidence import safe
from audit.server.target import Target, opened
from audit.settings import Settings
from fixtures.suite import Suite
from fixtures.target import CHOICE
from reports.folder import OUTPUTS
from tests.support import durations
from tests.support.auditing import Sabotaged, audit, sabotage_everything, told_in_confidence
from tests.support.proving import POLICIES, Bench, Sabotage

PROOFS = "test_proofs"
BEGUN = time.monotonic()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the tests."""
    group = parser.getgroup("tests", "the tests of the product")
    group.addoption("--thorough", action="store_true", help="exactness: ask every policy everywhere")
    group.addoption("--quick", action="store_true", help="one proof of each policy, and what does not take long")
    group.addoption("--prove", metavar="POLICY", help="the proofs of one policy, and nothing else")
    group.addoption("--within", type=float, metavar="SECONDS", help="skip what has not begun by then, in any order")
    group.addoption("--seed", default="", metavar="TEXT", help="the order for --within")
    group.addoption("--file-durations", action="store_true", help="print how long each file took")
    group.addoption("--write-durations", action="store_true", help="keep how long tests took in tests/durations.json")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to measure. Raises UsageError when a policy is to be proved that is none."""
    policy = config.getoption("prove")
    if policy is not None and policy not in POLICIES:
        raise pytest.UsageError(f"--prove: there is no policy {safe(policy)}; docs/policies.md lists them")
    config.pluginmanager.register(durations.Durations(config), "durations")


def pytest_sessionstart() -> None:
    """Heed Ctrl-C, which a shell makes those deaf to that it starts in the background, and what they start, too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and leave away what is not wanted.

    Tests of one file may run side by side, each process with fixtures of its own.
    """
    seconds = durations.recorded()
    wanted = durations.ordered(items, seconds)
    if policy := config.getoption("prove"):
        wanted = [item for item in wanted if item.path.stem == PROOFS and policy_of(item) == policy]
    elif config.getoption("quick"):
        wanted = quick(wanted, seconds)
    if config.getoption("within") is not None:
        random.Random(config.getoption("seed")).shuffle(wanted)  # the same in every process
    kept = {*map(id, wanted)}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = wanted


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what there is no time for, and say so."""
    within = item.config.getoption("within")
    if within is not None and time.monotonic() - BEGUN > within:
        pytest.skip("no time was left for it: --within")


def policy_of(item: pytest.Item) -> str:
    """Return the policy that a proof is about, or nothing."""
    sabotage = case_of(item, "sabotage")
    return sabotage.policy if isinstance(sabotage, Sabotage) else str(case_of(item, "policy") or "")


def case_of(item: pytest.Item, name: str) -> object:
    """Return what a test with several cases is given under a name."""
    case = getattr(item, "callspec", None)
    return case.params.get(name) if case is not None else None


def quick(items: list[pytest.Item], seconds: dict[str, float]) -> list[pytest.Item]:
    """Return one proof of each policy, if possible one that a transaction can hold, and the tests that are short."""
    proofs: dict[str, list[tuple[bool, int]]] = {}
    for index, item in enumerate(items):
        sabotage = case_of(item, "sabotage")
        if isinstance(sabotage, Sabotage) and item.path.stem == PROOFS and not sabotage.innocent:
            proofs.setdefault(sabotage.policy, []).append((sabotage.on != "transaction", index))
    first = {min(each)[1] for each in proofs.values()}
    return [
        item for index, item in enumerate(items)
        if index in first or (case_of(item, "sabotage") is None and durations.quick(item, seconds))
    ]  # fmt: skip


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
        with connect(target.server.dsn) as connection:
            secrets = told_in_confidence(connection)
            suffered = sabotage_everything(connection)
            secrets |= told_in_confidence(connection)
        every = f"--output={','.join(OUTPUTS)}"
        outcome = audit(tmp_path_factory.mktemp("sabotaged"), f"--target={target.server.dsn}", "--no-shadow", every)
        yield Sabotaged(target, suffered, secrets, outcome)
