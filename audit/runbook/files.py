"""Files that a runbook refers to, looked up in the application's folder: scripts, what they call, options, links.

The folder is read and nothing in it is executed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from audit.evidence import safe
from audit.runbook.hazards import remark
from audit.runbook.reading import Book
from audit.runbook.results import Remark
from audit.runbook.shell import Command, commands
from audit.runbook.statements import Content

LOST = "RUN-05"

_INTERPRETERS = frozenset(["node", "tsx", "ts-node", "bun", "deno", "bash", "sh", "zsh", "python", "python3", "ruby"])
_RUNNERS = frozenset(["npm", "pnpm", "yarn", "bun"])
_PLACEHOLDER = re.compile(r"[\[<{$]|\bpath/to\b|\*|YOUR_")
_PATH = re.compile(
    r"(?<![\w./:@-])((?:\./)?(?:[\w.-]+/)+[\w-][\w.-]*\.(?:tsx?|jsx?|mjs|cjs|sql|sh|json|ya?ml|md|toml|py))(?![\w/])"
)
_MOST_BYTES = 1_000_000
_DEEPEST = 5


@dataclass(frozen=True)
class Named:
    """A file or script that is named: its line, what is looked for, and the options that it is given."""

    line: int
    kind: str
    name: str
    options: tuple[str, ...] = ()


class Folder:
    """The application's folder. ``looked`` counts what was looked for."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.looked = 0
        self.scripts = _scripts(self.root)

    def in_block(self, content: Content) -> Iterator[Remark]:
        """Return what a block names and what is not there."""
        first = content.fence.first
        told: set[Named] = set()
        for command in content.commands:
            for named in _named(command, first + command.line):
                yield from self._judged(named, told)
        for word in content.cron:
            for command in commands(word.text):
                for named in _named(command, first + word.line):
                    yield from self._judged(named, told)
        for at, line in enumerate(content.fence.text.split("\n")):
            # What a comment names, such as the file whose settings a block shows.
            comment = re.search(r"(?://|#|--)\s(.*)", line)
            for path in _PATH.findall(comment[1]) if comment else ():
                yield from self._judged(Named(first + at, "file", path), told)

    def beside(self, book: Book) -> Iterator[Remark]:
        """Return what links and code spans lead to and what is not there."""
        told: set[Named] = set()
        for link in book.links:
            target = unquote(link.target.partition("#")[0].partition("?")[0])
            if target and not re.match(r"[a-z][a-z0-9+.-]*:|//", link.target, re.IGNORECASE):
                self.looked += 1
                places = [self.root / target.lstrip("/"), self.root / "docs" / target.lstrip("/")]
                if book.folder.resolve().is_relative_to(self.root):
                    places.insert(0, book.folder / target)
                if not any(_exists(place) for place in places):
                    yield _missing(link.line, "link", target)
        for span in book.spans:
            called = commands(span.text)
            whole = len(called) == 1 and (len(called[0].words) > 1 or span.text.startswith("./"))
            for named in _named(called[0], span.line) if whole else ():
                yield from self._judged(named, told)
            for path in _PATH.findall(span.text) if " " not in span.text.strip() else ():
                yield from self._judged(Named(span.line, "file", path), told)

    def _judged(self, named: Named, told: set[Named]) -> Iterator[Remark]:
        if _PLACEHOLDER.search(named.name) or named.name.startswith(("/", "~")) or named in told:
            return
        told.add(named)
        self.looked += 1
        if named.kind == "npm script":
            yield from self._script(named)
            return
        path = self._path(named.name)
        if path is None:
            yield _missing(named.line, named.kind, named.name)
            return
        if named.kind == "program" and not os.access(path, os.X_OK):
            yield remark(
                named.line,
                "not executable",
                named.name,
                f"{safe(named.name)} is there, and may not be executed",
                f"chmod +x {safe(named.name)}",
                policy=LOST,
            )
        yield from self._options(named, path)

    def _options(self, named: Named, path: Path) -> Iterator[Remark]:
        text = _text(path)
        for option in named.options:
            name = option.partition("=")[0]
            if text and name not in text and name.lstrip("-") not in text:
                yield remark(
                    named.line,
                    "unknown option",
                    f"{named.name} {name}",
                    f"{safe(named.name)} does not know {safe(name)}",
                    "leave the option out, or teach it to the script",
                    policy=LOST,
                )

    def _script(self, named: Named, deep: int = 0) -> Iterator[Remark]:
        written = self.scripts.get(named.name)
        if written is None:
            yield remark(
                named.line,
                "not there",
                f"npm run {named.name}",
                f"package.json has no script {safe(named.name)}",
                "name a script that is there",
                policy=LOST,
            )
            return
        for command in commands(written) if deep < _DEEPEST else ():
            for each in _named(command, named.line):
                if each.kind == "npm script":
                    if each.name != named.name:
                        yield from self._script(Named(named.line, each.kind, each.name), deep + 1)
                elif not _PLACEHOLDER.search(each.name) and not each.name.startswith("/"):
                    path = self._path(each.name)
                    if path is None:
                        yield remark(
                            named.line,
                            "calls nothing",
                            f"npm run {named.name}",
                            f"the script {safe(named.name)} calls {safe(each.name)}, which is not there",
                            "write that file, or name what is there",
                            policy=LOST,
                        )
                    else:
                        yield from self._options(Named(named.line, "npm script", named.name, named.options), path)

    def _path(self, name: str) -> Path | None:
        """Return a file of the folder, or None: it is not there, or leads out of it."""
        for path in (self.root / name, self.root / f"{name}.js"):
            if _exists(path) and path.resolve().is_relative_to(self.root):
                return path
        return None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _text(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _scripts(root: Path) -> dict[str, str]:
    try:
        found = json.loads(_text(root / "package.json") or "{}")
    except (ValueError, RecursionError):
        return {}
    scripts = found.get("scripts") if isinstance(found, dict) else None
    return {str(name): str(text) for name, text in scripts.items()} if isinstance(scripts, dict) else {}


def _missing(line: int, kind: str, name: str) -> Remark:
    return remark(
        line,
        "not there",
        name,
        f"the {kind} {safe(name)} is not in the project",
        "name a file that is there, or write it",
        policy=LOST,
    )


def _named(command: Command, line: int) -> Iterator[Named]:
    """Return the files and scripts that a command needs."""
    texts = command.texts
    if not texts:
        return
    name, rest = command.name, texts[1:]
    if name in _RUNNERS and rest[:1] in (["run"], ["run-script"]) and len(rest) > 1:
        given = rest[rest.index("--") + 1 :] if "--" in rest else rest[2:] if name != "npm" else []
        yield Named(line, "npm script", rest[1], tuple(text for text in given if text.startswith("-")))
    elif name == "psql":
        for word in command.options("-f", "--file"):
            yield Named(line, "file", word.text)
    elif name in _INTERPRETERS:
        files = [text for text in rest if not text.startswith("-")]
        if files and re.search(r"[./]", files[0]) and not {"-c", "-e", "-m", "--eval"} & set(rest):
            options = rest[rest.index(files[0]) + 1 :]
            yield Named(line, "file", files[0], tuple(text for text in options if text.startswith("-")))
    elif "/" in texts[0] and not texts[0].startswith("/"):
        yield Named(line, "program", texts[0], tuple(text for text in rest if text.startswith("-")))
    elif name in ("source", ".") and rest:
        yield Named(line, "file", rest[0])
