"""Who does what on a disposable server, and that what the superuser says cannot be heard otherwise."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from audit.connection import TargetError, connect
from audit.migrations import EVENT_TRIGGERS_SINCE, apply
from audit.server import embedded, rights, watchdog
from audit.server.rights import OWNER, STAND_IN, SUPERUSER, login, superuser
from audit.server.target import Choice, Target
from audit.server.walls import ALL, Walls, told

# Where SQL is that the superuser executes once the project's code is there.
MODULES = (rights, embedded, watchdog)

# What needs no name of a schema: the grammar's own words, for which nobody can make something else up.
GRAMMAR = {
    *("any", "array", "case", "exists", "select", "from", "where", "join", "and", "or", "not", "in", "as", "values"),
    *("set", "with", "coalesce", "greatest", "least", "nullif"),
}


SQL = re.compile(r"\s*(?:select|update|insert|delete|grant|create|alter|drop|do|set)\s")


def spoken(module: object) -> Iterator[tuple[str, str]]:
    """Yield the module's texts that are SQL: those that begin with one of its words."""
    path = Path(str(getattr(module, "__file__", "")))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
            yield path.name, node.value


def loose(text: str) -> list[str]:
    """Return the operators, casts, functions and relations in a text that are not said to be PostgreSQL's own."""
    text = re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"--[^\n]*", "", text))
    text = re.sub(r"operator\(pg_catalog\.[^)]+\)", " ", text).replace("%s", " ").replace("{}", " ")
    found = re.findall(r"(?<![:\w.])(?:<=|>=|<>|!=|[=<>~+*/|&#@^!-]+)(?![\w.]*\})", text)
    found += [kind for kind in re.findall(r"::\s*([\w.\"]+)", text) if not kind.startswith("pg_catalog.")]
    calls = re.findall(r"([\w.\"]+)\s*\(", text)
    found += [name for name in calls if not name.startswith("pg_catalog.") and name.lower() not in GRAMMAR]
    named = re.findall(r"\b(?:from|join|update)\s+([\w.\"]+)", text)
    return found + [name for name in named if not name.startswith("pg_catalog.") and name not in ("", "pg_catalog")]


# Setting a setting has a sign of its own in the grammar; these say so and nothing else.
SETTINGS = re.compile(r"\bset (?:allow_system_table_mods|rolsuper|search_path) = \w*")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_what_the_superuser_says_cannot_be_heard_otherwise(module: object) -> None:
    texts = list(spoken(module))
    assert texts
    for name, text in texts:
        assert loose(SETTINGS.sub("set", text)) == [], (name, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("select x from pg_catalog.pg_class c where c.relname = 'x'", ["="]),
        ("select 'x'::text", ["text"]),
        ("select count(*) from pg_catalog.pg_class", ["*", "count"]),
        ("select oid from pg_class", ["pg_class"]),
        ("select 1 where 'a' operator(pg_catalog.=) 'b'::pg_catalog.text", []),
        ("select pg_catalog.starts_with(a, 'b') from pg_catalog.pg_roles", []),
    ],
)
def test_a_loose_name_is_found(text: str, found: list[str]) -> None:
    assert loose(text) == found


def scalar(connection: psycopg.Connection, question: str) -> object:
    ((value,),) = connection.execute(question).fetchall()
    return value


def test_the_superuser_has_to_say_a_password(target: Target) -> None:
    for without in ("passfile=/dev/null", "passfile=/dev/null password=guess"):
        with pytest.raises(TargetError, match="password"):
            connect(login(embedded.Dsn(f"{target.server.dsn} {without}"), SUPERUSER))


@pytest.mark.parametrize("user", [OWNER, STAND_IN])
def test_nobody_else_leads_out(target: Target, user: str) -> None:
    with connect(login(target.dsn, user)) as connection:
        assert scalar(connection, "select rolsuper from pg_catalog.pg_roles where rolname = session_user") is False
        mighty = "select pg_catalog.count(*) from pg_catalog.pg_roles where rolsuper and pg_has_role(oid, 'member')"
        assert scalar(connection, mighty) == 0
        for power in rights.NOT_GRANTED:
            assert scalar(connection, f"select pg_has_role('{power}', 'member')") is False


def test_the_stand_in_follows_new_roles(target: Target) -> None:
    dsn = target.server.clone_database("following")
    try:
        with connect(login(dsn, OWNER)) as owner:
            owner.execute("create role newcomer")
        with superuser(dsn) as administrator:
            rights.follow(administrator)
        with connect(login(dsn, STAND_IN)) as connection:
            connection.execute("set role newcomer")
    finally:
        target.server.drop_database("following")
        with superuser(target.server.dsn) as administrator:
            administrator.execute("drop role if exists newcomer")


SETTINGS_OF_A_PROJECT = {
    "default_transaction_read_only": "on", "idle_in_transaction_session_timeout": "7s", "role": "anon",
    "statement_timeout": "7s",
}  # fmt: skip


