"""The access matrix for the reports: the cells of audit.access.matrix put together so that a person can read them.

A person wants one square for each actor, table and command. The two shapes of a write, and the columns that are hidden
or fixed, are part of the command's square: it says the worst of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from audit.access.results import API_ACTORS, COMMANDS, Cell, Judged, Judgement
from audit.results import Verdict
from reports import wording
from reports.model import Run

POLICY = "RLS-07"


@dataclass(frozen=True)
class Sign:
    """What a square says: a letter and a word for it. ``grave``: somebody has to do something about it."""

    letter: str
    word: str
    meaning: str
    grave: bool = False


# The worst first.
STATES = {
    Cell.LEAK: Sign("L", "leak", "reaches more than is declared", grave=True),
    Cell.LOCKOUT: Sign("K", "lockout", "reaches less than is declared", grave=True),
    Cell.BROKEN: Sign("B", "broken", "the policy itself raises an error", grave=True),
    Cell.UNCHECKED: Sign("?", "unchecked", "gave no answer", grave=True),
    Cell.UNDECLARED: Sign("U", "undeclared", "nobody has declared, or reviewed, who may", grave=True),
    Cell.MASKED: Sign("M", "masked", "refused by a trigger or a constraint, not by the rules of access"),
    Cell.VACUOUS: Sign("V", "vacuous", "there is no row that could have told"),
    Cell.OK: Sign("R", "reaches", "reaches rows, and none but those declared"),
}
NOTHING = Sign("\N{MIDDLE DOT}", "nothing", "reaches nothing, as declared")
ORDER = tuple(STATES)


def _state(cells: Iterable[Judged]) -> Sign:
    """Return what cells say together: the worst of them."""
    found = list(cells)
    worst = min((cell.verdict for cell in found), key=ORDER.index, default=Cell.UNCHECKED)
    return NOTHING if worst is Cell.OK and not any(cell.reached for cell in found) else STATES[worst]


@dataclass(frozen=True)
class Square:
    """One actor, table and command, and all that was judged of them."""

    actor: str
    command: str
    cells: tuple[Judged, ...]

    @cached_property
    def state(self) -> Sign:
        """What the square says."""
        return _state(self.cells)


@dataclass(frozen=True)
class Line:
    """What is the same for several actors, one cell of each."""

    cells: tuple[Judged, ...]

    @cached_property
    def state(self) -> Sign:
        """What the cells say."""
        return _state(self.cells)

    @property
    def actors(self) -> str:
        """Who they are."""
        return ", ".join(cell.actor for cell in self.cells)

    @property
    def shape(self) -> str:
        """The command; a blind statement has no condition."""
        return self.cells[0].shape.removesuffix(" of").replace(" blind", " without a condition")

    @property
    def declared(self) -> str:
        """The sets of rows that may be reached."""
        if self.cells[0].verdict is Cell.UNDECLARED:
            return "unknown"
        return " and ".join(self.cells[0].declared) or "nothing"

    @property
    def reached(self) -> str:
        """How many rows were reached, with what is too much or too little."""
        parts = [f"{_range(cell.reached for cell in self.cells)} of {_range(cell.rows for cell in self.cells)} rows"]
        if self.cells[0].leaked:
            parts.append(f"{_range(cell.leaked for cell in self.cells)} too many")
        if self.cells[0].missing:
            parts.append(f"{_range(cell.missing for cell in self.cells)} missing")
        return ", ".join(parts)

    @property
    def by_whom(self) -> str:
        """Who let a leak through, or who refused."""
        cell = self.cells[0]
        if cell.verdict is not Cell.LEAK:
            return "; ".join(filter(None, [cell.refused_by and f"refused by {cell.refused_by}", cell.note]))
        if cell.policies:
            names = ", ".join(cell.policies)
            return f"let through by {'policy' if len(cell.policies) == 1 else 'policies'} {names}"
        if " column " in cell.shape:
            return "let through by a grant"
        return f"let through: {cell.note}" if cell.note else "it is not known what let it through"


@dataclass(frozen=True)
class Table:
    """One table's row of the matrix; ``number`` is its place in the report."""

    number: int
    relation: str
    cells: tuple[Judged, ...]

    @cached_property
    def squares(self) -> tuple[Square, ...]:
        """Return a square for each actor and command, in the order of the columns."""
        by_place: dict[tuple[str, str], list[Judged]] = {}
        for cell in self.cells:
            by_place.setdefault((cell.actor, cell.shape.split()[0]), []).append(cell)
        places = [(actor, command) for actor in API_ACTORS for command in COMMANDS]
        return tuple(Square(*place, tuple(by_place.get(place, ()))) for place in places)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Return what is declared and observed, the worst first; actors of whom the same is true are told together."""
        found: dict[tuple[object, ...], list[Judged]] = {}
        for cell in self.cells:
            same = (cell.shape, cell.verdict, cell.declared, cell.refused_by, cell.policies, cell.note)
            found.setdefault((*same, bool(cell.reached), bool(cell.leaked), bool(cell.missing)), []).append(cell)
        lines = [Line(tuple(cells)) for cells in found.values()]

        def place(line: Line) -> tuple[int, bool, bool]:
            return ORDER.index(line.cells[0].verdict), not line.cells[0].doubtful, line.state is NOTHING

        return tuple(sorted(lines, key=place))

    @property
    def state(self) -> Sign:
        """The worst of the table's squares."""
        return _state(self.cells)

    @property
    def told(self) -> str:
        """How many squares are not in order: ``2 leaks, 1 vacuous``."""
        return counted(self.squares)


