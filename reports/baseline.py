"""The baseline: findings that a project had when it began to be audited, accepted as they are until they are fixed.

It is a list of exact findings that the audit writes itself (``--write-baseline``): all that a first run found, and
never more from then on. What is no longer found is taken out, so that it counts if it comes back; what is new fails.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from audit.evidence import safe
from audit.results import Verdict
from audit.toml_file import FileError, TomlFile, form_of
from reports import folder, wording
from reports.model import WAIVERS_KEY, Run, Waiver

REASON = "it was there when the audits began"
OWNER = "the baseline"


# The baseline cannot be used; the message is one sentence.
BaselineError = FileError


@dataclass(frozen=True)
class Accepted:
    """One finding that was there when the audits began."""

    policy: str
    object: str


@dataclass(frozen=True)
class BaselineFile:
    """The form of a baseline, which the audit writes itself."""

    accepted: tuple[Accepted, ...]
    comment: str = ""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--baseline`` and ``--write-baseline``."""
    group = parser.getgroup("audit", "database audit")
    group.addoption("--baseline", metavar="FILE", help="findings accepted when the audits began, until they are fixed")
    group.addoption(
        "--write-baseline",
        action="store_true",
        help="write --baseline=FILE: everything that is found, or, if it exists, only what is still found of it",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the baseline, beside the waivers. Raises pytest.UsageError when it is missing or cannot be used."""
    given: str | None = config.getoption("baseline")
    writing: bool = config.getoption("write_baseline")
    if writing and not given:
        raise pytest.UsageError("--write-baseline needs --baseline=FILE, the file to write")
    path = file_of(config)
    if path is None or (writing and not path.exists()):
        return
    try:
        config.stash[WAIVERS_KEY] = (*config.stash[WAIVERS_KEY], *load(path))
    except BaselineError as error:
        raise pytest.UsageError(str(error)) from None


def file_of(config: pytest.Config) -> Path | None:
    """Return the file of ``--baseline``, or None where there is none, or no audit."""
    given: str | None = config.getoption("baseline")
    return config.invocation_params.dir / given if given and folder.is_audit(config) else None


def load(path: Path) -> tuple[Waiver, ...]:
    """Read a baseline as waivers that cover one finding each and never expire.

    Raises BaselineError when it cannot be read or is none.
    """
    try:
        found = form_of(BaselineFile, TomlFile(str(path), json.loads(path.read_text(encoding="utf-8"))))
    except OSError as error:
        raise BaselineError(f"{path}: the baseline cannot be read ({error.strerror}); see --write-baseline") from None
    except (ValueError, RecursionError):
        raise BaselineError(f"{path}: this is no baseline; --write-baseline writes one where there is none") from None
    pairs = [(each.policy, each.object) for each in found.accepted]
    return tuple(Waiver(policy, obj, REASON, OWNER, None, n) for n, (policy, obj) in enumerate(pairs, 1))


def render(pairs: Collection[tuple[str, str]]) -> str:
    """Return the text of a baseline with these policies and objects: sorted, so that versions can be compared."""
    accepted = [{"policy": policy, "object": obj} for policy, obj in sorted(set(pairs))]
    return json.dumps({"accepted": accepted}, indent=1) + "\n"


def stale(accepted: Sequence[Waiver], run: Run) -> tuple[Waiver, ...]:
    """Return the entries that are over: their policy was judged, and did not find them."""
    results = {result.id: result for result in run.results}
    return tuple(
        each
        for each in accepted
        if each.policy in results
        and results[each.policy].judges(each.object)
        and all(finding.object != each.object for finding in results[each.policy].findings)
    )


def compare(run: Run, config: pytest.Config) -> Run:
    """Say in the run which entries are over, and write the baseline if that is asked for."""
    path = file_of(config)
    if path is None:
        return run
    accepted = [waiver for waiver in config.stash[WAIVERS_KEY] if waiver.expires is None]
    over = stale(accepted, run)
    begins = not path.exists()
    if not config.getoption("write_baseline"):
        note = _advice(over)
    elif begins and not run.finished:
        note = f"{path}: no baseline was written, because the run ended early"
    else:
        pairs = {(each.policy, each.object) for each in accepted if each not in over}
        if begins:
            pairs = {(f.policy, f.object) for r in run.having(Verdict.VIOLATED) for f in wording.unwaived(r)}
        try:
            folder.replace_file(path, render(pairs))
        except OSError as error:
            problem = f"{path}: the baseline could not be written: {error.strerror}"
            return replace(run, problems=(*run.problems, problem))
        note = f"{path}: {wording.counted(len(pairs), 'finding')} in the baseline, {len(over):,} taken out"
    return replace(run, notes=(*run.notes, note)) if note else run


def _advice(over: Sequence[Waiver]) -> str:
    """Say which entries could be taken out; "" when there are none."""
    if not over:
        return ""
    some = safe(", ".join(f"{each.policy} {each.object}" for each in over[:3]))
    more = " and others" if len(over) > 3 else ""
    entries = wording.counted(len(over), "entry of the baseline is", "entries of the baseline are")
    return f"{entries} no longer found: --write-baseline takes out {some}{more}"
