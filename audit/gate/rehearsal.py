"""The migration gate: new migrations are applied to a disposable database that holds data, and what they did is judged.

The base (what is released) is built once, filled with made-up people, asked every policy, and frozen: its data
directory and the verdicts are kept in a cache by content. Each new file is applied statement by statement
(:mod:`audit.gate.trace`); afterwards the whole suite is asked again, so that what a file broke is tied to it.

``suite`` is handed down: the engine does not know the policies (docs/decisions/020-the-gate-asks-the-suite.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import psycopg

from audit.catalog.table_statistics import TableStatistics
from audit.connection import Dsn, connect
from audit.evidence import Row, Unchecked, safe
from audit.gate.base import Base, Suite
from audit.gate.hazards import contents
from audit.gate.hazards import judge as judge_hazards
from audit.gate.linter import Warned, lint, weigh
from audit.gate.results import Asked, Difference, Hazards, Reach, Reached, Rehearsed, Standing, Step
from audit.gate.trace import State, Tracer, state
from audit.layouts import DOWN
from audit.migrations import apply_files, decoded
from audit.question import Connection
from audit.results import Migration
from audit.seeding.seeds import fill_new
from audit.server.rights import OWNER, follow, login, superuser
from audit.server.target import Say, Target


def rehearse(
    base: Base,
    files: Sequence[Path],
    suite: Suite,
    weights: Mapping[str, str],
    *,
    limit_s: float = 60.0,
    live_statistics: TableStatistics | None = None,
    again: Callable[[frozenset[str]], Standing] | None = None,
    say: Say = lambda _: None,
) -> tuple[tuple[Rehearsed, ...], Standing, str]:
    """Apply new files to the base, one after the other, and judge each.

    Returns them, what the suite says in the end, and why the linter did not run, or "".

    ``again`` asks the base once more: verdicts out of a cache may have changed with the time that went by.

    Raises psycopg.Error when the server answers no more.
    """
    known_statistics = live_statistics or TableStatistics()
    rehearsed: list[Rehearsed] = []
    unlinted = ""
    standing = base.standing
    unfilled = dict(base.target.unfilled)
    watchdog = base.server.watchdog
    dsn = base.target.dsn
    dsn = migrating(base.target)
    with ExitStack() as stack:
        conn = stack.enter_context(connect(dsn))
        origin = now = state(conn)
        for path in files:
            begun = time.monotonic()
            name = safe(path.name)
            tracer = Tracer(conn, now, origin, limit_s, watchdog)
            try:
                (migration,) = apply_files(conn, [path], tracer.around)
                if not conn.closed:
                    tracer.finish(applied=migration.applied)
            except psycopg.Error:
                if not conn.closed:
                    raise
                migration = Migration(name, applied=False, error="the session was lost", line=_last_line(tracer))
            if conn.closed:
                conn = stack.enter_context(connect(dsn))
                now = state(conn)
            else:
                now = tracer.now
            hazards = judge_hazards(name, tracer.steps, contents(now.prints.items(), origin.prints), known_statistics)
            warnings, unlinted_here = _linted(path, tracer.steps, hazards, weights, conn)
            unlinted = unlinted or unlinted_here
            before, standing = standing, _ask(base, suite, unfilled, now, origin)
            differences, reached = compare(before, standing)
            if base.cached and again is not None and (suspects := _suspects(differences)):
                before = Standing({**before.asked, **again(suspects).asked}, before.reach)
                differences, reached = compare(before, standing)
            rehearsed.append(
                Rehearsed(
                    name,
                    migration,
                    tuple(tracer.steps),
                    hazards,
                    tuple(warnings),
                    differences,
                    reached,
                    duration_ms=(time.monotonic() - begun) * 1000,
                )
            )
            # The rows filled in for the suite, and what vacuum moved, are not the doing of the next file.
            if path != files[-1]:
                now = state(conn)
            say(f"{name}: {'applied' if migration.applied else 'failed'} ({time.monotonic() - begun:.1f} s)")
    return tuple(rehearsed), standing, unlinted


def _last_line(tracer: Tracer) -> int | None:
    return tracer.steps[-1].line if tracer.steps else None


def _linted(
    path: Path, steps: Sequence[Step], hazards: Hazards, weights: Mapping[str, str], conn: Connection
) -> tuple[list[Row], str]:
    try:
        text = decoded(path.read_bytes())
        warnings: tuple[Warned, ...] = lint(text, conn.info.server_version // 10000)
    except (OSError, UnicodeDecodeError):
        return [], ""  # it did not apply, and MIG-01 says why
    except Unchecked as reason:
        return [], reason.reason
    rows, remarks = weigh(safe(path.name), warnings, steps, hazards.slow_lines, weights)
    hazards.remarks += remarks
    return rows, ""


def migrating(target: Target) -> Dsn:
    """Return the login that applies migrations: what stands behind a RESET in them must be the project's role alone."""
    return target.dsn if target.kind == "shadow" else login(target.dsn, OWNER)


