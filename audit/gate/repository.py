"""What a git repository holds at a commit, read without running anything that a repository can name.

A repository's configuration can name programs: to speak with remotes, to filter files, to watch folders. It is looked
for by ourselves and named to git, so that no folder that merely looks like one is taken for it; nothing is fetched, no
work tree is read, and the user's own configuration has no say.
https://git-scm.com/docs/git-config (safe.bareRepository, protocol.allow), https://git-scm.com/docs/git (environment).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.connection import TargetError
from audit.evidence import safe

LIMIT_S = 60
# The mode of a link, whose content is the path that it leads to: https://git-scm.com/docs/git-fast-import#_filemodify
SYMLINK = b"120000"

_PROGRAM = "git"
_OPTIONS = (
    "--no-pager",
    "-c", "safe.bareRepository=explicit",
    "-c", "protocol.allow=never",
    "-c", "core.fsmonitor=",
    "-c", "core.hooksPath=/dev/null",
)  # fmt: skip
# GIT_ALLOW_PROTOCOL goes before any protocol.*.allow of a repository's configuration; empty allows none.
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


@dataclass(frozen=True)
class Repository:
    """A repository: where git keeps it, and the folder whose files it is about."""

    place: Path
    top: Path

    def common(self, ref: str) -> str:
        """Return the commit where the branch left ``ref``. Raises TargetError."""
        if ref.startswith("-") or not ref.strip() or "\0" in ref:
            raise TargetError("--base must be a branch, a tag or a commit")
        what = f"there is no common ancestor with {safe(ref)}; fetch it with its history (git fetch --unshallow)"
        return self._git("merge-base", "HEAD", self._branch(ref), what=what).decode().strip()

    def _branch(self, ref: str) -> str:
        """Return the whole name of a branch, if there is one of that name.

        git takes a tag first, and then a branch of one's own, which whoever may push can give the name of another:
        https://git-scm.com/docs/gitrevisions
        """
        places = (f"refs/remotes/{ref}", f"refs/heads/{ref}")
        there = self._git("for-each-ref", "--format=%(refname)", *places, what="the branches cannot be listed")
        return next((place for place in places if place.encode() in there.splitlines()), ref)

    def at(self, commit: str, paths: Sequence[Path]) -> dict[Path, tuple[bytes, str]]:
        """Return some files as they were at a commit, those that were there: mode and blob. Raises TargetError."""
        inside = {os.fsencode(path.relative_to(self.top)): path for path in paths}
        if not inside:
            return {}
        listed = self._git(
            "ls-tree", "-z", "--full-tree", commit, *map(os.fsdecode, inside), what="the base cannot be listed"
        )
        found = {}
        for entry in filter(None, listed.split(b"\0")):
            facts, _, name = entry.partition(b"\t")
            mode, kind, blob = facts.split()
            if kind == b"blob" and name in inside:
                found[inside[name]] = mode, blob.decode()
        return found

    def files(self, commit: str, folder: Path) -> dict[str, tuple[bytes, str]]:
        """Return the files that a folder had at a commit, those of its folders too: mode and blob by path below it.

        Raises TargetError.
        """
        inside = os.fsencode(folder.relative_to(self.top))
        prefix = b"" if inside == b"." else inside + b"/"
        listed = self._git(
            "ls-tree", "-r", "-z", "--full-tree", commit, *([os.fsdecode(prefix)] if prefix else []),
            what="the base cannot be listed",
        )  # fmt: skip
        found = {}
        for entry in filter(None, listed.split(b"\0")):
            facts, _, path = entry.partition(b"\t")
            mode, kind, blob = facts.split()
            name = path.removeprefix(prefix)
            if kind == b"blob" and b".." not in name.split(b"/"):
                found[os.fsdecode(name)] = mode, blob.decode()
        return found

    def tracked(self, folder: Path) -> dict[str, tuple[bytes, str]]:
        """Return the files of a folder that git tracks, those of its folders too: mode and blob by path below it.

        Tracked is what is in the index: committed, or about to be. Raises TargetError.
        """
        inside = os.fsencode(folder.relative_to(self.top))
        prefix = b"" if inside == b"." else inside + b"/"
        listed = self._git("ls-files", "-s", "-z", "--full-name", what="the tracked files cannot be listed")
        found = {}
        for entry in filter(None, listed.split(b"\0")):
            facts, _, path = entry.partition(b"\t")
            mode, blob, _ = facts.split()
            if path.startswith(prefix):
                found[os.fsdecode(path.removeprefix(prefix))] = mode, blob.decode()
        return found

    def not_checked_out(self, folder: Path) -> list[str]:
        """Return the files of a folder that git is told to leave out of the work tree, by path below it.

        https://git-scm.com/docs/git-sparse-checkout, https://git-scm.com/docs/git-ls-files (-t). Raises TargetError.
        """
        inside = os.fsencode(folder.relative_to(self.top))
        prefix = b"" if inside == b"." else inside + b"/"
        listed = self._git("ls-files", "-t", "-z", "--full-name", what="the tracked files cannot be listed")
        left_out = (entry[2:] for entry in listed.split(b"\0") if entry.startswith(b"S "))
        return [os.fsdecode(path.removeprefix(prefix)) for path in left_out if path.startswith(prefix)]

    def contents(self, blobs: Sequence[str]) -> list[bytes]:
        """Return what blobs hold, as they are: no filter is applied. Raises TargetError."""
        if not blobs:
            return []
        wanted = "".join(f"{blob}\n" for blob in blobs).encode()
        answer = self._git("cat-file", "--batch", given=wanted, what="released files cannot be read")
        found = []
        for blob in blobs:
            head, _, answer = answer.partition(b"\n")
            told = head.split()
            if len(told) != 3:
                raise TargetError(f"the history lacks a released file ({blob[:12]}): fetch more of it (fetch-depth: 0)")
            size = int(told[2])
            found.append(answer[:size])
            answer = answer[size + 1 :]
        return found

    def _git(self, *arguments: str, what: str, given: bytes = b"") -> bytes:
        environment = {**_ENVIRONMENT, "GIT_DIR": str(self.place), "PATH": os.environ.get("PATH", os.defpath)}
        try:
            done = subprocess.run(  # noqa: S603  git, with arguments of ours and a name that is no option
                [_PROGRAM, *_OPTIONS, *arguments],
                input=given, capture_output=True, timeout=LIMIT_S, check=False, cwd="/", env=environment,
            )  # fmt: skip
        except FileNotFoundError:
            raise TargetError("git is not installed: say what is new with --since-version=V or --files=A.sql") from None
        except subprocess.TimeoutExpired:
            raise TargetError(f"git did not answer within {LIMIT_S} seconds") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            reason = f": {safe(said[-1])}" if said else ": fetch more of the history (fetch-depth: 0)"
            raise TargetError(f"{what}{reason}")
        return done.stdout


def repository_of(directory: Path) -> Repository:
    """Return the repository that a folder belongs to: the nearest ``.git`` above it, and nothing else.

    Raises TargetError where there is none.
    """
    if (found := repository_around(directory)) is not None:
        return found
    raise TargetError(
        f"{safe(str(directory))} is in no git repository: say what is new with --since-version=V or --files=A.sql"
    )


def repository_around(directory: Path) -> Repository | None:
    """Return the repository that a folder belongs to, or None where there is none.

    A ``.git`` that is a file leads to where a worktree or a submodule is kept. Raises TargetError where it does not.
    """
    folder = directory.resolve()
    for top in (folder, *folder.parents):
        entry = top / ".git"
        if entry.is_dir():
            return Repository(entry, top)
        if entry.is_file():
            return Repository(_led_to(entry), top)
    return None


def _led_to(entry: Path) -> Path:
    """Return where a ``.git`` file leads. https://git-scm.com/docs/gitrepository-layout. Raises TargetError."""
    try:
        told = entry.read_bytes()[:4096]
    except OSError as error:
        raise TargetError(f"{safe(str(entry))} cannot be read: {error.strerror}") from error
    head, _, rest = told.partition(b":")
    place = entry.parent / os.fsdecode(rest.strip())
    if head != b"gitdir" or not place.is_dir():
        raise TargetError(f"{safe(str(entry))} does not lead to a git repository")
    return place
