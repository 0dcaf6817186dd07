"""A live database, read by the audit's own login, against a directory of migrations."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.auditor import Auditor
from audit.connection import Dsn, connect
from audit.drift.building import Built, built, read
from audit.drift.catalogue import asked, question
from audit.drift.differences import compare
from audit.drift.findings import Drift, Drifted, drifted, row
from audit.drift.printing import Printer
from audit.evidence import Log, NotApplicable
from audit.migrations import find
from audit.question import Connection
from audit.server import embedded
from audit.server.rights import OWNER, STAND_IN, login, superuser
from audit.server.target import MIGRATIONS, SCHEMA, load_platform
from audit.settings import Settings
from audit.sql_text import statements
from audit.verbs import command
from tests.drift.conftest import BASE, FIFTEEN, build
from tests.support.auditing import audit

LOGIN = "care_auditor"
HISTORY = "insert into supabase_migrations.schema_migrations (version, name, statements) values (%s, %s, %s)"


@pytest.fixture(scope="module")
def production() -> Iterator[Dsn]:
    """The reference on a server of another version, with its history and the audit's login."""
    with embedded.serve(FIFTEEN if FIFTEEN.is_dir() else None) as server:
        build(server.dsn, MIGRATIONS)
        with connect(login(server.dsn, OWNER)) as owner:
            owner.execute((SCHEMA / "auditor.sql").read_bytes())
            for path in find(MIGRATIONS):
                number, _, name = path.name.partition("_")
                texts = [each.text for each in statements(path.read_text(encoding="utf-8"))]
                owner.execute(HISTORY, [number, name, texts])
        with superuser(server.dsn) as connection:  # up to PostgreSQL 15 nobody else may give it
            connection.execute(f"alter role {LOGIN} bypassrls")
        yield server.dsn


@pytest.fixture
def owner(production: Dsn) -> Iterator[Connection]:
    with connect(login(production, OWNER)) as connection:
        yield connection


@pytest.fixture
def auditor(production: Dsn) -> Iterator[Auditor]:
    with connect(login(production, LOGIN)) as connection:
        yield Auditor(lambda: connection, Settings().parameters(), Log())


@pytest.fixture(scope="module")
def mine() -> Iterator[Built]:
    with built(MIGRATIONS) as made:
        yield made


def opened(auditor: Auditor, found: Drifted) -> Drift:
    return Drift(lambda: found, auditor, lambda: find(MIGRATIONS), auditor.log)


def test_what_was_built_from_the_files_is_no_drift(auditor: Auditor) -> None:
    found = drifted(auditor, MIGRATIONS)
    assert [each.title for each in found.differences] == []
    assert (found.unsure, found.things, found.anything) == ((), (), "")
    assert found.compared > 200
    drift = opened(auditor, found)
    assert not drift.schema()
    assert not drift.access()
    assert not drift.history()
    assert not any(evidence.unjudgeable for evidence in auditor.log.asked)


def test_a_project_of_today_begins_with_fewer_grants(tmp_path: Path) -> None:
    file = tmp_path / "1_first.sql"
    file.write_text("create table public.notes (id integer primary key); grant select on public.notes to anon;")
    with embedded.serve() as server:
        build(server.dsn, file, "revoked")
        with connect(login(server.dsn, STAND_IN)) as connection:
            found = drifted(Auditor(lambda: connection, Settings().parameters(), Log()), file)
    assert [each.title for each in found.differences] == []


def test_a_run_tells_what_was_changed_by_hand(production: Dsn, owner: Connection, tmp_path: Path) -> None:
    owner.execute('alter table public.messages disable row level security; create table public."<b>; --" (id integer)')
    owner.execute("insert into supabase_migrations.schema_migrations (version, statements) values ('1', '{select 1}')")
    try:
        outcome = audit(
            tmp_path, f"--target={login(production, LOGIN)}", f"--migrations={MIGRATIONS}", "-k", "DRIFT", "--no-shadow"
        )
    finally:
        owner.execute('alter table public.messages enable row level security; drop table public."<b>; --"')
        owner.execute("delete from supabase_migrations.schema_migrations where version = '1'")
    found = {name: [each["object"] for each in policy["findings"]] for name, policy in outcome.policies.items()}
    assert found == {
        "DRIFT-01": ['table public."<b>; --"'],
        "DRIFT-02": ["row level security of table public.messages"],
        "DRIFT-03": ["version 1"],
    }, outcome.said
    assert outcome.status == 1