def test_what_a_project_sets_for_its_database_does_not_keep_us_from_working(target: Target) -> None:
    dsn = target.server.clone_database("settled")
    try:
        with superuser(dsn) as administrator:
            for name, value in SETTINGS_OF_A_PROJECT.items():
                administrator.execute(f"alter database settled set {name} = '{value}'")
        with connect(login(dsn, OWNER)) as owner:
            assert {name: scalar(owner, f"show {name}") for name in SETTINGS_OF_A_PROJECT} == SETTINGS_OF_A_PROJECT
        for user in (STAND_IN, SUPERUSER):
            with connect(login(dsn, user)) as connection:
                assert {name: scalar(connection, f"show {name}") for name in SETTINGS_OF_A_PROJECT} == {
                    "default_transaction_read_only": "off", "idle_in_transaction_session_timeout": "0",
                    "role": "none", "statement_timeout": "0",
                }  # fmt: skip
    finally:
        target.server.drop_database("settled")


WATCHING = """
create table public.noticed (who text, tag text);
create function public.ensure_rls() returns event_trigger language plpgsql security definer set search_path = '' as $$
declare made record;
begin
    for made in select * from pg_catalog.pg_event_trigger_ddl_commands() loop
        insert into public.noticed values (session_user, made.command_tag);
        if made.object_type = 'table' then
            execute pg_catalog.format('alter table %s enable row level security', made.object_identity);
        end if;
    end loop;
end $$;
create event trigger ensure_rls on ddl_command_end when tag in ('CREATE TABLE', 'CREATE TABLE AS')
    execute function public.ensure_rls();
create function extensions.ours() returns event_trigger language plpgsql as 'begin raise exception ''never''; end';
create event trigger of_the_provider on ddl_command_end execute procedure extensions.ours();
create event trigger "at login" on login execute function public.ensure_rls();
drop event trigger "at login";
comment on event trigger ensure_rls is 'for every new table';
alter event trigger ensure_rls owner to postgres;
create table public.later (id int);
"""


def test_event_triggers_of_a_project_fire_for_it_alone(target: Target, tmp_path: Path) -> None:
    Path(tmp_path, "20240101000000_a.sql").write_text(WATCHING, encoding="utf-8")
    dsn = target.server.clone_database("watching")
    try:
        with connect(login(dsn, OWNER)) as owner:
            known = owner.info.server_version >= EVENT_TRIGGERS_SINCE
            (done,) = apply(owner, tmp_path, piecewise=True)
            assert len([each for each in done.troubles if each.aside]) == (1 if known else 3)
            assert not known or len(done.troubles) == 1
            rls = "select relrowsecurity from pg_catalog.pg_class where oid = 'public.later'::regclass"
            assert scalar(owner, rls) is known
        for user, name in ((STAND_IN, "theirs"), (SUPERUSER, "his")):
            with connect(login(dsn, user)) as connection:
                connection.execute(f"create table public.{name} (id int)")
                assert scalar(connection, rls.replace("later", name)) is False
        with superuser(dsn) as administrator:
            who = scalar(administrator, "select pg_catalog.array_agg(distinct who) from public.noticed")
            assert who == (["postgres"] if known else None)
    finally:
        target.server.drop_database("watching")


def test_an_event_trigger_of_a_project_is_not_in_place_of_the_platforms(target: Target) -> None:
    dsn = target.server.clone_database("mine")
    try:
        with connect(login(dsn, OWNER)) as owner:
            owner.execute("create function public.f() returns event_trigger language plpgsql as 'begin end'")
            making = (
                "select pg_catalog.create_event_trigger('guard_platform', 'sql_drop', '{}', 'public.f'::regproc::oid)"
            )
            for attempt in (making, "drop event trigger guard_platform", "alter event trigger guard_platform disable"):
                with pytest.raises(psycopg.Error):
                    owner.execute(attempt)
    finally:
        target.server.drop_database("mine")


def test_no_function_of_a_superuser_lets_others_act_as_one(target: Target) -> None:
    """A SECURITY DEFINER function of the platform would be a way out, unless it fixes what its names mean."""
    with superuser(target.server.dsn) as connection:
        found = connection.execute(
            """
            select p.oid::pg_catalog.regprocedure::text from pg_catalog.pg_proc p
            join pg_catalog.pg_roles r on r.oid = p.proowner and r.rolsuper
            where p.prosecdef and p.oid >= 16384
            and not exists (select from unnest(p.proconfig) as c where c like 'search_path=%')
            """
        ).fetchall()
    assert found == []


def test_walls_are_told() -> None:
    assert told(ALL).endswith("a limit of disk.") and "missing" not in told(ALL)
    assert "none; missing: a user" in told(())


def test_walls_can_be_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "raised", lambda hidden: Walls())
    Choice().check()
    with pytest.raises(TargetError, match=r"--require-walls: .* would go without a user .* install bubblewrap"):
        Choice(require_walls=True).check()
