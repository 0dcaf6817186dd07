"""The access matrix in the reports: each square says the worst, each leak by whom, and the numbers agree."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from audit.access.results import API_ACTORS, COMMANDS, Cell, Judged, Judgement
from audit.results import Verdict
from reports import matrix
from reports.matrix import NOTHING, STATES
from reports.renderers import html, json_file, markdown, terminal
from tests.reports.test_outputs import metrics
from tests.reports.test_reports import Page, check, words
from tests.support import samples


def run_with(judgement, *verdicts):
    return samples.quiet(*(verdicts or (Verdict.HOLDS,)), matrix=judgement)


class Grid(HTMLParser):
    """The rows of all grids: the table's name, and the letter and the word of each square."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.inside, self.part = [], False, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.inside = self.inside or (tag == "div" and attrs.get("class") == "matrix")
        if self.inside and tag == "th" and attrs.get("scope") == "row":
            self.rows.append([""])
        elif self.inside and tag == "td":
            self.rows[-1].append("")
        self.part = self.inside and bool(self.rows) and tag in ("th", "td", "a", "i")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "div"
        self.part = self.part and tag in ("a", "i")

    def handle_data(self, data):
        if self.part:
            self.rows[-1][-1] += data

    def square(self, relation, actor, command):
        (row,) = [row for row in self.rows if row[0] == relation]
        return row[1 + API_ACTORS.index(actor) * len(COMMANDS) + COMMANDS.index(command)]


def test_each_square_has_a_letter_and_a_word_for_the_worst_of_its_cells():
    grid = Grid(html.render(run_with(samples.every_state("public.t"))))
    said = {
        ("anon", "select"): "L leak",
        ("nobody", "update"): "L leak",  # blind
        ("guest", "select"): "L leak",  # a column
        ("pending", "select"): "K lockout",
        ("rejected", "select"): "B broken",
        ("bob", "select"): "? unchecked",
        ("stranger", "select"): "U undeclared",
        ("admin", "insert"): "M masked",
        ("admin", "delete"): "V vacuous",
        ("alice", "update"): "R reaches",
        ("bob", "update"): "· nothing",
    }
    assert {place: grid.square("public.t", *place) for place in said} == said
    assert {square for row in grid.rows if row[0] == "public.calm" for square in row[1:]} == {"R reaches", "· nothing"}
    assert [row[0] for row in grid.rows] == ["public.t", "public.calm"]
    letters = [state.letter for state in (*STATES.values(), NOTHING)]
    assert len(set(letters)) == len(letters) and set(STATES) == set(Cell)


def test_a_leak_says_who_let_it_through_beside_what_is_declared():
    page = Page(html.render(run_with(samples.every_state("public.t")))).text
    assert "anon select public.t 40 of 40 rows, 38 too many L leak let through by policy public.t" in page
    assert "nobody update without a condition nothing 2 of 40 rows, 2 too many L leak" in page
    assert "let through: row level security is off" in page
    assert "guest select column public.t nothing 3 of 40 rows, 3 too many L leak let through by a grant" in page
    assert "pending select own 0 of 40 rows, 7 missing K lockout refused by grant" in page
    cell = Judged("anon", "t", "delete", Cell.LEAK, rows=1, reached=1, leaked=1)
    assert matrix.Line((cell,)).by_whom == "it is not known what let it through"


def test_all_reports_count_the_same_squares():
    run = run_with(samples.every_state("public.t"))
    squares = [square for table in matrix.tables(run.matrix) for square in table.squares]
    counts = {state.word: number for state, number in matrix.counts(squares).items()}
    assert sum(counts.values()) == len(squares) == 2 * len(API_ACTORS) * len(COMMANDS)
    assert (counts["leak"], counts["lockout"], counts["masked"]) == (3, 1, 1)

    summary = matrix.summary(run.matrix)
    assert summary.startswith(
        "3 leaks, 1 lockout, 1 broken, 1 unchecked, 1 undeclared, 1 masked, 1 vacuous, in 72 cells"
    )
    page = html.render(run)
    for told in (Page(page).text, words(run), markdown.render(run), json_file.document(run)["matrix"]["summary"]):
        assert summary in told
    said = [square for row in Grid(page).rows for square in row[1:]]
    found = metrics(run)
    for state in (*STATES.values(), NOTHING):
        assert said.count(f"{state.letter} {state.word}") == counts[state.word]
        assert f"{state.meaning} ({counts[state.word]})" in Page(page).text
        assert found["audit_matrix_cells", ("state", state.word)] == counts[state.word]


