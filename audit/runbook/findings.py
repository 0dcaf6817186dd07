"""The asker of the runbook: what is wrong in the book, as evidence for the policies."""

from __future__ import annotations

from collections.abc import Callable

from audit.evidence import Evidence, Location, Log, NotApplicable, Population, Row, safe
from audit.runbook.results import Outline, Remark

_COUNTED = {
    "RUN-01": "SQL statements in the runbook",
    "RUN-02": "SQL statements in the runbook",
    "RUN-03": "names of objects in the runbook",
    "RUN-04": "statements and commands in the runbook",
    "RUN-05": "files and scripts that the runbook names",
}


class Runbook:
    """The asker about a book: each question returns what is wrong in it. The book is examined when first asked."""

    def __init__(self, outline: Callable[[], Outline], log: Log) -> None:
        self._outline = outline
        self.log = log

    def unparsed(self) -> Evidence:
        """Return statements that are no SQL."""
        return self._evidence("RUN-01", "the syntax of the runbook's statements")

    def unplanned(self) -> Evidence:
        """Return statements that this database cannot plan, or that name words it does not have."""
        return self._evidence("RUN-02", "the plans of the runbook's statements")

    def missing(self) -> Evidence:
        """Return objects that are not there."""
        return self._evidence("RUN-03", "the objects that the runbook names")

    def dangerous(self) -> Evidence:
        """Return statements and commands that harm as they are written."""
        return self._evidence("RUN-04", "the dangers of the runbook's statements and commands")

    def lost(self) -> Evidence:
        """Return files, scripts and links that lead nowhere. Raises NotApplicable without the application's folder."""
        if not self._outline().app:
            raise NotApplicable(
                "the application's folder is not given, in which the files could be looked up: --app=DIR"
            )
        return self._evidence("RUN-05", "the files that the runbook names")

    def _evidence(self, policy: str, about: str) -> Evidence:
        outline = self._outline()
        doubts = [doubt for block in outline.blocks for doubt in block.doubts if doubt.policy == policy]
        more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
        return Evidence(
            [_row(outline, remark) for remark in outline.remarks if remark.policy == policy],
            about=about,
            log=self.log,
            population=Population(outline.looked.get(policy, 0), _COUNTED[policy]),
            unjudgeable=f"{outline.file}:{doubts[0].line}: {doubts[0].reason}{more}" if doubts else "",
            remedy=doubts[0].remedy if doubts else "",
            grants=list(dict.fromkeys(grant for doubt in doubts for grant in doubt.grants)),
        )


def _row(outline: Outline, remark: Remark) -> Row:
    """Return a remark as an offender. Its identity is where in the outline it is, not the line: lines move."""
    place = "beside the blocks"
    if remark.block:
        told = outline.blocks[remark.block - 1]
        same = [each.number for each in outline.blocks if each.headings == told.headings]
        place = f"{told.title}, block {same.index(told.number) + 1}"
    name = f"{place}: {remark.about}: {remark.kind}"
    details = {"kind": remark.kind, "message": remark.message, "mend": remark.mend}
    quoted = {key: safe(str(value)) for key, value in {"object": name, "line": remark.line, **details}.items()}
    fix = f"-- {safe(remark.message)}\n-- {safe(remark.mend)}"
    return Row(safe(name), details, quoted, fix, Location(outline.file, remark.line))
