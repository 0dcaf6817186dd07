"""What lets through, or stands in the way: the one thing behind findings, whichever policies tell of it.

A finding's object says who offends under one policy; its cause is what has to be mended, so that the findings of
several policies can be told together. Where the engine does not say what it is, it is read from the object.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, get_args

Kind = Literal[
    "policy", "grant", "view", "function", "trigger", "table", "column", "constraint", "index", "role", "bucket",
    "extension", "file", "other",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)

_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_RELATION = rf"{_NAME}\.{_NAME}"
_ON = re.compile(rf"(?P<name>{_NAME}) (?:on|of) (?P<table>{_RELATION})(?:: bucket .*)?", re.DOTALL)
_FUNCTION = re.compile(rf"(?P<name>{_RELATION}\(.*\))", re.DOTALL)
_TABLE = re.compile(rf"(?P<table>{_RELATION})(?:\.{_NAME})?(?:: .*)?", re.DOTALL)
# Who acted, and what they did: "alice: update column name of public.t (blind)".
_DEED = re.compile(
    rf"(?:[\w ,*]+: )?(?P<deed>select|insert|update|delete|call|move|save)\b[^.\n]*?(?P<table>{_RELATION})(?P<rest>.*)",
    re.DOTALL,
)


class Cause(NamedTuple):
    """What it is, its name in the database, and the table that it belongs to ("" for none).

    A policy's name is "name on schema.table", as in the objects of findings; others are called as ``regclass`` and
    ``regprocedure`` print them.
    """

    kind: Kind = "other"
    name: str = ""
    table: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


UNKNOWN = Cause()


def cause_of(obj: str, kind: str = "") -> Cause:
    """Return the cause that the object of a finding names.

    ``kind`` says of what kind the objects are: "name on table" is a policy else, and a relation's name a table.
    """
    known = next((each for each in KINDS if each == kind), None)
    if found := _FUNCTION.fullmatch(obj):
        return Cause("function", found["name"])
    if found := _ON.fullmatch(obj):
        return Cause(known or "policy", f"{found['name']} on {found['table']}", found["table"])
    if known and _TABLE.fullmatch(obj):
        return Cause(known, obj, obj if known in ("table", "view") else "")
    if (found := _DEED.fullmatch(obj)) and found["deed"] == "call":
        return Cause("function", f"{found['table']}{found['rest']}")
    found = found or _TABLE.fullmatch(obj)
    return Cause("table", found["table"], found["table"]) if found else Cause("other", obj)


def written(text: str) -> Cause:
    """Return a cause from how it is written: "kind name"; the table is what follows "on", or the name itself."""
    word, _, name = text.partition(" ")
    kind: Kind = next((each for each in KINDS if each == word), "other")
    found = _ON.fullmatch(name) or (_TABLE.fullmatch(name) if kind in ("table", "view") else None)
    return Cause(kind, name if kind != "other" else text, found["table"] if found else "")
