"""Made-up rows have the ids that the project's own triggers would have given them."""

from __future__ import annotations

from typing import Any

import pytest

from audit.seeding import signup
from audit.seeding.seeds import plant
from tests.seeding.test_seeds import Connection, new_database, platform, platform_database

__all__ = ["new_database", "platform", "platform_database"]

PROJECTS = """
create table public.orgs (id uuid primary key default gen_random_uuid(), name text);
create table public.projects (
    id uuid primary key default gen_random_uuid(), org_id uuid not null references public.orgs (id),
    owner_id uuid references auth.users (id));
"""
TASKS = """
create table public.{name} (
    id uuid primary key default gen_random_uuid(), project_id uuid not null references public.projects (id),
    org_id uuid not null references public.orgs (id), owner_id uuid references auth.users (id),
    state text not null default 'open' check (state in ('open', 'done')));
create function public.fill_{name}() returns trigger language plpgsql as $$ begin
    select p.org_id into new.org_id from public.projects p where p.id = new.project_id;
    new.owner_id := auth.uid();
    new.state := 'open';
    {more}
    return new;
end $$;
create trigger fill before insert or update on public.{name} for each row when (new.project_id is not null)
execute function public.fill_{name}();
"""
STAYS = {
    "refused": "raise exception 'never';",
    "nowhere": "new.org_id := gen_random_uuid();",
    "slow": "perform pg_sleep(9);",
    "asking": "if tg_table_name <> 'asking' then new.project_id := null; end if;",
}


def asked(connection: Connection, question: str) -> tuple[Any, ...]:
    row = connection.execute(question.encode()).fetchone()
    return tuple(row or ())


def test_a_row_has_the_ids_that_triggers_give_it(platform: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signup, "TIMEOUT_MS", 500)
    kinds = {"settled": "", **STAYS}
    platform.execute((PROJECTS + "".join(TASKS.format(name=name, more=more) for name, more in kinds.items())).encode())
    plant(platform, members=20)
    for name in kinds:
        stray = f"select count(*) from public.{name} t join public.projects p on p.id = t.project_id"
        (count,) = asked(platform, f"{stray} where p.org_id <> t.org_id")
        assert (count == 0) is (name == "settled"), name
        # What says who is asking, and what would be the same in every row, stays as it is.
        assert asked(platform, f"select count(distinct owner_id) > 3, count(distinct state) from public.{name}") == (
            True,
            2,
        )
    assert asked(platform, "select from pg_catalog.pg_class where relname = 'audit_settled'") == ()
    assert asked(platform, "select current_setting('session_replication_role')") == ("origin",)


TEAMS = """
create table public.teams (id uuid primary key default gen_random_uuid(), owner_id uuid not null references auth.users);
create table public.team_people (
    team_id uuid references public.teams, user_id uuid references auth.users, primary key (team_id, user_id));
create table public.news (id uuid primary key default gen_random_uuid(), team_id uuid references public.teams);
create function public.join_own() returns trigger language plpgsql as $$ begin
    insert into public.team_people (team_id, user_id) values (new.id, auth.uid());
    return null;
end $$;
create function public.tell() returns trigger language plpgsql as $$ begin
    insert into public.news (team_id) values (new.id);
    return null;
end $$;
create trigger join_own after insert on public.teams for each row execute function public.join_own();
create trigger tell after insert on public.teams for each row execute function public.tell();
"""


def test_whoever_makes_something_belongs_to_it_where_a_trigger_sees_to_that(platform: Connection) -> None:
    platform.execute(TEAMS.encode())
    planted = plant(platform, members=20)
    outside = """
        select count(*) from public.teams t where t.owner_id::text like '00000000%' and not exists (
            select from public.team_people p where p.team_id = t.id and p.user_id = t.owner_id)
    """
    assert asked(platform, outside) == (0,)
    # What other triggers write is left to the generator.
    assert asked(platform, "select count(*) from public.news") == (planted.counts["public.news"],)
    assert asked(platform, "select coalesce(current_setting('request.jwt.claims', true), '')") == ("",)
