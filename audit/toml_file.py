"""The one reader of files that people write: TOML, its form checked by types, each mistake named with file and line.

The form of a file is a frozen dataclass; its fields' types say what may stand there, and pydantic checks it. The
standard library's reader does not tell lines: :func:`locate` finds them.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, Field, Strict, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from audit.evidence import safe

# Where something stands: keys, and numbers in lists.
Way = tuple[str | int, ...]

# What a dataclass that is the form of a file says of itself: ``__pydantic_config__ = EXACTLY``.
EXACTLY = ConfigDict(extra="forbid")

# What can stand in a field, and is not taken for another: true is no number, and "3" is none either.
CAPITALS = r"^[A-Z]*$"
Text = Annotated[str, StringConstraints(pattern=r"\S")]
Flag = Annotated[bool, Strict()]
Amount = Annotated[int, Strict(), Field(ge=0)]
Day = Annotated[dt.date, Strict()]

Form = TypeVar("Form")


class FileError(ValueError):
    """A file cannot be used; the message is one sentence with file and line."""


@dataclass(frozen=True)
class TomlFile:
    """What stands in a file, and where. ``name`` is the file as people know it."""

    name: str
    content: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[Way, int] = field(default_factory=dict)

    def at(self, *way: str | int) -> str:
        """Say where something stands, or the nearest that it stands in: "audit.toml, line 3"."""
        while way and way not in self.lines:
            way = way[:-1]
        return f"{self.name}, line {self.lines[way]}" if way else self.name

    def part(self, way: Way) -> TomlFile:
        """Return what stands in a table of the file, as if it were the file; nothing where there is no such table."""
        content: Any = self.content
        for step in way:
            content = content.get(step, {}) if isinstance(content, dict) else {}
        lines = {each[len(way) :]: line for each, line in self.lines.items() if each[: len(way)] == way}
        return TomlFile(self.name, content if isinstance(content, dict) else {}, lines)

    def wrong(self, way: Way, why: str) -> FileError:
        """Return the error about what stands there."""
        return FileError(safe(f"{self.at(*way)}: {why}"))


def read(path: Path) -> TomlFile:
    """Read a file.

    Raises FileError when it cannot be read or is no TOML.
    """
    name = shown(path)
    try:
        # Windows' line ends are TOML's too; in texts of several lines they are what Python takes them for.
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise FileError(f"{name} cannot be read: it is not UTF-8 text; save the file as UTF-8") from None
    except OSError as error:
        raise FileError(f"{name} cannot be read: {error.strerror}") from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else max(1, len(text.splitlines()))
        why = re.sub(r" \(at [^()]*\)$", "", str(error))
        raise FileError(safe(f"{name}, line {line}: this cannot be read, it is not valid TOML: {why}")) from None
    except RecursionError:
        raise FileError(f"{name} cannot be read: it is nested too deeply") from None
    return TomlFile(name, content, locate(text))


def shown(path: Path) -> str:
    """Return a path as people know it: from where they are, if the file is below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def form_of(kind: type[Form], file: TomlFile, within: Way = ()) -> Form:
    """Return what stands in a file, or ``within`` a part of it, as the dataclass that is its form.

    Raises FileError about the first mistake.
    """
    content: Any = file.content
    for step in within:
        content = content[step]
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_context=True)
        raise file.wrong(*_explained(kind, within, mistakes)) from None


def _explained(kind: Any, within: Way, mistakes: list[ErrorDetails]) -> tuple[Way, str]:  # noqa: ANN401
    """Return where a mistake is, and what is wrong, in words of the file: a key that is not known before all others."""
    mistake = min(mistakes, key=lambda each: each["type"] != "unexpected_keyword_argument")
    way = tuple(step for step in mistake["loc"] if step not in NO_STEPS)
    return (*within, *way), _wrong(kind, mistake, way, (*within, *way))


def _wrong(kind: Any, mistake: ErrorDetails, way: Way, whole: Way) -> str:  # noqa: ANN401
    """Say what is wrong with what stands at ``way`` in a form, which is at ``whole`` in the file."""
    inside, parent, last = ".".join(map(str, whole)), ".".join(map(str, whole[:-1])), str(whole[-1]) if whole else ""
    place = f" in {parent}" if parent else ""
    match mistake["type"]:
        case "unexpected_keyword_argument":
            known = _keys(_kind_at(kind, way[:-1]))
            return f"unknown key {last!r}{place}; {suggestion(last, known, 'the keys are')}"
        case "literal_error" if mistake["loc"][-1] == "[key]":
            known = get_args(get_args(_kind_at(kind, way[:-1]))[0])
            return f"unknown key {last!r}{place}; {suggestion(last, known, 'the keys are')}"
        case "missing":
            return f"{last!r} is missing{place}"
        case "value_error":
            return str(mistake["ctx"]["error"])
        case "greater_than_equal":
            return f"{inside} must not be negative"
        case "literal_error":
            return f"{inside} must be {mistake['ctx']['expected']}"
        case "tuple_type" if is_dataclass(get_args(_kind_at(kind, way))[0]):
            return f"{inside} must be a list of tables, each under [[{inside}]]"
        case "string_type" if way and isinstance(way[-1], int):
            return f"{parent} must be a list of strings"
        case "string_pattern_mismatch" if mistake["ctx"]["pattern"] == CAPITALS:
            return f"{inside} must be capital letters and nothing else"
        case type_:
            return f"{inside or 'this'} must be {EXPECTED.get(type_, 'written in another way')}"


