"""The walls around a disposable server: what the machine shows to a program that may come to run foreign code.

PostgreSQL's own rights keep the project's SQL inside of its database (:mod:`audit.server.rights`). Should they fail,
the server is a process that sees its own data, the programs and libraries of the system, and nothing else: no network,
no other process, no other file, no environment, a limited amount of memory and of disk. bubblewrap, where the machine
has it and lets us, raises these walls out of the kernel's namespaces. Elsewhere the server runs as before, and the
report says which walls are missing.

Sources: https://man7.org/linux/man-pages/man7/namespaces.7.html, https://github.com/containers/bubblewrap (bwrap.1)
         https://man7.org/linux/man-pages/man2/getrlimit.2.html
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ACCOUNT = "a user or user namespace of its own"
NETWORK = "no network"
FILES = "no view of other files and processes"
LIMITS = "limits of memory and of files"
DISK = "a limit of disk"
ALL = (ACCOUNT, NETWORK, FILES, LIMITS, DISK)

# Of each process of the server; and the files that it keeps, all together.
MEMORY_BYTES = 6 << 30
FILE_BYTES = 2 << 30
PROCESSES = 256
DISK_BYTES = 12 << 30

# systemd gives users of this range to services for as long as they run, and nobody else does:
# https://systemd.io/UIDS-GIDS/
_FIRST_UID, _UIDS = 61184, 4096
_PLACES = "/usr/bin:/bin:/usr/local/bin"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
_OF_ETC = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/alternatives")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_SHARED_MEMORY, _TEMPORARY = 1 << 30, 64 << 20


def told(standing: Sequence[str]) -> str:
    """Return the sentence of a report about the walls that stand, and about those that do not."""
    lacking = [name for name in ALL if name not in standing]
    stand = ", ".join(name for name in ALL if name in standing) or "none"
    more = f"; missing: {', '.join(lacking)}" if lacking else ""
    return f"Walls around the server that ran the project's SQL: {stand}{more}."


@dataclass(frozen=True)
class Rooms:
    """What a program sees besides the system's own: directories and files that it may write, and that it may read.

    ``passwd`` is the list of users that it finds.
    """

    writable: Sequence[Path] = ()
    readable: Sequence[Path] = ()
    passwd: Path | None = None


@dataclass(frozen=True)
class Walls:
    """The walls that stand. ``bwrap`` and ``setpriv`` are the programs that raise them, or None.

    ``uid`` is the user that the program gets within the walls where we are root, else None.
    """

    bwrap: str | None = None
    setpriv: str | None = None
    uid: int | None = None
    hidden: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def standing(self) -> tuple[str, ...]:
        """The names of the walls that stand.

        Who is no root has no users to give; a user namespace of its own separates as well.
        """
        stands = {**dict.fromkeys((ACCOUNT, NETWORK, FILES), self.bwrap), LIMITS: sys.platform == "linux", DISK: True}
        return tuple(name for name in ALL if stands[name])

    def around(self, command: Sequence[str | Path], rooms: Rooms, report: int | None = None) -> list[str]:
        """Return a command that runs ``command`` within the walls.

        ``report`` is a descriptor that is told the program's process id, as JSON.
        """
        words = [str(word) for word in command]
        if self.bwrap is None:
            return words
        told = [] if report is None else ["--info-fd", str(report), "--as-pid-1"]
        walls = [self.bwrap, *self._namespaces(), *told, *_system(), *self._masks(), *_binds(rooms)]
        if self.uid is None or self.setpriv is None:
            return [*walls, "--", *words]
        user = [f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--no-new-privs"]
        return [*walls, "--", self.setpriv, *user, "--bounding-set=-all", "--inh-caps=-all", *words]

    def _namespaces(self) -> Iterator[str]:
        yield from ("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
        yield from ("--cap-drop", "ALL", "--new-session", "--chdir", "/")
        if self.uid is None:
            yield "--unshare-user"
            return
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
            yield from ("--cap-add", capability)

    def _masks(self) -> Iterator[str]:
        """Put nothing over what is nobody's business, should it lie below what is the system's."""
        for path in self.hidden:
            if path.is_dir() and any(path.is_relative_to(place) for place in _SYSTEM):
                yield from ("--tmpfs", str(path))


def raised(hidden: Sequence[Path]) -> Walls:
    """Return the walls that this machine lets us raise. ``hidden`` must not be seen even where the system is."""
    bwrap = shutil.which("bwrap", path=_PLACES)
    root = os.geteuid() == 0
    setpriv = shutil.which("setpriv", path=_PLACES) if root else None
    if bwrap is None or (root and setpriv is None):
        return Walls()
    uid = _FIRST_UID + os.getpid() % _UIDS if root else None
    walls = Walls(bwrap, setpriv, uid, tuple(path.resolve() for path in hidden))
    # Whether the kernel, or a container around us, allows it is found out by trying.
    tried = subprocess.run(  # noqa: S603  a program of the system
        walls.around(["/bin/sh", "-c", "exit 0"], Rooms()), capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    return walls if tried.returncode == 0 else Walls()


def process_id(report: int) -> int | None:
    """Return the process id that was told to a descriptor's other end, or None where no walls were raised."""
    with suppress(ValueError, KeyError), open(report, encoding="utf-8") as told:
        return int(json.load(told)["child-pid"])
    return None


