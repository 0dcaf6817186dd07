"""The table of contents: everything that the policies can use is in these plugins."""

pytest_plugins = (
    "fixtures.settings",
    "fixtures.access",
    "fixtures.target",
    "fixtures.footprint",
    "fixtures.policy",
    "fixtures.questions",
    "fixtures.growth",
    "reports.folder",
    "reports.waivers",
    "reports.verdicts",
    "reports.conduct",
    "reports.history",
    "reports.json_file",
    "reports.junit",
    "reports.markdown",
    "reports.sarif",
    "reports.prometheus",
    "reports.nagios",
    "reports.html",
    "reports.terminal",
)
