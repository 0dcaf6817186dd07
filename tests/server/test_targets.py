"""The targets: they start, are filled, say clearly when they cannot, and leave nothing behind however a run ends."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from audit.connection import Dsn, TargetError, connect
from audit.server import container, embedded
from audit.server.rights import OWNER, STAND_IN, login
from audit.server.target import Choice, Target, opened
from audit.server.walls import DISK, NETWORK, Walls, raised
from audit.server_errors import explain
from tests.support.waiting import LIMIT_S, eventually

REPOSITORY = Path(__file__).parents[2]
SECRET = "tr0ub4dor-and-3"
IMAGE = "care-collective-audit/postgres:15"
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as another user")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary directory of the test's own, in which servers are made, with a path short enough for sockets."""
    directory = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    directory.chmod(0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    monkeypatch.setenv("TMPDIR", str(directory))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def server() -> Iterator[embedded.Server]:
    """A bare server that asks the role ``secretive`` for a password."""
    with embedded.serve() as running:
        with connect(running.dsn) as connection:
            connection.execute(f"create role secretive login password '{SECRET}'")
            rules = running.directory / "pg_hba.conf"
            rules.write_text(f"local all secretive scram-sha-256\nlocal all gone reject\n{rules.read_text()}")
            connection.execute("select pg_reload_conf()")
        yield running


@pytest.fixture
def no_tls() -> Iterator[int]:
    """The port of something that answers every request for TLS with no, as a PostgreSQL server without it does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(8)
                client.sendall(b"N")

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


# The target's, and those of the project's files, which say what is on it.
PLUGINS = ("fixtures.ending", "fixtures.settings", "fixtures.access", "reports.waivers", "fixtures.target")


def leftovers(place: Path) -> list[Path]:
    return sorted(place.glob(f"{embedded.PREFIX}*"))


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that was ended and not yet collected by init is as good as gone.
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text() if Path("/proc/self").exists() else True


def audit(directory: Path, *options: str, test: str = "pass", **environment: str) -> subprocess.Popen[str]:
    """Start pytest with the target's plugin on one test whose body is ``test``."""
    # Who is told to stop while psycopg connects has no connection yet that could be closed.
    ignored = "ignore:.* was deleted while still open:ResourceWarning"
    (directory / "pytest.ini").write_text(f"[pytest]\nfilterwarnings =\n  error\n  {ignored}\n")
    (directory / "test_one.py").write_text(f"def test_one(target):\n    {test}\n")
    plugins = [word for name in PLUGINS for word in ("-p", name)]
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *plugins, "-p", "no:cacheprovider", *options],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path]), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Whoever lets the tests go on without a terminal (nohup) ignores it, and so would the run.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )


def linger(ready: Path) -> str:
    """The body of a test that says that it began, and waits for the server, as policies do: there a run is told."""
    wait = "connect(target.dsn).execute('select pg_sleep(600)')"
    return f"import pathlib; from audit.connection import connect; pathlib.Path({str(ready)!r}).touch(); {wait}"


def outcome(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=LIMIT_S)
    return process.returncode, said


# --- The embedded server


def test_a_server_is_private_and_leaves_nothing(place):
    with embedded.serve() as server:
        data = (server.directory / "data").stat()
        pid = server.pid
        assert server.directory.parent == place
        assert not server.directory.stat().st_mode & 0o007
        assert not data.st_mode & 0o077 and not (server.directory / "s").stat().st_mode & 0o077
        assert data.st_uid != 0
        with connect(server.dsn) as connection:
            assert connection.execute("show listen_addresses").fetchone() == ("",)
            assert connection.execute("show autovacuum").fetchone() == ("on",)
            assert connection.execute("show data_checksums").fetchone() == ("on",)
            assert connection.execute("show wal_level").fetchone() == ("logical",)
            assert connection.execute("show shared_preload_libraries").fetchone() == ("pg_stat_statements",)
            assert connection.execute("select 'é' < 'z', lower('É')").fetchone() == (False, "é")
    assert not leftovers(place)
    assert not runs(pid)


def test_a_failure_leaves_nothing(place):
    with pytest.raises(ZeroDivisionError), embedded.serve():
        1 / len(leftovers(place)[1:])  # the one directory, the server's, is there
    assert not leftovers(place)