# What pydantic adds to the way to a mistake: which of several types it tried.
NO_STEPS = frozenset({"[key]", "str", "bool", "int", "tuple[str, ...]"})

# What pydantic expects, by its types of mistakes, in words of the file.
EXPECTED = {
    "int_type": "a whole number",
    "string_type": "a string",
    "string_pattern_mismatch": "text that is not empty",
    "bool_type": "true or false",
    "tuple_type": "a list of strings",
    "too_short": "a list that is not empty",
    "list_type": "a list",
    "mapping_type": "a table",
    "dict_type": "a table",
    "dataclass_type": "a table",
    "dataclass_exact_type": "a table",
    "date_type": "a date without quotes, such as 2027-01-31",
    "date_from_datetime_inexact": "a date without quotes, such as 2027-01-31",
}


def suggestion(word: str, known: Iterable[str], lead: str) -> str:
    """Return what helps with a word that is not known: the one that was meant, or else which there are."""
    words = sorted(known)
    near = get_close_matches(word, words, 1, cutoff=0.75)
    return f"did you mean {near[0]!r}?" if near else f"{lead} {', '.join(words)}"


def _kind_at(kind: Any, way: Way) -> Any:  # noqa: ANN401
    """Return the type of what stands at a place in a form."""
    for step in way:
        while get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        if is_dataclass(kind):
            kind = get_type_hints(kind, include_extras=True)[str(step)]
        else:
            inner = [each for each in get_args(kind) if each is not Ellipsis and each is not type(None)]
            # An optional one, a list's, or a table's with keys of people's own.
            kind = _kind_at(inner[0], (step,)) if type(None) in get_args(kind) else inner[-1]
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def _keys(kind: Any) -> Iterable[str]:  # noqa: ANN401
    return [each.name for each in fields(kind)] if is_dataclass(kind) else []


# --- Lines


def locate(text: str) -> dict[Way, int]:
    """Return the line of every key, table and element of a list in a valid TOML text, counted from 1."""
    return _Locator(text).located()


_GAP = re.compile(r"(?:[\s]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})' + r"|'''.*?'''(?:'{0,2})" + r'|"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'", re.DOTALL
)
_BARE = re.compile(r"[\w-]+")
_PLAIN = re.compile(r"[^,\]}#\n]+")


class _Locator:
    """Goes through a text that the standard library has read without complaint."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.lines: dict[Way, int] = {}
        self.counts: dict[Way, int] = {}

    def located(self) -> dict[Way, int]:
        inside: Way = ()
        self.skip()
        while self.position < len(self.text):
            line = self.line
            if self.taken("[["):
                inside = self.header(self.key(), again=True, line=line)
                self.taken("]]")
            elif self.taken("["):
                inside = self.header(self.key(), again=False, line=line)
                self.taken("]")
            else:
                self.pair(inside)
            self.skip()
        return self.lines

    @property
    def line(self) -> int:
        return self.text.count("\n", 0, self.position) + 1

    def skip(self) -> None:
        if found := _GAP.match(self.text, self.position):
            self.position = found.end()

    def taken(self, word: str) -> bool:
        self.skip()
        there = self.text.startswith(word, self.position)
        self.position += len(word) if there else 0
        return there

    def token(self, pattern: re.Pattern[str]) -> str:
        self.skip()
        found = pattern.match(self.text, self.position)
        # A text that was read without complaint has one; whatever it is, the end is reached.
        self.position = found.end() if found else len(self.text)
        return found[0] if found else ""

    def key(self) -> Way:
        parts: list[str | int] = []
        while True:
            self.skip()
            quoted = self.text[self.position : self.position + 1] in ('"', "'")
            word = self.token(_STRING if quoted else _BARE)
            parts.append(tomllib.loads(f"k = {word}")["k"] if quoted else word)
            if not self.taken("."):
                return tuple(parts)

    def header(self, key: Way, *, again: bool, line: int) -> Way:
        way: Way = ()
        for place, part in enumerate(key):
            way = (*way, part)
            self.lines.setdefault(way, line)
            last = place == len(key) - 1
            if last and again:
                self.counts[way] = self.counts.get(way, -1) + 1
            if way in self.counts:
                way = (*way, self.counts[way])
                self.lines.setdefault(way, line)
        return way

    def pair(self, inside: Way) -> None:
        line, way = self.line, inside
        for part in self.key():
            way = (*way, part)
            self.lines.setdefault(way, line)
        self.taken("=")
        self.value(way)

    def value(self, way: Way) -> None:
        if self.taken("["):
            number = 0
            while not self.taken("]") and self.position < len(self.text):
                self.lines[*way, number] = self.line
                self.value((*way, number))
                self.taken(",")
                number += 1
        elif self.taken("{"):
            while not self.taken("}") and self.position < len(self.text):
                self.pair(way)
                self.taken(",")
        else:
            self.token(_STRING if self.text[self.position : self.position + 1] in ('"', "'") else _PLAIN)
