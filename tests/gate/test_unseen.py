# ruff: noqa: E501  a case is a line
"""What a migration may do elsewhere and not here, or later and not now; and what looks like it and is as harmless as ever.

Each case is told by what MIG-03 (data) and MIG-06 (reach) say of it: ``lost``, ``open``, or that it is not known.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.access.declaration import Access
from audit.results import Verdict
from audit.settings import Settings
from tests.support.proving import CLEAN
from tests.support.rehearsing import Ground, SilentSuite

LIMIT = "set lock_timeout = '2s';\n"


def block(body: str) -> str:
    return f"do $$ begin {body} end $$;"


def trigger(event: str, body: str, table: str = "private.parcels", name: str = "new_one") -> str:
    return f"""
        create function private.{name}() returns trigger language plpgsql security definer set search_path = '' as
        $$ begin {body} end $$;
        create trigger {name} {event} on {table} for each row execute function private.{name}();
    """


WIPE = "delete from private.labels;"
EMPTY = "update private.parcels set note = ''"

# Data that would be lost elsewhere, as far as anybody knows.
UNKNOWN = {
    "an update meets no row": "update private.parcels set note = 'gone' where weight < -5;",
    "an update by a word that nobody has": "update private.parcels set note = '' where label = 'old';",
    "an update within a query": "with x as (update private.parcels set note = '' where weight < -5 returning id) select 1;",
    "an update behind a query": "with x as (select 1) update private.parcels set note = '' where weight < -5;",
    "an update by a long value": "update private.parcels set note = '' where length(note) > 90000 or id < 0;",
    "a word joins another": "update private.labels set word = 'word 7' where word = 'wrod 7';",
    "a case that no row meets": "update private.parcels set note = case when weight < -5 then '' else note end;",
    "values that are long are cut": "update private.parcels set note = left(note, 50);",
    "the first word is left": "update private.parcels set note = split_part(note, '~', 1);",
    "numbers are cut off": "update private.parcels set weight = least(weight, 90000);",
    "another type, and long values cut": "alter table private.parcels alter column label type varchar(90) using split_part(label, '~', 1);",
    "another type, and numbers cut off": "alter table private.parcels alter column weight type numeric(12, 2) using least(weight, 90000), alter column fragile drop default;",
    "values are replaced where they hold something": "update private.parcels set note = replace(note, 'secret', '');",
    "a merge meets nobody": (
        "merge into private.labels l using private.parcels p on p.id = l.parcel_id and p.weight < -5 "
        "when matched then delete;"
    ),
    "a branch by a count": block(f"if (select count(*) from private.stops) > 100000 then {WIPE} end if;"),
    "a branch by a variable": (
        f"do $$ declare n bigint; begin select count(*) into n from auth.users; if n > 5000 then {WIPE} end if; end $$;"
    ),
    "an else": block(f"if (select count(*) from auth.users) < 5000 then null; else {WIPE} end if;"),
    "behind a return": block(
        f"if not exists (select from auth.users where email like '%@corp') then return; end if; {WIPE}"
    ),
    "a loop without a turn": block(f"for n in 1 .. (select count(*) - 90000 from private.stops) loop {WIPE} end loop;"),
    "a handler": block(f"begin perform 1 / (select count(*) from auth.users); exception when others then {WIPE} end;"),
    "a choice": block(f"case when (select count(*) from auth.users) > 9999 then {WIPE} else null; end case;"),
    "another update of the table is seen": block(
        f"update private.parcels set note = upper(note); if (select count(*) from auth.users) > 9999 then {EMPTY}; end if;"
    ),
    "text that is put together": block("execute 'dele' || 'te from private.labels where id < 0';"),
    "text that is put together in a branch": block(
        "if (select count(*) from auth.users) > 9999 then execute 'drop ta' || 'ble private.labels'; end if;"
    ),
    "text that is decoded": block(
        "if (select count(*) from auth.users) > 9999 then "
        "execute convert_from(decode('ZGVsZXRl', 'base64'), 'utf8'); end if;"
    ),
    "a table is dropped in a branch": block(
        "if (select max(id) from private.stops) > 1e6 then drop table private.labels; end if;"
    ),
    "a function of the same file": (
        "create function private.purge() returns void language plpgsql as "
        f"$$ begin if (select count(*) from auth.users) > 9999 then {WIPE} end if; end $$; select private.purge();"
    ),
    "a function that is called by chance": (
        f"create function private.purge() returns int language sql as $$ {WIPE} select 1 $$;"
        " select case when random() < 0.000001 then private.purge() end;"
    ),
    "how large a table is said to be": block(
        f"if (select reltuples from pg_class where relname = 'labels') > 1e6 then {WIPE} end if;"
    ),
    "a day to come": block(f"if now() > '2027-06-01' then {WIPE} end if;"),
    "chance": "delete from private.labels where random() < 0.0000001 and id < 0;",
    "a value by the place": "update private.parcels set note = case when pg_backend_pid() < 0 then '' else note end;",
    "a name in signs of another kind": r'delete from private.U&"l\0061bels" where id < 0;',
    "a name in signs of its author's choice": r"""delete from private.U&"l!0061bels" uescape '!' where id < 0;""",
    "a word in signs of another kind": block(
        r"if (select count(*) from auth.users) > 9999 then execute E'del\x65te from private.labels'; end if;"
    ),
    "a statement that is prepared": "prepare x (int) as delete from private.labels where id < $1; execute x (-5);",
    "a statement that is explained": "explain (analyze, costs off) delete from private.labels where id < 0;",
    "behind a long comment": f"delete /*{'x' * 450_000}*/ from private.labels where id < 0;",
    "a function that is too long": (
        f"create function private.purge() returns void language plpgsql as $$ begin /*{'x' * 1_100_000}*/ "
        f"if (select count(*) from auth.users) > 9999 then {WIPE} end if; end $$; select private.purge();"
    ),
    "a column by the place": (
        "alter table private.labels alter word type text using case when inet_server_addr() is null then word end;"
    ),
}

# Where it runs: each of these is a condition of a block that deletes.
PLACES = [
    "current_setting('application_name') = 'Supabase CLI'", "current_database() = 'app'", "session_user = 'cli'",
    "version() like '%aarch64%'", "inet_server_addr() is not null", "inet_client_port() > 0", "pg_is_in_recovery()",
    "exists (select from pg_stat_activity where usename = 'authenticator')", "pg_backend_pid() > 1000000",
    "exists (select from pg_roles where rolname = 'cli_login_postgres')", "txid_current() > 100000000",
    "exists (select from pg_extension where extname = 'supabase_vault_2')", "pg_current_wal_lsn() > 'F0/0'",
    "exists (select from pg_tablespace where spcname = 'fast')", "pg_relation_size('private.labels') > 1e9",
    "(select setting from pg_settings where name = 'port') = '6543'", "pg_database_size('postgres') > 1e10",
    "exists (select from pg_stat_replication)", "(select count(*) from auth.users) > 10000",
    "now() > timestamptz '2026-12-24'", "random() < 0.00001", "pg_postmaster_start_time() < now() - interval '1 day'",
    "exists (select from pg_stats where n_distinct > 1e6)", "current_date > '2027-01-01'",
    "current_setting('port') <> '5432'", "nextval('private.numbers') > 1000000",
    "exists (select from pg_available_extensions where name = 'no_such')",
]  # fmt: skip


def opened_by(code: str) -> str:
    """Return a policy that lets in whom a function lets in that is written in PL/pgSQL."""
    return (
        f"create function private.may() returns boolean language plpgsql stable as $may$ {code} $may$;"
        "create policy later on public.profiles for select to authenticated using (private.may());"
    )


# Whom they would let in elsewhere is not known.
BLIND = {
    "a grant in a branch": block(
        "if (select count(*) from auth.users) > 9999 then grant all on private.labels to anon; end if;"
    ),
    "a grant by the place": block(
        "if inet_server_addr() is not null then grant all on all tables in schema public to anon; end if;"
    ),
    "a policy in a branch": block(
        "if (select count(*) from auth.users) > 9999 then "
        "create policy x on public.profiles for select to anon using (true); end if;"
    ),
    "no row level security in a branch": block(
        "if (select count(*) from auth.users) > 9999 then alter table public.profiles disable row level security; end if;"
    ),
    "a policy by the place": (
        "create policy later on public.profiles for select to authenticated using (inet_server_addr() is not null);"
    ),
    "a policy by the clock": "create policy later on public.profiles for select to authenticated using (now() > '2027-01-01');",
    "a policy by an application's name": (
        "create policy later on public.profiles for select to authenticated "
        "using (current_setting('application_name') = 'x');"
    ),
    "a function by the server": (
        "create function private.may() returns boolean language plpgsql stable as "
        "$$ begin if exists (select from pg_stat_activity where usename = 'x') then return true; end if; return false; end $$;"
    ),
    **{
        f"what a policy calls by {how}": opened_by(code)
        for how, code in {
            "the clock": "begin return now() > '2027-01-01'; end",
            "the clock, within a call": "begin return coalesce(now() > '2027-01-01', false); end",
            "the hour": "begin return extract(hour from now()) = 3; end",
            "two clocks": "begin return statement_timestamp() = transaction_timestamp(); end",
            "chance": "begin return random() < 0.001; end",
            "who called": "declare said text; begin get diagnostics said = pg_context; return said not like E'%\\n%'; end",
            "where something failed": (
                "declare said text; begin begin raise exception 'x'; exception when others then "
                "get stacked diagnostics said = pg_exception_context; end; return said not like E'%\\n%'; end"
            ),
            "how often": "begin return nextval('private.numbers') > 100000; end",
            "what somebody locked": "begin return not pg_try_advisory_lock(42); end",
            "the statement": "begin return current_query() like '%pgrst_source%'; end",
            "the request's method": "begin return current_setting('request.method', true) = 'GET'; end",
        }.items()
    },
    "what a policy calls that is no block": (
        "create function private.may() returns boolean language sql stable return random() < 0.001;"
        "create policy later on public.profiles for select to authenticated using (private.may());"
    ),
    "what a policy calls that calls another": (
        "create function private.chance() returns float language sql as $$ select random() $$;"
        "create function private.may() returns boolean language sql stable as $$ select private.chance() < 0.001 $$;"
        "create policy later on public.profiles for select to authenticated using (private.may());"
    ),
    "what a policy called already": (
        "create or replace function private.is_approved() returns boolean language sql stable security definer "
        "set search_path = '' as $$ select current_query() like '%pgrst_source%' $$;"
    ),
    "somebody whose id it says is promoted": (
        "update public.profiles set is_admin = true where id = '3f1a2b9c-0000-4000-8000-123456789abc';"
    ),
    "somebody whose address it says is promoted, in a block": block(
        "update public.profiles p set verification_status = 'approved' from auth.users u "
        "where u.id = p.id and u.email = 'me@example.org';"
    ),
    "somebody whose address it says becomes an admin": (
        "insert into public.profiles (id, name, is_admin) "
        "select id, 'Robin', true from auth.users where email = 'me@example.org';"
    ),
    "a policy by a setting of the application's own": (
        "create policy later on public.profiles for select to authenticated using (current_setting('app.x', true) = 'on');"
    ),
    "a policy by how many rows there are": (
        "create policy later on public.profiles for select to authenticated "
        "using ((select count(*) from public.messages) > 100000);"
    ),
    "what a policy calls by how many rows there are": opened_by(
        "declare n bigint; begin select count(*) into n from public.messages; return n > 100000; end"
    ),
    "a text in a branch": block(
        "if (select count(*) from auth.users) > 9999 then execute format('grant all on %s to anon', 'private.labels'); end if;"
    ),
}

LOST = {
    "a trigger that waits for what few rows have": trigger(
        "before update", "if new.code = 'code 77' then delete from private.stops; end if; return new;"
    ),
    "a trigger that waits for a word that no row has": trigger(
        "before update", "if new.note like '%#reset' then delete from private.stops; end if; return new;"
    ),
    "a trigger that waits for a word in new rows": trigger(
        "before insert", "if new.note = 'open sesame' then delete from private.labels; end if; return new;"
    ),
    "a table that may have rows": "drop table private.shelves;",
    "whatever rows there are": "truncate private.shelves;",
    "whatever rows there are, by a delete": "delete from private.shelves;",
    "whatever rows there are, in a loop": block("for n in 1 .. 1 loop execute 'truncate private.shelves'; end loop;"),
    "new rows are swallowed": trigger("before insert", "return null;"),
    "changes are swallowed": trigger("before update", "return null;"),
    "new rows go away again": trigger("after insert", "delete from private.parcels where id = new.id; return new;"),
    "others' rows go later": trigger("after update", "delete from private.labels; return new;"),
    "values are emptied later": trigger(
        "before update", "new.code := coalesce(new.code, ''); new.note := null; return new;"
    ),
    "values are made equal later": trigger("before insert or update", "new.note := 'redacted'; return new;"),
    "a trigger's function makes values equal": (
        trigger("before insert or update", "return new;")
        + "create or replace function private.new_one() returns trigger language plpgsql as "
        "$$ begin new.note := 'redacted'; return new; end $$;"
    ),
    "a rule swallows": "create rule nothing as on insert to private.parcels do instead nothing;",
    "a rule swallows changes of some rows": (
        "create rule of_some as on update to private.parcels where new.note is not null do instead nothing;"
    ),
    "words of an enumeration are exchanged": (
        "alter type private.kind rename value 'pick up' to 'x'; alter type private.kind rename value 'hand over' to "
        "'pick up'; alter type private.kind rename value 'x' to 'hand over';"
    ),
    "a view in place of a table": (
        "alter table private.labels rename to labels_old;"
        "create view private.labels as select * from private.labels_old where id < 0;"
    ),
    "an empty table in place of one": (
        "create table private.labels_new (like private.labels including all);"
        "alter table private.labels rename to labels_old; alter table private.labels_new rename to labels;"
    ),
    "a table that a crash empties": "alter table private.labels set unlogged;",
}

HARMLESS = {
    "another type of a number": "alter table private.parcels alter column weight type numeric(14, 4) using round(weight, 4);",
    "another type of a text": "alter table private.parcels alter column label type varchar(90) using trim(label);",
    "a column is filled": "alter table private.parcels add column size int; update private.parcels set size = 1 where weight < -5;",
    "what is empty is filled": "update private.parcels set label = 'none' where label is null;",
    "what is blank is filled": "update private.parcels set label = 'none' where trim(coalesce(label, '')) = '' and label is null;",
    "what is blank becomes NULL": "update private.labels set word = null where word = '';",
    "what is blank becomes NULL, in a function": "update private.labels set word = nullif(trim(word), '');",
    "a word becomes another": "update private.labels set word = 'new word' where word = 'old word';",
    "letters become small": "update private.labels set word = lower(word) where word <> lower(word);",
    "a touched row": "alter table private.labels add column updated_at timestamptz;"
                     "update private.labels set updated_at = now() where word = 'none';",
    "spaces go": r"update private.labels set word = regexp_replace(word, '\s+', ' ', 'g');",
    "a policy where there is none": block(
        "if not exists (select from pg_policies where policyname = 'mine' and tablename = 'profiles') then "
        "create policy mine on public.profiles for select to authenticated using (id = (select auth.uid())); end if;"
    ),
    "a type where there is none": block(
        "if not exists (select from pg_type where typname = 'mood') then create type private.mood as enum ('a'); end if;"
    ),
    "a type that may be there": block(
        "create type private.mood as enum ('a'); exception when duplicate_object then null;"
    ),
    "a constraint that may be there": block(
        "if exists (select from pg_constraint where conname = 'no_such') then "
        "alter table private.labels drop constraint no_such; end if;"
    ),
    "a column where there is none": block(
        "if not exists (select from information_schema.columns where table_schema = 'private' and table_name = 'labels' "
        "and column_name = 'tint') then alter table private.labels add column tint text; end if;"
    ),
    "a table that is not there": block("if to_regclass('private.no_such') is not null then drop table private.no_such; end if;"),
    "row level security everywhere": block(
        "declare t record; begin for t in select tablename from pg_tables where schemaname = 'public' loop "
        "execute format('alter table public.%I enable row level security', t.tablename); end loop; end;"
    ),
    "each row gets a word": (
        "alter table private.labels add column slug text;"
        + "do $$ declare r record; begin for r in select id, word from private.labels loop "
        "update private.labels set slug = replace(r.word, ' ', '-') where id = r.id; end loop; end $$;"
    ),
    "a role where there is none": block(
        "if not exists (select from pg_roles where rolname = 'reporter') then create role reporter nologin; end if;"
    ),
    "a check before": block(
        "if (select count(*) from private.labels where word is null) > 0 then raise exception 'mend these first'; end if;"
    ),
    "a column called version": "alter table private.labels add column version int default 1; update private.labels set version = 2;",
    "updated_at is set": "alter table private.parcels add column updated_at timestamptz;"
                         + trigger("before update", "new.updated_at := now(); return new;"),
    "a log is written": "create table private.log (id bigint generated always as identity, what text, who text);"
                        + trigger("after insert or update or delete",
                                  "insert into private.log (what, who) values (tg_op, session_user); return coalesce(new, old);"),
    "a search column is written": "alter table private.parcels add column found text;"
                                  + trigger("before insert or update", "new.found := lower(new.code); return new;"),
    "a guard refuses": trigger("before insert", "if new.weight < 0 then raise exception 'no'; end if; return new;"),
    "nothing that changes nothing": (
        "create trigger quiet before update on private.parcels for each row execute function "
        "suppress_redundant_updates_trigger();"
    ),
    "deleted rows are kept": "create table private.bin (like private.labels);"
                             + trigger("before delete", "insert into private.bin select old.*; return old;", "private.labels"),
    "a view beside its table": (
        "alter table private.labels rename to words; create view private.labels as select * from private.words;"
    ),
    "a word of an enumeration is written otherwise": "alter type private.kind rename value 'pick up' to 'fetch';",
    "a rule beside": "create table private.changes (id int); create rule noted as on update to private.parcels where "
                     "new.note is not null do also insert into private.changes values (old.id);",
    "a trigger that says a word": trigger("before insert or update", "if new.note = 'x' then new.note := 'y'; end if; return new;"),
    "a policy about time in a row": (
        "create policy later on public.help_requests for select to authenticated using (created_at <= now() and "
        "user_id = (select auth.uid()));"
    ),
    "a policy by how many rows one has oneself": (
        "create policy few on public.help_requests for insert to authenticated with check (user_id = (select auth.uid()) "
        "and (select count(*) from public.help_requests r where r.user_id = (select auth.uid())) < 3);"
    ),
    "a policy by whose rows a setting says": (
        "create policy later on public.profiles for select to authenticated "
        "using (id = nullif(current_setting('app.me', true), '')::uuid);"
    ),
    "a function's setting that no policy asks": (
        "create function private.mode() returns text language sql stable as $$ select current_setting('app.mode', true) $$;"
    ),
    "a function of the caller's": (
        "create function private.mine() returns boolean language sql stable as "
        "$$ select current_setting('request.jwt.claims', true) is not null and current_user = 'authenticated' $$;"
    ),
    "a function about what has run out": (
        "create function private.old() returns bigint language sql stable as "
        "$$ select count(*) from private.parcels where sent_at < now() - interval '30 days' $$;"
    ),
    "a policy that calls a function about time in a row": (
        "create function private.recent() returns boolean language sql stable as $$ select exists (select from "
        "public.help_requests r where r.created_at > now() - interval '5 minutes' and r.user_id = (select auth.uid())) $$;"
        "create policy later on public.help_requests for select to authenticated using (private.recent() and "
        "user_id = (select auth.uid()));"
    ),
    "a function that notes who called, and lets nobody in": (
        "create function private.noted() returns text language plpgsql as "
        "$$ declare said text; begin get diagnostics said = pg_context; return said; end $$;"
    ),
    "random letters": "alter table private.labels add column code text; update private.labels set code = substr(md5(random()::text), 1, 6);",
    "a statement that is prepared and adds": "prepare x (int) as insert into private.shelves values ($1, 'top'); execute x (-5);",
    "a name in signs of another kind": r"""comment on table private.U&"l\0061bels" is E'it\x27s a \'word\'';""",
    "who may call a trigger's function": "revoke execute on all functions in schema private from public;"
                                         "grant usage on schema private to authenticated;"
                                         "grant execute on all functions in schema private to authenticated;",
    "a trigger's function is written anew": block(
        "execute (select replace(pg_get_functiondef(p.oid), 'begin', 'begin null;') from pg_trigger t "
        "join pg_proc p on p.oid = t.tgfoid where t.tgname = 'guard_profile');"
    ),
    "rows of others are brought up to what they say themselves": (
        "insert into private.labels (id, parcel_id, word) select id + 90000, id, 'none' from private.parcels "
        "on conflict (id) do update set word = coalesce(labels.word, excluded.word);"
    ),
    "what exists is left": (
        "insert into private.labels (id, parcel_id, word) select id + 90000, id, 'none' from private.parcels "
        "on conflict (id) do nothing;"
    ),
    "rows of nobody are filled in": (
        "insert into public.profiles (id, name, is_admin) select u.id, 'New member', false from auth.users u "
        "where not exists (select from public.profiles p where p.id = u.id);"
    ),
    "a state that says what there is to see": (
        "create table public.posts (id int primary key, state text);"
        "alter table public.posts enable row level security; update public.help_requests set status = 'open' "
        "where id = '3f1a2b9c-0000-4000-8000-123456789abc' and status = 'open';"
    ),
    "a seed": "insert into private.shelves (id, word) values (1, 'top'), (2, 'low') on conflict (id) do update set word = excluded.word;",
}  # fmt: skip


@pytest.fixture(scope="module")
def quick(ground: Ground, settings: Settings, access: Access) -> Ground:
    """The ground of the corpus, with hardly any policy but the gate's."""
    made = Ground(lambda: ground.base, ground.released, SilentSuite(settings, access))
    made.numbers = ground.numbers
    return made