def test_a_database_can_be_cloned_with_its_data(server):
    with connect(server.dsn) as connection:
        connection.execute("create table kept as select 42 as answer")
    clone = server.clone_database('a "clone"')
    with connect(clone) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)
        server.drop_database('a "clone"')
    with pytest.raises(TargetError, match="the database does not exist"):
        connect(clone)


def test_variables_for_other_servers_have_no_say(server, monkeypatch):
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_read_only=on")
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "standby")
    with embedded.serve() as other, connect(other.dsn) as connection:
        assert connection.execute("create table t ()").statusmessage == "CREATE TABLE"


@root_only
@pytest.mark.parametrize("walled", [True, False])
def test_programs_that_the_servers_account_cannot_reach_are_shown_to_it_or_copied(place, monkeypatch, walled):
    if not walled:
        monkeypatch.setattr(embedded, "raised", lambda hidden: Walls())
    elif not raised([]).bwrap:
        pytest.skip("this machine lets nobody raise walls")
    source = Path(embedded._wheel()).parent
    private = place / "private"
    private.mkdir(mode=0o700)
    package = private / "site" / source.parent.name
    package.mkdir(parents=True)
    shutil.copytree(source, package / source.name, symlinks=True)
    libraries = source.parents[1] / f"{source.parent.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, package.parent / libraries.name)
    before = {path: path.lstat().st_mode for path in private.rglob("*")}
    with embedded.serve(package / source.name / "bin") as server:
        assert server.programs.is_relative_to(server.directory) is not walled
        with connect(server.dsn) as connection:
            assert connection.execute("create extension pg_stat_statements").statusmessage == "CREATE EXTENSION"
    assert {path: path.lstat().st_mode for path in private.rglob("*")} == before
    assert private.stat().st_mode & 0o777 == 0o700
    assert not leftovers(place)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_run_that_is_told_to_stop_leaves_nothing(place, name):
    ready = place / "ready"
    run = audit(place, "--members=0", test=linger(ready))
    assert eventually(lambda: ready.exists() or run.poll() is not None) and ready.exists(), outcome(run)
    (directory,) = leftovers(place)
    pid = int((directory / "pid").read_text())
    run.send_signal(signal.Signals[name])
    status, said = outcome(run)
    assert status == pytest.ExitCode.INTERRUPTED, said
    assert name == "SIGINT" or f"stopped by {name}" in said
    assert not leftovers(place)
    assert not runs(pid)


