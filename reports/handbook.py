"""docs/policies.md: every policy's page, generated from its marker and docstring.

``python -m reports.handbook`` writes the file; with ``--check`` it says whether it is up to date (exit status 1 if
not).
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from audit.house import POLICIES
from audit.policy import CORE, Policy, collected

PAGE = Path(__file__).parents[1] / "docs" / "policies.md"

INTRODUCTION = """\
# The policies

Generated from the policies' markers and docstrings by `make docs`; do not edit.

Severities are the runbook's: P0 critical, P1 high, P2 medium, P3 low. A policy is VIOLATED when it finds an offender
that no valid waiver covers. Those of the care-collective pack are asked where `packs` in audit.toml selects it.
"""


def page() -> str:
    """Return the text of docs/policies.md."""
    parts = [INTRODUCTION]
    for runbook, chapter in groupby(collected(POLICIES), key=lambda policy: policy.runbook):
        parts.append(f"## {runbook}\n")
        parts.extend(_entry(policy) for policy in chapter)
    return "\n".join(parts)


def _entry(policy: Policy) -> str:
    fix = f"```sql\n{policy.fix.strip()}\n```\n"
    pack = "" if policy.pack == CORE else f", {policy.pack}"
    return (
        f"### {policy.id} ({policy.severity}{pack}): {policy.title}\n\nOtherwise: {policy.wrong}.\n\n"
        f"{policy.explanation}\n\nWhat mends it:\n\n{fix}"
    )


def main(arguments: list[str]) -> int:
    """Write the page, or check it; return the exit status."""
    text = page()
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write("docs/policies.md is not up to date: run make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