def told(quick: Ground, folder: Path, text: str) -> tuple[str, str, str]:
    """Return what MIG-03 and MIG-06 say of a file, and all that is said."""
    path = folder / "20270101000000_new.sql"
    path.write_text(LIMIT + text, encoding="utf-8")
    results = quick.try_files([path])
    assert not results["MIG-01"].findings, results["MIG-01"].findings
    said = " | ".join(f"{name} {each.verdict} {each.reason} {each.findings}" for name, each in results.items())
    return *(str(results[name].verdict.name) for name in ("MIG-03", "MIG-06")), said  # type: ignore[return-value]


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_may_be_lost_elsewhere_is_not_known(quick: Ground, tmp_path: Path, case: str) -> None:
    data, _, said = told(quick, tmp_path, UNKNOWN[case])
    assert data == Verdict.UNCHECKED.name, said


@pytest.mark.parametrize("place", PLACES)
def test_what_hangs_on_the_place_is_not_known(quick: Ground, tmp_path: Path, place: str) -> None:
    data, _, said = told(quick, tmp_path, block(f"if {place} then {WIPE} end if;"))
    assert data == Verdict.UNCHECKED.name, said


@pytest.mark.parametrize("case", BLIND)
def test_whom_it_lets_in_elsewhere_is_not_known(quick: Ground, tmp_path: Path, case: str) -> None:
    _, reach, said = told(quick, tmp_path, BLIND[case])
    assert reach == Verdict.UNCHECKED.name, said


def test_who_is_no_admin_any_more_is_let_in_nowhere(quick: Ground, tmp_path: Path) -> None:
    known = "3f1a2b9c-0000-4000-8000-123456789abc"
    _, reach, said = told(quick, tmp_path, f"update public.profiles set is_admin = false where id = '{known}';")
    assert reach != Verdict.UNCHECKED.name, said


@pytest.mark.parametrize("case", LOST)
def test_what_will_be_lost_is_found(quick: Ground, tmp_path: Path, case: str) -> None:
    data, _, said = told(quick, tmp_path, LOST[case])
    assert data == Verdict.VIOLATED.name, said


@pytest.mark.parametrize("case", HARMLESS)
def test_what_is_harmless_is_not_doubted(quick: Ground, tmp_path: Path, case: str) -> None:
    data, reach, said = told(quick, tmp_path, HARMLESS[case])
    clean = {verdict.name for verdict in CLEAN}
    assert {data, reach} <= clean, said
