"""What is made once and kept for later runs: the data of a server of ours, in the user's own cache folder.

An entry is a folder, named by a digest of all that it depends on: the data that the server left, and facts about them.
It is made aside and put in its place by a rename, so that it is there as a whole or not at all, however many runs make
it at once. Whoever copies an entry holds a lock on it, and nobody removes it meanwhile. What is damaged, or out of
date, is made anew; where nothing can be kept, a run goes without. Nothing is believed that somebody else could have
written: the folder is the user's own, and nobody else may write to it or put another in its place.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from audit.connection import TargetError
from audit.server.embedded import Server, identity, serve, version_of
from audit.server.walls import size

KEPT = 4
# No draft takes so long.
DRAFT_S = 3600
ENGINE = Path(__file__).parents[1]
# What else has a say in what is made up and how it is written.
PACKAGES = ("faker", "psycopg", "sqlglot")

Facts = Mapping[str, Any]
Made = tuple[Server, Facts]
Make = Callable[[], AbstractContextManager[Made]]

_DATA, _FACTS = "data", "facts.json"


def folder(kind: str) -> Path:
    """Return where entries of a kind are kept between runs: in the user's own cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home).absolute() / "care-collective-audit" / kind


def digest(*parts: bytes) -> str:
    """Return what tells these parts, in this order, from any others."""
    made = hashlib.sha256()
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()[:32]


def contents(files: Iterable[Path], name: Callable[[Path], str] = str) -> list[bytes]:
    """Return names and contents. Raises OSError."""
    return [part for path in files for part in (os.fsencode(name(path)), path.read_bytes())]


def sources(place: Path, *suffixes: str) -> list[bytes]:
    """Return names and contents of all files of such kinds below a place. Raises OSError."""
    files = sorted(path for path in place.rglob("*") if path.suffix in suffixes and path.is_file())
    return contents(files, lambda path: path.relative_to(place).as_posix())


def engine(postgres_bin: Path | None) -> list[bytes]:
    """Return what whatever is kept depends on: all of the engine, and the server's programs. Raises TargetError."""
    return [*sources(ENGINE, ".py", ".sql"), _around(postgres_bin)]


@cache
def _around(postgres_bin: Path | None) -> bytes:
    from importlib.metadata import version

    machine = os.uname()
    packages = " ".join(version(name) for name in PACKAGES)
    told = f"{version_of(postgres_bin)} {identity(postgres_bin)} {machine.sysname} {machine.machine} {packages}"
    return told.encode()


@contextmanager
def serving(place: Path | None, postgres_bin: Path | None, make: Make) -> Iterator[Made]:
    """Yield a server as ``make`` makes it, with facts that JSON can hold, out of ``place`` if it was kept there.

    It is kept there otherwise, if that can be. Its fact ``until``, if any, is a moment in ISO 8601, after which it is
    made anew; where its fact ``keep`` is false it is not kept. Without a ``place``, it is made.

    Raises TargetError, and what ``make`` raises.
    """
    with ExitStack() as stack:
        yield (
            (place and found(place, postgres_bin, stack))
            or (place and _anew(place, postgres_bin, make, stack))
            or stack.enter_context(make())
        )


def _anew(place: Path, postgres_bin: Path | None, make: Make, stack: ExitStack) -> Made | None:
    """Make it, keep it and start a server with what was kept; None where nothing can be kept.

    What is not worth keeping is used as it is.
    """
    try:
        draft = _draft(place)
    except OSError:
        return None
    try:
        making = ExitStack()
        with making:
            server, facts = making.enter_context(make())
            if not _is_worth_it(server, facts, draft):
                stack.push(making.pop_all())
                return server, facts
            server.freeze(draft / _DATA)
        _write(draft / _FACTS, facts)
        _remove(place)  # it is damaged or out of date, unless another run was quicker
        with suppress(OSError):
            draft.rename(place)
        tidy(place.parent)
    except OSError:  # there is no room for it
        return None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return found(place, postgres_bin, stack)


