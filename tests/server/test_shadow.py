"""The shadow: it is what the live database is, or says where not; nobody but pg_dump reads, and nothing reaches out."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from audit.connection import Dsn, TargetError, connect, conninfo
from audit.evidence import Unchecked
from audit.migrations import EVENT_TRIGGERS_SINCE
from audit.question import Connection
from audit.server import embedded, shadow
from audit.server.rights import STAND_IN, SUPERUSER
from audit.server.shadow import dump, shadowed, shares_sessions, study
from audit.server.target import Choice, Target, opened
from audit.server.walls import Walls
from tests.server.test_live import ATTEMPTS, SECRET, state
from tests.support.auditing import ROOT, acts, audit
from tests.support.proving import POLICIES
from tests.support.waiting import LIMIT_S, eventually

ACTING = {name for name, policy in POLICIES.items() if acts(policy)}
DEBIAN = Path("/usr/lib/postgresql")
SEQUENCES = "select sum(coalesce(pg_catalog.pg_sequence_last_value(seqrelid), 0)) from pg_catalog.pg_sequence"
HOLE = "create policy leak on public.messages for select to authenticated using (true)"


def silent(_: str) -> None:
    pass


def notes(made: shadow.Shadow) -> tuple[str, ...]:
    """Return what is said of a shadow, but for the walls around it and for conditions that no made-up row decides."""
    return tuple(filter(beside, made.notes))


def beside(note: str) -> bool:
    """Tell whether a note is about this shadow, and not what is said of every one."""
    return not note.startswith("Walls ") and ": no row tells policy " not in note


@pytest.fixture(scope="module")
def older() -> Path:
    """The programs of an older version of PostgreSQL than the wheel's."""
    for directory in sorted(DEBIAN.glob("*/bin")):
        if 15 <= int(directory.parent.name) < int(embedded.version_of().split(".")[0]):
            return directory
    missing = "there is no older PostgreSQL in Debian's place for it: install postgresql-15"
    return (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)


@pytest.fixture(scope="module")
def production(older: Path) -> Iterator[Target]:
    """The reference database on an older server at rest, audited as a live one."""
    with opened(Choice(postgres_bin=older)) as target:
        with connect(target.server.dsn) as connection:
            connection.execute("alter system set autovacuum_naptime = '1d'")
            connection.execute("select pg_reload_conf()")
        yield target


def counters(connection: Connection) -> dict[str, object]:
    return state(connection) | {"sequences": connection.execute(SEQUENCES).fetchone()}


def alone(connection: Connection) -> None:
    """Wait until nobody else is in the database: sessions tell the statistics what they did at their end."""
    others = """
        select count(*) from pg_catalog.pg_stat_activity
        where datname = pg_catalog.current_database() and pid <> pg_catalog.pg_backend_pid()
    """
    while connection.execute(others).fetchone() != (0,):
        time.sleep(0.02)


# --- An audit through the shadow


def test_a_sound_database_of_an_older_version_has_nobody_unchecked(production, tmp_path):
    outcome = audit(tmp_path, f"--target={production.server.dsn}")
    assert re.search(r"shadow PostgreSQL 18\S*: (\d+) of \1 statements restored, 0 objects unlike", outcome.said)
    assert not outcome.having("VIOLATED"), outcome.said
    assert not outcome.having("UNCHECKED") & ACTING, outcome.said
    assert not [*filter(beside, outcome.document["notes"])]


