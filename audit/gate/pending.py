"""Which migrations are new: by git, by version, by name, or by what a live database says was applied."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import errors

from audit.connection import TargetError, reading
from audit.evidence import safe
from audit.footprint import Footprint
from audit.migrations import find, version
from audit.question import Connection
from audit.server_errors import describe

GIT_LIMIT_S = 60
# The mode of a link, whose content is the path that it leads to: https://git-scm.com/docs/git-fast-import#_filemodify
SYMLINK = b"120000"


@dataclass(frozen=True)
class Pending:
    """The files of a directory, told apart.

    ``new`` are to be judged, in their order; ``released`` build the base, as they were released: those of git lie in a
    directory of their own. ``edited`` and ``removed`` are names of released files that are not as they were.
    """

    since: str
    new: tuple[Path, ...]
    released: tuple[Path, ...]
    edited: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def by_version(directory: Path, last: int) -> Pending:
    """Take for new what has a version after ``last``, or none. Raises TargetError."""
    files = find(directory)
    new = [path for path in files if (number := version(path.name)) is None or number > last]
    return Pending(f"version {last}", tuple(new), tuple(path for path in files if path not in new))


def by_name(directory: Path, names: Sequence[str]) -> Pending:
    """Take the named files for new. Raises TargetError when one of them is not in the directory."""
    files = find(directory)
    known = {path.name for path in files}
    wanted = {Path(name).name for name in names}
    if missing := sorted(wanted - known):
        raise TargetError(f"--files: {safe(missing[0])} is not in {safe(str(directory))}")
    return Pending(
        "the files before",
        tuple(path for path in files if path.name in wanted),
        tuple(path for path in files if path.name not in wanted),
    )


def by_history(directory: Path, connection: Connection, footprint: Footprint | None = None) -> Pending:
    """Take for new what a live database has not applied, as the platform's own table says. Only reads.

    https://supabase.com/docs/guides/deployment/database-migrations. ``footprint`` counts it. Raises TargetError.
    """
    footprint = footprint or Footprint()
    instead = "say what is new with --since-version=V or --files=A.sql,B.sql"
    try:
        with reading(connection, statement_timeout="5000", lock_timeout="500"):
            footprint.questions += 1
            cursor = connection.execute("select version from supabase_migrations.schema_migrations")
            rows = cursor.fetchall()
            footprint.look(cursor)
    except (errors.UndefinedTable, errors.InvalidSchemaName) as error:
        raise TargetError(
            "the live database has no table supabase_migrations.schema_migrations that says what was applied: "
            + instead
        ) from error
    except errors.InsufficientPrivilege as error:
        raise TargetError(
            "the login may not read which migrations the live database has applied: grant it usage on schema "
            f"supabase_migrations and select on supabase_migrations.schema_migrations, or {instead}"
        ) from error
    except psycopg.Error as error:
        raise TargetError(
            f"the live database does not tell which migrations it has applied: {describe(error)}; {instead}"
        ) from error
    applied = {int(text) for (text,) in rows if re.fullmatch(r"[0-9]+", str(text))}
    files = find(directory)
    new = tuple(path for path in files if version(path.name) not in applied)
    gone = sorted(applied - {version(path.name) for path in files})
    return Pending(
        "what the live database has applied",
        new,
        tuple(path for path in files if path not in new),
        removed=tuple(map(str, gone)),
    )


def by_git(directory: Path, ref: str, place: Path) -> Pending:
    """Take for new what was added since the branch left ``ref``, committed or not; ``place`` gets the released files.

    Raises TargetError when there is no repository, no such ref, or no common ancestor.
    """
    if ref.startswith("-") or not ref.strip():
        raise TargetError("--base must be a branch, a tag or a commit")
    base = _git(directory, "merge-base", "HEAD", ref, what=f"there is no common ancestor with {safe(ref)}").decode()
    base = base.strip()
    listed = _git(directory, "ls-tree", "-z", base, "./", what="the base cannot be listed").split(b"\0")
    blobs: dict[str, str] = {}
    for entry in filter(None, listed):
        facts, _, name = entry.partition(b"\t")
        mode, kind, blob = facts.split()
        text = name.decode("utf-8", "surrogateescape")
        if kind != b"blob" or not text.endswith(".sql") or "/" in text:
            continue
        if mode == SYMLINK:
            raise TargetError(f"{safe(text)} is a symbolic link at {safe(ref)}: put the file itself there")
        blobs[text] = blob.decode()
    contents = _contents(directory, blobs)
    for released, data in contents.items():
        (place / released).write_bytes(data)
    files = {path.name: path for path in find(directory)}
    edited = [name for name, data in contents.items() if name in files and _plain(read(files[name])) != _plain(data)]
    return Pending(
        f"{safe(ref)} ({base[:12]})",
        tuple(path for name, path in files.items() if name not in contents),
        tuple(find(place)) if contents else (),
        tuple(sorted(edited)),
        tuple(sorted(set(contents) - set(files))),
    )


def read(path: Path) -> bytes:
    """Return what a file holds. Raises TargetError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise TargetError(f"{safe(str(path))} cannot be read: {error.strerror}") from error


def _plain(data: bytes) -> bytes:
    """Return a file as git would store it, whatever line ends a checkout has."""
    return data.replace(b"\r\n", b"\n")


def _contents(directory: Path, blobs: Mapping[str, str]) -> dict[str, bytes]:
    if not blobs:
        return {}
    wanted = "".join(f"{blob}\n" for blob in blobs.values()).encode()
    answer = _git(directory, "cat-file", "--batch", given=wanted, what="released files cannot be read")
    found: dict[str, bytes] = {}
    for name in blobs:
        head, _, answer = answer.partition(b"\n")
        size = int(head.split()[2])
        found[name], answer = answer[:size], answer[size + 1 :]
    return found


def _git(directory: Path, *arguments: str, what: str, given: bytes = b"") -> bytes:
    command = ["git", "-C", str(directory), *arguments]
    try:
        done = subprocess.run(  # noqa: S603  git, with arguments of ours and a name that is no option
            command, input=given, capture_output=True, timeout=GIT_LIMIT_S, check=False
        )
    except FileNotFoundError:
        raise TargetError("git is not installed: say what is new with --since-version=V or --files=A.sql") from None
    except subprocess.TimeoutExpired:
        raise TargetError(f"git did not answer within {GIT_LIMIT_S} seconds") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = f": {safe(said[-1])}" if said else ": fetch more of the history (fetch-depth: 0)"
        raise TargetError(f"{what}{reason}")
    return done.stdout
