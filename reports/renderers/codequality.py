"""gl-code-quality-report.json: what GitLab shows in merge requests.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from typing import Any

from audit.policy import Severity
from reports import wording
from reports.model import Finding, Result, Run
from reports.renderers import sarif

LEVELS = {Severity.P0: "blocker", Severity.P1: "critical", Severity.P2: "major", Severity.P3: "minor"}


def render(run: Run) -> str:
    """Return the findings that count, the worst first, as JSON in ASCII."""
    found = [_one(result, each) for result in wording.violated(run) for each in wording.unwaived(result)]
    return json.dumps(found, indent=1) + "\n"


def _one(result: Result, finding: Finding) -> dict[str, Any]:
    where = finding.location
    told = wording.cut(f"{result.wrong or wording.title(result)}: {finding.object}", 500)
    return {
        "description": told,
        "check_name": result.id,
        "fingerprint": sarif.fingerprint(finding.policy, finding.object),
        "severity": LEVELS[result.severity],
        "location": {
            "path": wording.lines(where.file) if where else sarif.place(finding),
            "lines": {"begin": (where.line if where else None) or 1},
        },
    }
