"""Applications made for tests: several files in one text, and what the policies say of such a folder."""

from __future__ import annotations

import re
from pathlib import Path

from audit.client.app import App, Findings, read
from audit.evidence import Log, NotApplicable
from audit.judging import ruling
from audit.policy import collected
from audit.results import Ruling

POLICIES = {policy.id: policy for policy in collected("policies") if policy.id.startswith("CONF-")}
_FILE = re.compile(r"^// @file: (.+)\n", re.MULTILINE)


def unpacked(text: str, folder: Path) -> Path:
    """Write the files of a text, each behind a line that names it, into a folder."""
    _, *parts = _FILE.split(text)
    for name, content in zip(parts[::2], parts[1::2], strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def ruled(policy: str, findings: Findings) -> Ruling:
    """Ask one policy about an application, and judge it."""
    log = Log()
    error: BaseException | None = None
    try:
        POLICIES[policy].function(app=App(findings, log))
    except (AssertionError, NotApplicable) as raised:
        error = raised
    return ruling(POLICIES[policy], log, error)


def judged(folder: Path, *policies: str) -> dict[str, Ruling]:
    """Ask policies about a folder; all of them where none is named."""
    findings = read(folder)
    return {policy: ruled(policy, findings) for policy in policies or POLICIES}
