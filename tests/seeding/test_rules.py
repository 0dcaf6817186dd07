"""Seeds know the words: what a rule compares a column with is in it, and each condition decides for some row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
import pytest

from audit.people import CAST
from audit.seeding.rules import _trees, hints
from audit.seeding.seeds import Planted, plant
from tests.seeding.test_seeds import new_database, platform, platform_database

__all__ = ["new_database", "platform", "platform_database"]

Connection = psycopg.Connection[Any]
ALICE = CAST["alice"].id

PAPERS = """
create table public.papers (
    id uuid primary key default gen_random_uuid(), owner_id uuid references auth.users, {columns});
alter table public.papers enable row level security;
grant select on public.papers to authenticated, anon;
create policy p on public.papers for select to authenticated using ({rule});
"""


def planted(connection: Connection, columns: str, rule: str, *more: str) -> Planted:
    connection.execute(PAPERS.format(columns=columns, rule=rule))
    for statement in more:
        connection.execute(statement)
    return plant(connection, 1)


def count(connection: Connection, condition: str) -> int:
    ((number,),) = connection.execute(f"select count(*) from public.papers where {condition}".encode()).fetchall()
    return int(number)


OWN = "owner_id = (select auth.uid())"


@pytest.mark.parametrize(
    ("columns", "rule", "there"),
    [
        ("visibility text", f"visibility = 'internal' or {OWN}", ["visibility = 'internal'", "visibility is null"]),
        ("visibility text not null default 'private'", f"visibility <> 'private' or {OWN}", ["visibility = 'private'"]),
        ("state varchar(20)", f"{OWN} and state in ('draft', 'sent')", ["state = 'draft'", "state = 'sent'"]),
        ("state text", f"coalesce(state, 'open') = 'open' or {OWN}", ["state is null", "state = 'open'"]),
        ("name text", f"name like 'public/%' or {OWN}", ["name like 'public/%'", "name not like 'public/%'"]),
        ("name text", f"name ~ '^pub-[0-9]+$' or {OWN}", ["name ~ '^pub-[0-9]+$'"]),
        ("code text", f"length(code) > 12 and {OWN}", ["length(code) > 12", "length(code) <= 12"]),
        ("level int", f"level >= 3 or {OWN}", ["level = 3", "level = 2", "level > 3"]),
        ("price numeric(6, 2)", f"price < 10 or {OWN}", ["price = 10", "price = 9"]),
        ("settings jsonb", f"settings ->> 'sharing' = 'team' or {OWN}",
         ["settings ->> 'sharing' = 'team'", "not settings ? 'sharing'", "settings ->> 'sharing' <> 'team'"]),
        ("settings jsonb not null default '{}'", f"(settings -> 'privacy' ->> 'open')::boolean or {OWN}",
         ["settings = '{}'"]),
        ("settings jsonb", f"settings @> '{{\"listed\": true}}' or {OWN}", ["settings @> '{\"listed\": true}'"]),
        ("settings jsonb", f"settings ? 'shared' or {OWN}", ["settings ? 'shared'", "not settings ? 'shared'"]),
        ("tags text[]", f"tags @> array['public'] or {OWN}",
         ["tags @> '{public}'", "tags = '{}'", "not 'public' = any (tags)"]),
        ("tags text[] not null default '{}'", f"'news' = any (tags) or {OWN}", ["'news' = any (tags)"]),
        ("tags text[]", f"tags && '{{a,b}}' or {OWN}", ["'a' = any (tags)", "'b' = any (tags)"]),
        ("readers uuid[]", "(select auth.uid()) = any (readers)", [f"'{ALICE}' = any (readers)"]),
        ("expires_at timestamptz", f"expires_at > now() or {OWN}",
         ["expires_at > now()", "expires_at < now()", "expires_at is null"]),
        ("made timestamptz not null", f"made > now() - interval '36 hours' and {OWN}",
         ["made > now() - interval '36 hours' and made < now()", "made < now() - interval '36 hours'"]),
        ("starts date", f"starts < current_date + 7 or {OWN}", ["starts < current_date", "starts > current_date + 7"]),
        ("deleted_at timestamptz", f"deleted_at is null and {OWN}", ["deleted_at is null", "deleted_at is not null"]),
        ("is_public boolean", f"is_public or {OWN}", ["is_public", "not is_public", "is_public is null"]),
        ("invited text", "lower(invited) = lower(auth.email())", [f"invited = '{CAST['alice'].email}'"]),
        ("invited text", "invited = auth.jwt() ->> 'email'", [f"invited = '{CAST['bob'].email}'"]),
        ("reader text", "reader = (select auth.uid())::text", [f"reader = '{ALICE}'"]),
        ("roles jsonb", "roles ->> (select auth.uid())::text = 'editor'", [f"roles ->> '{ALICE}' = 'editor'"]),
        ("a text, b text, c int", f"(a = 'x' and b = 'y' and c > 5) or {OWN}",
         ["a = 'x' and b = 'y' and c > 5", "a = 'x' and b = 'y' and c <= 5",
          "a = 'x' and b is distinct from 'y' and c > 5"]),
        ("a boolean not null, b boolean not null, c boolean not null, d boolean not null, state text not null",
         f"not a and b and not c and d and (state = 'on' or {OWN})", ["not a and b and not c and d and state = 'on'"]),
    ],
)  # fmt: skip
def test_what_a_policy_asks_is_there_and_decides(
    platform: Connection, columns: str, rule: str, there: list[str]
) -> None:
    """A row for each, and for each condition a row that it alone lets in or keeps out."""
    result = planted(platform, columns, rule)
    assert [condition for condition in there if not count(platform, condition)] == []
    assert (result.undecided, result.unfilled, result.remarks) == ((), {}, ())


@pytest.mark.parametrize(
    "statement",
    [
        "create view public.shown as select id from public.papers p where p.word = 'magic'",
        "create index on public.papers (owner_id) where word = 'magic'",
        "create function public.f(paper uuid) returns boolean language sql stable as"
        " $$ select exists (select from public.papers where id = paper and word = 'magic') $$",
        "create function public.f(paper uuid) returns boolean language plpgsql stable as $$ declare found_one boolean;"
        " begin /* word = 'other' */ select true into found_one from papers as p where p.id = paper and p.word in"
        " ('magic', 'spell'); return found_one; end $$",
        "create function public.t() returns trigger language plpgsql as $$ begin if new.word = 'magic' then"
        " new.id := gen_random_uuid(); end if; return new; end $$;"
        "create trigger t before insert on public.papers for each row execute function public.t()",
        "create function public.t() returns trigger language plpgsql as $$ begin return new; end $$;"
        "create trigger t before update on public.papers for each row when (new.word = 'magic')"
        " execute function public.t()",
        "create policy q on public.papers for delete"
        " using (exists (select from public.papers p where p.word = 'magic'))",
        "alter table public.papers alter column word set default 'magic';"
        "create policy q on public.papers for delete using (word = 'x')",
    ],
)
def test_words_of_other_rules_are_known(platform: Connection, statement: str) -> None:
    planted(platform, "word text", OWN, statement)
    assert count(platform, "word = 'magic'") > 0
    assert count(platform, "word = 'other'") == 0


MEMBERS = """
create table public.teams (id uuid primary key, name text);
create table public.members (
    team_id uuid not null references public.teams, user_id uuid not null references auth.users, role text not null,
    status text not null default 'pending', expires_at timestamptz, revoked_at timestamptz,
    primary key (team_id, user_id));
