"""What conditions in a migration hang on that may be otherwise where it is meant to run: rows, the place, failures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from audit.gate.deeds import FAILURE, Code, Reader
from audit.sql_text import STRING
from audit.surroundings import asks, by_chance

_ASKING = {"found": "what was found", "execute": "what a text says that is put together"}


class Dependence:
    """What conditions depend on, that may be otherwise elsewhere: rows of tables, or the place.

    ``tables`` are the names of those that hold rows, ``variables`` what each variable of a block is set to; ``reader``
    knows the project's functions, and what of them was read.
    """

    def __init__(self, tables: Iterable[str], reader: Reader, variables: Mapping[str, Sequence[Code]]) -> None:
        self.tables = frozenset(tables)
        self.reader = reader
        self.variables = variables
        self._known: dict[tuple[int, ...], tuple[str, ...]] = {}

    def of(self, guards: Sequence[Code]) -> tuple[str, ...]:
        """Return what some conditions, which somebody keeps, depend on, in words. Raises Unreadable."""
        key = tuple(map(id, guards))
        self.reader.effort.spend(len(key))
        if key not in self._known:
            self._known[key] = self._of(guards)
        return self._known[key]

    def _of(self, guards: Sequence[Code]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        seen: set[str] = set()
        waiting = list(guards)
        while waiting:
            code = waiting.pop()
            self.reader.effort.spend(1 + len(code))
            if code is FAILURE:
                found.setdefault("what fails", None)
                continue
            found.update(dict.fromkeys((*asks(code), *by_chance(code))))
            for at, token in enumerate(code):
                if token.kind is STRING and any(map(str.isspace, token.value)):
                    waiting.append(self.reader.tokens(token.value))
                name = token.name
                if not name or name in seen:
                    continue
                seen.add(name)
                if name in _ASKING:
                    found.setdefault(_ASKING[name], None)
                if name in self.tables:
                    found.setdefault(f"rows of {name}", None)
                waiting += self.variables.get(name, ())
                if at + 1 < len(code) and code[at + 1].text == "(":
                    waiting += map(self.reader.tokens, self.reader.functions.get(name, ()))
        return tuple(found)
