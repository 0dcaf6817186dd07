"""Signing up on projects unlike the reference: whatever their triggers write, by whatever name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from audit.actors import Actor, staged
from audit.evidence import Log, NotApplicable
from audit.probes.registration import failing, privileged, troubles
from audit.results import Verdict
from audit.settings import WAYS as EVERY_WAY
from reports.model import Result
from tests.support.proving import POLICIES, Bench

OTHER = {"packs": ["core"], "runbook_objects": []}

TABLES = """
drop trigger on_auth_user_created on auth.users;
create type public.rank as enum ('reader', 'chief');
create table public.accounts (
    owner uuid primary key references auth.users (id) on delete cascade,
    full_name varchar(250) not null, contact text,
    rank public.rank not null default 'reader', said jsonb, made timestamptz not null default clock_timestamp());
create table public.badges (
    id uuid primary key default gen_random_uuid(), owner uuid not null references auth.users (id), badge text not null);
create function public.open_account() returns trigger language plpgsql security definer set search_path = '' as $$
declare name text := coalesce(nullif(left(trim(new.raw_user_meta_data ->> 'full_name'), 100), ''), 'New');
begin
    {body}
    return new;
end $$;
create trigger "Open account" after insert on auth.users for each row execute function public.open_account();
"""

SOUND = "insert into public.accounts (owner, full_name, contact) values (new.id, name, new.email);"


@contextmanager
def service(bench: Bench, body: str, more: str = "", **known: Any) -> Iterator[Actor]:
    known = {"sign_up": list(EVERY_WAY), **known}
    with staged(bench.connection, {**bench.known, **OTHER, **known}, Log(), {}) as stage:
        bench.connection.execute(TABLES.replace("{body}", body) + more)
        yield stage.actor("auth_service")


def names(rows: Any) -> list[str]:
    """Return what is named, the ways that fail for the same reason included."""
    told = [(row.object.removeprefix("auth_service: sign up "), str(row.details.get("likewise", ""))) for row in rows]
    return [name for first, more in told for name in (first, *filter(None, more.split(", ")))]


NAMELESS = ["without metadata", "with empty metadata"]

WAYS: Mapping[str, tuple[str, list[str]]] = {
    "sound": (SOUND, []),
    "a name is demanded": (
        "insert into public.accounts (owner, full_name) values (new.id, new.raw_user_meta_data ->> 'full_name');",
        [*NAMELESS, "by invitation", "by phone", "anonymously"],
    ),
    "an empty name is refused": (
        "if new.raw_user_meta_data ->> 'name' = '' then raise exception 'a name, please'; end if;" + SOUND,
        ["with an empty name"],
    ),
    "a long name is a mistake": (
        "perform 1 / (length(coalesce(new.raw_user_meta_data ->> 'name', 'x')) - 300);" + SOUND,
        ["with a name of 300 characters"],
    ),
    "a name has its limits": (
        "insert into public.accounts (owner, full_name)"
        " values (new.id, coalesce(nullif(new.raw_user_meta_data ->> 'name', ''), 'New'));",
        [],
    ),
    "errors are swallowed": (
        "begin insert into public.accounts (owner, full_name) values (new.id, new.raw_user_meta_data ->> 'full_name');"
        "exception when others then null; end;",
        [*NAMELESS, "with a name of 300 characters", "by invitation"],
    ),
    "an address is demanded": (
        SOUND + "if new.email is null then raise not_null_violation; end if;",
        ["by phone", "anonymously"],
    ),
    "who is invited is waited for": (
        SOUND.replace("insert", "if new.invited_at is null then insert", 1) + "end if;",
        ["by invitation"],
    ),
}


@pytest.mark.parametrize("case", WAYS)
def test_the_ways_that_fail_are_named(bench: Bench, case: str) -> None:
    body, expected = WAYS[case]
    with service(bench, body) as auth_service:
        assert not names(failing(auth_service))
        found = troubles(auth_service, "drop table public.accounts;")
        assert names(found) == expected, list(found)
        if case == "a name is demanded":
            problem = str(found[0].details["problem"])
            assert problem.startswith("signing up fails: 23502 about accounts full_name in public.open_account() line ")
        assert not found.unjudgeable
    # No fix of the reference is offered for anybody else's trigger.
    assert all(line.startswith("--") for row in found for line in (row.fix or "").splitlines())


def test_what_a_form_has_to_give_is_named(bench: Bench) -> None:
    """Nobody without it is let in; with it everybody is, so that the trigger works."""
    body = "insert into public.accounts (owner, full_name) values (new.id, 'x' || (new.raw_user_meta_data ->> 'town'));"
    with service(bench, body) as auth_service:
        assert names(failing(auth_service)) == []
        (found,) = [each for each in troubles(auth_service, "") if each.object.endswith("with a name")]
        assert str(found.details["problem"]).endswith("; who also gives town is let in")


def test_what_is_not_offered_is_not_tried(bench: Bench) -> None:
    body, _ = WAYS["an address is demanded"]
    with service(bench, body, sign_up=["email", "invitation"]) as auth_service:
        assert names(troubles(auth_service, "")) == []


@pytest.mark.parametrize(
    ("body", "more"),
    [
        (SOUND, "alter function public.open_account() security invoker"),
        (SOUND.replace("public.", ""), "alter function public.open_account() reset search_path"),
        ("perform public.there_is_none();", ""),
    ],
)
def test_a_trigger_with_which_nobody_signs_up_is_named(bench: Bench, body: str, more: str) -> None:
    with service(bench, body, more) as auth_service:
        assert names(failing(auth_service)) == ['"Open account" on auth.users']


def test_without_a_trigger_there_is_nothing_to_say(bench: Bench) -> None:
    with service(bench, SOUND, 'drop trigger "Open account" on auth.users') as auth_service:
        for ask in (failing, lambda each: troubles(each, ""), lambda each: privileged(each, "")):
            with pytest.raises(NotApplicable):
                ask(auth_service)


def ask(bench: Bench, policy: str, more: str) -> Result:
    connection = bench.connection
    connection.execute("begin")
    try:
        connection.execute(TABLES.replace("{body}", SOUND) + more)
        return bench.ask(POLICIES[policy], connection, OTHER)
    finally:
        connection.execute("rollback")


def test_a_disabled_trigger_of_any_name_is_told(bench: Bench) -> None:
    found = ask(bench, "AUTH-03", 'alter table auth.users disable trigger "Open account"')
    (finding,) = found.findings
    assert finding.object == '"Open account" on auth.users'
    # Somebody may have put another one in its place.
    assert finding.fix.splitlines()[-1] == '-- alter table auth.users enable trigger "Open account";'
    for policy in ("AUTH-03", "AUTH-04", "AUTH-07"):
        assert ask(bench, policy, "").verdict is Verdict.HOLDS
        assert ask(bench, policy, 'drop trigger "Open account" on auth.users').verdict is Verdict.NOT_APPLICABLE


GIFTS: Mapping[str, tuple[str, list[str]]] = {
    "nothing": (SOUND, []),
    "what was said is kept": (
        "insert into public.accounts (owner, full_name, said) values (new.id, name, new.raw_user_meta_data);",
        [],
    ),
    "the name is kept": (
        "insert into public.accounts (owner, full_name)"
        " values (new.id, coalesce(new.raw_user_meta_data ->> 'name', ''));",
        [],
    ),
    "a role is copied": (
        "insert into public.accounts (owner, full_name, contact)"
        " values (new.id, name, new.raw_user_meta_data ->> 'role');",
        ["public.accounts.contact"],
    ),
    "a rank is copied by a key of its own": (
        "insert into public.accounts (owner, full_name, contact)"
        " values (new.id, name, coalesce(new.raw_user_meta_data ->> 'access_level', 'none'));",
        ["public.accounts.contact"],
    ),
    "a word makes a chief": (
        "insert into public.accounts (owner, full_name, rank) values (new.id, name,"
        " case when new.raw_user_meta_data ->> 'door' = 'open sesame' then 'chief' else 'reader' end::public.rank);",
        ["public.accounts.rank"],
    ),
    "a row for who asks": (
        SOUND + "if (new.raw_user_meta_data ->> 'is_admin')::boolean then"
        " insert into public.badges (owner, badge) values (new.id, 'admin'); end if;",
        ["public.badges"],
    ),
}


@pytest.mark.parametrize("case", GIFTS)
def test_what_is_gained_by_asking_is_named(bench: Bench, case: str) -> None:
    body, expected = GIFTS[case]
    with service(bench, body) as auth_service:
        found = privileged(auth_service, "drop table public.accounts;")
        assert names(found) == expected
        assert not found.unjudgeable
    assert all(line.startswith("--") for row in found for line in (row.fix or "").splitlines())


def test_nothing_stays_of_who_signed_up(bench: Bench) -> None:
    with service(bench, SOUND) as auth_service:
        before = bench.connection.execute("select count(*) from auth.users").fetchone()
        troubles(auth_service, "")
        privileged(auth_service, "")
        assert bench.connection.execute("select count(*) from public.accounts").fetchone() == (0,)
        assert bench.connection.execute("select count(*) from auth.users").fetchone() == before
        assert bench.connection.execute("select current_user = session_user").fetchone() == (True,)


def test_a_check_of_names_is_the_projects_to_set(bench: Bench) -> None:
    """An odd or empty name that a check refuses is no fault of the sign-up; that nobody gets in with a plain one is."""
    body = SOUND.replace("id, name,", "id, coalesce(new.raw_user_meta_data ->> 'username', 'robin'),")
    rule = "alter table public.accounts add check ({}(full_name) = full_name and full_name ~ '^[A-Za-z]{{2,40}}$');"
    with service(bench, body, rule.format("lower"), sign_up=["email"]) as auth_service:
        assert not names(failing(auth_service))
        assert not names(troubles(auth_service, ""))
    with service(bench, body, rule.format("upper"), sign_up=["email"]) as auth_service:
        assert names(failing(auth_service)) == ['"Open account" on auth.users']


def test_the_trigger_that_fails_is_named_alone(bench: Bench) -> None:
    innocent = """;
        create function public.count_them() returns trigger language plpgsql as 'begin return new; end';
        create trigger "Count them" after insert on auth.users for each row execute function public.count_them();"""
    with service(bench, "perform public.there_is_none();", innocent) as auth_service:
        assert names(failing(auth_service)) == ['"Open account" on auth.users']


LATER: Mapping[str, tuple[str, list[str] | None]] = {
    "before update on auth.users": (
        "if new.encrypted_password <> old.encrypted_password then raise exception 'no'; end if; return new;",
        ["auth_service: set a password"],
    ),
    "before insert on auth.sessions": ("return null;", ["auth_service: sign in"]),
    "before delete on auth.sessions": ("raise exception 'stay';", ["auth_service: sign out"]),
    "before update on auth.refresh_tokens": ("return null;", ["auth_service: stay signed in"]),
    "before insert or update on auth.identities": ("new.updated_at := now(); return new;", []),
    "after update on auth.users": ("if old.created_at < now() - interval '1 hour' then raise exception 'no'; end if;"
                                   " return new;", None),
}  # fmt: skip


@pytest.mark.parametrize("event", LATER)
def test_what_does_not_work_for_who_signed_up_is_named(bench: Bench, event: str) -> None:
    body, expected = LATER[event]
    trigger = f""";
        create function public.later() returns trigger language plpgsql security definer set search_path = '' as
        $later$ begin {body} end $later$;
        create trigger later {event} for each row execute function public.later();"""
    with service(bench, SOUND, trigger) as auth_service:
        found = [row.object for row in troubles(auth_service, "") if ": sign up" not in row.object]
    if expected is None:
        assert "auth_service: sign in" in found
    else:
        assert found[: len(expected)] == expected and bool(found) == bool(expected)


def test_a_trigger_on_sessions_is_enough_to_look_at(bench: Bench) -> None:
    trigger = """; drop trigger "Open account" on auth.users;
        create function public.later() returns trigger language plpgsql as 'begin return new; end';
        create trigger later before insert on auth.sessions for each row execute function public.later();"""
    with service(bench, SOUND, trigger) as auth_service:
        assert not troubles(auth_service, "")
