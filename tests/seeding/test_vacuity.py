"""Where there is nobody and nothing, whatever takes people or rows to show does not hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from audit.actors import Stage, staged
from audit.connection import connect
from audit.evidence import Evidence, Log, Population, Unchecked
from audit.judging import ruling
from audit.people import CAST, GROUPS
from audit.results import Verdict
from audit.server.target import opened
from fixtures.target import CHOICE
from reports.model import Result
from tests.support.proving import OF_DATABASES, POLICIES, Bench, Sabotage

TABLES = [
    "public.profiles",
    "public.help_requests",
    "public.contact_exchanges",
    "public.conversations",
    "public.conversation_participants",
    "public.messages",
]

EVERYTHING = {*TABLES, "auth.users", "public.contact_exchange_audit", "storage.buckets", "storage.objects"}

ALICE, BOB = CAST["alice"].id, CAST["bob"].id


@dataclass(frozen=True)
class Asked:
    """What every policy said of one database, and what each asked it."""

    results: Mapping[str, Result]
    questions: Mapping[str, set[str]]

    def holding(self) -> set[str]:
        """Return the policies that hold."""
        return {name for name, result in self.results.items() if result.verdict is Verdict.HOLDS}

    def about(self, *tables: str) -> set[str]:
        """Return the policies that looked at rows of tables which they did not bring themselves."""
        return {name for name in self.results if {*tables} & self._looked_at(name) - self.brought(name)}

    def _looked_at(self, name: str) -> set[str]:
        population = self.results[name].population
        # Who was refused without regard to any row saw none.
        return set(population.of.split(" and ")) if population and not population.refused else set()

    def brought(self, name: str) -> set[str]:
        """Return the tables that a policy wrote new rows to."""
        statements = [part for question in self.questions.get(name, ()) for part in question.split(";\n")]
        return {match[1] for text in statements if (match := re.match(r"\s*insert into (\S+)", text))}


def ask(bench: Bench, sql: str) -> Asked:
    """Ask every policy that a disposable database is a subject of, after some SQL."""
    nothing = Sabotage(Path("nothing.sql"), policy="", innocent=True, sql=sql)
    bench.questions = {}
    with bench.proof(nothing) as scene:
        scene.execute(sql)
        results = {name: scene.ask(name) for name, policy in POLICIES.items() if not policy.needs}
    return Asked(results, bench.questions)


@pytest.fixture(scope="module")
def full(bench: Bench) -> Asked:
    """What is said of the reference database as it is."""
    return ask(bench, "select 1")


def test_without_people_only_structure_holds(bench: Bench, full: Asked) -> None:
    """Structure is what the auditor counts in the catalogue, and what happens at a sign-up."""
    alone = ask(bench, f"truncate {', '.join(sorted(EVERYTHING))} cascade")
    people = {*CAST, *GROUPS, "matrix"}
    acting = {name for name in full.results if {*POLICIES[name].askers} & people}
    of_people = (acting | full.about(*EVERYTHING)) - {name for name in acting if "auth.users" in full.brought(name)}
    # Newcomers sign in, whoever else is there.
    of_people -= {name for name, policy in POLICIES.items() if policy.askers == ("auth_service",)}
    assert len(of_people) > len(OF_DATABASES) / 3
    assert alone.holding() & of_people == set()
    # Nobody is to blame for what nobody did.
    assert {name for name, result in alone.results.items() if result.verdict is Verdict.VIOLATED} == set()


@pytest.mark.parametrize("table", TABLES)
def test_policies_about_rows_do_not_hold_without_them(bench: Bench, full: Asked, table: str) -> None:
    about = full.about(table) & full.holding()
    assert about, f"no policy looks at {table}"
    assert ask(bench, f"truncate {table} cascade").holding() & about == set()


def test_what_was_not_looked_at_is_said(bench: Bench) -> None:
    theirs = f"delete from public.contact_exchanges where not array[helper_id, requester_id] <@ '{{{ALICE}, {BOB}}}'"
    result = ask(bench, theirs).results["CONTACT-05"]
    told = "nothing to look at for alice: select public.contact_exchanges; bob: select public.contact_exchanges"
    assert (result.verdict, result.reason) == (Verdict.HOLDS, told)


def evidence(log: Log, count: int, *, refused: bool = False, of: str = "public.t") -> Evidence:
    """Return one answer about a table, named for how much there was."""
    idle = (f"{count} rows",) if not count and not refused else ()
    return Evidence([], about=f"{count} rows", log=log, population=Population(count, of, refused=refused, idle=idle))


NOTHING = "there is nothing to look at: no public.t"


@pytest.mark.parametrize(
    ("parts", "verdict", "reason"),
    [
        ([{"count": 0}], Verdict.NOT_APPLICABLE, NOTHING),
        ([{"count": 0, "refused": True}], Verdict.HOLDS, ""),
        ([{"count": 0, "refused": True}, {"count": 0}], Verdict.NOT_APPLICABLE, NOTHING),
        ([{"count": 3}, {"count": 0}], Verdict.HOLDS, "nothing to look at for 0 rows"),
        ([{"count": 3, "of": "public.u"}, {"count": 0}], Verdict.NOT_APPLICABLE, f"{NOTHING}; the rest holds"),
        (
            [{"count": 0, "refused": True, "of": "public.u"}, {"count": 0}],
            Verdict.NOT_APPLICABLE,
            f"{NOTHING}; the rest holds",
        ),
    ],
)
def test_a_refusal_covers_nobody_elses_nothing(parts: list[dict[str, object]], verdict: Verdict, reason: str) -> None:
    policy = next(iter(POLICIES.values()))
    for together in (True, False):
        log = Log()
        answers = [evidence(log, **part) for part in parts]  # type: ignore[arg-type]
        if together:
            answers = [sum(answers[1:], answers[0])]
        assert not any(answers)
        result = ruling(policy, log, None)
        assert (result.verdict, result.reason) == (verdict, reason)


def test_people_who_are_nobody_prove_nothing(bench: Bench) -> None:
    with staged(bench.connection, bench.known, Log(), {"public.profiles": "no known columns"}) as stage:
        bench.connection.execute("set local session_replication_role = replica")
        bench.connection.execute(f"delete from public.profiles where id = '{CAST['alice'].id}'")
        answer = stage.actor("alice")("select from public.messages")
        assert not answer
        assert answer.unjudgeable == "alice is not in public.profiles: no known columns"
        assert stage.actor("bob")("select from public.messages")
        assert stage.doubt.startswith("alice is not in")


def test_an_offender_stays_found_whatever_could_not_be_judged(bench: Bench) -> None:
    log = Log()
    with staged(bench.connection, bench.known, log, {}) as stage:
        alice = stage.actor("alice")
        found, doubt = alice("select from public.messages"), alice("select 1 / 0 from public.messages")
        assert found + doubt
        result = ruling(POLICIES["MSG-07"], log, AssertionError())
        assert (result.verdict, len(result.offences), result.partial) == (Verdict.VIOLATED, 1, True)
        assert not doubt
        assert ruling(POLICIES["MSG-07"], log, AssertionError()).verdict is Verdict.UNCHECKED


def test_what_nobody_could_judge_says_what_would_enable_it(bench: Bench) -> None:
    log = Log()
    stage = Stage(Unchecked("nobody acts", grants=["grant it;"]), bench.known, log)
    assert not stage.actor("outsiders")("select from public.messages")
    result = ruling(POLICIES["MSG-07"], log, None)
    assert (result.verdict, result.reason, result.remedy) == (Verdict.UNCHECKED, "nobody acts", "grant it;")


@pytest.mark.parametrize(
    ("policy", "when", "table"),
    [
        ("HELP-05", "insert", "public.help_requests"),
        ("CONTACT-10", "insert", "public.contact_exchanges"),
        ("CONTACT-10", "update", "public.contact_exchanges"),
        ("MSG-10", "insert", "public.messages"),
    ],
)
def test_what_a_trigger_takes_back_from_everybody_does_not_work(
    bench: Bench, policy: str, when: str, table: str
) -> None:
    """The owner of the database gets nowhere either: that is no lack of rows."""
    bench.connection.execute("begin")
    bench.connection.execute(
        f"""
        create function private.take_back() returns trigger language plpgsql as $$ begin return null; end $$;
        create trigger a_take_back before {when} on {table} for each row execute function private.take_back()
        """
    )
    assert bench.ask(POLICIES[policy], bench.connection).verdict is Verdict.VIOLATED
    bench.connection.execute("rollback")


def test_nobody_acts_on_what_was_not_made(bench: Bench) -> None:
    with staged(bench.connection, bench.known, Log(), {}) as stage:
        alice = stage.actor("alice")
        assert not alice.does("select 1 / 0 from public.messages")
        answer = alice("select from public.messages")
        assert not answer
        assert answer.unjudgeable == "DivisionByZero (22012)"


def test_a_community_of_the_cast_alone_is_complete(pytestconfig: pytest.Config, bench: Bench) -> None:
    """Without a crowd every policy still finds what it needs, and none finds fault with it."""
    with opened(replace(pytestconfig.stash[CHOICE], members=0)) as target, connect(target.dsn) as connection:
        few = Bench(target, bench.known, connection, bench.suite)
        names = [name for name, policy in POLICIES.items() if not policy.needs]
        # What a busy machine had no time to answer is asked once more.
        for _ in range(2):
            results = {name: few.ask(POLICIES[name], connection).verdict for name in names}
            many = {name: bench.ask(POLICIES[name], bench.connection).verdict for name in names}
            names = [name for name in names if results[name] is not many[name]]
    assert [(name, results[name], many[name]) for name in names] == []
