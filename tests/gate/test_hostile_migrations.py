"""Migrations that mean harm: none gets out of its database, all come to an end, and none of those that fail passes.

Each file of ``hostile`` says what is expected: that it is ``refused``, that it is ``harmless``, that it is ``ended``,
or ``any`` of these. What it would leave on the machine is the marker, whose path stands for ``@marker@``. The walls are
taken away here, so that the marker would be seen: what is shown is that the server's own rights suffice.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from audit.access.declaration import Access
from audit.connection import TargetError, connect
from audit.evidence import Unchecked
from audit.gate.base import Base
from audit.server import embedded, target, watchdog
from audit.server.rights import NOT_GRANTED, SUPERUSER, superuser
from audit.server.target import MIGRATIONS, Choice
from audit.server.walls import Walls, raised
from audit.server_errors import Overdue
from audit.settings import Settings
from fixtures.target import CHOICE
from reports.model import Verdict
from tests.support.auditing import ROOT
from tests.support.rehearsing import CorpusSuite, Ground, grounded

HOSTILE = sorted(Path(__file__).with_name("hostile").glob("*.sql"))
# What never ends is ended after that; what comes to an end by itself may take longer on a machine with much to do.
LIMIT_S = 3.0
PATIENT_S = 15.0
LONGEST_S = 120.0
ENDED = re.compile(r"was stopped at|was ended after|session was lost|server .* ended with it|could not be looked at")


def expected(path: Path) -> str:
    """Return what the first line of a file says."""
    found = re.match(r"-- expected: (refused|harmless|ended|any)\n", path.read_text(encoding="utf-8"))
    assert found, f"{path.name}: the first line must say what is expected"
    return found[1]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A directory in which everybody may leave a marker."""
    with tempfile.TemporaryDirectory(prefix="marks-", dir="/tmp") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.fixture(scope="module")
def unwalled_ground(pytestconfig: pytest.Config, settings: Settings, access: Access) -> Iterator[Ground]:
    """The base, on a server without walls."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(embedded, "raised", lambda hidden: Walls())
            opened = stack.enter_context(grounded(pytestconfig.stash[CHOICE], CorpusSuite(settings, access)))
        build = opened.build

        def build_unwalled() -> Base:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(embedded, "raised", lambda hidden: Walls())
                base = build()
            base.server.watchdog.limit_s = LIMIT_S
            return base

        opened.build = build_unwalled
        opened.base.server.watchdog.limit_s = LIMIT_S
        yield opened


def armed(path: Path, place: Path, folder: Path) -> tuple[Path, Path]:
    """Return a copy of a file that would leave its marker, and the marker."""
    marker = place / path.stem
    copy = folder / f"20990101000000_{re.sub('[^a-z0-9]', '_', path.stem)}.sql"
    copy.write_text(path.read_text(encoding="utf-8").replace("@marker@", str(marker)), encoding="utf-8")
    return copy, marker


def came_of(ground: Ground, file: Path, limit_s: float = LIMIT_S) -> str:
    """Try a file out; return what came of it, with what was said."""
    ground.base.server.watchdog.limit_s = limit_s
    try:
        result = ground.try_files([file], limit_s=limit_s)["MIG-01"]
    except (TargetError, Unchecked, psycopg.Error) as error:
        return f"ended: {type(error).__name__} {error}"
    if not result.findings:
        # What this server lacks is set aside, and then nobody says that all is well.
        kind = "refused" if result.verdict is Verdict.UNCHECKED else "harmless"
        return f"{kind}: {result.verdict} {result.reason}"
    (finding,) = result.findings
    assert result.verdict is Verdict.VIOLATED
    error = str(finding.details["error"])
    return f"{'ended' if ENDED.search(error) else 'refused'}: {error}"


def clean_up(ground: Ground) -> None:
    """Undo what is left in the whole server."""
    with superuser(ground.base.server.dsn) as connection:
        connection.execute("alter role postgres reset all")
        for name, limit in (("anon", "3s"), ("authenticated", "8s")):
            connection.execute(f"alter role {name} reset all")
            connection.execute(f"alter role {name} set statement_timeout = '{limit}'")
        connection.execute('alter role postgres set search_path = "$user", public, extensions')
        for name in ("mightier", "runner", "writer", "anonymous"):
            connection.execute(f"drop role if exists {name}")


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_no_hostile_migration_gets_out(unwalled_ground: Ground, place: Path, tmp_path: Path, path: Path) -> None:
    file, marker = armed(path, place, tmp_path)
    server = unwalled_ground.base.server
    patient = expected(path) in ("refused", "harmless")
    begun = time.monotonic()
    try:
        came = came_of(unwalled_ground, file, PATIENT_S if patient else LIMIT_S)
        took = time.monotonic() - begun
    finally:
        # What a case did to its server is that case's alone: the next one begins with another, if need be.
        unwalled_ground.stand()
        clean_up(unwalled_ground)
    assert took < LONGEST_S
    assert expected(path) in ("any", came.partition(":")[0]), came
    # Only with a file that is to be ended may its server end, too, and then that is what is said.
    assert server.process.poll() is None or came.startswith("ended"), f"the server is gone: {came}"
    assert not marker.exists()
    with superuser(unwalled_ground.base.server.dsn) as connection:
        mighty = {name for (name,) in connection.execute("select rolname from pg_catalog.pg_roles where rolsuper")}
    assert mighty - {*NOT_GRANTED} == {SUPERUSER}


def test_there_are_attempts_at_every_wall() -> None:
    kinds = {path.stem.partition(".")[0] for path in HOSTILE}
    assert len(HOSTILE) >= 90
    assert kinds == {
        *("rights", "fires", "names", "files", "programs", "network", "time", "memory", "disk", "processes", "other")
    }


def test_a_marker_would_be_seen(unwalled_ground: Ground, place: Path) -> None:
    """What the attempts do would leave a marker, were they a superuser's."""
    marker = place / "control"
    with superuser(unwalled_ground.base.server.dsn) as connection:
        connection.execute(f"copy (select 1) to program 'cat > {marker}'")
    assert marker.exists()


