"""PgBouncer, as it stands in front of many servers, for tests: started in a directory of its own, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from audit.connection import Dsn
from audit.server.embedded import Account

PROGRAM = shutil.which("pgbouncer", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
needs_pgbouncer = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed")
START_S = 600


@dataclass
class Bouncer:
    """A running PgBouncer. ``command`` starts it; ``through`` is the way through it to a database."""

    directory: Path
    port: int
    command: list[str]
    host: str
    process: subprocess.Popen[bytes]

    def through(self, dsn: str, **more: str) -> Dsn:
        """Return the connection string that leads through the pooler to the database of ``dsn``."""
        given = conninfo_to_dict(dsn)
        way = {"host": self.host, "port": self.port, "dbname": given["dbname"], "user": given["user"]}
        return Dsn(make_conninfo("", **{**way, **more}))


@contextmanager
def bouncing(dsn: str, mode: str, *users: str, **settings: str) -> Iterator[Bouncer]:
    """Start PgBouncer in front of the server of ``dsn``, for ``users``. ``settings`` are those of its own file."""
    directory = Path(tempfile.mkdtemp(prefix="b", dir="/tmp"))
    account = _account_of(Path(str(conninfo_to_dict(dsn)["host"])))
    try:
        port = _free_port()
        lines = {
            "listen_port": str(port),
            "unix_socket_dir": str(directory),
            "auth_type": "trust",
            "auth_file": str(directory / "users"),
            "logfile": str(directory / "log"),
            "pool_mode": mode,
            "default_pool_size": "1" if mode == "transaction" else "10",
            **settings,
        }
        place = conninfo_to_dict(dsn)
        (directory / "users").write_text("".join(f'"{user}" "{_password(dsn, user)}"\n' for user in users))
        (directory / "ini").write_text(
            f"[databases]\n* = host={place['host']} port={place['port']}\n[pgbouncer]\n"
            + "".join(f"{name} = {value}\n" for name, value in lines.items())
        )
        for path in (directory, *directory.iterdir(), *map(Path, _files(settings))):
            account.own(path)
        command = [str(PROGRAM), str(directory / "ini")]
        host = settings.get("listen_addr", str(directory))
        bouncer = Bouncer(directory, port, command, host, start(command))
        _await(bouncer)
        try:
            yield bouncer
        finally:
            # It may have been started again meanwhile, by somebody else.
            for pid in running(directory):
                os.kill(pid, signal.SIGKILL)
            bouncer.process.wait()
    finally:
        shutil.rmtree(directory)


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start it, as the account that its files belong to: it does not run as root."""
    with tempfile.TemporaryFile() as log:
        return _account_of(Path(command[1])).popen(command, log.fileno())


def _account_of(path: Path) -> Account:
    """Return the account that a file or directory belongs to: of a server's socket, who alone may use it but root."""
    owner = path.stat()
    return Account(owner.st_uid, owner.st_gid) if os.geteuid() == 0 else Account()


def running(directory: Path) -> list[int]:
    """Return the processes of the pooler in ``directory``."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if line.split()[1:] == [PROGRAM, f"{directory}/ini"]]


def _files(settings: dict[str, str]) -> list[str]:
    return [value for name, value in settings.items() if name.endswith("_file")]


def _password(dsn: str, user: str) -> str:
    """Return what the server wants to hear from a user: of a disposable one, only its superuser has a password."""
    passwords = Path(conninfo_to_dict(dsn).get("passfile") or os.devnull).read_text(encoding="utf-8")
    return next((line.split(":")[4] for line in passwords.splitlines() if line.split(":")[3] == user), "")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _await(bouncer: Bouncer) -> None:
    deadline = time.monotonic() + START_S
    while not (bouncer.directory / f".s.PGSQL.{bouncer.port}").exists():
        assert bouncer.process.poll() is None and time.monotonic() < deadline, (bouncer.directory / "log").read_text()
        time.sleep(0.02)
