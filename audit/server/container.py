"""A PostgreSQL server in a container, by testcontainers, from any image that follows the official one's conventions."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import psycopg

from audit.connection import Dsn, TargetError, own_conninfo
from audit.ending import ENDING
from audit.evidence import safe
from audit.house import extra
from audit.server import installation
from audit.server.embedded import DATABASE, PREFIX, SETTINGS, last_complaint
from audit.server.rights import SUPERUSER
from audit.server.walls import ACCOUNT, DISK, FILES, LIMITS, NETWORK
from audit.server.watchdog import Watchdog

if TYPE_CHECKING:
    from testcontainers.community.postgres import PostgresContainer

START_TIMEOUT_S = 120
_POLL_S = 0.05
_PORT = 5432
MEMORY = "8g"
PROCESSES = 512
# Of the data directory, which lies in memory and counts as such; and of what else is written in the container.
DATA_BYTES = 4 << 30
LAYER_BYTES = 1 << 30
LOOK_EVERY_S = 5.0
# Where the official image keeps its data, should an image not say: https://hub.docker.com/_/postgres (PGDATA).
_DATA = "/var/lib/postgresql/data"
_HOST_OVERRIDES = ("TC_HOST", "TESTCONTAINERS_HOST_OVERRIDE")  # the user's word on where published ports are found
# The server listens inside the container, and its sockets are where the image has them.
_LEFT_TO_THE_IMAGE = ("listen_addresses", "unix_socket_permissions")


@dataclass(frozen=True)
class Contained:
    """A running server in a container: the connection string of its superuser, and the walls that stand around it."""

    dsn: Dsn
    standing: tuple[str, ...]


@contextmanager
def serve(image: str) -> Iterator[Contained]:
    """Start a container, yield how to reach it, and remove the container at the end.

    Where the engine is on this very machine the container gets a network that leads nowhere, and is reached there;
    elsewhere it needs a published port, and so a network that leads out.

    Raises TargetError with one sentence when there is no Docker, no such image, or no server in it.
    """
    if find_spec("testcontainers") is None:
        raise TargetError(f"a container is started by testcontainers, which is not installed: {extra('container')}")
    # Imported late: nobody who audits another kind of target needs Docker's libraries, or can be kept waiting by them.
    import requests
    from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped]  # it has no stubs of its own
    from testcontainers.community import postgres
    from testcontainers.core.config import testcontainers_config

    class Postgres(postgres.PostgresContainer):
        """Leaves the waiting to us: testcontainers' own asks once a second and has the password in its complaints."""

        def _connect(self) -> None:
            pass

    engine_errors = (DockerException, requests.exceptions.RequestException)
    try:
        container = Postgres(image, username=SUPERUSER, password=secrets.token_urlsafe(24), dbname=DATABASE)
    except engine_errors as error:
        raise TargetError(f"Docker does not answer, is its engine running? ({_reason(error)})") from error
    host = next((os.environ[name] for name in _HOST_OVERRIDES if os.environ.get(name)), None)
    inside = None if host else _network(container)
    container.with_kwargs(mem_limit=MEMORY, pids_limit=PROCESSES, security_opt=["no-new-privileges"])
    if inside is not None:
        container.with_kwargs(network=inside.name)
    elif host is None:
        # A free port, closed to other machines; testcontainers passes on whatever Docker understands here.
        container.ports = {f"{_PORT}/tcp": ("127.0.0.1", None)}  # type: ignore[dict-item]
    try:
        try:
            images = container.get_docker_client().client.images
            try:
                found = images.get(image)
            except ImageNotFound:
                with ENDING.waiting():
                    found = images.pull(image)
        except engine_errors as error:
            raise TargetError(f"the image {safe(image)} is not here and cannot be pulled: {_reason(error)}") from error
        mounts = data_mounts(found.attrs["Config"])
        for each in mounts or ():
            container.with_tmpfs_mount(each, f"size={DATA_BYTES}")
        try:
            with ENDING.waiting():
                container.with_command(_command(found.attrs["Config"]["Cmd"] or [])).start()
        except (*engine_errors, OSError) as error:
            hint = (
                ""
                if testcontainers_config.ryuk_disabled
                else "; if it is the reaper: TESTCONTAINERS_RYUK_DISABLED=true"
            )
            raise TargetError(f"no container of {safe(image)} can be started: {_reason(error)}{hint}") from error
        dsn = _await(container, host or "localhost", inside)
        try:
            _equip(container, dsn)
        except engine_errors as error:
            raise TargetError(f"the extensions cannot be put into {safe(image)}: {_reason(error)}") from error
        standing = (ACCOUNT, FILES, LIMITS) + ((NETWORK,) if inside is not None else ())
        standing += (DISK,) if mounts and _limited(container, mounts) else ()
        with Watchdog(dsn, lambda _: container.get_wrapped_container().kill(), Layer(container)):
            yield Contained(dsn, standing)
    finally:
        container.stop()
        if inside is not None:
            inside.remove()


