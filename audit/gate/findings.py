"""The asker of the gate: what was found in the new files, as evidence for the policies."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from audit.access.elsewhere import NOT_TRIED
from audit.evidence import Evidence, Log, NotApplicable, Population, Row
from audit.gate.culprits import BLIND, changing_much, speaking_of
from audit.gate.hazards import found
from audit.gate.openings import no_longer_narrowed, weakened
from audit.gate.results import FILES, Difference, Reach, Rehearsal, Rehearsed, Step
from audit.probes.registration import FAILS, PLAIN, WAY
from audit.unbuilt import not_built

# What is asked of the files alone, whatever they find.
VERSIONS = "the versions of the new migrations"


class Gate:
    """The asker of the gate: each question returns what was found in the new files."""

    def __init__(self, rehearsal: Rehearsal, log: Log) -> None:
        self.rehearsal = rehearsal
        self.log = log

    def versions(self) -> Evidence:
        """Return new files whose version is missing, taken or too old, and released files that were changed."""
        files = Population(max(len(self.rehearsal.files), len(self.rehearsal.versions)), "new migrations")
        return self._evidence(VERSIONS, self.rehearsal.versions, files)

    def losses(self) -> Evidence:
        """Return what data the new files lose."""
        rows = [row for each in self.rehearsal.files for row in each.hazards.losses]
        doubts = [doubt for each in self.rehearsal.files for doubt in each.hazards.doubts]
        return self._evidence("the data that new migrations lose", rows, self._statements, [*self._untried(), *doubts])

    def waits(self) -> Evidence:
        """Return which tables' readers or writers wait while a new file works."""
        rows = [row for each in self.rehearsal.files for row in each.hazards.waits]
        return self._evidence("the locks that new migrations hold", rows, self._statements, self._untried())

    def broken(self) -> Evidence:
        """Return what other policies newly say in the end: offenders that were none before, and what is unknown now.

        What a later file mends is none: a constraint that is added first and validated afterwards is as it should be.
        """
        rows: list[Row] = []
        doubts: list[str] = []
        final = self.rehearsal.final.asked
        hiding = any(map(_hides, self.rehearsal.files))
        for each in self.rehearsal.files:
            rows += _shut_out(each)
            for difference in each.differences:
                told = {"policy": difference.policy, "severity": difference.severity, "title": difference.title}
                for offender, fix in difference.new.items():
                    if _follows(each, difference, offender):
                        continue
                    fix = _as_advice(fix)
                    line = _line_about(each, offender)
                    rows.append(found(each.file, line, f"{difference.policy} {offender}", fix, kind="violated", **told))
                if _hangs(difference):
                    doubts.append(f"{difference.policy} can no longer be checked: {difference.reason}")
                else:
                    rows += _blinded(each, difference, told, self._undeclared, hiding=hiding)
        policies = Population(len(final), "policies")
        return self._evidence("what new migrations break", rows, policies, [*self._unapplied(), *doubts])

    def widened(self) -> Evidence:
        """Return whose reach a new file widens beyond what is declared, and what the API is told to serve instead."""
        rows = []
        declarations = self.rehearsal.declarations
        cells = Population(len(self.rehearsal.final.reach), "cells of actor, table and command")
        for each in self.rehearsal.files:
            for cell in each.reached:
                if cell.wider and cell.undeclared and not _about_undeclared(self._undeclared, cell.cell):
                    fix = (
                        f"-- {cell.cell} reaches more than is declared. Declare it in\n"
                        f"-- {declarations}, in the same change, if it is meant; else narrow the grant or the policy."
                    )
                    line = _line_of_buckets(each) if FILES in cell.cell else _line_about(each, cell.cell)
                    rows.append(found(each.file, line, cell.cell, fix, before=cell.before, after=cell.after))
            rows += [*_undeclared(each, declarations), *_reconfigured(each, declarations), *_begun(each), *_sent(each)]
            rows += [*_widened(each, self.rehearsal.final.reach), *_unguarded(each), *_opened_later(each)]
            rows += [*_newcomers(each), *_users(each)]
        blind = [each for file in self.rehearsal.files for each in file.hazards.blind]
        return self._evidence("whose reach new migrations widen", rows, cells, [*self._unapplied(), *blind])

    def idle(self) -> Evidence:
        """Return each GRANT and REVOKE that is without effect."""
        rows = [
            found(
                each.file,
                step.line,
                f"{step.words[0]}: {step.idle[0]}",
                _as_effective(step, step.idle[0]),
                reason=step.idle[0],
                likewise="; ".join(step.idle[1:]),
            )
            for each in self.rehearsal.files
            for step in each.steps
            if step.idle
        ]
        given = sum(step.words[:1] in (("grant",), ("revoke",)) for each in self.rehearsal.files for step in each.steps)
        # Of a file that did not apply MIG-01 tells; without a grant in it, there is nothing to be in doubt about.
        doubts = self._unapplied() if given else self._untried()
        return self._evidence("grants without effect", rows, Population(given, "new GRANT and REVOKE"), doubts)

    def forbidden(self) -> Evidence:
        """Return what the static linter forbids and the trace does not contradict."""
        rows = [row for each in self.rehearsal.files for row in each.warnings]
        doubts = [self.rehearsal.unlinted] if self.rehearsal.unlinted else self._untried()
        return self._evidence("the static linter", rows, self._statements, doubts)

    def _unapplied(self) -> list[str]:
        return [_unknown(each) for each in self.rehearsal.files if not each.migration.applied]

    def _untried(self) -> list[str]:
        return [_unknown(each) for each in self.rehearsal.files if each.untried]

    @property
    def _undeclared(self) -> frozenset[str]:
        return frozenset(table for each in self.rehearsal.files for table in each.undeclared)

    @property
    def _unbuilt(self) -> list[str]:
        """Say what new files speak of and released ones, which do not apply, should have made."""
        names = frozenset[str]().union(*(step.names for each in self.rehearsal.files for step in each.steps))
        things = [each for each in self.rehearsal.unbuilt if (each.of or each.name) in names]
        return [f"released migrations do not apply: {not_built(things)}"] if things else []

    @property
    def _statements(self) -> Population:
        count = sum(step.statements for each in self.rehearsal.files for step in each.steps)
        return Population(count, "statements of new migrations")

    def _evidence(
        self, about: str, rows: Sequence[Row], population: Population, doubts: Sequence[str] = ()
    ) -> Evidence:
        if about != VERSIONS:
            doubts = [*doubts, *self._unbuilt]
        if doubts and not population.count:
            population = Population(len(doubts), "new migrations that were not tried")
        return Evidence(
            [_placed(row, self.rehearsal) for row in rows],
            about=about,
            log=self.log,
            population=population,
            unjudgeable=doubts[0] + (f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else "") if doubts else "",
        )


