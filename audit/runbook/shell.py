"""The one reader of shell text: which commands a block calls, with which words, and what becomes of their exit status.

It reads what runbooks hold: simple commands, lists, pipes, redirections, here-documents, quotes and line continuations.
Nothing is expanded. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html has the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_OPERATOR = re.compile(r"\|\||&&|;;|<<<|<<-|<<|>>|[0-9]?>&[0-9-]?|&>>?|<&|<\(|>\(|[0-9]?[<>]|[;|&()]")
_REDIRECT = re.compile(r"[0-9]?>&[0-9-]?|&>>?|[0-9]?[<>]|>>|<<<|<&")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_HERE = ("<<", "<<-")
# Words that begin a part of a compound command; what follows them is a command of its own.
_RESERVED = frozenset(
    [
        "if",
        "then",
        "elif",
        "else",
        "fi",
        "while",
        "until",
        "do",
        "done",
        "for",
        "in",
        "case",
        "esac",
        "{",
        "}",
        "!",
        "time",
        "function",
    ]
)
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)[^}]*\}|\$([A-Za-z_]\w*)|\$\(([^()]*)\)")


@dataclass(frozen=True)
class Word:
    """One word without its quotes, and the line that it begins in, counted from 0; ``raw`` is as it is written."""

    text: str
    line: int
    raw: str


@dataclass(frozen=True)
class Here:
    """A here-document: its text, and the line of its first line."""

    text: str
    line: int


@dataclass
class Command:
    """One simple command: its words, what leads to it and what follows ("", ";", "|", "&&", "||", "&").

    ``reserved`` are the words of the shell before it, such as "if".
    """

    words: list[Word] = field(default_factory=list)
    line: int = 0
    before: str = ""
    after: str = ""
    reserved: tuple[str, ...] = ()
    redirects: list[str] = field(default_factory=list)
    here: Here | None = None

    @property
    def name(self) -> str:
        """What is called, without what only precedes it: assignments, sudo, env, time."""
        return self.called[0].text.rpartition("/")[2] if self.called else ""

    @property
    def called(self) -> list[Word]:
        """The words from what is called on."""
        at = 0
        while at < len(self.words) and (
            _ASSIGNMENT.match(self.words[at].raw) or self.words[at].text in ("sudo", "env", "nohup", "exec", "command")
        ):
            at += 1
        return self.words[at:]

    @property
    def texts(self) -> list[str]:
        """The words as text, from what is called on."""
        return [word.text for word in self.called]

    def options(self, *names: str) -> Iterator[Word]:
        """Return the values of options: ``-c value``, ``-cvalue``, ``-Atc value``, or as ``--command=value``."""
        words = self.called[1:]
        for at, word in enumerate(words):
            following = words[at + 1] if at + 1 < len(words) else None
            for name in names:
                if name.startswith("--"):
                    if word.text.startswith(f"{name}="):
                        yield Word(word.text.removeprefix(f"{name}="), word.line, word.raw)
                    elif word.text == name and following is not None:
                        yield following
                elif word.text == name or re.fullmatch(rf"-[A-Za-z]+{name[1]}", word.raw):
                    if following is not None:
                        yield following
                elif word.text.startswith(name) and not word.text.startswith("--"):
                    yield Word(word.text[len(name) :], word.line, word.raw)


def commands(text: str) -> list[Command]:
    """Read a shell text. Whatever cannot be read is passed over; never raises, and takes time linear in its length."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.line = 0
        self.found: list[Command] = []
        self.command = Command()
        self.reserved: list[str] = []
        self.waiting: list[tuple[Command, str, bool]] = []

    def read(self) -> list[Command]:
        text = self.text
        while self.position < len(text):
            char = text[self.position]
            if char == "\n":
                self._end("")
                self._step(1)
                self._here_documents()
            elif text.startswith("\\\n", self.position):
                self._step(2)
            elif char in " \t":
                self._step(1)
            elif char == "#":
                end = text.find("\n", self.position)
                self._step((len(text) if end < 0 else end) - self.position)
            elif operator := _OPERATOR.match(text, self.position):
                self._operator(operator.group())
            else:
                self._add(self._word())
        self._end("")
        return self.found

    def _step(self, count: int) -> None:
        self.line += self.text.count("\n", self.position, self.position + count)
        self.position += count

    def _end(self, operator: str) -> None:
        if self.command.words or self.command.redirects:
            self.command.after = operator
            self.command.reserved = tuple(self.reserved)
            self.found.append(self.command)
            self.reserved = []
            self.command = Command(before=operator)
        elif operator:
            self.command.before = operator

    def _operator(self, operator: str) -> None:
        self._step(len(operator))
        if operator in _HERE:
            self._blanks()
            word = self._word()
            self.waiting.append((self.command, word.text, operator == "<<-"))
        elif _REDIRECT.fullmatch(operator):
            self._blanks()
            into = "" if operator[-1:] in "0123456789-" and "&" in operator else self._word().text
            self.command.redirects.append(f"{operator} {into}".strip())
        elif operator in ("(", ")", "<(", ">("):
            self._end(";")
        else:
            self._end(";" if operator == ";;" else operator)

    def _blanks(self) -> None:
        while self.text[self.position : self.position + 1] in (" ", "\t"):
            self._step(1)

    def _add(self, word: Word) -> None:
        if not self.command.words:
            if word.raw in _RESERVED:
                self.reserved.append(word.raw)
                return
            self.command.line = word.line
        # What a session on a terminal shows before what is typed.
        if word.raw in ("$", "%", "#", ">") and not self.command.words:
            return
        self.command.words.append(word)

    def _word(self) -> Word:
        text, begin, line = self.text, self.position, self.line
        parts: list[str] = []
        while self.position < len(text):
            char = text[self.position]
            if char in " \t\n" or (_OPERATOR.match(text, self.position) and not char.isdigit()):
                break
            if char == "\\":
                parts.append(
                    ""
                    if text[self.position + 1 : self.position + 2] == "\n"
                    else text[self.position + 1 : self.position + 2]
                )
                self._step(2)
            elif char == "'":
                end = text.find("'", self.position + 1)
                end = len(text) if end < 0 else end
                parts.append(text[self.position + 1 : end])
                self._step(end + 1 - self.position)
            elif char == '"':
                parts.append(self._quoted())
            elif text.startswith("$(", self.position) or char == "`":
                parts.append(self._substitution())
            else:
                parts.append(char)
                self._step(1)
        if self.position == begin:
            self._step(1)
        return Word("".join(parts), line, text[begin : self.position])

    def _quoted(self) -> str:
        """Read what is in double quotes, where a backslash counts before five characters only."""
        text, at = self.text, self.position + 1
        parts: list[str] = []
        while at < len(text) and text[at] != '"':
            if text[at] == "\\" and text[at + 1 : at + 2] in ("\\", '"', "$", "`", "\n"):
                parts.append(text[at + 1].replace("\n", ""))
                at += 2
            else:
                parts.append(text[at])
                at += 1
        self._step(at + 1 - self.position)
        return "".join(parts)

    def _substitution(self) -> str:
        text, begin = self.text, self.position
        if text[begin] == "`":
            end = text.find("`", begin + 1)
            end = len(text) if end < 0 else end + 1
        else:
            depth, end = 0, begin + 1
            while end < len(text):
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                end += 1
                if not depth:
                    break
        self._step(end - begin)
        return text[begin:end]

    def _here_documents(self) -> None:
        """Read the here-documents that the line before has announced."""
        for command, tag, indented in self.waiting:
            begin, line = self.position, self.line
            end = len(self.text)
            position = begin
            while position < len(self.text):
                stop = self.text.find("\n", position)
                stop = len(self.text) if stop < 0 else stop
                written = self.text[position:stop]
                if (written.lstrip("\t") if indented else written) == tag:
                    end = position
                    break
                position = stop + 1
            command.here = Here(self.text[begin:end], line)
            self._step(min(len(self.text), position + len(tag) + indented * 0) - self.position)
            while self.position < len(self.text) and self.text[self.position] != "\n":
                self._step(1)
        self.waiting = []