def _network(container: PostgresContainer) -> Any:  # noqa: ANN401 -- Docker's library has no types
    """Make a network without a way out, where this machine can reach it; else return None."""
    client = container.get_docker_client().client
    local = str(client.api.base_url).startswith("http+docker://") and sys.platform == "linux"
    if not local or any("rootless" in option for option in client.info().get("SecurityOptions") or ()):
        return None
    labels = {"org.testcontainers": "true"}
    return client.networks.create(f"{PREFIX}{secrets.token_hex(6)}", internal=True, labels=labels)


def data_mounts(config: Mapping[str, Any]) -> list[str] | None:
    """Return the directories of an image that are to lie in memory of a limited size, with all of the data in them.

    None where that cannot be: if its programs are not started by root, nobody knows who is to own the directories, and
    of other volumes that it declares nobody knows what lies in them.
    https://docs.docker.com/engine/storage/tmpfs/
    """
    if config.get("User") not in (None, "", "0", "root"):
        return None
    variables = dict(each.partition("=")[::2] for each in config.get("Env") or ())
    data = PurePosixPath(variables.get("PGDATA") or _DATA)
    declared = [PurePosixPath(each) for each in config.get("Volumes") or ()]
    if not all(data.is_relative_to(each) or each.is_relative_to(data) for each in declared):
        return None
    holding = [each for each in declared if data.is_relative_to(each)]
    within = [each for each in declared if each not in holding]
    return [str(each) for each in (*(holding or [data]), *within)]


def _limited(container: PostgresContainer, places: Sequence[str]) -> bool:
    """Tell whether the engine has put a limit on directories, as the container itself sees it."""
    status, output = container.get_wrapped_container().exec_run(["cat", "/proc/mounts"], user="root")
    lines = [line.split() for line in output.decode(errors="replace").splitlines()] if not status else []
    limit = f"size={DATA_BYTES >> 10}k"
    limited = {line[1] for line in lines if len(line) > 3 and line[2] == "tmpfs" and limit in line[3].split(",")}
    return limited.issuperset(places)


class Layer:
    """Says that a container has written too much beside its data directory, or ""; it looks now and then."""

    def __init__(self, container: PostgresContainer) -> None:
        self.api = container.get_docker_client().client.api
        self.id = container.get_container_id()
        self.looked = time.monotonic()

    def __call__(self) -> str:
        """Look, if it is time to."""
        if time.monotonic() - self.looked < LOOK_EVERY_S:
            return ""
        self.looked = time.monotonic()
        # What the engine does not tell now it tells the next time.
        with suppress(Exception):
            (told,) = self.api.containers(all=True, size=True, filters={"id": self.id})
            if int(told.get("SizeRw") or 0) > LAYER_BYTES:
                return f"the server was ended: the container wrote more than {LAYER_BYTES >> 30} GB beside its data"
        return ""


def _command(of_image: Sequence[str]) -> list[str]:
    """Add our settings to the image's own command; one that brings a configuration keeps the libraries it preloads."""
    settings = {name: value for name, value in SETTINGS.items() if name not in _LEFT_TO_THE_IMAGE}
    if len(of_image) <= 1:
        settings["shared_preload_libraries"] = "pg_stat_statements"
    options = (part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
    return [*(of_image or ["postgres"]), *options]


def _await(container: PostgresContainer, host: str, inside: Any) -> Dsn:  # noqa: ANN401
    """Wait until the server takes connections, on its published port or in its network; return how to connect."""
    account = {"user": container.username, "password": container.password, "dbname": container.dbname}
    deadline = time.monotonic() + START_TIMEOUT_S
    while _runs(container) and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError, ConnectionError):  # not listening yet, or not even published
            if inside is not None:
                networks = container.get_wrapped_container().attrs["NetworkSettings"]["Networks"]
                place = {"host": networks[inside.name]["IPAddress"], "port": _PORT}
            else:
                port = container.get_docker_client().port(container.get_container_id(), _PORT)
                place = {"host": host, "port": port}
            dsn = own_conninfo(**place, **account)
            psycopg.connect(dsn).close()
            return dsn
        with ENDING.waiting():
            time.sleep(_POLL_S)
    log = b"\n".join(container.get_logs()).decode(errors="replace")
    raise TargetError(f"the PostgreSQL server in {safe(container.image)} did not start: {last_complaint(log)}")


def _equip(container: PostgresContainer, dsn: Dsn) -> None:
    """Put the extensions that Supabase has into the image's installation, unless the image is Supabase's own."""
    with psycopg.connect(dsn) as connection:
        if connection.execute("select pg_catalog.to_regclass('auth.users') is not null").fetchone() == (True,):
            return
    server = container.get_wrapped_container()
    status, output = server.exec_run(["pg_config", "--sharedir"], user="root")
    if status:  # without its programs there is no telling where; what the image has not is then told by name
        return
    folder = f"{output.decode().strip()}/extension"
    server.put_archive(folder, installation.archive(b"".join(server.get_archive(folder)[0])))


def _runs(container: PostgresContainer) -> bool:
    container.reload()  # its state is as of the last look
    return container.status == "running"


def _reason(error: Exception) -> str:
    """Return what Docker said, on one line."""
    return safe(str(getattr(error, "explanation", None) or error))[:300]
