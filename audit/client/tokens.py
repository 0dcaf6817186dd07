"""The settings of tokens in supabase/config.toml.

https://supabase.com/docs/guides/local-development/cli/config
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.client.folder import Folder, decoded
from audit.client.syntax import Place
from audit.evidence import safe
from audit.toml_file import Way, locate

SHORTEST_S, LONGEST_S = 300, 604_800
LARGEST = 200_000
_FILE = re.compile(r"(.*/)?supabase/config\.toml")
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
    files = [name for name in folder.sources if _FILE.fullmatch(name)]
    links = [name for name in folder.links if _FILE.fullmatch(name)]
    settings: list[Setting] = []
    problems = [f"{safe(name)} is a link, which is not followed" for name in links]
    for name in files:
        try:
            settings += _settings(name, folder)
        except ValueError as error:
            problems.append(str(error))
    return Tokens((*files, *links), tuple(settings), tuple(problems))


def _settings(name: str, folder: Folder) -> list[Setting]:
    shown = safe(name)
    if folder.sources[name] > LARGEST:
        raise ValueError(f"{shown} is larger than {LARGEST:,} bytes")
    try:
        text = decoded(folder.content(name, LARGEST)).replace("\r\n", "\n")
        content = tomllib.loads(text)
    except OSError as error:
        raise ValueError(f"{shown} cannot be read: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise ValueError(f"{shown}{f':{line[1]}' if line else ''} is not valid TOML") from None
    except RecursionError:
        raise ValueError(f"{shown} is nested too deeply") from None
    lines = locate(text)
    return [each for way, auth in _auths(content) for each in _judged(name, lines, way, auth)]


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
