"""The runbook's removal of abandoned exchanges: whoever writes the trail, the removal is in it, once."""

from __future__ import annotations

import pytest

from tests.support.proving import SABOTAGE, Bench, read


@pytest.mark.parametrize("without", ["", "-and-nothing-writes-the-trail"])
def test_a_removed_exchange_is_in_the_trail(bench: Bench, without: str) -> None:
    with bench.proof(read(SABOTAGE / f"CONTACT-02.an-offer-was-abandoned{without}.sql")) as scene:
        scene.execute(scene.sabotage.sql)
        (finding,) = scene.ask("CONTACT-02").findings
        lines = [line.removeprefix("-- ") for line in finding.fix.splitlines()]
        scene.execute("\n".join(lines[1:]))
        written = scene.connection.execute(
            """
            select (select count(*) from public.contact_exchanges where id::text = %(id)s),
                   (select count(*) from public.contact_exchange_audit a
                    where a.exchange_id::text = %(id)s and a.action = 'removed')
            """,
            {"id": finding.object},
        ).fetchone()
    assert written == (0, 1)
