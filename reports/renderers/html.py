"""audit.html: pytest-html's report with our columns and a dashboard, in one file that fetches nothing.

pytest-html escapes neither cells nor extras nor the environment, and object names of the audited database are hostile:
everything goes through Jinja2 with autoescape, and control and direction characters are taken out on the way.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from audit.policy import Severity
from audit.results import Verdict
from reports import conduct, folder, gate, matrix, runbook, wording
from reports.escalation import ESCALATION
from reports.model import SCORE_FORMULA, Result, Run

# The plugin that is there when pytest-html writes our page.
PAGE = "audit-html"

TITLE = "Care Collective database audit"
MAX_FINDINGS = 50

# Of more tables in the access matrix, those that are in order are folded; so many that are not are open.
MAX_TABLES = 30
MAX_OPEN = 5

# Worst first: the order of the table, and of what is told.
ORDER = (Verdict.VIOLATED, Verdict.UNCHECKED, Verdict.WAIVED, Verdict.HOLDS, Verdict.NOT_APPLICABLE)

# What the dashboard tells, in this order: templates/NAME.html.jinja for each. A section shows what is in the run, which
# the template knows as ``run``, and nothing at all where there is nothing to tell.
SECTIONS = (
    "problems", "changes", "violated", "unchecked", "gate", "runbook", "matrix", "migrations", "waivers", "conduct",
    "notes",
)  # fmt: skip

# pytest-html counts and filters by pytest's outcomes: its labels say which verdicts these are.
LABELS = {
    "passed": "hold",
    "failed": "violated or unchecked",
    "skipped": "not applicable",
    "xfailed": "waived",
    "error": "unchecked (before they were asked)",
}

# pytest-html's script cannot do without its own columns "result", by which it filters and which our style hides, and
# "testId", by which rows can be linked to.
COLUMNS = {
    "result": "Outcome",
    "testId": "Id",
    "severity": "Severity",
    "policy": "Policy",
    "verdict": "Verdict",
    "findings": "Findings",
}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Ask pytest-html for its self-contained report, where nobody asked for another one."""
    if not config.pluginmanager.hasplugin("html") or not folder.is_audit(config):
        return
    if not config.getoption("htmlpath"):
        if "html" not in folder.outputs(config):
            return
        config.option.htmlpath = str(folder.report_dir(config) / folder.OUTPUTS["html"])
        config.option.self_contained_html = True
    config.pluginmanager.register(Page(), PAGE)


def discarded(config: pytest.Config) -> Path:
    """Return the path of a page that could not be written wholly; half a page is none, and is removed.

    A device that was named as the page stays where it is.
    """
    path = Path(config.getoption("htmlpath"))
    with contextlib.suppress(OSError):
        if stat.S_ISREG(path.lstat().st_mode):
            path.unlink()
    return path


class Page:
    """What we put on pytest-html's page; ``page`` is its data."""

    def __init__(self) -> None:
        self.last: dict[str, pytest.TestReport] = {}
        self.page: Any = None

    def pytest_html_report_title(self, report: Any) -> None:  # noqa: ANN401 -- pytest-html has no types
        """Name the page and leave out the environment: it holds variables of the CI system and paths of the machine."""
        self.page = report
        report.title = TITLE
        report.set_data("environment", {})
        report.set_data("renderCollapsed", ["all"])
        report.set_data("initialSort", "verdict")
        for outcome, label in LABELS.items():
            report.outcomes[outcome]["label"] = label

    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Replace pytest-html's columns by ours."""
        cells[:] = [f'<th class="sortable" data-column-type="{key}">{label}</th>' for key, label in COLUMNS.items()]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Attach the details of a policy to its row.

        A policy that fails in its teardown has been judged before: the last result is the one that counts.
        """
        result: Result | None = getattr(report, "result", None)
        if result is None:
            return
        if (earlier := self.last.get(report.nodeid)) is not None:
            earlier.__dict__["extras"] = []
        self.last[report.nodeid] = report
        report.__dict__["extras"] = [_extra(result)]

    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Fill our columns; without cells there is no row."""
        last = self.last.get(report.nodeid)
        outcome = cells[0]
        if last is None:  # a file that could not be read, or an ordinary test
            cells[:] = [
                outcome,
                *_cells({"testId": "", "severity": "", "policy": report.nodeid, "verdict": report.outcome}),
            ]
        else:
            cells[:] = [outcome, *row(last.__dict__["result"])] if report is last else []

    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[str]) -> None:
        """Leave out pytest's own text: the details of a policy are ours."""
        if report.nodeid in self.last:
            data.clear()

    def pytest_html_results_summary(self, prefix: list[str], session: pytest.Session) -> None:
        """Put the dashboard in front of the table."""
        if (run := folder.finished(session.config)) is None:
            return
        prefix.append(dashboard(run))
        shown = {report.__dict__["result"].id for report in self.last.values()}
        for result in run.results:
            if result.id not in shown:
                self._add(result)

    def _add(self, result: Result) -> None:
        """Add a row for a policy that pytest never came to, so that table and dashboard tell of the same policies."""
        outcome = "failed"
        self.page.outcomes[outcome]["value"] += 1
        self.page.data["tests"][result.id].append(
            {
                "result": outcome.capitalize(),
                "testId": result.id,
                "resultsTableRow": [f'<td class="col-result">{outcome.capitalize()}</td>', *row(result)],
                "extras": [_extra(result)],
                "log": "",
                **{key: f"<!-- {value} -->" for key, value in _order(result).items()},
            }
        )


