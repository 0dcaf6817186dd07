"""The history's file: SQLite, one row a run and one a finding, for any number of targets.

It has a rollback journal and not a write-ahead log: one short transaction a run needs no readers beside it, and so the
history is a single file that can be copied, and may lie where a log's shared memory cannot (a network file system). A
run is in it whole or not at all: who is killed while writing leaves a journal, from which the next one restores it.
"""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from audit.evidence import safe
from audit.policy import Severity
from audit.results import Sizes, Verdict
from reports import model
from reports.history.changes import Condition, Known, Unjudged, compare, unjudged
from reports.model import Change, Event, Run

APPLICATION = 0x43434155  # which program the file belongs to: https://www.sqlite.org/pragma.html#pragma_application_id
WAIT_S = 30
ALL_DAYS = 30  # every run is kept for so long, then one a week

# So many runs, one after the other, must agree that a time is long over.
CLOCKS = 2

# Each brings the file to the next version; user_version says how many it has had. What is here never changes.
VERSIONS = (
    """
    create table target (
        id integer primary key, system text, database text not null, place text not null);
    create unique index target_by_system on target (system, database);
    create table run (
        id integer primary key, target integer not null references target on delete cascade, started_at text not null,
        duration_s real not null, server_version text not null, complete integer not null, exit_status integer not null,
        score integer, holds integer not null, violated integer not null, waived integer not null,
        unchecked integer not null, not_applicable integer not null);
    create index run_by_time on run (target, started_at);
    create table finding (
        id integer primary key, target integer not null references target on delete cascade, policy text not null,
        object text not null, severity text not null, state text not null, first text not null, since text not null,
        seen text not null, ended text, unique (target, policy, object));
    """,
    """
    alter table finding add column times integer not null default 1;
    alter table finding add column due integer not null default 0;
    alter table finding add column told integer not null default 0;
    create table unjudged (
        target integer not null references target on delete cascade, policy text not null, severity text not null,
        since text not null, open integer not null, due integer not null, told integer not null,
        primary key (target, policy));
    create table change (
        run integer not null references run on delete cascade, change text not null, policy text not null,
        object text not null, severity text not null, since text not null);
    create index change_by_run on change (run);
    create table size (
        run integer not null references run on delete cascade, object text not null, bytes integer not null,
        primary key (run, object));
    """,
)


# On the config: the history, if one is kept.
STORE_KEY = pytest.StashKey["Store | None"]()


class HistoryError(Exception):
    """The history cannot be used; the message is one sentence for a person."""


@dataclass(frozen=True)
class Subject:
    """Which database a run was about: by its server's system identifier and its name, wherever it has moved to.

    ``system`` is None where the server does not tell it, or was not reached: then ``place``, where it was looked for,
    must do.
    """

    system: str | None
    database: str
    place: str


@dataclass(frozen=True)
class Night:
    """One run as the history knows it, with what had changed since the one before."""

    id: int
    started_at: dt.datetime
    duration_s: float
    server_version: str
    complete: bool
    exit_status: int
    score: int | None
    counts: dict[Verdict, int]
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Past:
    """All that the history knows of one target, the oldest run first."""

    place: Subject
    nights: tuple[Night, ...]
    findings: tuple[Known, ...]


