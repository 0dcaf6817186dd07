"""Waivers: findings that somebody has accepted, with a reason, an owner and a last day; read from waivers.toml.

A waiver must never be silently without effect, so everything doubtful ends the run with the file and line.
"""

from __future__ import annotations

import ast
import datetime as dt
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from audit.evidence import safe
from audit.results import Verdict
from reports.model import WAIVERS_KEY, Finding, Result, Run, Waiver

DEFAULT_FILE = "waivers.toml"
KEYS = ("policy", "object", "reason", "owner", "expires")

# A waiver for a policy that could not be judged may still be needed: only these verdicts prove that it matches nothing.
JUDGED = (Verdict.HOLDS, Verdict.VIOLATED, Verdict.WAIVED)


class WaiverError(ValueError):
    """The waivers cannot be used; the message is one sentence with file and line."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--waivers`` and ``--strict-waivers``."""
    group = parser.getgroup("audit", "database audit")
    group.addoption("--waivers", metavar="FILE", help=f"accepted findings (default: {DEFAULT_FILE}, if it is there)")
    group.addoption("--strict-waivers", action="store_true", help="fail when a waiver matches no finding")


def pytest_configure(config: pytest.Config) -> None:
    """Read the waivers before any database is touched.

    Raises pytest.UsageError when the file is missing although it was asked for, or something in it is wrong.
    """
    given: str | None = config.getoption("waivers")
    path = Path(given) if given else config.rootpath / DEFAULT_FILE
    config.stash[WAIVERS_KEY] = ()
    if not given and not path.exists():
        return
    try:
        config.stash[WAIVERS_KEY] = load(path, declared(config.rootpath / "policies"))
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
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise WaiverError(f"{path}: not UTF-8 text; save the file as UTF-8") from None
    except OSError as error:
        raise WaiverError(f"{path}: the waivers cannot be read ({error.strerror}); see --waivers") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WaiverError(f"{path}:{_line_of(error, text)}: not valid TOML: {error}") from None
    tables = document.pop("waiver", [])
    if document:
        key = next(iter(document))
        raise WaiverError(f"{path}:{_first_line(text, key)}: unknown key {key!r}; write each waiver as [[waiver]]")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise WaiverError(f"{path}:{_first_line(text, 'waiver')}: write each waiver as a table [[waiver]]")
    waivers = []
    for table, line in zip(tables, _lines(text, len(tables)), strict=True):
        try:
            waivers.append(_waiver(table, line, known_policies))
        except WaiverError as error:
            raise WaiverError(f"{path}:{line}: {error}") from None
    return tuple(waivers)


def _waiver(table: Mapping[str, object], line: int, known_policies: Collection[str]) -> Waiver:
    """Turn one table into a waiver.

    Raises WaiverError with what is wrong, without file and line.
    """
    if unknown := [key for key in table if key not in KEYS]:
        raise WaiverError(f"unknown key {unknown[0]!r}; a waiver has {', '.join(KEYS)}")
    if missing := [key for key in KEYS if key not in table]:
        raise WaiverError(f"the waiver has no {missing[0]!r}; it needs {', '.join(KEYS)}")
    texts = {}
    for key in KEYS[:-1]:
        value = table[key]
        if not isinstance(value, str) or not value.strip():
            raise WaiverError(f"{key!r} must be text that is not empty")
        texts[key] = value if key == "object" else value.strip()
    expires = table["expires"]
    # A TOML date-time is read as a datetime, which Python counts among the dates.
    if not isinstance(expires, dt.date) or isinstance(expires, dt.datetime):
        raise WaiverError("'expires' must be a date without quotes, such as 2027-01-31")
    if texts["policy"] not in known_policies:
        raise WaiverError(f"there is no policy {safe(texts['policy'])!r}")
    return Waiver(**texts, expires=expires, line=line)


def _line_of(error: tomllib.TOMLDecodeError, text: str) -> int:
    """Return the line of a TOML error, which the standard library tells in its message only."""
    found = re.search(r"at line (\d+)", str(error))
    return int(found.group(1)) if found else max(1, len(text.splitlines()))


def _first_line(text: str, key: str) -> int:
    """Return the first line that mentions ``key``."""
    return next((number for number, line in enumerate(text.splitlines(), 1) if key in line), 1)


def _lines(text: str, expected: int) -> list[int]:
    """Return the line of each waiver's header, which tomllib does not tell.

    A line is the header of the nth waiver when the text up to it parses, and holds n waivers: so a header inside a
    string or a comment is not taken for one.
    """
    found: list[int] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if "[[" not in line:
            continue
        try:
            tables = tomllib.loads("\n".join(lines[:number])).get("waiver", [])
        except tomllib.TOMLDecodeError:
            continue
        if len(tables) == len(found) + 1:
            found.append(number)
    # Waivers written as an inline array have no headers.
    return found if len(found) == expected else [_first_line(text, "waiver")] * expected


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
