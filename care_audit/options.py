"""The options of an audit, as its plugins declare them to pytest: those of the command are the same ones."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from audit.settings import Settings, emptiness, in_settings
from audit.toml_file import FileError, suggestion
from care_audit.running import pytest_plugins

# What is shown of an option that names a file or a folder.
PLACES = ("DIR", "FILE")

# For policies that nobody is asked; and what a test of the product alone wants.
NOT_OFFERED = frozenset({"--settings"})


@dataclass(frozen=True)
class Option:
    """One option: its name, and what was said of it to pytest."""

    name: str
    said: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What it is called in audit.toml."""
        return self.name.removeprefix("--")

    @property
    def switch(self) -> bool:
        """Whether it has no value."""
        return str(self.said.get("action", "")).startswith("store_")

    @property
    def several(self) -> bool:
        """Whether it may be given more than once."""
        return self.said.get("action") == "append"

    @property
    def number(self) -> bool:
        """Whether its value is a whole number."""
        return self.said.get("type") is int

    @property
    def choices(self) -> Sequence[str]:
        """What its value may be, where that is one of a few words."""
        return tuple(self.said.get("choices") or ())

    @property
    def place(self) -> bool:
        """Whether its value is a path."""
        return self.said.get("metavar") in PLACES

    @property
    def help(self) -> str:
        """What it does, in a line."""
        return str(self.said.get("help") or "")

    @property
    def shown(self) -> str:
        """The option with what its value is."""
        return self.name if self.switch else f"{self.name}={self.said.get('metavar') or 'VALUE'}"

    def words(self, value: object) -> list[str]:
        """Return the option with a value, as one word: the second of two might pass for a place of tests."""
        if self.switch:
            return [self.name] if value else []
        values = value if isinstance(value, list | tuple) else [value]
        return [f"{self.name}={each}" for each in values]


@dataclass
class _Listener:
    """Stands for pytest's parser, and notes what is declared."""

    heard: list[Option] = field(default_factory=list)

    def getgroup(self, *_: str, **__: str) -> _Listener:
        return self

    def addoption(self, *names: str, **said: Any) -> None:  # noqa: ANN401 -- whatever options take
        self.heard.append(Option(names[0], said))


@cache
def options() -> Mapping[str, Option]:
    """Return all options of an audit by their names."""
    listener = _Listener()
    for name in pytest_plugins:
        declare: Callable[..., None] | None = getattr(importlib.import_module(name), "pytest_addoption", None)
        if declare is not None and inspect.signature(declare).parameters:  # a hook takes what it needs
            declare(listener)
    return {each.name: each for each in listener.heard if each.name not in NOT_OFFERED}


def of_settings(path: Path, settings: Settings, given: Sequence[str]) -> Iterator[str]:
    """Yield the options that stand in a file of settings, as words, but for those that were ``given`` by name.

    Paths are from where the file is. Raises FileError about one that is unknown, or cannot be what it is.
    """
    known = {each.key: each for each in options().values()}
    for key, value in settings.options.items():
        option = known.get(key)
        if option is None:
            raise _wrong(path, key, f"unknown option {key!r}; {suggestion(key, known, 'the options are')}")
        if reason := emptiness(key, value):
            raise _wrong(path, key, reason)
        if reason := _unfit(option, value):
            raise _wrong(path, key, f"{key} must be {reason}")
        if option.name not in given:
            yield from option.words(_placed(path, value) if option.place else value)


def _wrong(path: Path, key: str, why: str) -> FileError:
    return in_settings(path).wrong(("options", key), why)


def _unfit(option: Option, value: object) -> str:
    """Say what a value must be, where it is something else."""
    if option.switch:
        return "" if isinstance(value, bool) else "true or false"
    if option.number:
        return "" if isinstance(value, int) and not isinstance(value, bool) else "a whole number"
    if isinstance(value, tuple):
        return "" if option.several else "a string"
    if option.choices and value not in option.choices:
        return f"one of {', '.join(option.choices)}"
    return "" if isinstance(value, str) else "a string"


def _placed(path: Path, value: object) -> object:
    return [str(path.parent / each) for each in value] if isinstance(value, tuple) else str(path.parent / str(value))
