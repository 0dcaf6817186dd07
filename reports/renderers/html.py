"""audit.html: one page in one file that fetches nothing, whole without JavaScript, by way of pytest-html.

pytest-html says when a page is wanted, where, and what went wrong beside the policies; what it writes is replaced by
ours, because its page needs JavaScript for its rows and cannot have a strict Content-Security-Policy
(docs/decisions/043). Object names of the audited database are hostile: everything goes through Jinja2 with autoescape,
and control and direction characters are taken out on the way.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
from markupsafe import Markup, escape

from audit.policy import Severity
from audit.results import Verdict
from reports import conduct, controls, folder, gate, matrix, runbook, trust, waivers, wording
from reports.causes import Cause, Part, anchor, causes, headline, is_prose, script
from reports.effects import effects
from reports.escalation import UNSET
from reports.model import SCORE_FORMULA, Finding, Result, Run
from reports.overview import overview
from reports.trend import trend

# The plugin that is there when pytest-html is to write our page.
PAGE = "audit-html"
CODE = re.compile(r"`+([^`]+)`+")

TEMPLATES = Path(__file__).parents[1] / "templates"

# So many rows of a table; of a policy's findings so many with details, and the others by name alone.
MAX_ROWS = 200
FULL = 50
MAX_FINDINGS = 50  # of lists inside a row

# Of more tables in the access matrix, those that are in order are folded; so many that are not are open.
MAX_TABLES = 30
MAX_OPEN = 5

# A fix of more lines is folded: the next cause must be near.
LONG_FIX = 12

# On the first screen so many causes; these are open, if they are not long.
FIRST = 5
OPEN, SHORT = 3, 20

# Worst first: the order of the tiles, and of what is told.
ORDER = (Verdict.VIOLATED, Verdict.UNCHECKED, Verdict.WAIVED, Verdict.HOLDS, Verdict.NOT_APPLICABLE)

# What the page tells below the first screen, in this order: templates/NAME.html.jinja for each, and its name in the
# navigation. A section shows what is in the run, which the template knows as ``run``, and is left out where that is
# nothing.
SECTIONS = {
    "problems": "Problems",
    "causes": "Causes",
    "unchecked": "Not judged",
    "gate": "Migrations",
    "runbook": "Runbook",
    "matrix": "Access",
    "migrations": "Failed migrations",
    "waivers": "Waivers",
    "changes": "Changes",
    "controls": "Controls",
    "overview": "Database",
    "conduct": "Footprint",
    "policies": "Policies",
    "notes": "Notes",
    "identity": "Identity",
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


class Page:
    """What we are told by pytest-html's hooks; ``others`` are those that failed and are no policies."""

    def __init__(self) -> None:
        self.others: dict[str, str] = {}
        self.asked: set[str] = set()

    def pytest_html_report_title(self, report: Any) -> None:  # noqa: ANN401 -- pytest-html has no types
        """Leave out the environment: it holds variables of the CI system and paths of the machine."""
        report.title = wording.TITLE
        report.set_data("environment", {})

    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Note what failed beside the policies; without cells there is no row."""
        cells.clear()
        if getattr(report, "result", None) is None and report.failed and report.nodeid not in self.asked:
            self.others[report.nodeid] = str(report.outcome)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note which tests are policies: one that fails in its teardown has been judged before."""
        if getattr(report, "result", None) is not None:
            self.asked.add(report.nodeid)


def finish(run: Run, config: pytest.Config) -> Run:
    """Put our page where pytest-html has written its own; half a page is none, and is removed."""
    page = config.pluginmanager.get_plugin(PAGE)
    if page is None:
        return run
    _take_out(config)  # it would name the file once more, in its own words
    path = Path(config.getoption("htmlpath"))
    try:
        text = render(run, page.others)
        if path.is_file():
            folder.replace_file(path, text)
        else:  # such as a device, which stays where it is
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        return folder.unwritten(run, discarded(config), error)
    return run


def leave_out(config: pytest.Config) -> None:
    """Write no page of an audit in which nothing was asked: what pytest-html begins with is none."""
    if config.pluginmanager.hasplugin(PAGE):
        _take_out(config)
        discarded(config)


