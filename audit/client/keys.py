"""Service-role keys where everybody gets them: in what browsers load, in public variables, in files that git tracks.

Such a key goes round row level security: https://supabase.com/docs/guides/api/api-keys. Variables with these beginnings
are put into what browsers load: https://nextjs.org/docs/app/guides/environment-variables,
https://vite.dev/guide/env-and-mode, https://svelte.dev/docs/kit/$env-static-public,
https://docs.expo.dev/guides/environment-variables/, https://create-react-app.dev/docs/adding-custom-environment-variables/
"""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from audit.catalog.credentials import SERVICE_TOKEN, masked, service_keys
from audit.client.creation import SERVICE_NAME, Client, Finder
from audit.client.folder import LARGEST, decoded
from audit.client.modules import ASIDE
from audit.client.sides import BROWSER
from audit.client.syntax import PAGES, SCRIPTS, Place, Source, key_of, text_of
from audit.client.values import Known, alternatives
from audit.connection import TargetError
from audit.evidence import safe
from audit.gate.repository import SYMLINK, Repository, repository_around

MOST_BYTES = 2_000_000_000
# As they are, in UTF-16, and in Base64, as manifests of Kubernetes have them.
_BEGINNINGS = (b"eyJ", b"sb_secret_", b"sbp_", b"e\0y\0J\0", b"s\0b\0_\0", b"ZXlK", b"c2Jfc2VjcmV0X")
_WRAPPED = re.compile(r"\b(?:ZXlK|c2Jfc2VjcmV0X)[A-Za-z0-9+/]{30,2000}={0,2}")
_SUBMODULE = b"160000"

_PREFIX = r"(?:NEXT_PUBLIC|NUXT_PUBLIC|EXPO_PUBLIC|PUBLIC|VITE|REACT_APP|GATSBY|VUE_APP|NG_APP)"
_PUBLIC = re.compile(rf"\b{_PREFIX}_[A-Z0-9_]{{1,120}}\b")
_OF_SERVICE = re.compile(r"SERVICE_?ROLE|(?:SUPABASE|_SB)_(?:\w*_)?(?:SERVICE_?KEY|SECRET|ADMIN_?KEY)")
_ASSIGNED = re.compile(
    rf"""^\s*(?:export\s+|ENV\s+|ARG\s+|-\s+)?["']?({_PREFIX}_[A-Z0-9_]{{1,120}})["']?\s*[:= ]\s*(.*)$"""
)
_REFERS = re.compile(r"\$\{?\{?\s*(?:secrets\.|env\.|vars\.)?(\w+)|process\.env\.(\w+)|\b@?([A-Z_]{8,})\b")
_SETTINGS = re.compile(
    r"(^|/)(\.env[\w.-]*|[\w.-]+\.env|Dockerfile[\w.-]*|Procfile|Makefile|\.envrc)$|\.(ya?ml|toml|sh)$"
    r"|(^|/)(vercel|eas|app|netlify|firebase|apphosting|now)\.json$"
)
_LOCAL = re.compile(r"(^|/)(\.env(\.[\w-]+)?(\.local)?|\.dev\.vars|\.envrc)$")
_TEMPLATE = re.compile(r"example|sample|template|dist|defaults", re.IGNORECASE)
_HARMLESS_VALUE = re.compile(r"""^["']?(sb_publishable_|eyJ)""")

# Where what is built for browsers lies, and what is handed out as it is.
_SERVED = re.compile(
    r"(^|/)(\.next/static|out/_next|\.output/public|\.svelte-kit/output/client|build/(client|static)|dist/(assets|client|static)"
    r"|web-build|storybook-static|\.vercel/output/static|_next/static)/"
)
_AS_IT_IS = re.compile(r"(^|/)(public|static|wwwroot)/")
# Settings of build tools by which values are put into what browsers load.
_GIVING = (
    (re.compile(r"(^|/)next\.config\.\w+$"), ("env", "publicRuntimeConfig")),
    (re.compile(r"(^|/)vite\.config\.\w+$|(^|/)astro\.config\.\w+$"), ("define",)),
    (re.compile(r"(^|/)nuxt\.config\.\w+$"), ("public",)),
    (re.compile(r"(^|/)app\.config\.\w+$"), ("extra",)),
    (re.compile(r"(^|/)webpack\.config\.\w+$"), ()),
)  # fmt: skip

KINDS = {SERVICE_TOKEN: "a service-role token"}


@dataclass(frozen=True)
class Leak:
    """A key where everybody gets it: ``what`` names it without showing it, ``why`` says who gets it."""

    object: str
    what: str
    why: str
    place: Place


@dataclass
class Keys:
    """What was found, what could not be looked at, and how many files were."""

    leaks: list[Leak] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    searched: int = 0
    tracked: int | None = None


def keys_of(finder: Finder) -> Keys:
    """Look for service-role keys in a folder."""
    keys = Keys()
    tracked, repository = _tracked(finder, keys)
    keys.tracked = len(tracked) if repository is not None else None
    _Search(finder, keys, tracked, repository).search()
    _of_variables(finder, keys)
    for client in finder.clients:
        _of_client(client, keys, tracked)
    return keys


