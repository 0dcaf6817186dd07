"""What rules ask by way of a project's functions: ``level_of_caller() = 'coach'``, ``has_role(auth.uid(), 'admin')``.

A function that answers with a column of a table makes what it is compared with words of that column; a function that is
given the caller, or a word, asks in its body what it would ask with these in the place of its parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from audit.catalog.expressions import bare, called

# As many different calls of one function are read, and as long a body.
MOST_CALLS = 12
CALLER = "auth.uid()"

_ANSWER = re.compile(
    r"""\bselect\s+(?:distinct\s+|all\s+)?(?:coalesce\s*\(\s*)?(?:\w+\s*\.\s*)?"?(?P<column>[a-z_]\w*)"?
    (?:\s*::\s*[\w.]+)?(?:\s+into\s+(?:strict\s+)?\w+)?\s+from\s+(?:only\s+)?
    (?:"?(?P<schema>\w+)"?\s*\.\s*)?"?(?P<table>\w+)"?""",
    re.IGNORECASE | re.VERBOSE,
)
_CALL = re.compile(rf"{re.escape(CALLER)}|\(\s*select\s+auth\s*\.\s*uid\s*\(\s*\)(?:\s+as\s+\w+)?\s*\)", re.IGNORECASE)


@dataclass
class Function:
    """A function of the project: its parameters' names ("" for none), its body, and what rules give it."""

    oid: int
    schema: str
    name: str
    parameters: Sequence[str]
    body: str
    given: dict[tuple[str, ...], None] = field(default_factory=dict)

    def bodies(self) -> Iterator[str]:
        """Yield the body as it is, and as it asks with what each call gives."""
        yield self.body
        for given in self.given:
            yield self._with(given)

    def answers(self) -> tuple[str | None, str, str] | None:
        """Return schema (None: not said), table and column of what it returns, as far as its text tells."""
        found = _ANSWER.search(self.body)
        return (found["schema"], found["table"].lower(), found["column"].lower()) if found else None

    def _with(self, given: Sequence[str]) -> str:
        text = self.body
        for number, (name, value) in enumerate(zip(self.parameters, given, strict=False), 1):
            if value:
                named = rf"|(?:\b{re.escape(self.name)}\s*\.\s*)?\b{re.escape(name)}\b" if name else ""
                text = re.sub(rf"\${number}(?!\d){named}", value.replace("\\", r"\\"), text, flags=re.IGNORECASE)
        return text


class Functions:
    """The project's functions; those that are called are known by schema and name."""

    def __init__(self, functions: Iterable[Function]) -> None:
        self.all = list(functions)
        self.known = {(function.schema, function.name): function for function in self.all}
        self._by_name = {function.name.lower(): function for function in self.all}

    def called(self, tree: exp.Expr | None) -> Iterator[tuple[Function, exp.Expr]]:
        """Yield the functions that an expression calls, each with the call, and note what it is given."""
        for node in tree.walk() if tree is not None else ():
            name = called(node)
            function = self.known.get((name[0] or "public", name[1])) if name else None
            if function is not None:
                function.given.update(dict.fromkeys([_given(node)] if len(function.given) < MOST_CALLS else []))
                yield function, _outermost(node)

    def note_calls(self, body: str) -> None:
        """Note what functions are given the caller by another's body, as their first argument."""
        for found in re.finditer(r"\b(\w+)\s*\(\s*(?=auth\s*\.|\(\s*select\s+auth)", body, re.IGNORECASE):
            function = self._by_name.get(found[1].lower())
            if function is not None and _CALL.match(body, found.end()) and len(function.given) < MOST_CALLS:
                function.given[CALLER,] = None


def _given(call: exp.Expr) -> tuple[str, ...]:
    """Return what a call gives, as text: the caller, or a word; "" for what it is not known."""
    inner = call.expression if isinstance(call, exp.Dot) else call
    return tuple(map(_text, inner.expressions))


def _text(argument: exp.Expr) -> str:
    plain = bare(argument)
    if called(plain) == ("auth", "uid"):
        return CALLER
    return plain.sql(dialect="postgres") if isinstance(plain, exp.Literal | exp.Boolean) else ""


def _outermost(node: exp.Expr) -> exp.Expr:
    """Return the sub-select that has nothing but a call in it, or the call."""
    while isinstance(parent := node.parent, exp.Expr) and parent is not node and bare(parent) is bare(node):
        node = parent
    return node
