"""What code does to data and to rights, statement by statement, and on which conditions: PL/pgSQL is read for that.

A rehearsal sees what happens here. What stands in a branch that is not taken with made-up rows may happen elsewhere:
so each statement is known with the conditions that it hangs on. Only the frame of PL/pgSQL is read (IF, CASE, loops,
handlers, what leaves early); expressions and SQL are sequences of tokens.
https://www.postgresql.org/docs/current/plpgsql-control-structures.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from audit.sql_text import LONGEST, STRING, Token, tokens

Code = tuple[Token, ...]

# A condition by itself: a handler runs when something fails, and what that is, nobody reads.
FAILURE = tuple(tokens("exception"))
_FOUND = tuple(tokens("found"))
# Texts within texts, and functions that call functions.
DEPTH = 4
# So many tokens are looked at for one statement, those of all that it calls and those of all conditions included.
MOST_STEPS = 2_000_000

_LEAVING = frozenset({"return", "exit", "continue"})
_TELLING = frozenset({"debug", "log", "info", "notice", "warning"})
# In a statement that adds rows, what does more than that.
_TELLING_MORE = frozenset({"select", "conflict", "with", "update", "delete", "table"})
# In a statement that adds rows, what says that it hangs on rows that are there.
_OF_OTHER_ROWS = frozenset({"select", "conflict"})
# What begins a statement that takes something away or changes it, in a query's parentheses, too.
_CHANGING = frozenset({"delete", "update", "merge"})
# What a statement begins with that is prepared or explained.
_STATEMENTS = _CHANGING | {"insert", "select", "with", "values", "table", "create", "execute"}
# What changes nothing by itself.
_QUERIES = frozenset({"select", "perform", "with", "call", "return", "insert", "values", "open", "table", "for"})
# What only names functions.
_NAMING = frozenset({"grant", "revoke", "comment", "drop", "security", "reassign"})
# What is made of code that runs later.
_DEFINED = frozenset({"function", "procedure", "trigger", "policy", "view", "rule"})


class Unreadable(Exception):  # noqa: N818  it is no error of ours
    """Code is too long to be read, or leads to too much: what it would do is not known."""


class Effort:
    """What is left of what may be spent on one statement: whoever writes code decides how much of it there is."""

    def __init__(self, most: int = MOST_STEPS) -> None:
        self.most, self.spent = most, 0

    def spend(self, steps: int) -> None:
        """Note so many steps. Raises Unreadable when there have been too many."""
        self.spent += steps
        if self.spent > self.most:
            raise Unreadable


@dataclass(frozen=True)
class Deed:
    """One statement: its tokens, and the conditions (each a sequence of tokens) on which it is executed.

    ``kind`` is the first word that says what it does; that of an EXECUTE of a text that is put together is "execute",
    and ``code`` what of the text can be read. ``nested``: it stands in a block or a function.
    """

    kind: str
    code: Code
    guards: tuple[Code, ...] = ()
    nested: bool = False

    @property
    def text(self) -> str:
        """The statement as it is written, without comments."""
        parts, end = [], -1
        for token in self.code:
            parts += [" " * (token.start != end), token.text]
            end = token.end
        return "".join(parts).strip()


@dataclass
class Reading:
    """Code that was read: its statements, and what each variable was set to."""

    deeds: list[Deed] = field(default_factory=list)
    variables: dict[str, list[Code]] = field(default_factory=dict)

    def __iadd__(self, other: Reading) -> Reading:
        self.deeds += other.deeds
        for name, codes in other.variables.items():
            self.variables.setdefault(name, []).extend(codes)
        return self


@dataclass
class _Frame:
    """A block, branch or loop: on which conditions it is entered, and what is passed by if it was left early."""

    kind: str
    conditions: list[Code] = field(default_factory=list)
    left: list[Code] = field(default_factory=list)
    leaves: bool = False


class Reader:
    """Reads code and all that it calls. ``functions`` are the bodies of the project's functions, by name.

    What a function does is read once for each set of conditions under which it is called, however many call it.
    """

    def __init__(self, functions: Mapping[str, Sequence[str]], effort: Effort | None = None) -> None:
        self.functions = functions
        self.effort = effort or Effort()
        # By which conditions these are, which are kept meanwhile so that no others can be taken for them.
        self._called: dict[tuple[str, tuple[int, ...]], tuple[int, tuple[Code, ...]]] = {}
        self._read: dict[str, Code] = {}

    def tokens(self, text: str) -> Code:
        """Return the tokens of a text. Raises Unreadable."""
        if text not in self._read:
            if len(text) > LONGEST:
                raise Unreadable
            self._read[text] = tuple(tokens(text))
            if any(token.word == "uescape" for token in self._read[text]):
                raise Unreadable  # what is written in signs of its author's choice
        self.effort.spend(len(self._read[text]))
        return self._read[text]

    def is_new(self, name: str, guards: tuple[Code, ...], depth: int) -> bool:
        """Tell whether a call leads to what was not read yet, at this depth or a smaller one."""
        key = name, tuple(dict.fromkeys(map(id, guards)))
        if key in self._called and self._called[key][0] >= depth:
            return False
        self._called[key] = depth, guards
        return True


def read(text: str, reader: Reader) -> Reading:
    """Read one SQL statement, the blocks in it and the functions that it calls. Raises Unreadable."""
    code = _rows_of(text, reader) if len(text) > LONGEST else reader.tokens(text)
    return _statement(code, (), reader, DEPTH, nested=False)


def _rows_of(text: str, reader: Reader) -> Code:
    """Return the beginning of a long statement that holds rows, and nothing else. Raises Unreadable."""
    found = tuple(islice(tokens(text), LONGEST))
    words = {token.sign for token in found}
    plain = bool(found) and found[0].sign in ("insert", "copy", "values") and not words & _TELLING_MORE
    if len(found) == LONGEST or not plain or any(token.name in reader.functions for token in found):
        raise Unreadable
    return found[:1]


def _body(text: str, guards: tuple[Code, ...], reader: Reader, depth: int) -> Reading:
    code = reader.tokens(text)
    first = next((token.sign for token in code if token.sign not in ("<", ">", "<<", ">>")), "")
    if first in ("begin", "declare") or (code[:1] and code[0].text == "<<"):
        return _Block(code, guards, reader, depth).read()
    found = Reading()
    for piece in _split(code, ";"):
        found += _statement(piece, guards, reader, depth, nested=True)
    return found


def _split(code: Sequence[Token], mark: str) -> Iterator[Code]:
    """Yield what stands between marks outside of parentheses."""
    depth, begin = 0, 0
    for at, token in enumerate(code):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == mark and depth <= 0:
            yield tuple(code[begin:at])
            begin = at + 1
    yield tuple(code[begin:])


def _statement(code: Code, guards: tuple[Code, ...], reader: Reader, depth: int, *, nested: bool) -> Reading:
    """Return what one statement does, with all that it calls."""
    found = Reading()
    if not code:
        return found
    reader.effort.spend(len(code) + len(guards))
    first = code[0].sign
    if first == "do":
        if not depth:
            raise Unreadable
        for token in code:
            if token.kind is STRING:
                found += _body(token.value, guards, reader, depth - 1)
        return found
    if first == "execute" and nested:
        return _executed(code, guards, reader, depth)
    if first in ("prepare", "explain"):
        # What is prepared is taken for executed: it is there to be, and by whatever name that is said.
        at = next((at for at, token in enumerate(code) if token.sign in _STATEMENTS and _is_outside(code, at)), None)
        return found if at is None else _statement(code[at:], guards, reader, depth, nested=nested)
    defines = first in _NAMING or (first == "create" and bool({token.sign for token in code[1:6]} & _DEFINED))
    defines = defines or (first == "alter" and len(code) > 1 and code[1].sign != "table")
    if first == "merge":
        found.deeds += _merged(code, guards, nested=nested)
    elif (first not in _QUERIES and code[0].name) or (first == "insert" and {t.sign for t in code} & _OF_OTHER_ROWS):
        found.deeds.append(Deed(first, code, guards, nested))
    opened = read = 0
    for at, token in enumerate(code):
        opened += {"(": 1, ")": -1}.get(token.text, 0)
        inner = at and token.sign in _CHANGING and (code[at - 1].text == "(" or (first == "with" and not opened))
        # What changes rows within what does, PostgreSQL refuses: only a WITH at the top may.
        if inner and at >= read and code[at - 1].sign not in ("for", "do", "on", "then"):
            part = tuple(_within(code, at))
            read = at + len(part)
            made = (
                _merged(part, guards, nested=nested)
                if token.sign == "merge"
                else [Deed(token.sign, part, guards, nested)]
            )
            found.deeds += made
    if not defines:
        found += _calls(code, guards, reader, depth)
    return found


def _is_outside(code: Code, at: int) -> bool:
    """Tell whether a token stands outside of parentheses."""
    return not sum({"(": 1, ")": -1}.get(token.text, 0) for token in code[:at])


def _merged(code: Code, guards: tuple[Code, ...], *, nested: bool) -> list[Deed]:
    """Return what a MERGE does to rows that are there."""
    kinds = {token.sign for before, token in pairwise(code) if before.sign == "then"} & {"delete", "update"}
    return [Deed(kind, code, guards, nested) for kind in sorted(kinds)]


def _within(code: Sequence[Token], at: int) -> Iterator[Token]:
    """Yield what is left within parentheses."""
    depth = 0
    for place in range(at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[place].text, 0)
        if depth < 0:
            return
        yield code[place]


_CHOOSING = frozenset({"where", "case", "and", "or", "having", "filter", "on", "limit", "from", "coalesce", "when"})


def _calls(code: Code, guards: tuple[Code, ...], reader: Reader, depth: int) -> Reading:
    """Return what the functions do that a statement calls; whether they are called may hang on its conditions."""
    found = Reading()
    if not depth:
        return found
    chosen = any(token.sign in _CHOOSING for token in code)
    # What it is called with counts: it says what the function decides upon.
    under = (*guards, code) if chosen else guards
    for token, after in pairwise(code):
        if after.text != "(" or not token.name or token.name not in reader.functions:
            continue
        reader.effort.spend(1 + len(under))
        if reader.is_new(token.name, under, depth):
            for text in reader.functions[token.name]:
                found += _body(text, under, reader, depth - 1)
    return found


def _executed(code: Code, guards: tuple[Code, ...], reader: Reader, depth: int) -> Reading:
    """Return what EXECUTE does: what its text says, as far as there is one to read."""
    found = Reading()
    end = next((at for at, token in enumerate(code) if token.sign in ("using", "into")), len(code))
    texts = [token for token in code[1:end] if token.kind is STRING]
    if len(texts) == 1 and end == 2:
        if not depth:
            raise Unreadable
        for piece in _split(reader.tokens(texts[0].value), ";"):
            found += _statement(piece, guards, reader, depth - 1, nested=True)
        return found
    read_ = tuple(token for text in texts for token in reader.tokens(text.value))
    # The first literal is the beginning of a statement, where it is a word that begins one.
    found.deeds.append(Deed("execute", read_, guards, nested=True))
    found += _calls(code, guards, reader, depth)
    return found


class _Block:
    """Reads a block of PL/pgSQL."""

    def __init__(self, code: Code, guards: tuple[Code, ...], reader: Reader, depth: int) -> None:
        self.code = code
        self.reader = reader
        self.depth = depth
        self.frames = [_Frame("block", list(guards))]
        self.found = Reading()
        self.at = 0

    @property
    def guards(self) -> tuple[Code, ...]:
        found = tuple(each for frame in self.frames for each in (*frame.conditions, *frame.left))
        self.reader.effort.spend(1 + len(found))
        return found

    def read(self) -> Reading:
        """Read all of it."""
        while self.at < len(self.code):
            self._next()
        return self.found

    def _next(self) -> None:
        token = self.code[self.at]
        frame = self.frames[-1]
        match token.sign:
            case "<<":
                self._until(">>")
            case "declare":
                self.at += 1
                self._declared()
            case "begin":
                self.at += 1
                self.frames.append(_Frame("begin"))
            case "exception" if frame.kind == "begin":
                self.at += 1
                frame.conditions.append(FAILURE)
            case "when" if frame.kind in ("begin", "case"):
                condition = self._until("then")
                if frame.kind == "case":
                    frame.conditions.append(condition)
            case "if":
                self.frames.append(_Frame("if", [self._condition()]))
            case "elsif" | "elseif":
                frame.conditions.append(self._condition())
            case "else":
                self.at += 1
            case "case":
                self.at += 1
                begin = self.at
                while self.at < len(self.code) and self.code[self.at].sign != "when":
                    self.at += 1
                self.frames.append(_Frame("case", [self.code[begin : self.at]]))
            case "loop":
                self.at += 1
                self.frames.append(_Frame("loop"))
            case "while" | "for" | "foreach":
                self._loop(token.sign)
            case "end":
                self._until(";")
                self._end()
            case ";":
                self.at += 1
            case _:
                self._plain(self._until(";"))

    def _until(self, sign: str) -> Code:
        """Return what stands before a word or mark, and go on behind it: CASE expressions have words of their own."""
        begin, depth, cases = self.at + (sign != ";"), 0, 0
        at = begin
        while at < len(self.code):
            token = self.code[at]
            if not depth and not cases and token.sign == sign:
                break
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if sign == "then":
                cases = max(0, cases + {"case": 1, "end": -1}.get(token.sign, 0))
            at += 1
        self.at = at + 1
        return self.code[begin:at]

    def _condition(self) -> Code:
        condition = self._until("then")
        self._add(_calls(condition, self.guards, self.reader, self.depth))
        return condition

    def _declared(self) -> None:
        while self.at < len(self.code) and self.code[self.at].sign not in ("begin", "declare"):
            code = self._until(";")
            if code and code[0].name:
                self._set(code[0].name, code[1:])

    def _loop(self, kind: str) -> None:
        over = self._until("loop")
        self.frames.append(_Frame("loop", [over]))
        if kind == "while":
            self._add(_calls(over, self.guards, self.reader, self.depth))
        else:
            names = list(_names_before(over, "in"))
            for name in names:
                self._set(name, over)
            query = over[len(names) * 2 :] if names else over
            self._add(_statement(query, self.guards[:-1], self.reader, self.depth, nested=True))

    def _end(self) -> None:
        if len(self.frames) < 2:
            return
        frame = self.frames.pop()
        if frame.leaves:
            # What comes behind is reached only where this was not.
            self.frames[-1].left += frame.conditions
            self.frames[-1].leaves = True

    def _plain(self, code: Code) -> None:
        if not code:
            return
        first = code[0].sign
        if first in _LEAVING or (first == "raise" and not (len(code) > 1 and code[1].sign in _TELLING)):
            self.frames[-1].leaves = first != "return" or not (len(code) > 1 and code[1].sign in ("query", "next"))
            if first != "return" and "when" in {token.sign for token in code}:
                self.frames[-1].left.append(code)
        for name, value in _assignments(code):
            self._set(name, value)
        if first == "return" and len(code) > 2 and code[1].sign == "query":
            code = code[2:]
        self._add(_statement(code, self.guards, self.reader, self.depth, nested=True))

    def _set(self, name: str, value: Code) -> None:
        guards = self.guards
        self.reader.effort.spend(len(value) + sum(map(len, guards)))
        self.found.variables.setdefault(name, []).append((*value, *(token for each in guards for token in each)))

    def _add(self, found: Reading) -> None:
        self.found += found


def _names_before(code: Sequence[Token], sign: str) -> Iterator[str]:
    for token in code:
        if token.sign == sign:
            return
        if token.name:
            yield token.name


def _assignments(code: Code) -> Iterator[tuple[str, Code]]:
    """Yield the variables that a statement sets, and what to."""
    signs = [token.sign for token in code]
    if code[0].name and signs[0] not in ("select", "update", "delete", "insert", "with", "perform", "execute"):
        for at, sign in enumerate(signs[:6]):
            if sign in (":=", "=") or (sign == ":" and signs[at + 1 : at + 2] == ["="]):
                yield code[0].name, code[at + 1 :]
                return
    if signs[:1] == ["get"]:
        yield from ((token.name, _FOUND) for token in code[2:] if token.name)
    if ("into" in signs and signs[0] != "insert") or signs.count("into") > 1:
        at = len(signs) - 1 - signs[::-1].index("into")
        for token in code[at + 1 :]:
            if token.name and token.sign not in ("strict",):
                yield token.name, code
            elif token.text != "," and token.sign != "strict":
                break
            if token.sign in ("from", "where"):
                break
