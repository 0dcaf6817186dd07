"""What statements would make and change, and what a server says that it lacks."""

from __future__ import annotations

import psycopg
import pytest

from audit.connection import connect
from audit.effects import effects, lacks, parts
from audit.results import Thing
from audit.sql_text import statements


@pytest.mark.parametrize(
    ("text", "made", "touched"),
    [
        ("create table if not exists public.a (b int)", "table public.a", ""),
        ("create temp table a as select 1", "table a", ""),
        ("create unlogged table only_name (b int)", "table only_name", ""),
        ('create foreign table "S"."T" () server s', 'table "S"."T"', ""),
        ("create materialized view mv as select * from t", "view mv", ""),
        ("create or replace recursive view v (n) as select 1", "view v", ""),
        (
            "create unique index concurrently if not exists i on only public.a (b)",
            "index public.i of a",
            "constraint i of a",
        ),
        ("create index on a (b)", "", 'index "" of a'),
        ('create policy "My p" on public.a using (true)', 'policy public."My p" of a', ""),
        ("create rule r as on select to public.a do instead select 1", "rule public.r of a", "table public.a"),
        (
            "create or replace trigger t after update of x on auth.users execute function f()",
            "trigger auth.t of users",
            "",
        ),
        ("create function public.f(a int) returns int language sql as $$ insert into q $$", "function public.f", ""),
        ("create type public.mood as enum ('a')", "type public.mood", ""),
        ("create domain d as text", "type d", ""),
        ("create schema if not exists authorization x", "schema x", ""),
        ("create event trigger e on ddl_command_end execute function f()", "event trigger e", ""),
        ("create extension if not exists vector with schema extensions", "extension vector", ""),
        (
            "alter table a add column if not exists c int, add d text, add constraint k check (true), add unique (c)",
            "column c of a; column d of a; constraint k of a",
            'constraint "" of a',
        ),
        (
            "alter table a alter b drop not null, drop c, drop constraint k",
            "",
            "column b of a; column c of a; constraint k of a",
        ),
        (
            "alter table a add column b numeric(3, 2), force row level security",
            "column b of a",
            'row level security "" of a',
        ),
        ("alter table a validate constraint k", "", "constraint k of a"),
        ("alter table a owner to b", "", "table a"),
        ("alter table s.a rename to b", "table s.b", "table s.a"),
        ("alter table s.a rename column b to c", "column c of a", "table s.a"),
        ("alter table a set schema s", "table s.a", "table a"),
        ("alter table if exists only public.a enable row level security", "", 'row level security public."" of a'),
        ("alter table a disable trigger all", "", "table a"),
        ("alter policy p on a to anon", "", "policy p of a"),
        ("drop trigger if exists t on public.a", "", "trigger public.t of a"),
        ("alter default privileges in schema public grant all on tables to anon", "", "default privileges defaults"),
        ("alter publication p add table only public.a", "", "publication p; table public.a"),
        ("drop view if exists public.v", "", "view public.v"),
        ("grant select (a, b), update on table public.a, b to anon", "", 'grant "" of b; grant public."" of a'),
        ("grant execute on function public.f(int, text), g() to x", "", 'grant "" of g; grant public."" of f'),
        ("revoke all on all functions in schema public from anon", "", 'grant public.""'),
        ("grant anon to x", "", "role membership"),
        ("insert into storage.buckets (id) values ('a')", "", "rows storage.buckets"),
        ("copy public.a (b) from 'x'", "", "rows public.a"),
        ("with x as (delete from only t returning *) select 1", "", "rows t"),
        (
            "do $$ begin create table x(a int); execute 'alter table y add c int'; end $$",
            "column c of y; table x",
            "",
        ),
        ("do $$ begin execute format('alter table public.%I enable row level security', t); end $$", "", 'anything ""'),
        ("select setup()", "", 'anything ""'),
        ("select cron.schedule('a', '* * * * *', 'select 1')", "", "call cron.schedule"),
        ("select pg_catalog.set_config('search_path', '', false)", "", ""),
        ("set search_path = ''", "", ""),
        ("comment on table a is 'create table b ()'", "", ""),
        ("create foreign data wrapper w handler h", "foreign-data wrapper w", ""),
        ("create server s foreign data wrapper w", "server s", ""),
        ("create user mapping for x server s", "", ""),
        ("alter table a add b int\ncreate table c (d int)", "column b of a; table c", ""),
        ("create schema s create table t (a int) create view v as select 1", "schema s; table t; view v", ""),
        ("create table a (b int)\nalter table a enable row level security", "table a", 'row level security "" of a'),
    ],
)
def test_what_a_statement_would_do(text, made, touched):
    (statement,) = statements(text)
    found = effects(statement)
    assert {str(thing) for thing in found.made} == set(filter(None, made.split("; ")))
    assert {str(thing) for thing in found.touched} == set(filter(None, f"{made}; {touched}".split("; ")))