class Store:
    """The history in the file ``path``. Every method raises HistoryError when the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self) -> str:
        """Say in a few words that the history can be kept; nothing is made where there is none yet.

        Raises HistoryError.
        """
        if self.path.exists():
            with self._transaction() as cursor:
                ((runs,),) = cursor.execute("select count(*) from run").fetchall()
            return f"{runs:,} runs"
        there = next(folder for folder in self.path.absolute().parents if folder.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise HistoryError(f"{self.path}: the history cannot be kept there (nothing can be written to {there})")
        return "the first run begins it"

    def record(self, place: Subject, run: Run, sizes: Sizes | None = None) -> Run:
        """Add a run, and return it with what has changed since the one before."""
        with self._transaction() as cursor:
            target = _target(cursor, place)
            known = {each.identity: each for each in _findings(cursor, target)}
            told, findings = compare(run, known, _previous(cursor, target, run.started_at))
            _write_findings(cursor, target, findings)
            _write_unjudged(cursor, target, unjudged(run, {each.policy: each for each in _unjudged(cursor, target)}))
            _write_run(cursor, target, told, sizes)
            _thin(cursor, target)
        return told

    def conclude(self, place: Subject, run: Run) -> None:
        """Note how a run that was recorded ended."""
        with self._transaction() as cursor:
            cursor.execute(
                "update run set exit_status = ? where target = ? and started_at = ?",
                (run.exit_status, _target(cursor, place), _text(run.started_at)),
            )

    def earlier(self, place: Subject, before: dt.datetime) -> Sizes | None:
        """Return the newest sizes measured at ``before`` or earlier, else the oldest that there are."""
        with self._transaction() as cursor:
            moment = _text(before)
            row = cursor.execute(
                """
                select r.id, r.started_at from run r
                where r.target = ? and exists (select from_size.run from size from_size where from_size.run = r.id)
                order by r.started_at <= ? desc, case when r.started_at <= ? then r.started_at end desc, r.started_at
                limit 1
                """,
                (_target(cursor, place), moment, moment),
            ).fetchone()
            if row is None:
                return None
            found = cursor.execute("select object, bytes from size where run = ?", (row[0],)).fetchall()
        return Sizes(_moment(row[1]), dict(found))

    def due(self, place: Subject) -> tuple[tuple[Known, ...], tuple[Unjudged, ...]]:
        """Return the findings, and the policies that were UNCHECKED, of which people are to hear and have not yet."""
        with self._transaction() as cursor:
            target = _target(cursor, place)
            return (
                tuple(each for each in _findings(cursor, target) if each.due),
                tuple(each for each in _unjudged(cursor, target) if each.due),
            )

    def told(self, place: Subject, findings: Collection[Known], policies: Collection[Unjudged]) -> None:
        """Note that people have heard of these."""
        with self._transaction() as cursor:
            target = _target(cursor, place)
            cursor.executemany(
                "update finding set due = 0, told = ? where target = ? and policy = ? and object = ?",
                [(each.state is Condition.VIOLATED, target, each.policy, each.object) for each in findings],
            )
            cursor.executemany(
                "update unjudged set due = 0, told = open where target = ? and policy = ?",
                [(target, each.policy) for each in policies],
            )

    def recent(self, place: Subject, number: int) -> tuple[model.Past, ...]:
        """Return the last runs of a target, the oldest first."""
        with self._transaction() as cursor:
            rows = cursor.execute(
                """
                select started_at, complete, holds, violated, waived, unchecked, not_applicable
                from run where target = ? order by started_at desc, id desc limit ?
                """,
                (_target(cursor, place), number),
            ).fetchall()
        return tuple(
            model.Past(_moment(started_at), dict(zip(Verdict, counts, strict=True)), bool(complete))
            for started_at, complete, *counts in reversed(rows)
        )

    def past(self) -> list[Past]:
        """Return what is known of every target, the one audited last at the end."""
        with self._transaction() as cursor:
            targets = cursor.execute(
                """
                select t.id, t.system, t.database, t.place from target t join run r on r.target = t.id
                group by t.id order by max(r.started_at)
                """
            ).fetchall()
            return [
                Past(Subject(*place), tuple(_nights(cursor, id_)), tuple(_findings(cursor, id_)))
                for id_, *place in targets
            ]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)) as connection:
                connection.execute("pragma foreign_keys = on")
                # Immediate: two that have read and then want to write would wait for each other.
                connection.execute("begin immediate")
                _bring_up_to_date(connection)
                yield connection.cursor()
                connection.execute("commit")
        except OSError as error:
            raise HistoryError(f"{self.path}: the history cannot be kept there ({error.strerror})") from None
        except sqlite3.OperationalError as error:
            raise HistoryError(f"{self.path}: the history cannot be used just now ({safe(str(error))})") from None
        except sqlite3.DatabaseError as error:
            raise HistoryError(
                f"{self.path}: the history is damaged ({safe(str(error))}); move the file away, "
                "and the next run begins a new one"
            ) from None
        except HistoryError as error:
            raise HistoryError(f"{self.path}: {error}") from None


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Check that the file is whole and a history, and bring it to the newest version."""
    damage = connection.execute("pragma quick_check(1)").fetchone()[0]
    if damage != "ok":
        raise sqlite3.DatabaseError(damage.splitlines()[-1])
    ((version,),) = connection.execute("pragma user_version").fetchall()
    ((application,),) = connection.execute("pragma application_id").fetchall()
    ((tables,),) = connection.execute("select count(*) from sqlite_schema").fetchall()
    if tables and application != APPLICATION:
        raise HistoryError("the file is a database of another program; choose another one with --history")
    if version > len(VERSIONS):
        raise HistoryError("the history was written by a newer version of the audit; update the audit")
    for statements in VERSIONS[version:]:
        for statement in statements.split(";"):
            connection.execute(statement)
    if version < len(VERSIONS):
        connection.execute(f"pragma application_id = {APPLICATION}")
        connection.execute(f"pragma user_version = {len(VERSIONS)}")


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _target(cursor: sqlite3.Cursor, place: Subject) -> int:
    """Return the number of a target; one that is not known yet gets one.

    A server that was not reached is the one that was last found at the same place. What of a place is no UTF-8 (a
    folder of migrations may have any name) is not kept.
    """
    place = replace(place, place=place.place.encode(errors="replace").decode())
    found = None
    if place.system is not None:
        found = cursor.execute(
            "select id from target where system = ? and database = ?", (place.system, place.database)
        ).fetchone()
    if found is None:
        found = cursor.execute(
            "select id from target where place = ? and (? is null or system is null) order by id desc limit 1",
            (place.place, place.system),
        ).fetchone()
    if found is None:
        cursor.execute(
            "insert into target (system, database, place) values (?, ?, ?)",
            (place.system, place.database, place.place),
        )
        return int(cursor.lastrowid or 0)
    if place.system is not None:
        cursor.execute(
            "update target set system = ?, database = ?, place = ? where id = ?",
            (place.system, place.database, place.place, *found),
        )
    return int(found[0])


