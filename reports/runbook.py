"""What the reports tell of a runbook: its outline with a verdict beside each block, and who else looks after each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.runbook.results import Outline, Standing, Told
from reports.model import Run

# How a block's verdict is coloured, in the page's own classes.
CLASSES = {
    Standing.BROKEN: "is-VIOLATED",
    Standing.DANGEROUS: "is-VIOLATED",
    Standing.AMISS: "is-WAIVED",
    Standing.UNCHECKED: "is-UNCHECKED",
    Standing.WORKS: "is-HOLDS",
    Standing.NOTHING: "",
}
MOST_BLOCKS = 300
MOST_REMARKS = 8


def summary(outline: Outline) -> str:
    """Say in one line what became of the book."""
    counted = [f"{number:,} {standing}" for standing, number in outline.counts.items() if number]
    return (
        f"{outline.file}: {len(outline.blocks):,} blocks: {', '.join(counted)}"
        if counted
        else f"{outline.file}: no blocks"
    )


def outline(told: Outline) -> Iterator[tuple[tuple[tuple[int, str], ...], Told]]:
    """Return the blocks, each with the headings that are new at it, and how deep these are."""
    before: tuple[str, ...] = ()
    for block in told.blocks[:MOST_BLOCKS]:
        same = 0
        while same < min(len(before), len(block.headings)) and before[same] == block.headings[same]:
            same += 1
        yield tuple((level + 1, title) for level, title in enumerate(block.headings) if level >= same), block
        before = block.headings


def uncovered(told: Outline) -> list[Told]:
    """Return the blocks with something in them that no policy looks after."""
    return [
        block for block in told.blocks if (block.statements or block.language == "typescript") and not block.covered
    ]


def lines(told: Outline) -> Iterator[str]:
    """Yield a line for each block with something in it, as plain text, to be made harmless where it is shown."""
    for block in told.blocks:
        if block.standing is not Standing.NOTHING:
            kinds = "; ".join(dict.fromkeys(f"{each.policy} {each.kind}" for each in block.remarks))
            yield f"line {block.line}, {block.title}: {block.standing}{f': {kinds}' if kinds else ''}"


def document(run: Run) -> dict[str, Any] | None:
    """Return the outline as plain JSON types."""
    if run.runbook is None:
        return None
    return {
        "file": run.runbook.file,
        "summary": summary(run.runbook),
        "blocks": [
            {
                "number": block.number,
                "line": block.line,
                "language": block.language,
                "headings": list(block.headings),
                "verdict": block.standing.value,
                "statements": block.statements,
                "remarks": [
                    {
                        "policy": each.policy,
                        "line": each.line,
                        "kind": each.kind,
                        "message": each.message,
                        "mend": each.mend,
                    }
                    for each in block.remarks
                ],
                "doubts": [doubt.reason for doubt in block.doubts],
                "unjudged": [
                    {"policy": each.policy, "line": each.line, "reason": each.reason, "remedy": each.remedy}
                    for each in block.doubts
                ],
                "covered": list(block.covered),
            }
            for block in run.runbook.blocks
        ],
    }