def test_odd_statements_are_read_without_an_error():
    texts = ["create", "alter", "grant", "grant on", "create policy", "alter table", "insert", "do", "drop x y", ") ("]
    texts += ["create index on", "alter table a add", "alter table a rename to", "grant all on all tables", "x.y.z"]
    texts += ["create table " + "(" * 5000, "do $$" + "$a$" * 3000, "create trigger t on", "comment", "create event"]
    for text in texts:
        for statement in statements(text):
            effects(statement)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("select 1", ["select 1"]),
        ("alter table a alter b drop default, alter column c set not null", None),
        ("grant create on schema s to x", None),
        ("create function f() returns int language sql as 'select 1' create index i on a (b)",
         ["create function f() returns int language sql as 'select 1' ", "create index i on a (b)"]),
        ("alter table a add b int -- no end\ncreate table c (d int)\nalter table c owner to x",
         ["alter table a add b int -- no end\n", "create table c (d int)\n", "alter table c owner to x"]),
        ("create table a (b int,", None),
    ],
)  # fmt: skip
def test_statements_that_run_on_are_parted(text, found):
    (statement,) = list(statements(f"select 0;\n{text}"))[1:]
    told = parts(statement)
    assert [each.text.strip() for each in told] == [each.strip() for each in found or [text]]
    assert all(f"select 0;\n{text}"[each.start :].startswith(each.text.strip()) for each in told)


@pytest.fixture(scope="module")
def asked(target):
    with connect(target.dsn) as connection:
        yield connection


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("select * from gone", Thing("table", "", "gone")),
        ("alter table public.gone add b int", Thing("table", "public", "gone")),
        ("drop view public.gone", Thing("table", "", "gone")),
        ('select * from "Gone Table"', Thing("table", "", "Gone Table")),
        ("select gone from public.profiles", Thing("column", "", "gone")),
        ("select p.gone from public.profiles p", Thing("column", "", "gone")),
        ("alter table public.profiles alter gone set not null", Thing("column", "", "gone", "profiles")),
        ("create index on public.profiles (gone)", Thing("column", "", "gone")),
        ("select public.gone('x')", Thing("function", "public", "gone")),
        ("drop function gone(int)", Thing("function", "", "gone")),
        ("create table public.x (a gone)", Thing("type", "", "gone")),
        ("select null::public.gone", Thing("type", "public", "gone")),
        ("create table gone.x (a int)", Thing("schema", "", "gone")),
        ("grant select on public.profiles to gone", Thing("role", "", "gone")),
        ("drop policy gone on public.profiles", Thing("policy", "", "gone", "profiles")),
        ("drop trigger gone on public.profiles", Thing("trigger", "", "gone", "profiles")),
        ("alter table public.profiles drop constraint gone", Thing("constraint", "", "gone", "profiles")),
        ("drop extension gone", Thing("extension", "", "gone")),
        ("do $$ declare r record; begin select 1 as a into r; perform r.gone; end $$", Thing("column", "", "gone")),
        ("create table public.x (a int references public.profiles (name))", Thing("table", "", "profiles")),
        ("select 1/0", None),
        ("create table public.profiles (a int)", None),
        ("selec", None),
    ],
)
def test_what_a_server_lacks_is_understood(asked, text, thing):
    asked.execute("begin")
    try:
        with pytest.raises(psycopg.Error) as error:
            asked.execute(text.encode())
    finally:
        asked.execute("rollback")
    assert lacks(error.value) == thing


def test_what_may_be_the_same():
    table = Thing("table", "public", "a")
    assert table.is_like(Thing("view", "", "a"))
    assert table.is_like(Thing("type", "public", "a"))
    assert not table.is_like(Thing("table", "other", "a"))
    assert not table.is_like(Thing("function", "public", "a"))
    assert not Thing("column", "", "c", "a").is_like(Thing("column", "", "c", "b"))
    assert Thing("column", "", "c", "a").is_like(Thing("column", "", "c"))
