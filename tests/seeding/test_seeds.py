"""The made-up community obeys the domain's rules, is the same each time, and fits itself to other schemas."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from audit.connection import connect
from audit.people import CAST
from audit.seeding.community import SOMETIMES_MISSING, Community
from audit.seeding.seeds import Planted, plant
from audit.server.target import MIGRATIONS, PLATFORM, Target
from tests.support.auditing import migrated

Connection = psycopg.Connection[Any]

PUBLIC_TABLES = (
    "public.profiles",
    "public.help_requests",
    "public.contact_exchanges",
    "public.contact_exchange_audit",
    "public.conversations",
    "public.conversation_participants",
    "public.messages",
)
TABLES = ("auth.users", *PUBLIC_TABLES, "storage.buckets", "storage.objects")

# Each question returns offenders.
RULES = {
    "every user has a profile and every profile a user": """
        select coalesce(u.id, p.id) from auth.users u full join profiles p using (id) where u.id is null or p.id is null
    """,
    "the name at sign-up is the profile's": """
        select id from auth.users u join profiles p using (id) where u.raw_user_meta_data ->> 'name' <> p.name
    """,
    "an anonymous sign-in has no e-mail, everybody else has a confirmed one of example.org": """
        select id from auth.users
        where is_anonymous <> (email is null)
           or not is_anonymous and (email not like '%@example.org' or email_confirmed_at < created_at
                                    or email_confirmed_at is null)
    """,
    "no name is an e-mail address": "select id from profiles where name ~ '@'",
    "approved means approved by an admin, after sign-up, and nobody approved themselves": """
        select p.id from profiles p left join profiles a on a.id = p.approved_by
        where (p.verification_status = 'approved') <> (p.approved_at is not null)
           or (p.approved_at is null) <> (p.approved_by is null)
           or p.approved_at < p.created_at or p.approved_at > now() or not a.is_admin or a.id = p.id
    """,
    "admins are approved, but for one whose approval was taken back": """
        select id from profiles where is_admin and verification_status <> 'approved' and name <> 'Reggie Turnaway'
    """,
    "only approved members ask and help, and only since they are": """
        select r.id from help_requests r join profiles p on p.id in (r.user_id, r.helper_id)
        where (p.verification_status <> 'approved' or p.approved_at > r.created_at) and p.name <> 'Reggie Turnaway'
    """,
    "nobody helps themselves": "select id from help_requests where helper_id = user_id",
    "a helper is there exactly when help is under way or done": """
        select id from help_requests
        where (status in ('in_progress', 'completed')) <> (helper_id is not null and helped_at is not null)
    """,
    "the times of a request agree with its status": """
        select id from help_requests
        where (status = 'completed') <> (completed_at is not null)
           or (status = 'cancelled') <> (cancelled_at is not null)
           or helped_at < created_at or completed_at < helped_at or cancelled_at < created_at
           or greatest(created_at, helped_at, completed_at, cancelled_at) > now()
    """,
    "titles have 5 to 100 characters": "select id from help_requests where char_length(title) not between 5 and 100",
    "an exchange is between the request's owner and helper, while they were that": """
        select e.id from contact_exchanges e join help_requests r on r.id = e.request_id
        where (e.requester_id, e.helper_id) is distinct from (r.user_id, r.helper_id) or e.exchanged_at < r.helped_at
           or e.exchanged_at > coalesce(r.completed_at, now())
    """,
    "no exchange was confirmed before it was made": """
        select id from contact_exchanges where confirmed_at < exchanged_at or confirmed_at > now()
    """,
    "what is not confirmed is younger than 20 hours": """
        select id from contact_exchanges where confirmed_at is null and exchanged_at < now() - interval '20 hours'
    """,
    "nobody is party to more than five exchanges within an hour": """
        select e.id from contact_exchanges e
        where (select count(*) from contact_exchanges o
               where (o.helper_id in (e.helper_id, e.requester_id) or o.requester_id in (e.helper_id, e.requester_id))
                 and o.exchanged_at between e.exchanged_at - interval '1 hour' and e.exchanged_at) > 5
    """,
    "every exchange has its trail": """
        select e.id from contact_exchanges e
        where (select array_agg((a.action, a.actor, a.happened_at)::text order by a.happened_at)
               from contact_exchange_audit a where a.exchange_id = e.id and a.request_id = e.request_id)
              is distinct from array_remove(array[
                  ('made', e.helper_id, e.exchanged_at)::text,
                  case when e.confirmed_at is not null then ('confirmed', e.requester_id, e.confirmed_at)::text end
              ], null)
    """,
    "a conversation has the request's two parties": """
        select c.id from conversations c join help_requests r on r.id = c.help_request_id
        where array[least(r.user_id, r.helper_id), greatest(r.user_id, r.helper_id)] is distinct from
              (select array_agg(p.user_id order by p.user_id) from conversation_participants p
               where p.conversation_id = c.id)
           or c.created_by is null or c.created_by not in (r.user_id, r.helper_id) or c.created_at < r.helped_at
    """,
    "last_message_at is the newest message's time": """
        select id from conversations c
        where last_message_at is distinct from (select max(created_at) from messages where conversation_id = c.id)
           or updated_at < last_message_at or last_message_at > now()
    """,
    "who sent a message took part at that time": """
        select m.id from messages m
        where not exists (
            select from conversation_participants p
            where (p.conversation_id, p.user_id) = (m.conversation_id, m.sender_id)
              and m.created_at >= p.joined_at and (p.left_at is null or m.created_at < p.left_at)
        )
    """,
    "a message is read when somebody read it, after it was sent and before now": """
        select id from messages
        where (status = 'read') <> (read_at is not null) or read_at < created_at or read_at > now()
    """,
    "nobody read what was sent after they had left": """
        select m.id from messages m
        join conversation_participants p on p.conversation_id = m.conversation_id and p.user_id <> m.sender_id
        where m.read_at > p.left_at
    """,
    "nothing waits for delivery for a day": """
        select id from messages where status = 'sent' and created_at < now() - interval '20 hours'
    """,
    "the stranger and those who are not approved are party to nothing, but for one who was a member": """
        with affairs (who) as (
            select unnest(array[user_id, helper_id]) from help_requests
            union all select unnest(array[helper_id, requester_id]) from contact_exchanges
            union all select user_id from conversation_participants
            union all select sender_id from messages
        )
        select p.id from affairs join profiles p on p.id = who
        where (p.verification_status <> 'approved' and p.name <> 'Reggie Turnaway') or p.name = 'Sandra Outerbridge'
    """,
    "the cast can be called, and lets everything be shown": """
        select id from profiles
        where id < '00000000-0000-4000-8000-000000001000'
          and (phone is null or contact_preferences <> '{"show_phone": true, "show_email": true}')
    """,
    "buckets are private, and files belong to the one whose folder they are in": """
        select o.name from storage.objects o join storage.buckets b on b.id = o.bucket_id
        where b.public or o.path_tokens[1] <> o.owner_id
    """,
}

# Each question returns what must be there.
CAST_AFFAIRS = {
    "alice has an open request": "select from help_requests where user_id = %(alice)s and status = 'open'",
    "alice and bob have exchanged contacts about an address for after the match, and talk both ways": """
        select from help_requests r
        join contact_exchanges e on e.request_id = r.id and e.confirmed_at is not null
        join conversations c on c.help_request_id = r.id
        where (r.user_id, r.helper_id, r.status) = (%(alice)s, %(bob)s, 'in_progress')
          and r.location_privacy = 'after_match' and r.location_override is not null
          and (select count(*) from messages where conversation_id = c.id and sender_id = %(alice)s) > 1
          and (select count(*) from messages where conversation_id = c.id and sender_id = %(bob)s) > 1
          and (select count(left_at) from conversation_participants where conversation_id = c.id) = 0
    """,
    "bob's other offer to alice is fresh and not confirmed": """
        select from help_requests r join contact_exchanges e on e.request_id = r.id
        where (r.user_id, r.helper_id, r.status) = (%(alice)s, %(bob)s, 'in_progress') and e.confirmed_at is null
    """,
    "bob has an open request": "select from help_requests where user_id = %(bob)s and status = 'open'",
    "bob has a completed request": "select from help_requests where user_id = %(bob)s and status = 'completed'",
    "bob has left a conversation that went on": """
        select from conversation_participants p join messages m on m.conversation_id = p.conversation_id
        where p.user_id = %(bob)s and m.sender_id = %(alice)s and m.created_at > p.left_at
    """,
    "bob has messages from before he left": """
        select from conversation_participants p join messages m on m.conversation_id = p.conversation_id
        where p.user_id = %(bob)s and m.created_at < p.left_at
    """,
    "the guest signed in anonymously": "select from auth.users where id = %(guest)s and is_anonymous",
    "the admin is one": "select from profiles where id = %(admin)s and is_admin",
    "members of the crowd have left conversations too": """
        select from conversation_participants p join messages m on m.conversation_id = p.conversation_id
        where p.user_id not in (%(alice)s, %(bob)s) and m.created_at > p.left_at and m.sender_id <> p.user_id
    """,
}

# Column, and the words that the community must use, each of them.
VOCABULARIES = {
    ("profiles", "verification_status"): {"pending", "approved", "rejected"},
    ("help_requests", "status"): {"open", "in_progress", "completed", "cancelled", "closed"},
    ("help_requests", "urgency"): {"normal", "urgent", "critical"},
    ("help_requests", "location_privacy"): {"public", "helpers_only", "after_match"},
    ("messages", "status"): {"sent", "delivered", "read"},
}

PRIVATE = """
    select id::text, 'e-mail', email::text from auth.users where email is not null
    union all select id::text, 'name', name from profiles
    union all select id::text, 'phone', phone from profiles where phone is not null
    union all select id::text, 'location', location from profiles
    union all select id::text, 'title', title from help_requests
    union all select id::text, 'description', description from help_requests
    union all select id::text, 'address', location_override from help_requests where location_override is not null
    union all select id::text, 'message', content from messages
