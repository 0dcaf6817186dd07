"""Situations that bit real people: the bad form is told, by a policy that should; the good form is silent.

Each folder has a ``case.toml``: where it was reported, what happened, and which policies should tell of it. Access
and platform cases are folders of migrations, ``bad`` and ``good``; of a migrations case the first file is
released and the others are new; an operations case is a state of a live server. README.md beside this file says more.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from audit.access.declaration import Access
from audit.access.declaration import load as load_access
from audit.access.parameters import parameters
from audit.actors import Stage, staged
from audit.connection import Dsn, connect
from audit.evidence import Log
from audit.gate.base import Base
from audit.gate.pending import Pending
from audit.gate.rehearsal import rehearse
from audit.gate.results import Reach, Rehearsal
from audit.gate.versions import judge_versions
from audit.migrations import find
from audit.results import Verdict
from audit.server.target import PLATFORM, Choice, Target
from audit.settings import Settings
from audit.settings import load as load_settings
from audit.sql_text import statements
from fixtures.askers import Disposable
from fixtures.suite import Suite, put
from fixtures.target import CHOICE
from tests.drafts import changed
from tests.support.auditing import Outcome, audit
from tests.support.ground import Ground, ground
from tests.support.rehearsing import GATE

CASES = Path(__file__).parent
MEMBERS = 8
# What cases can show of what is to be seen (README.md): speed is measured by tests/bench.py.
NUMBERED = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
# What Supabase's historic grants mean, whatever a project makes of them.
HISTORIC = {"EXPO-07", "EXPO-13"}


@dataclass(frozen=True)
class Case:
    """One situation. ``waits`` says why it is not judged rightly yet; where it is judged rightly, the test fails.

    ``beside`` are policies that rightly tell of both forms, for another reason; ``forms`` are parts of what the
    wrong of the bad one is called, each of which is told. ``alone``: it changes roles, which all databases share.
    """

    folder: Path
    kind: str
    expect: frozenset[str]
    waits: str = ""
    beside: frozenset[str] = frozenset()
    forms: tuple[str, ...] = ()
    number: int = 0
    alone: bool = False

    @property
    def name(self) -> str:
        return self.folder.name

    def file(self, *names: str) -> Path | None:
        """Return the first of some files that the case has."""
        return next((path for name in names if (path := self.folder / name).is_file()), None)

    def settings(self) -> Settings:
        """Return the case's settings."""
        path = self.file("audit.toml")
        return load_settings(path) if path else Settings()

    def access(self, form: str) -> Access:
        """Return what is declared of a form."""
        path = self.file(f"access.{form}.toml", "access.toml")
        return load_access(path) if path else Access()

    def options(self, form: str) -> list[str]:
        """Return the options that a form of the case is audited with."""
        settings, access = self.file("audit.toml"), self.file(f"access.{form}.toml", "access.toml")
        return [*([f"--settings={settings}"] if settings else []), *([f"--access={access}"] if access else [])]


def read(folder: Path) -> Case:
    """Read a case. Raises KeyError when its file lacks something."""
    told = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    waiting = tomllib.loads((CASES / "waiting.toml").read_text(encoding="utf-8"))
    beside = frozenset(told.get("beside", ()))
    expect, forms = frozenset(told["expect"]), tuple(told.get("forms", ()))
    waits, number, alone = waiting.get(folder.name, ""), told.get("number", 0), told.get("alone", False)
    return Case(folder, told["kind"], expect, waits, beside, forms, number, alone)


ALL = [read(path.parent) for path in sorted(CASES.glob("*/case.toml"))]


def of(*kinds: str) -> pytest.MarkDecorator:
    """Parametrize with the cases of some kinds; what waits for something is expected to fail, and must."""
    chosen = [case for case in ALL if case.kind in kinds]
    marks = {case.name: [pytest.mark.xfail(reason=case.waits, strict=True)] if case.waits else [] for case in chosen}
    return pytest.mark.parametrize(
        "case", [pytest.param(each, id=each.name, marks=marks[each.name]) for each in chosen]
    )