def _unknown(each: Rehearsed) -> str:
    return f"{each.file} did not apply, so that nobody knows what it would have done"


def _placed(row: Row, made: Rehearsal) -> Row:
    """Return a row whose file can be found from where the gate was called."""
    if row.location is None or not made.folder:
        return row
    name = row.location.file
    return replace(row, location=replace(row.location, file=made.places.get(name, f"{made.folder}/{name}")))


def _as_advice(fix: str) -> str:
    """Return a policy's own fix as comments: it is to be worked into the new file, and not to be executed after it."""
    return "\n".join(line if line.startswith("--") else f"-- {line}" for line in fix.splitlines())


def _first_line(each: Rehearsed) -> int:
    return each.steps[0].line if each.steps else 1


def _line_about(each: Rehearsed, offender: str) -> int:
    """Return the line of the last statement that changed something that an offender's name speaks of.

    Where no statement did, it is the last one that changed what many depend on, or anything, else the first one at
    all.
    """
    known = [step.line for step in each.steps if (step.known or step.catalogue) and not step.undone]
    return (speaking_of(each.steps, offender) or changing_much(each.steps) or known or [_first_line(each)])[-1]


def _line_of_buckets(each: Rehearsed) -> int:
    """Return the line of the last statement that wrote rows of buckets."""
    wrote = [step.line for step in each.steps if not step.undone and "storage.buckets" in step.moved]
    return wrote[-1] if wrote else _first_line(each)


def _hides(each: Rehearsed) -> bool:
    """Tell whether something that is still there may not be found any more: by another name, or by settings.

    What is dropped, or closed to everybody, is meant to be gone: that nothing is left to judge is no loss then.
    """
    changes = (change for step in each.steps if not step.undone for change in step.catalogue)
    return any(change.what == "renamed" or change.kind == "settings" for change in changes)


def _hangs(difference: Difference) -> bool:
    """Tell whether a policy only doubts what a rule of access does at another time or place: nothing is broken."""
    return difference.after == "UNCHECKED" != difference.before and NOT_TRIED in difference.reason