"""


@pytest.fixture
def community(target: Target) -> Iterator[Connection]:
    """Open the reference database that the run has planted."""
    with connect(target.server.dsn) as connection:
        connection.execute("set search_path = public; set default_transaction_read_only = on")
        yield connection


@pytest.fixture(scope="module")
def new_database(target: Target) -> Iterator[Callable[[], Connection]]:
    """Make databases that have the platform and nothing else."""
    connections: list[Connection] = []
    names = (f"seeds_{number}" for number in itertools.count(1))

    def make() -> Connection:
        name = next(names)
        with connect(psycopg.conninfo.make_conninfo(target.server.dsn, dbname="template1")) as connection:
            connection.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
        connections.append(connect(psycopg.conninfo.make_conninfo(target.server.dsn, dbname=name)))
        for file in sorted(PLATFORM.glob("*.sql")):
            connections[-1].execute(file.read_bytes())
        return connections[-1]

    yield make
    for connection in connections:
        name = connection.info.dbname
        connection.close()
        with connect(psycopg.conninfo.make_conninfo(target.server.dsn, dbname="template1")) as other:
            other.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def reference_database(new_database: Callable[[], Connection]) -> Connection:
    """Make a database with the reference schema and no rows."""
    connection = new_database()
    assert all(migration.applied for migration in migrated(connection, MIGRATIONS))
    return connection


@pytest.fixture
def reference(reference_database: Connection) -> Iterator[Connection]:
    """Open the reference schema for a test that leaves nothing behind."""
    with reference_database.transaction(force_rollback=True):
        yield reference_database


@pytest.fixture(scope="module")
def platform_database(new_database: Callable[[], Connection]) -> Connection:
    """Make a database with the platform alone."""
    return new_database()


@pytest.fixture
def platform(platform_database: Connection) -> Iterator[Connection]:
    """Open the platform for a test that leaves nothing behind."""
    with platform_database.transaction(force_rollback=True):
        yield platform_database


def count(connection: Connection, table: str) -> int:
    return connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(*table.split(".")))).fetchone()[
        0
    ]


def test_every_table_is_filled(target: Target, community: Connection) -> None:
    assert target.unfilled == {}
    assert {table for table in TABLES if not count(community, table)} == set()


def test_every_public_table_is_known(community: Connection) -> None:
    assert not community.execute(
        "select oid::regclass from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
        " and 'public.' || relname <> all (%s)",
        (list(PUBLIC_TABLES),),
    ).fetchall()


@pytest.mark.parametrize("rule", RULES)
def test_the_community_keeps_the_rule(community: Connection, rule: str) -> None:
    assert not community.execute(RULES[rule]).fetchall()


@pytest.mark.parametrize("affair", CAST_AFFAIRS)
def test_the_cast_has_the_affair(community: Connection, affair: str) -> None:
    assert community.execute(CAST_AFFAIRS[affair], {name: person.id for name, person in CAST.items()}).fetchall()


@pytest.mark.parametrize("place", VOCABULARIES, ids=".".join)
def test_the_community_uses_every_word(community: Connection, place: tuple[str, str]) -> None:
    table, column = map(sql.Identifier, place)
    rows = community.execute(sql.SQL("select distinct {} from {}").format(column, table)).fetchall()
    assert {word for (word,) in rows} == VOCABULARIES[place]


def test_addresses_occur_with_every_privacy_open_and_matched(community: Connection) -> None:
    rows = community.execute(
        "select distinct status, location_privacy from help_requests"
        " where location_override is not null and status in ('open', 'in_progress')"
    ).fetchall()
    assert len(rows) == 2 * 3


def test_the_cast_stands_as_declared(community: Connection) -> None:
    rows = community.execute(
        "select id::text, verification_status, is_admin, is_anonymous from profiles join auth.users using (id)"
        " where id = any (%s)",
        ([person.id for person in CAST.values() if person.id],),
    ).fetchall()
    expected = {(p.id, p.verification, p.is_admin, p.is_anonymous) for p in CAST.values() if p.id}
    assert set(rows) == expected


def test_every_foreign_key_leads_somewhere(community: Connection) -> None:
    keys = community.execute(
        """
        select conname, conrelid::regclass::text, confrelid::regclass::text,
               array(select attname::text from unnest(conkey) with ordinality u (n, i)
                     join pg_attribute on attrelid = conrelid and attnum = n order by i),
               array(select attname::text from unnest(confkey) with ordinality u (n, i)
                     join pg_attribute on attrelid = confrelid and attnum = n order by i)
        from pg_constraint where contype = 'f'
        """
    ).fetchall()
    assert len(keys) > 10
    for name, child, parent, columns, parent_columns in keys:
        on = " and ".join(f"p.{p} = c.{c}" for c, p in zip(columns, parent_columns, strict=True))
        there = " and ".join(f"c.{c} is not null" for c in columns)
        lost = community.execute(
            f"select from {child} c where {there} and not exists (select from {parent} p where {on})"
        )
        assert not lost.fetchall(), name


def test_private_texts_are_unique_and_tell_whose_they_are(community: Connection) -> None:
    rows = community.execute(PRIVATE).fetchall()
    texts = [text for _, _, text in rows]
    assert len(texts) == len(set(texts))
    of_the_cast = [text for key, _, text in rows if int(key[-12:]) <= 7]
    assert of_the_cast
    for text in of_the_cast:
        assert sum(text in other for other in texts) == 1, text


def test_a_tiny_community_still_has_the_casts_affairs(reference: Connection) -> None:
    planted = plant(reference, members=1)
    assert planted.unfilled == {}
    assert set(planted.counts) == set(TABLES)
    assert all(planted.counts.values())


def test_only_what_is_said_to_be_missing_is_missing() -> None:
    community = Community(dt.datetime.now(dt.UTC), 60)
    rows = [row for make in community.tables().values() for row in make()]
    assert {key for row in rows for key, value in row.items() if value is None} == SOMETIMES_MISSING


def test_a_negative_number_of_members_is_refused(target: Target) -> None:
    with connect(target.server.dsn) as connection, pytest.raises(ValueError, match="negative"):
        plant(connection, members=-1)


def relative_rows(connection: Connection, planted: Planted, table: str) -> set[tuple[object, ...]]:
    """Return a table's rows with ages instead of times."""
    rows = connection.execute(sql.SQL("select * from {}").format(sql.Identifier(*table.split(".")))).fetchall()
    return {tuple(planted.now - v if isinstance(v, dt.datetime) else repr(v) for v in row) for row in rows}