create function public.is_member(team uuid, roles text[] default array['owner', 'editor', 'viewer']) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.members m
        where m.team_id = team and m.user_id = (select auth.uid()) and m.role = any (roles) and m.status = 'active'
        and m.revoked_at is null and (m.expires_at is null or m.expires_at > now()))
$$;
create table public.notes (id uuid primary key, team_id uuid not null references public.teams, text text);
alter table public.notes enable row level security;
grant select on public.notes to authenticated;
create policy p on public.notes for select to authenticated using (public.is_member(team_id));
create policy d on public.notes for delete to authenticated using (public.is_member(team_id, array['owner']));
create function public.promote(who uuid) returns void language sql as
    $$ update public.members set role = 'owner' where user_id = who and role in ('editor', 'viewer') $$;
"""


def test_memberships_are_of_every_kind(platform: Connection) -> None:
    platform.execute(MEMBERS)
    assert plant(platform, 1).unfilled == {}
    kinds = {
        "active": "status = 'active' and revoked_at is null and coalesce(expires_at > now(), true)",
        "pending": "status = 'pending'",
        "expired": "status = 'active' and revoked_at is null and expires_at < now()",
        "revoked": "status = 'active' and revoked_at is not null",
        **{role: f"role = '{role}' and status = 'active'" for role in ("owner", "editor", "viewer")},
    }
    missing = [
        kind
        for kind, condition in kinds.items()
        if not platform.execute(f"select from members where {condition}").fetchall()
    ]
    assert missing == []
    teams = dict(platform.execute("select user_id::text, count(distinct team_id) from members group by 1").fetchall())
    assert teams[str(ALICE)] >= 2
    # Somebody belongs to nobody.
    assert CAST["guest"].id not in teams
    reached = set()
    for name in ("alice", "bob", "stranger"):
        platform.execute("select set_config('request.jwt.claim.sub', %s, true)", (CAST[name].id,))
        rows = platform.execute("select public.is_member(team_id), count(*) from notes group by 1").fetchall()
        reached |= {(name, let_in) for let_in, _ in rows}
    assert reached == {(name, let_in) for name in ("alice", "bob", "stranger") for let_in in (True, False)}


@pytest.mark.parametrize(
    ("columns", "rule", "named"),
    [
        ("word text", f"word = 'a' and auth.jwt() ->> 'plan' = 'gold' and {OWN}", "matters that word = "),
        ("reader uuid references auth.sessions", "reader = (select auth.uid())", "there is no row for which reader = "),
    ],
)
def test_what_cannot_be_made_is_named(platform: Connection, columns: str, rule: str, named: str) -> None:
    result = planted(platform, columns, rule)
    assert any(named in condition and "public.papers" in condition for condition in result.undecided), result


@pytest.mark.parametrize(("roles", "undecided"), [("anon", False), ("anon, authenticated", True)])
def test_what_visitors_are_asked_for_that_they_have_not_is_for_nobody(
    platform: Connection, roles: str, undecided: bool
) -> None:
    """Such as ``for select to anon using (owner = auth.uid())``; where others are meant as well, rows have to tell."""
    more = f"create policy more on public.papers for select to {roles} using (reader = auth.uid())"
    result = planted(platform, "reader uuid references auth.sessions", OWN, more)
    assert any("reader = " in condition for condition in result.undecided) is undecided


def test_a_condition_that_makes_no_difference_is_told_and_doubts_nothing(platform: Connection) -> None:
    result = planted(platform, "word text", f"word in ('a', 'b') and word <> 'c' and {OWN}")
    assert result.undecided == ()
    assert any("no row tells policy p from one without word <> " in remark for remark in result.remarks)


@pytest.mark.parametrize(
    ("rule", "owner", "named"),
    [
        (f"word = 'a' and {OWN}", True, ""),
        ("auth.jwt() ->> 'plan' = 'gold' and word = 'a'", True, "matters that word = "),
        ("auth.jwt() ->> 'plan' = 'gold' and word = 'a'", False, ""),
    ],
)
def test_callers_are_asked_with_the_role_of_a_function_that_policies_bind(
    platform: Connection, rule: str, owner: bool, named: str
) -> None:
    desk = [
        "create role desk",
        "grant select on public.papers to desk",
        "grant usage on schema public, auth to desk",
        f"create policy d on public.papers for select to desk using ({rule})",
        "create function public.f() returns int security definer language sql as 'select 1 from public.papers'",
    ]
    result = planted(platform, "word text", OWN, *desk, *["alter function public.f() owner to desk"] * owner)
    assert [named in condition for condition in result.undecided] == [True] * bool(named), result.undecided


def test_what_cannot_matter_doubts_nothing(platform: Connection) -> None:
    result = planted(platform, "word text", "true or word <> ''")
    assert (result.undecided, result.remarks) == ((), ())


def test_what_constraints_rule_out_is_told_and_doubts_nothing(platform: Connection) -> None:
    result = planted(platform, "word text check (word in ('a', 'b'))", f"word = 'c' and {OWN}")
    assert result.undecided == ()
    assert any("constraints leave no row to condition word = " in remark for remark in result.remarks), result


def test_rows_that_were_made_to_decide_share_no_canary(platform: Connection) -> None:
    flags = "a boolean not null, b boolean not null, c boolean not null, d boolean not null, e boolean not null"
    result = planted(platform, f"{flags}, secret text", f"a and b and c and d and e and {OWN}")
    for canary, place in result.canaries.items():
        if place.table == "public.papers":
            assert count(platform, f"secret like '%{canary}%'") == 1


def test_comparisons_are_read() -> None:
    read = hints(
        "((settings -> 'privacy' ->> 'mode') = 'open') and made > (now() - '24:00:00'::interval) and owner = auth.uid()"
    )
    assert read["settings"].keys == {("privacy", "mode"): ["open"]}
    assert read["made"].ages == [dt.timedelta(days=1)]
    assert read["owner"].caller
    assert hints("until < now() + '1 mon 2 days'::interval")["until"].ages == [dt.timedelta(days=-32)]
    assert hints("this is (no condition") == {}


STAFF = """
create table public.staff (user_id uuid primary key references auth.users, duty text not null);
create function public.duty() returns text language sql stable security definer set search_path = '' as $$
    select s.duty from public.staff s where s.user_id = (select auth.uid()) $$;
