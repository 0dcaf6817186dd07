"""Waivers: findings that somebody has accepted, with a reason, an owner and a last day; read from waivers.toml.

A waiver must never be silently without effect, so everything doubtful ends the run with the file and line.
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from audit.evidence import UNSAFE
from audit.facts import facts_of
from audit.house import POLICY_FOLDER
from audit.results import Verdict
from audit.toml_file import FileError, form_of, read
from audit.waiver_file import WaiverFile
from reports.model import WAIVERS_KEY, Finding, Result, Run, Waiver

# A waiver for a policy that could not be judged may still be needed: only these verdicts prove that it matches nothing.
JUDGED = (Verdict.HOLDS, Verdict.VIOLATED, Verdict.WAIVED)


# Waivers that end so soon are told apart; so long counts one that somebody pastes from a report, of so many findings.
SOON = dt.timedelta(days=14)
MOST_LINES = 10

# The waivers cannot be used; the message is one sentence with file and line.
WaiverError = FileError


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--waivers`` and ``--strict-waivers``."""
    group = parser.getgroup("audit", "database audit")
    group.addoption(
        "--waivers",
        metavar="FILE",
        help="accepted findings (default: as audit.toml says; for the reference waivers.toml)",
    )
    group.addoption("--strict-waivers", action="store_true", help="fail when a waiver matches no finding")


def pytest_configure(config: pytest.Config) -> None:
    """Read the waivers before any database is touched.

    Raises pytest.UsageError when the file is missing although it was asked for, or something in it is wrong.
    """
    path = facts_of(config).waivers
    config.stash[WAIVERS_KEY] = ()
    if path is None:
        return
    try:
        config.stash[WAIVERS_KEY] = load(path, declared(POLICY_FOLDER))
    except WaiverError as error:
        raise pytest.UsageError(str(error)) from None


def declared(folder: Path) -> frozenset[str]:
    """Return the ids of all policies in ``folder``, whichever of them this run selects.

    They are read from the source text, so that a run of one file still knows the policies of the others.
    """
    ids = set()
    for path in folder.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            match node:
                case ast.Call(func=ast.Attribute(attr="policy"), args=[ast.Constant(value=str(policy)), *_]):
                    ids.add(policy)
    return frozenset(ids)


def load(path: Path, known_policies: Collection[str]) -> tuple[Waiver, ...]:
    """Read the waivers in ``path``, in the order of the file.

    Raises WaiverError when it cannot be read, is not TOML, or a waiver is incomplete, misspelt or of no known policy.
    """
    file = read(path)
    waivers = []
    for number, entry in enumerate(form_of(WaiverFile, file).waiver):
        way = ("waiver", number)
        policy = entry.policy.strip()
        if policy not in known_policies:
            raise file.wrong((*way, "policy"), f"there is no policy {policy!r}")
        waivers.append(
            Waiver(policy, entry.object, entry.reason.strip(), entry.owner.strip(), entry.expires, file.lines[way])
        )
    return tuple(waivers)


def apply(findings: Iterable[Finding], waivers: Sequence[Waiver], today: dt.date) -> tuple[Finding, ...]:
    """Give each finding the waiver that covers it: a valid one, else an expired one, which is marked as such."""
    return tuple(_waive(finding, waivers, today) for finding in findings)


def _waive(finding: Finding, waivers: Sequence[Waiver], today: dt.date) -> Finding:
    covering = [waiver for waiver in waivers if waiver.covers(finding.policy, finding.object)]
    if not covering:
        return finding
    # What somebody decided for a time counts before the baseline, which is for whatever was there.
    best = max(covering, key=lambda waiver: waiver.expires or dt.date.min)
    return replace(finding, waiver=best, waiver_expired=best.expired(today))


def ends_soon(finding: Finding, run: Run) -> bool:
    """Tell whether the waiver of a finding counts for two weeks more at the most."""
    expires = finding.waiver.expires if finding.waiver else None
    return expires is not None and expires - run.started_at.date() <= SOON


def lines(findings: Sequence[Finding], run: Run) -> str:
    """Return the lines of waivers.toml that would accept findings: who and why is for a person to say."""
    until = (run.started_at.date() + SOON).isoformat()
    entries = [
        f"[[waiver]]\npolicy = {_toml(each.policy)}\nobject = {_toml(each.object)}\n"
        f'reason = ""\nowner = ""\nexpires = {until}\n'
        for each in findings[:MOST_LINES]
    ]
    if len(findings) > MOST_LINES:
        entries.append(f"# and {len(findings) - MOST_LINES:,} more findings\n")
    return "\n".join(entries)


def _toml(text: str) -> str:
    """Return a text as TOML's basic string, in which control characters and what is no character are escaped.

    https://toml.io/en/v1.0.0#string
    """
    escaped = (f"\\u{ord(c):04x}" if UNSAFE.match(c) else f"\\{c}" if c in '"\\' else c for c in text)
    return f'"{"".join(escaped)}"'


def tell_unused(run: Run, config: pytest.Config) -> Run:
    """Put into the run which waivers match nothing, and whether that is a failure."""
    accepted: Sequence[Waiver] = config.stash.get(WAIVERS_KEY, ())
    strict = bool(config.getoption("strict_waivers", False))
    return replace(run, unused_waivers=unused(accepted, run.results), strict_waivers=strict)


def unused(waivers: Sequence[Waiver], results: Iterable[Result]) -> tuple[Waiver, ...]:
    """Return the waivers that match no finding, among the policies that ``results`` judged; not of the baseline."""
    judged = {result.id: result for result in results if result.verdict in JUDGED and not result.partial}
    return tuple(
        waiver
        for waiver in waivers
        if waiver.expires is not None
        and waiver.policy in judged
        and not any(waiver.covers(finding.policy, finding.object) for finding in judged[waiver.policy].findings)
    )
