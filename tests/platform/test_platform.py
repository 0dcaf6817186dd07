"""The platform: what real projects use of Supabase is there, is refused, or is said to be absent; nothing else."""

from __future__ import annotations

import doctest
import io
import re
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from audit import platform
from audit.connection import connect
from audit.migrations import placed, statements
from audit.server import embedded, installation
from audit.server.target import Choice, load_platform
from audit.settings import PLATFORM_ROLES, PLATFORM_SCHEMAS
from fixtures.target import CHOICE

FEATURES = sorted((Path(__file__).parent / "features").glob("*.sql"))
AT_LEAST = 160

# What servers lack that a feature needs; the questions are the superuser's.
LACKING = {
    "vector is stood in for": "select comment ~ 'stand-in' from pg_available_extensions where name = 'vector'",
    "there is no ICU": "select count(*) < 10 from pg_collation where collprovider = 'i'",
    "there is no libxml": "select setting !~ 'libxml' from pg_config() where name = 'CONFIGURE'",
}


@pytest.fixture(scope="module")
def server(pytestconfig) -> Iterator[embedded.Server]:
    with embedded.serve(pytestconfig.stash[CHOICE].postgres_bin) as server:
        with connect(server.dsn) as connection:
            load_platform(connection)
        yield server


@pytest.fixture(scope="module")
def superuser(server):
    with connect(server.dsn) as connection:
        yield connection


@pytest.fixture
def project(server):
    """A transaction of somebody who logged in as role postgres; it leaves nothing behind."""
    with psycopg.connect(make_conninfo(server.dsn, user="postgres")) as connection:
        connection.execute('set search_path = "$user", public, extensions')
        yield connection
        connection.rollback()


def outcome(connection: psycopg.Connection, text: str) -> str:
    """Apply a migration and tell how it ended: applied, absent, refused, or an error."""
    try:
        for statement in statements(text):
            if statement.words[:1] not in (("begin",), ("commit",)):
                connection.execute(placed(statement).text.encode())
    except psycopg.Error as error:
        known = platform.aside(error.sqlstate, error.diag.message_primary or "")
        return known[0] if known else f"error {error.sqlstate}: {error.diag.message_primary}"
    return "applied"


def expected(text: str, superuser: psycopg.Connection) -> str:
    found = re.search(r"^-- expected: (.+)$", text, re.MULTILINE)
    if not found:
        return "applied"
    word, _, condition = found[1].partition(" where ")
    if condition and not superuser.execute(LACKING[condition]).fetchone()[0]:
        return "applied"
    return word


def test_there_are_enough_features():
    assert len(FEATURES) >= AT_LEAST


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: path.stem)
def test_a_feature_of_real_projects(path, project, superuser):
    text = path.read_text(encoding="utf-8")
    assert outcome(project, text).partition(":")[0] == expected(text, superuser), outcome(project, text)


# --- the manifest

CATALOGUE = {
    "schemas": "select nspname::text from pg_namespace where oid >= 16384 or nspname = 'public'",
    "roles": "select rolname::text from pg_roles where oid >= 16384 or oid = 10",
    "tables": """
        select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.oid >= 16384 and c.relkind in ('r', 'p', 'v', 'm', 'f') and not exists (
            select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    """,
    "functions": """
        select distinct n.nspname || '.' || p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where p.oid >= 16384 and not exists (
            select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    """,
}


@pytest.mark.parametrize("kind", CATALOGUE)
def test_the_manifest_says_what_there_is(kind, superuser):
    there = {name for (name,) in superuser.execute(CATALOGUE[kind])}
    listed = platform.manifest()[kind]
    promised = {name for name, facts in listed.items() if facts["status"] in ("faithful", "stand-in")}
    assert there - promised == set(), "not in the manifest"
    assert promised - there == set(), "not on the server"
    assert all(facts["source"].startswith("https://") for facts in listed.values())


def test_the_manifest_says_what_extensions_there_are(superuser):
    available = {name for (name,) in superuser.execute("select name::text from pg_available_extensions")}
    listed = platform.extensions()
    of_postgis = {name for name in available if re.search(r"-\d+$", name)}  # one more name for the same, by version
    assert available - of_postgis - set(listed) == set(), "not in the manifest"
    stand_ins = {path.stem for path in platform.EXTENSIONS.glob("*.control")}
    assert stand_ins == {name for name, extension in listed.items() if extension.status == "stand-in"}
    assert stand_ins <= available
    assert all(extension.source.startswith("https://") for extension in listed.values())
    assert all(extension.trusted for extension in listed.values() if extension.status == "stand-in")


def test_the_manifest_names_what_cannot_be_stood_in_for():
    assert {kind.status for kind in platform.asides()} == {"absent", "refused"}
    assert doctest.testmod(platform).failed == 0


