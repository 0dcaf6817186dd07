"""TypeScript and JavaScript as trees: what a file declares, what it changes afterwards, what it imports and exports.

The parser is tree-sitter with the grammars of tree-sitter-typescript, which read JavaScript as well. Trees are walked
without recursion: how deeply a file is nested is its author's choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

from audit.evidence import safe

SCRIPTS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
PAGES = (".vue", ".svelte", ".astro", ".html", ".htm")

# `<T>value` is an assertion in these, and the beginning of an element in all others.
_PLAIN = (".ts", ".mts", ".cts")
_TYPESCRIPT = Language(tree_sitter_typescript.language_typescript())
_TSX = Language(tree_sitter_typescript.language_tsx())

FUNCTIONS = frozenset(
    {"arrow_function", "function_expression", "function_declaration", "method_definition", "function",
     "generator_function", "generator_function_declaration"}
)  # fmt: skip
_SCOPES = FUNCTIONS | {"program", "statement_block", "for_statement", "for_in_statement", "catch_clause", "switch_body"}
# Around a value without changing it.
_WRAPPERS = {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"}

DEEPEST = 400
LONGEST_WAY = 50  # members of members

Step = tuple[str, object]


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{safe(self.file)}:{self.line}"


@dataclass(frozen=True, eq=False)
class Declaration:
    """A name that a scope declares.

    ``kind`` is import, variable, parameter, function, class, enum or other. ``node`` is what declares it, ``value`` the
    expression that it is made from (of a parameter its default), and ``path`` the way into that value.
    """

    kind: str
    name: str
    node: Node
    value: Node | None = None
    path: tuple[Step, ...] = ()
    constant: bool = True
    index: int = 0
    function: Node | None = None
    scope: int = 0


@dataclass(frozen=True, eq=False)
class Change:
    """Something that is done to a declared name: ``way`` are the members, ``value`` None what nobody knows.

    ``kind`` is "set", "merge" (of all members of the value) or "unknown".
    """

    kind: str
    declaration: Declaration
    way: tuple[str, ...]
    value: Node | None
    node: Node


@dataclass(frozen=True)
class Import:
    """A name that a file takes from elsewhere: "default", "*" for all of it, or "" for its effects alone."""

    specifier: str
    name: str
    local: str
    types: bool
    line: int


@dataclass(frozen=True)
class Export:
    """What a file gives under a name: a local one, or one of another file (``specifier``), "*" for all of it."""

    name: str
    local: str = ""
    specifier: str = ""
    node: Node | None = None


@dataclass(eq=False)
class Notes:
    """What was noted in a file. ``too_deep`` is where it is nested too deeply to be gone through."""

    imports: list[Import] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    scopes: dict[int, dict[str, Declaration]] = field(default_factory=dict)
    calls: list[Node] = field(default_factory=list)
    changing: list[Node] = field(default_factory=list)
    too_deep: Place | None = None


@dataclass(eq=False)
class Source:
    """A file, parsed. ``side`` is known of parts of a file, such as the scripts of a page: "browser" or "server".

    Of most files nothing but the imports and exports is asked for: what is deeper in them is gone through when it is.
    """

    file: str
    text: bytes
    root: Node
    side: str = ""
    noted: Notes = field(default_factory=Notes)

    @cached_property
    def imports(self) -> list[Import]:
        """What the file takes from elsewhere."""
        notes = self._whole if b"require(" in self.text or b"import(" in self.text else self._top
        return notes.imports

    @cached_property
    def exports(self) -> list[Export]:
        """What the file gives."""
        if b"exports" in self.text:
            _ = self._whole  # they may be assigned, anywhere
        _ = self._top
        for child in self.root.named_children:
            if child.type == "export_statement" and _from(child) is None:
                _note_own_export(self, child)
        return self.noted.exports

    @property
    def passed_on(self) -> list[Export]:
        """What the file gives of other files."""
        return [each for each in self._top.exports if each.specifier]

    @property
    def scopes(self) -> dict[int, dict[str, Declaration]]:
        """What each scope declares, by the id of its node."""
        return self._whole.scopes

    @property
    def calls(self) -> list[Node]:
        """Every call, with `new` or without."""
        return self._whole.calls

    @property
    def changing(self) -> list[Node]:
        """What may change something that was made before."""
        return self._whole.changing

    @cached_property
    def directives(self) -> tuple[str, ...]:
        """What the file says of itself at its beginning: "use client"."""
        return tuple(_directives(self.root))

    @cached_property
    def _top(self) -> Notes:
        for child in self.root.named_children:
            if child.type == "import_statement":
                _note_import(self, child)
            elif child.type == "export_statement" and (where := _from(child)) is not None:
                _note_passed_on(self, child, where)
        return self.noted

    @cached_property
    def _whole(self) -> Notes:
        notes = self._top
        _walk(self)
        return notes

    def place(self, node: Node) -> Place:
        """Return where a node begins."""
        return Place(self.file, node.start_point[0] + 1)

    def parent(self, node: Node) -> Node | None:
        """Return what a node is in."""
        return node.parent

    def around(self, node: Node) -> Iterator[Node]:
        """Yield everything that a node is in, from the inside."""
        above = node.parent
        while above is not None:
            yield above
            above = above.parent

    def function_around(self, node: Node) -> Node | None:
        """Return the innermost function that a node is in."""
        return next((above for above in self.around(node) if above.type in FUNCTIONS), None)

    def lookup(self, node: Node, name: str) -> Declaration | None:
        """Return the declaration that a name means where it stands."""
        for above in (node, *self.around(node)):
            if found := self.scopes.get(above.id, {}).get(name):
                return found
        return None

    def names(self) -> Iterator[tuple[Node, Node]]:
        """Yield every name that stands for a value, and what it is directly in."""
        waiting = [(self.root, self.root, 0)]
        while waiting:
            node, above, depth = waiting.pop()
            if node.type in ("identifier", "shorthand_property_identifier"):
                yield node, above
            elif node.type not in _TYPES and depth <= DEEPEST:
                waiting += [(child, node, depth + 1) for child in node.named_children]

    @cached_property
    def fault(self) -> Place | None:
        """Where the file is not understood, or None."""
        if self._whole.too_deep is not None:
            return self._whole.too_deep
        if not self.root.has_error:
            return None
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            if node.is_error or node.is_missing:
                return self.place(node)
            waiting += [child for child in reversed(node.children) if child.has_error or child.is_missing]
        return self.place(self.root)

    @cached_property
    def aliases(self) -> Mapping[Declaration, Sequence[Declaration]]:
        """Other names for what a name stands for, or for a part of it."""
        found: dict[Declaration, list[Declaration]] = {}
        for scope in self.scopes.values():
            for declaration in scope.values():
                if (first := _another_name(self, declaration)) is not None and first is not declaration:
                    found.setdefault(first, []).append(declaration)
        return found

    @cached_property
    def changes(self) -> Mapping[Declaration, Sequence[Change]]:
        """What is done to declared names after they were declared, in the order of the file."""
        found: dict[Declaration, list[Change]] = {}
        for node in self.changing:
            for change in _changes(self, node):
                found.setdefault(change.declaration, []).append(change)
        for each in found.values():
            each.sort(key=lambda change: change.node.start_byte)
        return found


def _another_name(source: Source, declaration: Declaration) -> Declaration | None:
    """Return the declaration of which another one is a part, or all of it, and no copy."""
    if declaration.kind != "variable" or declaration.value is None:
        return None
    inner = unwrapped(declaration.value)
    for _ in range(LONGEST_WAY):
        whole = inner.child_by_field_name("object") if inner.type == "member_expression" else None
        if whole is None:
            break
        inner = unwrapped(whole)
    return source.lookup(inner, text_of(inner)) if inner.type == "identifier" else None


def text_of(node: Node | None) -> str:
    """Return the text of a node."""
    return node.text.decode(errors="replace") if node is not None and node.text is not None else ""


def unwrapped(node: Node) -> Node:
    """Return an expression without what says nothing of its value: brackets and types."""
    while True:
        if node.type in _WRAPPERS and node.named_children:
            node = _operand(node)
        elif node.type in ("type_assertion", "await_expression") and node.named_children:
            node = node.named_children[-1]
        else:
            return node


def _operand(node: Node) -> Node:
    return next((child for child in node.named_children if child.type != "comment"), node.named_children[0])


def literal(node: Node) -> str | None:
    """Return the text of a string without anything to fill in, or None."""
    if node.type == "string" or (
        node.type == "template_string" and all(c.type != "template_substitution" for c in node.named_children)
    ):
        return "".join(_piece(child) for child in node.named_children)
    return None


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def _piece(node: Node) -> str:
    text = text_of(node)
    if node.type != "escape_sequence":
        return text
    if found := re.fullmatch(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))", text):
        number = int(found[1] or found[2] or found[3], 16)
        return chr(number) if number < 0x110000 else ""
    return _ESCAPES.get(text[1:2], text[1:].strip("\n"))


def key_of(node: Node) -> str | None:
    """Return the name of a member as it is written in an object or a class, or None where it is computed."""
    if node.type == "computed_property_name":
        return literal(node.named_children[0]) if node.named_children else None
    if node.type == "string":
        return literal(node)
    return text_of(node)


# --- From a file to sources


_BLOCK = re.compile(r"<script\b([^>]{0,500})>(.*?)</script\s*>", re.IGNORECASE | re.DOTALL)
_TYPED = re.compile(r"""\btype\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_RUNS = re.compile(r"module|(text|application)/(java|type)script|babel|ts|tsx|text/babel", re.IGNORECASE)
_FRONT = re.compile(r"\s*---[ \t]*\r?\n(.*?)\r?\n---", re.DOTALL)