def _tracked(finder: Finder, keys: Keys) -> tuple[Mapping[str, tuple[bytes, str]], Repository | None]:
    root = finder.project.folder.root
    try:
        repository = repository_around(root)
        if repository is None:
            return {}, None
        if shutil.which("git") is None:
            keys.problems.append("git is not installed, so that nobody knows which files it tracks")
            return {}, None
        return repository.tracked(root.resolve()), repository
    except TargetError as error:
        keys.problems.append(f"nobody knows which files git tracks: {error}")
        return {}, None


def is_public(variable: str) -> bool:
    """Tell whether variables of such a name are put into what browsers load."""
    return _PUBLIC.fullmatch(variable) is not None


# --- Keys as they are


class _Search:
    """Goes through the files, each once."""

    def __init__(
        self, finder: Finder, keys: Keys, tracked: Mapping[str, tuple[bytes, str]], repository: Repository | None
    ) -> None:
        self.finder = finder
        self.folder = finder.project.folder
        self.keys = keys
        self.tracked = tracked
        self.repository = repository
        self.left = MOST_BYTES

    def search(self) -> None:
        """Search what is there, and what git has of it that is not there any more."""
        there = {**self.folder.sources, **self.folder.built}
        for name, size in there.items():
            if name in self.folder.built and name not in self.tracked and not _SERVED.search(name):
                continue
            self._file(name, size)
        gone = {
            name: blob
            for name, (mode, blob) in self.tracked.items()
            if name not in there and mode not in (SYMLINK, _SUBMODULE)
        }
        if self.repository is not None and gone:
            self._from_git(self.repository, gone)

    def _file(self, name: str, size: int) -> None:
        self.left -= size
        if size > LARGEST or self.left < 0:
            if name in self.tracked or name in self.folder.built:
                self.keys.problems.append(f"{safe(name)} is too large to be searched for keys")
            return
        try:
            content = self.folder.content(name, LARGEST)
        except OSError as error:
            self.keys.problems.append(f"{safe(name)} cannot be read: {error.strerror or error}")
            return
        self.keys.searched += 1
        self._content(name, content)

    def _from_git(self, repository: Repository, gone: Mapping[str, str]) -> None:
        names = [*gone]
        for start in range(0, len(names), 100):
            some = names[start : start + 100]
            try:
                contents = repository.contents([gone[name] for name in some])
            except TargetError as error:
                self.keys.problems.append(f"git cannot show {safe(some[0])} and what comes after it: {error}")
                return
            for name, content in zip(some, contents, strict=True):
                self.keys.searched += 1
                self._content(name, content)

    def _content(self, name: str, content: bytes) -> None:
        if not any(beginning in content for beginning in _BEGINNINGS):
            return
        text = decoded(content) or content.decode("latin-1")
        seen: set[str] = set()
        for offset, kind in (*service_keys(text), *_wrapped(text)):
            what = KINDS.get(kind, kind)
            if what in seen:
                continue
            seen.add(what)
            place = Place(name, text.count("\n", 0, offset) + 1)
            if why := self._why(name):
                self.keys.leaks.append(Leak(f"{name}: {what}", what, why, place))
            elif self.repository is None and not (_LOCAL.search(name) and not _TEMPLATE.search(name)):
                self.keys.problems.append(
                    f"{place}: {what} stands here, and there is no git repository that could tell whether it is tracked"
                )

    def _why(self, name: str) -> str:
        told = []
        if _SERVED.search(name) or _AS_IT_IS.search(name) or self._is_client(name):
            told.append("browsers load it")
        if name in self.tracked:
            told.append("git tracks it")
        return " and ".join(told)

    def _is_client(self, name: str) -> bool:
        if not name.endswith((*SCRIPTS, *PAGES)) or ASIDE.search(name):
            return False
        layout = self.finder.layout
        sides = layout.of_module(name)
        if not sides:
            sides = next((layout.by_words(source, source.root) for source in self.finder.project.sources(name)), sides)
        return BROWSER in sides


def _wrapped(text: str) -> Iterator[tuple[int, str]]:
    """Yield the keys that stand in a text in Base64."""
    for found in _WRAPPED.finditer(text):
        try:
            inner = base64.b64decode(found[0] + "=" * (-len(found[0]) % 4)).decode("ascii")
        except ValueError:
            continue
        for _, kind in service_keys(inner):
            yield found.start(), kind


# --- Variables that browsers get