def test_the_community_is_the_same_each_time(reference_database: Connection) -> None:
    communities = []
    for _ in range(2):
        with reference_database.transaction(force_rollback=True):
            planted = plant(reference_database, 40)
            rows = {table: relative_rows(reference_database, planted, table) for table in TABLES}
            communities.append((planted, rows))
    (one, ones), (two, twos) = communities
    assert one.now < two.now
    assert one.counts == two.counts
    # The trail's own key is the database's: numbers go on after a rollback.
    trail = "public.contact_exchange_audit"
    assert {row[1:] for row in ones.pop(trail)} == {row[1:] for row in twos.pop(trail)}
    assert ones == twos


def test_inside_a_transaction_the_caller_decides(reference_database: Connection) -> None:
    with reference_database.transaction(force_rollback=True):
        assert plant(reference_database, 5).unfilled == {}
        assert count(reference_database, "public.profiles") == 12
        assert reference_database.execute("show session_replication_role").fetchone() == ("origin",)
    assert count(reference_database, "public.profiles") == 0


def test_without_autocommit_it_is_committed(new_database: Callable[[], Connection]) -> None:
    connection = new_database()
    connection.autocommit = False
    plant(connection, 5)
    connection.rollback()
    assert count(connection, "auth.users") == 12


def test_triggers_neither_fire_nor_change(reference: Connection) -> None:
    reference.execute("alter table auth.users enable always trigger on_auth_user_created")
    reference.execute("alter table public.help_requests enable replica trigger keep_life_cycle")
    question = "select tgname, tgenabled from pg_trigger where not tgisinternal order by tgname"
    before = reference.execute(question).fetchall()
    assert plant(reference, 5).unfilled == {}
    assert reference.execute(question).fetchall() == before


