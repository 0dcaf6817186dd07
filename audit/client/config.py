"""Every supabase/config.toml of an application, read within limits.

https://supabase.com/docs/guides/local-development/cli/config
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.client.folder import Folder, decoded
from audit.client.syntax import Place
from audit.evidence import safe
from audit.toml_file import Way, locate

LARGEST = 200_000
_FILE = re.compile(r"(.*/)?supabase/config\.toml")


@dataclass(frozen=True)
class Config:
    """One of the files, and on which lines its settings are."""

    name: str
    content: Mapping[str, Any]
    lines: Mapping[Way, int]

    def place(self, *way: str) -> Place:
        """Return where a setting is, or the nearest that it is in."""
        near = way
        while near and near not in self.lines:
            near = near[:-1]
        return Place(self.name, self.lines.get(near, 1))


@dataclass(frozen=True)
class Configs:
    """The files by name, those that could be read, and why others could not be."""

    files: tuple[str, ...]
    read: tuple[Config, ...]
    problems: tuple[str, ...]


def configs_of(folder: Folder) -> Configs:
    """Read every supabase/config.toml of a folder."""
    files = [name for name in folder.sources if _FILE.fullmatch(name)]
    links = [name for name in folder.links if _FILE.fullmatch(name)]
    found: list[Config] = []
    problems = [f"{safe(name)} is a link, which is not followed" for name in links]
    for name in files:
        try:
            found.append(_read(name, folder))
        except ValueError as error:
            problems.append(str(error))
    return Configs((*files, *links), tuple(found), tuple(problems))


def _read(name: str, folder: Folder) -> Config:
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
    return Config(name, content, locate(text))
