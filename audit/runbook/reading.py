"""The one reader of runbooks: a Markdown file becomes blocks, code spans and links, each with its line and headings.

The file is whatever somebody gave us. What is no text is refused with a sentence; what is text is read by the rules of
CommonMark (https://spec.commonmark.org/0.31.2/), in which every text is a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from audit.evidence import safe

# A book of a thousand pages has less; what is larger is a log or a dump that was given by mistake.
MOST_BYTES = 4_000_000
MOST_TITLE = 120

SQL, SHELL, SCRIPT, OTHER = "sql", "shell", "typescript", "text"

_LANGUAGES = {
    **dict.fromkeys(("sql", "postgresql", "postgres", "pgsql", "psql", "plpgsql"), SQL),
    **dict.fromkeys(("bash", "sh", "shell", "zsh", "console", "shell-session", "terminal", "cron", "crontab"), SHELL),
    **dict.fromkeys(("typescript", "ts", "tsx", "javascript", "js", "jsx", "mjs"), SCRIPT),
}
# What a block without a language is taken for, by how it begins, comments aside.
_BEGINS_AS_SQL = re.compile(
    r"(?:\s|--[^\n]*\n)*+(?:select|insert\s+into|update\s+\S+\s+set|delete\s+from|with\s+\S+\s+as|create\s+(?:or\s+replace"
    r"\s+)?(?:table|view|index|unique|function|policy|trigger|role|extension)|alter\s+(?:table|role|view|policy|database)"
    r"|drop\s+(?:table|view|index|function|policy|trigger|database|schema)|explain\s|vacuum\b|analyze\s|reindex\s"
    r"|truncate\s|grant\s+\S+\s+on|revoke\s+\S+\s+on|set\s+(?:local\s+)?role\b)",
    re.IGNORECASE,
)
_BEGINS_AS_SHELL = re.compile(
    r"(?:\s|#(?!!)[^\n]*\n)*+(?:\$ )?(?:(?:psql|npm|npx|node|supabase|pg_dump)\b|\./[\w./-]|#!/)"
)
# UTF-8 that was read as cp1252 and written as UTF-8 again: what quotation marks, dashes and umlauts become.
_MISREAD = re.compile(r"\u00e2\u20ac[\u0153\u2122\u02dc\u201c\u201d\u00a6]|\u00c3[\u00a4\u00b6\u00bc\u00a9\u0178]")


class NotABook(ValueError):  # noqa: N818 -- it says something of the file, not of the program
    """The file cannot be read as a runbook; the message is one safe sentence with what to do."""


@dataclass(frozen=True)
class Fence:
    """One block of the book, numbered from 1.

    ``line`` is the line where it begins and ``first`` that of its first line of text, from 1; ``before`` is the prose
    since the block or heading before it. ``closed`` is false where the fence never ends.
    """

    number: int
    line: int
    first: int
    language: str
    text: str
    headings: tuple[str, ...]
    before: str
    closed: bool = True


@dataclass(frozen=True)
class Span:
    """A code span: its text, its line, and the line of text that it stands in."""

    text: str
    line: int
    context: str


@dataclass(frozen=True)
class Link:
    """A link or an image, and its line."""

    target: str
    line: int


@dataclass(frozen=True)
class Book:
    """A runbook. ``folder`` is where its links start; ``misread`` the line that shows a wrong encoding, or 0."""

    file: str
    folder: Path
    fences: tuple[Fence, ...]
    spans: tuple[Span, ...]
    links: tuple[Link, ...]
    misread: int = 0


def read(path: Path, file: str = "") -> Book:
    """Read a runbook from a file. Raises NotABook with one sentence when it is none."""
    name = safe(file or path.name)
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise NotABook(f"{name} is not a file: name the runbook's Markdown file")
        if size > MOST_BYTES:
            raise NotABook(
                f"{name} has {size / 1e6:.0f} MB, more than {MOST_BYTES // 1_000_000}: name the runbook, not a dump"
            )
        raw = path.read_bytes()
    except OSError as error:
        raise NotABook(f"{name} cannot be read ({error.strerror}): name the runbook's Markdown file") from None
    return book_of(decoded(raw, name), name, path.parent)


def decoded(raw: bytes, name: str) -> str:
    """Return the text of a file. Raises NotABook when it is none, or in another encoding than UTF-8."""
    if b"\0" in raw:
        raise NotABook(f"{name} holds binary data: name the runbook's Markdown file, saved as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise NotABook(f"{name} is not UTF-8 (line {line}): save it as UTF-8") from None


def book_of(text: str, file: str, folder: Path) -> Book:
    """Read a text as a runbook."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    fences: list[Fence] = []
    spans: list[Span] = []
    links: list[Link] = []
    headings: list[tuple[int, str]] = []
    prose: list[str] = []
    parsed = MarkdownIt("commonmark").parse(text)
    for at, token in enumerate(parsed):
        if token.type == "heading_open":
            level = int(token.tag[1:])
            headings = [each for each in headings if each[0] < level]
            headings.append((level, _title(parsed[at + 1])))
            prose = []
        elif token.type in ("fence", "code_block"):
            fences.append(_fence(token, len(fences) + 1, lines, [title for _, title in headings], prose))
            prose = []
        elif token.type == "inline":
            prose.append(_title(token))
            spans += _spans(token)
            links += _links(token)
    misread = _MISREAD.search(text)
    return Book(
        file,
        folder,
        tuple(fences),
        tuple(spans),
        tuple(links),
        text.count("\n", 0, misread.start()) + 1 if misread else 0,
    )