def row(result: Result) -> list[str]:
    """Return the cells of one policy, as markup; pytest-html's own first cell is not among them."""
    return _cells(
        {
            "testId": result.id,
            "severity": result.severity.value,
            "policy": wording.title(result),
            "verdict": wording.WORDS[result.verdict].upper(),
            "findings": wording.extent(result),
        },
        _order(result),
        f"is-{result.verdict.value}",
    )


def _order(result: Result) -> dict[str, str]:
    """Return what the columns are sorted by whose text would sort otherwise."""
    return {
        "verdict": f"{ORDER.index(result.verdict)} {result.severity} {result.id}",
        "findings": f"{len(wording.unwaived(result)):012}",
    }


def _extra(result: Result) -> dict[str, str]:
    """Return the details of a policy as what pytest-html calls an extra."""
    return {"name": "details", "format_type": "html", "content": details(result), "extension": "html"}


def _cells(texts: Mapping[str, str], order: Mapping[str, str] | None = None, kind: str = "") -> list[str]:
    """Return one cell for each text; what pytest-html's script is to sort by stands in a comment before it."""
    comments = {key: Markup("<!-- {} -->").format(value) for key, value in (order or {}).items()}
    return [
        Markup('<td class="col-{} {}">{}{}</td>').format(key, kind, comments.get(key, ""), text)
        for key, text in texts.items()
    ]


def details(result: Result) -> str:
    """Return what is shown when a row is opened."""
    return environment().get_template("details.html.jinja").render(result=result)


def dashboard(run: Run) -> str:
    """Return what stands above the table."""
    return environment().get_template("dashboard.html.jinja").render(told(run))


def told(run: Run) -> dict[str, Any]:
    """Return what the dashboard and its sections know."""
    findings = [(result, finding) for result in sorted(run.results, key=lambda r: r.id) for finding in result.findings]
    return {
        "run": run,
        "status": run.exit_status,
        "counts": run.counts(),
        "violated": {s: [r for r in wording.violated(run) if r.severity is s] for s in Severity},
        "unchecked": run.having(Verdict.UNCHECKED),
        "waived": [(result, finding) for result, finding in findings if finding.waived],
        "expired": [(result, finding) for result, finding in findings if finding.waiver_expired],
        "failed": wording.failed(run),
    }


@cache
def environment() -> jinja2.Environment:
    """Return what renders the templates: everything is escaped, and free of control and direction characters."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parents[1] / "templates"),
        autoescape=True,
        finalize=_plain,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        conduct=conduct,
        wording=wording,
        gate=gate,
        runbook=runbook,
        ESCALATION=ESCALATION,
        SCORE_FORMULA=SCORE_FORMULA,
        MAX_FINDINGS=MAX_FINDINGS,
        ORDER=ORDER,
        SECTIONS=SECTIONS,
        matrix=matrix,
        MAX_TABLES=MAX_TABLES,
        MAX_OPEN=MAX_OPEN,
    )
    return environment


def _plain(value: object) -> str:
    """Take control and direction characters out of everything that a template shows."""
    return value if isinstance(value, Markup) else wording.lines(str(value))
