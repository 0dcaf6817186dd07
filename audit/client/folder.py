"""The folder of an application, as anybody may have filled it: what is in it is found and read within limits.

Nothing outside of the folder is read: links are not followed. What could not be looked at is told as a problem, so that
nobody takes it for looked at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from audit.evidence import safe

MOST_FILES = 60_000
DEEPEST = 40
LARGEST_SOURCE = 1_000_000
LARGEST = 50_000_000

# What others wrote, or what version control keeps.
NEVER = frozenset({"node_modules", "bower_components", ".git", ".hg", ".svn", ".yarn", ".pnpm-store", ".venv"})
# What tools make of the sources: not read as sources, but searched for keys where a browser gets it.
BUILT = frozenset(
    {".next", "dist", "build", "out", ".output", ".svelte-kit", ".nuxt", ".vercel", ".netlify", ".turbo", ".expo",
     ".cache", ".parcel-cache", ".angular", ".wrangler", "coverage", "storybook-static", "web-build"}
)  # fmt: skip

_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Folder:
    """The files of an application: their sizes by their paths from its root, with slashes.

    ``sources`` are what people wrote, ``built`` what tools made of it. ``links`` lead somewhere else, ``problems`` say
    in sentences what was not looked at.
    """

    root: Path
    sources: Mapping[str, int]
    built: Mapping[str, int]
    links: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()

    def content(self, name: str, most: int) -> bytes:
        """Return what a file holds, ``most`` bytes of it. Raises OSError, also where it is no regular file."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        number = os.open(self.root / name, flags)
        with os.fdopen(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise OSError(f"{safe(name)} is not a regular file")
            return file.read(most)

    def text(self, name: str) -> str:
        """Return the text of a source, "" where it is binary. Raises OSError, also where it is too large."""
        if self.sources.get(name, 0) > LARGEST_SOURCE:
            raise OSError(f"{safe(name)} is larger than {LARGEST_SOURCE:,} bytes")
        return decoded(self.content(name, LARGEST_SOURCE))

    def mentions(self, name: str, word: bytes) -> bool:
        """Tell whether a word stands in a file, however large; it may where the file cannot be read."""
        try:
            return word in self.content(name, LARGEST)
        except OSError:
            return True

    def actual(self, name: str) -> str | None:
        """Return the file of the folder that a path with links in it leads to, or None."""
        if name in self.sources:
            return name
        if not self.links:
            return None
        try:
            there = Path(os.path.realpath(self.root / name)).relative_to(os.path.realpath(self.root)).as_posix()
        except (ValueError, OSError):
            return None
        return there if there in self.sources else None


def decoded(content: bytes) -> str:
    """Return the text that bytes stand for, "" where they are none."""
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return content.decode(encoding, errors="replace")
    if b"\0" in content[:8192]:
        return ""
    return content.decode("utf-8-sig", errors="replace")


def opened(root: Path) -> Folder:
    """Find the files below a folder."""
    sources: dict[str, int] = {}
    built: dict[str, int] = {}
    links: set[str] = set()
    problems: list[str] = []
    waiting = [("", 0, False)]
    while waiting:
        inside, depth, made = waiting.pop()
        if len(sources) + len(built) >= MOST_FILES:
            problems.append(f"only the first {MOST_FILES:,} files of the folder were looked at")
            break
        if depth > DEEPEST:
            problems.append(f"{safe(inside[:80])}... is nested more than {DEEPEST} folders deep")
            continue
        for entry in _entries(root, inside, problems):
            name = f"{inside}{entry.name}"
            if entry.is_symlink():
                links.add(name)
            elif entry.is_dir(follow_symlinks=False):
                if entry.name not in NEVER:
                    waiting.append((f"{name}/", depth + 1, made or entry.name in BUILT))
            elif entry.is_file(follow_symlinks=False) and "\\" not in entry.name:
                (built if made else sources)[name] = entry.stat(follow_symlinks=False).st_size
    return Folder(root, sources, built, frozenset(links), tuple(problems))


def _entries(root: Path, inside: str, problems: list[str]) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(root / inside) as entries:
            yield from sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        problems.append(f"{safe(inside) or 'the folder'} cannot be read: {error.strerror}")