def _fence(token: Token, number: int, lines: Sequence[str], headings: Sequence[str], prose: Sequence[str]) -> Fence:
    begin, end = token.map or (0, 0)
    fenced = token.type == "fence"
    closed = True
    if fenced:
        last = lines[end - 1].lstrip("> \t") if 0 < end <= len(lines) else ""
        closed = end - 1 > begin and bool(
            re.fullmatch(rf"{re.escape(token.markup[0])}{{{len(token.markup)},}}\s*", last)
        )
    word = (token.info.split() or [""])[0].lower().strip("{}.")
    language = _LANGUAGES.get(word, OTHER if word else _guessed(token.content))
    first = begin + 2 if fenced else begin + 1
    before = "\n".join(prose)
    return Fence(number, begin + 1, first, language, token.content, tuple(headings), before, closed)


def _guessed(text: str) -> str:
    if _BEGINS_AS_SQL.match(text):
        return SQL
    return SHELL if _BEGINS_AS_SHELL.match(text) else OTHER


def _title(token: Token) -> str:
    """Return the text of a heading or a paragraph, without its marks."""
    breaks = ("softbreak", "hardbreak")
    parts = [
        " " if each.type in breaks else each.content for each in token.children or () if each.type != "html_inline"
    ]
    text = safe(" ".join("".join(parts).split()))
    return text if token.level > 1 or len(text) <= MOST_TITLE else f"{text[: MOST_TITLE - 1]}…"


def _children(token: Token) -> Iterator[tuple[int, Token]]:
    """Return what is in a paragraph, each with its line."""
    line = (token.map or (0, 0))[0] + 1
    for each in token.children or ():
        yield line, each
        if each.type in ("softbreak", "hardbreak"):
            line += 1


def _spans(token: Token) -> Iterator[Span]:
    context = token.content.split("\n")
    begin = (token.map or (0, 0))[0] + 1
    for line, each in _children(token):
        if each.type == "code_inline":
            yield Span(each.content, line, context[min(line - begin, len(context) - 1)])


def _links(token: Token) -> Iterator[Link]:
    for line, each in _children(token):
        if each.type in ("link_open", "image"):
            yield Link(str(each.attrGet("href") or each.attrGet("src") or ""), line)