def _previous(cursor: sqlite3.Cursor, target: int, now: dt.datetime) -> dt.datetime | None:
    """Return when the run before began; one of the future had a wrong clock, and counts where there is no other."""
    row = cursor.execute(
        "select started_at from run where target = ? order by started_at <= ? desc, id desc limit 1",
        (target, _text(now)),
    ).fetchone()
    return _moment(row[0]) if row else None


def _findings(cursor: sqlite3.Cursor, target: int) -> Iterator[Known]:
    rows = cursor.execute(
        """
        select policy, object, severity, state, first, since, seen, ended, times, due, told
        from finding where target = ? order by severity, policy, object
        """,
        (target,),
    ).fetchall()
    for policy, obj, severity, state, first, since, seen, ended, times, due, told in rows:
        yield Known(
            policy,
            obj,
            Severity(severity),
            Condition(state),
            _moment(first),
            _moment(since),
            _moment(seen),
            _moment(ended) if ended else None,
            times,
            bool(due),
            bool(told),
        )


def _write_findings(cursor: sqlite3.Cursor, target: int, findings: Collection[Known]) -> None:
    cursor.executemany(
        """
        insert into finding (target, policy, object, severity, state, first, since, seen, ended, times, due, told)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (target, policy, object) do update set
            severity = excluded.severity, state = excluded.state, first = excluded.first, since = excluded.since,
            seen = excluded.seen, ended = excluded.ended, times = excluded.times, due = excluded.due,
            told = excluded.told
        """,
        [
            (
                target,
                each.policy,
                each.object,
                each.severity,
                each.state,
                _text(each.first),
                _text(each.since),
                _text(each.seen),
                _text(each.ended) if each.ended else None,
                each.times,
                each.due,
                each.told,
            )
            for each in findings
        ],
    )