def test_json_has_every_cell_and_fits_its_schema():
    run = run_with(samples.every_state("public.t"))
    document = json.loads(json_file.render(run))
    check(document)
    cells = document["matrix"]["cells"]
    assert len(cells) == len(run.matrix.cells) == 2 * 9 * 6 + 1
    (leak,) = [cell for cell in cells if cell["verdict"] == "LEAK" and cell["shape"] == "select"]
    assert (leak["actor"], leak["policies"], leak["declared"]) == ("anon", ["public.t"], ["public.t"])
    assert (leak["rows"], leak["reached"], leak["beyond"]) == (40, 40, 38)


@pytest.mark.parametrize(
    ("results", "says"),
    [
        ((), "because RLS-07 was not selected"),
        ((samples.result("RLS-07", Verdict.UNCHECKED, reason="no shadow"),), "nobody's access was observed: no shadow"),
        ((samples.result("RLS-07", Verdict.NOT_APPLICABLE, reason="no t"),), "nobody's access was observed: no t"),
    ],
)
def test_without_a_matrix_the_report_says_why(results, says):
    run = samples.quiet(results=(samples.result("MSG-01", Verdict.HOLDS), *results))
    page = Page(html.render(run)).text
    assert "Who reaches what There is no matrix" in page and says in page
    assert json_file.document(run)["matrix"] is None
    assert "who reaches what" not in "\n".join(line for line, _ in terminal.summary(run))


def test_a_matrix_without_tables_says_so():
    run = run_with(Judgement())
    check(json_file.document(run))
    assert "there is no table that the API serves" in Page(html.render(run)).text


def test_of_many_tables_those_in_order_are_folded_and_the_others_are_not():
    names = [f"public.t{n:03}" for n in range(200)]
    odd = Judged("anon", "public.t150", "select", Cell.LEAK, rows=40, reached=40, leaked=40, policies=("p",))
    page = html.render(run_with(samples.judgement(*names, leaks=[odd])))
    assert [row[0] for row in Grid(page).rows] == ["public.t150", *(n for n in names if n != "public.t150")]
    first, folded = page.split("199 other tables: all as declared")
    assert first.count('<div class="matrix"') == folded.count('<div class="matrix"') == 1
    assert re.findall(r'<details open>\s*<summary><span class="object">([^<]*)', page) == ["public.t150"]
    assert len(page) < 2_000_000


def test_every_link_of_the_matrix_leads_somewhere():
    page = html.render(run_with(samples.every_state("public.t")))
    targets = re.findall(r'id="(reach-\d+)"', page)
    assert sorted(re.findall(r'href="#(reach-\d+)"', page)) == sorted(targets) and len(set(targets)) == 2


def test_actors_of_whom_the_same_is_true_are_told_together():
    (table,) = matrix.tables(samples.judgement("public.t"))
    assert len(table.lines) == 2 * 6
    line = next(line for line in table.lines if "bob" in line.actors)
    assert line.actors == ", ".join(actor for actor in API_ACTORS if actor != "alice")
    more = [replace(cell, reached=5) if cell.actor == "alice" else cell for cell in table.cells]
    both = next(line for line in matrix.tables(Judgement((*table.cells, *more)))[0].lines if "alice" in line.actors)
    assert both.reached == "3 to 5 of 40 rows"


def test_leaks_through_different_policies_are_told_apart():
    leak = Judged("anon", "public.t", "select", Cell.LEAK, rows=4, reached=4, leaked=4, policies=("a",))
    judgement = samples.judgement("public.t", leaks=[leak, replace(leak, actor="bob", policies=("a", "b"))])
    said = [(line.actors, line.by_whom) for line in matrix.tables(judgement)[0].lines[:2]]
    assert said == [("anon", "let through by policy a"), ("bob", "let through by policies a, b")]
