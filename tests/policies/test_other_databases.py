"""The runbook's chapters on a database that differs from the reference, as the real one does.

Other words in its vocabularies, another key of its profiles, a second generation of the tables of messaging, and
something missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from audit.packs import RUNBOOK_OBJECTS
from audit.question import renamed
from audit.results import Verdict
from audit.settings import Messaging
from reports.model import Result
from tests.support.proving import OVERALL, POLICIES, Bench

CHAPTERS = [name for name, policy in POLICIES.items() if policy.pack == "care-collective"]


@contextmanager
def other(bench: Bench, sql: str) -> Iterator[None]:
    """Make the reference another database for a while."""
    bench.connection.execute("begin")
    bench.judgements = []
    try:
        bench.connection.execute(sql)
        yield
    finally:
        bench.connection.execute("rollback")
        bench.judgements = bench.untouched


def ask(bench: Bench, policy: str, **known: Any) -> Result:
    return bench.ask(POLICIES[policy], bench.connection, known)


VOCABULARY = """
alter table public.help_requests drop constraint help_requests_urgency_known;
alter table public.help_requests drop constraint help_requests_category_known;
update public.help_requests set category = case category when 'groceries' then 'shopping' else 'other' end;
alter table public.help_requests add constraint words check (urgency is null or urgency in ('normal', 'high', 'urgent',
    'critical'));
create domain public.kind as text check (value = 'shopping' or value = 'neighbour''s > garden' or value = 'other');
alter table public.help_requests alter column category type public.kind;
alter table public.help_requests add constraint not_long check (char_length(category) < 40 and category <> 'none');
"""


def test_the_words_are_those_that_the_database_allows(bench: Bench) -> None:
    with other(bench, VOCABULARY):
        for policy in ("HELP-02", "HELP-05", "HELP-06", "HELP-10"):
            assert (result := ask(bench, policy)).verdict is Verdict.HOLDS, f"{policy}: {result.reason}"
        bench.connection.execute(
            """
            update public.help_requests set urgency = 'high' where id = '20000000-0000-4000-8000-000000000001';
            alter table public.help_requests drop constraint words;
            alter table public.help_requests add constraint words check (urgency in ('normal', 'urgent')) not valid
            """
        )
        result = ask(bench, "HELP-02")
        assert result.verdict is Verdict.VIOLATED
        assert "20000000-0000-4000-8000-000000000001" in {finding.object for finding in result.findings}
        for finding in result.findings:
            bench.connection.execute(finding.fix)
        assert ask(bench, "HELP-02").verdict is Verdict.HOLDS


KEY = """
alter table public.profiles add column user_id uuid unique references auth.users (id) on delete cascade;
update public.profiles set user_id = id;
alter table public.profiles drop constraint profiles_id_fkey;
"""


@pytest.mark.parametrize("references", ["", "alter table public.profiles drop constraint profiles_user_id_fkey;"])
def test_whose_a_profile_is_follows_the_key(bench: Bench, references: str) -> None:
    strange = """
    alter table public.profiles disable trigger user;
    set local session_replication_role = replica;
    update public.profiles set id = gen_random_uuid();
    set local session_replication_role = origin;
    """
    with other(bench, KEY + references + strange):
        for policy in ("AUTH-01", "AUTH-02", "AUTH-05"):
            if policy != "AUTH-05":  # which signs somebody up, by a trigger that knows of the id alone
                assert (result := ask(bench, policy)).verdict is Verdict.HOLDS, f"{policy}: {result.reason}"
        bench.connection.execute("delete from public.profiles where user_id = '10000000-0000-4000-8000-000000001009'")
        result = ask(bench, "AUTH-01")
        assert [finding.object for finding in result.findings] == ["10000000-0000-4000-8000-000000001009"]
        # The id must be filled, too, and nobody knows with what.
        assert result.findings[0].fix.splitlines()[-1].startswith("-- somebody to say: insert into public.profiles (")


def test_without_a_key_nobody_is_judged(bench: Bench) -> None:
    sql = "alter table public.profiles drop constraint profiles_id_fkey; alter table public.profiles rename id to was;"
    with other(bench, sql + "alter table public.profiles drop constraint profiles_pkey cascade;"):
        for policy in ("AUTH-01", "AUTH-02"):
            assert ask(bench, policy).verdict is Verdict.NOT_APPLICABLE


MISSING = [each for each in RUNBOOK_OBJECTS if each.startswith(("function", "view"))]


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_is_one_finding(bench: Bench, name: str) -> None:
    with other(bench, f"drop {name}"):
        said = {policy: ask(bench, policy) for policy in [*CHAPTERS, "SCHEMA-01"] if policy not in OVERALL}
    wrong = {
        p: (str(r.verdict), r.reason) for p, r in said.items() if r.verdict in (Verdict.VIOLATED, Verdict.UNCHECKED)
    }
    assert {*wrong} == {"SCHEMA-01"}, wrong
    assert [finding.object for finding in said["SCHEMA-01"].findings] == [name]


SECOND = Messaging("public.chats", "public.chat_members", "public.chat_messages")
NAMES = {
    "public.conversations": SECOND.conversations,
    "public.conversation_participants": SECOND.participants,
    "public.messages": SECOND.messages,
}
GENERATIONS = {"messaging": [vars(Messaging()), vars(SECOND)]}

# The reference's own tables in a second edition, with their rows, keys and rules.
SECOND_GENERATION = """
create table public.chats (like public.conversations including all);
create table public.chat_members (like public.conversation_participants including all);
create table public.chat_messages (like public.messages including all);
insert into public.chats select * from public.conversations;
insert into public.chat_members select * from public.conversation_participants;
insert into public.chat_messages select * from public.messages;
alter table public.chats enable row level security;
alter table public.chat_members enable row level security;
alter table public.chat_messages enable row level security;
grant select on public.chats, public.chat_members, public.chat_messages to authenticated;
grant insert (conversation_id, sender_id, content), update (status, read_at) on public.chat_messages to authenticated;
create function private.is_in(conversation uuid, moment timestamptz) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from public.chat_members p join public.profiles m on m.id = p.user_id
    where p.conversation_id = conversation and p.user_id = auth.uid() and m.verification_status = 'approved'
    and (p.left_at is null or moment < p.left_at))