def limited(command: Sequence[str | Path], *, alone: bool) -> list[str]:
    """Return a command whose processes are limited in what they take. ``alone``: nobody else is the same user.

    By the shell, which every machine has: nobody needs a right to lower limits of his own, as he would for another's.
    """
    limits = [f"ulimit -v {MEMORY_BYTES >> 10}", f"ulimit -f {FILE_BYTES >> 9}", "ulimit -c 0"]
    script = "".join(f"{each} 2>/dev/null || true; " for each in limits)
    if alone:
        # One of them, by the shell.
        script += f"(ulimit -u {PROCESSES}) 2>/dev/null && ulimit -u {PROCESSES} || ulimit -p {PROCESSES}; "
    return ["/bin/sh", "-c", f'{script}exec "$@"', "sh", *map(str, command)]


def size(directory: Path) -> int:
    """Return how many bytes the files below a directory take on the disk."""
    total = 0
    waiting = [str(directory)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def _system() -> Iterator[str]:
    for place in map(Path, _SYSTEM):
        if place.is_symlink():
            yield from ("--symlink", os.readlink(place), str(place))
        elif place.is_dir():
            yield from ("--ro-bind", str(place), str(place))
    yield from ("--perms", "0755", "--dir", "/etc")
    for name in _OF_ETC:
        yield from ("--ro-bind-try", name, name)
    yield from ("--proc", "/proc")  # the loader finds libraries beside a program by it
    yield from ("--perms", "0755", "--tmpfs", "/dev")
    for name in _DEVICES:
        yield from ("--dev-bind-try", f"/dev/{name}", f"/dev/{name}")
    for bytes_, where in ((_SHARED_MEMORY, "/dev/shm"), (_TEMPORARY, "/tmp")):  # noqa: S108  within the walls
        yield from ("--perms", "1777", "--size", str(bytes_), "--tmpfs", where)


def _binds(rooms: Rooms) -> Iterator[str]:
    for option, paths in (("--ro-bind", rooms.readable), ("--bind", rooms.writable)):
        for path in paths:
            for parent in [*path.parents][-2::-1]:
                if not any(parent.is_relative_to(place) for place in _SYSTEM):
                    yield from ("--perms", "0755", "--dir", str(parent))  # bwrap would make it for root alone
            yield from (option, str(path), str(path))
    if rooms.passwd is not None:
        yield from ("--ro-bind", str(rooms.passwd), "/etc/passwd")
