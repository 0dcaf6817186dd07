"""The runbook's own database, as its SQL presupposes it: more columns, other words, two generations of messaging.

As it is, every policy holds or has nothing to look at. Then its defects are planted one by one (``holes``, files like
those in tests/sabotage, with the policy that is to find each and ``object:``, what it is to name): each is found where
it is, and no other policy objects but those named under ``also:``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from audit import settings
from audit.access import declaration
from audit.access.parameters import parameters
from audit.connection import connect
from audit.policy import CORE, Policy
from audit.results import Verdict
from audit.server.target import Choice, opened
from audit.sql_text import statements
from fixtures.suite import Suite
from fixtures.target import CHOICE
from reports import waivers
from reports.model import Result
from tests.support.auditing import acts
from tests.support.proving import OVERALL, POLICIES, Bench, Sabotage, aspects, read

FOLDER = Path(__file__).parent / "care_collective"
MEMBERS = 3
HOLES = [read(path) for path in sorted((FOLDER / "holes").glob("*.sql"))]

# What the runbook is about, each of which has a hole at least.
CHAPTERS = ("AUTH", "HELP", "CONTACT", "MSG", "PERF", "RLS", "EXPO", "MON", "MAINT", "SCHEMA")

# Of a database that was built a moment ago nobody can tell, or they have nothing to look at in this one.
SILENT = {
    "EXPO-14": "extensions for GraphQL or queues",
    "EXPO-16": "public buckets",
    "EXPO-17": "GraphQL extensions",
    "EXPO-18": "undeclared tables with rules about whose the rows are",
    "EXPO-19": "undeclared tables with rules about whose the rows are",
    "MAINT-05": "server with archive_mode on",
    "MAINT-06": "replication slots",
    "RLS-16": "exposed children of other tables",
    "RLS-26": "undeclared tables with rules about whose the rows are",
}
# Those of a gate, which has new migrations, those of files beside the database, and those that need a history: other
# tests ask them.
ELSEWHERE = {
    name for name, policy in POLICIES.items()
    if policy.needs or {*policy.askers} & {"gate", "failed_migrations", "app", "runbook", "drift"}
}  # fmt: skip

# What the runbook has its readers type in, about these tables, with ids that are there.
RUNBOOK = """
select * from verify_user_registration_system();
select u.id, u.email, u.created_at, p.id as profile_id from auth.users u left join profiles p on u.id = p.id
where p.id is null order by u.created_at desc limit 10;
insert into profiles (id, name, created_at) select u.id, coalesce(u.raw_user_meta_data->>'name', u.email), u.created_at
from auth.users u left join profiles p on u.id = p.id where p.id is null;
select trigger_name, event_manipulation, event_object_table, action_statement from information_schema.triggers
where trigger_name = 'on_auth_user_created';
explain analyze select hr.*, p.name, p.location from help_requests hr join profiles p on hr.user_id = p.id
where hr.status = 'open' order by hr.urgency desc, hr.created_at desc limit 20;
insert into help_requests (user_id, title, category, urgency)
values ('00000000-0000-4000-8000-000000000003', 'Test Request', 'groceries', 'normal');
select ce.*, hr.title from contact_exchanges ce join help_requests hr on ce.request_id = hr.id
where ce.confirmed_at is null and ce.exchanged_at < now() - interval '24 hours';
select ce.id, ce.request_id, ce.helper_id, ce.requester_id, ce.exchanged_at, ce.confirmed_at, hr.title
from contact_exchanges ce join help_requests hr on ce.request_id = hr.id
where ce.exchanged_at > now() - interval '1 hour' order by ce.exchanged_at desc;
select * from verify_rls_security();
delete from contact_exchanges where confirmed_at is null and exchanged_at < now() - interval '48 hours';
select get_contact_info_with_consent('20000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000003');
select c.*, cp.user_id, cp.left_at from conversations c join conversation_participants cp on c.id = cp.conversation_id
where c.id = '40000000-0000-4000-8000-000000000002';
select m.id, m.status, m.created_at, m.read_at, p.name as sender_name
from messages m join profiles p on m.sender_id = p.id
where m.conversation_id = '40000000-0000-4000-8000-000000000002' order by m.created_at desc limit 10;
insert into conversation_participants (conversation_id, user_id)
values ('40000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000005') on conflict do nothing;
update conversations set last_message_at = now(), updated_at = now() where id = '40000000-0000-4000-8000-000000000002';
reindex index idx_help_requests_status_urgency_created;
reindex index idx_messages_conversation_created;
alter table help_requests disable row level security;
select * from unhealthy_metrics;
"""

Before = dict[str, Result]


@pytest.fixture(scope="module")
def bench(pytestconfig: pytest.Config) -> Iterator[Bench]:
    """Build the project once, for all defects."""
    chosen = Suite(settings.load(FOLDER / "audit.toml"), declaration.load(FOLDER / "access.toml"))
    choice = Choice(
        postgres_bin=pytestconfig.stash[CHOICE].postgres_bin,
        migrations=FOLDER / "supabase" / "migrations",
        members=MEMBERS,
        parts=chosen.settings.parts,
    )
    with opened(choice) as target, connect(target.server.dsn) as connection:
        assert target.unfilled == {}
        assert target.undecided == ()
        known = parameters(connection, chosen.settings, chosen.access)
        made = Bench(target, known, connection, chosen, waivers.load(FOLDER / "waivers.toml", POLICIES))
        yield made
        made.connection.close()  # the proofs connect anew now and then


@pytest.fixture(scope="module")
def before(bench: Bench) -> Before:
    """Ask every policy of the database as it is."""
    bench.connection.execute("begin")
    asked = {name: bench.ask(policy, bench.connection) for name, policy in POLICIES.items() if name not in ELSEWHERE}
    bench.connection.execute("rollback")
    return asked


@pytest.fixture(scope="module")
def shape(bench: Bench) -> dict[str, str]:
    """Return what access depends on in the database as it is."""
    return aspects(bench.connection)


def test_as_it_is_everything_holds(before: Before) -> None:
    said = {name: (str(r.verdict), r.reason) for name, r in before.items() if r.verdict is not Verdict.HOLDS}
    assert said == {
        name: (str(Verdict.NOT_APPLICABLE), f"there is nothing to look at: no {what}") for name, what in SILENT.items()
    }


def test_the_runbooks_statements_work_here(bench: Bench) -> None:
    bench.connection.execute("begin; set local search_path = public")
    for statement in statements(RUNBOOK):
        bench.connection.execute(statement.text)
    bench.connection.execute("rollback")


def test_every_chapter_has_its_defects() -> None:
    assert len(HOLES) >= 30
    assert {hole.policy.partition("-")[0] for hole in HOLES} == {*CHAPTERS}
    pack = {name for name, policy in POLICIES.items() if policy.pack == "care-collective"}
    assert pack - {hole.policy for hole in HOLES} == {"HELP-04"}


def elsewhere(policy: Policy, hole: Sabotage, changed: Collection[str]) -> bool:
    """Tell whether a policy is of another chapter, and acts, or is about the catalogue, which is as it was."""
    other_chapter = policy.id.partition("-")[0] != hole.policy.partition("-")[0]
    return other_chapter and (acts(policy) or (policy.pack == CORE and not changed))


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.path.stem)
def test_every_defect_is_found_and_nothing_else(
    pytestconfig: pytest.Config, bench: Bench, before: Before, shape: dict[str, str], hole: Sabotage
) -> None:
    """Its policy names the defect, and no other policy objects but those that the first comment names.

    The others are those that only ask, if something that is not data has changed, and those of the pack in which
    people act for the same chapter; with ``--thorough`` all whose subject has changed, those that look at all access at
    once among them, but not RLS-09, which takes as long as the rest together.
    """
    thorough = pytestconfig.getoption("thorough")
    expected = (hole.also if thorough else hole.also - OVERALL.keys()) | hole.blind | {hole.policy}
    with bench.proof(hole) as scene:
        scene.execute(hole.sql)
        changed = {name for name, _ in aspects(scene.connection).items() ^ shape.items()}
        unasked = {name for name, looked_at in OVERALL.items() if not changed & looked_at} | {"RLS-09"}
        if not thorough:
            unasked |= {name for name, policy in POLICIES.items() if elsewhere(policy, hole, changed)} | OVERALL.keys()
        found = {name: scene.ask(name) for name in before if name in expected or name not in unasked}
    objects = {finding.object for finding in found[hole.policy].findings}
    assert found[hole.policy].verdict is Verdict.VIOLATED, f"{found[hole.policy].verdict} {found[hole.policy].reason}"
    assert hole.expects(objects), objects
    fine = (Verdict.HOLDS, Verdict.NOT_APPLICABLE)
    objecting = {name: result for name, result in found.items() if result.verdict not in fine}
    assert {name for name, r in objecting.items() if r.verdict is Verdict.UNCHECKED} == hole.blind, objecting
    assert {*objecting} == expected, {
        name: (str(r.verdict), r.reason, [finding.object for finding in r.findings]) for name, r in objecting.items()
    }
