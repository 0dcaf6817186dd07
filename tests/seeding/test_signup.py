"""People sign up as the project has it: its triggers on auth.users make their accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from audit.people import CAST
from audit.seeding import signup
from audit.seeding.seeds import plant
from tests.seeding.test_seeds import new_database, platform, platform_database

__all__ = ["new_database", "platform", "platform_database"]

Connection = psycopg.Connection[Any]
PEOPLE = {person.id: name for name, person in CAST.items() if person.id}

ACCOUNTS = """
create table public.accounts (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null unique references auth.users (id),
    email text not null, username text not null unique,
    role text not null default 'user' check (role in ('user', 'admin')),
    is_banned boolean not null default false, note text, picture text not null default '', made_by text not null
);
create table public.items (id bigint generated always as identity primary key,
                           account_id uuid not null references public.accounts (id), body text);
create function public.new_account() returns trigger language plpgsql security definer set search_path = '' as $$ begin
    insert into public.accounts (owner_id, email, username, made_by)
    values (new.id, new.email, new.raw_user_meta_data ->> 'username', current_user || ' for ' || session_user);
    return new;
end $$;
create trigger on_sign_up after insert on auth.users for each row execute function public.new_account();
"""


def accounts(connection: Connection, columns: str = "true") -> dict[str, Any]:
    rows = connection.execute(f"select owner_id::text, {columns} from public.accounts").fetchall()
    return {PEOPLE.get(owner, owner): value for owner, value in rows}


def test_each_has_the_account_that_the_project_made(platform: Connection) -> None:
    platform.execute(ACCOUNTS)
    planted = plant(platform, 3)
    made = accounts(platform, "made_by like '%% for %%'")
    # Nobody without an address can have one: that is this project's own fault, and said.
    assert {name for name, by_trigger in made.items() if by_trigger} == {*PEOPLE.values()} - {"guest"}
    assert planted.remarks == ("the project's triggers do not let guest sign up (not_null_violation, column email)",)
    assert planted.unfilled == {}
    assert platform.execute("select count(*) from auth.users").fetchone() == (10,)
    # What is below an account is reached, too.
    owners = platform.execute("select distinct a.owner_id::text from items i join accounts a on a.id = i.account_id")
    assert {"alice", "bob", "stranger"} <= {PEOPLE[owner] for (owner,) in owners}


def test_accounts_are_completed_so_that_each_stands_as_in_the_cast(platform: Connection) -> None:
    platform.execute(ACCOUNTS)
    planted = plant(platform, 3)
    roles = accounts(platform, "role")
    assert {name for name, role in roles.items() if role == "admin"} == {"admin", "rejected"}
    assert {name for name, banned in accounts(platform, "is_banned").items() if banned} == {"rejected"}
    assert all(accounts(platform, "note is not null and picture <> ''").values())
    key = str(platform.execute("select id from accounts where owner_id = %s", (CAST["alice"].id,)).fetchone()[0])
    assert {place.column for place in planted.canaries.values() if place.key == (key,)} >= {"note", "picture"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise exception 'no'", "raise_exception"),
        ("perform 1 / 0", "division_by_zero"),
        ("insert into public.nowhere values (1)", "undefined_table"),
        ("perform pg_sleep(60)", "query_canceled"),
    ],
)
def test_where_the_trigger_fails_it_is_said_and_the_people_are_there(
    platform: Connection, monkeypatch: pytest.MonkeyPatch, body: str, reason: str
) -> None:
    monkeypatch.setattr(signup, "TIMEOUT_MS", 200)
    platform.execute(ACCOUNTS)
    platform.execute(
        f"create or replace function public.new_account() returns trigger language plpgsql as $$ begin {body};"
        " return new; end $$"
    )
    planted = plant(platform, 3)
    assert planted.remarks
    assert all(remark.endswith(f"sign up ({reason})") for remark in planted.remarks)
    assert len(accounts(platform)) == len(PEOPLE)
    assert platform.execute("select count(*) from auth.users").fetchone() == (10,)


def test_the_auth_service_signs_up_with_its_own_rights(platform: Connection) -> None:
    platform.execute(ACCOUNTS)
    platform.execute("alter function public.new_account() security invoker")
    planted = plant(platform, 3)
    assert "alice sign up (insufficient_privilege)" in " ".join(planted.remarks)
    platform.execute("alter function public.new_account() security definer")
    with platform.transaction(force_rollback=True):
        platform.execute("truncate auth.users cascade")
        assert "alice" not in " ".join(plant(platform, 3).remarks)
        by = set(accounts(platform, "made_by").values())
        owner = platform.execute("select current_user").fetchone()[0]
        assert f"{owner} for {owner}" in by


def test_what_is_asked_for_at_the_sign_up_is_said(platform: Connection) -> None:
    platform.execute(
        """
        create type public.kind as enum ('admin', 'buyer', 'seller');
        create table public.people (user_id uuid primary key references auth.users, full_name text not null,
                                    kind public.kind not null, is_company boolean not null, confirmed boolean);
        create function public.join_us() returns trigger language plpgsql security definer set search_path = '' as $$
        declare said jsonb := new.raw_user_meta_data;
        begin
            insert into public.people values (new.id, said ->> 'full_name', (said ->> 'kind')::public.kind,
                                              (new.raw_user_meta_data->>'is_company')::boolean);
            return new;
        end $$;
        create function public.confirm() returns trigger language plpgsql security definer set search_path = '' as $$
        begin
            update public.people set confirmed = true where user_id = new.id;
            return new;
        end $$;
        create trigger join_us after insert on auth.users for each row execute function public.join_us();
        create trigger confirm after update of email_confirmed_at on auth.users for each row
            when (old.email_confirmed_at is null and new.email_confirmed_at is not null)
            execute function public.confirm();
        """
    )
    planted = plant(platform, 1)
    assert planted.remarks == (
        "the project's triggers do not let guest sign up (not_null_violation, column full_name)",
    )
    known = platform.execute("select user_id::text, full_name, confirmed from people").fetchall()
    names = {PEOPLE[id_]: name for id_, name, _ in known}
    assert (names["alice"], names["bob"]) == (CAST["alice"].full_name, CAST["bob"].full_name)
    assert {PEOPLE[id_] for id_, _, confirmed in known if confirmed} >= {"alice", "stranger"}


def test_teams_that_signing_up_makes_have_their_members(platform: Connection) -> None:
    platform.execute(
        """
        create table public.teams (id uuid primary key default gen_random_uuid(), name text not null, made_for uuid);
        create table public.members (team_id uuid references public.teams, user_id uuid references auth.users,
                                     role text not null check (role in ('owner', 'editor', 'viewer')),
                                     primary key (team_id, user_id));
        create table public.papers (id int generated always as identity primary key,
                                    team_id uuid not null references public.teams, text text);
        create function public.found_team() returns trigger language plpgsql security definer set search_path = '' as $$
        declare made uuid;
        begin
            insert into public.teams (name, made_for) values ('mine', new.id) returning id into made;
            insert into public.members values (made, new.id, 'owner');
            return new;
        end $$;
        create trigger found_team after insert on auth.users for each row execute function public.found_team();
        alter table public.papers enable row level security;
        create policy p on public.papers for select to authenticated using (exists (
            select from public.members m where m.team_id = papers.team_id and m.user_id = (select auth.uid())
            and m.role in ('owner', 'editor')));
        grant select on public.members, public.papers to authenticated;
        """
    )
    planted = plant(platform, 1)
    assert (planted.remarks, planted.undecided) == ((), ())
    own = platform.execute(
        "select m.user_id::text from members m join teams t on t.id = m.team_id and t.made_for = m.user_id"
    ).fetchall()
    assert {PEOPLE[id_] for (id_,) in own} == {*PEOPLE.values()}
    roles = platform.execute("select count(distinct role) from members").fetchone()
    assert roles == (3,)
    below = platform.execute(
        "select count(*) from papers p join teams t on t.id = p.team_id where made_for is not null"
    )
    assert below.fetchone()[0] > 0


def test_nothing_that_a_trigger_sets_stays(new_database: Callable[[], Connection]) -> None:
    connection = new_database()
    connection.execute(
        """
        create function public.meddle() returns trigger language plpgsql as $$ begin
            perform set_config('search_path', 'nowhere', true);
            perform set_config('statement_timeout', '1', true);
            perform set_config('lock_timeout', '1', true);
            perform set_config('idle_in_transaction_session_timeout', '1', true);
            return new;
        end $$;
        create trigger meddle after insert on auth.users for each row execute function public.meddle();
        -- What comes next takes longer than what was set.
        create function public.dawdle() returns trigger language plpgsql as $$ begin
            perform pg_sleep(0.02);
            return new;
        end $$;
        create trigger dawdle after update on auth.users for each row execute function public.dawdle();
        create table public.notes (id int primary key, text text);
        """
    )
    names = ("search_path", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "role")
    settings = f"select {', '.join(f'current_setting({name!r})' for name in names)}"
    with connection.transaction():
        before = connection.execute(settings).fetchone()
        planted = plant(connection, 2)
        assert (planted.unfilled, planted.remarks) == ({}, ())
        assert connection.execute(settings).fetchone() == before
    (signed,) = connection.execute(
        "select count(*) from auth.users where last_sign_in_at is not null and id = any (%s)", (list(PEOPLE),)
    ).fetchone()
    assert signed > 0


def test_what_the_project_writes_into_the_token_stays_there(platform: Connection) -> None:
    platform.execute(
        """
        create table public.shops (id uuid primary key, name text);
        create table public.wares (id int primary key, shop_id uuid references public.shops);
        create policy own on public.wares using (shop_id::text = auth.jwt() -> 'app_metadata' ->> 'shop_id');
        create function public.mark() returns trigger language plpgsql as $$ begin
            new.raw_app_meta_data := new.raw_app_meta_data || '{"shop_id": "mine"}';
            return new;
        end $$;
        create trigger mark before insert on auth.users for each row execute function public.mark();
        """
    )
    plant(platform, 1)
    told = platform.execute(
        "select distinct raw_app_meta_data ->> 'shop_id' from auth.users where id = any (%s)", (list(PEOPLE),)
    )
    assert told.fetchall() == [("mine",)]