def test_a_hole_is_found_and_the_live_server_notices_nothing(production, tmp_path):
    dsn = production.server.clone_database("holed")
    with connect(dsn) as connection:
        connection.execute(HOLE)
        connection.execute("create sequence public.counter; select nextval('public.counter')")
        # What reading would otherwise tidy up on the way.
        for tidy in ("analyze", "vacuum (freeze)", "checkpoint", "select pg_catalog.pg_stat_force_next_flush()"):
            connection.execute(tidy)
        changes = []
        for attempt in range(ATTEMPTS):
            alone(connection)
            before = counters(connection)
            outcome = audit(tmp_path / str(attempt), f"--target={dsn}")
            alone(connection)
            after = counters(connection)
            changes.append({key: (before[key], after[key]) for key in before if before[key] != after[key]})
            if not changes[-1]:
                break
    assert outcome.status == 1
    assert "stranger: select public.messages" in {
        finding["object"] for finding in outcome.policies["MSG-07"]["findings"]
    }
    assert outcome.policies["MSG-07"]["verdict"] == "VIOLATED"
    # The server itself notes the running transactions in the log, once after a checkpoint.
    assert changes[-1] == {}, changes
    assert {key for change in changes for key in change} <= {"wal"}, changes


def test_a_function_that_leaks_is_found(production, tmp_path):
    dsn = production.server.clone_database("leaking")
    with connect(dsn) as connection:
        connection.execute(
            """
            create function public.leak() returns setof public.profiles
            language sql security definer as 'select * from public.profiles'
            """
        )
    outcome = audit(tmp_path, f"--target={dsn}", "-k", "phone_numbers_need_consent")
    assert outcome.status == 1
    assert {finding["object"] for finding in outcome.policies["CONTACT-08"]["findings"]} == {"public.leak()"}


# --- The shadow is what the original is


@pytest.mark.parametrize(("original", "copy"), [("older", "newer"), ("older", "older"), ("newer", "newer")])
def test_versions(original, copy, older, production, target):
    source = production if original == "older" else target
    said = []
    with shadowed(source.server.dsn, older if copy == "older" else None, 20, said.append) as made:
        assert (made.unlike, made.unfilled, notes(made)) == ({}, {}, ())
        with connect(made.dsn) as connection:
            assert connection.execute("select count(*) > 20 from public.profiles").fetchone() == (True,)
            assert (connection.info.server_version >= 180000) == (copy == "newer")
    assert len(said) == 1


def test_older_programs_cannot_dump_a_newer_server(older):
    with embedded.serve(None) as newer, pytest.raises(Unchecked) as refusal, shadowed(newer.dsn, older, 5, silent):
        pass
    assert re.fullmatch(r"pg_dump \d+ cannot dump the live server, which is PostgreSQL 18", refusal.value.reason)
    assert "--postgres-bin" in refusal.value.remedy


AWKWARD = r"""
create role "Odd ""role" bypassrls;
create role team;
create role boss superuser;
grant team to authenticated;
grant "Odd ""role" to team with admin option;
revoke authenticated from authenticator;
create schema helpers;
grant usage on schema helpers to authenticated;
create function helpers.is_team() returns boolean language sql stable security definer set search_path = ''
    as $$ select auth.uid() is not null $$;
create type public.mood as enum ('fine', 'it''s; "odd"');
create domain public.short as text check (length(value) < 50);
create table public."a ""b"";.--" (
    id bigint generated always as identity primary key,
    "select" public.short not null default 'x', mood public.mood not null default 'fine',
    user_id uuid references auth.users (id) on delete cascade,
    twice bigint generated always as (user_id_length * 2) stored,
    user_id_length bigint not null default 36, unique (user_id, mood) deferrable initially deferred);
alter table public."a ""b"";.--" enable row level security;
alter table public."a ""b"";.--" force row level security;
create policy "; ""public"".""messages"" --" on public."a ""b"";.--" as restrictive for update to team, "Odd ""role"
    using (helpers.is_team()) with check (user_id = (select auth.uid()));
revoke all on public."a ""b"";.--" from anon, authenticated;
grant select (id, "select"), update ("select") on public."a ""b"";.--" to authenticated;
create table public.measures (taken date not null, value int) partition by range (taken);
create table public.measures_new partition of public.measures for values from ('2020-01-01') to (maxvalue);
create table public.measures_rest partition of public.measures default;
create view public.mine with (security_invoker = true) as select id from public."a ""b"";.--";
create view public.everybodys as select id, name from public.profiles;
alter view public.everybodys owner to boss;
create materialized view public.totals as select count(*) as people from public.profiles;
create rule quiet as on delete to public.measures do instead nothing;
create function public.standard() returns bigint begin atomic select count(*) from public.profiles; end;
create function public.stamp() returns trigger language plpgsql security definer as
    $$ begin insert into public.measures values (current_date, 1); return new; end $$;
create trigger "on sign-up" after insert on auth.users for each row execute function public.stamp();
alter table auth.users enable always trigger "on sign-up";
create function auth.helper() returns int language sql as 'select 1';
create policy own_files on storage.objects for select to authenticated using (owner = auth.uid());
alter table auth.users add column nickname text;
revoke select on storage.buckets from anon;
alter publication supabase_realtime add table public.measures;
alter default privileges for role postgres in schema public revoke all on tables from anon;
create statistics public.related on id, mood from public."a ""b"";.--";
"""

