"""The table of contents: everything that the policies can use is in these plugins."""

pytest_plugins = (
    "fixtures.policy",
    "fixtures.settings",
    "fixtures.access",
    "fixtures.target",
    "fixtures.questions",
    "fixtures.gate",
    "reports.folder",
    "reports.waivers",
    "reports.verdicts",
    "reports.suite",
    "reports.json_file",
    "reports.junit",
    "reports.html",
    "reports.terminal",
)
