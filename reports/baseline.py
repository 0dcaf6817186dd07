"""The baseline: findings that a project had when it began to be audited, accepted as they are until they are fixed.

It is a list of exact findings that the audit writes itself (``--write-baseline``): all that a first run found, and from
then on never more. What is found no more is taken out, so that it counts when it comes back; what is new fails.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from audit.evidence import safe
from reports import folder, wording
from reports.model import WAIVERS_KEY, Run, Verdict, Waiver

REASON = "it was there when the audits began"
OWNER = "the baseline"

BASELINE_KEY = pytest.StashKey[Path | None]()


class BaselineError(ValueError):
    """The baseline cannot be used; the message is one sentence."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--baseline`` and ``--write-baseline``."""
    group = parser.getgroup("audit", "database audit")
    group.addoption("--baseline", metavar="FILE", help="findings accepted when the audits began, until they are fixed")
    group.addoption(
        "--write-baseline",
        action="store_true",
        help="write --baseline=FILE: all that is found if there is none yet, else only what is still found of it",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the baseline, beside the waivers. Raises pytest.UsageError when it is missing or cannot be used."""
    given: str | None = config.getoption("baseline")
    writing: bool = config.getoption("write_baseline")
    config.stash[BASELINE_KEY] = None
    if writing and not given:
        raise pytest.UsageError("--write-baseline needs --baseline=FILE, the file to write")
    if not given or not folder.is_audit(config):
        return
    path = config.stash[BASELINE_KEY] = config.invocation_params.dir / given
    if writing and not path.exists():
        return
    try:
        config.stash[WAIVERS_KEY] = (*config.stash[WAIVERS_KEY], *load(path))
    except BaselineError as error:
        raise pytest.UsageError(str(error)) from None


def load(path: Path) -> tuple[Waiver, ...]:
    """Read a baseline as waivers that cover one finding each and never expire.

    Raises BaselineError when it cannot be read or is none.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["accepted"]
        pairs = [(entry["policy"], entry["object"]) for entry in entries]
    except OSError as error:
        raise BaselineError(f"{path}: the baseline cannot be read ({error.strerror}); see --write-baseline") from None
    except (ValueError, KeyError, TypeError):
        raise BaselineError(f"{path}: this is no baseline; --write-baseline writes one where there is none") from None
    if not all(isinstance(part, str) for pair in pairs for part in pair):
        raise BaselineError(f"{path}: this is no baseline; --write-baseline writes one where there is none")
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


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Say what is over, and write the baseline if that is asked for."""
    config = session.config
    run, path = folder.finished(config), config.stash.get(BASELINE_KEY, None)
    if run is None or path is None:
        return
    accepted = [waiver for waiver in config.stash[WAIVERS_KEY] if waiver.expires is None]
    over = stale(accepted, run)
    pairs = {(each.policy, each.object) for each in accepted if each not in over}
    begins = not path.exists()
    if begins:
        pairs = {(f.policy, f.object) for r in run.having(Verdict.VIOLATED) for f in wording.unwaived(r)}
    note = ""
    if not config.getoption("write_baseline"):
        if over:
            note = f"{wording.counted(len(over), 'entry', 'entries')} of the baseline found no more: --write-baseline"
            note += f" takes out {safe(', '.join(f'{each.policy} {each.object}' for each in over[:3]))}"
            note += " and others" if len(over) > 3 else ""
    elif begins and not run.complete:
        note = f"{path}: no baseline was written, because the run ended early"
    else:
        note = f"{path}: {wording.counted(len(pairs), 'finding')} in the baseline, {len(over):,} taken out"
        try:
            folder.replace_file(path, render(pairs))
        except OSError as error:
            folder.amend(
                session, problems=(*run.problems, f"{path}: the baseline could not be written: {error.strerror}")
            )
            return
    if note:
        folder.amend(session, notes=(*run.notes, note))
