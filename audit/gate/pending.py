"""Which migrations are new: by git, by version, by name, or by what a live database says was applied."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import errors

from audit.connection import TargetError, reading
from audit.evidence import safe
from audit.footprint import Footprint
from audit.gate.down import Applied, applied, skipped
from audit.gate.repository import SYMLINK, repository_around, repository_of
from audit.layouts import BY_NUMBER, is_meant, is_supabase, name_of, numbered, repeated, root_of, title
from audit.question import Connection
from audit.server_errors import describe

# https://git-scm.com/docs/gitattributes#_ident
_FILLED_IN = re.compile(rb"\$Id: [0-9a-f]{40,64} \$")

# Files beside migrations that say which of them count, and in which order.
TELLING = ("_journal.json", "snapshot.json", "sqitch.plan", "sqitch.conf")


@dataclass(frozen=True)
class Pending:
    """The files of a directory, told apart.

    ``new`` are to be judged, in their order; ``released`` build the base, as they were released: those of git lie in a
    directory of their own. ``edited`` and ``removed`` are names of released files that are not as they were, and
    ``rewritten`` the edited ones as they are now. ``taken_for_up`` are names of new files that look as if they undid
    something, and would be applied like any other. ``tool`` is whose layout it is, ``passed_over`` says of new files
    why it does not apply them, and ``order`` are all files as they are now, in the tool's order.
    """

    since: str
    new: tuple[Path, ...]
    released: tuple[Path, ...]
    edited: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    taken_for_up: tuple[str, ...] = ()
    rewritten: tuple[Path, ...] = ()
    tool: str = ""
    passed_over: Mapping[str, str] = field(default_factory=dict)
    order: tuple[Path, ...] = ()


def _told_apart(since: str, found: Applied, new: Collection[Path], removed: tuple[str, ...] = ()) -> Pending:
    """Tell files apart of which some are new; what the tool passes over has no version by which it could be old."""
    names = {path.name for path in new}
    return Pending(
        since,
        tuple(path for path in found.files if path in new),
        tuple(path for path in found.files if path not in new),
        removed=removed,
        taken_for_up=tuple(name for name in found.taken_for_up if name in names),
        tool=found.tool,
        order=found.files,
    )


def by_version(directory: Path, last: int, down: str = "") -> Pending:
    """Take for new what has a version after ``last``, or none; what is applied again and again is none of it.

    Raises TargetError.
    """
    found = applied(directory, down)
    if found.tool == "sqitch":
        raise TargetError(
            "the changes of sqitch have no versions: say what is new with --base=REF or --files=A.sql,B.sql"
        )
    versions = {path: numbered(path) for path in found.files if not repeated(path)}
    same = [place for place, path in enumerate(found.files) if versions.get(path) == (last,)]
    # Where versions are compared as text, 20240101000000 comes before 20260713: what counts is the order of the files.
    if same and found.tool not in BY_NUMBER:
        behind = {*found.files[same[-1] + 1 :]}
        new = {path for path, number in versions.items() if number is None or path in behind}
    else:
        new = {path for path, number in versions.items() if number is None or number > (last,)}
    return _told_apart(f"version {last}", found, new)


def by_name(directory: Path, names: Sequence[str], down: str = "") -> Pending:
    """Take the named files for new, by their folders' names where all files have the same one.

    Raises TargetError when one of them is not in the directory.
    """
    found = applied(directory, down)
    known = {name_of(path) for path in found.files}
    wanted = {name_of(Path(name)) for name in names}
    if missing := sorted(wanted - known):
        raise TargetError(f"--files: {safe(missing[0])} is not in {safe(str(directory))}")
    return _told_apart("the files before", found, {path for path in found.files if name_of(path) in wanted})


def by_history(directory: Path, connection: Connection, footprint: Footprint | None = None, down: str = "") -> Pending:
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
    known = {(int(text),) for (text,) in rows if re.fullmatch(r"[0-9]+", str(text))}
    found = applied(directory, down)
    gone = sorted(known - {numbered(path) for path in found.files})
    return _told_apart(
        "what the live database has applied",
        found,
        {path for path in found.files if numbered(path) not in known},
        tuple(str(number) for (number,) in gone),
    )


def by_git(directory: Path, ref: str, place: Path, down: str = "") -> Pending:
    """Take for new what was added since the branch left ``ref``, committed or not; ``place`` gets the released files.

    Raises TargetError when there is no repository, no such ref, or no common ancestor.
    """
    directory = root_of(directory)
    repository = repository_of(directory)
    around = repository_around(Path.cwd())
    # A change that makes a repository of its own of them would choose the branches that say what is new.
    if around and around.top != repository.top and repository.top.is_relative_to(around.top):
        raise TargetError(
            f"{safe(str(repository.top.relative_to(around.top)))} is a git repository of its own (a submodule), and "
            f"{safe(ref)} of this one does not say what is new in it: call the gate in it, or say what is new with "
            "--since-version=V or --files=A.sql,B.sql"
        )
    base = repository.common(ref)
    for name in filter(is_meant, repository.not_checked_out(directory.resolve())):
        if not (directory / name).exists():
            raise TargetError(f"{safe(name)} is left out of the checkout: check it out (git sparse-checkout disable)")
    listed = {
        name: blob
        for name, blob in repository.files(base, directory.resolve()).items()
        if (is_meant(name) or name.endswith(TELLING)) and not skipped(Path(name).name, down)
    }
    for name, (mode, _) in listed.items():
        if mode == SYMLINK:
            raise TargetError(f"{safe(name)} is a symbolic link at {safe(ref)}: put the file itself there")
    contents = dict(zip(listed, repository.contents([blob for _, blob in listed.values()]), strict=True))
    # Whose layout it is may depend on where it lies.
    copy = place / "supabase" / "migrations" if is_supabase(directory) else place
    for name, data in contents.items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(data)
    was = applied(copy, down) if any(name.endswith(".sql") for name in contents) else Applied(())
    found = applied(directory, down)
    then = {str(path.relative_to(copy)): path for path in was.files}
    now = {str(path.relative_to(directory)): path for path in found.files}
    edited = sorted(name for name in then.keys() & now.keys() if _plain(read(now[name])) != _plain(contents[name]))
    again = {name for name in edited if repeated(now[name])}
    new = tuple(path for name, path in now.items() if name not in then or name in again)
    return Pending(
        f"{safe(ref)} ({base[:12]})",
        new,
        was.files,
        tuple(title(now[name]) for name in edited if name not in again),
        tuple(title(path) for name, path in sorted(then.items()) if not (directory / name).exists()),
        tuple(path.name for path in new if path.name in found.taken_for_up),
        tuple(now[name] for name in edited if name not in again),
        found.tool,
        {name: why for name, why in found.passed_over.items() if name not in was.passed_over},
        found.files,
    )


def before(directory: Path, ref: str, files: Sequence[Path]) -> tuple[Path, dict[Path, bytes | None]]:
    """Return what files held when the branch left ``ref``, None those that were not there; and the repository's top.

    Files outside of the repository are left out. Raises TargetError.
    """
    repository = repository_of(root_of(directory))
    there = [place for path in files if (place := Path(os.path.abspath(path))).is_relative_to(repository.top)]
    was = repository.at(repository.common(ref), there)
    contents = dict(zip(was, repository.contents([blob for _, blob in was.values()]), strict=True))
    return repository.top, {path: contents.get(path) for path in there}


def otherwise(directory: Path, ref: str, files: Sequence[Path]) -> list[str]:
    """Return which files are not as they were when the branch left ``ref``, by their paths in the repository.

    Raises TargetError.
    """
    top, contents = before(directory, ref, files)
    told = []
    for path, old in contents.items():
        now = _plain(read(path)) if path.is_file() else None
        if now != (None if old is None else _plain(old)):
            how = "new" if old is None else "gone" if now is None else "changed"
            told.append(f"{safe(path.relative_to(top).as_posix())} ({how})")
    return told


def read(path: Path) -> bytes:
    """Return what a file holds. Raises TargetError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise TargetError(f"{safe(str(path))} cannot be read: {error.strerror}") from error


def _plain(data: bytes) -> bytes:
    """Return a file as git would store it, whatever line ends a checkout has, and what it fills in (gitattributes)."""
    return _FILLED_IN.sub(b"$Id$", data.replace(b"\r\n", b"\n"))