def told(outcome: Outcome) -> Mapping[str, list[str]]:
    """Return the violated policies with the objects that they name, also where another policy tells of the cause."""
    return {
        name: [finding["object"] for finding in (*policy["findings"], *policy["repeated"])]
        for name, policy in outcome.policies.items()
        if policy["verdict"] == "VIOLATED"
    }


Told = Mapping[str, Collection[str]]


def judge(case: Case, found: Told, innocent: Told, allowed: frozenset[str] = frozenset()) -> None:
    """Assert that an expected policy tells of the bad form what it does not of the good one, which is silent."""
    assert not {*innocent} - HISTORIC - allowed, innocent
    if case.expect:
        new = {name: {*found.get(name, ())} - {*innocent.get(name, ())} for name in case.expect}
        assert any(new.values()), found
        objects = [each for name in new for each in new[name]]
        assert [form for form in case.forms if not any(form in each for each in objects)] == [], objects


@pytest.fixture(scope="module")
def shared(pytestconfig: pytest.Config) -> Iterator[Ground]:
    """Yield the server that the forms of the cases are built on, one after the other."""
    with ground(pytestconfig.stash[CHOICE].postgres_bin) as found:
        yield found


def asked(case: Case, form: str, on: Ground, only: frozenset[str] | None = None) -> Told:
    """Return the violated policies of a form, with the objects that they name."""
    choice = Choice(migrations=case.folder / form, members=MEMBERS)
    settings, access = case.settings(), case.access(form)
    if case.alone:
        with ground(on.postgres_bin) as apart:
            standing = apart.asked(choice, settings, access, only)
    else:
        standing = on.asked(choice, settings, access, only)
    return {name: [*each.objects] for name, each in standing.asked.items() if each.verdict == "VIOLATED"}


@of("access", "platform")
def test_what_migrations_build(case: Case, shared: Ground) -> None:
    judge(case, asked(case, "bad", shared, case.expect or None), asked(case, "good", shared), case.beside)


@of("vacuous")
def test_what_no_row_tells_is_no_proof(case: Case, shared: Ground) -> None:
    """Of each form's table no member's cell tells in the bad form, and one does in the good form."""
    policies = frozenset({"RLS-07", "RLS-08"})
    standings = {
        form: shared.asked(
            Choice(migrations=case.folder / form, members=MEMBERS), case.settings(), case.access(form), policies
        )
        for form in ("bad", "good")
    }
    for form, verdict in (("bad", "UNCHECKED"), ("good", "HOLDS")):
        assert {standings[form].asked[name].verdict for name in case.expect} == {verdict}, standings[form].asked
    untold = {
        form: {
            name: [who for who in ("alice", "bob", "stranger") if _tells(standing.reach[f"{who}: select {name}"])]
            for name in case.forms
        }
        for form, standing in standings.items()
    }
    assert not any(untold["bad"].values()), untold["bad"]
    assert all(untold["good"].values()), untold["good"]


def _tells(cell: Reach) -> bool:
    """Tell whether a row could have shown that somebody reaches too much."""
    return cell.verdict == "OK" and cell.rows > 0


@of("draft")
def test_what_a_draft_makes_of_it(case: Case, shared: Ground) -> None:
    """Each hole waits for a reason; of the project as it is meant, the draft is what its owner declares."""
    marked, wrong = {}, {}
    for form in ("bad", "good"):
        choice, access = Choice(migrations=case.folder / form, members=MEMBERS), case.access(form)
        with shared.built(choice) as target, connect(target.dsn) as conn:
            known = parameters(conn, case.settings(), Access(claims=access.claims))
            with staged(conn, known, Log(), target.unfilled) as stage:
                text, _, wrong[form] = changed(stage, access)
        entries = tomllib.loads(text)["tables"]
        marked[form] = {f"{name}: {cell}" for name, entry in entries.items() for cell in entry.get("because", ())}
    assert {*case.forms} <= marked["bad"], marked["bad"]
    assert marked["good"] == set()
    assert wrong["good"] == {}