$$;
create policy reading on public.chats for select to authenticated using (private.is_in(id, 'infinity'));
create policy reading on public.chat_members for select to authenticated
using (private.is_in(conversation_id, 'infinity'));
create policy reading on public.chat_messages for select to authenticated
using (private.is_in(conversation_id, created_at));
create policy sending on public.chat_messages for insert to authenticated
with check (sender_id = (select auth.uid()) and private.is_in(conversation_id, 'infinity'));
create function private.note() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update public.chats c set last_message_at = new.created_at where c.id = new.conversation_id;
  return null;
end $$;
create trigger note after insert on public.chat_messages for each row execute function private.note();
"""

MESSAGING = [name for name in POLICIES if name.startswith("MSG-")]

BREACHES: Mapping[str, str] = {
    "MSG-01": "delete from public.chat_members where conversation_id = (select min(id::text)::uuid from public.chats)",
    "MSG-02": "update public.chat_messages set sender_id = '00000000-0000-4000-8000-000000000002'",
    "MSG-03": "update public.chats set last_message_at = now() - interval '9 years'",
    "MSG-04": "update public.chat_messages set read_at = created_at - interval '1 hour'",
    "MSG-05": "update public.chat_messages set status = 'sent', read_at = null, created_at = now() - interval '9 days'",
    "MSG-06": "drop index public.chat_messages_conversation_id_created_at_idx",
    "MSG-07": "create policy open on public.chat_messages for select to anon, authenticated using (true)",
    "MSG-08": "create policy open on public.chat_messages for insert to authenticated with check (true)",
    "MSG-09": "grant update (left_at) on public.chat_members to authenticated;"
    "create policy u on public.chat_members for update to authenticated using (user_id = (select auth.uid()))",
    "MSG-10": "revoke insert on public.chat_messages from authenticated;"
    "revoke insert (conversation_id, sender_id, content) on public.chat_messages from authenticated",
    "MSG-11": "grant delete on public.chat_messages to authenticated;"
    "create policy d on public.chat_messages for delete to authenticated using (private.is_in(conversation_id, now()))",
}


@pytest.fixture
def second(bench: Bench) -> Iterator[Bench]:
    with other(bench, SECOND_GENERATION):
        yield bench


# The keys and triggers of a table keep from it what a breach does.
UNGUARDED = """
do $$
declare c record;
begin
    for c in
        select conrelid::regclass as relation, conname from pg_constraint
        where conrelid = 'public.chat_messages'::regclass and contype = 'c'
    loop
        execute format('alter table %s drop constraint %I', c.relation, c.conname);
    end loop;
