"""The questions of policies as texts that a person can paste: with the settings of the reference filled in."""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn

from psycopg import sql

from audit.access.declaration import Access
from audit.policy import Policy
from audit.settings import Settings

# What is longer is no question that a person pastes: the audit itself asks it.
MOST_LINES = 30

_OF = re.compile(r"""\bof="([a-z_]+\.[a-z_]+)\"""")
_PARAMETER = re.compile(r"%\((\w+)\)s|%%")


class _Asked(Exception):  # noqa: N818 -- it ends the asking
    """A policy has put its first question."""


class _Recorder:
    """Stands for the auditor, and keeps what it is asked first."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.known = values
        self.text = ""
        self.parameters: Mapping[str, Any] = {}
        self.narrowed = False
        self.all: list[str] = []

    def __call__(self, text: str, **given: Any) -> NoReturn:  # noqa: ANN401
        self.text, self.parameters = text, given
        self.all = [text, *(given.get(name, "") for name in ("of", "blind", "first"))]
        self.narrowed = bool(given.get("where") or given.get("first"))
        raise _Asked

    def scans(self, _: str, **__: Any) -> NoReturn:  # noqa: ANN401
        raise _Asked

    slow = scans


class _Other:
    """Stands for every other asker: what it is asked cannot be pasted."""

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise _Asked

    def __getattr__(self, _: str) -> NoReturn:
        raise _Asked

    def __or__(self, _: object) -> NoReturn:
        raise _Asked


def known() -> dict[str, Any]:
    """Return what questions can name, as it is for a database of the reference."""
    settings = Settings(packs=("core", "care-collective"))
    return {
        **settings.parameters(),
        **Access().parameters(),
        "exposed": ["public"],
        "sign_up": ["email", "invitation"],
        "absent_roles": [],
    }


def _recorded(policy: Policy, values: Mapping[str, Any]) -> _Recorder:
    recorder = _Recorder(values)
    with suppress(_Asked):
        inspect.unwrap(policy.function)(**{name: recorder if name == "auditor" else _Other() for name in policy.askers})
    return recorder


def _one_question(policy: Policy) -> bool:
    """Tell whether the auditor is asked once, and all that is judged is that its answer is empty.

    Whoever asks which columns there are before they ask what is wrong would else be said to ask for columns.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(policy.function))))
    asked = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "auditor"]
    match [node.test for node in ast.walk(tree) if isinstance(node, ast.Assert)]:
        case [ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Name(id="auditor")))]:
            return len(asked) == 1
    return False


def texts(policy: Policy, values: Mapping[str, Any]) -> list[str]:
    """Return the texts of a policy's first question of the auditor, and the relations that it asks about besides.

    What it asks after the first one depends on the answer: which columns it reads is not known before.
    """
    besides = _OF.findall(inspect.getsource(inspect.unwrap(policy.function)))
    return [*(text for text in _recorded(policy, values).all if text), *dict.fromkeys(besides)]


def question(policy: Policy, values: Mapping[str, Any]) -> str:
    """Return a policy's question as SQL to paste; "" where it is none: people act, Python judges, or it has steps."""
    recorder = _recorded(policy, values)
    if not recorder.text or recorder.narrowed or not _one_question(policy):
        return ""
    text = textwrap.dedent(recorder.text).strip()
    if "%(" in text:
        given = {**values, **recorder.parameters}
        names = {found[1] for found in _PARAMETER.finditer(text) if found[1]}
        if not names <= given.keys():
            return ""
        text = _PARAMETER.sub(lambda found: _literal(given[found[1]]) if found[1] else "%", text)
    text = "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
    return f"{text};" if text.count("\n") < MOST_LINES else ""


def _literal(value: object) -> str:
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], dict):
            return f"{sql.Literal(json.dumps(list(value))).as_string(None)}::jsonb"
        return f"array[{', '.join(_literal(each) for each in value)}]::text[]"
    if isinstance(value, dict):
        return f"{sql.Literal(json.dumps(value)).as_string(None)}::jsonb"
    return sql.Literal(value).as_string(None)