def test_sequences_go_on_behind_what_was_loaded(platform: Connection) -> None:
    platform.execute("create table public.conversations (id serial primary key, created_at timestamptz)")
    planted = plant(platform, 20)
    assert planted.unfilled == {}
    platform.execute("insert into public.conversations default values")
    assert count(platform, "public.conversations") == planted.counts["public.conversations"] + 1


FOREIGN = """
create type public.need as enum ('LOW', 'High', 'emergency');
create domain public.standing as text check (value in ('unverified', 'verified', 'declined'));
create table public."to""w%ns" (id int primary key);
create table public.districts (id int primary key);
insert into public."to""w%ns" values (7), (8);

create table public.profiles (
    id uuid primary key references auth.users (id),
    full_name varchar(12) not null,
    contact_preferences text[] not null,
    phone_number varchar(15) not null,
    verification_status public.standing not null,
    bio text not null,
    approved_by uuid not null references auth.users (id),
    approved_at timestamptz not null,
    tags text[] not null,
    karma numeric(3, 1) not null,
    code varchar(8) not null unique,
    invite uuid not null unique,
    settings jsonb not null,
    seen date not null,
    trusted boolean not null,
    town_id int not null references public."to""w%ns" (id),
    prefs jsonb not null default '{}' check (prefs ->> 'colour' = any (array['red', 'blue'])),
    "we""ird" timestamp not null,
    initials text generated always as (left(full_name, 1)) stored
);
create table public.help_requests (
    id bigint generated always as identity primary key,
    owner_id uuid not null references public.profiles (id),
    title text not null,
    category varchar(30) not null default 'errands' check (category in ('food', 'errands')),
    urgency public.need not null,
    status text not null check (status in ('NEW', 'matched', 'DONE', 'canceled', 'archived')),
    location_privacy text check (location_privacy = any (array['everybody', 'helpers-only', 'after match'])),
    location text not null
);
create table public.contact_exchanges (
    id uuid primary key,
    request_id bigint not null references public.help_requests (id),
    district_id int not null references public.districts (id)
);
create table public.conversations (
    id uuid primary key,
    help_request_id bigint references public.help_requests (id),
    last_message_at timestamptz not null constraint "no secrets" check (last_message_at > 'infinity')
);
create table public.conversation_participants (
    conversation_id uuid not null constraint goes_nowhere references public.conversations (id),
    user_id uuid not null references public.profiles (id)
);
create table public.messages (
    id uuid primary key,
    conversation_id uuid references public.conversations (id),
    sender_id uuid not null references public.profiles (id),
    receiver_id uuid not null references public.profiles (id),
    body text not null,
    shape point not null default '(0,0)',
    status boolean
);
create view public.contact_exchange_audit as select 1 as exchange_id;
"""


