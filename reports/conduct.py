"""How the audit behaved towards a live database: the rights of its login, too many and too few, and its footprint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from audit.evidence import safe
from audit.house import DOCUMENTS
from audit.results import Cost, Verdict
from reports.model import Result, Run

LEAST = f"schema/auditor.sql makes a login that can only read; {DOCUMENTS}/live.md says how"


def excess(run: Run) -> str:
    """Say in a sentence or two what the audit's login has too much of; "" where that is nothing, or not known."""
    if run.login is None or not run.login.excess:
        return ""
    return f"The audit's login can do more than read: {'; '.join(run.login.excess)}. {LEAST}."


def missing(run: Run) -> Mapping[str, tuple[Result, ...]]:
    """Return the rights that the login lacks, as statements, each with the policies that are unchecked without it."""
    found: dict[str, list[Result]] = {}
    for result in run.having(Verdict.UNCHECKED):
        for grant in result.grants:
            found.setdefault(grant, []).append(result)
    return {grant: tuple(results) for grant, results in found.items()}


def footprint(cost: Cost) -> Iterator[tuple[str, str]]:
    """Yield what the audit asked of the server, in words: what, and how much of it."""
    unseen = f"; {cost.unseen:,} ended before their ends could be looked at" if cost.unseen else ""
    yield "Questions", f"{cost.questions:,}, each in a READ ONLY transaction of its own{unseen}"
    at_once = "one at a time" if cost.dump_ms is None else "one at a time, three while the shadow was made"
    yield "Sessions", f"{cost.sessions:,}, {at_once}"
    budget = f", of a budget of {cost.budget_ms:,} ms" if cost.budget_ms is not None else ""
    dump = f", {cost.dump_ms:,.0f} ms of them for pg_dump" if cost.dump_ms is not None else ""
    yield "Time of the server", f"{cost.server_ms:,.0f} ms{budget}{dump}; the way there and back is in it"
    modes = safe(", ".join(cost.lock_modes)) or "none"
    dumped = "; pg_dump holds ACCESS SHARE on each table meanwhile" if cost.dump_ms is not None else ""
    yield "Locks", f"{modes}; at most {cost.locks:,} relations at a time{dumped}"
    yield "Transaction ids used", f"{cost.transaction_ids:,}"
    for what, number, unit in (
        (
            "Buffers read",
            cost.buffers_read,
            f", and {cost.buffers_hit or 0:,} found in memory, by the session of the questions",
        ),
        ("Log written", cost.wal_bytes, " bytes, by the session of the questions"),
    ):
        yield what, f"not known: {cost.unknown}" if number is None else f"{number:,}{unit}"


def document(run: Run) -> dict[str, Any]:
    """Return login and footprint as plain JSON types; null on a disposable database, which nobody else uses."""
    login, cost = run.login, run.cost
    return {
        "login": login
        and {
            "excess": [*login.excess],
            "unknown": login.unknown,
            "missing": [
                {"grant": grant, "policies": [result.id for result in results]}
                for grant, results in missing(run).items()
            ],
        },
        "footprint": cost and asdict(cost) | {"lock_modes": [*cost.lock_modes], "server_ms": round(cost.server_ms, 3)},
    }
