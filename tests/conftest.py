"""Fixtures of the product's own tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures import live
from fixtures.access import Access
from fixtures.questions import parameters
from fixtures.settings import Settings
from fixtures.target import Target
from tests.proving import Bench


@pytest.fixture(scope="session")
def bench(target: Target, settings: Settings, access: Access) -> Iterator[Bench]:
    """Open the reference database on which the proofs are made."""
    with live.connect(target.server.clone_database("proofs")) as connection:
        yield Bench(target, parameters(connection, settings, access), connection)