def _take_out(config: pytest.Config) -> None:
    for plugin in config.pluginmanager.get_plugins():
        if type(plugin).__module__.startswith("pytest_html."):
            config.pluginmanager.unregister(plugin)


def discarded(config: pytest.Config) -> Path:
    """Return the path of a page that could not be written wholly; half a page is none, and is removed.

    A device that was named as the page stays where it is.
    """
    path = Path(config.getoption("htmlpath"))
    with contextlib.suppress(OSError):
        if stat.S_ISREG(path.lstat().st_mode):
            path.unlink()
    return path


def render(run: Run, others: Iterable[str] = ()) -> str:
    """Return the page; ``others`` failed and are no policies."""
    code = _file("page.js")
    page = environment().get_template("audit.html.jinja")
    title = f"{_word(run)}: {wording.cut(run.target.database)}, {wording.TITLE}"
    return page.render(told(run, others), title=title, body="audit", **framed(style(), code))


def framed(look: str, code: str = "") -> dict[str, Any]:
    """Return style, script and the policy that allows these two and nothing else.

    https://www.w3.org/TR/CSP3/#framework-directive-source-list
    """
    scripts = f"'{_hash(code)}'" if code else "'none'"
    rules = (
        "default-src 'none'", f"script-src {scripts}", f"style-src '{_hash(look)}'", "img-src data:",
        "base-uri 'none'", "form-action 'none'",
    )  # fmt: skip
    return {"style": Markup(look), "script": Markup(code), "policy": "; ".join(rules)}  # noqa: S704 -- our own files


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def style() -> str:
    """Return the style of all pages."""
    return _file("style.css")