@of("causes")
def test_one_cause_is_told_once(case: Case, shared: Ground) -> None:
    """A whole audit has one finding for each form, whatever else is evidence of it."""
    found = {}
    for form in ("bad", "good"):
        choice = Choice(migrations=case.folder / form, members=MEMBERS)
        told = shared.told(choice, case.settings(), case.access(form))
        found[form] = [f"{each.policy} {each.object}" for each in told if each.policy not in HISTORIC | case.beside]
    assert found["good"] == []
    assert [form for form in case.forms if not any(form in each for each in found["bad"])] == [], found["bad"]
    assert len(found["bad"]) == len(case.forms), found["bad"]


def rehearsed(case: Case, form: str, on: Ground) -> Told:
    """Return the violated policies after new migrations, those of the gate among them, with what they name."""
    folder, settings, access = case.folder / form, case.settings(), case.access(form)
    released, *new = find(folder)
    suite = Suite(settings, access)
    with on.built(Choice(migrations=folder, members=MEMBERS, files=(released,))) as target:
        with connect(target.dsn) as conn:
            standing = suite.ask(conn, target.unfilled, target.migrations)
        base = Base(target, on.server, standing)
        with ExitStack() as stack:
            outcome = rehearse(stack, lambda: nullcontext(base), new, suite, settings.linter)
        versions = judge_versions(Pending("a case", tuple(new), (released,)))
        made = Rehearsal("a case", outcome.files, versions, outcome.final, outcome.unlinted)
        migrations = (*target.migrations, *(each.migration for each in outcome.files))
        with connect(target.dsn) as conn:
            known = parameters(conn, settings, access)
            rulings = [put(each, Disposable(Stage(conn, known, Log()), [], migrations, made)) for each in GATE]
    found = {name: [*each.objects] for name, each in outcome.final.asked.items() if each.verdict == "VIOLATED"}
    return found | {
        each.policy.id: [offence.object for offence in each.offences]
        for each in rulings
        if each.verdict is Verdict.VIOLATED
    }


@of("migrations")
def test_what_new_migrations_do(case: Case, shared: Ground) -> None:
    judge(case, rehearsed(case, "bad", shared), rehearsed(case, "good", shared))


@contextmanager
def two_phases(dsn: Dsn) -> Iterator[None]:
    """A transaction is prepared, and its coordinator gone."""
    with connect(dsn) as conn:
        conn.execute("begin; insert into public.bookings (seat) values ('12a'); prepare transaction 'case'")
    yield
    with connect(dsn) as conn:
        conn.execute("rollback prepared 'case'")


@contextmanager
def convoy(dsn: Dsn) -> Iterator[None]:
    """A reader idles in its transaction, an ALTER waits behind it, and a reader behind the ALTER."""
    with connect(dsn) as idle, connect(dsn) as alters, connect(dsn) as reads, connect(dsn) as watches:
        for each in (idle, alters, reads):
            each.execute("set application_name = 'worker'")  # the audit passes over its own sessions
        idle.execute("begin; select count(*) from public.catalogue")

        def wait(conn: psycopg.Connection, statement: str) -> None:
            with suppress(psycopg.Error):
                conn.execute(statement)

        alter = threading.Thread(target=wait, args=(alters, "alter table public.catalogue add column more text"))
        read = threading.Thread(target=wait, args=(reads, "select count(*) from public.catalogue"))
        alter.start()
        until(watches, "select count(*) >= 1 from pg_catalog.pg_locks where not granted")
        read.start()
        until(watches, "select count(*) >= 2 from pg_catalog.pg_locks where not granted")
        watches.execute("select pg_sleep(2)")  # longer than blocked_seconds of the case
        try:
            yield
        finally:
            idle.execute("rollback")
            alter.join()
            read.join()