def test_the_next_run_removes_what_a_killed_run_left(place):
    script = (
        "import time; from audit.server import embedded\n"
        "with embedded.serve() as server: print(server.pid, flush=True); time.sleep(600)"
    )
    killed = subprocess.Popen(
        [sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert killed.stdout
    pid = int(killed.stdout.readline())
    embedded.sweep()
    assert runs(pid), "a server whose run is alive must be left alone"
    killed.kill()
    killed.communicate()
    assert runs(pid) and leftovers(place), "nothing was left: this test shows nothing"
    embedded.sweep()
    assert eventually(lambda: not runs(pid))
    assert not leftovers(place)


def test_only_what_is_ours_is_removed(place):
    """Everybody may write to the temporary directory: names that look like ours prove nothing."""
    outside = place / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    (place / f"{embedded.PREFIX}link").symlink_to(outside)
    loose = place / f"{embedded.PREFIX}loose"
    loose.mkdir()
    (loose / "file").touch()
    loose.chmod(0o777)
    kept = [outside / "precious", place / f"{embedded.PREFIX}link", loose / "file"]
    if os.geteuid() == 0:
        foreign = place / f"{embedded.PREFIX}foreign"
        foreign.mkdir()
        (foreign / "file").touch()
        os.chown(foreign, 65534, 65534)
        kept.append(foreign / "file")
    embedded.sweep()
    assert [path for path in kept if not path.exists()] == []


def test_a_foreign_process_is_not_ended(place):
    """A process id in a file may by now belong to somebody else."""
    dead = place / f"{embedded.PREFIX}dead"
    (dead / "data").mkdir(parents=True, mode=0o700)
    dead.chmod(0o700)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        (dead / "pid").write_text(f"{bystander.pid}\n")
        embedded.sweep()
        assert bystander.poll() is None
        bystander.kill()
    assert not dead.exists()


def test_a_second_server_does_not_sweep_the_first(place):
    with embedded.serve() as first, embedded.serve() as second:
        assert first.process.poll() is None
        assert leftovers(place) == sorted([first.directory, second.directory])


# --- What is asked for, and how it is refused


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (Choice("embeded"), "unknown target 'embeded': say embedded, container"),
        (Choice(f"postgrsql://me:{SECRET}@host/db"), "unknown target: say embedded"),
        (Choice(f"postgresql://me:%zz{SECRET}@host/db"), "the connection string cannot be read"),
        (Choice(f"host=x password={SECRET} nonsense=1"), "the connection string cannot be read"),
        (Choice("container"), "needs --image"),
        (Choice(image="postgres:17"), "--image is for --target container only"),
        (Choice("container", image="x", postgres_bin=Path("/")), "--postgres-bin is not for --target container"),
        (Choice("service=prod", postgres_bin=Path("/"), shadow=False), "--postgres-bin is of no use without"),
        (Choice(shadow=False), "--no-shadow is for a live target only"),
        (Choice(migrations=Path("/no/such/directory")), "--migrations: there is no directory /no/such/directory"),
        (Choice(postgres_bin=Path("/no/such/directory")), "--postgres-bin: there is no directory"),
        (Choice(members=-1), "--members must be 0 or more"),
    ],
)
def test_what_does_not_fit_together_is_refused(choice, sentence):
    with pytest.raises(TargetError, match=re.escape(sentence)) as refusal:
        choice.check()
    assert SECRET not in str(refusal.value) and "\n" not in str(refusal.value)
    assert SECRET not in repr(choice)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("user=secretive password=wrong dbname=postgres", "the user name or password is wrong"),
        ("user=secretive dbname=postgres", "a password is needed"),
        (f"user=secretive password={SECRET} dbname=nowhere", "the database does not exist"),
        ("user=nobody_at_all dbname=postgres", "the role does not exist"),
        ("user=gone dbname=postgres", "does not admit this user from here"),
        ("port=1 dbname=postgres", "nothing answers there: check host and port"),
    ],
)
def test_a_live_server_that_does_not_let_us_in_gets_one_sentence(server, settings, sentence, monkeypatch):
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    monkeypatch.delenv("PGPASSWORD", raising=False)
    refused(f"host={server.directory / 's'} {settings}", sentence)


@pytest.mark.parametrize(
    ("conninfo", "sentence"),
    [
        (f"postgresql://me:{SECRET}@127.0.0.1:1/db", "cannot connect to 127.0.0.1:1, db: nothing answers there"),
        (f"postgresql://me:{SECRET}@no-such-host.invalid/db", "the host name is not known"),
        ("service=nowhere", "cannot connect to service nowhere: no such service is defined"),
        ("host=/tmp sslmode=nonsense", "TLS could not be agreed: check sslmode"),
    ],
)
def test_a_live_target_that_is_not_there_gets_one_sentence(conninfo, sentence):
    refused(conninfo, sentence)


def test_a_server_without_tls_gets_one_sentence(no_tls):
    refused(f"host=127.0.0.1 port={no_tls} user=me password={SECRET} sslmode=require", "TLS could not be agreed")


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ('no pg_hba.conf entry for host "::1", user "u", database "d", no encryption', "say sslmode=require"),
        ('pg_hba.conf rejects connection for host "::1", user "u", database "d", no encryption', "say sslmode=require"),
        ('pg_hba.conf rejects connection for host "::1", user "u", SSL encryption', "say sslmode=disable"),
        ('pg_hba.conf rejects "u", SSL encryption\npg_hba.conf rejects "u", no encryption', "from here (pg_hba.conf)"),
        ("received invalid response to SSL negotiation: H", "what answers there is no PostgreSQL server"),
        ("expected authentication request from server, but received H", "what answers there is no PostgreSQL server"),
        ('Unix-domain socket path "/x" is too long (maximum 107 bytes)', "the path of its socket is too long"),
    ],
)
def test_what_libpq_says_is_told_in_a_sentence(said: str, advice: str) -> None:
    assert advice in explain(psycopg.OperationalError(said), "dbname=d")


