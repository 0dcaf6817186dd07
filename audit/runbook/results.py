"""What was found out about a runbook, as plain data: its outline, and what is said of each block."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Standing(StrEnum):
    """What is known about one block of the book, the worst first."""

    BROKEN = "broken"
    DANGEROUS = "dangerous"
    AMISS = "amiss"
    UNCHECKED = "not judged"
    WORKS = "works"
    NOTHING = "nothing to judge"


@dataclass(frozen=True)
class Remark:
    """One thing that is wrong with a block, or with the text around the blocks (``block`` 0).

    ``kind`` is what is wrong in a word or two and never changes; ``about`` the statement or object that it is wrong
    with, so that both together identify it within the block. ``message`` is one safe sentence, ``mend`` says what to
    write instead. ``line`` counts from 1 in the book's file.
    """

    policy: str
    line: int
    kind: str
    about: str
    message: str
    mend: str
    block: int = 0


@dataclass(frozen=True)
class Doubt:
    """Something of a block that a policy could not judge: why, in one safe sentence, and what would enable it.

    ``grants`` are rights that the audit's login lacks for it.
    """

    policy: str
    line: int
    reason: str
    remedy: str = ""
    grants: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """One block of the outline: where it is, what it holds, what is wrong with it, and who else looks after it.

    ``headings`` lead to it, from the outermost; ``covered`` are the ids of the policies that ask what the block asks,
    on every run.
    """

    number: int
    line: int
    language: str
    headings: tuple[str, ...]
    statements: int
    remarks: tuple[Remark, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    covered: tuple[str, ...] = ()

    @property
    def standing(self) -> Standing:
        """The verdict on the block: the worst that is known of it."""
        policies = {remark.policy for remark in self.remarks}
        if policies & {"RUN-01", "RUN-02", "RUN-03"}:
            return Standing.BROKEN
        if "RUN-04" in policies:
            return Standing.DANGEROUS
        if policies:
            return Standing.AMISS
        if self.doubts:
            return Standing.UNCHECKED
        return Standing.WORKS if self.statements else Standing.NOTHING

    @property
    def title(self) -> str:
        """The innermost heading, or that there is none."""
        return self.headings[-1] if self.headings else "(no heading)"


@dataclass(frozen=True)
class Outline:
    """A whole book: its file as the reader knows it, its blocks, and what is wrong beside them.

    ``looked`` counts what was looked at, by policy: statements, names, files.
    """

    file: str
    blocks: tuple[Told, ...]
    beside: tuple[Remark, ...] = ()
    looked: dict[str, int] = field(default_factory=dict)
    app: bool = False

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Everything that is wrong, in the order of the book."""
        found = [*self.beside, *(remark for block in self.blocks for remark in block.remarks)]
        return tuple(sorted(found, key=lambda remark: (remark.line, remark.policy, remark.kind)))

    @property
    def counts(self) -> dict[Standing, int]:
        """How many blocks there are of each verdict."""
        return {standing: sum(block.standing is standing for block in self.blocks) for standing in Standing}
