"""The table of contents: everything that the policies can use is in these plugins."""

pytest_plugins = (
    "fixtures.settings",
    "fixtures.access",
    "fixtures.target",
    "fixtures.policy",
    "fixtures.questions",
    "reports.waivers",
    "reports.verdicts",
)
