"""Where an application makes its clients of Supabase, with which options, and on which side.

A wrapper is followed: where the options, or a part of them, are what callers hand over, each call is a client of its
own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from audit.client.modules import Project
from audit.client.sides import BROWSER, SERVER, Layout, Sides
from audit.client.syntax import FUNCTIONS, Place, Source, text_of, unwrapped
from audit.client.values import (
    NO_FRAME,
    Absent,
    Class,
    Evaluator,
    Foreign,
    Frame,
    Function,
    Key,
    Known,
    Unknown,
    Value,
    alternatives,
    named,
    needs,
)

MOST_CLIENTS = 400
DEEPEST_WRAPPER = 6
SETTINGS = ("autoRefreshToken", "persistSession", "detectSessionInUrl", "flowType")


@dataclass(frozen=True)
class Library:
    """A function that makes a client: which argument holds the options, and the way to the settings within them.

    ``side`` is "" where it depends on the module. ``defaults`` are the library's own, by side.
    """

    name: str
    side: str
    argument: int
    way: tuple[str, ...]
    key: int | None
    defaults: Mapping[str, Mapping[str, object]]


# supabase-js: autoRefreshToken, persistSession and detectSessionInUrl default to true, flowType to "implicit".
# https://supabase.com/docs/reference/javascript/initializing,
# https://github.com/supabase/supabase-js/blob/master/src/lib/types.ts (SupabaseClientOptions)
_PLAIN: Mapping[str, object] = {
    "autoRefreshToken": True, "persistSession": True, "detectSessionInUrl": True, "flowType": "implicit",
}  # fmt: skip
# @supabase/ssr sets all four itself: PKCE on both sides, refreshing and the detection of sessions in a browser only.
# On the server it keeps sessions in the cookies of the request that it is given, and nothing in the process, so that
# persistSession has no other meaning there than the runbook's false.
# https://github.com/supabase/ssr/blob/main/src/createBrowserClient.ts, .../createServerClient.ts,
# https://supabase.com/docs/guides/auth/server-side/advanced-guide
_SSR: Mapping[str, Mapping[str, object]] = {
    BROWSER: {"autoRefreshToken": True, "persistSession": True, "detectSessionInUrl": True, "flowType": "pkce"},
    SERVER: {"autoRefreshToken": False, "persistSession": False, "detectSessionInUrl": False, "flowType": "pkce"},
}
_BOTH = {BROWSER: _PLAIN, SERVER: _PLAIN}


def _helpers() -> Iterator[tuple[tuple[str, str], Library]]:
    """Yield the functions of the auth helpers, which came before @supabase/ssr and do as it does."""
    names = {
        "createClientComponentClient": (BROWSER, 0), "createPagesBrowserClient": (BROWSER, 0),
        "createBrowserSupabaseClient": (BROWSER, 0), "createServerComponentClient": (SERVER, 1),
        "createRouteHandlerClient": (SERVER, 1), "createServerActionClient": (SERVER, 1),
        "createMiddlewareClient": (SERVER, 1), "createPagesServerClient": (SERVER, 1),
        "createServerSupabaseClient": (SERVER, 1), "createMiddlewareSupabaseClient": (SERVER, 1),
        "createServerComponentSupabaseClient": (SERVER, 1), "createRouteHandlerSupabaseClient": (SERVER, 1),
    }  # fmt: skip
    for name, (side, argument) in names.items():
        yield (
            ("@supabase/auth-helpers-nextjs", name),
            Library(name, side, argument, ("options", "auth"), None, _SSR),
        )
    for package in ("@supabase/auth-helpers-remix", "@supabase/ssr"):
        for name, side in (("createBrowserClient", BROWSER), ("createServerClient", SERVER)):
            yield (package, name), Library(name, side, 2, ("auth",), 1, _SSR)
    yield (
        ("@supabase/auth-helpers-sveltekit", "createSupabaseLoadClient"),
        Library("createSupabaseLoadClient", BROWSER, 0, ("options", "auth"), None, _SSR),
    )
    yield (
        ("@supabase/auth-helpers-sveltekit", "createSupabaseServerClient"),
        Library("createSupabaseServerClient", SERVER, 0, ("options", "auth"), None, _SSR),
    )


LIBRARIES: Mapping[tuple[str, str], Library] = {
    ("@supabase/supabase-js", "createClient"): Library("createClient", "", 2, ("auth",), 1, _BOTH),
    ("@supabase/supabase-js", "SupabaseClient"): Library("SupabaseClient", "", 2, ("auth",), 1, _BOTH),
    ("@supabase/auth-js", "GoTrueClient"): Library("GoTrueClient", "", 0, (), None, _BOTH),
    ("@supabase/auth-js", "AuthClient"): Library("AuthClient", "", 0, (), None, _BOTH),
    ("@supabase/gotrue-js", "GoTrueClient"): Library("GoTrueClient", "", 0, (), None, _BOTH),
    **dict(_helpers()),
}
NAMES = frozenset(name for _, name in LIBRARIES)
_MENTIONED = re.compile(r"@supabase/|supabase-js|" + "|".join(sorted(NAMES)))

# Names of variables and constants that hold a key of the server's own.
SERVICE_NAME = re.compile(
    r"SERVICE_?ROLE|SERVICE_?KEY|SUPABASE_?(?:\w{0,40}_)?SECRET|SECRET_?KEY|ADMIN_?KEY|SB_?SECRET", re.IGNORECASE
)


@dataclass(frozen=True, eq=False)
class Client:
    """A client that is made: where, by what, on which sides (none: nobody knows), and what its options say.

    ``certain``: its sides are not told by names alone. ``third_party``: others sign people in, and its settings do not
    count.
    """

    place: Place
    name: str
    library: Library
    sides: Sides
    certain: bool
    settings: Mapping[str, Mapping[str, Value]]
    key: Value = field(default_factory=Absent)
    key_name: str = ""
    third_party: bool = False

    @property
    def title(self) -> str:
        """What it is called for ever: by its file and name, and not by a line."""
        return f"{self.place.file} {self.name or self.library.name}"

    @property
    def is_service(self) -> bool:
        """Whether it is made with the key of the server itself, so that nobody signs in with it."""
        return bool(SERVICE_NAME.search(self.key_name))


@dataclass(frozen=True)
class Doubt:
    """Something that could not be determined: where, and why. ``sides`` are those whose clients it may be about."""

    place: Place | None
    reason: str
    sides: Sides = frozenset({BROWSER, SERVER})

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


@dataclass(frozen=True, eq=False)
class Site:
    """A call by which a client is made, itself or by way of a wrapper."""

    source: Source
    node: Node
    library: Library
    bound: tuple[Value, ...]
    frame: Frame
    at: tuple[Source, Node]


class Finder:
    """Finds the clients of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.layout = Layout(project)
        self.readers = {side: Evaluator(project, side) for side in (BROWSER, SERVER, "")}
        self.clients: list[Client] = []
        self.doubts: list[Doubt] = []
        self.read: set[str] = set()
        self._calls = 0

    def find(self) -> None:
        """Look at every file that may make a client, and at those that take the means for it from them."""
        waiting = [file for file in self.project.scripts if _MENTIONED.search(self.project.text(file))]
        while waiting:
            file = waiting.pop(0)
            if file in self.read:
                continue
            self.read.add(file)
            for source in self.project.sources(file):
                if _is_minified(source):
                    continue
                self._look_at(source)
                if self._passes_on(source):
                    waiting += self.project.importers(file)

    def _look_at(self, source: Source) -> None:
        before = len(self.clients)
        for node in source.calls:
            constructor = node.child_by_field_name("constructor") or node.child_by_field_name("function")
            if constructor is None:
                continue
            for each in self._called(source, constructor):
                if isinstance(each, Foreign) and (library := library_of(each)):
                    site = Site(source, node, library, each.bound, NO_FRAME, (source, node))
                    self._follow(site, 0)
                elif isinstance(each, Unknown) and _last_name(constructor) in NAMES:
                    self.doubts.append(
                        Doubt(source.place(node), f"nobody knows whose {_last_name(constructor)} it is: {each.reason}")
                    )
        for node, above in source.names():
            if above.type == "arguments":
                self._handed_on(source, node, above)
        if source.fault is not None and (len(self.clients) > before or b"@supabase/" in source.text):
            self.doubts.append(Doubt(source.fault, "the file is not understood from here"))

    def _called(self, source: Source, node: Node) -> Iterator[Value]:
        """Yield what a call may call; a class that is built upon one of a package is called like that one."""
        reader = self.readers[""].fresh()
        if node.type == "super":
            owner = next((above for above in source.around(node) if above.type in CLASSES), None)
            if owner is not None and (base := base_of(owner)) is not None:
                yield from alternatives(reader.value(source, base))
        elif _may_name(source, node):
            for each in alternatives(reader.value(source, node)):
                yield from self._built_upon(each)

    def _built_upon(self, value: Value, depth: int = 0) -> Iterator[Value]:
        if not isinstance(value, Class) or value.made or value.node is None or value.source is None or depth > 5:
            yield value
        elif (base := base_of(value.node)) is not None and not _has_constructor(value.node):
            for each in alternatives(self.readers[""].value(value.source, base)):
                yield from self._built_upon(each, depth + 1)

    def _passes_on(self, source: Source) -> bool:
        """Tell whether a file exports what makes clients, under any name."""
        for export in source.exports:
            if export.name == "*":
                if export.specifier.startswith("@supabase/"):
                    return True
                continue
            found = self.readers[""].fresh().of_export(source, export, source.place(source.root))
            if any(isinstance(each, Foreign) and library_of(each) for each in alternatives(found)):
                return True
        return False

    def _handed_on(self, source: Source, node: Node, above: Node) -> None:
        """Doubt where a function that makes clients is handed to something that may call it with anything."""
        call = source.parent(above)
        function = call.child_by_field_name("function") if call is not None else None
        if function is None or text_of(function).endswith((".bind", ".call", ".apply")):
            return
        found = self.readers[""].fresh().value(source, node)
        if any(isinstance(each, Foreign) and library_of(each) for each in alternatives(found)):
            self.doubts.append(
                Doubt(
                    source.place(node),
                    f"{text_of(node)} is handed to {text_of(function)[:60]}(), which may call it with anything",
                )
            )

    # --- From a call to clients

    def _follow(self, site: Site, depth: int) -> None:
        self._calls += 1
        if self._calls > MOST_CLIENTS:
            if self._calls == MOST_CLIENTS + 1:
                self.doubts.append(Doubt(site.source.place(site.node), f"more than {MOST_CLIENTS} clients are made"))
            return
        client, wanted = self._made(site)
        if not wanted:
            self.clients.append(client)
            return
        source, function = wanted
        users = [*self._callers(source, function)] if depth < DEEPEST_WRAPPER else []
        for user, call, arguments in users:
            frame = {**site.frame, (source.file, function.id): arguments}
            self._follow(Site(site.source, site.node, site.library, site.bound, frame, (user, call)), depth + 1)
        if not users:
            self.clients.append(client)

    def _made(self, site: Site) -> tuple[Client, tuple[Source, Node] | None]:
        certain = frozenset({site.library.side}) if site.library.side else self.layout.of_place(*site.at)
        sides = certain or self.layout.by_words(*site.at)
        settings: dict[str, dict[str, Value]] = {}
        key: Value = Absent()
        wanted: set[Key] = set()
        third_party = False
        for side in sorted(sides) or [BROWSER, SERVER]:
            reader = self.readers[side].fresh()
            given = [*site.bound, *self._arguments(reader, site)]
            options = given[site.library.argument] if len(given) > site.library.argument else Absent()
            token = reader.member(options, "accessToken", options.place)
            third_party |= not any(_may_be_nothing(each) for each in alternatives(token))
            inner = options
            for step in site.library.way:
                inner = reader.member(inner, step, inner.place)
            settings[side] = {name: reader.member(inner, name, inner.place) for name in SETTINGS}
            if site.library.key is not None and len(given) > site.library.key:
                key = given[site.library.key]
            for value in (*settings[side].values(), key):
                wanted |= needs(value)
        source, node = site.at
        client = Client(
            source.place(node),
            named(source, node),
            site.library,
            self._by_key(site, sides),
            bool(certain),
            settings,
            key,
            self._key_name(site, key),
            third_party,
        )
        return client, self._innermost(site, wanted)

    def _by_key(self, site: Site, sides: Sides) -> Sides:
        return sides or (frozenset({SERVER}) if SERVICE_NAME.search(self._key_text(site)) else sides)

    def _arguments(self, reader: Evaluator, site: Site) -> list[Value]:
        return reader.arguments(site.source, site.node, site.frame)

    def _key_text(self, site: Site) -> str:
        """Return how the key is written where the client is made."""
        if site.library.key is None:
            return ""
        listed = site.node.child_by_field_name("arguments")
        given = [child for child in listed.named_children if child.type != "comment"] if listed is not None else []
        number = site.library.key - len(site.bound)
        return text_of(given[number])[:300] if 0 <= number < len(given) else ""

    def _key_name(self, site: Site, key: Value) -> str:
        told = [each.reason for each in alternatives(key) if isinstance(each, Unknown)]
        return " ".join([self._key_text(site), *told])

    def _innermost(self, site: Site, wanted: set[Key]) -> tuple[Source, Node] | None:
        """Return the function whose callers are to be asked first."""
        source, node = site.at
        for place, inside in ((source, node), (site.source, site.node)):
            for above in place.around(inside):
                key = (place.file, above.id)
                if above.type in FUNCTIONS and key in wanted and key not in site.frame:
                    return place, above
        return None

    def _callers(self, source: Source, function: Node) -> Iterator[tuple[Source, Node, Sequence[Value] | None]]:
        """Yield the calls of a function of the application, with what they hand over."""
        reader = self.readers[""]
        constructs = (
            function.type == "method_definition" and text_of(function.child_by_field_name("name")) == "constructor"
        )
        owner = next((above for above in source.around(function) if above.type in ("class_declaration", "class")), None)
        for file in self._around(source.file):
            for user in self.project.sources(file):
                for call in user.calls:
                    target = (
                        call.child_by_field_name("constructor") if constructs else call.child_by_field_name("function")
                    )
                    if target is None or not _may_name(user, target):
                        continue
                    for each in alternatives(reader.fresh().value(user, target)):
                        if constructs:
                            same = isinstance(each, Class) and owner is not None and _id(each.node) == owner.id
                            extra: tuple[Value, ...] = ()
                        else:
                            same = isinstance(each, Function) and _id(each.node) == function.id
                            extra = each.bound if isinstance(each, Function) else ()
                        if same:
                            yield user, call, (*extra, *reader.arguments(user, call, NO_FRAME))

    def _around(self, file: str) -> list[str]:
        """Return a file and those that may use what it exports, also by way of others that pass it on."""
        found = {file: None}
        waiting = [file]
        while waiting and len(found) < 500:
            for user in self.project.importers(waiting.pop()):
                if user not in found:
                    found[user] = None
                    if any(source.passed_on for source in self.project.sources(user)):
                        waiting.append(user)
        return [*found]