@contextmanager
def busy_for_hours(dsn: Dsn) -> Iterator[None]:
    """One transaction stays open and asks something every half second; the thresholds are the case's."""
    ended = threading.Event()
    with connect(dsn) as works:
        works.execute("set application_name = 'worker'; begin; select count(*) from public.queue_items")

        def work() -> None:
            while not ended.wait(0.5):
                works.execute("select 1")

        worker = threading.Thread(target=work)
        worker.start()
        try:
            yield
        finally:
            ended.set()
            worker.join()
            works.execute("rollback")


@contextmanager
def failed_index(dsn: Dsn) -> Iterator[None]:
    """A unique index met duplicates."""
    with connect(dsn) as conn, suppress(psycopg.errors.UniqueViolation):
        conn.execute("create unique index concurrently handles_handle on public.handles (handle)")
    yield


@contextmanager
def used_up(dsn: Dsn) -> Iterator[None]:
    """Idle sessions take nearly all connections."""
    with ExitStack() as stack:
        first = stack.enter_context(connect(dsn))
        ((left,),) = first.execute(
            """
            select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                   - count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend'
            """
        ).fetchall()
        for _ in range(left - 4):
            stack.enter_context(connect(dsn))
        yield


def until(conn: psycopg.Connection, condition: str) -> None:
    """Wait, for half a minute at most, until a query says true."""
    for _ in range(300):
        if conn.execute(condition).fetchone() == (True,):
            return
        conn.execute("select pg_sleep(0.1)")
    raise AssertionError(condition)


MEANWHILE = {
    "O05-prepared-left": two_phases,
    "O06-lock-convoy": convoy,
    "O07-transaction-for-hours": busy_for_hours,
    "O08-invalid-unique-index": failed_index,
    "O10-connections-used-up": used_up,
}


@of("operations")
def test_what_a_live_server_is_in(case: Case, tmp_path: Path, target: Target, request: pytest.FixtureRequest) -> None:
    outcomes = {}
    for form in ("bad", "good"):
        database = f"case_{case.name[:3].lower()}_{form}"
        dsn = target.server.clone_database(database, "template1")
        try:
            with connect(dsn) as conn:
                for file in sorted(PLATFORM.glob("*.sql")):
                    conn.execute(file.read_bytes())
                for statement in statements((case.folder / f"{form}.sql").read_text(encoding="utf-8")):
                    conn.execute(statement.text.encode())
            with ExitStack() as stack:
                if form == "bad" and case.name in MEANWHILE:
                    stack.enter_context(MEANWHILE[case.name](dsn))
                outcomes[form] = audit(
                    tmp_path / form, f"--target={dsn}", "--no-shadow", "--no-history", *case.options(form)
                )
        finally:
            with connect(dsn) as conn:
                conn.execute(
                    """
                    select pg_drop_replication_slot(slot_name) from pg_catalog.pg_replication_slots
                    where database = pg_catalog.current_database()
                    """
                )
            target.server.drop_database(database)
    found, innocent = told(outcomes["bad"]), told(outcomes["good"])
    assert {name for name in case.expect if {*found.get(name, ())} - {*innocent.get(name, ())}}, found
    assert not {*innocent} & case.expect, innocent


def test_what_people_reach_has_cases_enough() -> None:
    """Of each number that a folder of migrations can show, there are at least five: ``number`` in README.md."""
    forms = {number: sum(max(1, len(case.forms)) for case in ALL if case.number == number) for number in NUMBERED}
    print(forms)
    assert {number: many for number, many in forms.items() if many < 5} == {}


def test_each_kind_is_there() -> None:
    kinds = {"access", "platform", "operations", "migrations", "vacuous", "draft", "causes"}
    assert {case.kind for case in ALL} == kinds
    assert all(case.expect or case.forms for case in ALL if case.kind != "access" or not case.name.startswith("I"))
