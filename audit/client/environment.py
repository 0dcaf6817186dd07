"""Variables of the environment that an application names, and whether they are set, and to what they are meant to be.

What they are set to is never told, and leaves this module in no other way than as a sentence about its kind.

https://nextjs.org/docs/app/guides/environment-variables, https://vite.dev/guide/env-and-mode,
https://svelte.dev/docs/kit/$env-static-private, https://supabase.com/docs/guides/functions/secrets,
https://supabase.com/docs/guides/api/api-keys
"""

from __future__ import annotations

import io
import posixpath
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from tree_sitter import Node

from audit.catalog.credentials import claims_of, masked, service_keys
from audit.client.folder import decoded
from audit.client.keys import is_public
from audit.client.modules import Project
from audit.client.syntax import FUNCTIONS, Place, Source, key_of, literal, text_of, unwrapped
from audit.evidence import safe

LARGEST = 200_000
DEEPEST = 8
LONGEST = 20_000  # of a value: no address and no key is longer
MOST_REFERENCES = 20

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,120}")
_ENVIRONMENT = re.compile(r"(?:(?:globalThis|window|global)\??\.)?(?:process|Bun)\??\.env|import\.meta\.env")
_MENTIONS = re.compile(r"\benv\b")
_STATIC = re.compile(r"\$env/static/(public|private)")
_DYNAMIC = re.compile(r"\$env/dynamic/(public|private)")

# What the runtime, the build tool or the provider sets. https://vite.dev/guide/env-and-mode#built-in-constants,
# https://vercel.com/docs/environment-variables/system-environment-variables,
# https://docs.netlify.com/build/configure-builds/environment-variables/#read-only-variables
_GIVEN = re.compile(
    r"NODE_ENV|NODE_OPTIONS|CI|PORT|HOST|HOSTNAME|HOME|PATH|PWD|USER|SHELL|TZ|LANG|TERM|TMPDIR|DEBUG|MODE|DEV|PROD|SSR"
    r"|BASE_URL"
    r"|NEXT_RUNTIME|NEXT_PHASE|NEXT_DEPLOYMENT_ID|EXPO_OS|URL|DEPLOY_URL|DEPLOY_PRIME_URL|CONTEXT"
    r"|COMMIT_REF|BRANCH|NETLIFY"
    r"|(?:(?:NEXT_PUBLIC|VITE|NUXT_PUBLIC)_)?VERCEL(?:_(?:ENV|URL|BRANCH_URL|PROJECT_PRODUCTION_URL|REGION|TARGET_ENV"
    r"|DEPLOYMENT_ID|PROJECT_ID|GIT_\w+))?|npm_\w+|GITHUB_\w+|CF_PAGES\w*|RENDER|RENDER_\w+|RAILWAY_\w+|FLY_\w+"
    r"|AWS_REGION|AWS_LAMBDA_\w+"
    r"|DENO_\w+|TURBO_\w+|EAS_\w+|HEROKU_\w+|K_SERVICE|K_REVISION|VITEST|JEST_WORKER_ID"
)
# What functions on the edge find there. https://supabase.com/docs/guides/functions/secrets#default-secrets
_OF_FUNCTIONS = re.compile(r"SUPABASE_(URL|ANON_KEY|SERVICE_ROLE_KEY|DB_URL|PUBLISHABLE_KEYS|SECRET_KEYS|JWKS)|SB_\w+")
_FUNCTIONS = re.compile(r"(^|/)supabase/functions/")

# Files that variables are read from; of tests and templates nothing is taken when people use the application.
_FILE = re.compile(r"\.env(\.[\w-]+)*|\.dev\.vars|\.envrc|[\w-]+\.env")
_NOT_REAL = re.compile(
    r"(^|[._-])(example|sample|template|dist|defaults|schema|test|testing|vault|keys|me)($|[._-])", re.IGNORECASE
)

# Files that say which variables are to be set, and not to what.
_TEMPLATE = re.compile(r"(^|[._-])(example|sample|template|dist|defaults|schema)($|[._-])", re.IGNORECASE)
_LISTED = re.compile(r"^[ \t]*(?:#[ \t]*)?(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]{0,120})[ \t]*=", re.MULTILINE)