def library_of(value: Foreign) -> Library | None:
    """Return what a function of a package makes clients with, or None."""
    package = value.package
    if package in ("@supabase/supabase-js", "supabase") or package.endswith("/supabase-js"):
        package = "@supabase/supabase-js"
    return LIBRARIES.get((package, value.name))


CLASSES = ("class_declaration", "class", "abstract_class_declaration")


def base_of(node: Node) -> Node | None:
    """Return the expression that a class extends, or None."""
    heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
    clause = (
        next((child for child in heritage.named_children if child.type == "extends_clause"), None) if heritage else None
    )
    return clause.child_by_field_name("value") if clause is not None else None


def _has_constructor(node: Node) -> bool:
    body = node.child_by_field_name("body")
    return body is not None and any(
        child.type == "method_definition" and text_of(child.child_by_field_name("name")) == "constructor"
        for child in body.named_children
    )


def _last_name(node: Node) -> str:
    node = unwrapped(node)
    return text_of(node.child_by_field_name("property")) if node.type == "member_expression" else text_of(node)


def _may_name(source: Source, node: Node) -> bool:
    """Tell whether it is worth asking what a call calls: a name, or a short chain of members."""
    node = unwrapped(node)
    if node.type == "identifier":
        return source.lookup(node, text_of(node)) is not None
    if node.type == "member_expression":
        inner, length = node, 0
        while inner.type == "member_expression" and length < 4:
            below = inner.child_by_field_name("object")
            if below is None:
                return False
            inner, length = unwrapped(below), length + 1
        if inner.type == "call_expression":
            return _last_name(node) in NAMES
        return inner.type in ("identifier", "this") and text_of(inner) not in (
            "console",
            "Math",
            "JSON",
        )
    return False


def _may_be_nothing(value: Value) -> bool:
    return isinstance(value, Absent | Unknown) or (isinstance(value, Known) and not isinstance(value.value, str))


def _is_minified(source: Source) -> bool:
    """Tell whether a file is what a bundler made, with the library in it: it takes nothing from a package any more."""
    if any("supabase" in taken.specifier for taken in source.imports):
        return False
    lines = source.text.count(b"\n") + 1
    return source.file.endswith((".min.js", ".min.mjs")) or (
        len(source.text) > 20_000 and len(source.text) / lines > 1_000
    )


def _id(node: Node | None) -> int | None:
    return node.id if node is not None else None