def _blinded(
    each: Rehearsed, difference: Difference, told: Mapping[str, str], undeclared: Collection[str], *, hiding: bool
) -> Iterator[Row]:
    """Tell that a policy cannot be judged any more, or has nothing left to judge though it may be there."""
    if difference.after == difference.before or difference.before in BLIND:
        return
    if _only_undeclared(undeclared, difference.reason) or (difference.policy in SIGN_UP and any(_shut_out(each))):
        return
    line = _line_about(each, difference.reason)
    fix = f"-- {difference.reason}"
    if difference.after == "UNCHECKED":
        what = f"{difference.policy} can no longer be checked"
        yield found(each.file, line, what, fix, kind="unchecked", reason=difference.reason, **told)
    elif difference.after == "NOT_APPLICABLE" and hiding:
        what = f"{difference.policy} has nothing left to judge"
        yield found(each.file, line, what, fix, kind="not applicable", reason=difference.reason, **told)


# Policies that register somebody. When the plainest way of that fails, all of them tell of the same.
SIGN_UP = frozenset({"AUTH-03", "AUTH-04", "AUTH-05", "AUTH-07"})


def _follows(each: Rehearsed, difference: Difference, offender: str) -> bool:
    """Tell whether an offender only says once more that nobody can register."""
    if difference.policy not in SIGN_UP or not difference.problems.get(offender, "").startswith(FAILS):
        return False
    return any(_shut_out(each))


def _shut_out(each: Rehearsed) -> Iterator[Row]:
    """Tell once that nobody can register any more."""
    for difference in each.differences:
        if difference.policy != "AUTH-04":
            continue
        plain = f"{WAY} {PLAIN}"
        failing = plain in difference.new and difference.problems.get(plain, "").startswith(FAILS)
        blind = difference.after == "UNCHECKED" != difference.before
        if failing or blind:
            fix = _as_advice(difference.new[plain]) if failing else f"-- {difference.reason}"
            told = {"policy": difference.policy, "severity": difference.severity, "title": difference.title}
            told["problem"] = difference.problems[plain] if failing else difference.reason
            line = _line_about(each, difference.reason)
            yield found(each.file, line, "nobody can register", fix, kind="violated", **told)


# --- What the API is told


def _reconfigured(each: Rehearsed, declarations: str) -> Iterator[Row]:
    """Tell of settings of roles and of the database by which the API decides what it serves, and as whom.

    https://docs.postgrest.org/en/stable/references/configuration.html#in-database-configuration
    """
    for step in each.steps:
        for change in step.catalogue if not step.undone else ():
            if change.kind != "settings":
                continue
            before, after = (_settings(facts) for facts in change.fact("settings"))
            for name in sorted(before.keys() | after.keys()):
                if before.get(name) == after.get(name):
                    continue
                if reason := weakened(change.title, name, before.get(name), after.get(name)):
                    what = f"setting {name} {change.title}"
                    fix = f"-- {name} {change.title}: {reason}. Leave it as it was."
                    yield found(each.file, step.line, what, fix, kind="a setting that protects", reason=reason)
                elif name.startswith("pgrst.") and name not in HARMLESS:
                    shown = name in TOLD
                    yield found(
                        each.file,
                        step.line,
                        f"setting {name} {change.title}",
                        f"-- {name} decides what the API serves, and as whom. Declare what becomes reachable in\n"
                        f"-- {declarations}, and let somebody who knows the API look at it.",
                        kind="the API's settings",
                        before=before.get(name, "not set") if shown else "",
                        after=after.get(name, "not set") if shown else "",
                    )


def _begun(each: Rehearsed) -> Iterator[Row]:
    """Tell of columns whose new default lets new rows, or whom they stand for, do more."""
    for step in each.steps:
        for column, decides in step.opened:
            fix = (
                f"-- {decides} asks for what new rows have in {column} by default from now on. Leave the default\n"
                "-- as it was, and set the value for those who are meant to have it."
            )
            yield found(
                each.file, step.line, f"default of {column}", fix, kind="what new rows begin with", decides=decides
            )


def _widened(each: Rehearsed, reach: Mapping[str, Reach]) -> Iterator[Row]:
    """Tell of restrictive policies that are gone."""
    for step, change in no_longer_narrowed(each.steps, reach):
        fix = (
            f"-- What policy {change.title} kept back is reached by whoever other policies let in. Leave it, or\n"
            "-- declare the table, so that who may reach what is compared with it."
        )
        yield found(each.file, step.line, f"restrictive policy {change.title}", fix, kind="no longer narrowed")


def _unguarded(each: Rehearsed) -> Iterator[Row]:
    """Tell of what a trigger kept people from writing, and does not any more."""
    for step in each.steps:
        for what, by in step.unguarded:
            fix = (
                f"-- {by} refused or corrected it before. Keep it, or refuse the same by a policy or\n"
                "-- a grant. If it is meant, declare the table, so that who may write what is compared with it."
            )
            yield found(each.file, step.line, what, fix, kind="no longer kept back", by=by)


