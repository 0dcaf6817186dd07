"""The asker of the gate: what was found in the new files, as evidence for the policies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from audit.evidence import Evidence, Log, NotApplicable, Population, Row
from audit.gate.hazards import found
from audit.gate.results import Rehearsal, Rehearsed


class Gate:
    """The asker of the gate: each question returns what was found in the new files."""

    def __init__(self, rehearsal: Rehearsal, log: Log) -> None:
        self.rehearsal = rehearsal
        self.log = log

    def versions(self) -> Evidence:
        """Return new files whose version is missing, taken or too old, and released files that were changed."""
        files = Population(max(len(self.rehearsal.files), len(self.rehearsal.versions)), "new migrations")
        return self._evidence("the versions of the new migrations", self.rehearsal.versions, files)

    def losses(self) -> Evidence:
        """Return what data the new files lose."""
        rows = [row for each in self.rehearsal.files for row in each.hazards.losses]
        doubts = [doubt for each in self.rehearsal.files for doubt in each.hazards.doubts]
        return self._evidence("the data that new migrations lose", rows, self._statements, doubts)

    def waits(self) -> Evidence:
        """Return which tables' readers or writers wait while a new file works."""
        rows = [row for each in self.rehearsal.files for row in each.hazards.waits]
        return self._evidence("the locks that new migrations hold", rows, self._statements)

    def broken(self) -> Evidence:
        """Return what other policies newly say in the end: offenders that were none before, and what is unknown now.

        What a later file mends is none: a constraint that is added first and validated afterwards is as it should be.
        """
        rows = []
        final = self.rehearsal.final.asked
        for each in self.rehearsal.files:
            for difference in each.differences:
                last = final.get(difference.policy)
                told = {"policy": difference.policy, "severity": difference.severity, "title": difference.title}
                for offender, fix in difference.new.items():
                    if last and offender not in last.objects:
                        continue
                    fix = _as_advice(fix)
                    line = _line_about(each, offender)
                    rows.append(found(each.file, line, f"{difference.policy} {offender}", fix, kind="violated", **told))
                unknown = difference.after == "UNCHECKED" and difference.before != "UNCHECKED"
                if unknown and (last is None or last.verdict == "UNCHECKED"):
                    what = f"{difference.policy} can no longer be checked"
                    fix = f"-- {difference.reason}"
                    line = _line_about(each, difference.reason)
                    rows.append(found(each.file, line, what, fix, kind="unchecked", reason=difference.reason, **told))
        return self._evidence("what new migrations break", rows, Population(len(final), "policies"), self._unapplied())

    def widened(self) -> Evidence:
        """Return whose reach a new file widens beyond what is declared."""
        rows = []
        cells = Population(len(self.rehearsal.final.reach), "cells of actor, table and command")
        for each in self.rehearsal.files:
            for cell in each.reached:
                if cell.wider and cell.undeclared:
                    fix = (
                        f"-- {cell.cell} reaches more than schema/access.toml declares. Declare it there, in the same\n"
                        "-- change, if it is meant; else narrow the grant or the policy."
                    )
                    line = _line_about(each, cell.cell)
                    rows.append(found(each.file, line, cell.cell, fix, before=cell.before, after=cell.after))
        return self._evidence("whose reach new migrations widen", rows, cells, self._unapplied())

    def forbidden(self) -> Evidence:
        """Return what the static linter forbids and the trace does not contradict."""
        rows = [row for each in self.rehearsal.files for row in each.warnings]
        doubts = [self.rehearsal.unlinted] if self.rehearsal.unlinted else []
        return self._evidence("the static linter", rows, self._statements, doubts)

    def _unapplied(self) -> list[str]:
        return [
            f"{each.file} did not apply, so that nobody knows what it would have done"
            for each in self.rehearsal.files
            if not each.migration.applied
        ]

    @property
    def _statements(self) -> Population:
        count = sum(step.statements for each in self.rehearsal.files for step in each.steps)
        return Population(count, "statements of new migrations")

    def _evidence(
        self, about: str, rows: Sequence[Row], population: Population, doubts: Sequence[str] = ()
    ) -> Evidence:
        return Evidence(
            [_placed(row, self.rehearsal.folder) for row in rows],
            about=about,
            log=self.log,
            population=population,
            unjudgeable=doubts[0] + (f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else "") if doubts else "",
        )


def _placed(row: Row, folder: str) -> Row:
    """Return a row whose file can be found from where the gate was called."""
    if row.location is None or not folder:
        return row
    return replace(row, location=replace(row.location, file=f"{folder}/{row.location.file}"))


def _as_advice(fix: str) -> str:
    """Return a policy's own fix as comments: it is to be worked into the new file, and not to be executed after it."""
    return "\n".join(line if line.startswith("--") else f"-- {line}" for line in fix.splitlines())


def _first_line(each: Rehearsed) -> int:
    return each.steps[0].line if each.steps else 1


def _line_about(each: Rehearsed, offender: str) -> int:
    """Return the line of the last statement that changed something that an offender's name speaks of.

    Where no statement did, it is the last one that changed what many depend on, else the first one at all.
    """
    qualified = re.findall(r'(?:"[^"]+"|[\w$]+)\.(?:"[^"]+"|[\w$]+)', offender)
    names = set(qualified or re.findall(r"[\w$]{3,}", offender))
    about = [
        step.line
        for step in each.steps
        for change in step.catalogue
        if any(re.search(rf'(?<![\w."]){re.escape(name)}(?![\w"])', change.title) for name in names)
    ]
    wide = ("membership", "function", "default privileges", "role", "schema")
    others = [step.line for step in each.steps for change in step.catalogue if change.kind in wide]
    return (about or others or [_first_line(each)])[-1]


def opened_gate(made: Rehearsal, log: Log) -> Gate:
    """Return the asker about a rehearsal. Raises NotApplicable when nothing is new in it."""
    if not made.files and not made.versions:
        raise NotApplicable(f"no migration is new since {made.since}")
    return Gate(made, log)