def test_what_only_a_library_knows_is_named() -> None:
    refused(
        f"postgresql://me:{SECRET}@127.0.0.1:1/db?pgbouncer=true&connection_limit=1",
        "some library's and not PostgreSQL's: leave out connection_limit and pgbouncer",
    )


def test_an_old_server_gets_one_sentence() -> None:
    """A stand-in that speaks the startup protocol.

    https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
    """

    def told(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    def answer() -> None:
        client, _ = listening.accept()
        with client:
            while struct.unpack("!ii", client.recv(4096)[:8])[1] != 196608:
                client.sendall(b"N")
            client.sendall(
                told(b"R", struct.pack("!i", 0)) + told(b"S", b"server_version\0" b"12.22\0")
                + told(b"S", b"client_encoding\0UTF8\0") + told(b"Z", b"I")
            )  # fmt: skip
            client.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, daemon=True).start()
        port = listening.getsockname()[1]
        refused(f"host=127.0.0.1 port={port} user=me password={SECRET} dbname=d", "PostgreSQL 12: 13 or newer can be")


def refused(conninfo: str, sentence: str) -> None:
    with pytest.raises(TargetError, match=re.escape(sentence)) as refusal, opened(Choice(conninfo)):
        pass
    said = str(refusal.value)
    assert SECRET not in said and "\n" not in said
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--target=embeded"], "ERROR: unknown target 'embeded'"),
        (["--image=postgres:17"], "ERROR: --image is for --target container only"),
        ([f"--target=postgresql://me:%zz{SECRET}@host/db"], "ERROR: the connection string cannot be read"),
        ([f"--target=postgresql://me:{SECRET}@127.0.0.1:1/db"], "cannot connect to 127.0.0.1:1, db: nothing answers"),
        (["--migrations", "/tmp"], "--schema=FILE and --before=FILE with an equals sign"),
        (["--postgres-bin=/etc"], "there is no usable PostgreSQL server in /etc"),
        (["--no-such-option"], "unrecognized arguments: --no-such-option"),
    ],
)
def test_pytest_ends_at_once_with_one_sentence(tmp_path, options, sentence):
    status, said = outcome(audit(tmp_path, *options))
    assert status == pytest.ExitCode.USAGE_ERROR, said
    assert sentence in said
    assert "Traceback" not in said and "test_one.py:" not in said and SECRET not in said