end $$;
set local session_replication_role = replica;
"""


@pytest.mark.parametrize("policy", MESSAGING)
def test_a_sound_second_generation_holds(second: Bench, policy: str) -> None:
    result = ask(second, policy, **GENERATIONS)
    assert result.verdict is Verdict.HOLDS, (result.reason, result.findings)


@pytest.mark.parametrize("policy", BREACHES)
def test_each_generation_is_asked(second: Bench, policy: str) -> None:
    second.connection.execute(UNGUARDED + BREACHES[policy] + "; set local session_replication_role = origin")
    found = ask(second, policy, **GENERATIONS)
    alone = ask(second, policy)
    assert found.verdict is Verdict.VIOLATED, found.reason
    assert alone.verdict is Verdict.HOLDS, alone.findings
    for finding in found.findings:
        assert renamed(finding.fix, {"renamed": NAMES}) == finding.fix


def test_what_is_read_from_a_table_that_is_not_there_is_read_from_a_query() -> None:
    known = {
        "renamed": {"public.conversation_participants": "public.chats", "public.messages": "public.lines"},
        "instead": {"public.conversation_participants": "select 1"},
    }
    for text, expected in (
        ("select from public.conversation_participants p", "select from (select 1) p"),
        ("join public.conversation_participants as p on x", "join (select 1) as p on x"),
        (
            "from public.conversation_participants where x",
            "from (select 1) as conversation_participants where x",
        ),
        ("select from public.conversation_participants", "select from (select 1) as conversation_participants"),
        ("delete from public.conversation_participants", "delete from public.chats"),
        ("to_regclass('public.conversation_participants')", "to_regclass('public.chats')"),
        ("from public.messages m, public.messages_v9", "from public.lines m, public.messages_v9"),
    ):
        assert renamed(text, known) == expected


# More of everything that a row must have: the stories fill it, as long as somebody may.
DEMANDING = """
alter table public.help_requests add column wanted_by text;
update public.help_requests set wanted_by = 'noon ' || id;
alter table public.help_requests alter column wanted_by set not null, add unique (wanted_by);
alter table public.contact_exchanges add column way public.way;
update public.contact_exchanges set way = 'phone';
alter table public.contact_exchanges alter column way set not null;
alter table public.messages add column recipient_id uuid references public.profiles (id);
update public.messages m set recipient_id = (
    select p.user_id from public.conversation_participants p
    where p.conversation_id = m.conversation_id and p.user_id <> m.sender_id limit 1);