@pytest.fixture(scope="module")
def foreign(new_database: Callable[[], Connection]) -> tuple[Connection, Planted]:
    """Plant in somebody else's schema."""
    connection = new_database()
    connection.execute(FOREIGN)
    return connection, plant(connection, 60)


def test_what_cannot_be_filled_is_named_without_values(foreign: tuple[Connection, Planted]) -> None:
    _, planted = foreign
    assert planted.unfilled == {
        "public.conversations": "check_violation, constraint no secrets",
        "public.conversation_participants": "column conversation_id must refer to a row of public.conversations, "
        "which has none",
    }
    assert "public.contact_exchange_audit" not in planted.counts


def test_other_names_types_and_words_are_used(foreign: tuple[Connection, Planted]) -> None:
    connection, planted = foreign
    assert planted.counts.keys() >= {"auth.users", "public.profiles", "public.help_requests", "storage.objects"}
    asked = connection.execute(
        "select owner_id::text, urgency::text, status, category, location_privacy"
        " from help_requests order by id limit 2"
    ).fetchall()
    alice = CAST["alice"].id
    assert asked == [
        (alice, "High", "NEW", "food", "after match"),
        (alice, "emergency", "matched", "errands", "after match"),
    ]
    known = connection.execute("select full_name, verification_status, initials from profiles where id = %s", (alice,))
    assert known.fetchall() == [("Alice Quillf", "verified", "A")]
    towns = connection.execute("select distinct town_id from profiles order by 1").fetchall()
    assert towns == [(7,), (8,)]