_OPTIONAL = re.compile(r"\.\s*(optional|default|nullish|catch)\s*\(")
_ENDS = re.compile(r"\bthrow\b|\bexit\s*\(|\babort\s*\(|\bconsole\.error\b|\bnotFound\s*\(")
_ASKS = frozenset({"Boolean", "Object.hasOwn", "isDefined"})
_PASSED = frozenset(
    {"parenthesized_expression", "non_null_expression", "as_expression", "satisfies_expression", "type_assertion",
     "await_expression"}
)  # fmt: skip

_PLACEHOLDER = re.compile(
    r"<.*>|\[.*\]|\.\.\.|x{3,}|todo|tbd|change[-_ ]?me|replace[-_ ]?me|placeholder|insert[-_ ].*"
    r"|.*\byour[-_ ]?(project|anon|supabase|service|publishable|secret|api|key|token|url|ref|database|password).*"
    r"|.*(?<![a-z])(goes|put|paste)[-_ ]?here.*|.*[-_]here",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"(?<!\\)\$(?:\{([A-Za-z_]\w*)(?::?-([^}]*))?\}|([A-Za-z_]\w*))")
_ELSEWHERE = re.compile(r"(op|vault|doppler|gcp|aws|infisical|sops)://|encrypted:|\$\(|ENC\[", re.IGNORECASE)
_HOSTED = re.compile(r"([a-z0-9]{20})\.supabase\.(co|in|net)")
_LOCAL = re.compile(
    r"localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|0\.0\.0\.0|10\.0\.2\.2|host\.docker\.internal|kong"
    r"|.*\.(local|localhost|test|internal)"
)
_TOKEN = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*")
_DEMO = "supabase-demo"

URL, DATABASE, PUBLIC, SECRET = "address of the project", "address of a database", "public key", "key of the server"
_KINDS = (
    (SECRET, re.compile(r"SERVICE_?ROLE|SUPABASE_(\w+_)?(SECRET(_DEFAULT)?_KEY|SERVICE_KEY|ADMIN_KEY|SECRET)$")),
    (PUBLIC, re.compile(r"(^|_)ANON(_PUBLIC)?_KEY$|SUPABASE_(\w+_)?(ANON|PUBLISHABLE)(_\w+)?$|^SUPABASE_KEY$")),
    (DATABASE, re.compile(r"(^|_)(DATABASE|DIRECT|DB|POSTGRES|POSTGRES_PRISMA|PG)_UR[LI]$|^POSTGRES_URL\w*$")),
    (URL, re.compile(r"SUPABASE_(\w+_)?URL$")),
)  # fmt: skip
_ADDRESS = re.compile(r"_(URL|URI|ORIGIN|ENDPOINT)$")
_DRIVER = re.compile(
    r"(postgres(ql)?|mysql|mariadb|prisma|sqlserver|mongodb|rediss?|libsql|file|https?|cockroachdb|sqlite)(\+\w+)?:"
)


@dataclass(frozen=True)
class Read:
    """A variable that code reads. ``among`` are those of which one is enough, it among them."""

    name: str
    place: Place
    among: frozenset[str]
    needed: bool


