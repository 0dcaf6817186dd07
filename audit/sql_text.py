"""The one reader of SQL text: tokens, statements, names, and the text without what only looks like SQL.

The rules are those of https://www.postgresql.org/docs/current/sql-syntax-lexical.html with standard_conforming_strings
on; PL/pgSQL is read by the same ones. Everything takes time linear in the length of the text, whatever it holds: the
texts are other people's.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    """What a token is."""

    WORD = auto()  # a keyword or a name without quotes
    NAME = auto()  # a name in double quotes
    STRING = auto()  # a literal in any kind of quotes, dollars included
    NUMBER = auto()
    MARK = auto()  # a single one of . , ; ( ) [ ] : and the backslash, which is psql's
    OPERATOR = auto()
    PARAMETER = auto()  # $1


# An enumeration's members are looked up a million times for a large file: these names are faster.
WORD, NAME, STRING, NUMBER, MARK, OPERATOR, PARAMETER = Kind

# Longer texts are not read: what anybody writes is shorter, and of those of the catalogue only the beginning is known.
LONGEST = 1_000_000

_START = r"A-Za-z_\x80-\U0010ffff"
_TOKEN = re.compile(
    rf"""
      (?P<line> --[^\n\r]*+)
    | (?P<comment> /\*)
    | (?P<string> (?:[eE]'(?:[^'\\]++|\\.|'')*+ | (?:[bBxXnN]|[uU]&)?'(?:[^']++|'')*+) (?P<string_end>'|\Z) )
    | (?P<name> (?:[uU]&)?"(?:[^"]++|"")*+ (?P<name_end>"|\Z) )
    | (?P<dollar> \$(?:[{_START}][0-9{_START}]*+)?\$)
    | (?P<word> [{_START}][$0-9{_START}]*+)
    | (?P<number> [0-9][0-9_]*+(?:\.(?!\.)[0-9_]*+)?+(?:[eE][-+]?[0-9]++)?+ | \.[0-9]++)
    | (?P<mark> [.,;()\[\]:\\])
    | (?P<parameter> \$[0-9]++)
    | (?P<operator> [-/] | [*+<>=~!@\#%^&|`?{{}}]++ | \S)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_KINDS = {
    "string": STRING,
    "name": NAME,
    "dollar": STRING,
    "word": WORD,
    "number": NUMBER,
    "mark": MARK,
    "parameter": PARAMETER,
    "operator": OPERATOR,
}
_PLAIN_NAME = re.compile(r"[a-z_\x80-\U0010ffff][$0-9a-z_\x80-\U0010ffff]*")
# What stands for another sign in a literal that begins with E, and in literals and names that begin with U&.
# https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_UNICODE = re.compile(r"\\(?:([0-9a-fA-F]{4})|\+([0-9a-fA-F]{6})|(\\))")
_NO_SIGN = "\N{REPLACEMENT CHARACTER}"
_WORDS_KEPT = 16


def _kept(name: str) -> str:
    """Return what the server keeps of a name: https://www.postgresql.org/docs/current/limits.html (63 bytes)."""
    return name if len(name) < 16 else name.encode()[:63].decode(errors="ignore")


class Token(NamedTuple):
    """One token: ``text`` as it is written from offset ``start`` on; ``closed`` is false where a quote never ends."""

    kind: Kind
    text: str
    start: int
    closed: bool = True

    @property
    def end(self) -> int:
        """The offset after it."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """The token as a keyword, in lower case; "" for what cannot be one."""
        return self.text.lower() if self.kind is WORD else ""

    @property
    def sign(self) -> str:
        """The token as a keyword or a mark, in lower case; "" for names in quotes and literals."""
        return "" if self.kind in (NAME, STRING) else self.text.lower()

    @property
    def name(self) -> str:
        """The name that it stands for, folded or unquoted as the server would; "" for what is no name."""
        if self.kind is WORD:
            return _kept(folded(self.text))
        if self.kind is not NAME:
            return ""
        inner = self.text[self.text.index('"') + 1 : -1 if self.closed else None].replace('""', '"')
        return _kept(inner if self.text[0] == '"' else _UNICODE.sub(_unicode, inner))

    @property
    def value(self) -> str:
        """What a literal says, without its quotes and escapes; "" for what is none."""
        if self.kind is not STRING:
            return ""
        opening = self.opening
        inner = self.text[len(opening) : -len(opening) if self.dollar else -1]
        if not self.closed:
            inner = self.text[len(opening) :]
        if self.dollar:
            return inner
        inner = inner.replace("''", "'")
        if opening in ("u&'", "U&'"):
            return _UNICODE.sub(_unicode, inner)
        return _unescaped(inner) if opening in ("e'", "E'") else inner

    @property
    def dollar(self) -> bool:
        """Whether it is a literal in dollars, which are written around code."""
        return self.kind is STRING and self.text.startswith("$")

    @property
    def opening(self) -> str:
        """What a literal begins with: a quote, with its prefix, or the tag in dollars."""
        if self.text.startswith("$"):
            return self.text[: self.text.index("$", 1) + 1]
        return self.text[: self.text.index("'") + 1]


def _sign(digits: str) -> str:
    number = int(digits, 16)
    return chr(number) if number <= sys.maxunicode and not 0xD800 <= number <= 0xDFFF else _NO_SIGN


def _unicode(found: re.Match[str]) -> str:
    return "\\" if found[3] else _sign(found[1] or found[2])


def _unescaped(text: str) -> str:
    """Return what a literal with escapes says: some stand for bytes, of which several may be one sign."""

    def said(found: re.Match[str]) -> str:
        octal, byte, short, long, plain = found.groups()
        if short or long:
            return _sign(short or long)
        if plain:
            return _ESCAPED.get(plain, plain)
        return bytes([int(octal, 8) & 0xFF if octal else int(byte, 16)]).decode("ascii", "surrogateescape")

    return _ESCAPE.sub(said, text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def folded(name: str) -> str:
    """Return a name without quotes as the server folds it: letters of ASCII only."""
    return name.lower() if name.isascii() else re.sub("[A-Z]+", lambda found: found.group().lower(), name)


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """Read tokens from an offset on; comments and white space are passed over. Never raises."""
    position = start
    search = _TOKEN.search
    while found := search(text, position):
        position = found.end()
        group = found.lastgroup
        if group == "line":
            continue
        if group == "comment":
            position = _end_of_comment(text, position)
            continue
        begin = found.start()
        if group == "dollar":
            tag = found.group()
            end = text.find(tag, position)
            position = len(text) if end < 0 else end + len(tag)
            yield Token(STRING, text[begin:position], begin, end >= 0)
        elif group == "string" or group == "name":
            yield Token(_KINDS[group], found.group(), begin, bool(found[f"{group}_end"]))
        elif group is not None:
            yield Token(_KINDS[group], found.group(), begin)


def _end_of_comment(text: str, position: int) -> int:
    """Find where the comment ends that was opened before ``position``; comments nest."""
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(text, position)):
        depth += 1 if edge.group() == "/*" else -1
        position = edge.end()
    return len(text) if depth else position


def bare(text: str, depth: int = 4) -> str:
    """Return the text with blanks for comments and for what literals say, everything else where it was.

    Literals in dollars are code, mostly: within them, too, only comments and literals are blanked, down to ``depth`` of
    them in one another. For a look with a regular expression, which ``-- delete from t`` or ``'delete from t'`` must
    not deceive.
    """
    parts: list[str] = []
    position = 0
    for token in tokens(text):
        parts.append(_blank(text[position : token.start]))
        position = token.end
        if token.dollar:
            size = len(token.opening)
            last = -size if token.closed else None
            inner = token.text[size:last]
            parts += [token.text[:size], bare(inner, depth - 1) if depth else inner, token.text[last:] if last else ""]
        elif token.kind is STRING:
            quotes = token.text.index("'") + 1
            inner = _blank(token.text[quotes : -1 if token.closed else None])
            parts += [token.text[:quotes], inner, "'" if token.closed else ""]
        else:
            parts.append(token.text)
    return "".join([*parts, _blank(text[position:])])


def without_comments(text: str, depth: int = 4) -> str:
    """Return the text with blanks for comments, also for those within literals in dollars, which are code, mostly."""
    parts: list[str] = []
    position = 0
    for token in tokens(text):
        parts.append(_blank(text[position : token.start]))
        position = token.end
        if token.dollar and depth:
            size = len(token.opening)
            last = len(token.text) - size if token.closed else len(token.text)
            parts += [token.text[:size], without_comments(token.text[size:last], depth - 1), token.text[last:]]
        else:
            parts.append(token.text)
    return "".join([*parts, _blank(text[position:])])


def _blank(text: str) -> str:
    return re.sub(r"\S", " ", text)


class Chain(NamedTuple):
    """Names with dots between them, such as ``public.profiles``: which tokens it takes, and what stands around it.

    ``before`` is the keyword before it ("" for none, "(" behind a parenthesis that no FROM or JOIN opened), ``after``
    the text of the token that follows, or "".
    """

    names: tuple[str, ...]
    before: str
    after: str
    first: int
    behind: int


def chains(found: Sequence[Token]) -> Iterator[Chain]:
    """Return all names in a sequence of tokens, keywords among them, each with what it is qualified with."""
    at = 0
    while at < len(found):
        if found[at].kind not in (WORD, NAME):
            at += 1
            continue
        first = at
        names = [found[at].name]
        at += 1
        while at + 1 < len(found) and found[at].text == "." and found[at + 1].kind in (WORD, NAME):
            names.append(found[at + 1].name)
            at += 2
        after = found[at].text if at < len(found) and found[at].kind is not STRING else ""
        yield Chain(tuple(names), _before(found, first), after, first, at)


def _before(found: Sequence[Token], at: int) -> str:
    """Return what stands before a name; in "from (a join b" the parenthesis does not count."""
    opened = at - 1
    while opened >= 0 and found[opened].text == "(":
        opened -= 1
    word = found[opened].sign if opened >= 0 else ""
    return word if opened == at - 1 or word in ("from", "join") else "("


@dataclass(frozen=True)
class Statement:
    r"""One statement of a file: its text, the offset of its first character, its first words outside parentheses.

    ``data`` is what follows a ``copy ... from stdin`` in a file for psql, up to the line ``\.``; else None.
    """

    text: str
    start: int
    words: tuple[str, ...]
    data: str | None = None


class Unreadable(Exception):  # noqa: N818 -- it says something of the text, not of the program
    """A text holds what is not SQL: why, and at which offset."""

    def __init__(self, reason: str, start: int) -> None:
        super().__init__(reason)
        self.start = start


# What pg_dump frames its output with. https://www.postgresql.org/docs/current/app-psql.html
_FRAME = re.compile(r"\\(?:un)?restrict\b[^\n]*|\\connect\b[^\n]*")
_END_OF_DATA = re.compile(r"^\\\.[ \t]*\r?$", re.MULTILINE)
_COMMAND = re.compile(r"\S{1,20}")


def statements(text: str) -> Iterator[Statement]:
    r"""Split a file into its statements, in time linear in its length.

    Semicolons within quotes, comments, parentheses and the bodies of SQL-standard functions do not separate. What
    pg_dump writes for psql is understood: ``\restrict``, ``\unrestrict``, ``\connect``, and data behind a COPY.
    Raises Unreadable at any other command of psql.
    """
    position = 0
    while position < len(text):
        statement, position = _next(text, position)
        if statement is not None:
            yield statement


def _next(text: str, position: int) -> tuple[Statement | None, int]:
    """Read one statement; return it (None: nothing but comments was left), and where the next one may begin."""
    start, parentheses, blocks = -1, 0, 0
    words: list[str] = []
    previous = ""
    for kind, value, begin, _ in tokens(text, position):
        if kind is MARK and value == "\\":
            if start < 0 and (frame := _FRAME.match(text, begin)):
                return None, frame.end()
            command = _COMMAND.match(text, begin)
            raise Unreadable(f"{command and command.group()} is a command of psql, not SQL", begin)
        if kind is MARK and value == ";" and not parentheses and not blocks:
            if start < 0:
                continue
            return _finished(text, start, begin, tuple(words))
        if start < 0:
            start = begin
        if kind is WORD:
            word = value.lower()
            if blocks:
                blocks += {"case": 1, "end": -1}.get(word, 0)
            elif word == "atomic" and previous == "begin" and words[0] == "create":
                blocks = 1
            if not parentheses and len(words) < _WORDS_KEPT:
                words.append(word)
            previous = word
        elif kind is MARK:
            if value == "(":
                parentheses += 1
            elif value == ")" and parentheses:
                parentheses -= 1
    return _finished(text, start, len(text), tuple(words)) if start >= 0 else (None, len(text))


def _finished(text: str, start: int, end: int, words: tuple[str, ...]) -> tuple[Statement, int]:
    """Return the statement, and what follows it: the data where it reads some."""
    if words[:1] != ("copy",) or "stdin" not in words:
        return Statement(text[start:end], start, words), end + 1
    line = text.find("\n", end)
    begin = len(text) if line < 0 else line + 1
    last = _END_OF_DATA.search(text, begin)
    if last is None:
        raise Unreadable("copy from stdin has no data behind it, or no line with \\. at their end", start)
    return Statement(text[start:end], start, words, text[begin : last.start()]), last.end()


def listed(text: str, start: int, ends: str = r"\sfrom\b") -> list[str]:
    """Return what is listed from ``start`` on, as it is written: up to a bracket that was open before, or an end."""
    found: list[str] = []
    depth, begin, quoted = 0, start, False
    end = re.compile(ends, re.IGNORECASE)
    for at in range(start, min(len(text), start + 4000)):
        sign = text[at]
        if sign == "'":
            quoted = not quoted
        if quoted:
            continue
        depth += (sign in "([") - (sign in ")]")
        if depth < 0 or sign == ";" or (depth == 0 and end.match(text, at)):
            return [*found, text[begin:at]]
        if sign == "," and depth == 0:
            found.append(text[begin:at])
            begin = at + 1
    return [*found, text[begin:]]


def quoted(name: str) -> str:
    """Return a name as it is written in SQL, in quotes where it needs them for its letters."""
    return name if _PLAIN_NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"'