# What has no place on a shadow, with the table that cannot be as it is without it.
UNWANTED = r"""
create extension pageinspect with schema extensions;
create view public.pages as select * from extensions.page_header(extensions.get_raw_page('public.profiles', 0));
create foreign data wrapper nowhere;
create server elsewhere foreign data wrapper nowhere options (host 'elsewhere');
create user mapping for public server elsewhere options (password 'not-for-you');
create foreign table public.distant (id int) server elsewhere;
create function public.watch() returns event_trigger language plpgsql as 'begin end';
create event trigger watching on ddl_command_start execute function public.watch();
create function public.compiled(text) returns text language internal as 'textin';
"""


@pytest.fixture(scope="module")
def awkward(target: Target) -> Dsn:
    """A live database with whatever a schema can have."""
    with opened(Choice()) as target:
        with connect(target.server.dsn) as connection:
            connection.execute(AWKWARD)
        yield target.server.dsn


def test_whatever_a_schema_has_is_restored(awkward):
    with shadowed(awkward, None, 5, silent) as made, connect(made.dsn) as connection:
        assert (made.unlike, notes(made)) == ({}, ())
        ask = lambda question: connection.execute(question).fetchone()[0]  # noqa: E731
        assert ask("select relforcerowsecurity from pg_class where relname = 'a \"b\";.--'")
        assert ask("select people from public.totals") > 5
        assert ask("select pg_has_role('authenticated', 'Odd \"role', 'member')")
        assert not ask("select pg_has_role('authenticator', 'authenticated', 'member')")
        assert ask("select rolbypassrls from pg_roles where rolname = 'Odd \"role'")
        assert not ask("select has_table_privilege('anon', 'storage.buckets', 'select')")
        assert ask("select count(*) from pg_policies where schemaname = 'storage' and policyname = 'own_files'") == 1
        assert ask("select auth.helper()") == 1
        assert ask("select tgenabled from pg_trigger where tgname = 'on sign-up'") == "A"
        assert ask("select string_agg(rolname, ' ') from pg_roles where rolsuper") == SUPERUSER
        assert ask("select viewowner from pg_views where viewname = 'everybodys'") == STAND_IN
        assert connection.info.server_version < EVENT_TRIGGERS_SINCE or ask("show event_triggers") == "off"