def parsed(file: str, text: str) -> list[Source]:
    """Parse a file: one source, or of a page the parts of it that are run."""
    suffix = "." + file.rpartition(".")[2].lower()
    if suffix in SCRIPTS:
        return [_source(file, text, _TYPESCRIPT if suffix in _PLAIN else _TSX)]
    found = []
    if suffix == ".astro" and (front := _FRONT.match(text)):
        found.append(_source(file, _alone(text, [front.span(1)]), _TSX, "server"))
        text = _alone(text, [(front.end(), len(text))])
    blocks = [block for block in _BLOCK.finditer(text) if _is_run(block[1])]
    if blocks:
        language = _TSX if re.search(r"""lang\s*=\s*["']?[tj]sx""", blocks[0][1]) else _TYPESCRIPT
        side = "" if suffix in (".vue", ".svelte") else "browser"
        found.append(_source(file, _alone(text, [block.span(2) for block in blocks]), language, side))
    return found


def _is_run(attributes: str) -> bool:
    found = _TYPED.search(attributes)
    return found is None or _RUNS.fullmatch(found[1]) is not None


def _alone(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return a text in which nothing but some parts of it stands, each on its own lines."""
    parts, end = [], 0
    for start, stop in spans:
        parts += [re.sub(r"[^\n]+", " ", text[end:start]), text[start:stop], ";"]
        end = stop
    return "".join(parts)


def _source(file: str, text: str, language: Language, side: str = "") -> Source:
    content = text.encode(errors="replace")
    tree = Parser(language).parse(content)
    return Source(file, content, tree.root_node, side)


def _walk(source: Source) -> None:
    """Note everything that is asked for later, in one pass."""
    waiting = [(source.root, 0)]
    while waiting:
        node, depth = waiting.pop()
        if node.type in _TYPES:
            continue
        if depth > DEEPEST:
            # Whatever asks what a node is in would go all the way up, again and again.
            source.noted.too_deep = source.noted.too_deep or source.place(node)
            continue
        waiting += [(child, depth + 1) for child in node.named_children]
        if (note := _NOTED.get(node.type)) is not None:
            note(source, node)


# What stands for no value when the program runs.
_TYPES = frozenset(
    {"type_annotation", "type_arguments", "type_parameters", "interface_declaration", "type_alias_declaration",
     "type_query", "comment", "implements_clause", "function_signature"}
)  # fmt: skip


def _directives(block: Node) -> Iterator[str]:
    for child in block.named_children:
        if child.type == "comment" or child.type == "hash_bang_line":
            continue
        only = child.named_children[0] if child.type == "expression_statement" and child.named_children else None
        if only is None or only.type != "string":
            return
        yield literal(only) or ""


def directives_of(function: Node) -> tuple[str, ...]:
    """Return the directives that a function's body begins with."""
    body = function.child_by_field_name("body")
    return tuple(_directives(body)) if body is not None and body.type == "statement_block" else ()


# --- Declarations


def _scope(source: Source, node: Node, *, hoisted: bool = False) -> Node:
    for above in source.around(node):
        if above.type == "program" or above.type in FUNCTIONS or (not hoisted and above.type in _SCOPES):
            return above
    return source.root


def _declare(source: Source, scope: Node, declaration: Declaration) -> None:
    source.noted.scopes.setdefault(scope.id, {})[declaration.name] = declaration


def _note_variable(source: Source, node: Node) -> None:
    statement = source.parent(node)
    word = text_of(statement.children[0]) if statement is not None and statement.children else ""
    scope = _scope(source, node, hoisted=word == "var")
    value, name = node.child_by_field_name("value"), node.child_by_field_name("name")
    if name is None:
        return
    for found, path in _bound(name):
        kind = "variable"
        declaration = Declaration(
            kind, text_of(found), node, value, path, word == "const", scope=scope.id, function=_owner(source, scope)
        )
        _declare(source, scope, declaration)
        if value is not None and not path and (required := _required(value)) is not None:
            source.noted.imports.append(Import(required, "*", text_of(found), False, node.start_point[0] + 1))
        elif value is not None and len(path) == 1 and path[0][0] == "key" and (required := _required(value)):
            source.noted.imports.append(
                Import(required, str(path[0][1]), text_of(found), False, node.start_point[0] + 1)
            )


def _owner(source: Source, scope: Node) -> Node | None:
    return scope if scope.type in FUNCTIONS else source.function_around(scope)


def _bound(pattern: Node, path: tuple[Step, ...] = ()) -> Iterator[tuple[Node, tuple[Step, ...]]]:
    """Yield the names that a pattern binds, and the way into the value that each takes."""
    waiting: list[tuple[Node, tuple[Step, ...]]] = [(pattern, path)]
    while waiting:
        node, way = waiting.pop()
        if len(way) > 20:
            continue
        match node.type:
            case "identifier" | "shorthand_property_identifier_pattern":
                yield node, way
            case "object_pattern":
                taken = frozenset(filter(None, map(_taken, node.named_children)))
                for child in node.named_children:
                    if child.type == "rest_pattern" and child.named_children:
                        waiting.append((child.named_children[0], (*way, ("rest", taken))))
                    elif child.type == "shorthand_property_identifier_pattern":
                        waiting.append((child, (*way, ("key", text_of(child)))))
                    elif child.type == "pair_pattern":
                        key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                        if key is not None and value is not None:
                            waiting.append((value, (*way, ("key", key_of(key)))))
                    elif child.type == "object_assignment_pattern":
                        left, right = child.child_by_field_name("left"), child.child_by_field_name("right")
                        if left is not None:
                            waiting.append((left, (*way, ("key", text_of(left)), ("default", right))))
            case "array_pattern":
                for number, child in enumerate(node.named_children):
                    waiting.append((child, (*way, ("index", number))))
            case "assignment_pattern":
                left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
                if left is not None:
                    waiting.append((left, (*way, ("default", right))))
            case "rest_pattern":
                if node.named_children:
                    waiting.append((node.named_children[0], (*way, ("rest", frozenset()))))


def _taken(child: Node) -> str | None:
    if child.type == "pair_pattern":
        key = child.child_by_field_name("key")
        return key_of(key) if key is not None else None
    if child.type == "object_assignment_pattern":
        return text_of(child.child_by_field_name("left"))
    return text_of(child) if child.type == "shorthand_property_identifier_pattern" else None


def _note_function(source: Source, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is not None and node.type in ("function_declaration", "generator_function_declaration"):
        scope = _scope(source, node)
        _declare(source, scope, Declaration("function", text_of(name), node, scope=scope.id))
    parameters = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
    if parameters is None:
        return
    listed = [parameters] if parameters.type == "identifier" else parameters.named_children
    listed = [
        each for each in listed if each.type != "comment" and text_of(each.child_by_field_name("pattern")) != "this"
    ]
    for index, parameter in enumerate(listed):
        pattern = parameter.child_by_field_name("pattern") or parameter
        default = parameter.child_by_field_name("value")
        if parameter.type == "assignment_pattern":
            pattern, default = (
                parameter.child_by_field_name("left") or parameter,
                parameter.child_by_field_name("right"),
            )
        kind = "other" if pattern.type == "rest_pattern" else "parameter"
        for found, path in _bound(pattern):
            _declare(
                source,
                node,
                Declaration(kind, text_of(found), node, default, path, False, index, node, scope=node.id),
            )


def _note_class(source: Source, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is not None:
        scope = _scope(source, node)
        _declare(source, scope, Declaration("class", text_of(name), node, scope=scope.id))


def _note_enum(source: Source, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is not None:
        scope = _scope(source, node)
        _declare(source, scope, Declaration("enum", text_of(name), node, scope=scope.id))


def _note_loop(source: Source, node: Node) -> None:
    left = node.child_by_field_name("left")
    for found, _ in _bound(left) if left is not None else ():
        _declare(source, node, Declaration("other", text_of(found), node, scope=node.id))


def _note_catch(source: Source, node: Node) -> None:
    parameter = node.child_by_field_name("parameter")
    for found, _ in _bound(parameter) if parameter is not None else ():
        _declare(source, node, Declaration("other", text_of(found), node, scope=node.id))


# --- Imports and exports


def _from(node: Node) -> str | None:
    where = node.child_by_field_name("source")
    return literal(where) if where is not None else None


def _required(node: Node) -> str | None:
    """Return what `require("x")` or `await import("x")` names, or None."""
    node = unwrapped(node)
    if node.type != "call_expression":
        return None
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or arguments is None or text_of(function) not in ("require", "import"):
        return None
    return literal(arguments.named_children[0]) if arguments.named_children else None


def _note_import(source: Source, node: Node) -> None:
    line = node.start_point[0] + 1
    types = any(child.type == "type" for child in node.children)
    clause = next((child for child in node.named_children if child.type == "import_clause"), None)
    required = next((child for child in node.named_children if child.type == "import_require_clause"), None)
    if required is not None:
        named = [child for child in required.named_children if child.type == "identifier"]
        where = next((literal(child) for child in required.named_children if child.type == "string"), None)
        if named and where is not None:
            _take(source, node, Import(where, "*", text_of(named[0]), types, line))
        return
    where = _from(node)
    if where is None:
        return
    if clause is None:
        source.noted.imports.append(Import(where, "", "", False, line))
        return
    for child in clause.named_children:
        if child.type == "identifier":
            _take(source, node, Import(where, "default", text_of(child), types, line))
        elif child.type == "namespace_import":
            _take(source, node, Import(where, "*", text_of(child.named_children[0]), types, line))
        elif child.type == "named_imports":
            for each in child.named_children:
                name, alias = each.child_by_field_name("name"), each.child_by_field_name("alias")
                only = types or any(part.type == "type" for part in each.children)
                if name is not None:
                    shown = literal(name) if name.type == "string" else text_of(name)
                    _take(source, node, Import(where, shown or "", text_of(alias or name), only, line))


def _take(source: Source, node: Node, taken: Import) -> None:
    source.noted.imports.append(taken)
    if not taken.types:
        path: tuple[Step, ...] = (("import", taken),)
        _declare(source, source.root, Declaration("import", taken.local, node, path=path, scope=source.root.id))


def _note_passed_on(source: Source, node: Node, where: str) -> None:
    if any(child.type == "type" for child in node.children):
        return
    line = node.start_point[0] + 1
    found = [*_listed(node, where)]
    if not found and any(child.type == "*" for child in node.children):
        found = [Export("*", "*", where)]
    source.noted.exports += found
    source.noted.imports += [Import(where, each.local, "", False, line) for each in found]


def _listed(node: Node, where: str) -> Iterator[Export]:
    for child in node.named_children:
        if child.type == "export_clause":
            for each in child.named_children:
                name, alias = each.child_by_field_name("name"), each.child_by_field_name("alias")
                if name is not None and not any(part.type == "type" for part in each.children):
                    yield Export(text_of(alias or name), text_of(name), where)
        elif child.type == "namespace_export":
            yield Export(text_of(child.named_children[-1]), "*", where)


def _note_own_export(source: Source, node: Node) -> None:
    if any(child.type == "type" for child in node.children):
        return
    source.noted.exports += _listed(node, "")
    declaration, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
    if any(child.type == "default" for child in node.children):
        source.noted.exports.append(Export("default", node=value or declaration))
    elif declaration is not None:
        source.noted.exports += [Export(declared, declared) for declared in _declared(declaration)]


def _declared(node: Node) -> Iterator[str]:
    if node.type in ("lexical_declaration", "variable_declaration"):
        for each in node.named_children:
            pattern = each.child_by_field_name("name")
            for found, _ in _bound(pattern) if pattern is not None else ():
                yield text_of(found)
    elif (name := node.child_by_field_name("name")) is not None:
        yield text_of(name)


def _note_call(source: Source, node: Node) -> None:
    source.noted.calls.append(node)
    source.noted.changing.append(node)
    function = node.child_by_field_name("function")
    if (
        function is not None
        and text_of(function) in ("require", "import")
        and (required := _required(node)) is not None
    ):
        source.noted.imports.append(Import(required, "*", "", False, node.start_point[0] + 1))


def _note_new(source: Source, node: Node) -> None:
    source.noted.calls.append(node)


def _note_assignment(source: Source, node: Node) -> None:
    source.noted.changing.append(node)
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None or left.type != "member_expression":
        return
    way = text_of(left)
    if way == "module.exports":
        source.noted.exports.append(Export("default", node=right))
        if unwrapped(right).type == "object":
            for child in unwrapped(right).named_children:
                if child.type == "pair" and (key := child.child_by_field_name("key")) is not None:
                    source.noted.exports.append(Export(key_of(key) or "", node=child.child_by_field_name("value")))
                elif child.type == "shorthand_property_identifier":
                    source.noted.exports.append(Export(text_of(child), node=child))
                elif child.type == "method_definition" and (key := child.child_by_field_name("name")) is not None:
                    source.noted.exports.append(Export(key_of(key) or "", node=child))
        elif (required := _required(right)) is not None:
            source.noted.exports.append(Export("*", "*", required))
    elif found := re.fullmatch(r"(?:module\.)?exports\.([\w$]+)", way):
        source.noted.exports.append(Export(found[1], node=right))


def _note_changing(source: Source, node: Node) -> None:
    source.noted.changing.append(node)


_NOTED = {
    "variable_declarator": _note_variable,
    "class_declaration": _note_class,
    "abstract_class_declaration": _note_class,
    "class": _note_class,
    "enum_declaration": _note_enum,
    "for_in_statement": _note_loop,
    "catch_clause": _note_catch,
    "call_expression": _note_call,
    "new_expression": _note_new,
    "assignment_expression": _note_assignment,
    "augmented_assignment_expression": _note_changing,
    "update_expression": _note_changing,
    "unary_expression": _note_changing,
    **dict.fromkeys(FUNCTIONS, _note_function),
}


# --- Changes


def _rooted(source: Source, node: Node) -> tuple[Declaration | None, tuple[str | None, ...]]:
    """Return the declared name that a chain of members begins with, and the members; None for one that is computed."""
    way: list[str | None] = []
    node = unwrapped(node)
    while node.type in ("member_expression", "subscript_expression") and len(way) < LONGEST_WAY:
        member = node.child_by_field_name("property") or node.child_by_field_name("index")
        if member is None:
            return None, ()
        way.append(text_of(member) if node.type == "member_expression" else literal(member))
        inner = node.child_by_field_name("object")
        if inner is None:
            return None, ()
        node = unwrapped(inner)
    if node.type not in ("identifier", "shorthand_property_identifier"):
        return None, ()
    return source.lookup(node, text_of(node)), tuple(reversed(way))


# Calls that look at what they are given and leave it as it is.
_HARMLESS = re.compile(
    r"console\.\w+|Object\.(freeze|seal|keys|values|entries|preventExtensions)|JSON\.stringify|structuredClone|Boolean"
    r"|String|Number|require|import|expect|assert|use[A-Z]\w*"
)
_MERGING = re.compile(r"Object\.assign|(_|lodash)\.(merge|assign|extend|defaults|defaultsDeep)|merge|extend|assign")


def _changes(source: Source, node: Node) -> Iterator[Change]:
    if node.type == "call_expression":
        yield from _done_by_call(source, node)
        return
    target = node.child_by_field_name("left") or node.child_by_field_name("argument")
    if target is None:
        return
    if node.type == "unary_expression" and text_of(node.child_by_field_name("operator")) != "delete":
        return
    declaration, way = _rooted(source, target)
    if declaration is None:
        for name, _ in _bound(target) if target.type in ("object_pattern", "array_pattern") else ():
            if (found := source.lookup(name, text_of(name))) is not None:
                yield Change("unknown", found, (), None, node)
        return
    if node.type == "assignment_expression" and None not in way:
        yield Change("set", declaration, _written(way), node.child_by_field_name("right"), node)
    elif node.type == "unary_expression" and None not in way:
        yield Change("delete", declaration, _written(way), None, node)
    else:
        yield Change("unknown", declaration, _written(way), None, node)


def _written(way: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(each for each in way if each is not None)


def _done_by_call(source: Source, node: Node) -> Iterator[Change]:
    """Yield what a call may do to what it is given: nothing else uses a call whose result nobody takes."""
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return
    called = text_of(function)
    given = [child for child in arguments.named_children if child.type != "comment"]
    if _MERGING.fullmatch(called) and given:
        declaration, way = _rooted(source, given[0])
        if declaration is None or None in way:
            return
        if called == "Object.assign":
            for each in given[1:]:
                yield Change("merge", declaration, _written(way), each, node)
        elif _alone_in_statement(source, node):
            yield Change("unknown", declaration, _written(way), None, node)
        return
    if called == "Object.defineProperty" and given:
        declaration, way = _rooted(source, given[0])
        if declaration is not None:
            yield Change("unknown", declaration, _written(way), None, node)
        return
    if not _alone_in_statement(source, node) or _HARMLESS.fullmatch(called):
        return
    for each in given:
        declaration, way = _rooted(source, each)
        if declaration is not None and declaration.kind in ("variable", "parameter"):
            yield Change("given", declaration, _written(way), function, node)


def _alone_in_statement(source: Source, node: Node) -> bool:
    above = source.parent(node)
    while above is not None and above.type in ("await_expression", "parenthesized_expression"):
        above = source.parent(above)
    return above is not None and above.type == "expression_statement"