def tables(judgement: Judgement) -> tuple[Table, ...]:
    """Return the rows of the matrix: the worst first, of what is undeclared the doubtful, then by name."""
    ordered = sorted(judgement.cells, key=lambda cell: cell.relation)
    grouped = groupby(ordered, key=lambda cell: cell.relation)
    found = [Table(number, name, tuple(cells)) for number, (name, cells) in enumerate(grouped, 1)]
    states = [*STATES.values(), NOTHING]

    def place(table: Table) -> tuple[int, bool]:
        state = states.index(table.state) if table.state.grave else len(states)
        return state, not any(cell.doubtful for cell in table.cells)

    return tuple(sorted(found, key=place))


def counts(squares: Iterable[Square]) -> dict[Sign, int]:
    """Count squares by what they say, the worst first."""
    seen = [square.state for square in squares]
    return {state: seen.count(state) for state in (*STATES.values(), NOTHING)}


def counted(squares: Iterable[Square]) -> str:
    """Say how many squares are not in order, by what they say; ``all as declared`` when all are."""
    orderly = (STATES[Cell.OK], NOTHING)
    plural = (STATES[Cell.LEAK], STATES[Cell.LOCKOUT])
    numbers = {state: number for state, number in counts(squares).items() if number and state not in orderly}
    words = [f"{n:,} {state.word}{'s' if state in plural and n > 1 else ''}" for state, n in numbers.items()]
    return ", ".join(words) or "all as declared"


def summary(judgement: Judgement) -> str:
    """Say the whole matrix in some words."""
    rows = tables(judgement)
    if not rows:
        return "there is no table that the API serves"
    squares = [square for table in rows for square in table.squares]
    size = f"{wording.counted(len(rows), 'table')}, {len(API_ACTORS)} actors and {len(COMMANDS)} commands"
    return f"{counted(squares)}, in {wording.counted(len(squares), 'cell')} of {size}"


def absence(run: Run) -> str:
    """Say why there is no matrix."""
    verdicts = {result.id: result for result in run.results}
    if POLICY not in verdicts:
        return f"nobody's access was observed, because {POLICY} was not selected"
    result = verdicts[POLICY]
    if result.verdict in (Verdict.UNCHECKED, Verdict.NOT_APPLICABLE) and result.reason:
        return f"nobody's access was observed: {result.reason}"
    return "nobody's access was observed in this run"


def _range(numbers: Iterable[int]) -> str:
    found = sorted(set(numbers))
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,} to {found[-1]:,}"
