"""The settings of tokens in supabase/config.toml.

https://supabase.com/docs/guides/local-development/cli/config
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.client.config import configs_of
from audit.client.folder import Folder
from audit.client.syntax import Place
from audit.toml_file import Way

SHORTEST_S, LONGEST_S = 300, 604_800
_BARE = re.compile(r"[\w-]{1,60}")
# What the CLI takes for a truth value in a string. https://pkg.go.dev/strconv#ParseBool
_TRUE, _FALSE = {"1", "t", "T", "TRUE", "true", "True"}, {"0", "f", "F", "FALSE", "false", "False"}


@dataclass(frozen=True)
class Setting:
    """A setting of tokens: ``wrong`` says what is wrong with it, ``unknown`` why nobody can tell; "" each."""

    place: Place
    name: str
    value: str
    wrong: str = ""
    unknown: str = ""


@dataclass(frozen=True)
class Tokens:
    """What the files say: each setting, and why a file could not be read."""

    files: tuple[str, ...]
    settings: tuple[Setting, ...]
    problems: tuple[str, ...]


def tokens_of(folder: Folder) -> Tokens:
    """Read every supabase/config.toml of a folder."""
    configs = configs_of(folder)
    settings = [
        each
        for config in configs.read
        for way, auth in _auths(config.content)
        for each in _judged(config.name, config.lines, way, auth)
    ]
    return Tokens(configs.files, tuple(settings), configs.problems)


def _auths(content: Mapping[str, Any]) -> Iterator[tuple[Way, Mapping[str, Any]]]:
    """Yield the table [auth] and those of branches, which say only what is different there."""
    auth = content.get("auth", {})
    if isinstance(auth, dict) and auth.get("enabled") is not False:
        # Nothing written: an hour, with rotation.
        yield ("auth",), {"jwt_expiry": 3600, "enable_refresh_token_rotation": True, **auth}
    remotes = content.get("remotes")
    for branch, table in remotes.items() if isinstance(remotes, dict) else ():
        inner = table.get("auth") if isinstance(table, dict) else None
        if isinstance(inner, dict):
            yield ("remotes", branch, "auth"), inner


def _judged(name: str, lines: Mapping[Way, int], way: Way, auth: Mapping[str, Any]) -> Iterator[Setting]:
    prefix = ".".join(part if _BARE.fullmatch(part) else "?" for part in map(str, way))
    for key, judge in (("jwt_expiry", _expiry), ("enable_refresh_token_rotation", _rotation)):
        if key in auth:
            near = (*way, key)
            while near and near not in lines:
                near = near[:-1]
            place = Place(name, lines.get(near, 1))
            shown, wrong, unknown = judge(auth[key])
            yield Setting(place, f"{prefix}.{key}", shown, wrong, unknown)


def _expiry(value: object) -> tuple[str, str, str]:
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,12}\s*", value):
        value = int(value)
    if isinstance(value, str):
        return "", "", _of_environment(value, "a number of seconds")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "", "it is no number of seconds", ""
    if not value >= SHORTEST_S:  # so said that "not a number" is none
        return f"{value} s", f"tokens end after {value} s: people are signed out, or refresh all the time", ""
    if value > LONGEST_S:
        return f"{value} s", f"tokens hold for {value} s: longer than a week, the most that Supabase allows", ""
    return f"{value} s", "", ""


def _rotation(value: object) -> tuple[str, str, str]:
    if isinstance(value, str) and value.strip() in _TRUE | _FALSE:
        value = value.strip() in _TRUE
    if isinstance(value, str):
        return "", "", _of_environment(value, "true or false")
    if value is True:
        return "true", "", ""
    return "false", "a refresh token that was stolen can be used for ever, and nobody notices", ""


def _of_environment(value: str, wanted: str) -> str:
    found = re.fullmatch(r"\s*env\((\w{1,80})\)\s*", value)
    return f"it is set by the variable {found[1]}" if found else f"it is a text and not {wanted}"