alter table public.messages alter column recipient_id set not null;
"""
FILLED = """
grant insert (wanted_by), update (wanted_by) on public.help_requests to authenticated;
grant insert (way) on public.contact_exchanges to authenticated;
grant insert (recipient_id) on public.messages to authenticated;
"""
DEMANDED = {"HELP-05": "alice: create a request", "CONTACT-10": "bob: insert into public.contact_exchanges"}
DEMANDED |= {"MSG-10": "alice: send a message"}


def test_stories_fill_what_a_row_must_have(bench: Bench) -> None:
    with other(bench, "create type public.way as enum ('phone', 'letter');" + DEMANDING):
        for policy, what in DEMANDED.items():
            assert [finding.object for finding in ask(bench, policy).findings] == [what]
        bench.connection.execute(FILLED)
        for policy in (*DEMANDED, "HELP-06", "HELP-10", "CONTACT-07", "CONTACT-11", "MSG-08", "MSG-09"):
            assert (result := ask(bench, policy)).verdict is Verdict.HOLDS, f"{policy}: {result.reason}"
        bench.connection.execute(
            """
            create policy open on public.messages for insert to authenticated with check (sender_id = auth.uid());
            alter table public.messages drop constraint messages_sender_takes_part
            """
        )
        found = {finding.object for finding in ask(bench, "MSG-08").findings}
        assert "stranger: send a message into others' conversation" in found


RESTRICTED = """
create table public.time_outs (id serial primary key, member uuid not null references public.profiles (id), why text);
insert into public.time_outs (member, why) select id, 'made up' from public.profiles;
create function private.may_write() returns boolean language sql stable security definer set search_path = '' as $$
  select not exists (select from public.time_outs t where t.member = auth.uid())
$$;
grant execute on function private.may_write() to authenticated;
create policy quiet on public.messages as restrictive for insert to authenticated with check (private.may_write());
"""


def test_stories_are_about_members_whom_nobody_has_restricted(bench: Bench) -> None:
    with other(bench, RESTRICTED):
        assert (result := ask(bench, "MSG-10")).verdict is Verdict.HOLDS, result
        bench.connection.execute(
            "create or replace function private.may_write() returns boolean language sql stable as 'select false'"
        )
        assert ask(bench, "MSG-10").verdict is Verdict.VIOLATED


OTHER_TRAIL = """
create table public.history (
    id uuid primary key default gen_random_uuid(), subject uuid not null, kind text not null,
    at timestamptz default now());
insert into public.history (subject, kind) select id, 'exchange' from public.contact_exchanges;
alter table public.history enable row level security;
create function private.note_exchange() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.history (subject, kind) values (new.id, 'exchange');
  return null;
end $$;
create trigger note_exchange after insert on public.contact_exchanges
for each row execute function private.note_exchange();
create function private.offer() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.contact_exchanges (request_id, helper_id, requester_id)
  values (new.id, new.helper_id, new.user_id);
  return null;
end $$;
create trigger offer after update of helper_id on public.help_requests for each row
when (old.helper_id is distinct from new.helper_id and new.helper_id is not null) execute function private.offer();
drop table public.contact_exchange_audit cascade;
drop trigger audit_exchange on public.contact_exchanges;
drop trigger audit_confirmation on public.contact_exchanges;
"""
TRAIL = {"exchange_trail": "public.history.subject"}


def test_the_trail_and_the_offer_may_be_elsewhere(bench: Bench) -> None:
    with other(bench, OTHER_TRAIL):
        assert ask(bench, "CONTACT-11").verdict is Verdict.NOT_APPLICABLE
        for policy in ("CONTACT-07", "CONTACT-10", "CONTACT-11"):
            assert (result := ask(bench, policy, **TRAIL)).verdict is Verdict.HOLDS, result
        bench.connection.execute("savepoint sound; drop trigger note_exchange on public.contact_exchanges")
        objects = [finding.object for finding in ask(bench, "CONTACT-11", **TRAIL).findings]
        assert objects == ["public.contact_exchanges"]
        bench.connection.execute(
            """
            rollback to savepoint sound;
            grant insert (subject, kind) on public.history to authenticated;
            create policy note on public.history for insert to authenticated with check (true);
            """
        )
        objects = [finding.object for finding in ask(bench, "CONTACT-11", **TRAIL).findings]
        assert "alice: insert into public.history" in objects


def test_a_generation_that_is_not_there_hides_nothing(bench: Bench) -> None:
    with other(bench, "update public.conversations set last_message_at = now() - interval '9 years'"):
        assert ask(bench, "MSG-03", **GENERATIONS).verdict is Verdict.VIOLATED
        only = {"messaging": [vars(SECOND)]}
        assert ask(bench, "MSG-03", **only).verdict is Verdict.NOT_APPLICABLE