def _is_worth_it(server: Server, facts: Facts, place: Path) -> bool:
    """Tell whether there is room, and what was made would be made so again."""
    if not facts.get("keep", True) or server.was_hurried():
        return False
    return shutil.disk_usage(place).free > 2 * size(server.directory)


def found(place: Path, postgres_bin: Path | None, stack: ExitStack) -> Made | None:
    """Start a server with what is kept, which ends with ``stack``, or return None where that is of no use."""
    with suppress(OSError), _locked(place, fcntl.LOCK_SH):
        if not is_private(place):
            return None
        try:
            facts = _read(place / _FACTS)
            if _is_over(facts):
                return None
            server = stack.enter_context(serve(postgres_bin, place / _DATA))
        except (OSError, ValueError, KeyError, TypeError, TargetError):
            return None
        with suppress(OSError):
            os.utime(place)
        return server, facts
    return None


def is_usable(cache: Path) -> bool:
    """Tell whether something can be kept in a folder, or was."""
    try:
        _draft(cache / "any").rmdir()
    except OSError:
        with suppress(OSError):
            return any(is_private(each) for each in cache.iterdir())
        return False
    return True


def _draft(place: Path) -> Path:
    """Return a new folder beside a place. Raises OSError where there is none to be had that is ours alone."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=place.parent))
    if not is_private(draft):
        draft.rmdir()
        raise PermissionError(f"{place.parent} is not ours alone")
    return draft


def is_private(place: Path) -> bool:
    """Tell whether nobody but this user, and root, can write to a folder or put another in its place.

    It is his own, and so is the one that it is in, and neither is a link; no folder above may be everybody's, unless
    only owners can move what is in it, as in /tmp. sshd asks the same of the files that it believes (StrictModes).
    """
    own = [path.lstat() for path in (place, place.parent)]
    above = [path.stat() for path in place.parent.resolve().parents]
    return (
        all(stat.S_ISDIR(each.st_mode) and each.st_uid == os.geteuid() for each in own)
        and all(not each.st_mode & (stat.S_IWGRP | stat.S_IWOTH) for each in own)
        and all(each.st_uid in (os.geteuid(), 0) and not _is_open(each) for each in above)
    )


def _is_open(folder: os.stat_result) -> bool:
    """Tell whether somebody else can move away what is in a folder. A group of one's own is nobody else."""
    others = folder.st_mode & (stat.S_IWOTH if folder.st_gid == os.getegid() else stat.S_IWGRP | stat.S_IWOTH)
    return bool(others) and not folder.st_mode & stat.S_ISVTX


def tidy(cache: Path, kept: int = KEPT) -> None:
    """Keep the entries that were used last; remove what killed runs were making."""
    with suppress(OSError):
        found = {path: path.stat().st_mtime for path in cache.iterdir() if path.is_dir()}
        entries = sorted((path for path in found if not path.name.startswith(".")), key=lambda path: -found[path])
        drafts = [path for path in found if path.name.startswith(".") and found[path] < time.time() - DRAFT_S]
        for path in [*entries[kept:], *drafts]:
            _remove(path)


def _remove(place: Path) -> None:
    """Remove an entry, unless somebody is copying it."""
    with suppress(OSError), _locked(place, fcntl.LOCK_EX | fcntl.LOCK_NB):
        aside = Path(tempfile.mkdtemp(prefix=".gone-", dir=place.parent))
        place.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _locked(place: Path, how: int) -> Iterator[None]:
    """Hold a lock on a folder. Raises OSError where there is no such folder, and where the lock cannot be had."""
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, facts: Facts) -> None:
    text = json.dumps(facts)
    path.write_text(f"{digest(text.encode())}\n{text}", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    """Return facts as they were written. Raises OSError, and ValueError when they are not so any more."""
    written, _, text = path.read_text(encoding="utf-8").partition("\n")
    if digest(text.encode()) != written:
        raise ValueError("not as it was written")
    facts: dict[str, Any] = json.loads(text)
    return facts


def _is_over(facts: Facts) -> bool:
    until = facts.get("until")
    return until is not None and dt.datetime.fromisoformat(until) <= dt.datetime.now(dt.UTC)