def _unjudged(cursor: sqlite3.Cursor, target: int) -> list[Unjudged]:
    rows = cursor.execute(
        "select policy, severity, since, open, due, told from unjudged where target = ? order by severity, policy",
        (target,),
    ).fetchall()
    return [
        Unjudged(policy, Severity(severity), _moment(since), bool(open_), bool(due), bool(told))
        for policy, severity, since, open_, due, told in rows
    ]


def _write_unjudged(cursor: sqlite3.Cursor, target: int, policies: Collection[Unjudged]) -> None:
    cursor.execute("delete from unjudged where target = ?", (target,))
    cursor.executemany(
        "insert into unjudged (target, policy, severity, since, open, due, told) values (?, ?, ?, ?, ?, ?, ?)",
        [
            (target, each.policy, each.severity, _text(each.since), each.open, each.due, each.told)
            for each in policies
            if each.open or each.due
        ],
    )


def _write_run(cursor: sqlite3.Cursor, target: int, run: Run, sizes: Sizes | None) -> None:
    counts = run.counts()
    cursor.execute(
        """
        insert into run (target, started_at, duration_s, server_version, complete, exit_status, score,
                         holds, violated, waived, unchecked, not_applicable)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            target,
            _text(run.started_at),
            round(run.duration_s, 3),
            run.target.server_version,
            run.complete,
            run.exit_status,
            run.score,
            *(counts[verdict] for verdict in Verdict),
        ),
    )
    id_ = cursor.lastrowid
    cursor.executemany(
        "insert into change (run, change, policy, object, severity, since) values (?, ?, ?, ?, ?, ?)",
        [
            (id_, each.change, each.policy, each.object, each.severity, _text(each.since))
            for each in (run.changes.events if run.changes else ())
        ],
    )
    cursor.executemany(
        "insert into size (run, object, bytes) values (?, ?, ?)",
        [(id_, name, size) for name, size in (sizes.bytes.items() if sizes else ())],
    )


def _thin(cursor: sqlite3.Cursor, target: int) -> None:
    """Keep of each week that is long over the run in which most was asked, the first of several.

    Long over by the clocks of several runs: one that went wrong in a night must not cost the history. Since when a
    finding is there does not depend on the runs: the finding itself knows.
    """
    ((earliest,),) = cursor.execute(
        "select min(started_at) from (select started_at from run where target = ? order by id desc limit ?)",
        (target, CLOCKS),
    ).fetchall()
    cursor.execute(
        """
        delete from run where id in (
            select id from (
                select id, row_number() over (
                    partition by cast(julianday(started_at) / 7 as integer)
                    order by holds + violated + waived desc, started_at, id) as rank
                from run where target = ? and started_at < ?)
            where rank > 1)
        """,
        (target, _text(_moment(earliest) - dt.timedelta(days=ALL_DAYS))),
    )


def _nights(cursor: sqlite3.Cursor, target: int) -> Iterator[Night]:
    events: dict[int, list[Event]] = {}
    for run, change, policy, obj, severity, since in cursor.execute(
        """
        select c.run, c.change, c.policy, c.object, c.severity, c.since
        from change c join run r on r.id = c.run where r.target = ? order by c.severity, c.policy, c.object
        """,
        (target,),
    ).fetchall():
        event = Event(Change(change), policy, obj, Severity(severity), _moment(since))
        events.setdefault(run, []).append(event)
    rows = cursor.execute(
        """
        select id, started_at, duration_s, server_version, complete, exit_status, score,
               holds, violated, waived, unchecked, not_applicable
        from run where target = ? order by started_at, id
        """,
        (target,),
    ).fetchall()
    for id_, started_at, duration_s, version, complete, status, score, *counts in rows:
        yield Night(
            id_,
            _moment(started_at),
            duration_s,
            version,
            bool(complete),
            status,
            score,
            dict(zip(Verdict, counts, strict=True)),
            tuple(events.get(id_, ())),
        )
