"""The table of contents: everything that the policies can use is in these plugins of pytest.

conftest.py takes them from here in a checkout, and ``-p care_audit.running`` where the audit is installed.
"""

from __future__ import annotations

import pytest

from audit.house import PREFIX

# Before any of them is imported: some import each other, and pytest would warn of those that it comes to too late.
pytest.register_assert_rewrite(f"{PREFIX}fixtures", f"{PREFIX}reports")

pytest_plugins = (
    f"{PREFIX}fixtures.ending",  # the first, to note signals from the beginning
    f"{PREFIX}fixtures.policy",
    f"{PREFIX}fixtures.settings",
    f"{PREFIX}fixtures.access",
    f"{PREFIX}fixtures.target",
    f"{PREFIX}fixtures.app",
    f"{PREFIX}fixtures.footprint",
    f"{PREFIX}fixtures.drift",
    f"{PREFIX}fixtures.runbook",
    f"{PREFIX}fixtures.askers",
    f"{PREFIX}fixtures.suite",
    f"{PREFIX}fixtures.ahead",
    f"{PREFIX}fixtures.gate",
    f"{PREFIX}reports.folder",
    f"{PREFIX}reports.waivers",
    f"{PREFIX}reports.baseline",
    f"{PREFIX}reports.verdicts",
    f"{PREFIX}reports.history.history",
    f"{PREFIX}reports.alerts",
    f"{PREFIX}reports.pipeline",
    f"{PREFIX}reports.renderers.html",
    f"{PREFIX}reports.renderers.screen",
)