def test_what_has_no_place_on_a_shadow_is_told(awkward, tmp_path):
    with connect(awkward) as connection:
        connection.execute(UNWANTED)
    try:
        with shadowed(awkward, None, 5, silent) as made, connect(made.dsn) as connection:
            assert {*made.unlike} == {"public.pages", "public.distant", "public.compiled"}
            assert all(reason.startswith("it could not be restored") for reason in made.unlike.values())
            lacking, failed, unlike = notes(made)
            assert "pageinspect" in lacking
            assert "VIEW public.pages" in failed
            assert "public.distant" in unlike
            assert not [note for note in notes(made) if "not-for-you" in note]
            for catalogue in ("pg_foreign_server", "pg_foreign_data_wrapper"):
                assert connection.execute(f"select count(*) from {catalogue}").fetchone() == (0,)
            # Those that are there are the platform's.
            foreign = "select evtname from pg_event_trigger where evtfoid::regproc::text !~ '^(guard_|open_|before_)'"
            assert connection.execute(foreign).fetchall() == []
        outcome = audit(tmp_path, f"--target={awkward}", "-k", "can_be_evaluated")
        policy = outcome.policies["RLS-05"]
        assert policy["verdict"] in ("UNCHECKED", "VIOLATED")
        assert [note for note in outcome.document["notes"] if "public.distant" in note]
    finally:
        with connect(awkward) as connection:
            connection.execute("drop event trigger watching; drop foreign data wrapper nowhere cascade")
            connection.execute("drop extension pageinspect cascade")
            connection.execute("drop function public.compiled(text), public.watch()")


def test_what_would_call_the_network_does_nothing(target):
    dsn = target.server.clone_database("calling")
    with connect(dsn) as connection:
        connection.execute(
            """
            create schema net;
            create function public.call() returns trigger language plpgsql security definer as $$
                begin perform net.http_post(url := 'https://example.org', body := to_jsonb(new)); return new; end $$;
            create trigger hook after insert on public.messages for each row
                execute function supabase_functions.http_request('https://example.org', 'POST', '{}', '{}', '1000');
            create trigger call before update on public.profiles for each row execute function public.call();
            """
        )
    with shadowed(dsn, None, 5, silent) as made, connect(made.dsn) as connection:
        assert not made.unlike
        assert connection.execute("update public.profiles set name = name").rowcount > 5
        (note,) = notes(made)
        assert "net; supabase_functions" in note


LOSSES = {
    "public.messages": r'CREATE POLICY [^;]*? ON "public"."messages"[^;]*;',
    "public.profiles": r'CREATE TRIGGER [^;]*? ON "public"."profiles"[^;]*;',
    "public.help_requests": r'ALTER TABLE "public"."help_requests" ENABLE ROW LEVEL SECURITY;',
    "public.conversations": r'GRANT [^;]*? ON TABLE "public"."conversations" TO "service_role";',
    "public.contact_exchanges": r'ALTER TABLE ONLY "public"."contact_exchanges"\n +ADD CONSTRAINT [^;]*;',
}


def test_what_was_lost_on_the_way_is_noticed(target, monkeypatch):
    """Whatever the reason: what is compared are the catalogues, not what was executed."""

    def losing(connection, original, program, limit_s):
        text = dump(connection, original, program, limit_s)
        for table, pattern in LOSSES.items():
            text, times = re.subn(pattern, "", text, count=1)
            assert times == 1, table
        return text

    monkeypatch.setattr(shadow, "dump", losing)
    with shadowed(target.server.dsn, None, 5, silent) as made:
        assert {*made.unlike} == {*LOSSES}
        assert made.unlike == {name: made.unfilled[name] for name in LOSSES}
        assert "policy" in made.unlike["public.messages"] and "is missing" in made.unlike["public.messages"]


# --- Nobody's code gets power over the machine that audits