def test_without_migrations_nothing_is_compared(production: Dsn, tmp_path: Path) -> None:
    outcome = audit(tmp_path, f"--target={login(production, LOGIN)}", "-k", "DRIFT", "--no-shadow")
    assert outcome.having("NOT_APPLICABLE") == {"DRIFT-01", "DRIFT-02", "DRIFT-03"}, outcome.said


def test_what_cannot_be_seen_is_unchecked(auditor: Auditor, owner: Connection) -> None:
    owner.execute(f"revoke select (file_size_limit) on storage.buckets from {LOGIN}")
    try:
        drift = opened(auditor, drifted(auditor, MIGRATIONS))
        evidence = drift.schema()
    finally:
        owner.execute(f"grant select (file_size_limit) on storage.buckets to {LOGIN}")
    assert not evidence.rows
    assert "the storage buckets could not be compared: permission denied" in evidence.unjudgeable
    assert evidence.grants == (f"grant select (file_size_limit) on storage.buckets to {LOGIN};",)


def test_without_a_history_there_is_nothing_to_agree_with(auditor: Auditor, owner: Connection) -> None:
    drift = opened(auditor, Drifted((), 0))
    owner.execute("alter table supabase_migrations.schema_migrations rename to elsewhere")
    try:
        with pytest.raises(NotApplicable, match="is not in this database"):
            drift.history()
    finally:
        owner.execute("alter table supabase_migrations.elsewhere rename to schema_migrations")


def test_an_empty_history_is_one_finding(auditor: Auditor, owner: Connection) -> None:
    owner.execute("create temp table kept as select * from supabase_migrations.schema_migrations")
    owner.execute("truncate supabase_migrations.schema_migrations")
    try:
        evidence = opened(auditor, Drifted((), 0)).history()
    finally:
        owner.execute("insert into supabase_migrations.schema_migrations select * from kept")
    assert [each.object for each in evidence.rows] == ["supabase_migrations.schema_migrations"]


