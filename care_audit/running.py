"""The table of contents: everything that the policies can use is in these plugins of pytest.

conftest.py takes them from here in a checkout, and ``-p care_audit.running`` where the audit is installed.
"""

from __future__ import annotations

import pytest

from audit.house import PREFIX

# Before any of them is imported: some import each other, and pytest would warn of those that it comes to too late.
pytest.register_assert_rewrite(f"{PREFIX}fixtures", f"{PREFIX}reports")

PLUGINS = (
    "fixtures.ending",  # the first, to note signals from the beginning
    "fixtures.policy",
    "fixtures.settings",
    "fixtures.access",
    "fixtures.target",
    "fixtures.app",
    "fixtures.footprint",
    "fixtures.drift",
    "fixtures.runbook",
    "fixtures.askers",
    "fixtures.suite",
    "fixtures.gate",
    "reports.folder",
    "reports.waivers",
    "reports.baseline",
    "reports.verdicts",
    "reports.history.history",
    "reports.alerts",
    "reports.pipeline",
    "reports.renderers.html",
    "reports.renderers.terminal",
)

pytest_plugins = tuple(f"{PREFIX}{name}" for name in PLUGINS)