def without_variables(text: str) -> str:
    """Return the text with each variable of the shell as a placeholder, ``{NAME}``."""
    return _VARIABLE.sub(lambda found: "{" + (found[1] or found[2] or "value") + "}", text)


# --- What becomes of an exit status

# Commands that say nothing about the one before them.
_IDLE = frozenset(
    [
        "echo",
        "printf",
        "true",
        ":",
        "date",
        "sleep",
        "cd",
        "export",
        "local",
        "declare",
        "readonly",
        "typeset",
        "touch",
        "rm",
        "mkdir",
        "cat",
        "tee",
        "logger",
        "wait",
        "set",
    ]
)
_STATUS = re.compile(r"\$\{?\?")


@dataclass(frozen=True)
class Lost:
    """A test of an exit status that cannot tell: the line, from 0, why, and what to write instead."""

    line: int
    why: str
    mend: str


def lost_statuses(found: Sequence[Command]) -> Iterator[Lost]:
    """Return each test of an exit status that was lost before, or that is never reached."""
    pipefail = strict = False
    for at, command in enumerate(found):
        texts = command.texts
        if command.name == "set":
            pipefail = pipefail or "pipefail" in texts
            strict = strict or any(re.fullmatch(r"-[a-z]*e[a-z]*", text) for text in texts) or "errexit" in texts
        if at and any(_STATUS.search(word.raw) for word in command.words):
            before = found[at - 1]
            if reason := _lost(found, at - 1, pipefail=pipefail, strict=strict):
                yield Lost(command.line, reason, _mend(before))
        elif _is_tested(command) and _never_fails(command):
            yield Lost(command.line, _NEVER, _STOP)