def test_a_service_and_a_password_file_are_enough(server, tmp_path, monkeypatch):
    services, passwords = tmp_path / "services", tmp_path / "passwords"
    services.write_text(f"[prod]\nhost={server.directory / 's'}\nuser=secretive\ndbname=postgres\n")
    passwords.write_text(f"*:*:*:secretive:{SECRET}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    with opened(Choice("service=prod")) as target:
        assert (target.kind, target.disposable, target.role) == ("live", False, "secretive")
        assert target.server_version.startswith(server.version.split(".")[0])
        assert not target.notes


def test_a_live_targets_password_is_never_shown(server, tmp_path):
    dsn = f"host={server.directory / 's'} user=secretive password={SECRET} dbname=postgres"
    report = tmp_path / "junit.xml"
    test = "from audit.connection import connect; connect(target.dsn); print(repr(target)); raise KeyError(target)"
    status, said = outcome(audit(tmp_path, f"--target={dsn}", "-vv", f"--junit-xml={report}", test=test))
    assert status == pytest.ExitCode.TESTS_FAILED, said
    assert "target: live, " in said and "Target(kind='live'" in said
    assert SECRET not in said and SECRET not in report.read_text()
    assert Target("live", Dsn(dsn), disposable=False, server_version="", database="", role="").dsn == dsn


def test_a_password_in_the_connection_string_is_noted(server):
    with opened(Choice(f"host={server.directory / 's'} user=secretive password={SECRET} dbname=postgres")) as target:
        (note,) = target.notes
    assert "process list" in note


# --- What a disposable target holds


def test_the_embedded_target_is_built_and_says_so(tmp_path):
    status, said = outcome(audit(tmp_path, "--members=5", test="assert target.migrations and target.server"))
    assert status == 0, said
    assert re.search(r"target: embedded, PostgreSQL \d+", said)
    assert re.search(r"embedded PostgreSQL \d+\S*: platform, \d+ migrations, 5 members \(\d+\.\d s\)", said)


def docker_is_there() -> bool:
    return shutil.which("docker") is not None and not subprocess.run(["docker", "info"], capture_output=True).returncode


@pytest.fixture
def image(tmp_path_factory) -> Iterator[str]:
    """The image that tests/image/build makes; with CI set, its absence is a failure.

    The tests that count containers take turns, also those that other processes of this run have in hand.
    """
    name = os.environ.get("AUDIT_IMAGE") or IMAGE
    missing = "" if docker_is_there() else "Docker does not answer"
    if not missing and subprocess.run(["docker", "image", "inspect", name], capture_output=True).returncode:
        missing = f"there is no image {name}: run tests/image/build"
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with (tmp_path_factory.getbasetemp().parent / "containers.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield name


def containers() -> set[str]:
    command = ["docker", "ps", "--all", "--quiet", "--filter", "label=org.testcontainers"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_a_container_is_built_like_the_embedded_target_and_removed(image, monkeypatch):
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
    before, lines = containers(), []
    with opened(Choice("container", image=image, members=5), lines.append) as target:
        assert containers() > before
        assert (target.kind, target.disposable, target.role) == ("container", True, STAND_IN)
        assert target.migrations and not [m for m in target.migrations if m.error]
        with connect(target.dsn) as connection:
            assert connection.execute("show wal_level").fetchone() == ("logical",)
            assert connection.execute("select count(*) > 5 from public.profiles").fetchone() == (True,)
        (walls,) = [each.partition("missing")[0] for each in target.notes if each.startswith("Walls around")]
        assert NETWORK in walls and DISK in walls, target.notes
        for user in (OWNER, STAND_IN):
            refused_to_run = pytest.raises(psycopg.errors.InsufficientPrivilege)
            with connect(login(target.dsn, user)) as connection, refused_to_run:
                connection.execute("copy (select 1) to program 'true'")
    assert containers() == before
    networks = subprocess.run(["docker", "network", "ls"], capture_output=True, text=True, check=True).stdout
    assert embedded.PREFIX not in networks
    assert lines[0].startswith("container ") and "5 members" in lines[-1]


def test_a_container_has_no_more_room_than_it_is_given(image, monkeypatch):
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
    monkeypatch.setattr(container, "DATA_BYTES", 192 << 20)
    with container.serve(image) as contained, connect(contained.dsn) as connection:
        assert DISK in contained.standing
        with pytest.raises(psycopg.Error, match=r"No space left|closed the connection"):
            connection.execute("create table rows as select md5(n::text) as text from generate_series(1, 8000000) as n")


def test_a_container_is_removed_when_the_run_is_told_to_stop(image, tmp_path):
    before, ready = containers(), tmp_path / "ready"
    options = ("--target=container", f"--image={image}", "--members=0")
    run = audit(tmp_path, *options, test=linger(ready), TESTCONTAINERS_RYUK_DISABLED="true")
    assert eventually(lambda: ready.exists() or run.poll() is not None) and ready.exists(), outcome(run)
    run.terminate()
    status, said = outcome(run)
    assert status == pytest.ExitCode.INTERRUPTED, said
    assert containers() == before


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DOCKER_HOST": "unix:///no/such/socket"}, "Docker does not answer, is its engine running?"),
        ({"DOCKER_HOST": "tcp://127.0.0.1:1"}, "Docker does not answer, is its engine running?"),
    ],
)
def test_no_docker_gets_one_sentence(tmp_path, environment, sentence):
    status, said = outcome(audit(tmp_path, "--target=container", "--image=x", **environment))
    assert status == pytest.ExitCode.USAGE_ERROR, said
    assert sentence in said and "Traceback" not in said


def test_an_image_that_is_nowhere_gets_one_sentence(image, monkeypatch):
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
    nowhere = Choice("container", image="127.0.0.1:1/no/such:image")
    with pytest.raises(TargetError, match="is not here and cannot be pulled"), opened(nowhere):
        pass
