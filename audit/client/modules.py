"""The modules of an application: which file an import means, and who imports a file.

Resolution follows what bundlers do: relative paths, `paths` of tsconfig.json, `imports` of package.json, the packages
of a workspace, import maps of Deno, and the aliases that frameworks bring. https://www.typescriptlang.org/tsconfig/#paths,
https://nodejs.org/api/packages.html#subpath-imports, https://docs.deno.com/runtime/fundamentals/configuration/
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from audit.client.folder import LARGEST_SOURCE, Folder
from audit.client.syntax import PAGES, SCRIPTS, Import, Source, parsed
from audit.evidence import safe

# Tests, stories and declarations of types are no part of what runs for people.
ASIDE = re.compile(
    r"(^|/)(__tests__|__mocks__|__fixtures__|e2e|cypress|playwright|tests?|spec|specs|fixtures|\.storybook|stories|mocks)/"
    r"|\.(test|tests|spec|e2e|cy|stories|story|mock)\.[a-z]+$|\.d\.[mc]?ts$|(^|/)(jest|vitest|cypress|playwright)\.[\w.]+$",
    re.IGNORECASE,
)
_ENDINGS = (*SCRIPTS, ".vue", ".svelte", ".astro", ".json")
_IMPORTED = re.compile(r"""(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*["'`]([^"'`\n]{1,300})["'`]""")
_URL = re.compile(
    r"(?:npm|jsr):/?(.+)|https?://(?:esm\.sh|cdn\.skypack\.dev|cdn\.pika\.dev|unpkg\.com|esm\.run|ga\.jspm\.io/npm:"
    r"|cdn\.jsdelivr\.net/npm|jspm\.dev|cdn\.esm\.sh)/(?:v\d+/|stable/|pin/)?(.+)"
)
_PACKAGE = re.compile(r"(@[\w.-]+/[\w.-]+|[\w.-]+)(?:@[^/]+)?(/[^?#]*)?")
_MOST_JSON = 500_000
LIBRARY = b"supabase"


@dataclass(frozen=True)
class External:
    """A package that is not part of the folder."""

    name: str


@dataclass(frozen=True)
class Package:
    """A package.json: the folder that it is in, and what it says."""

    folder: str
    content: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def depends(self) -> frozenset[str]:
        """The names of the packages that it needs."""
        found: set[str] = set()
        for kind in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
            listed = self.content.get(kind)
            found |= {*listed} if isinstance(listed, dict) else set()
        return frozenset(found)


def lenient(text: str) -> Any:  # noqa: ANN401 -- whatever JSON holds
    """Read JSON with comments and commas too many, as tsconfig.json has them; None where it is no JSON."""
    without = re.sub(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', lambda found: found[1] or " ", text, flags=re.DOTALL)
    without = re.sub(r'("(?:\\.|[^"\\\n])*")|,(\s*[}\]])', lambda found: found[1] or found[2], without)
    try:
        return json.loads(without)
    except (ValueError, RecursionError):
        return None


def package_named(specifier: str) -> str:
    """Return the package that a specifier names: without version, path and where it is fetched from."""
    if found := _URL.fullmatch(specifier):
        specifier = found[1] or found[2]
    elif specifier.startswith("https://deno.land/x/supabase"):
        return "@supabase/supabase-js"
    named = _PACKAGE.match(specifier)
    return named[1] if named else specifier


class Project:
    """The modules below a folder. ``doubts`` are what could not be read, by file."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.doubts: dict[str, str] = {}
        self._trees: dict[str, list[Source]] = {}
        self._resolved: dict[tuple[str, str], str | External | None] = {}

    @cached_property
    def scripts(self) -> tuple[str, ...]:
        """The files with code that runs for people."""
        return tuple(
            name for name in self.folder.sources if name.endswith((*SCRIPTS, *PAGES)) and not ASIDE.search(name)
        )

    def text(self, file: str) -> str:
        """Return the text of a file, "" where it cannot be read, which is remembered."""
        if self.folder.sources.get(file, 0) > LARGEST_SOURCE and not self.folder.mentions(file, LIBRARY):
            return ""
        try:
            return self.folder.text(file)
        except OSError as error:
            why = error.strerror or str(error)
            self.doubts.setdefault(file, f"{safe(file)} cannot be read: {why.removeprefix(safe(file) + ' ')}")
            return ""

    def sources(self, file: str) -> list[Source]:
        """Return a file as trees."""
        if file not in self._trees:
            self._trees[file] = parsed(file, self.text(file))
        return self._trees[file]

    def data(self, file: str) -> Any:  # noqa: ANN401 -- whatever JSON holds
        """Return what a JSON file holds, or None."""
        if file not in self.folder.sources or self.folder.sources[file] > _MOST_JSON:
            return None
        return lenient(self.text(file))

    # --- Packages and their settings

    @cached_property
    def packages(self) -> Mapping[str, Package]:
        """Every package.json, by its folder ("" for the root, else with a slash at the end)."""
        found = {}
        for name in self.folder.sources:
            if name == "package.json" or name.endswith("/package.json"):
                content = self.data(name)
                folder = name.removesuffix("package.json")
                found[folder] = Package(folder, content if isinstance(content, dict) else {})
        return found

    def package_of(self, file: str) -> Package:
        """Return the package that a file belongs to."""
        return next((self.packages[folder] for folder in _above(file) if folder in self.packages), Package(""))

    @cached_property
    def _by_name(self) -> Mapping[str, Package]:
        return {
            name: package
            for package in self.packages.values()
            if isinstance(name := package.content.get("name"), str) and name
        }

    @cached_property
    def _configs(self) -> Mapping[str, list[tuple[str, str]]]:
        """Aliases by the folder where they hold: pattern and target, from the root."""
        found: dict[str, list[tuple[str, str]]] = {}
        for name in self.folder.sources:
            folder, base = posixpath.split(name)
            folder = f"{folder}/" if folder else ""
            if re.fullmatch(r"(tsconfig|jsconfig)(\.[\w.-]+)?\.json", base):
                found.setdefault(folder, []).extend(self._paths(name, ()))
            elif base in ("deno.json", "deno.jsonc", "import_map.json"):
                content = self.data(name)
                mapped = content.get("imports") if isinstance(content, dict) else None
                for alias, target in mapped.items() if isinstance(mapped, dict) else ():
                    if isinstance(target, str):
                        ending = "*" if alias.endswith("/") else ""
                        local = _joined(folder, target) if target.startswith(".") else target
                        found.setdefault(folder, []).append((alias + ending, (local or "") + ending))
        return found

    def _paths(self, name: str, seen: tuple[str, ...]) -> list[tuple[str, str]]:
        content = self.data(name)
        if not isinstance(content, dict) or name in seen or len(seen) > 5:
            return []
        folder = posixpath.dirname(name)
        found: list[tuple[str, str]] = []
        options = content.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        base = options.get("baseUrl")
        root = _joined(folder, base) if isinstance(base, str) else folder
        paths = options.get("paths")
        for pattern, targets in paths.items() if isinstance(paths, dict) else ():
            for target in targets if isinstance(targets, list) else ():
                if isinstance(target, str) and (there := _joined(root or "", target)) is not None:
                    found.append((pattern, there))
        if isinstance(base, str) and root is not None:
            found.append(("*", f"{root}/*" if root else "*"))
        wanted = content.get("extends")
        for other in wanted if isinstance(wanted, list) else [wanted]:
            if isinstance(other, str) and other.startswith("."):
                there = _joined(folder, other)
                for each in (there, f"{there}.json"):
                    if each in self.folder.sources:
                        found += self._paths(str(each), (*seen, name))
        return found

    # --- Which file an import means

    def resolve(self, file: str, specifier: str) -> str | External | None:
        """Return the file that a specifier means, or the package, or None where there is no such file."""
        key = (posixpath.dirname(file), specifier)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(file, specifier.partition("?")[0])
        return self._resolved[key]

    def _resolve(self, file: str, specifier: str) -> str | External | None:
        if specifier.startswith(("./", "../")) or specifier in (".", ".."):
            there = _joined(posixpath.dirname(file), specifier)
            return self._file(there) if there is not None else None
        package = self.package_of(file)
        aliased = False
        for folder in _above(file):
            for pattern, target in self._configs.get(folder, ()):
                if (rest := _matched(pattern, specifier)) is not None:
                    wanted = target.replace("*", rest, 1)
                    if found := self._file(posixpath.normpath(wanted)):
                        return found
                    if target != wanted and pattern == "*":
                        continue
                    if _URL.fullmatch(wanted) or wanted.startswith("@supabase/"):
                        return External(package_named(wanted))
                    aliased = True
        if specifier.startswith("#"):
            return self._subpath(package, package.content.get("imports"), specifier) or (
                None if aliased else External(specifier)
            )
        if found := self._workspace(specifier):
            return found
        for alias, places in _ALIASES:
            if specifier.startswith(alias):
                rest = specifier.removeprefix(alias)
                tried = (self._file(f"{root}{place}{rest}") for root in _above(file) for place in places)
                return next(filter(None, tried), None)
        if specifier.startswith("/"):
            return self._file(package.folder + specifier[1:])
        return None if aliased else External(package_named(specifier))

    def _file(self, name: str | None) -> str | None:
        if name is None or name.startswith("../"):
            return None
        name = "" if name == "." else name
        tried = [name, *(name + ending for ending in _ENDINGS)]
        stem, dot, ending = name.rpartition(".")
        if dot and ending in ("js", "jsx", "mjs", "cjs"):
            tried += [f"{stem}.{ending.replace('js', 'ts')}", f"{stem}.tsx"]
        inside = f"{name}/" if name else ""
        tried += [f"{inside}index{ending}" for ending in _ENDINGS]
        return next(filter(None, map(self.folder.actual, tried)), None)

    def _workspace(self, specifier: str) -> str | None:
        found = _PACKAGE.match(specifier)
        package = self._by_name.get(found[1]) if found else None
        if found is None or package is None:
            return None
        rest = f".{found[2] or ''}"
        if there := self._subpath(package, package.content.get("exports"), rest):
            return there
        if rest != ".":
            return self._file(package.folder + rest[2:]) or self._file(f"{package.folder}src/{rest[2:]}")
        for key in ("source", "types", "module", "main"):
            named = package.content.get(key)
            there = _joined(package.folder, named) if isinstance(named, str) else None
            if there and not re.search(r"\.d\.[mc]?ts$", there) and (known := self._file(there)):
                return known
        return self._file(f"{package.folder}src/index") or self._file(f"{package.folder}index")

    def _subpath(self, package: Package, mapping: object, wanted: str) -> str | None:
        if isinstance(mapping, str) and wanted == ".":
            mapping = {".": mapping}
        if not isinstance(mapping, dict):
            return None
        if wanted == "." and mapping and not any(str(key).startswith(".") for key in mapping):
            mapping = {".": mapping}
        for pattern, target in mapping.items():
            rest = _matched(str(pattern), wanted)
            if rest is None:
                continue
            for each in _targets(target):
                there = _joined(package.folder, each.replace("*", rest))
                if there and not re.search(r"\.d\.[mc]?ts$", there) and (found := self._file(there)):
                    return found
        return None

    # --- Who imports a file

    @cached_property
    def _importers(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, dict[str, None]] = {}
        for file in self.scripts:
            for specifier in dict.fromkeys(_IMPORTED.findall(self.text(file))):
                there = self.resolve(file, specifier)
                if isinstance(there, str):
                    found.setdefault(there, {})[file] = None
        return {file: tuple(importers) for file, importers in found.items()}

    def importers(self, file: str) -> Sequence[str]:
        """Return the files that seem to import a file: their text names it."""
        return self._importers.get(file, ())

    def imports_of(self, file: str, target: str) -> Iterator[tuple[Source, Import]]:
        """Yield what a file takes from another one when it runs."""
        for source in self.sources(file):
            for taken in source.imports:
                if not taken.types and self.resolve(file, taken.specifier) == target:
                    yield source, taken


_ALIASES = (
    ("$lib/", ("src/lib/",)),
    ("@/", ("src/", "", "app/")),
    ("~/", ("src/", "app/", "")),
    ("@@/", ("",)),
    ("~~/", ("",)),
)


def _above(file: str) -> Iterator[str]:
    """Yield the folders that a file is in, from the inside, each with a slash at the end; "" is the root."""
    folder = posixpath.dirname(file)
    while folder:
        yield f"{folder}/"
        folder = posixpath.dirname(folder)
    yield ""


def _joined(folder: str, path: str) -> str | None:
    """Return a path from the root, or None where it leads out of it."""
    there = posixpath.normpath(posixpath.join(folder, path)) if not path.startswith("/") else None
    return None if there is None or there.startswith("..") else ("" if there == "." else there)


def _matched(pattern: str, specifier: str) -> str | None:
    """Return what a star of a pattern stands for, "" where there is none; None where it is another one."""
    before, star, after = pattern.partition("*")
    if not star:
        return "" if pattern == specifier else None
    if specifier.startswith(before) and specifier.endswith(after) and len(specifier) >= len(before) + len(after):
        return specifier[len(before) : len(specifier) - len(after)]
    return None


def _targets(target: object, depth: int = 0) -> Iterator[str]:
    if isinstance(target, str):
        yield target
    elif depth < 5:
        for each in target.values() if isinstance(target, dict) else target if isinstance(target, list) else ():
            yield from _targets(each, depth + 1)