def test_a_mistake_of_the_projects_own_is_not_the_platforms():
    for sqlstate, message in (
        ("42704", 'collation "case insensitive" for encoding "UTF8" does not exist'),
        ("42704", 'access method "bttree" does not exist'),
        ("42704", 'data type uuid has no default operator class for access method "gist"'),
        ("22023", 'unrecognized parameter "fillfctor"'),
        ("42501", "must be owner of table orders"),
        ("42501", "must be owner of function pg_helper"),
        ("42P01", 'relation "auth.roles" does not exist'),
        (None, ""),
    ):
        assert platform.aside(sqlstate, message) is None, message


def test_the_platforms_schemas_and_roles_are_known_as_such(superuser):
    schemas = {name for (name,) in superuser.execute(CATALOGUE["schemas"])} - {"public"}
    assert schemas <= {*PLATFORM_SCHEMAS}
    roles = {name for (name,) in superuser.execute(CATALOGUE["roles"])}
    assert roles - {"postgres", "anon", "authenticated", "service_role"} <= {*PLATFORM_ROLES}


# --- extensions

# All but the language that is there from the beginning, and the superuser's.
CREATABLE = sorted(name for name, each in platform.extensions().items() if each.trusted and name != "plpgsql")
# Which of those that can be moved are not, because PostgreSQL asks for a superuser or an owner who could open them.
FIXED = {
    *("amcheck", "dblink", "dict_int", "dict_xsyn", "pg_buffercache", "pg_stat_statements", "pg_walinspect"),
    *("pgstattuple", "unaccent"),
}


@pytest.mark.parametrize("name", CREATABLE)
def test_an_extension_is_created_moved_and_dropped_by_role_postgres(name, project):
    there = project.execute("select from pg_available_extensions where name = %s", [name]).fetchone()
    assert there is not None
    identifier = sql.Identifier(name)
    for step in (
        "drop extension if exists {} cascade",
        "create extension {} cascade",
        "comment on extension {} is 'x'",
    ):
        project.execute(sql.SQL(step).format(identifier))
    ((movable,),) = project.execute("select extrelocatable from pg_extension where extname = %s", [name])
    if movable:
        moved = outcome(project, f'create schema moved; alter extension "{name}" set schema moved')
        if name in FIXED:
            assert moved == "absent"
            return
        assert moved == "applied"
    project.execute(sql.SQL("drop extension {} cascade").format(identifier))


def test_an_extension_that_the_provider_keeps_is_not_trusted(superuser):
    kept = [name for name, extension in platform.extensions().items() if extension.status == "refused"]
    trusted = superuser.execute(
        "select name from pg_available_extension_versions where trusted and name = any (%s)", [kept]
    ).fetchall()
    assert kept
    assert trusted == []


def test_functions_with_the_superusers_rights_have_a_safe_search_path(project):
    for name in CREATABLE:
        if platform.extensions()[name].has_stand_in:
            project.execute(sql.SQL("create extension if not exists {} cascade").format(sql.Identifier(name)))
    unsafe = project.execute(
        """
        select p.oid::regprocedure::text from pg_proc p
        join pg_language l on l.oid = p.prolang and l.lanname <> 'c'
        where p.prosecdef and p.oid >= 16384
        and 'search_path=pg_catalog, pg_temp' <> all (coalesce(p.proconfig, '{}'))
        """
    ).fetchall()
    assert unsafe == []


@pytest.mark.parametrize("name", sorted(path.stem for path in platform.EXTENSIONS.glob("*.control")))
def test_a_script_runs_nobody_elses_functions(name, project):
    """A script runs as the superuser: what somebody else left in the schema that it goes to must not be called."""
    project.execute(
        """
        create schema trap;
        create function trap.spring() returns text language plpgsql as
            $$ begin raise exception 'sprung by %', current_user using errcode = 'ZZZZZ'; end $$;
        create function trap.format(text, text) returns text language sql as 'select trap.spring()';
        create function trap.format(text, text, text) returns text language sql as 'select trap.spring()';
        create function trap.unnest(integer[]) returns setof integer language sql as 'select trap.spring()::integer';
        create function trap.now() returns timestamptz language sql as 'select trap.spring()::timestamptz';
        create function trap.concat(text, name) returns text language sql as 'select trap.spring()';
        create operator trap.|| (leftarg = text, rightarg = name, function = trap.concat);
        """
    )
    fixed = project.execute("select schema from pg_available_extension_versions where name = %s", [name]).fetchone()[0]
    project.execute(sql.SQL("drop extension if exists {} cascade").format(sql.Identifier(name)))
    place = "" if fixed else "with schema trap"
    project.execute(sql.SQL(f"create extension {{}} {place} cascade").format(sql.Identifier(name)))


