"""The SQL of a runbook: split into statements, each with its line, its comment, and the places that a reader fills in.

A book writes `[user-uuid]`, `<id>`, `{id}`, `:id`, `$1` or `YOUR_TABLE` where whoever follows it puts something in.
Such a place stands for a value, for a name, or is a part of a longer text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from audit.runbook.reading import SHELL, SQL, Fence
from audit.runbook.shell import Command, Word, commands, without_variables
from audit.sql_text import MARK, NAME, OPERATOR, PARAMETER, STRING, WORD, Token, Unreadable, statements, tokens

# What stands for a whole literal, and what stands somewhere within one.
_WHOLE = re.compile(
    r"\[[A-Za-z][\w .:/-]*\]|<[A-Za-z][\w .:/-]*>|\{\{?\s*[A-Za-z_][\w .:-]*\}?\}|\$\{?[A-Za-z_]\w*\}?|:[A-Za-z_]\w*"
    r"|YOUR[_-][\w-]+|your-[\w-]+|(?:paste|insert|enter)[ -][\w -]+|[\w-]+[-_]here|x{4,}(?:-x{4,})*",
)
_PART = re.compile(r"\[[A-Za-z][\w .-]*\]|<[A-Za-z][\w.-]*>|\{\{?[A-Za-z_][\w.-]*\}?\}|YOUR_\w+")

# Behind these words a name follows, of the kind that is told here.
_NAMES = {
    **dict.fromkeys(("from", "join", "into", "update", "table", "only", "truncate"), "table"),
    **{
        word: word
        for word in ("index", "view", "function", "trigger", "policy", "schema", "sequence", "column", "extension")
    },
    **dict.fromkeys(("role", "user", "authorization", "to"), "role"),
    **dict.fromkeys(("routine", "procedure"), "function"),
    "database": "database",
    "constraint": "constraint",
    "publication": "publication",
}
# In statements that begin so, ON is followed by a table, and TO or FROM by a role.
_ABOUT_OBJECTS = frozenset({"create", "alter", "drop", "comment", "grant", "revoke"})
_MAINTAINING = frozenset({"analyze", "vacuum", "reindex", "cluster", "lock"})
# A literal of one of these types is written behind its name, where no parameter can stand.
_TYPED = frozenset(["interval", "date", "time", "timestamp", "timestamptz", "uuid", "json", "jsonb", "numeric", "inet"])

_PSQL = re.compile(r"\\(?P<word>[A-Za-z!?][\w+]*|[^\s\w])")
# These send what was typed so far, as a semicolon does. https://www.postgresql.org/docs/current/app-psql.html
_SENDING = re.compile(r"\\(?:g|gx|gexec|gset|crosstabview|watch)\b[^\n]*")

What = Literal["value", "name", "part"]


@dataclass(frozen=True)
class Slot:
    """A place to fill in: where it is in the statement, what is written there, and what it stands for.

    ``kind`` of a name is what sort of object is named; of a literal behind a type it is that type.
    """

    start: int
    end: int
    name: str
    what: What
    kind: str = ""


@dataclass(frozen=True)
class Written:
    """One statement as the book writes it: ``line`` is that of its first word in the book, ``words`` its first ones.

    ``comment`` is what the book says in SQL comments directly before it. ``together``: it is sent with others at once.
    """

    text: str
    line: int
    words: tuple[str, ...]
    slots: tuple[Slot, ...]
    comment: str = ""
    together: bool = False

    def filled(self, fill: Callable[[Slot], str]) -> str:
        """Return the statement with something in each place."""
        parts: list[str] = []
        position = 0
        for slot in self.slots:
            parts += [self.text[position : slot.start], fill(slot)]
            position = slot.end
        return "".join([*parts, self.text[position:]])

    def line_of(self, offset: int) -> int:
        """Return the line in the book of an offset into the statement; nothing that is filled in has a line break."""
        return self.line + self.text.count("\n", 0, max(0, offset))

    @property
    def verb(self) -> str:
        """The first word, in lower case."""
        return self.words[0] if self.words else ""


@dataclass(frozen=True)
class Piece:
    """SQL that the book holds in one place: its text, and its first line in the book."""

    text: str
    line: int
    together: bool = False


@dataclass(frozen=True)
class Fault:
    """What is no SQL: the line, and what the reader of SQL says."""

    line: int
    reason: str


@dataclass(frozen=True)
class Content:
    """What a block holds: its SQL statements, what cannot be read of them, and the commands of a shell."""

    fence: Fence
    statements: tuple[Written, ...] = ()
    faults: tuple[Fault, ...] = ()
    commands: tuple[Command, ...] = ()
    cron: tuple[Word, ...] = ()


def content(fence: Fence) -> Content:
    """Read what a block holds."""
    found: tuple[Command, ...] = ()
    cron: tuple[Word, ...] = ()
    pieces: list[Piece] = []
    if fence.language == SQL:
        pieces = [Piece(fence.text, fence.first)]
    elif fence.language == SHELL:
        text, cron = _without_cron(fence)
        found = tuple(commands(text))
        pieces = [piece for command in found for piece in _of_psql(command, fence.first)]
        for word in cron:
            pieces += [
                replace(piece, line=fence.first + word.line)
                for command in commands(word.text)
                for piece in _of_psql(command, fence.first)
            ]
    written: list[Written] = []
    faults: list[Fault] = []
    for piece in pieces:
        try:
            written += _statements(piece)
        except Unreadable as error:
            faults.append(Fault(piece.line + piece.text.count("\n", 0, error.start), str(error)))
    return Content(fence, tuple(written), tuple(faults), found, cron)


_CRON = re.compile(
    r"^(?P<comment>[ \t]*#.*?\bcron(?:tab)?\b[^:\n]*:)?[ \t]*"
    r"(?P<when>(?:[\d*/,-]+|[A-Za-z]{3})(?:[ \t]+(?:[\d*/,-]+|[A-Za-z]{3}(?:-[A-Za-z]{3})?)){4}"
    r"|@(?:daily|hourly|weekly|monthly|reboot))"
    r"[ \t]+(?P<command>\S[^\n]*)$",
    re.MULTILINE,
)


def _without_cron(fence: Fence) -> tuple[str, tuple[Word, ...]]:
    """Return a block without its lines for cron, and the commands of these, each with its line, from 0."""
    lines: list[Word] = []

    def taken(found: re.Match[str]) -> str:
        if not re.search(r"[*/\d@]", found["when"]):
            return found[0]
        line = fence.text.count("\n", 0, found.start("command"))
        lines.append(Word(found["command"], line, found["comment"] or ""))
        return ""

    return _CRON.sub(taken, fence.text), tuple(lines)


def _of_psql(command: Command, first: int) -> Iterator[Piece]:
    """Return the SQL that a command hands to psql."""
    if command.name == "psql":
        for word in command.options("-c", "--command"):
            yield Piece(without_variables(word.text), first + word.line, together=True)
        if command.here is not None:
            yield Piece(without_variables(command.here.text), first + command.here.line)
    elif command.name == "echo" and command.after == "|" and len(command.called) > 1:
        word = command.called[-1]
        if re.match(r"\s*(?:select|insert|update|delete|analyze|vacuum|create|alter|drop)\b", word.text, re.IGNORECASE):
            yield Piece(without_variables(word.text), first + word.line)


def _statements(piece: Piece) -> Iterator[Written]:
    """Split SQL into statements; commands of psql are taken out, each up to the end of its line.

    Raises Unreadable.
    """
    text = piece.text
    while True:
        try:
            found = list(statements(text))
            break
        except Unreadable as error:
            end = text.find("\n", error.start)
            end = len(text) if end < 0 else end
            if not _PSQL.match(text, error.start):
                raise
            # In its place stands a semicolon where it sends what was typed, else nothing.
            instead = ";" if _SENDING.match(text, error.start) else ""
            text = text[: error.start] + instead.ljust(end - error.start) + text[end:]
    behind, line = 0, piece.line
    for each in found:
        line += piece.text.count("\n", behind, each.start)
        yield Written(
            each.text,
            line,
            each.words,
            tuple(_slots(each.text)),
            _comment(piece.text[behind : each.start]),
            piece.together and len(found) > 1,
        )
        behind = each.start + len(each.text)
        line += each.text.count("\n")


def _comment(text: str) -> str:
    lines = re.findall(r"--[ \t]*([^\n]*)|/\*(.*?)\*/", text, re.DOTALL)
    return " ".join(" ".join(filter(None, each)).strip() for each in lines)


def _slots(text: str) -> Iterator[Slot]:
    """Find the places to fill in."""
    found = list(tokens(text))
    behind = 0
    verb = found[0].word if found else ""
    for at, token in enumerate(found):
        if token.start < behind:
            continue
        if token.kind is STRING:
            yield from _in_literal(token, found[at - 1] if at else None)
        elif slot := _bare(text, found, at, verb):
            yield slot
            behind = slot.end


def _in_literal(token: Token, before: Token | None) -> Iterator[Slot]:
    if token.dollar or not token.closed or "'" not in token.text:
        return
    inner = token.text.index("'") + 1
    typed = before.word if before is not None and before.word in _TYPED else ""
    whole = _WHOLE.fullmatch(token.value.strip().strip("%"))
    if whole and inner == 1 and not typed and not token.value.startswith("%"):
        yield Slot(token.start, token.end, whole.group(), "value")
        return
    for part in (
        re.finditer(_WHOLE, token.text[inner:-1])
        if whole
        else _PART.finditer(token.text, inner, token.end - token.start - 1)
    ):
        shift = inner if whole else 0
        yield Slot(token.start + part.start() + shift, token.start + part.end() + shift, part.group(), "part", typed)


_BARE = re.compile(
    r"\[[A-Za-z][\w .-]*\]|<[A-Za-z][\w .-]*>|\$?\{\{?\s*[A-Za-z_][\w .-]*\}?\}"
    r"|:'[A-Za-z_]\w*'|:\"[A-Za-z_]\w*\"|:[A-Za-z_]\w*"
    r"|\$[0-9]+|YOUR[_-][A-Za-z][\w-]*"
)


def _bare(text: str, found: Sequence[Token], at: int, verb: str) -> Slot | None:
    """Return the place to fill in that begins with a token outside quotes."""
    token = found[at]
    # What is written "id=<id>" begins with one operator, to whoever does not know that something is to be filled in.
    start = token.end - 1 if token.kind is OPERATOR and token.text.endswith("<") else token.start
    match = _BARE.match(text, start)
    if match is None or token.kind not in (MARK, OPERATOR, PARAMETER, WORD):
        return None
    before = found[at - 1] if at else None
    written = match.group()
    if written.startswith("["):
        # Behind a name, a closing bracket or ARRAY it is a subscript or an array.
        touching = before is not None and before.end == token.start
        if before is not None and (
            before.word == "array" or (touching and (before.kind in (WORD, NAME) or before.text in "])"))
        ):
            return None
    if written.startswith(":") and (_touches(text, token.start - 1, ":") or _in_brackets(found, at)):
        return None
    kind = _named_by(found, at, verb)
    quoted = written.startswith(':"')
    if kind or quoted or text[match.end() : match.end() + 1] == ".":
        return Slot(match.start(), match.end(), written, "name", kind or "schema")
    return Slot(match.start(), match.end(), written, "value")


def _touches(text: str, at: int, char: str) -> bool:
    return at >= 0 and text[at] == char


def _in_brackets(found: Sequence[Token], at: int) -> bool:
    depth = 0
    for token in found[:at]:
        depth += {"[": 1, "]": -1}.get(token.text, 0)
    return depth > 0


def _named_by(found: Sequence[Token], at: int, verb: str) -> str:
    """Return of which kind the name is that a place stands for; "" when it stands for a value."""
    behind = at - 1
    while behind >= 0 and found[behind].word in ("exists", "if", "not", "concurrently"):
        behind -= 1
    if behind < 0:
        return ""
    word = found[behind].word
    if found[behind].text == ".":
        return _named_by(found, behind - 1, verb) or "table" if behind > 1 else "table"
    if verb in _ABOUT_OBJECTS:
        if word == "on":
            return "table"
        if word == "from" and verb == "revoke":
            return "role"
        return _NAMES.get(word, "")
    if verb in _MAINTAINING:
        return "index" if word == "index" else "table"
    if verb == "set" and word in ("role", "authorization"):
        return "role"
    return _NAMES.get(word, "") if word in ("from", "join", "into", "update", "table", "only", "truncate") else ""


def names_of(text: str) -> set[str]:
    """Return the words of a name such as user-uuid, in lower case."""
    return set(re.findall(r"[a-z]+", text.lower()))


def guessed(slot: Slot, person: str) -> str:
    """Return a value, without quotes, that a place may stand for by what it is called."""
    called = names_of(slot.name)
    if slot.kind == "interval":
        # The unit may follow the place, or be expected in it.
        return "1" if called & {"n", "number", "count", "days", "hours", "minutes", "seconds", "x"} else "1 hour"
    if slot.kind in ("date", "time", "timestamp", "timestamptz"):
        return "2000-01-01 00:00:00" if slot.kind != "time" else "00:00:00"
    if slot.kind in ("json", "jsonb"):
        return "{}"
    if called & {"uuid", "id", "sub", "user", "guid", "uid"} or slot.kind == "uuid":
        return person
    if called & {"date", "time", "timestamp", "since", "until", "from"}:
        return "2000-01-01"
    if called & {"n", "number", "count", "limit", "days", "hours", "minutes", "seconds", "amount", "offset"}:
        return "1"
    if "email" in called:
        return "somebody@example.org"
    return "value"