@cache
def _file(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _word(run: Run) -> str:
    return {0: "Compliant", 1: "Not compliant", 6: "Not judged as a whole"}.get(run.exit_status, "Ended early")


def told(run: Run, others: Iterable[str] = ()) -> dict[str, Any]:
    """Return what the page's templates know."""
    findings = [(result, finding) for result in sorted(run.results, key=lambda r: r.id) for finding in result.findings]
    waived = [(result, finding) for result, finding in findings if finding.waived]
    found = causes(run)
    chapters = list(dict.fromkeys(result.runbook for result in sorted(run.results, key=lambda r: r.runbook)))
    frameworks = controls.judged(run)
    keys = controls.keys(result.id for result in run.results)
    doubts = trust.doubts(run)
    context = {
        "run": run,
        "status": run.exit_status,
        "counts": run.counts(),
        "headline": headline(run),
        "causes": found,
        "first": found[:FIRST],
        "fixes": script(run),
        "clocks": wording.clocks(run),
        "changed": wording.changes_line(run) or _without_changes(run),
        "trend": trend(run.trend),
        "trust": list(trust.lines(run)),
        "doubts": doubts,
        "waived": waived,
        "ending": [pair for pair in waived if waivers.ends_soon(pair[1], run)],
        "lasting": [pair for pair in waived if not waivers.ends_soon(pair[1], run)],
        "expired": [(result, finding) for result, finding in findings if finding.waiver_expired],
        "failed": wording.failed(run),
        "others": list(others),
        "chapters": chapters,
        "packs": sorted({result.pack for result in run.results}),
        "controls": frameworks,
        "overview": overview(run),
        "identity": wording.identity(run),
        "numbers": lambda parts: _chapters(chapters, [part.result for part in parts]),
        "chapter_numbers": lambda results: _chapters(chapters, results),
        "keys": lambda parts: _keys(keys, [part.result for part in parts]),
        "result_keys": lambda results: _keys(keys, results),
        "evidence": lambda policy: ", ".join(controls.of(policy)),
        "opened": lambda cause: cause.number <= OPEN and len(cause.findings) <= SHORT,
        "strip": lambda cause: _strip(cause, run),
        "effects": lambda cause: effects(cause.fixes),
        "acceptance": lambda cause: waivers.lines(cause.findings, run),
        "days_left": lambda finding: _days_left(finding, run),
    }
    return context | {"sections": _sections(context)}


def _without_changes(run: Run) -> str:
    if run.gate:
        return f"Migrations that are new since {run.gate.since} are compared with what was there before them."
    begun = any(f.waiver and not f.waiver.expires for result in run.results for f in result.findings)
    if begun and run.having(Verdict.VIOLATED):
        return "What is violated came after the baseline was written. No other history is kept (--history keeps one)."
    if run.trend:
        return "What has changed since the run before is not known."
    return "No history of this database is kept (--history keeps one)."


def _sections(context: dict[str, Any]) -> list[tuple[str, str, Markup]]:
    """Return the sections that tell something: their names, what they are called, and what they tell."""
    rendered = ((name, environment().get_template(f"{name}.html.jinja").render(context)) for name in SECTIONS)
    # Each is a template of ours, which has escaped what it was given.
    return [(name, SECTIONS[name], Markup(text)) for name, text in rendered if text.strip()]  # noqa: S704


def _chapters(chapters: list[str], results: Iterable[Result]) -> str:
    return " ".join(dict.fromkeys(str(chapters.index(result.runbook) + 1) for result in results))


def _keys(keys: Mapping[str, list[str]], results: Iterable[Result]) -> str:
    return " ".join(dict.fromkeys(key for result in results for key in keys.get(result.id, ())))


def _strip(cause: Cause, run: Run) -> str:
    """Say of the last runs in which of them the cause was there, as far as the history knows."""
    since = cause.since
    if since is None or len(run.trend) < 2:
        return ""
    return "".join("\N{BLACK SQUARE}" if past.started_at >= since else "\N{WHITE SQUARE}" for past in run.trend)


def _days_left(finding: Finding, run: Run) -> str:
    if finding.waiver is None or finding.waiver.expires is None:
        return "no end"
    return f"{(finding.waiver.expires - run.started_at.date()).days:,}"


def with_fixes(cause: Cause) -> Iterator[tuple[Part, list[tuple[Finding, str]]]]:
    """Yield what each policy says of a cause, with the findings that are told in full, each with its fix.

    What was told before is not told again: the same statements mend many findings, and advice names the object alone.
    """
    given: set[str] = set()
    for part in cause.parts:
        told = []
        for finding in part.findings[:FULL]:
            advice = finding.fix.replace(finding.object, "") if is_prose(finding.fix) else finding.fix
            told.append((finding, "" if advice in given else finding.fix))
            given |= {advice} if advice else set()
        yield part, told


def first_paragraph(result: Result) -> str:
    """Return the first paragraph of a policy's explanation: why it matters."""
    return " ".join(result.explanation.partition("\n\n")[0].split())


def prose(text: str) -> Markup:
    """Return a text of a docstring with its code as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(wording.lines(text)))))  # noqa: S704 - escaped here


def fact(value: object) -> str:
    """Return a detail of a finding in words: what is not there, or is true or not, as people would write it."""
    return "none" if value is None else ("no", "yes")[value] if isinstance(value, bool) else str(value)


@cache
def environment() -> jinja2.Environment:
    """Return what renders the templates: everything is escaped, and free of control and direction characters."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_plain,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(prose=prose, fact=fact)
    environment.globals.update(
        conduct=conduct,
        wording=wording,
        gate=gate,
        runbook=runbook,
        matrix=matrix,
        anchor=anchor,
        first_paragraph=first_paragraph,
        with_fixes=with_fixes,
        UNSET=UNSET,
        Severity=Severity,
        TITLE=wording.TITLE,
        SCORE_FORMULA=SCORE_FORMULA,
        MAX_FINDINGS=MAX_FINDINGS,
        MAX_ROWS=MAX_ROWS,
        MAX_TABLES=MAX_TABLES,
        MAX_OPEN=MAX_OPEN,
        FULL=FULL,
        LONG_FIX=LONG_FIX,
        ORDER=ORDER,
    )
    return environment


def _plain(value: object) -> str:
    """Take control and direction characters out of everything that a template shows."""
    return value if isinstance(value, Markup) else wording.lines(str(value))
