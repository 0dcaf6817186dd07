"""What was audited by what: the tool's version, where the target was looked for, and digests of all that decides.

No program is run for it: a repository of a project is foreign, and its configuration could name programs.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from audit import house
from audit.facts import facts_of
from audit.policy import Policy
from reports.model import Identity, Run

_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_MOST_FILES = 5_000


def find_out(run: Run, config: pytest.Config) -> Run:
    """Put the identity into the run."""
    facts = facts_of(config)
    digests = {"policies": policies(facts.offered)}
    for name, path in facts.files.items():
        with suppress(OSError):
            digests[name] = digest(path)
    where = facts.files.get("migrations")
    found = Identity(house.version(), facts.place, digests, commit(where) if where else "")
    return replace(run, identity=found, sizes=facts.sizes)


def policies(offered: Iterable[Policy]) -> str:
    """Return the digest of a set of policies: of their ids, and of the files that they stand in."""
    offered = tuple(offered)
    files = sorted({inspect.unwrap(policy.function).__code__.co_filename for policy in offered})
    found = hashlib.sha256(" ".join(sorted(policy.id for policy in offered)).encode())
    for name in files:
        with suppress(OSError):
            found.update(Path(name).read_bytes())
    return found.hexdigest()


def digest(path: Path) -> str:
    """Return the SHA-256 of a file; of a folder, that of its files' names and digests, in order.

    Raises OSError when something cannot be read.
    """
    if not path.is_dir():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    found = hashlib.sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file() and not each.is_symlink())[:_MOST_FILES]:
        name = str(file.relative_to(path)).encode("utf-8", "surrogateescape")
        found.update(hashlib.sha256(file.read_bytes()).hexdigest().encode() + b"  " + name + b"\n")
    return found.hexdigest()


def commit(where: Path) -> str:
    """Return the commit of the repository that a folder is in, read from its files; "" where there is none.

    https://git-scm.com/docs/gitrepository-layout
    """
    with suppress(OSError, UnicodeDecodeError):
        where = where.resolve()
        for folder in (where, *where.parents):
            if (folder / ".git").exists():
                return _head(_git(folder / ".git"))
    return ""


def _git(path: Path) -> Path:
    """Return the repository's own folder; of a working tree beside another one, a file says where it is."""
    if path.is_dir():
        return path
    return path.parent / path.read_text(encoding="utf-8").partition("gitdir:")[2].strip()


def _head(git: Path) -> str:
    said = (git / "HEAD").read_text(encoding="utf-8").strip()
    name = said.partition("ref:")[2].strip()
    if not name:
        return said if _COMMIT.fullmatch(said) else ""
    shared = git / "commondir"
    root = git / shared.read_text(encoding="utf-8").strip() if shared.is_file() else git
    loose = root / name
    if ".." not in name and loose.is_file():
        found = loose.read_text(encoding="utf-8").strip()
        return found if _COMMIT.fullmatch(found) else ""
    for line in (root / "packed-refs").read_text(encoding="utf-8").splitlines():
        found, _, called = line.partition(" ")
        if called == name and _COMMIT.fullmatch(found):
            return found
    return ""