_NEVER = "psql that reads a file goes on after an error and ends with status 0"
_STOP = "call psql with -v ON_ERROR_STOP=1"


def _mend(before: Command) -> str:
    if _never_fails(before):
        return _STOP
    return "test the command itself: if ! command; then ...; or keep its status at once: command; status=$?"


def _lost(found: Sequence[Command], at: int, *, pipefail: bool, strict: bool) -> str:
    """Say why the status of the command before a test is not that of what is meant; "" when it is."""
    before = found[at]
    earlier = found[at - 1] if at else None
    if before.before == "|":
        return "" if pipefail else f"the status is that of {before.name or 'the last command'}, the end of the pipe"
    if before.after == "&":
        return "the command runs in the background, whose start always succeeds"
    if before.before == "||" and before.name in ("true", ":"):
        return "|| true makes every status 0"
    if strict and before.before not in ("||", "&&") and "if" not in before.reserved:
        return "set -e ends the script at the failure, before it is tested"
    if before.name in _IDLE and (earlier is not None or _substitutes(before)):
        return f"the status is that of {before.name}, which has none of its own to tell"
    return _NEVER if _never_fails(before) else ""


def _substitutes(command: Command) -> bool:
    return any("$(" in word.raw or "`" in word.raw for word in command.words)


def _is_tested(command: Command) -> bool:
    return command.after in ("||", "&&") or bool({"if", "while", "until"}.intersection(command.reserved[-2:]))


def _never_fails(command: Command) -> bool:
    """Tell whether it is psql with a file or a here-document, which does not stop at errors unless it is told to.

    https://www.postgresql.org/docs/current/app-psql.html#APP-PSQL-EXIT-STATUS
    """
    if command.name != "psql" or any("ON_ERROR_STOP" in text for text in command.texts):
        return False
    reads = command.here is not None or any(each.startswith("< ") for each in command.redirects)
    return reads or next(command.options("-f", "--file"), None) is not None
