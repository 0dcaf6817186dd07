"""What the jobs do that a file schedules: tried when the file has been applied, as who will run them, and undone.

Their command is SQL like any other, and is watched like the statements of a migration: once as rows are, and once more
when every second row of the tables that it names is of long ago, where it speaks of time. A job that was there before
is tried as well where a function that it calls does something else now; told is what it did not do before.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from audit.catalog.table_statistics import TableStatistics
from audit.evidence import Row, safe
from audit.gate import deeds, unseen
from audit.gate.firing import age, bodies_of, does_otherwise, of_time
from audit.gate.hazards import OVERWRITTEN_PERCENT, contents, found, judge_hazards
from audit.gate.jobs import Job
from audit.gate.reading import code, named
from audit.gate.results import Change, Entry, Hazards, Print, Step
from audit.gate.trace import State, Tracer, state, unqualified
from audit.migrations import Refused, stands_alone
from audit.server_errors import describe
from audit.sql_text import Statement, Unreadable, statements

# What a job says of its own transaction; all of it is undone here. And COPY, which loses nothing, and needs a program
# or a file, or somebody who talks with it.
_PASSED_OVER = frozenset({"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "copy"})


@dataclass(frozen=True)
class Later:
    """What a job did when it was tried: ``step`` scheduled it, ``steps`` are its own, from one state to another.

    ``before`` is what it did as long as what it calls was as it had been, where it was there before.
    """

    step: Step
    job: Job
    steps: tuple[Step, ...]
    origin: Mapping[int, Print]
    at_end: State
    unknown: str = ""
    before: Later | None = None


def tried(tracer: Tracer) -> list[Later]:
    """Try the jobs that a file scheduled, and leave nothing of it. Raises psycopg.Error when the connection is lost."""
    made = []
    until = time.monotonic() + tracer.limit_s
    for step, job, off in [*((step, job, ()) for step, job in tracer.scheduled), *_changed(tracer)]:
        names, timed = _reading(job, tracer.now.entries)
        for old in (False, True) if timed else (False,):
            aged = names if old else frozenset()
            before = _tried(tracer, step, job, aged, until, off) if off else None
            made.append(replace(_tried(tracer, step, job, aged, until), before=before))
    if made:
        # What setval() did stays, whatever becomes of the transaction.
        tracer.now = state(tracer.conn, tracer.now)
    return made


def _changed(tracer: Tracer) -> Iterator[tuple[Step, Job, tuple[str, ...]]]:
    """Yield the jobs that are as they were and call what a statement changed: that, and what makes it as it was."""
    changed = [
        (step, change)
        for step in tracer.steps
        for change in step.catalogue
        if not step.undone and change.kind == "function" and change.before is not None and change.after is not None
        and does_otherwise(change)
    ]  # fmt: skip
    for job in tracer.standing if changed else ():
        names, _ = _reading(job, tracer.now.entries)
        called = [(step, change) for step, change in changed if change.after and change.after.facts["_name"] in names]
        if called:
            # Of a function that was changed several times, what it was at first comes last.
            off = tuple(change.fact("_definition")[0] for _, change in reversed(called))
            yield called[-1][0], job, off


def _reading(job: Job, entries: Mapping[str, Entry]) -> tuple[frozenset[str], bool]:
    """Return the names in a job's command and in what it calls, and whether it speaks of time."""
    bodies = bodies_of(entries)
    tokens = [*code(job.command)]
    seen, waiting = set[str](), named(tokens)
    while waiting := waiting - seen:
        seen |= waiting
        inner = [token for name in waiting & bodies.keys() for text in bodies[name] for token in code(text)]
        tokens += inner
        waiting = named(inner)
    return frozenset(seen), any(map(of_time, tokens))


def _tried(tracer: Tracer, step: Step, job: Job, old: frozenset[str], until: float, off: Sequence[str] = ()) -> Later:
    """Try one job after rows of the tables with some names became ``old``, and what ``off`` says was executed."""
    conn = tracer.conn
    conn.execute("begin", prepare=False)
    try:
        for statement in off:
            with suppress(psycopg.Error), conn.transaction():
                conn.execute(statement.encode(), prepare=False)
        for title in tracer.now.titles.values():
            if unqualified(title) in old:
                age(conn, title)
        now = state(conn, tracer.now) if old else tracer.now
        with suppress(psycopg.Error), conn.transaction():
            conn.execute(sql.SQL("set local role {}").format(sql.Identifier(job.role)), prepare=False)
        inner = Tracer(conn, now, tracer.base, tracer.limit_s, tracer.watchdog)
        unknown = _failed(inner, job, step.line, until)
        steps = tuple(inner.steps)
        for each in steps:
            each.line = step.line
        return Later(step, job, steps, now.prints, inner.now, unknown)
    finally:
        if not conn.closed:
            conn.execute("rollback", prepare=False)


def _failed(inner: Tracer, job: Job, line: int, until: float) -> str:
    """Execute what a job says; return why it could not be, or ""."""
    try:
        for statement in _statements(job):
            inner.limit_s = min(inner.limit_s, until - time.monotonic())
            if inner.limit_s <= 0:
                return "was not tried: the others took too long"
            with inner.around(statement, line):
                inner.conn.execute(statement.text.encode(), prepare=False)
        inner.settle()
    except Unreadable as error:
        return f"cannot be read ({safe(str(error))})"
    except Refused as error:
        return safe(str(error))
    except psycopg.Error as error:
        if inner.conn.closed:
            raise
        return f"fails here ({describe(error)})"
    return ""