def test_dblink_does_not_reach_the_server_itself(project, server):
    project.execute("create extension dblink with schema extensions")
    # Without a password a non-superuser may not connect; with one that is not the superuser's it is not let in.
    for how, code in (("", "2F003"), (" password=x", "08001")):
        way = f"host={server.directory / 's'} user=supabase_admin dbname=postgres{how}"
        with pytest.raises(psycopg.Error) as refusal, project.transaction():
            project.execute("select * from extensions.dblink(%s, 'select 1') as t (a integer)", [way])
        assert refusal.value.sqlstate == code


# --- guard


@pytest.mark.parametrize(
    "attempt",
    [
        "drop event trigger guard_platform",
        "alter event trigger guard_platform disable",
        "drop function pg_catalog.guard_platform() cascade",
        "create or replace function pg_catalog.guard_platform() returns event_trigger language plpgsql as 'begin end'",
        "set event_triggers = off",
        "set session_replication_role = replica; drop event trigger guard_platform_drops",
        "alter function auth.uid() owner to postgres",
        "alter function auth.uid() set schema public",
        "alter table auth.users set schema public",
        "alter table auth.users owner to postgres",
        "alter schema auth rename to auth_old",
        "create function auth.uid(text) returns uuid language sql as 'select null::uuid'",
        "alter table auth.users disable trigger all",
        "create rule r as on insert to auth.users do instead nothing",
    ],
)
def test_the_guard_cannot_be_removed_or_passed(attempt, project):
    before = project.execute("select md5(string_agg(prosrc, '' order by oid)) from pg_proc").fetchone()
    assert outcome(project, attempt).split(":")[0] in ("refused", "error 42501", "error 42704", "error 42809")
    project.rollback()
    assert project.execute("select md5(string_agg(prosrc, '' order by oid)) from pg_proc").fetchone() == before


def test_services_do_as_they_like_with_what_is_theirs(server):
    with psycopg.connect(make_conninfo(server.dsn, user="supabase_auth_admin")) as service:
        service.execute("alter table auth.users add column more text")
        service.rollback()


# --- default grants


@pytest.mark.parametrize(("defaults", "open_to_anon"), [("historic", True), ("revoked", False)])
def test_default_grants_on_new_tables(defaults, open_to_anon, pytestconfig):
    with embedded.serve(pytestconfig.stash[CHOICE].postgres_bin) as server, connect(server.dsn) as connection:
        load_platform(connection, defaults)
        connection.execute("set role postgres; create table public.fresh (id integer)")
        ((found,),) = connection.execute("select has_table_privilege('anon', 'public.fresh', 'select')")
        assert found is open_to_anon


def test_default_grants_are_one_of_two_words():
    with pytest.raises(embedded.TargetError, match="historic or revoked"):
        Choice(platform_defaults="open").check()
    with pytest.raises(embedded.TargetError, match="live target"):
        Choice("service=prod", platform_defaults="revoked").check()


# --- installation


def test_the_servers_account_cannot_change_a_script(server):
    """What an extension's script does is done by the superuser."""
    overlay = server.directory / "overlay"
    for path in (overlay, *overlay.rglob("*")):
        if not path.is_symlink():
            assert not stat.S_IMODE(path.stat().st_mode) & 0o022, path
    control = next(overlay.rglob("extension/pg_net.control"))
    assert control.stat().st_uid != embedded.Account.for_server().uid


def test_a_control_file_is_marked_as_trusted():
    assert installation.trust("comment = 'x'\ntrusted = false\n") == "comment = 'x'\ntrusted = true\n"
    assert installation.trust("relocatable = true") == "relocatable = true\ntrusted = true\n"


def test_an_archive_for_a_server_elsewhere():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as server:
        for name, text in (
            ("extension/dblink.control", b"relocatable = true\n"),
            ("extension/file_fdw.control", b"relocatable = true\n"),
            ("extension/pg_cron.control", b"relocatable = false\n"),
            ("extension/postgis.control", b"relocatable = false\n"),
            ("../../outside.control", b"relocatable = false\n"),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            server.addfile(entry, io.BytesIO(text))
    with tarfile.open(fileobj=io.BytesIO(installation.archive(packed.getvalue()))) as ours:
        texts = {entry.name: ours.extractfile(entry).read().decode() for entry in ours.getmembers()}
    assert texts["dblink.control"].endswith("trusted = true\n")
    assert "file_fdw.control" not in texts  # as it is
    assert "stand-in" in texts["pg_cron.control"]  # it would need to be preloaded
    assert texts["postgis.control"] == "relocatable = false\ntrusted = true\n"
    assert not any(name.startswith("postgis--") for name in texts)  # the server's own goes first
    assert any(name.startswith("pg_net--") for name in texts)