def test_a_table_whose_parent_is_elsewhere_is_filled_otherwise(platform: Connection) -> None:
    platform.execute("create table public.people (id uuid primary key)")
    platform.execute("create table public.profiles (id uuid primary key constraint kin references public.people (id))")
    assert plant(platform, 3).unfilled == {}
    assert platform.execute("select count(*) > 6 from public.profiles join public.people using (id)").fetchone() == (
        True,
    )


def test_the_community_is_tried_again_when_its_parents_are_filled(foreign: tuple[Connection, Planted]) -> None:
    connection, planted = foreign
    assert planted.counts["public.contact_exchanges"] > 20
    parties = connection.execute("select id::text from contact_exchanges order by id limit 1").fetchall()
    assert parties == [("30000000-0000-4000-8000-000000000002",)]


@pytest.mark.parametrize(
    "column",
    [
        "name text check (name < 'A')",
        "verification_status text unique",
        "phone text not null, phones tsvector not null",
        "name integer",
        "contact_preferences boolean",
        "nothing_we_know integer",
    ],
)
def test_where_the_community_does_not_fit_other_rows_do(platform: Connection, column: str) -> None:
    platform.execute(f"create table public.profiles ({column})")
    planted = plant(platform, 3)
    assert planted.unfilled == {}
    assert planted.counts["public.profiles"] == count(platform, "public.profiles") > 2


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("name text not null check (name < 'A' and name > 'B')", "check_violation, constraint profiles_name_check"),
        ("phone text not null, phones pg_snapshot not null", "column phones of type pg_snapshot must have a value"),
        (
            "approved_by uuid not null constraint known references auth.sessions (id)",
            "column approved_by must refer to a row of auth.sessions, which has none",
        ),
    ],
)
def test_a_reason_names_the_place_and_quotes_no_row(platform: Connection, column: str, reason: str) -> None:
    platform.execute(f"create table public.profiles ({column})")
    unfilled = plant(platform, 3).unfilled
    assert unfilled.keys() == {"public.profiles"}
    assert unfilled["public.profiles"].startswith(reason)


def test_private_texts_of_the_cast_are_known_by_their_place(reference: Connection) -> None:
    planted = plant(reference, 3)
    alice = CAST["alice"].id
    places = {place[:2]: canary for canary, place in planted.canaries.items() if place.key == (alice,)}
    assert {("auth.users", "email"), ("public.profiles", "phone"), ("public.profiles", "location")} <= places.keys()
    assert reference.execute("select phone from profiles where id = %s", (alice,)).fetchone() == (
        places["public.profiles", "phone"],
    )
    assert any(place.table == "public.messages" for place in planted.canaries.values())