def test_code_of_the_live_database_has_no_power_over_the_machine(target, monkeypatch):
    """A superuser's function, a default and a check that would run a program: none does, whoever calls it.

    Not even while it is restored, which evaluates initial values and bounds; and not without walls, either.
    """
    monkeypatch.setattr(embedded, "raised", lambda hidden: Walls())
    directory = Path(tempfile.mkdtemp(dir="/tmp"))
    directory.chmod(0o777)
    mark = directory / "was-here"
    dsn = target.server.clone_database("treacherous")
    with connect(dsn) as connection:
        connection.execute(
            f"""
            create function public.run() returns text language plpgsql security definer as
                $$ begin copy (select 1) to program 'touch {mark}'; return 'done'; end $$;
            create function public.run_as_caller() returns text language plpgsql as $$ begin return 'done'; end $$;
            create domain public.armed as text check (value <> public.run_as_caller());
            create function public.add(public.armed, text) returns public.armed language sql as 'select $1';
            create aggregate public.trap(text) (sfunc = public.add, stype = public.armed, initcond = 'x');
            create table public.parts (key public.armed) partition by list (key);
            create table public.parts_x partition of public.parts for values in ('x');
            create view public.constant as select 'x'::public.armed as armed;
            create or replace function public.run_as_caller() returns text language plpgsql as
                $$ begin copy (select 1) to program 'touch {mark}'; return 'done'; end $$;
            create table public.bait (id int primary key, note text not null default public.run(),
                                      other text not null check (public.run_as_caller() = other));
            create materialized view public.lure as select public.run_as_caller() as done with no data;
            """
        )
    with shadowed(dsn, None, 5, silent) as made, connect(made.dsn) as connection:
        for role in ("none", "anon", "postgres"):
            for call in ("run", "run_as_caller"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(f"set local role {role}; select public.{call}()")
        assert "public.bait" in made.unfilled and "public.lure" in made.unfilled
    assert not mark.exists()
    shutil.rmtree(directory)


# --- How the live database is read


@pytest.fixture(scope="module")
def server() -> Iterator[embedded.Server]:
    """A server that asks for a password and writes down what is executed."""
    with embedded.serve() as running:
        with connect(running.dsn) as connection:
            connection.execute(f"create role secretive login password '{SECRET}'; create table public.t (a int)")
            connection.execute("create role weak login; grant pg_read_all_data to secretive")
            for setting in ("log_statement = 'all'", "log_line_prefix = '%p %a: '"):
                connection.execute(f"alter system set {setting}")
            rules = running.directory / "pg_hba.conf"
            rules.write_text(f"local all secretive scram-sha-256\n{rules.read_text()}")
            connection.execute("select pg_reload_conf()")
        yield running


@pytest.mark.parametrize("way", ["service file", "password file", "environment", "connection string"])
def test_the_password_reaches_pg_dump_in_private(server, tmp_path, monkeypatch, way):
    services, passwords = tmp_path / "services", tmp_path / "passwords"
    place = f"host={server.directory / 's'}\nuser=secretive\ndbname=postgres\n"
    services.write_text(f"[prod]\n{place}password={SECRET}\n")
    passwords.write_text(f"*:*:*:secretive:{SECRET}\n")
    passwords.chmod(0o600)
    text, environment = {
        "service file": ("service=prod", {"PGSERVICEFILE": str(services)}),
        "password file": (place.replace("\n", " "), {"PGPASSFILE": str(passwords)}),
        "environment": (place.replace("\n", " "), {"PGPASSWORD": SECRET}),
        "connection string": (f"{place} password={SECRET}".replace("\n", " "), {"PGPASSWORD": "wrong"}),
    }[way]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    commands = []
    run = shadow._run
    monkeypatch.setattr(shadow, "_run", lambda command, *rest: commands.append(command) or run(command, *rest))
    with connect(conninfo(text)) as connection:
        dumped = dump(connection, study(connection), embedded.program("pg_dump"))
    assert 'CREATE TABLE "public"."t"' in dumped
    assert commands and not [word for command in commands for word in command if SECRET in word]


def test_pg_dump_reads_in_a_read_only_transaction(server):
    with connect(server.dsn) as connection:
        original = study(connection)
        log = server.directory / "server.log"
        before = len(log.read_text())
        dump(connection, original, embedded.program("pg_dump"))
    said = re.findall(r"LOG:  (?:statement|execute [^:]*): (.*)", log.read_text()[before:])
    begin = said.index("BEGIN")
    assert all(
        re.match(r"(?i)set |SELECT (pg_catalog\.)?(set_config|pg_is_in_recovery)\(", line) for line in said[:begin]
    ), said
    assert said[begin + 1] == "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    assert all(re.match(r"SELECT|WITH|SET|LOCK TABLE .* IN ACCESS SHARE MODE|PREPARE|EXECUTE|\s|$", line)
               for line in said[begin + 2 :]), said  # fmt: skip