def _statements(job: Job) -> Iterator[Statement]:
    """Yield what of a job can be tried within one transaction; the rest loses nothing (VACUUM, REINDEX)."""
    for statement in statements(job.command):
        if statement.words[:1] and statement.words[0] not in _PASSED_OVER and not stands_alone(statement):
            yield statement


# --- Judging


def judge_later(
    file: str,
    tried_: Sequence[Later],
    hazards: Hazards,
    statistics: TableStatistics,
    overwritten_percent: int = OVERWRITTEN_PERCENT,
) -> None:
    """Add to what is known of a file what its jobs will do to data, and to who reaches them."""
    losses: dict[str, Row] = {}
    doubts: dict[str, list[list[str]]] = {}
    blind: dict[str, list[list[str]]] = {}
    for each in tried_:
        told, opened = _told(file, each, statistics, overwritten_percent)
        for row in told.losses:
            loss = _as_later(file, row, each)
            losses.setdefault(loss.object, loss)
        doubts.setdefault(each.job.name, []).append(told.doubts)
        blind.setdefault(each.job.name, []).append(told.blind)
        if each.step.later_opened == ():
            each.step.later_opened = opened
        sent = tuple(sent for step in each.steps for sent in step.sent)
        each.step.sent = each.step.sent or sent
    hazards.losses += losses.values()
    # What one way of trying it has shown, nobody is in doubt about.
    for found_, known in ((hazards.doubts, doubts), (hazards.blind, blind)):
        for ways in known.values():
            found_ += [told for told in dict.fromkeys(ways[0]) if all(told in way for way in ways)]


def _told(
    file: str, each: Later, statistics: TableStatistics, overwritten_percent: int
) -> tuple[Hazards, tuple[tuple[str, str], ...]]:
    """Return what a job does, and to what it lets people in with its name: what it did before is nothing new."""
    kept = contents(each.origin, each.at_end.prints, each.at_end)
    told = judge_hazards(file, each.steps, kept, statistics, overwritten_percent)
    moved_on = set(_moved_on(each.steps))
    told.losses = [
        row for row in told.losses if (row.details.get("relation"), row.details.get("column")) not in moved_on
    ]
    if each.unknown:
        takes, opens = _may(each)
        what = f"{file}, line {each.step.line}: job {safe(each.job.name)} {each.unknown}"
        told.doubts += [f"{what}: what it does to data is not known"] * takes
        told.blind += [f"{what}: whom it lets in is not known"] * opens
    opened = tuple(
        (f"{change.kind} {change.title}", each.job.name)
        for step in each.steps
        for change in step.catalogue
        if not step.undone and _lets_in(change, each.at_end.entries)
    )
    if each.before is not None:
        was, opened_before = _told(file, each.before, statistics, overwritten_percent)
        known = {row.object for row in was.losses}
        told.losses = [row for row in told.losses if row.object not in known]
        told.doubts = [doubt for doubt in told.doubts if doubt not in was.doubts]
        told.blind = [doubt for doubt in told.blind if doubt not in was.blind]
        opened = tuple(each for each in opened if each not in opened_before)
    return told, opened


def _moved_on(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """Yield the columns (and their tables) in which one word takes the place of another: a state that has run out."""
    for step in steps:
        for table, effect in step.effects:
            for name, became in effect.columns.items():
                if became.changed and not became.emptied and became.kinds == became.left == 1:
                    yield table, name


def _as_later(file: str, row: Row, each: Later) -> Row:
    what = f"{row.object.removeprefix(safe(f'{file}: '))} by job {each.job.name}"
    fix = f"-- Job {safe(each.job.name)} does this whenever it runs:\n{row.fix or ''}"
    details = {**row.details, "kind": f"{row.details.get('kind', 'lost')} later", "job": each.job.name}
    return found(file, each.step.line, what, fix, **details)


def _may(each: Later) -> tuple[bool, bool]:
    """Tell whether what was not seen of a job may take something away, and let somebody in."""
    reader = deeds.Reader(bodies_of(each.at_end.entries))
    try:
        found_ = [deed for one in statements(each.job.command) for deed in deeds.read(one.text, reader).deeds]
    except (deeds.Unreadable, Unreadable):
        return True, True
    takes = any(deed.kind in unseen.DATA or unseen.takes(deed) for deed in found_)
    return takes, any(map(unseen.opens, found_))


def _lets_in(change: Change, entries: Mapping[str, Entry]) -> bool:
    """Tell whether a change of the catalogue may let somebody in, of what was there before the job."""
    entry = change.after or change.before
    if entry is None:
        return False
    if change.kind == "policy":
        of_old = change.what != "created" or f"r{entry.facts['_of']}" in entries
        narrower = change.what == "dropped" and entry.facts["permissive"]
        return of_old and not narrower
    if change.kind in ("membership", "settings", "default privileges"):
        return change.what != "dropped"
    if change.after is None or change.before is None:
        return False
    had, has = ({*(acl or ())} for acl in change.fact("_acl"))
    if has - had or change.fact("row level security") == (True, False):
        return True
    deciding = ("owner", "security definer", "options", "bypasses row level security", "_body", "_definition")
    return any(one != other for one, other in map(change.fact, deciding))
