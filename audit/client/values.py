"""What expressions of an application are, without running any of it.

An expression becomes one value, several that it may be, or an :class:`Unknown` with the reason and the place. Nothing
is guessed: what this reading does not understand is unknown. Names are followed to where they are declared, through
imports, calls and members; what is done to an object after it was made counts as it was done.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tree_sitter import Node

from audit.client.modules import External, Project
from audit.client.syntax import (
    FUNCTIONS,
    Change,
    Declaration,
    Export,
    Import,
    Place,
    Source,
    Step,
    key_of,
    literal,
    text_of,
    unwrapped,
)

MOST_STEPS = 30_000
DEEPEST = 45
MOST_ALTERNATIVES = 24


class _Undefined:
    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = _Undefined()

# What a function was called with, by the function: a list, or None where nobody knows.
Key = tuple[str, int]
Frame = Mapping[Key, "Sequence[Value] | None"]
NO_FRAME: Frame = {}


@dataclass(frozen=True, eq=False)
class Value:
    """Something that an expression may be, and where it is written."""

    place: Place | None = None


@dataclass(frozen=True, eq=False)
class Known(Value):
    """A text, number, truth value, null (None) or UNDEFINED."""

    value: Any = None


@dataclass(frozen=True, eq=False)
class Absent(Value):
    """Nothing is written there."""


@dataclass(frozen=True, eq=False)
class Record(Value):
    """An object: what was written into it, the last one winning. A name of None takes all members of a value over."""

    writes: tuple[tuple[str | None, Value], ...] = ()


@dataclass(frozen=True, eq=False)
class Items(Value):
    """A list."""

    values: tuple[Value, ...] = ()


@dataclass(frozen=True, eq=False)
class Without(Value):
    """The members of an object but some."""

    whole: Value = field(default_factory=Value)
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Function(Value):
    """A function of the application, with what its surroundings were called with; ``bound`` come before arguments."""

    source: Source | None = None
    node: Node | None = None
    frame: Frame = field(default_factory=dict)
    bound: tuple[Value, ...] = ()


@dataclass(frozen=True, eq=False)
class Foreign(Value):
    """Something of a package: its name there, "*" for all of it."""

    package: str = ""
    name: str = ""
    bound: tuple[Value, ...] = ()


@dataclass(frozen=True, eq=False)
class Module(Value):
    """All that a file exports."""

    file: str = ""


@dataclass(frozen=True, eq=False)
class Class(Value):
    """A class of the application, or (``made``) something made of it."""

    source: Source | None = None
    node: Node | None = None
    made: bool = False


@dataclass(frozen=True, eq=False)
class Unknown(Value):
    """What cannot be determined, and why. ``needs`` are functions on whose callers it depends."""

    reason: str = ""
    needs: frozenset[Key] = frozenset()


@dataclass(frozen=True, eq=False)
class OneOf(Value):
    """One of several values."""

    values: tuple[Value, ...] = ()


def alternatives(value: Value) -> tuple[Value, ...]:
    """Return what a value may be."""
    return value.values if isinstance(value, OneOf) else (value,)


def union(*values: Value) -> Value:
    """Put together what something may be."""
    found: list[Value] = []
    known: set[tuple[str, str]] = set()
    for each in (one for value in values for one in alternatives(value)):
        if isinstance(each, Known):
            key = (type(each.value).__name__, repr(each.value))
            if key in known:
                continue
            known.add(key)
        elif isinstance(each, Absent) and any(isinstance(one, Absent) for one in found):
            continue
        found.append(each)
    if len(found) == 1:
        return found[0]
    if len(found) > MOST_ALTERNATIVES:
        return Unknown(found[0].place, "there are too many ways that it may be written")
    return OneOf(found[0].place if found else None, tuple(found))


def needs(value: Value) -> frozenset[Key]:
    """Return the functions on whose callers a value depends."""
    return frozenset().union(*(each.needs for each in alternatives(value) if isinstance(each, Unknown)))


def truth(value: Value) -> bool | None:
    """Tell whether a value counts as true, or None where that is not certain."""
    found = {_truth_of(each) for each in alternatives(value)}
    return found.pop() if len(found) == 1 else None


def _truth_of(value: Value) -> bool | None:
    match value:
        case Known(value=inner):
            return False if inner is UNDEFINED else bool(inner)
        case Absent():
            return False
        case Record() | Items() | Function() | Class() | Module():
            return True
    return None


# What packages say of where the code runs.
_SIDES = {
    ("$app/environment", "browser"): "browser",
    ("esm-env", "BROWSER"): "browser",
    ("is-browser", "default"): "browser",
    ("browser-or-node", "isBrowser"): "browser",
    ("browser-or-node", "isNode"): "server",
}
_ASKED = {
    ("@angular/common", "isPlatformBrowser"): "browser",
    ("@angular/common", "isPlatformServer"): "server",
    ("@supabase/ssr", "isBrowser"): "browser",
}
_MEMBERS = {
    "import.meta.env.SSR": "server", "import.meta.server": "server", "import.meta.client": "browser",
    "process.server": "server", "process.client": "browser", "process.browser": "browser",
}  # fmt: skip
# What there is in a browser only.
_WINDOW = frozenset({"window", "document", "globalThis.window", "globalThis.document", "self.window", "localStorage"})
_PLAIN_CALLS = frozenset({"Object.freeze", "Object.seal", "Object.preventExtensions", "structuredClone", "readonly"})
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "===": operator.eq, "==": operator.eq, "!==": operator.ne, "!=": operator.ne,
}  # fmt: skip


class Evaluator:
    """Reads expressions as they are on one side: "browser" or "server"; "" where that is not known."""

    def __init__(self, project: Project, side: str = "") -> None:
        self.project = project
        self.side = side
        self.steps = MOST_STEPS
        self._depth = 0
        self._active: set[tuple[int, int, int]] = set()
        self._memo: dict[tuple[int, int], Value] = {}
        self._kept: dict[int, object] = {}

    def fresh(self) -> Evaluator:
        """Begin a new question: the steps count anew."""
        self.steps = MOST_STEPS
        return self

    def value(self, source: Source, node: Node, frame: Frame = NO_FRAME) -> Value:
        """Return what an expression is."""
        node = unwrapped(node)
        self.steps -= 1
        if self.steps < 0 or self._depth > DEEPEST:
            return Unknown(source.place(node), "it is too involved to be followed")
        key = (node.id, id(frame))
        if key in self._memo:
            return self._memo[key]
        self._kept[id(source)], self._kept[id(frame)] = source, frame  # so that their ids stay theirs
        self._depth += 1
        try:
            kind = _KINDS.get(node.type)
            found = kind(self, source, node, frame) if kind else _opaque(source, node)
        finally:
            self._depth -= 1
        self._memo[key] = found
        return found

    # --- Members

    def member(self, value: Value, name: str, place: Place | None = None) -> Value:
        """Return a member of a value; Absent where it has none of that name."""
        self.steps -= 1
        if self.steps < 0 or self._depth > DEEPEST:
            return Unknown(place, "it is too involved to be followed")
        self._depth += 1
        try:
            return union(*(self._member(each, name, place) for each in alternatives(value)))
        finally:
            self._depth -= 1

    def _member(self, value: Value, name: str, place: Place | None) -> Value:
        match value:
            case Record():
                return self._written(value, name)
            case Without():
                return Absent() if name in value.names else self.member(value.whole, name, place)
            case Module():
                return self.exported(value.file, name, place)
            case Foreign(name="*"):
                return Foreign(place, value.package, name) if name != "default" else value
            case Foreign(name="default"):
                return Foreign(place, value.package, name)
            case Class():
                return self._of_class(value, name)
            case Items() if name.isdigit() and int(name) < len(value.values):
                return value.values[int(name)]
            case Absent() | Known():
                return Absent(place)
            case Unknown():
                return value
        return Unknown(place or value.place, f"{_told(value)} has no member that is known here")

    def _written(self, record: Record, name: str) -> Value:
        """Look from the last write to the first: the first that has the name decides, unless it only may have it."""
        found: list[Value] = []
        for key, value in reversed(record.writes):
            if key is not None and key != name:
                continue
            inner = value if key == name else self._taken_over(value, name)
            certain = [each for each in alternatives(inner) if not isinstance(each, Absent)]
            found += certain
            if key == name and isinstance(value, Absent):
                break
            if len(certain) == len(alternatives(inner)):
                return union(*found)
        return union(*found, Absent(record.place))

    def _taken_over(self, value: Value, name: str) -> Value:
        found: list[Value] = []
        for each in alternatives(value):
            match each:
                case Known() | Absent() | Items() | Function():
                    found.append(Absent(each.place))  # spread, they bring nothing of that name
                case _:
                    found.append(self.member(each, name, each.place))
        return union(*found)

    def _of_class(self, value: Class, name: str) -> Value:
        source, node = value.source, value.node
        assert source is not None and node is not None
        body = node.child_by_field_name("body")
        found: list[Value] = []
        for child in body.named_children if body is not None else ():
            key = child.child_by_field_name("name")
            if key is None or key_of(key) != name:
                continue
            if child.type == "method_definition":
                if any(part.type == "get" for part in child.children):
                    found.append(self.call(Function(source.place(child), source, child), [], source.place(child)))
                else:
                    found.append(Function(source.place(child), source, child))
            elif (inner := child.child_by_field_name("value")) is not None:
                found.append(self.value(source, inner))
        for change in _of_this(source, node, name):
            found.append(
                self.value(source, change)
                if change.type != "augmented_assignment_expression"
                else _opaque(source, change)
            )
        heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
        if not found and heritage is not None:
            return Unknown(source.place(node), f"{name} may be inherited")
        return union(*found) if found else Unknown(source.place(node), f"{name} is not set in the class")

    # --- Names

    def name(self, source: Source, node: Node, frame: Frame) -> Value:
        """Return what a name means where it stands."""
        word = text_of(node)
        if word == "undefined":
            return Known(source.place(node), UNDEFINED)
        declaration = source.lookup(node, word)
        if declaration is None:
            if word in ("supabase", "Supabase") and _is_loaded_globally(source):
                return Foreign(source.place(node), "@supabase/supabase-js", "*")
            return Unknown(source.place(node), f"{word} is not declared in the folder")
        return self.declared(source, declaration, frame, node)

    def declared(self, source: Source, declaration: Declaration, frame: Frame, use: Node | None = None) -> Value:
        """Return what a declaration stands for where it is used."""
        key = (declaration.node.id, id(frame), hash(declaration.name))
        place = source.place(declaration.node)
        if key in self._active:
            return Unknown(place, f"{declaration.name} goes round in a circle")
        self._active.add(key)
        self._depth += 1
        try:
            if self._depth > DEEPEST:
                return Unknown(place, "it is too involved to be followed")
            base = self._base(source, declaration, frame, place)
            return self._changed(source, declaration, frame, base, use)
        finally:
            self._depth -= 1
            self._active.discard(key)

    def _base(self, source: Source, declaration: Declaration, frame: Frame, place: Place) -> Value:
        match declaration.kind:
            case "import":
                taken = declaration.path[0][1]
                assert isinstance(taken, Import)
                return self.imported(source, taken, place)
            case "function":
                return Function(place, source, declaration.node, frame)
            case "class":
                return Class(place, source, declaration.node)
            case "enum":
                return self._enum(source, declaration.node, frame)
            case "variable":
                if declaration.value is None:
                    return Known(place, UNDEFINED)
                return self._along(source, self.value(source, declaration.value, frame), declaration.path, frame)
            case "parameter":
                return self._parameter(source, declaration, frame, place)
        return Unknown(place, f"{declaration.name} is decided when the program runs")

    def _parameter(self, source: Source, declaration: Declaration, frame: Frame, place: Place) -> Value:
        function = declaration.function
        assert function is not None
        key = (source.file, function.id)
        if key not in frame:
            reason = f"{declaration.name} is what callers of {called(source, function)} hand over"
            return Unknown(place, reason, frozenset({key}))
        given = frame[key]
        if given is None:
            return Unknown(place, f"{declaration.name} is decided by whoever calls {called(source, function)}")
        value: Value = given[declaration.index] if declaration.index < len(given) else Absent(place)
        if declaration.value is not None:
            default = self.value(source, declaration.value, frame)
            value = union(*(default if _is_missing(each) else each for each in alternatives(value)))
        return self._along(source, value, declaration.path, frame)

    def _along(self, source: Source, value: Value, path: Sequence[Step], frame: Frame) -> Value:
        for kind, step in path:
            if kind == "key":
                value = (
                    self.member(value, step, value.place)
                    if isinstance(step, str)
                    else Unknown(value.place, "the name of a member is computed")
                )
            elif kind == "index":
                value = self.member(value, str(step), value.place)
            elif kind == "rest":
                assert isinstance(step, frozenset)
                value = Without(value.place, value, step)
            elif kind == "default":
                assert isinstance(step, Node)
                default = self.value(source, step, frame)
                value = union(*(default if _is_missing(each) else each for each in alternatives(value)))
        return value

    def _enum(self, source: Source, node: Node, frame: Frame) -> Value:
        body = node.child_by_field_name("body")
        writes: list[tuple[str | None, Value]] = []
        for child in body.named_children if body is not None else ():
            name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
            if name is not None and value is not None:
                writes.append((key_of(name), self.value(source, value, frame)))
            elif child.type == "property_identifier":
                writes.append((text_of(child), Known(source.place(child), len(writes))))
        return Record(source.place(node), tuple(writes))

    # --- Other files

    def imported(self, source: Source, taken: Import, place: Place) -> Value:
        """Return what an import brings."""
        return self.of_file(source.file, taken.specifier, taken.name, place)

    def of_file(self, file: str, specifier: str, name: str, place: Place) -> Value:
        """Return what another file, or a package, gives under a name."""
        there = self.project.resolve(file, specifier)
        if there is None:
            return Unknown(place, f"the file {specifier} is not in the folder")
        if isinstance(there, External):
            if (side := _SIDES.get((specifier, name))) and self.side:
                return Known(place, side == self.side)
            return Foreign(place, there.name, name)
        if there.endswith(".json"):
            whole = _from_json(self.project.data(there), Place(there, 1))
            return whole if name in ("default", "*") else self.member(whole, name, place)
        return Module(place, there) if name == "*" else self.exported(there, name, place)

    def exported(self, file: str, name: str, place: Place | None, seen: tuple[str, ...] = ()) -> Value:
        """Return what a file exports under a name."""
        if file in seen or len(seen) > 30:
            return Absent(place)
        if self._depth > DEEPEST:
            return Unknown(place, "it is passed on through too many files")
        self._depth += 1
        try:
            return self._exported(file, name, place, seen)
        finally:
            self._depth -= 1

    def _exported(self, file: str, name: str, place: Place | None, seen: tuple[str, ...]) -> Value:
        stars: list[tuple[Source, Export]] = []
        for source in self.project.sources(file):
            for export in source.exports:
                if export.name == name:
                    return self.of_export(source, export, place or source.place(source.root))
                if export.name == "*" and name != "default":
                    stars.append((source, export))
        for _, export in stars:
            there = self.project.resolve(file, export.specifier)
            if isinstance(there, str):
                found = self.exported(there, name, place, (*seen, file))
                if not isinstance(found, Absent):
                    return found
            elif isinstance(there, External) and there.name.startswith("@supabase/"):
                return Foreign(place, there.name, name)
        if seen:
            return Absent(place)
        return Unknown(place, f"{name} is not exported by {file}")

    def of_export(self, source: Source, export: Export, place: Place) -> Value:
        """Return what one export stands for."""
        if export.specifier:
            return self.of_file(source.file, export.specifier, export.local, place)
        if export.node is not None:
            if export.node.type in FUNCTIONS:
                return Function(source.place(export.node), source, export.node)
            if export.node.type in ("class_declaration", "class"):
                return Class(source.place(export.node), source, export.node)
            return self.value(source, export.node)
        declaration = source.scopes.get(source.root.id, {}).get(export.local)
        if declaration is None:
            return Unknown(place, f"{export.local} is not declared in {source.file}")
        return self.declared(source, declaration, NO_FRAME)

    # --- What is done to a value after it was made

    def _changed(self, source: Source, declaration: Declaration, frame: Frame, value: Value, use: Node | None) -> Value:
        for change in source.changes.get(declaration, ()):
            when = self._when(source, declaration, change, use, frame)
            if when is False:
                continue
            after = self._after(source, change, value, frame)
            value = after if when else union(value, after)
        if alias := _alias_changed(source, declaration):
            return union(value, Unknown(alias, f"{declaration.name} is changed under another name"))
        return value

    def _after(self, source: Source, change: Change, value: Value, frame: Frame) -> Value:
        place = source.place(change.node)
        match change.kind:
            case "set" if change.value is not None:
                return self._set(value, change.way, self.value(source, change.value, frame), place)
            case "delete":
                return self._set(value, change.way, Absent(place), place)
            case "merge" if change.value is not None:
                inner = value
                for name in change.way:
                    inner = self.member(inner, name, place)
                merged = Record(place, ((None, inner), (None, self.value(source, change.value, frame))))
                return self._set(value, change.way, merged, place) if change.way else merged
            case "given" if change.value is not None:
                called_ = self.value(source, change.value, frame)
                if all(_leaves_alone(each) for each in alternatives(called_)):
                    return value
                return Unknown(
                    place, f"{change.declaration.name} is handed to {text_of(change.value)[:60]}(), which may change it"
                )
        return Unknown(place, f"{change.declaration.name} is changed in a way that cannot be followed")

    def _set(self, value: Value, way: Sequence[str], new: Value, place: Place) -> Value:
        if not way:
            return new
        inner = self._set(self.member(value, way[0], place), way[1:], new, place)
        return Record(place, ((None, value), (way[0], inner)))

    def _when(
        self, source: Source, declaration: Declaration, change: Change, use: Node | None, frame: Frame
    ) -> bool | None:
        """Tell whether a change was made when a name is used: True, False, or None for perhaps."""
        home = source.function_around(declaration.node) if declaration.kind != "parameter" else declaration.function
        by = source.function_around(change.node)
        at = source.function_around(use) if use is not None else None
        certain: bool | None = True
        if _id(by) != _id(home):
            certain = None
        elif use is not None and _id(at) == _id(home) and change.node.start_byte >= use.start_byte:
            return None if _in_loop(source, use, home) else False
        inner = change.node
        for above in source.around(change.node):
            if _id(above) == _id(home) or above.id == declaration.scope:
                break
            if above.type in ("if_statement", "ternary_expression"):
                condition = above.child_by_field_name("condition")
                then, other = above.child_by_field_name("consequence"), above.child_by_field_name("alternative")
                held = truth(self.value(source, condition, frame)) if condition is not None else None
                if condition is not None and inner.id == condition.id:
                    pass
                elif held is None:
                    certain = None
                elif (held and other is not None and inner.id == other.id) or (
                    not held and then is not None and inner.id == then.id
                ):
                    return False
            elif above.type in _UNCERTAIN or (above.type == "binary_expression" and _is_lazy(above, inner)):
                certain = None
            inner = above
        return certain

    # --- Calls

    def call(self, function: Value, arguments: Sequence[Value] | None, place: Place | None) -> Value:
        """Return what a call gives."""
        self.steps -= 1
        if self.steps < 0 or self._depth > DEEPEST:
            return Unknown(place, "it is too involved to be followed")
        found = []
        for each in alternatives(function):
            if isinstance(each, Function) and each.node is not None and each.source is not None:
                given = None if arguments is None else (*each.bound, *arguments)
                frame = {**each.frame, (each.source.file, each.node.id): given}
                self._depth += 1
                try:
                    found.append(self._result(each.source, each.node, frame))
                finally:
                    self._depth -= 1
            elif isinstance(each, Unknown):
                found.append(each)
            else:
                found.append(Unknown(place, f"{_told(each)} is not part of the folder"))
        return union(*found) if found else Unknown(place, "nothing is called")

    def _result(self, source: Source, node: Node, frame: Frame) -> Value:
        key = (node.id, len(frame), -1)
        if key in self._active:
            return Unknown(source.place(node), f"{called(source, node)} calls itself")
        body = node.child_by_field_name("body")
        if body is None or node.type.startswith("generator"):
            return Unknown(source.place(node), f"{called(source, node)} has no result that is known here")
        self._active.add(key)
        try:
            if body.type != "statement_block":
                return self.value(source, body, frame)
            results, falls = self._run(source, body.named_children, frame)
            return union(*results, *([Known(source.place(node), UNDEFINED)] if falls or not results else []))
        finally:
            self._active.discard(key)

    def _run(
        self, source: Source, statements: Sequence[Node], frame: Frame, depth: int = 0
    ) -> tuple[list[Value], bool]:
        """Go through statements; return what may be returned, and whether the end may be reached."""
        results: list[Value] = []
        if depth > 15:
            return [Unknown(source.place(statements[0]), "it is nested too deeply")] if statements else [], True
        for statement in statements:
            match statement.type:
                case "return_statement":
                    inner = [child for child in statement.named_children if child.type != "comment"]
                    if not inner:
                        return [*results, Known(source.place(statement), UNDEFINED)], False
                    return [*results, self.value(source, inner[0], frame)], False
                case "throw_statement":
                    return results, False
                case "if_statement":
                    found, falls = self._branches(source, statement, frame, depth)
                case "statement_block" | "else_clause":
                    found, falls = self._run(source, statement.named_children, frame, depth + 1)
                case "try_statement" | "switch_statement" | "switch_body" | "switch_case" | "switch_default":
                    found, falls = self._any(source, statement, frame, depth)
                case "for_statement" | "for_in_statement" | "while_statement" | "do_statement" | "labeled_statement":
                    found, falls = self._any(source, statement, frame, depth)
                case _:
                    continue
            results += found
            if not falls:
                return results, False
        return results, True

    def _branches(self, source: Source, node: Node, frame: Frame, depth: int) -> tuple[list[Value], bool]:
        condition, then = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        other = node.child_by_field_name("alternative")
        held = truth(self.value(source, condition, frame)) if condition is not None else None
        results: list[Value] = []
        falls = False
        for branch, taken in ((then, held is not False), (other, held is not True)):
            if not taken:
                continue
            found, through = self._run(source, [branch], frame, depth + 1) if branch is not None else ([], True)
            results += found
            falls |= through
        return results, falls

    def _any(self, source: Source, node: Node, frame: Frame, depth: int) -> tuple[list[Value], bool]:
        """Take every part of a statement for possible."""
        results: list[Value] = []
        for child in node.named_children:
            if child.type in _CONTAINERS:
                results += (
                    self._run(source, [child], frame, depth + 1)[0]
                    if child.type in _RUN
                    else self._any(source, child, frame, depth + 1)[0]
                )
            elif child.type == "return_statement":
                results += self._run(source, [child], frame, depth + 1)[0]
        if node.type == "try_statement" and (body := node.child_by_field_name("body")) is not None:
            _, falls = self._run(source, [body], frame, depth + 1)
            return results, falls or node.child_by_field_name("handler") is not None
        return results, True

    def arguments(self, source: Source, node: Node, frame: Frame) -> list[Value]:
        """Return what a call hands over."""
        listed = node.child_by_field_name("arguments")
        found: list[Value] = []
        for child in listed.named_children if listed is not None else ():
            if child.type == "comment":
                continue
            if child.type != "spread_element":
                found.append(self.value(source, child, frame))
                continue
            whole = self.value(source, child.named_children[0], frame)
            if isinstance(whole, Items):
                found += whole.values
            else:
                reason = (
                    whole.reason if isinstance(whole, Unknown) else "the arguments are spread from what is not known"
                )
                unknown = Unknown(source.place(child), reason, needs(whole))
                found += [unknown] * 5
                break
        return found


# --- One function for each kind of expression


def _opaque(source: Source, node: Node) -> Value:
    return Unknown(source.place(node), "it is decided by an expression that cannot be followed")


def _string(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    if (text := literal(node)) is not None:
        return Known(source.place(node), text)
    parts = []
    for child in node.named_children:
        if child.type == "template_substitution":
            inner = evaluator.value(source, child.named_children[0], frame) if child.named_children else Absent()
            if not isinstance(inner, Known) or not isinstance(inner.value, str):
                reason = inner.reason if isinstance(inner, Unknown) else "a part of the text is not known"
                return Unknown(source.place(node), reason, needs(inner))
            parts.append(inner.value)
        else:
            parts.append(text_of(child))
    return Known(source.place(node), "".join(parts))


def _number(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    try:
        return Known(source.place(node), float(text_of(node).replace("_", "")))
    except ValueError:
        return _opaque(source, node)


def _object(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    writes: list[tuple[str | None, Value]] = []
    for child in node.named_children:
        place = source.place(child)
        if child.type == "pair":
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            if key is None or value is None:
                continue
            name = key_of(key)
            if name is None and key.named_children:
                computed = evaluator.value(source, key.named_children[0], frame)
                name = computed.value if isinstance(computed, Known) and isinstance(computed.value, str) else None
            if name is None:
                writes.append((None, Unknown(place, "the name of a member is computed")))
            else:
                writes.append((name, _placed(evaluator.value(source, value, frame), source.place(value))))
        elif child.type == "shorthand_property_identifier":
            writes.append((text_of(child), evaluator.name(source, child, frame)))
        elif child.type == "spread_element" and child.named_children:
            writes.append((None, evaluator.value(source, child.named_children[0], frame)))
        elif child.type == "method_definition" and (key := child.child_by_field_name("name")) is not None:
            function = Function(place, source, child, frame)
            getter = any(part.type == "get" for part in child.children)
            writes.append((key_of(key), evaluator.call(function, [], place) if getter else function))
    return Record(source.place(node), tuple(writes))


def _placed(value: Value, place: Place) -> Value:
    """Say of a plain value where it is handed on, if nobody knows better."""
    return Known(place, value.value) if isinstance(value, Known) and value.place is None else value


def _array(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    values: list[Value] = []
    for child in node.named_children:
        if child.type == "spread_element":
            inner = evaluator.value(source, child.named_children[0], frame)
            if not isinstance(inner, Items):
                return Unknown(source.place(child), "a list is spread from what is not known", needs(inner))
            values += inner.values
        elif child.type != "comment":
            values.append(evaluator.value(source, child, frame))
    return Items(source.place(node), tuple(values))


def _function(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    return Function(source.place(node), source, node, frame)


def _member(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    text = text_of(node) if node.end_byte - node.start_byte < 200 else ""
    text = text.replace("?.", ".")
    if (side := _MEMBERS.get(text)) and evaluator.side:
        return Known(source.place(node), side == evaluator.side)
    if found := re.fullmatch(r"(?:process\.env|import\.meta\.env|Deno\.env|Bun\.env)\.(\w+)", text):
        return Unknown(source.place(node), f"it is set by the variable {found[1]}")
    inner, member = node.child_by_field_name("object"), node.child_by_field_name("property")
    index = node.child_by_field_name("index")
    if inner is None:
        return _opaque(source, node)
    if index is not None:
        named = evaluator.value(source, index, frame)
        whole = evaluator.value(source, inner, frame)
        names = [each.value for each in alternatives(named) if isinstance(each, Known)]
        if not names or len(names) < len(alternatives(named)):
            if isinstance(whole, Record) and all(key is not None for key, _ in whole.writes):
                return union(*(value for _, value in whole.writes))
            return Unknown(source.place(node), "the name of a member is computed", needs(named))
        return union(*(evaluator.member(whole, _named(name), source.place(node)) for name in names))
    if text.startswith(("window.", "globalThis.", "self.")) and text.partition(".")[2] in ("supabase", "Supabase"):
        return Foreign(source.place(node), "@supabase/supabase-js", "*")
    whole = evaluator.value(source, inner, frame)
    return evaluator.member(whole, text_of(member), source.place(node))


def _named(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _this(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    """Return what `this` is: of a method or a field the object or class that it belongs to."""
    owned = False
    for above in source.around(node):
        if above.type in ("class_declaration", "class", "abstract_class_declaration"):
            return Class(source.place(node), source, above, made=True)
        if above.type == "object" and owned:
            return evaluator.value(source, above, frame)
        if above.type == "method_definition":
            owned = True
        elif above.type in FUNCTIONS and above.type != "arrow_function":
            break
    return _opaque(source, node)


def _call(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    function = node.child_by_field_name("function")
    place = source.place(node)
    if function is None:
        return _opaque(source, node)
    text = text_of(function) if function.end_byte - function.start_byte < 200 else ""
    if text in ("require", "import"):
        listed = node.child_by_field_name("arguments")
        named = literal(listed.named_children[0]) if listed is not None and listed.named_children else None
        if named is None:
            return Unknown(place, "what is imported is computed")
        return evaluator.of_file(source.file, named, "*", place)
    arguments = evaluator.arguments(source, node, frame)
    if text in _PLAIN_CALLS and arguments:
        return arguments[0]
    if text == "Object.assign":
        return Record(place, tuple((None, each) for each in arguments))
    if text == "Boolean" and arguments:
        return _as_truth(arguments[0], place)
    if text == "JSON.parse" and (
        found := re.fullmatch(r"JSON\.parse\(\s*JSON\.stringify\((.*)\)\s*\)", text_of(node), re.DOTALL)
    ):
        listed = node.child_by_field_name("arguments")
        if listed is not None and listed.named_children and listed.named_children[0].type == "call_expression":
            inner = evaluator.arguments(source, listed.named_children[0], frame)
            return inner[0] if inner and found else _opaque(source, node)
    member = function.child_by_field_name("property")
    if member is not None and text_of(member) in ("bind", "call", "apply"):
        bound = _bound_call(evaluator, source, function, text_of(member), arguments, frame)
        if bound is not None:
            return bound
    if text.startswith(("Deno.env.get", "process.env")):
        return Unknown(place, "it is set by a variable of the environment")
    called_ = evaluator.value(source, function, frame)
    if isinstance(called_, Foreign):
        if (asked := _ASKED.get((called_.package, called_.name))) and evaluator.side:
            return Known(place, asked == evaluator.side)
        return Unknown(place, f"it comes from {_told(called_)}, which is not part of the folder")
    return evaluator.call(called_, arguments, place)


def _bound_call(
    evaluator: Evaluator, source: Source, function: Node, how: str, arguments: list[Value], frame: Frame
) -> Value | None:
    inner = function.child_by_field_name("object")
    if inner is None:
        return None
    whole = evaluator.value(source, inner, frame)
    if how == "bind" and isinstance(whole, Foreign):
        return Foreign(whole.place, whole.package, whole.name, tuple(arguments[1:]))
    if isinstance(whole, Function):
        if how == "bind":
            return Function(whole.place, whole.source, whole.node, whole.frame, (*whole.bound, *arguments[1:]))
        if how == "call":
            return evaluator.call(whole, arguments[1:], source.place(function))
        given = arguments[1] if len(arguments) > 1 else Items()
        return evaluator.call(whole, given.values if isinstance(given, Items) else None, source.place(function))
    return None


def _new(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    constructor = node.child_by_field_name("constructor")
    if constructor is None:
        return _opaque(source, node)
    made = evaluator.value(source, constructor, frame)
    if isinstance(made, Class):
        return Class(source.place(node), made.source, made.node, made=True)
    return Unknown(source.place(node), f"it is made by {text_of(constructor)[:60]}")


def _as_truth(value: Value, place: Place) -> Value:
    found: list[Value] = []
    for each in alternatives(value):
        held = _truth_of(each)
        if held is None:
            reason = each.reason if isinstance(each, Unknown) else "it is not known whether it is true"
            found.append(Unknown(each.place or place, reason, needs(each)))
        else:
            found.append(Known(place, held))
    return union(*found)


def _unary(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    operand = node.child_by_field_name("argument")
    sign = text_of(node.child_by_field_name("operator"))
    place = source.place(node)
    if operand is None:
        return _opaque(source, node)
    if sign == "typeof":
        name = text_of(unwrapped(operand)) if operand.end_byte - operand.start_byte < 100 else ""
        if name in _WINDOW and evaluator.side and source.lookup(node, name) is None:
            return Known(place, "object" if evaluator.side == "browser" else "undefined")
        if name in _WINDOW:
            return Unknown(place, "it depends on whether the code runs in a browser")
        inner = evaluator.value(source, operand, frame)
        if isinstance(inner, Known):
            return Known(place, _TYPE_NAMES.get(type(inner.value), "object"))
        return _opaque(source, node) if not isinstance(inner, Unknown) else inner
    if sign == "void":
        return Known(place, UNDEFINED)
    inner = evaluator.value(source, operand, frame)
    if sign == "!":
        return union(
            *(
                Known(place, not each.value) if isinstance(each, Known) else each
                for each in alternatives(_as_truth(inner, place))
            )
        )
    return _opaque(source, node) if not isinstance(inner, Unknown) else inner


_TYPE_NAMES = {bool: "boolean", str: "string", float: "number", _Undefined: "undefined"}


def _binary(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    sign = text_of(node.child_by_field_name("operator"))
    place = source.place(node)
    if left is None or right is None:
        return _opaque(source, node)
    one = evaluator.value(source, left, frame)
    if sign in ("&&", "||", "??"):
        found: list[Value] = []
        for each in alternatives(one):
            goes_on = _goes_on(sign, each)
            if goes_on is None and sign == "&&":
                # It ends here with something that counts as false; callers who decide it are worth asking.
                found += [Known(place, False), *([each] if needs(each) else [])]
            elif goes_on is not True:
                found.append(each)
            if goes_on is not False:
                found.append(evaluator.value(source, right, frame))
        return union(*found)
    other = evaluator.value(source, right, frame)
    if sign in _COMPARED:
        found = []
        for a in alternatives(one):
            for b in alternatives(other):
                if isinstance(a, Known | Absent) and isinstance(b, Known | Absent):
                    found.append(Known(place, _COMPARED[sign](_plain(a, sign), _plain(b, sign))))
                else:
                    unknown = a if isinstance(a, Unknown) else b
                    reason = unknown.reason if isinstance(unknown, Unknown) else "it compares what is not known"
                    found.append(Unknown(unknown.place or place, reason, needs(unknown)))
        return union(*found)
    if sign == "+" and all(isinstance(each, Known) and isinstance(each.value, str) for each in (one, other)):
        assert isinstance(one, Known) and isinstance(other, Known)
        return Known(place, one.value + other.value)
    if sign == "in" and left.type == "string" and literal(left) in _WINDOW and text_of(right) in ("globalThis", "self"):
        return Known(place, evaluator.side == "browser") if evaluator.side else _opaque(source, node)
    unknown = one if isinstance(one, Unknown) else other
    return Unknown(place, unknown.reason, needs(unknown)) if isinstance(unknown, Unknown) else _opaque(source, node)


def _plain(value: Value, sign: str) -> object:
    inner = value.value if isinstance(value, Known) else UNDEFINED
    if len(sign) == 2 and inner is None:
        return UNDEFINED  # == does not tell null from undefined
    return (type(inner).__name__, inner)


def _goes_on(sign: str, value: Value) -> bool | None:
    """Tell whether the right side counts: always, never, or (None) perhaps."""
    if sign == "??":
        if isinstance(value, Unknown):
            return None
        return _is_missing(value) or (isinstance(value, Known) and value.value is None)
    held = _truth_of(value)
    if held is None:
        return None
    return held if sign == "&&" else not held


def _ternary(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    condition = node.child_by_field_name("condition")
    then, other = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
    if condition is None or then is None or other is None:
        return _opaque(source, node)
    decides = evaluator.value(source, condition, frame)
    held = truth(decides)
    if held is not None:
        return evaluator.value(source, then if held else other, frame)
    both = union(evaluator.value(source, then, frame), evaluator.value(source, other, frame))
    wanted = needs(decides)
    if wanted:
        # Whoever calls decides, so that it is worth asking them.
        unknown = next(each for each in alternatives(decides) if isinstance(each, Unknown) and each.needs)
        return union(both, Unknown(unknown.place, unknown.reason, wanted))
    return both


def _assignment(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    right = node.child_by_field_name("right")
    return evaluator.value(source, right, frame) if right is not None else _opaque(source, node)


def _last(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    return evaluator.value(source, node.named_children[-1], frame) if node.named_children else _opaque(source, node)


def _class(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    return Class(source.place(node), source, node)


def _constant(value: object) -> Callable[[Evaluator, Source, Node, Frame], Value]:
    return lambda evaluator, source, node, frame: Known(source.place(node), value)


def _identifier(evaluator: Evaluator, source: Source, node: Node, frame: Frame) -> Value:
    return evaluator.name(source, node, frame)


_KINDS: Mapping[str, Callable[[Evaluator, Source, Node, Frame], Value]] = {
    "true": _constant(True),
    "false": _constant(False),
    "null": _constant(None),
    "undefined": _constant(UNDEFINED),
    "string": _string,
    "template_string": _string,
    "number": _number,
    "object": _object,
    "array": _array,
    "identifier": _identifier,
    "shorthand_property_identifier": _identifier,
    "member_expression": _member,
    "subscript_expression": _member,
    "this": _this,
    "call_expression": _call,
    "new_expression": _new,
    "unary_expression": _unary,
    "binary_expression": _binary,
    "ternary_expression": _ternary,
    "assignment_expression": _assignment,
    "sequence_expression": _last,
    "class": _class,
    **dict.fromkeys(FUNCTIONS, _function),
}

_UNCERTAIN = frozenset(
    {"for_statement", "for_in_statement", "while_statement", "do_statement", "try_statement", "switch_statement",
     "switch_case", "switch_default", "catch_clause"}
)  # fmt: skip
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_RUN = frozenset({"statement_block", "if_statement", "else_clause"})
_CONTAINERS = _RUN | _UNCERTAIN | {"switch_body", "finally_clause", "labeled_statement"}


# --- Small things


def called(source: Source, function: Node) -> str:
    """Return the name of a function, as people would say it: "make()"."""
    return f"{named(source, function) or 'a function'}()"


def named(source: Source, node: Node) -> str:
    """Return the name that a function, or what is made where ``node`` stands, has; "" where it has none."""
    for above in (node, *source.around(node)):
        name = above.child_by_field_name("name")
        if (
            above.type in (*FUNCTIONS, "variable_declarator", "class_declaration", "public_field_definition")
            and name is not None
        ):
            return text_of(name) if name.type not in ("object_pattern", "array_pattern") else ""
        if above.type == "pair" and (key := above.child_by_field_name("key")) is not None and node.type in FUNCTIONS:
            return key_of(key) or ""
        if above.type in ("assignment_expression",):
            return text_of(above.child_by_field_name("left"))[:60]
        if above is not node and node.type in FUNCTIONS and above.type in ("statement_block", "program"):
            return ""
    return ""


def _told(value: Value) -> str:
    if isinstance(value, Foreign):
        return f"{value.name} of {value.package}" if value.name not in ("*", "default") else value.package
    return {Function: "a function", Class: "a class", Items: "a list"}.get(type(value), "what is there")


def _is_missing(value: Value) -> bool:
    return isinstance(value, Absent) or (isinstance(value, Known) and value.value is UNDEFINED)


def _id(node: Node | None) -> int | None:
    return node.id if node is not None else None


def _in_loop(source: Source, node: Node, home: Node | None) -> bool:
    for above in source.around(node):
        if _id(above) == _id(home):
            return False
        if above.type in _LOOPS:
            return True
    return False


def _is_lazy(above: Node, inner: Node) -> bool:
    """Tell whether a part of an expression is only reached in certain cases."""
    right = above.child_by_field_name("right")
    sign = text_of(above.child_by_field_name("operator"))
    return sign in ("&&", "||", "??") and right is not None and right.id == inner.id


def _is_loaded_globally(source: Source) -> bool:
    """Tell whether a page, or a script of one, uses the library as a browser has it: by its global name."""
    return not any(taken.specifier.startswith("@supabase/") for taken in source.imports)


def _of_this(source: Source, node: Node, name: str) -> Iterator[Node]:
    """Yield what is assigned to a member of `this` in a class."""
    for change in source.changing:
        left, right = change.child_by_field_name("left"), change.child_by_field_name("right")
        if left is None or right is None or left.type != "member_expression":
            continue
        inner, member = left.child_by_field_name("object"), left.child_by_field_name("property")
        while inner is not None and inner.type == "member_expression":
            member, inner = inner.child_by_field_name("property"), inner.child_by_field_name("object")
        if inner is None or inner.type != "this" or text_of(member) != name:
            continue
        if any(above.id == node.id for above in source.around(change)):
            direct = left.child_by_field_name("object")
            plain = direct is not None and direct.type == "this" and change.type == "assignment_expression"
            yield right if plain else change


def _alias_changed(source: Source, declaration: Declaration) -> Place | None:
    """Return where another name for (a part of) an object is changed; a copy is none."""
    for other in source.aliases.get(declaration, ()):
        changes = source.changes.get(other, ())
        if any(change.way or change.kind in ("merge", "unknown") for change in changes):
            return source.place(changes[0].node)
    return None


def _leaves_alone(value: Value) -> bool:
    """Tell whether a function leaves alone what it is given: it changes none of its parameters."""
    if isinstance(value, Foreign):
        return value.package.startswith("@supabase/")
    if not isinstance(value, Function) or value.source is None or value.node is None:
        return False
    parameters = value.source.scopes.get(value.node.id, {}).values()
    return not any(value.source.changes.get(each) for each in parameters)


def _from_json(content: object, place: Place, depth: int = 0) -> Value:
    if depth > 20:
        return Unknown(place, "it is nested too deeply")
    if isinstance(content, dict):
        return Record(place, tuple((str(k), _from_json(v, place, depth + 1)) for k, v in content.items()))
    if isinstance(content, list):
        return Items(place, tuple(_from_json(each, place, depth + 1) for each in content))
    if isinstance(content, bool | str) or content is None:
        return Known(place, content)
    return (
        Known(place, float(content)) if isinstance(content, int | float) else Unknown(place, "the file cannot be read")
    )
