"""What the access matrix says, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from audit.people import CAST

COMMANDS = ("select", "insert", "update", "delete")

# Who acts in the matrix: the service role is bound by no policy, and the service of signing up does not use the API.
API_ACTORS = tuple(name for name, who in CAST.items() if who.role in ("anon", "authenticated"))


class Cell(StrEnum):
    """What is known of one cell."""

    OK = "OK"
    LEAK = "LEAK"
    LOCKOUT = "LOCKOUT"
    BROKEN = "BROKEN"
    MASKED = "MASKED"
    VACUOUS = "VACUOUS"
    UNDECLARED = "UNDECLARED"
    UNCHECKED = "UNCHECKED"


# How the note of a cell begins that looks like a hole in a table that nobody has declared.
DOUBTFUL = "doubtful: "


@dataclass(frozen=True)
class Judged:
    """One cell of the matrix: what is declared, what was observed, and what follows.

    ``shape`` is one of SHAPES, or says which column: "select column phone". ``declared`` are the names of the sets that
    the actor may reach. ``rows`` were there, ``reached`` of them were reached, ``leaked`` are reached and not declared,
    ``missing`` the other way round. ``refused_by`` says who refused (grant, row level security, trigger,
    constraint) and ``policies`` who let a leaked row through. ``follows`` are the tables of which too much is read,
    from which this leak follows, and ``taken`` the rows, as JSON, that came through when they were offered.
    """

    actor: str
    relation: str
    shape: str
    verdict: Cell
    declared: tuple[str, ...] = ()
    rows: int = 0
    reached: int = 0
    leaked: int = 0
    missing: int = 0
    refused_by: str = ""
    policies: tuple[str, ...] = ()
    note: str = ""
    follows: tuple[str, ...] = ()
    taken: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def place(self) -> tuple[str, str]:
        """Table and shape: what it is about, whoever acts."""
        return self.relation, self.shape

    @property
    def doubtful(self) -> bool:
        """Whether it looks like a hole, although nobody has declared what it ought to be."""
        return self.note.startswith(DOUBTFUL)

    @property
    def object(self) -> str:
        """The identity of a finding: "alice: update public.t", with "(blind)" where only the blind shape differs."""
        words = self.shape.removesuffix(" blind")
        return f"{self.actor}: {words} {self.relation}{' (blind)' if words != self.shape else ''}"


@dataclass(frozen=True)
class Doubtful:
    """What looks like a hole in a table that nobody has declared, by a policy.

    By its kind "tenants" are crossed, or "codes" or "persons" told.
    ``columns`` are those that tell tenants apart, or that let somebody in; the policies ``kept_by`` respect whose the
    rows are. ``rows`` is how many one of the actors reaches beyond that. ``function``: what the policy asks, where it
    is that which forgets.
    """

    kind: str
    policy: str
    relation: str
    actors: tuple[str, ...]
    commands: tuple[str, ...]
    columns: tuple[str, ...]
    kept_by: tuple[str, ...]
    rows: int
    function: str = ""


@dataclass(frozen=True)
class Judgement:
    """The whole matrix. ``doubts`` say what gave no answer, and ``undeclared`` which tables nobody has declared.

    ``misfits`` are declarations of what is not there, with their lines: these entries count for nothing. Of
    ``inventoried`` tables, which nobody has declared and whose policies respect whose the rows are, ``doubtful`` says
    what looks like a hole, and ``unread`` of which kind that could not be told, and why.
    """

    cells: tuple[Judged, ...] = ()
    doubts: tuple[str, ...] = ()
    undeclared: tuple[str, ...] = ()
    misfits: tuple[str, ...] = ()
    doubtful: tuple[Doubtful, ...] = ()
    inventoried: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()

    def cell(self, actor: str, relation: str, shape: str) -> Judged:
        """Return one cell. Raises KeyError when it is not in the matrix."""
        for cell in self.cells:
            if (cell.actor, cell.relation, cell.shape) == (actor, relation, shape):
                return cell
        raise KeyError(f"{actor}: {shape} {relation}")