def test_texts_that_the_community_does_not_know_are_filled_too(platform: Connection) -> None:
    platform.execute("create table public.profiles (id uuid primary key, name text, diary text, secret text unique)")
    planted = plant(platform, 3)
    diaries = platform.execute("select diary, id::text from public.profiles").fetchall()
    assert len(diaries) == len(set(diaries)) == 10
    for diary, key in diaries:
        assert planted.canaries[diary] == ("public.profiles", "diary", (key,))


def test_what_is_added_yields_to_conditions(platform: Connection) -> None:
    platform.execute(
        "create table public.profiles (id uuid primary key, name text, note text, check (note is null or name = 'x'))"
    )
    assert plant(platform, 3).unfilled == {}
    assert platform.execute("select count(name), count(note) from public.profiles").fetchone() == (10, 0)


TENANTS = """
create table public.tenants (id uuid primary key default gen_random_uuid(), number bigint unique not null);
create table public.members (
    tenant_id uuid not null references public.tenants, user_id uuid references auth.users,
    primary key (tenant_id, user_id));
create table public.notices (
    id bigint primary key, tenant_id uuid not null references public.tenants,
    number bigint references public.tenants (number));
create function public.the_tenant() returns uuid language sql stable as
    $$ select (auth.jwt() -> 'app_metadata' ->> 'tenant_id')::uuid $$;
"""


def told(connection: Connection, key: str) -> dict[str, object]:
    """Return what the tokens of the cast say."""
    rows = connection.execute(
        "select id::text, raw_app_meta_data -> %s from auth.users where raw_app_meta_data ? %s", (key, key)
    ).fetchall()
    names = {person.id: name for name, person in CAST.items()}
    return {names[id_]: value for id_, value in rows}


@pytest.mark.parametrize(
    "condition",
    [
        "tenant_id = (select (auth.jwt() -> 'app_metadata' ->> 'tenant_id')::uuid)",
        "tenant_id::text = auth.jwt() ->> 'tenant_id'",
        "tenant_id = (auth.jwt() #>> '{app_metadata,tenant_id}')::uuid",
        "tenant_id = (current_setting('request.jwt.claims', true)::jsonb -> 'app_metadata' ->> 'tenant_id')::uuid",
        "tenant_id = (select public.the_tenant()) and id > 0",
        "exists (select from public.tenants t where t.id = tenant_id and t.id = public.the_tenant())",
    ],
)
def test_people_have_the_tenant_of_which_they_are_members_in_their_token(platform: Connection, condition: str) -> None:
    platform.execute(TENANTS)
    platform.execute(f"create policy tenants on public.notices using ({condition})")
    plant(platform, 3)
    of_their_own = dict(
        platform.execute("select user_id::text, array_agg(tenant_id::text) from public.members group by 1").fetchall()
    )
    tenants = told(platform, "tenant_id")
    assert tenants.keys() >= {"alice", "bob", "stranger"}
    assert all(tenant in of_their_own[CAST[name].id] for name, tenant in tenants.items())
    assert len(set(tenants.values())) > 1


def test_where_nobody_is_a_member_tenants_are_given_in_turns(platform: Connection) -> None:
    platform.execute(TENANTS)
    platform.execute("drop table public.members")
    platform.execute("create policy one on public.notices using (number = (auth.jwt() ->> 'shop')::bigint)")
    platform.execute(
        "create policy many on public.notices using (auth.jwt() -> 'app_metadata' -> 'shops' ? tenant_id::text)"
    )
    plant(platform, 3)
    shops, lists = told(platform, "shop"), told(platform, "shops")
    assert shops["alice"] == shops["bob"] != shops["stranger"]
    assert isinstance(shops["alice"], int)
    assert isinstance(lists["alice"], list)
    assert "pending" not in shops


def test_a_word_in_a_token_is_given_to_nobody(platform: Connection) -> None:
    platform.execute("create table public.notices (id bigint primary key)")
    platform.execute(
        "create policy staff on public.notices using (auth.jwt() -> 'app_metadata' ->> 'role' = 'staff' and id > 0)"
    )
    plant(platform, 3)
    assert told(platform, "role") == {}