def _of_variables(finder: Finder, keys: Keys) -> None:
    found: dict[str, Leak] = {}
    harmless: set[str] = set()
    for name in finder.project.folder.sources:
        for variable, value, place in _assigned(finder, name):
            why = ""
            if any(True for _ in service_keys(value)):
                why = "its value is a service-role key"
            elif any(_OF_SERVICE.search(one) for one in _referred(value)):
                why = "its value is taken from the service-role key"
            elif _OF_SERVICE.search(variable):
                if _HARMLESS_VALUE.match(value):
                    harmless.add(variable)
                else:
                    why = "it is named for the service-role key"
            if why and (variable not in found or "named" in found[variable].why):
                found[variable] = _variable(variable, why, place)
        for variable, place in _used(finder, name):
            found.setdefault(variable, _variable(variable, "it is named for the service-role key", place))
        keys.leaks += _given_away(finder, name)
    keys.leaks += [leak for variable, leak in found.items() if variable not in harmless or "named" not in leak.why]


def _variable(variable: str, why: str, place: Place) -> Leak:
    return Leak(
        f"variable {variable}",
        "a service-role key",
        f"{why}, and variables of that kind are put into what browsers load",
        place,
    )


def _assigned(finder: Finder, name: str) -> Iterator[tuple[str, str, Place]]:
    """Yield the public variables that a file of settings sets."""
    if not _SETTINGS.search(name) or ASIDE.search(name):
        return
    for number, line in enumerate(finder.project.text(name).splitlines(), 1):
        if line.lstrip().startswith(("#", "//")):
            continue
        if found := _ASSIGNED.match(line[:5000]):
            yield found[1], found[2].strip(), Place(name, number)


def _referred(value: str) -> Iterator[str]:
    for found in _REFERS.finditer(value):
        yield next(filter(None, found.groups()), "")


def _used(finder: Finder, name: str) -> Iterator[tuple[str, Place]]:
    """Yield the public variables, named for a service-role key, that code reads."""
    if not name.endswith((*SCRIPTS, *PAGES)) or ASIDE.search(name):
        return
    wanted = {word for word in _PUBLIC.findall(finder.project.text(name)) if _OF_SERVICE.search(word)}
    for source in finder.project.sources(name) if wanted else ():
        for node in _leaves(source):
            text = text_of(node)
            if text in wanted and (node.type != "string_fragment" or _reads(node)):
                yield text, source.place(node)


def _leaves(source: Source) -> Iterator[Node]:
    waiting = [source.root]
    while waiting:
        node = waiting.pop()
        if node.type == "comment":
            continue
        if node.child_count == 0:
            yield node
        waiting += node.children


def _reads(node: Node) -> bool:
    """Tell whether a text is the name of a variable that is read: process.env["X"], Deno.env.get("X")."""
    text = node.parent
    above = text.parent if text is not None else None
    if above is None:
        return False
    if above.type == "subscript_expression":
        return True
    call = above.parent if above.type == "arguments" else None
    function = call.child_by_field_name("function") if call is not None else None
    return bool(re.search(r"env", text_of(function)[-60:], re.IGNORECASE))


def _given_away(finder: Finder, name: str) -> Iterator[Leak]:
    """Yield what a build tool is told to put into what browsers load."""
    members = next((names for pattern, names in _GIVING if pattern.search(name)), ())
    if not members or not SERVICE_NAME.search(finder.project.text(name)):
        return
    for source in finder.project.sources(name):
        for node in _pairs(source):
            key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
            if key is None or value is None or key_of(key) not in members or value.type != "object":
                continue
            for inner in value.named_children:
                text = "" if inner.type == "comment" else text_of(inner)
                if any(_OF_SERVICE.search(word) for word in re.findall(r"\w+", text)):
                    word = f"{name} {key_of(key)}"
                    yield Leak(
                        word, "a service-role key", "the build puts it into what browsers load", source.place(inner)
                    )


def _pairs(source: Source) -> Iterator[Node]:
    waiting = [source.root]
    while waiting:
        node = waiting.pop()
        if node.type == "pair":
            yield node
        waiting += node.named_children


# --- Clients with the key of the server


def _of_client(client: Client, keys: Keys, tracked: Mapping[str, object]) -> None:
    browser = BROWSER in client.sides and client.certain
    known = [each for each in alternatives(client.key) if isinstance(each, Known) and isinstance(each.value, str)]
    held = next((each for each in known if any(True for _ in service_keys(each.value))), None)
    if held is not None and held.place is not None:
        file = held.place.file
        if (browser or file in tracked) and not _told_already(keys, file):
            why = "browsers load it" if browser else "git tracks it"
            keys.leaks.append(Leak(f"{file}: a service-role key", "a service-role key", why, held.place))
    elif browser and client.is_service and not known:
        if _PUBLIC.search(client.key_name):
            return  # of the variable it is told
        why = "a client that browsers make takes it"
        keys.leaks.append(Leak(f"{client.title}: the service-role key", "the service-role key", why, client.place))


def _told_already(keys: Keys, file: str) -> bool:
    return any(leak.place.file == file for leak in keys.leaks)


def shown(leaks: Sequence[Leak]) -> list[Leak]:
    """Return leaks in which no name of a file gives a key away."""
    return [
        Leak(masked(each.object), each.what, each.why, Place(masked(each.place.file), each.place.line))
        for each in leaks
    ]