@dataclass(frozen=True)
class Assigned:
    """What a file, or the environment itself (no file), sets a variable to."""

    name: str
    value: str = field(repr=False)
    place: Place | None
    literal: bool = False


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a variable: ``what`` and where to look; nothing of its value."""

    name: str
    what: str
    place: Place


@dataclass
class Environment:
    """What was found out: the variables that count, what is wrong with them, and what nobody can tell."""

    named: frozenset[str] = frozenset()
    wrong: list[Wrong] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def environment_of(project: Project, given: Mapping[str, str], now: float | None = None) -> Environment:
    """Compare what an application names with what is set: in its files, and ``given`` to it from outside."""
    found = Environment()
    reads, optional = _reads(project, found.doubts)
    files = _files(project, found.doubts)
    counted = [each for each in reads if not _is_given(each)]
    found.named = frozenset(each.name for each in counted if each.needed or _set_somewhere(each, files, given))
    listed = _templates(project)
    needed = [each for each in counted if each.needed and each.name not in optional]
    _judge_presence(needed, files, given, listed, found)
    moment = time.time() if now is None else now
    places = {each.name: each.place for each in reversed(counted)}
    _judge_kinds(places, files, given, found, moment)
    found.wrong = [*{each.name: each for each in reversed(found.wrong)}.values()][::-1]
    return found


# --- What code names


def _reads(project: Project, doubts: list[str]) -> tuple[list[Read], set[str]]:
    found: list[Read] = []
    optional: set[str] = set()
    for name in project.scripts:
        text = project.text(name)
        if not _MENTIONS.search(text) and "createEnv" not in text and not _OPTIONAL.search(text):
            continue
        for source in project.sources(name):
            found += _of_source(project, source, doubts)
            optional |= _declared_optional(source)
    return found, optional


def _of_source(project: Project, source: Source, doubts: list[str]) -> Iterator[Read]:
    names = {""}
    for taken in source.imports:
        if _STATIC.fullmatch(taken.specifier) and not taken.types and _NAME.fullmatch(taken.name):
            yield Read(taken.name, Place(source.file, taken.line), frozenset([taken.name]), needed=True)
        elif _DYNAMIC.fullmatch(taken.specifier) and taken.name == "env":
            names.add(taken.local)
    nodes = [*_nodes(source)]
    for node in nodes:
        if node.type == "variable_declarator" and _is_environment(node.child_by_field_name("value"), names):
            target = node.child_by_field_name("name")
            if target is not None and target.type == "identifier":
                names.add(text_of(target))
    for node in nodes:
        yield from _of_node(project, source, node, names, doubts)


def _nodes(source: Source) -> Iterator[Node]:
    wanted = ("member_expression", "subscript_expression", "call_expression", "variable_declarator")
    waiting = [source.root]
    while waiting:
        node = waiting.pop()
        if node.type in wanted:
            yield node
        waiting += reversed(node.named_children)


def _is_environment(node: Node | None, names: set[str]) -> bool:
    if node is None:
        return False
    inner = unwrapped(node)
    if inner.type not in ("member_expression", "identifier"):
        return False
    text = text_of(inner)
    return len(text) < 60 and (text in names - {""} or bool(_ENVIRONMENT.fullmatch(re.sub(r"\s+", "", text))))


def _of_node(project: Project, source: Source, node: Node, names: set[str], doubts: list[str]) -> Iterator[Read]:
    match node.type:
        case "member_expression" if _is_environment(node.child_by_field_name("object"), names):
            yield from _read(source, node, text_of(node.child_by_field_name("property")), names)
        case "subscript_expression" if _is_environment(node.child_by_field_name("object"), names):
            yield from _at_index(project, source, node, node.child_by_field_name("index"), names, doubts)
        case "call_expression":
            function = re.sub(r"\s+", "", text_of(node.child_by_field_name("function"))[:80])
            arguments = node.child_by_field_name("arguments")
            if function in ("Deno.env.get", "Netlify.env.get") and arguments is not None and arguments.named_children:
                yield from _at_index(project, source, node, arguments.named_children[0], names, doubts)
        case "variable_declarator" if _is_environment(node.child_by_field_name("value"), names):
            pattern = node.child_by_field_name("name")
            for child in pattern.named_children if pattern is not None and pattern.type == "object_pattern" else ():
                yield from _taken(source, child)


def _taken(source: Source, child: Node) -> Iterator[Read]:
    """Yield what ``const { A, B: b, C = 'x' } = process.env`` reads."""
    fallback = child.type == "object_assignment_pattern"
    name = child.child_by_field_name("left") if fallback else child
    if name is not None and name.type == "pair_pattern":
        value = name.child_by_field_name("value")
        fallback = fallback or (value is not None and value.type == "assignment_pattern")
        name = name.child_by_field_name("key")
    if name is not None and _NAME.fullmatch(text := key_of(name) or "") and child.type != "rest_pattern":
        yield Read(text, source.place(child), frozenset([text]), needed=not fallback)


def _at_index(
    project: Project, source: Source, node: Node, index: Node | None, names: set[str], doubts: list[str]
) -> Iterator[Read]:
    if index is None:
        return
    if (text := literal(unwrapped(index))) is not None:
        yield from _read(source, node, text, names)
        return
    handed = [*_handed(project, source, node, unwrapped(index))]
    for calling, call, argument in handed:
        name = literal(unwrapped(argument))
        if name is None:
            doubts.append(f"{calling.place(call)}: which variable is read here is decided when the code runs")
        elif _NAME.fullmatch(name):
            yield Read(name, calling.place(call), frozenset([name]), needed=not _is_asked_softly(call))
    if not handed:
        doubts.append(f"{source.place(node)}: which variable is read here is decided when the code runs")


def _handed(project: Project, source: Source, node: Node, index: Node) -> Iterator[tuple[Source, Node, Node]]:
    """Yield the calls of a function that reads the variable which it is given the name of, and that argument."""
    function = source.function_around(node)
    if index.type != "identifier" or function is None:
        return
    parameters = function.child_by_field_name("parameters")
    listed = [child for child in parameters.named_children if child.type != "comment"] if parameters else []
    position = next((at for at, each in enumerate(listed) if _parameter(each) == text_of(index)), None)
    name = _name_of(function)
    if position is None or not name:
        return
    exported = {each.name for each in source.exports if name in (each.local, text_of(each.node))} | {name}
    for calling, called in _callers(project, source, name, exported):
        for call in calling.calls:
            arguments = call.child_by_field_name("arguments")
            if text_of(call.child_by_field_name("function")) in called and arguments is not None:
                given = [child for child in arguments.named_children if child.type != "comment"]
                if len(given) > position:
                    yield calling, call, given[position]


def _callers(project: Project, source: Source, name: str, exported: set[str]) -> Iterator[tuple[Source, set[str]]]:
    """Yield the files that may call a function, each with what it calls it by: its own first."""
    yield source, {name}
    for file in project.importers(source.file):
        if file == source.file:
            continue
        for importing, taken in project.imports_of(file, source.file):
            if taken.name == "*":
                yield importing, {f"{taken.local}.{each}" for each in exported}
            elif taken.name in exported:
                yield importing, {taken.local}


def _parameter(node: Node) -> str:
    pattern = node.child_by_field_name("pattern") or node
    return text_of(pattern).partition("=")[0].partition(":")[0].strip()


def _name_of(function: Node) -> str:
    name = function.child_by_field_name("name")
    if name is None and function.parent is not None and function.parent.type == "variable_declarator":
        name = function.parent.child_by_field_name("name")
    return text_of(name)


def _is_asked_softly(call: Node) -> bool:
    """Tell whether a helper was given something else to fall back on, or what it returns is."""
    arguments = call.child_by_field_name("arguments")
    return (arguments is not None and len(arguments.named_children) > 1) or not _use(call, "")[0]


def _read(source: Source, node: Node, name: str, names: set[str]) -> Iterator[Read]:
    if not _NAME.fullmatch(name) or _is_target(node):
        return
    needed, chain = _use(node, name)
    among = {name, *(_names_in(chain, names) if chain is not None else ())}
    yield Read(name, source.place(node), frozenset(among), needed)


def _is_target(node: Node) -> bool:
    """Tell whether something is written or removed, and not read."""
    above = node.parent
    if above is None:
        return False
    if above.type == "assignment_expression":
        return _same(above.child_by_field_name("left"), node)
    return above.type == "unary_expression" and text_of(above).startswith("delete")


def _use(node: Node, name: str) -> tuple[bool, Node | None]:
    """Tell whether the code counts on a value, and return the chain of fallbacks that it stands in, if in any."""
    inner, asked, chain = node, False, None
    above = node.parent
    while above is not None and above.type not in FUNCTIONS:
        kind = above.type
        if kind == "binary_expression":
            sign = text_of(above.child_by_field_name("operator"))
            left = _same(above.child_by_field_name("left"), inner)
            if sign in ("??", "||") and not asked:
                chain = above
            elif sign == "&&" and not asked:
                if left or _mentions(above.child_by_field_name("left"), name):
                    return _ends_badly(above), None
            elif sign in ("===", "!==", "==", "!=", "in", "<", ">", "<=", ">="):
                asked = True
        elif chain is not None and kind not in _PASSED:
            return _ends_empty(chain, name), chain
        elif kind == "unary_expression":
            asked = True
        elif kind == "member_expression" and _same(above.child_by_field_name("object"), inner):
            if any(child.type == "optional_chain" for child in above.children):
                return False, None
        elif kind == "arguments" and above.parent is not None:
            if text_of(above.parent.child_by_field_name("function")) in _ASKS:
                return False, None
        elif kind in ("if_statement", "ternary_expression", "while_statement"):
            condition = above.child_by_field_name("condition")
            if _same(condition, inner):
                return _ends_badly(above), None
            if not asked and _mentions(condition, name):
                return False, None
        inner, above = above, above.parent
    if chain is not None:
        return _ends_empty(chain, name), chain
    return not asked, None


def _same(one: Node | None, other: Node) -> bool:
    return one is not None and one.id == other.id


def _mentions(node: Node | None, name: str) -> bool:
    return bool(name) and re.search(rf"\b{re.escape(name)}\b", text_of(node)) is not None


def _ends_badly(node: Node) -> bool:
    """Tell whether a condition is there to stop whoever lacks the variable."""
    above: Node | None = node
    while above is not None and above.type not in (*FUNCTIONS, "if_statement"):
        above = above.parent
    if above is None or above.type != "if_statement":
        return False
    condition = text_of(above.child_by_field_name("condition"))
    body = text_of(above.child_by_field_name("consequence"))
    return "!" in condition and bool(_ENDS.search(body))


def _ends_empty(chain: Node, name: str) -> bool:
    """Tell whether what a chain of fallbacks ends in is as good as nothing: another variable, or no text at all."""
    last = chain.child_by_field_name("right")
    if last is None:
        return True
    end = unwrapped(last)
    text = literal(end)
    if text is not None:
        return text == "" and kind_of(name) != ""
    return bool(_MENTIONS.search(text_of(end)[:200])) and end.type in ("member_expression", "subscript_expression")


def _names_in(chain: Node, names: set[str]) -> Iterator[str]:
    waiting = [chain]
    while waiting:
        node = waiting.pop()
        if node.type == "member_expression" and _is_environment(node.child_by_field_name("object"), names):
            yield text_of(node.child_by_field_name("property"))
        waiting += node.named_children


def _declared_optional(source: Source) -> set[str]:
    """Return the variables that a schema says need not be there: ``X: z.string().optional()``."""
    found: set[str] = set()
    if not _OPTIONAL.search(source.text.decode(errors="replace")):
        return found
    waiting = [source.root]
    while waiting:
        node = waiting.pop()
        if node.type == "pair":
            key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
            called = key is not None and value is not None and value.type == "call_expression"
            if called and _OPTIONAL.search(text_of(value)):
                found.add((key_of(key) if key is not None else None) or "")
        waiting += node.named_children
    return found


def _is_given(read: Read) -> bool:
    return bool(_GIVEN.fullmatch(read.name)) or (
        bool(_OF_FUNCTIONS.fullmatch(read.name)) and bool(_FUNCTIONS.search(read.place.file))
    )


# --- What files set


Files = Mapping[str, Sequence[Assigned]]


def _files(project: Project, doubts: list[str]) -> Files:
    """Return what each file of variables sets."""
    folder = project.folder
    for name in sorted(folder.links):
        if _is_file(name):
            doubts.append(f"{safe(name)} is a link, which is not followed")
    return {name: _assigned(project, name, doubts) for name in folder.sources if _is_file(name)}


def _templates(project: Project) -> Mapping[str, frozenset[str]]:
    """Return which variables each template names (``.env.example``), also those in its comments."""
    found = {}
    for name, size in project.folder.sources.items():
        base = posixpath.basename(name)
        if _FILE.fullmatch(base) and _TEMPLATE.search(base.removeprefix(".")) and size <= LARGEST:
            try:
                found[name] = frozenset(_LISTED.findall(decoded(project.folder.content(name, LARGEST))))
            except OSError:
                continue
    return found


def _is_file(name: str) -> bool:
    base = posixpath.basename(name)
    return bool(_FILE.fullmatch(base)) and not _NOT_REAL.search(base.removeprefix("."))


def _assigned(project: Project, name: str, doubts: list[str]) -> list[Assigned]:
    folder = project.folder
    try:
        if folder.sources[name] > LARGEST:
            doubts.append(f"{safe(name)} is larger than {LARGEST:,} bytes")
            return []
        content = folder.content(name, LARGEST)
    except OSError as error:
        doubts.append(f"{safe(name)} cannot be read: {error.strerror or 'it is no regular file'}")
        return []
    text = decoded(content)
    if content and (not text or "\0" in text):
        doubts.append(f"{safe(name)} is no text")
        return []
    found: dict[str, Assigned] = {}
    for binding in parse_stream(io.StringIO(text)):
        line = binding.original.line + len(binding.original.string) - len(binding.original.string.lstrip("\n"))
        if binding.error:
            doubts.append(f"{safe(name)}:{line}: this line cannot be read")
        elif binding.key and _NAME.fullmatch(binding.key):
            single = re.search(r"=\s*'", binding.original.string) is not None
            found[binding.key] = Assigned(
                binding.key, (binding.value or "").strip()[:LONGEST], Place(name, line), single
            )
    return [*found.values()]


def _in_reach(file: str, files: Iterable[str]) -> list[str]:
    """Return the files that set variables for a file of code: those in its folder and in the ones above."""
    folder = posixpath.dirname(file)
    return [name for name in files if (there := posixpath.dirname(name)) == "" or f"{folder}/".startswith(f"{there}/")]


def _set_somewhere(read: Read, files: Files, given: Mapping[str, str]) -> bool:
    return bool(given.get(read.name)) or any(each.name == read.name for each in _settings(read, files))


def _settings(read: Read, files: Files) -> Iterator[Assigned]:
    for name in _in_reach(read.place.file, files):
        yield from files[name]


# --- What is wrong


def _judge_presence(
    needed: Sequence[Read],
    files: Files,
    given: Mapping[str, str],
    listed: Mapping[str, frozenset[str]],
    found: Environment,
) -> None:
    """Judge whether variables are set. Where nothing is set at all, the application is set up elsewhere.

    Then a variable is in order that a template lists: whoever sets the application up knows of it.
    """
    missing: dict[str, tuple[str, Read]] = {}
    elsewhere: dict[str, Read] = {}
    for each in needed:
        values = {one.name: one.value for one in _settings(each, files) if one.value}
        if any(values.get(name) or given.get(name) for name in each.among) or each.name in missing:
            continue
        present = {one.name for one in _settings(each, files)}
        reach = _in_reach(each.place.file, files)
        of_functions = _FUNCTIONS.search(each.place.file) is not None
        known = [name for name in reach if not of_functions or _FUNCTIONS.search(name)]
        # A variable that nobody needs but the environment itself has shows that the application runs here.
        if known or (not of_functions and any(given.get(other.name) for other in needed)):
            missing[each.name] = ("it is empty" if each.name in present else "it is set nowhere", each)
        elif not any(each.among & listed[name] for name in _in_reach(each.place.file, listed)):
            elsewhere.setdefault(each.name, each)
    for name, (what, each) in missing.items():
        others = sorted(each.among - {name})
        more = f", and neither is {', '.join(others)}" if others and what == "it is set nowhere" else ""
        if not (set(others) & missing.keys() and min(each.among) != name):
            found.wrong.append(Wrong(name, f"{what}{more}", each.place))
    if elsewhere:
        first = next(iter(elsewhere.values()))
        some = ", ".join([*elsewhere][:4]) + (f" and {len(elsewhere) - 4} more" if len(elsewhere) > 4 else "")
        found.doubts.append(
            f"{first.place}: no file here sets {some}, the environment has none of them, and no template lists them "
            "(.env.example)"
        )


def _judge_kinds(
    places: Mapping[str, Place], files: Files, given: Mapping[str, str], found: Environment, now: float
) -> None:
    outside = [Assigned(name, given[name][:LONGEST], None) for name in places if given.get(name)]
    for scope in (*files.values(), outside):
        values = {**given, **{each.name: each.value for each in scope}}
        resolved: dict[str, str] = {}
        for each in scope:
            if each.name in places and each.value:
                value = each.value if each.literal else _filled(each, values, found.doubts)
                if value is not None:
                    resolved[each.name] = value
        for each in scope:
            if each.name in resolved:
                what = _wrong(each.name, resolved[each.name], now) or _foreign(each.name, resolved)
                if what:
                    found.wrong.append(Wrong(each.name, what, each.place or places[each.name]))


def _filled(each: Assigned, values: Mapping[str, str], doubts: list[str]) -> str | None:
    """Return a value with what it refers to filled in; None where nobody knows what it is."""
    if _ELSEWHERE.match(each.value):
        if kind_of(each.name):
            doubts.append(f"{each.place or 'the environment'}: {each.name} is kept elsewhere or encrypted")
        return None
    value = each.value
    for _ in range(DEEPEST):
        references = len(_REFERENCE.findall(value))
        if not references:
            return value
        if references > MOST_REFERENCES:
            break
        value = _REFERENCE.sub(lambda one: values.get(one[1] or one[3], "") or one[2] or "", value)[:LONGEST]
    doubts.append(f"{each.place or 'the environment'}: what {each.name} refers to cannot be followed")
    return None


def kind_of(name: str) -> str:
    """Return what a variable is meant to hold by its name, "" where that tells nothing."""
    return next((kind for kind, pattern in _KINDS if pattern.search(name)), "")


def _wrong(name: str, value: str, now: float) -> str:
    """Say what is wrong with a value of a variable of that name; "" where nothing is. Nothing of the value is said."""
    kind = kind_of(name)
    if _PLACEHOLDER.fullmatch(value[:500]):
        return "it still holds what a template had in its place"
    holds = _key(value)
    match kind:
        case _ if kind == URL:
            return _of_address(value, holds)
        case _ if kind == DATABASE:
            return "" if _DRIVER.match(value) and not holds else "it is no address of a database"
        case _ if kind in (PUBLIC, SECRET):
            return _of_key(name, kind, value, holds, now)
    if _ADDRESS.search(name) and (holds or re.search(r"\s", value)):
        return f"it is no address, but {holds}" if holds else "it is no address"
    return ""


def _of_address(value: str, holds: str) -> str:
    if holds:
        return f"it is no address, but {holds}"
    try:
        parts = urlsplit(value)
        host, scheme = parts.hostname or "", parts.scheme
        _ = parts.port
    except ValueError:
        return "it is no address"
    if scheme in ("postgres", "postgresql"):
        return "it is the address of the database, and not that of the API"
    if scheme not in ("http", "https") or not host or re.search(r"\s", value):
        return "it is no address that begins with https:// or http://"
    if host in ("supabase.com", "app.supabase.com", "app.supabase.io"):
        return "it is the address of the dashboard, and not that of the API"
    if scheme == "http" and not _LOCAL.fullmatch(host) and "." in host:
        return "it begins with http://, so that tokens travel unencrypted"
    if parts.path.rstrip("/").endswith(("/rest/v1", "/auth/v1")):
        return "it ends in a path that the library adds itself"
    return ""


def _key(value: str) -> str:
    """Say which key of Supabase a value is; "" where it is none."""
    if value.startswith("sb_publishable_"):
        return "a publishable key"
    if value.startswith(("sb_secret_", "sbp_")):
        return "a secret key"
    if _TOKEN.fullmatch(value):
        role = claims_of(value).get("role")
        return {"anon": "an anon key", "service_role": "a service-role key"}.get(str(role), "a token of another kind")
    return "a secret key" if any(True for _ in service_keys(value)) else ""


def _of_key(name: str, kind: str, value: str, holds: str, now: float) -> str:
    wanted = ("a publishable key", "an anon key") if kind == PUBLIC else ("a secret key", "a service-role key")
    if holds not in wanted:
        if is_public(name) and holds in ("a secret key", "a service-role key"):
            return ""  # CONF-04 tells of it
        if is_public(name) and kind == SECRET:
            return ""  # and of its name
        if not holds and kind == SECRET and value.startswith("{"):
            return ""  # several keys, as JSON
        return f"it should be {wanted[0]} or {wanted[1]}, and is {holds or 'none'}"
    if holds == "a secret key" and value.startswith("sbp_"):
        return "it is the token of an account, and no key of a project"
    expires = claims_of(value).get("exp") if _TOKEN.fullmatch(value) else None
    if isinstance(expires, int | float) and not isinstance(expires, bool) and expires < now:
        return "the key has expired"
    return ""


def _foreign(name: str, values: Mapping[str, str]) -> str:
    """Say when a key is of another project than the address beside it."""
    value = values[name]
    if kind_of(name) not in (PUBLIC, SECRET) or not _TOKEN.fullmatch(value):
        return ""
    projects = {_project(values[other]) for other in values if kind_of(other) == URL}
    if len(projects) != 1:
        return ""
    (project,) = projects
    claims = claims_of(value)
    if claims.get("iss") == _DEMO:
        return "it is the key of local development, and the address beside it is not" if project else ""
    ref = claims.get("ref")
    if isinstance(ref, str) and project and ref != project:
        return "it is a key of another project than the address beside it"
    return ""


def _project(address: str) -> str:
    """Return the project that an address leads to, "" where it is local or one of its own."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    found = _HOSTED.fullmatch(host)
    return found[1] if found else ""


def shown(found: Sequence[Wrong]) -> list[Wrong]:
    """Return what is wrong with no name that gives a key away."""
    return [Wrong(masked(each.name), each.what, Place(masked(each.place.file), each.place.line)) for each in found]