def test_of_what_was_not_built_nothing_is_concluded(auditor: Auditor, owner: Connection, tmp_path: Path) -> None:
    """A file that fails here may have worked there."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / "29990101000000_fails.sql").write_text(
        "alter table public.messages add column extra public.no_such_type;\n"
        "alter table public.profiles add column other text;\n",
        encoding="utf-8",
    )
    owner.execute("alter table public.messages add column extra text")
    try:
        drift = opened(auditor, drifted(auditor, folder))
        evidence = drift.schema()
    finally:
        owner.execute("alter table public.messages drop column extra")
    assert [each.object for each in evidence.rows] == ["column public.profiles.other"]
    assert "built as the migrations say" in evidence.unjudgeable


def test_what_a_dump_restored_is_as_it_was() -> None:
    """It is read again from what was printed, and some of it is printed otherwise then: in ('a') of a varchar."""
    with embedded.serve() as server:
        build(server.dsn, BASE)
        dump = [server.programs / "pg_dump", "--schema-only", "-n", "public", "-n", "app", "-d", server.dsn]
        text = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
        with superuser(server.dsn_of("template1")) as connection:
            connection.execute("create database restored template template0 owner postgres")
        with superuser(server.dsn_of("restored")) as connection:
            load_platform(connection)
            connection.execute("create extension pg_cron; create extension pg_net with schema extensions")
            connection.execute("drop schema public")
            connection.execute(re.sub(r"^\\(un)?restrict.*$", "", text, flags=re.MULTILINE).encode())
        inside = [login(server.dsn_of(name), STAND_IN) for name in ("postgres", "restored")]
        with connect(inside[0]) as here, connect(inside[1]) as there:
            found = compare(read(here), read(there), Printer(here).printed)
    # Of roles and of other schemas the dump says nothing.
    assert {each.title for each in found if each.what != "missing"} == {
        "default privileges of public on functions of postgres",
        "grants of public on schema public",
    }
    assert {each.key[0] for each in found if each.what == "missing"} == {
        "schema", "trigger", "publication", "published", "policy", "bucket", "job",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "hidden"),
    [
        ("alter role authenticator set app.settings.api_key = 'very-secret-value'", "very-secret-value"),
        (
            "create function public.calls() returns text language sql as $$ select 'sb_secret_0123456789abcdefghij' $$",
            "sb_secret_0123456789abcdefghij",
        ),
    ],
)
def test_secrets_are_not_told(mine: Built, production: Dsn, sql: str, hidden: str) -> None:
    with superuser(production) as connection, connection.transaction(force_rollback=True):
        connection.execute("set local role postgres" if sql.startswith("create") else "reset role")
        connection.execute(sql)
        connection.execute("reset role; set local search_path = ''")
        with connection.cursor() as cursor:
            live = asked(cursor, [LOGIN])
    with connect(mine.dsn) as connection:
        (difference,) = (each for each in compare(mine.catalogue, live, Printer(connection).printed))
    told = row(difference)
    assert hidden in difference.to_live
    assert hidden not in f"{told}"
    assert "It is not shown here" in str(told.fix)


def test_a_hostile_body_stays_in_its_comment(mine: Built, production: Dsn) -> None:
    body = "-- \r drop table public.profiles;\n select 1; \n\r\n drop table public.messages"
    with superuser(production) as connection, connection.transaction(force_rollback=True):
        connection.execute("set local role postgres")
        connection.execute(f'create function public."x\n; drop table y"() returns void language sql as $b${body}$b$')
        connection.execute("reset role; set local search_path = ''")
        with connection.cursor() as cursor:
            live = asked(cursor, [LOGIN])
    with connect(mine.dsn) as connection:
        (difference,) = compare(mine.catalogue, live, Printer(connection).printed)
    told = row(difference)
    assert "\n" not in told.object
    assert all(line.startswith("--") for line in re.split(r"[\r\n]+", str(told.fix)))


def test_three_hundred_tables_take_seconds_and_no_more_questions(tmp_path: Path) -> None:
    script = "".join(
        f"""
        create table public.t{n} (id bigint generated always as identity primary key, a text default 'x', b integer,
            c uuid references public.t{max(n - 1, 0)} (key) on delete cascade, d timestamptz default now(),
            key uuid unique, e numeric check (e > {n}), f text[]);
        create index on public.t{n} (lower(a)) where b > {n};
        alter table public.t{n} enable row level security;
        create policy own on public.t{n} using (c = (select auth.uid()) and a in ('x', 'y')) with check (b > {n});
        create view public.v{n} as select id, a, b * 2 as twice from public.t{n} where b > 3;
        """
        for n in range(300)
    )
    file = tmp_path / "1_tables.sql"
    file.write_text(script, encoding="utf-8")
    with embedded.serve() as one, embedded.serve(FIFTEEN if FIFTEEN.is_dir() else None) as other:
        for server in (one, other):
            build(server.dsn, file)
        with connect(login(one.dsn, STAND_IN)) as here, connect(login(other.dsn, STAND_IN)) as there:
            for _ in range(3):  # others may be at work on this machine
                begun = time.monotonic()
                found = compare(read(here), read(there), Printer(here).printed)
                took = time.monotonic() - begun
                if took < 10:
                    break
    assert found == []
    assert took < 10


def test_the_verb_asks_what_to_compare_with_what() -> None:
    assert command("drift", {"MIGRATIONS": "supabase/migrations", "TARGET": "service=prod"}) == [
        "-m", "care_audit", "drift", "--migrations=supabase/migrations",
    ]  # fmt: skip
    for given in ({}, {"MIGRATIONS": "x"}, {"TARGET": "service=prod"}):
        with pytest.raises(ValueError, match="say what to compare with what"):
            command("drift", given)


def test_questions_name_everything_in_full() -> None:
    """The search_path is empty, and what somebody made must not be called by a question of ours."""
    folder = Path(question.__module__.replace(".", "/")).parent
    texts = [path.read_text(encoding="utf-8") for path in (SCHEMA.parent / folder).glob("*.sql")]
    assert len(texts) > 20
    called = {name for text in texts for name in re.findall(r"(?<![.\w])(?:from|join) (pg_(?!catalog\.)\w+)", text)}
    assert called == set()