# --- The walls, should the rights fail

needs_walls = pytest.mark.skipif(not raised([]).bwrap, reason="this machine lets nobody raise walls")


@pytest.fixture(scope="module")
def walled() -> Iterator[embedded.Server]:
    with embedded.serve() as server:
        yield server


def output_of(server: embedded.Server, program: str) -> str:
    """Return what a program says that is run as a superuser could."""
    with superuser(server.dsn) as connection:
        connection.execute("create temporary table said (line text)")
        connection.execute(
            f"copy said from program $${program} 2>&1; true$$ (format csv, delimiter e'\\x01', quote e'\\x02')"
        )
        return "\n".join(line for (line,) in connection.execute("select line from said").fetchall() if line)


@needs_walls
@pytest.mark.parametrize(
    ("program", "told"),
    [
        (f"cat {ROOT}/README.md", "No such file"),
        (f"ls {Path.home()}", "No such file"),
        ("cat /etc/shadow", "No such file"),
        ("cat /proc/1/environ | tr -d -c A-Z_= | head -c 2000", r"\A(?!.*(?:HOME|TOKEN|USER|GITHUB))"),
        ("ls /tmp", r"\A(?:care-collective-audit-\w+)?\Z"),
        ("cat /proc/net/dev | tail -n +3 | grep -v lo:", r"\A\Z"),
        ("ls -d /proc/[0-9]* | wc -l", r"\A[0-9]{1,2}\Z"),
        ("kill -0 1 && echo alive", "alive"),
        ("touch /usr/x", "Read-only|Permission"),
        ("ls /work /home /root /var /opt /srv /mnt", "No such file"),
    ],
)
def test_what_runs_on_the_server_sees_nothing_else(walled: embedded.Server, program: str, told: str) -> None:
    assert re.search(told, output_of(walled, program), re.DOTALL)


@needs_walls
def test_a_marker_stays_within_the_walls(walled: embedded.Server, place: Path) -> None:
    output_of(walled, f"mkdir -p {place}; touch {place}/inside")
    assert not (place / "inside").exists()