def _ask(base: Base, suite: Suite, unfilled: dict[str, str], now: State, origin: State) -> Standing:
    """Ask the suite after a file: new tables get made-up rows first, because empty ones tell nothing."""
    with superuser(base.target.dsn) as administrator:
        follow(administrator)
    with connect(base.target.dsn) as conn:
        empty = [oid for oid, content in now.prints.items() if oid not in origin.titles and not content.rows]
        if empty:
            unfilled.update(fill_new(conn, empty))
        # As the server would do by itself, soon: dead rows and old statistics are no hazard of a migration.
        if conn.info.server_version >= 150000:
            conn.execute("select pg_catalog.pg_stat_force_next_flush()")
        conn.execute("vacuum (analyze)")
        return suite.ask(conn, unfilled, base.target.migrations, unlike=base.unlike)


def compare(before: Standing, after: Standing) -> tuple[tuple[Difference, ...], tuple[Reached, ...]]:
    """Tell what the suite says of the second database and did not say of the first, and who reaches more or less."""
    differences = []
    for policy, now in after.asked.items():
        was = before.asked.get(policy, Asked(policy, now.title, now.severity, "NOT_APPLICABLE"))
        new = {key: fix for key, fix in now.objects.items() if key not in was.objects}
        mended = tuple(key for key in was.objects if key not in now.objects) if now.verdict != "UNCHECKED" else ()
        if new or mended or was.verdict != now.verdict:
            differences.append(
                Difference(policy, now.title, now.severity, was.verdict, now.verdict, now.reason, new, mended)
            )
    reached = []
    for cell in sorted(before.reach.keys() | after.reach.keys()):
        old, new_ = before.reach.get(cell), after.reach.get(cell)
        told, tells = _told(old), _told(new_)
        # Which rows are looked at of a large table is a matter of chance: only kinds of reach are compared.
        if told == tells or (old is None and not (new_ and new_.reached)):
            continue
        more = new_ is not None and (old is None or EXTENT.index(tells) > EXTENT.index(told))
        undeclared = new_ is not None and (
            new_.leaked > (old.leaked if old else 0) or (new_.verdict == "UNDECLARED" and new_.reached > 0)
        )
        reached.append(Reached(cell, told, tells, wider=more, undeclared=undeclared))
    return tuple(differences), tuple(reached)


# How much somebody reaches, in words that do not depend on how many made-up rows there are.
EXTENT = ("not there", "none", "some", "as declared", "some beyond what is declared", "all")


def _told(reach: Reach | None) -> str:
    if reach is None:
        return "not there"
    if not reach.reached:
        return "none"
    if reach.reached >= reach.rows:
        return "all"
    if reach.leaked:
        return "some beyond what is declared"
    return "as declared" if reach.verdict == "OK" else "some"


def _suspects(differences: Sequence[Difference]) -> frozenset[str]:
    return frozenset(each.policy for each in differences if each.new or each.after == "UNCHECKED")


def undone(target: Target, files: Sequence[Path], origin: State, *, wanted: bool) -> list[str]:
    """Undo new files, the last first, by what lies beside them (``NAME.down.sql``); tell what is not as it was before.

    ``wanted``: a file that has nothing to undo it is told, too. Raises psycopg.Error when the server answers no more.
    """
    told = []
    with connect(migrating(target)) as conn:
        for path in reversed(files):
            down = path.with_name(path.name.removesuffix(".sql") + DOWN)
            if not down.is_file():
                told += [f"{safe(path.name)} cannot be undone: there is no {safe(down.name)}"] if wanted else []
                continue
            (migration,) = apply_files(conn, [down])
            if not migration.applied:
                told.append(f"{migration.file} fails in line {migration.line}: {migration.error}")
        before, after = ({(e.kind, e.title): e.facts for e in each.entries.values()} for each in (origin, state(conn)))
    for kind, title in sorted(before.keys() | after.keys()):
        if before.get((kind, title)) != after.get((kind, title)):
            left = "is left" if (kind, title) not in before else "is gone" if (kind, title) not in after else "differs"
            told.append(safe(f"after undoing the new migrations, {kind} {title} {left}"))
    return told