def _newcomers(each: Rehearsed) -> Iterator[Row]:
    """Tell of what whoever signs up sees since what fires then is not what it was."""
    for step in each.steps:
        for table, by in step.newcomers:
            fix = (
                f"-- {by} makes of whoever signs up somebody who sees rows of others in {table}, and did not before.\n"
                "-- Let everybody begin with the least, and give more to those who are meant to have it."
            )
            yield found(
                each.file, step.line, f"whoever signs up: select {table}", fix, kind="newcomers see more", by=by
            )


def _users(each: Rehearsed) -> Iterator[Row]:
    """Tell of people whom a file makes, with a password that whoever wrote or reads it may know."""
    for step in each.steps:
        if step.users:
            fix = (
                "-- Whoever knows or guesses the password that stands in the file signs in wherever it is released.\n"
                "-- Put people for trying things out into the seeds (supabase/seed.sql), which are not released."
            )
            what = "users who can sign in with a password"
            yield found(each.file, step.line, what, fix, kind="users made", users=step.users)


def _opened_later(each: Rehearsed) -> Iterator[Row]:
    """Tell of what jobs will change of who reaches what."""
    for step in each.steps:
        for what, job in step.later_opened:
            fix = (
                f"-- Job {job} changes it whenever it runs, where nobody looks at it. Change it in a migration,\n"
                "-- so that whom it lets in is seen."
            )
            yield found(each.file, step.line, f"{what} by job {job}", fix, kind="access changed later", job=job)


def _sent(each: Rehearsed) -> Iterator[Row]:
    """Tell of what hands rows to somebody outside of the database."""
    for step in each.steps:
        for what, by in step.sent:
            fix = (
                f"-- {what} hands what is in rows to {by}: whoever answers there, or listens, reads them, whatever\n"
                "-- policies say. Hand on their ids only, or let somebody decide who may know the rest."
            )
            yield found(each.file, step.line, f"rows sent out by {what}", fix, kind="rows sent out", by=by)


# What only says how much or how the API answers.
HARMLESS = frozenset({"pgrst.db_max_rows", "pgrst.log_level", "pgrst.db_plan_enabled", "pgrst.server_timing_enabled"})
# Settings that are names; others may be secrets, such as that of the tokens.
TOLD = frozenset({"pgrst.db_schemas", "pgrst.db_extra_search_path", "pgrst.db_pre_request", "pgrst.db_anon_role"})


def _settings(facts: Sequence[str] | None) -> dict[str, str]:
    parts = (each.partition("=") for each in facts or ())
    return {name: value for name, _, value in parts}


def _as_effective(step: Step, reason: str) -> str:
    if step.words[0] == "grant":
        return f"-- {reason}: leave it out."
    if reason.endswith("for the whole table"):
        return (
            "-- A column's REVOKE takes nothing from who holds the privilege on the whole table. Take it from\n"
            "-- the table, and grant it on the other columns:\n"
            "-- revoke select on ... from ...; grant select (...) on ... to ...;"
        )
    return f"-- {reason}. Take it from whoever still passes it on (PUBLIC, a role, or by name), or leave this out."


# --- New tables that nobody declared


def _about_undeclared(undeclared: Collection[str], text: str) -> bool:
    """Tell whether something is said of new tables only because they are not declared: that is said once.

    Who reaches what of them when all new files are applied is in the draft, whichever file it is that lets them.
    """
    return any(text.removesuffix(" (blind)").endswith(f" {table}") for table in undeclared)


def _only_undeclared(undeclared: Collection[str], reason: str) -> bool:
    tables, _, rest = reason.partition(" has no declaration in access.toml")
    return bool(rest) and tables in undeclared


def _undeclared(each: Rehearsed, declarations: str) -> Iterator[Row]:
    for table, lines in each.undeclared.items():
        what = f"-- Declare {table} in {declarations}, in the same change. As it is now, that would be:"
        fix = "\n".join([what, *(f"--   {line}" for line in lines)])
        yield found(each.file, _line_about(each, table), f"declare {table}", fix, kind="undeclared", relation=table)


def opened_gate(made: Rehearsal, log: Log) -> Gate:
    """Return the asker about a rehearsal. Raises NotApplicable when nothing is new in it."""
    if not made.files and not made.versions:
        raise NotApplicable(f"no migration is new since {made.since}")
    return Gate(made, log)