@needs_walls
def test_the_server_cannot_read_its_superusers_password(walled: embedded.Server) -> None:
    passwords = walled.directory / "passwords"
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    assert "No such file" in output_of(walled, f"cat {passwords}")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can limit another process")
def test_a_process_of_the_server_is_limited(walled: embedded.Server) -> None:
    limits = Path(f"/proc/{walled.pid}/limits").read_text()
    for name in ("Max address space", "Max file size", "Max core file size"):
        assert not re.search(rf"{name} +unlimited", limits)


def test_a_server_whose_files_grow_too_large_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "DISK_BYTES", 120 << 20)
    with embedded.serve() as server, connect(server.dsn) as connection:
        connection.execute("create table t (x text)")
        connection.execute("alter table t alter x set storage external")
        with pytest.raises(psycopg.OperationalError, match="its files grew beyond"):
            connection.execute("insert into t select repeat('x', 100000) from generate_series(1, 1000000)")


# --- The audit of somebody's migrations, and what is not theirs to say


@pytest.mark.parametrize("user", ["root", "unprivileged"])
def test_an_audit_of_hostile_migrations_is_no_all_clear(place: Path, user: str) -> None:
    """All that is refused or harmless, one after the other, as ``make audit MIGRATIONS=`` applies them."""
    become: list[str] = []
    if user == "root" and os.geteuid() != 0:
        pytest.skip("this process is not root's")
    if user == "unprivileged" and os.geteuid() == 0:
        become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with tempfile.TemporaryDirectory(prefix="home-", dir="/tmp") as name:
        home = Path(name)
        (home / "migrations").mkdir()
        for path in [path for path in HOSTILE if expected(path) in ("refused", "harmless")]:
            armed(path, place, home / "migrations")
        for path in MIGRATIONS.glob("*.sql"):
            (home / "migrations" / path.name).write_bytes(path.read_bytes())
        if become:
            for path in (home, *home.rglob("*")):
                os.chown(path, 65534, 65534)
        environment = {"HOME": name, "TMPDIR": name, "PATH": os.environ["PATH"], "SECRET_TOKEN": "of the run"}
        command = [sys.executable, "-m", "pytest", "policies", "-p", "no:cacheprovider", f"--report-dir={home / 'out'}"]
        command += [f"--migrations={home / 'migrations'}", "--members=20"]
        ran = subprocess.run(
            [*become, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
    assert ran.returncode == 1, ran.stdout[-3000:] + ran.stderr
    assert "SCHEMA-01" in ran.stdout or "MIG-01" in ran.stdout
    assert "Compliant: every policy" not in ran.stdout
    assert [path.name for path in place.iterdir() if path.name != "control"] == []


@pytest.mark.parametrize(
    "sql",
    [
        "begin; lock table public.profiles in access exclusive mode; prepare transaction 'held';",
        "create function public.f(text) returns boolean language plpgsql as 'begin loop null; end loop; end';"
        "alter table public.messages add constraint f check (public.f(content));",
        "create function public.f(text) returns text language plpgsql immutable as 'begin loop null; end loop; end';"
        "create index on public.messages (public.f(content));",
    ],
    ids=["a lock is kept", "seeding never ends", "an index never ends"],
)
def test_a_target_that_cannot_be_built_in_time_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.setattr(watchdog, "LIMIT_S", LIMIT_S)
    for path in MIGRATIONS.glob("*.sql"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "20990101000000_x.sql").write_text(sql)
    begun = time.monotonic()
    why = ""
    try:
        with target.opened(Choice(migrations=tmp_path, members=5)) as opened:
            why = " ".join(opened.unfilled.values())
    except TargetError as error:
        why = str(error)
    assert "was ended after 3 s" in why
    assert time.monotonic() - begun < 120


def test_what_is_overdue_is_named(walled: embedded.Server) -> None:
    walled.watchdog.limit_s = 0.5
    try:
        with connect(walled.dsn) as connection:
            with pytest.raises(Overdue, match=r"was ended after 0\.5 s: select pg_sleep\Z"):
                connection.execute("select 1; select pg_sleep(77), 'a secret'")
            connection.execute("select 1")
    finally:
        walled.watchdog.limit_s = watchdog.LIMIT_S


# --- No verdict can be bought

OFFENCE = """
grant select on public.contact_exchanges to anon;
create policy "open" on public.contact_exchanges for select to anon using (true);
"""

# What a migration could say first, so that the questions about the offence are answered otherwise.
BRIBES = {
    "nothing": "select 1",
    "operators": """
        create function public.never(anyelement, anyelement) returns boolean language sql as 'select false';
        create operator public.= (leftarg = anyelement, rightarg = anyelement, function = public.never);
        create function public.never(name, text) returns boolean language sql as 'select false';
        create operator public.= (leftarg = name, rightarg = text, function = public.never);
        create operator public.~ (leftarg = name, rightarg = text, function = public.never);
    """,
    "functions": """
        create function public.count(integer) returns bigint language sql as 'select 0::bigint';
        create function public.current_setting(text) returns text language sql as 'select ''''';
        create function public.has_table_privilege(oid, text) returns boolean language sql as 'select false';
        create function public.row_security_active(oid) returns boolean language sql as 'select false';
    """,
    "types": """
        create domain public.regclass as pg_catalog.int4;
        create domain public.text as pg_catalog.bool;
        create domain public.name as pg_catalog.bool;
    """,
    "paths": """
        do $$ begin
            execute format('alter database %I set search_path = public, extensions, pg_catalog', current_database());
        end $$;
        alter role postgres set search_path = public, pg_catalog;
        alter role anon set search_path = private, pg_catalog;
    """,
    "settings": """
        do $$ begin
            execute format('alter database %I set row_security = off', current_database());
            execute format('alter database %I set session_replication_role = replica', current_database());
            execute format('alter database %I set DateStyle = ''SQL, DMY''', current_database());
            execute format('alter database %I set standard_conforming_strings = off', current_database());
            execute format('alter database %I set quote_all_identifiers = on', current_database());
            execute format('alter database %I set "request.jwt.claims" = ''{}''', current_database());
        exception when insufficient_privilege or invalid_parameter_value then null;
        end $$;
    """,
    "claims": """
        do $$ begin
            create or replace function auth.uid() returns uuid language sql stable as 'select null::uuid';
            create or replace function auth.role() returns text language sql stable as 'select ''service_role''';
            create or replace function auth.jwt() returns jsonb language sql stable as 'select ''{}''::jsonb';
        exception when insufficient_privilege then null;
        end $$;
    """,
    "rights of who asks": """
        revoke all on all tables in schema public from postgres;
        revoke all on schema private from postgres;
        alter table public.contact_exchanges force row level security;
        create policy "nobody asks" on public.contact_exchanges as restrictive to postgres using (false);
    """,
    "statistics": """
        do $$ begin perform pg_catalog.pg_stat_reset(); exception when insufficient_privilege then null; end $$;
        alter table public.contact_exchanges alter column helper_id set statistics 0;
        alter table public.contact_exchanges set (autovacuum_enabled = false);
    """,
    "temporary things": """
        create temporary table contact_exchanges (id integer);
        create temporary table pg_policy (polname name);
        create function pg_temp.has_table_privilege(oid, text) returns boolean language sql as 'select false';
    """,
    "roles": """
        create role anonymous;
        grant anon to anonymous;
        alter role anon set role = 'anonymous';
        alter role authenticated set statement_timeout = 1;
    """,
}


@pytest.mark.parametrize("bribe", BRIBES)
def test_no_verdict_can_be_bought(unwalled_ground: Ground, tmp_path: Path, bribe: str) -> None:
    texts = {"20990101000000_bribe.sql": BRIBES[bribe], "20990102000000_offence.sql": OFFENCE}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    try:
        results = unwalled_ground.try_files([tmp_path / name for name in texts], limit_s=20)
    finally:
        clean_up(unwalled_ground)
    assert not [finding.details for finding in results["MIG-01"].findings if "offence" in finding.object]
    told = {name: (result.verdict, result.reason, result.findings) for name, result in results.items()}
    found = [each.object for each in results["MIG-06"].findings if "contact_exchanges" in each.object]
    assert ["20990102000000_offence.sql" in each for each in found] == [True], told