"""
LEVELS = """
create type public.level as enum ('guest', 'member', 'keeper', 'head');
create table public.people (id uuid primary key references auth.users, level public.level not null default 'guest');
create function public.level() returns public.level language sql stable security definer set search_path = '' as $$
    select p.level from public.people p where p.id = auth.uid() $$;
"""
ROLES = """
create table public.user_roles (
    user_id uuid not null references auth.users, role text not null, unique (user_id, role));
create function public.has_role(_user_id uuid, _role text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin return exists (select 1 from public.user_roles where user_id = _user_id and role = _role); end $$;
"""


@pytest.mark.parametrize(
    ("before", "rule"),
    [
        # Of whom it counts that they are in a table not everybody is.
        (STAFF, f"{OWN} or (select public.duty()) is not null"),
        (STAFF, f"{OWN} or exists (select from public.staff s where s.user_id = (select auth.uid()))"),
        # What a function answers with is compared with words: the column has them, and somebody is one of these.
        (STAFF, f"{OWN} or (select public.duty()) in ('cook', 'guard')"),
        (LEVELS, f"{OWN} and (select public.level()) in ('keeper', 'head')"),
        # A word that a function is given.
        (ROLES, f"{OWN} or public.has_role((select auth.uid()), 'librarian')"),
    ],
)
def test_what_functions_are_asked_for_decides(platform: Connection, before: str, rule: str) -> None:
    platform.execute(before.encode())
    result = planted(platform, "word text", rule)
    assert (result.undecided, result.unfilled) == ((), {})


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("begin return a = 1; end", ["SELECT a = 1"]),
        ("select a into strict v, w from t where length(b) > 2", ["SELECT a FROM t WHERE LENGTH(b) > 2"]),
        ("insert into t (a) select b from u where c = 'x'", ["INSERT INTO t (a) SELECT b FROM u WHERE c = 'x'"]),
        ("if exists (select from t where a = 'x;y') then return true; end if;",
         ["SELECT EXISTS(SELECT FROM t WHERE a = 'x;y')"]),
        ("v := case when a = 1 then 2 else 3 end;", ["SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END"]),
        ("for r in select * from t where a is null loop perform f(r.b = 2); end loop;",
         ["SELECT * FROM t WHERE a IS NULL", "SELECT F(r.b = 2)"]),
        ("declare a text := 'x'; begin null; end", []),
    ],
)  # fmt: skip
def test_statements_and_expressions_of_a_body_are_read(body: str, read: list[str]) -> None:
    assert [tree.sql(dialect="postgres") for tree in _trees(body)] == read


@pytest.mark.parametrize("body", ["select a" + " " * 400_000 + "from t where a = 1", "return a = 1; " * 20_000])
def test_a_body_as_long_as_it_likes_to_be_is_read_in_part(body: str) -> None:
    assert len([*_trees(body)]) <= 200


STAFF = (
    "create table public.staff (id uuid primary key default gen_random_uuid(), school int, person uuid not null{});"
    "alter table public.staff enable row level security;"
)
VIEW = (
    "create view public.me as select u.id, s.school from auth.users u left join public.staff s on s.person = u.id "
    "where u.id = auth.uid()"
)


@pytest.mark.parametrize(
    ("rule", "key", "most"),
    [
        ("school = (select s.school from public.staff s where s.person = (select auth.uid()))", "", 1),
        ("school = (select m.school from public.me m)", "", 1),
        ("school in (select s.school from public.staff s where s.person = auth.uid())", "", 2),
        ("school = (select max(s.school) from public.staff s where s.person = auth.uid())", "", 2),
        ("school = (select s.school from public.staff s where s.person = auth.uid())", ", unique (school, person)", 2),
        ("(select s.id from public.staff s where s.person = auth.uid() and s.school = papers.school) is not null",
         "", 2),
    ],
)  # fmt: skip
def test_who_is_looked_up_as_one_row_has_one(platform: Connection, rule: str, key: str, most: int) -> None:
    """A rule that takes the caller's row for one fails where there are two: no application makes a second one."""
    platform.execute(STAFF.format(key).encode())
    platform.execute(VIEW.encode())
    planted(platform, "school int", rule)
    found = platform.execute("select count(*) from public.staff group by person order by 1 desc limit 1").fetchone()
    assert found is not None
    assert (found[0] == 1) == (most == 1)


@pytest.mark.parametrize("shown", [False, True])
def test_what_asks_a_table_that_shows_nothing_is_told_and_doubts_nothing(platform: Connection, shown: bool) -> None:
    """Nobody can make a row for it: policies ask with the caller's rights."""
    platform.execute(
        "create table public.staff (person uuid, team int); alter table public.staff enable row level security;"
        "grant select on public.staff to authenticated, anon;"
        "create policy joining on public.staff for insert with check (person = auth.uid())"
    )
    if shown:
        platform.execute("create policy theirs on public.staff for select using (person = auth.uid())")
    asks = "team in (select s.team from public.staff s where s.person = auth.uid())"
    result = planted(platform, "team int", f"{asks} or {OWN}")
    assert result.undecided == ()
    told = "policy p asks whether team IN (SELECT s.team FROM public.staff AS s WHERE (s.person = auth.uid()))"
    assert any(told in remark and "shows nobody a row" in remark for remark in result.remarks) is not shown
