"""Where a module of an application runs: in the browser, on the server, or on both.

Told by what frameworks go by: directives, the packages that a module needs, the name and place of its file, and who
imports it. https://react.dev/reference/rsc/use-client, https://nextjs.org/docs/app/getting-started/project-structure,
https://nextjs.org/docs/app/getting-started/server-and-client-components (server-only),
https://svelte.dev/docs/kit/server-only-modules, https://reactrouter.com/explanation/code-splitting,
https://nuxt.com/docs/guide/directory-structure/server, https://docs.astro.build/en/guides/client-side-scripts/,
https://supabase.com/docs/guides/functions
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from audit.client.modules import Package, Project
from audit.client.syntax import FUNCTIONS, Source, directives_of, text_of

BROWSER, SERVER = "browser", "server"
DEEPEST = 60  # modules that import each other, one after the other

Sides = frozenset[str]
NOBODY_KNOWS: Sides = frozenset()

# Packages that work on one side only.
_NEEDS_SERVER = re.compile(
    r"server-only|next/(headers|server|cache)|node:.+|fs|fs/promises|http|https|net|tls|child_process|worker_threads"
    r"|cluster|readline|dotenv(/config)?|express|fastify|koa|hono|restify|@nestjs/.+|@hapi/hapi|h3|nitropack|firebase-functions(/.+)?"
    r"|\$env/static/private|\$env/dynamic/private|astro:env/server|#supabase/server|@remix-run/server-runtime|aws-lambda"
    r"|@vercel/node|@netlify/functions|@trpc/server(/.+)?|@tanstack/(react-)?start/server|https://deno\.land/std.*|jsr:@std/.+"
    r"|@supabase/functions-js.*|bullmq|pg|postgres|nodemailer"
)
_NEEDS_BROWSER = re.compile(r"client-only|react-dom(/client)?|@testing-library/.+|react-native|expo(-.+)?|@ionic/.+")
# Functions that frameworks run on the server, whatever else is in the file, and methods of HTTP.
_ON_SERVER = frozenset(
    {"loader", "action", "getServerSideProps", "getStaticProps", "getStaticPaths", "generateMetadata",
     "generateStaticParams", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "middleware", "proxy"}
)  # fmt: skip
_HAS_PAGES = frozenset({"next", "@remix-run/react", "react-router", "@react-router/dev", "@tanstack/react-start"})

# By the name of a file or its place. In brackets: what the project must use, for places that mean nothing otherwise.
_FILES: tuple[tuple[str, str, str], ...] = (
    (SERVER, "", r"\.server\.[a-z]+$|(^|/)(middleware|instrumentation|hooks\.server)\.[mc]?[tj]s$"),
    (BROWSER, "", r"\.client\.[a-z]+$|(^|/)hooks\.client\.[mc]?[tj]s$|(^|/)instrumentation-client\.[tj]s$"),
    (SERVER, "", r"(^|/)supabase/functions/|(^|/)netlify/(edge-)?functions/|(^|/)edge-functions/"),
    (SERVER, "", r"(^|/)\+(page|layout)\.server\.[tj]s$|(^|/)\+server\.[tj]s$"),
    (BROWSER, "", r"\.svelte$"),
    (SERVER, "next",
     r"(^|/)(src/)?app/(.*/)?route\.[tj]sx?$|(^|/)pages/api/|(^|/)proxy\.[tj]s$|(^|/)next\.config\.\w+$"),
    (SERVER, "next",
     r"(^|/)(src/)?app/(.*/)?(page|layout|template|loading|default|not-found|forbidden|unauthorized|sitemap|robots"
     r"|manifest|opengraph-image|twitter-image|icon)\.[tj]sx?$"),
    (BROWSER, "next", r"(^|/)(src/)?pages/.*\.[tj]sx?$|(^|/)(src/)?app/(.*/)?(global-)?error\.[tj]sx?$"),
    (SERVER, "nuxt", r"(^|/)server/"),
    (BROWSER, "nuxt", r"(^|/)(app/)?(pages|components|composables|layouts|plugins|middleware)/|(^|/)app\.vue$"),
    (SERVER, "@sveltejs/kit", r"(^|/)(src/)?lib/server/"),
    (SERVER, "astro", r"(^|/)src/pages/.*\.[tj]s$|(^|/)src/middleware(/index)?\.[tj]s$|(^|/)src/actions/"),
    (SERVER, "@remix-run/react", r"(^|/)entry\.server\.\w+$"),
    (SERVER, "", r"(^|/)(scripts?|bin|cron|jobs|seeds?|migrations?)/[^/]+\.[mc]?[tj]s$"),
    (SERVER, "vercel", r"^api/|(^|/)api/.*\.[mc]?[tj]s$"),
)  # fmt: skip
_PATTERNS = tuple((side, needs, re.compile(pattern)) for side, needs, pattern in _FILES)

# What a project that has nothing on the server is built with, and what one that has nothing in a browser is.
_WITH_SERVER = frozenset(
    {"next", "nuxt", "nuxt3", "@sveltejs/kit", "@remix-run/react", "@remix-run/node", "@react-router/node", "astro",
     "gatsby", "@tanstack/react-start", "@tanstack/start", "@solidjs/start", "vike", "@angular/ssr",
     "@builder.io/qwik-city", "blitz", "@redwoodjs/core", "waku"}
)  # fmt: skip
_IN_BROWSER = frozenset(
    {"vite", "react-scripts", "parcel", "@angular/core", "vue", "svelte", "preact", "solid-js", "expo", "react-native",
     "@ionic/react", "@ionic/vue", "@ionic/angular", "react-dom", "@vue/cli-service", "@capacitor/core",
     "webpack-dev-server", "snowpack", "react"}
)  # fmt: skip
_ON_SERVERS = frozenset(
    {"express", "fastify", "koa", "hono", "@nestjs/core", "@hapi/hapi", "restify", "discord.js", "telegraf", "bullmq",
     "@slack/bolt", "polka", "elysia"}
)  # fmt: skip

# Of what is made, and of files and folders. A "client" alone is what all of these are.
_BROWSER_NAME = re.compile(r"(^|_)(browser|client_side|frontend)(_|$)")
_BROWSER_FILE = re.compile(r"(^|_)(browser|client|clients|frontend)(_|$)")
_SERVER_NAME = re.compile(r"(^|_)(server|admin|ssr|serverless|service_role|service_client)(_|$)")
_SERVER_FILE = re.compile(r"(^|_)(server|admin|ssr|serverless|backend|edge|middleware|service_role)(_|$)")


class Layout:
    """Tells where the modules of a project run."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._modules: dict[str, Sides] = {}

    def of_place(self, source: Source, node: Node) -> Sides:
        """Return where a place in a module runs."""
        if source.side:
            return frozenset({source.side})
        for above in (node, *source.around(node)):
            if above.type in FUNCTIONS and (side := self._of_function(source, above)):
                return frozenset({side})
        if own := self.marker(source):
            return frozenset({own})
        found: set[str] = set()
        for user in self._users(source, node):
            found |= self.of_module(user)
            if len(found) == 2:
                break
        return frozenset(found) or self.of_module(source.file)

    def _of_function(self, source: Source, function: Node) -> str:
        if "use server" in directives_of(function):
            return SERVER
        name = text_of(function.child_by_field_name("name"))
        above = source.parent(function)
        if not name and above is not None and above.type == "variable_declarator":
            name = text_of(above.child_by_field_name("name"))
        exported = any(each.name == name for each in source.exports)
        depends = self.project.package_of(source.file).depends
        return SERVER if name in _ON_SERVER and exported and (not depends or depends & _HAS_PAGES) else ""

    def marker(self, source: Source) -> str:
        """Return what a module says of itself; "" where it says nothing."""
        if source.side:
            return source.side
        if "use client" in source.directives:
            return BROWSER
        if "use server" in source.directives:
            return SERVER
        needed = [taken.specifier for taken in source.imports if not taken.types]
        if (
            any(_NEEDS_SERVER.fullmatch(each) for each in needed)
            or b"Deno.serve" in source.text
            or b"Deno.env" in source.text
        ):
            return SERVER
        if any(_NEEDS_BROWSER.fullmatch(each) for each in needed):
            return BROWSER
        if source.text.startswith(b"#!"):
            return SERVER
        return self._by_place(source.file)

    def _by_place(self, file: str) -> str:
        package = self.project.package_of(file)
        inside = file.removeprefix(package.folder)
        for side, needed, pattern in _PATTERNS:
            if (not needed or needed in package.depends or self._is_built_with(package, needed)) and pattern.search(
                inside
            ):
                return side
        return ""

    def _is_built_with(self, package: Package, needed: str) -> bool:
        files = self.project.folder.sources
        if needed == "next":
            names = ("next.config.js", "next.config.mjs", "next.config.ts", "next-env.d.ts")
            return any(package.folder + name in files for name in names)
        if needed == "nuxt":
            return f"{package.folder}nuxt.config.ts" in files or f"{package.folder}nuxt.config.js" in files
        return needed == "vercel" and f"{package.folder}vercel.json" in files

    def of_module(self, file: str, seen: frozenset[str] = frozenset()) -> Sides:
        """Return where a module runs, by itself or by who imports it."""
        if file in self._modules:
            return self._modules[file]
        if file in seen or len(seen) > DEEPEST:
            return NOBODY_KNOWS
        found: set[str] = set()
        for source in self.project.sources(file):
            if own := self.marker(source):
                found.add(own)
        if not found:
            for user in self.project.importers(file):
                if len(found) < 2 and any(True for _ in self.project.imports_of(user, file)):
                    found |= self.of_module(user, seen | {file})
        if not found:
            found |= self._by_package(file)
        if found or not seen:
            self._modules[file] = frozenset(found)
        return frozenset(found)

    def _by_package(self, file: str) -> Sides:
        """Return where everything of a package runs, if it is of one kind."""
        package = self.project.package_of(file)
        depends = package.depends
        if depends & _WITH_SERVER or self._is_built_with(package, "next") or self._is_built_with(package, "nuxt"):
            return NOBODY_KNOWS
        if file.endswith((".vue", ".html", ".htm")):
            return frozenset({BROWSER})
        browser, server = bool(depends & _IN_BROWSER), bool(depends & _ON_SERVERS)
        if browser != server:
            return frozenset({BROWSER if browser else SERVER})
        return NOBODY_KNOWS

    def _users(self, source: Source, node: Node) -> Iterator[str]:
        """Yield the modules that use what a place belongs to: what is exported with it, or (of nothing) the module."""
        top: Node | None = None
        for above in (node, *source.around(node)):
            if above.type == "program":
                break
            top = above
        names = {
            export.name
            for export in source.exports
            if not export.specifier and top is not None and self._belongs(source, export.local, export.node, top)
        }
        yield from self._taking(source.file, names or {"*"}, set())

    def _belongs(self, source: Source, local: str, node: Node | None, top: Node) -> bool:
        if node is not None:
            return top.start_byte <= node.start_byte and node.end_byte <= top.end_byte
        declaration = source.scopes.get(source.root.id, {}).get(local)
        if declaration is None:
            return False
        if top.start_byte <= declaration.node.start_byte and declaration.node.end_byte <= top.end_byte:
            return True
        # Made here and given away by another name of the module: it is used wherever that one is.
        used = {text_of(name) for name, _ in source.names() if _inside(name, declaration.node)}
        return any(word in used for word in _declared_in(source, top))

    def _taking(self, file: str, names: set[str], seen: set[tuple[str, str]]) -> Iterator[str]:
        for user in self.project.importers(file):
            for source, taken in self.project.imports_of(user, file):
                if "*" not in names and taken.name not in ("*", "") and taken.name not in names:
                    continue
                passed = {
                    export.name
                    for export in source.passed_on
                    if self.project.resolve(user, export.specifier) == file
                    and (export.local in names or export.local == "*" or "*" in names)
                }  # fmt: skip
                if passed and (user, file) not in seen and len(seen) < DEEPEST:
                    onward = names if "*" in passed else passed
                    yield from self._taking(user, {*onward}, seen | {(user, file)})
                elif (not passed and taken.name != "") or (taken.name == "" and "*" in names):
                    yield user

    def by_words(self, source: Source, node: Node) -> Sides:
        """Return what the names say, where nothing else does: of what is made, of the file, of its folders."""
        names = [
            text_of(above.child_by_field_name("name"))
            for above in (node, *source.around(node))
            if above.type in (*FUNCTIONS, "variable_declarator", "class_declaration")
        ]
        file, *folders = reversed(source.file.split("/"))
        places = [file.rpartition(".")[0], *folders]
        for browser, server, texts in ((_BROWSER_NAME, _SERVER_NAME, names), (_BROWSER_FILE, _SERVER_FILE, places)):
            for text in texts:
                words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text).lower()
                words = re.sub(r"[^a-z0-9]+", "_", words).replace("supabase_client", "_")
                if server.search(words) and not _BROWSER_NAME.search(words):
                    return frozenset({SERVER})
                if browser.search(words):
                    return frozenset({BROWSER})
        return NOBODY_KNOWS


def _inside(node: Node, whole: Node) -> bool:
    return whole.start_byte <= node.start_byte and node.end_byte <= whole.end_byte


def _declared_in(source: Source, top: Node) -> Iterator[str]:
    for name, declaration in source.scopes.get(source.root.id, {}).items():
        if _inside(declaration.node, top):
            yield name