class Pooled:
    """A client of a pooler: which process of the server answers it each time; its own is one that nobody knows."""

    def __init__(self, *processes: int, announced: int = 99999) -> None:
        self.processes = list(processes) * 10
        self.info = types.SimpleNamespace(backend_pid=announced)

    def execute(self, _: str) -> list[tuple[int]]:
        return [(self.processes.pop(0),)]


@pytest.mark.parametrize(
    ("mine", "theirs", "shared"),
    [
        (Pooled(1, announced=1), Pooled(2, announced=2), False),
        (Pooled(1), Pooled(2), False),
        (Pooled(1), Pooled(1), True),
        (Pooled(1, 2), Pooled(2, 1), True),
        (Pooled(1, 1, 1), Pooled(2, 2, 3), True),
    ],
)
def test_a_pooler_that_shares_sessions_is_recognised(mine, theirs, shared):
    assert shares_sessions(mine, theirs) is shared


def test_no_dump_goes_through_a_pooler_that_shares_sessions(server, monkeypatch):
    monkeypatch.setattr(shadow, "shares_sessions", lambda *_: True)
    with pytest.raises(Unchecked, match="shares sessions") as refusal, shadowed(server.dsn, None, 5, silent):
        pass
    assert "session mode" in refusal.value.remedy


def test_a_login_that_may_not_dump_is_told_what_it_needs(server):
    dsn = Dsn(make_conninfo(server.dsn, user="weak"))
    with pytest.raises(Unchecked) as refusal, shadowed(dsn, None, 5, silent):
        pass
    assert "may not dump the schema" in refusal.value.reason
    assert "grant pg_read_all_data" in refusal.value.remedy


def test_a_lock_is_not_waited_for_long(server, monkeypatch):
    monkeypatch.setattr(shadow, "LOCK_WAIT_MS", 100)
    with connect(server.dsn) as other, other.transaction():
        other.execute("lock table public.t in access exclusive mode")
        with pytest.raises(Unchecked, match="somebody holds a lock"), shadowed(server.dsn, None, 5, silent):
            pass


def test_no_pg_dump_is_told(server, tmp_path):
    with pytest.raises(Unchecked, match="there is no usable pg_dump in"), shadowed(server.dsn, tmp_path, 5, silent):
        pass


def test_a_program_that_does_not_end_is_ended():
    with pytest.raises(TargetError, match="did not end within"):
        shadow._run(["sleep", "60"], {"PATH": os.environ["PATH"]}, limit_s=0.2)


@pytest.mark.parametrize("where", ["", " >&2"])
def test_a_dump_that_is_too_large_is_not_read(monkeypatch, where):
    monkeypatch.setattr(shadow, "DUMP_BYTES", 1 << 20)
    with pytest.raises(TargetError, match="the schema is larger than 1 MB"):
        shadow._run(["/bin/sh", "-c", f"head -c 3000000 /dev/zero{where}"], {"PATH": os.environ["PATH"]}, limit_s=20)


# --- The end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_audit_leaves_no_shadow(target, number):
    place = Path(tempfile.mkdtemp(prefix="s", dir="/tmp"))
    place.chmod(0o711)
    try:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "policies",
            f"--target={target.server.dsn}",
            f"--report-dir={place / 'out'}",
        ]
        process = subprocess.Popen(
            [*command, "-k", "phone_numbers_need_consent"],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(place)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        made = f"{embedded.PREFIX}*/s/.s.PGSQL.5432"
        assert eventually(lambda: [*place.glob(made)] or process.poll() is not None) and [*place.glob(made)]
        process.send_signal(number)
        said, _ = process.communicate(timeout=LIMIT_S)
        assert process.returncode == pytest.ExitCode.INTERRUPTED, said
        assert not [*place.glob(f"{embedded.PREFIX}*")], said
    finally:
        shutil.rmtree(place)
