"""The table of contents: everything that the policies can use is in these plugins."""

import pytest

# Before any of them is imported: some import each other, and pytest would warn of those that it comes to too late.
pytest.register_assert_rewrite("fixtures", "reports")

pytest_plugins = (
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
