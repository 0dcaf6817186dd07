"""From what happened while a policy was asked to what it says: the one place where evidence becomes a ruling."""

from __future__ import annotations

import ast
import inspect
import textwrap
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from audit.causes import Cause, cause_of
from audit.evidence import Evidence, Log, NotApplicable, Population, Row, Unchecked
from audit.policy import Policy
from audit.results import Offence, Ruling, Verdict

MOST_IDLE = 3


def ruling(policy: Policy, log: Log, error: BaseException | None, duration_ms: float = 0.0) -> Ruling:
    """Return what ``policy`` says, given what was asked and how its function ended (None: it returned)."""
    verdict, reason, rows = _concluded(log, error)
    remedy, grants = _remedy(log, error) if verdict is Verdict.UNCHECKED else ("", ())
    return Ruling(
        policy,
        verdict,
        reason,
        offences=_offences(policy, rows),
        population=_population(log, error),
        remedy=remedy,
        grants=grants,
        partial=bool(rows) and (bool(log.judged[-1].unjudgeable) or _partial(policy, error)),
        duration_ms=duration_ms,
    )


def _remedy(log: Log, error: BaseException | None) -> tuple[str, tuple[str, ...]]:
    """Return what would let a policy be judged that is unchecked, and the rights that the audit's login lacks."""
    if isinstance(error, Unchecked):
        return error.remedy, error.grants
    doubtful = next((evidence for evidence in log.judged if not evidence.rows and evidence.unjudgeable), None)
    return ("", ()) if doubtful is None else (doubtful.remedy, doubtful.grants)


def _partial(policy: Policy, error: BaseException | None) -> bool:
    """Tell whether an assertion stands behind the one that failed, or the same one would have been asked again."""
    lines, first = inspect.getsourcelines(policy.function)
    tree = ast.parse(textwrap.dedent("".join(lines)))
    failed = [
        frame.lineno - first + 1
        for frame in traceback.extract_tb(error.__traceback__ if error else None)
        if frame.name == policy.function.__name__ and frame.lineno is not None
    ]
    if not failed:
        return True
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.lineno > failed[-1]:
            return True
        if isinstance(node, ast.For | ast.While) and node.lineno <= failed[-1] <= (node.end_lineno or 0):
            return True
    return False


def _concluded(log: Log, error: BaseException | None) -> tuple[Verdict, str, Sequence[Row]]:
    match error:
        case None:
            return _held(log)
        case NotApplicable():
            return Verdict.NOT_APPLICABLE, str(error), ()
        case AssertionError() if log.judged:
            return _failed(log.judged[-1])
        case Unchecked():
            return Verdict.UNCHECKED, error.reason, ()
        case _:
            # The text of an unforeseen error may hold data of the database: only its kind and place are told.
            last = traceback.extract_tb(error.__traceback__)[-1:]
            place = "".join(f" in {Path(frame.filename).name}, line {frame.lineno}" for frame in last)
            ended = "failed without evidence" if isinstance(error, AssertionError) else "could not be asked"
            return Verdict.UNCHECKED, f"the policy {ended}: {type(error).__name__}{place}", ()


def _held(log: Log) -> tuple[Verdict, str, Sequence[Row]]:
    if not log.judged:
        return Verdict.UNCHECKED, "the policy judged nothing", ()
    doubtful = [evidence for evidence in log.judged if not evidence.rows and evidence.unjudgeable]
    if doubtful:
        return Verdict.UNCHECKED, doubtful[0].unjudgeable, ()
    looked = _looked_at(log)
    empty = [population.of for population in looked if population.empty]
    # Of what is missing from the catalogue it is known that nothing offends; of rows that are missing, it is not.
    if empty and (len(empty) == len(looked) or any(population.blank for population in looked)):
        rest = "; the rest holds" if len(empty) < len(looked) else ""
        return Verdict.NOT_APPLICABLE, f"there is nothing to look at: no {' and '.join(empty)}{rest}", ()
    idle = [about for population in looked for about in population.idle]
    if idle:
        more = f" and {len(idle) - MOST_IDLE} more" if len(idle) > MOST_IDLE else ""
        return Verdict.HOLDS, f"nothing to look at for {'; '.join(idle[:MOST_IDLE])}{more}", ()
    return Verdict.HOLDS, "", ()


def _looked_at(log: Log) -> list[Population]:
    """Return what the answers without offenders looked at: what is empty for one may not be for another."""
    looked: dict[str, Population] = {}
    for evidence in log.judged:
        for population in () if evidence.rows else evidence.populations.values():
            seen = looked.get(population.of)
            looked[population.of] = seen + population if seen else population
    return list(looked.values())


def _failed(evidence: Evidence) -> tuple[Verdict, str, Sequence[Row]]:
    if evidence.rows:
        # What was not looked at may be worse than what was found.
        rest = f"there may be more: {evidence.unjudgeable}" if evidence.unjudgeable else ""
        return Verdict.VIOLATED, rest, evidence.rows
    if evidence.unjudgeable and not evidence.broken:
        return Verdict.UNCHECKED, evidence.unjudgeable, ()
    # What must work and was refused does not work, whatever else had nothing to work with.
    found = evidence.populations.values()
    if found and not any(population.count or population.refused for population in found):
        return Verdict.NOT_APPLICABLE, f"there is nothing to look at: no {' and '.join(evidence.populations)}", ()
    row = Row(evidence.about, {"must work": True}, {"object": evidence.about})
    return Verdict.VIOLATED, evidence.refusal or "what must work gave nothing", (row,)


def _population(log: Log, error: BaseException | None) -> Population | None:
    """Return the population of the question that decided, or of the largest one where none did."""
    if isinstance(error, AssertionError) and log.judged:
        return log.judged[-1].population
    known = [evidence.population for evidence in log.asked if evidence.population]
    return max(known, key=lambda population: population.count, default=None)


def _offences(policy: Policy, rows: Sequence[Row]) -> tuple[Offence, ...]:
    """Turn rows into offences; rows of one object are one offence, with the details of the first."""
    found: dict[str, Offence] = {}
    for row in rows:
        fix = row.render(policy.fix)
        if row.object in found:
            seen = found[row.object]
            if fix not in seen.fix:
                found[row.object] = replace(seen, fix=f"{seen.fix}\n{fix}")
        else:
            found[row.object] = Offence(row.object, row.details, fix, row.location, _cause(policy, row))
    return tuple(found.values())


def _cause(policy: Policy, row: Row) -> Cause:
    """Return what has to be mended: as the question says, the file that it is written in, or what the object names."""
    if row.cause is not None:
        return row.cause
    return Cause("file", row.location.file) if row.location else cause_of(row.object, policy.about)
