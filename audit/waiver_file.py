"""The form of waivers.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from audit.toml_file import EXACTLY, Day, Text


@dataclass(frozen=True)
class WaiverEntry:
    """What a waiver has to say, all of it."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    policy: Text
    object: Text
    reason: Text
    owner: Text
    expires: Day


@dataclass(frozen=True)
class WaiverFile:
    """Each waiver stands under ``[[waiver]]``."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    waiver: tuple[WaiverEntry, ...] = ()
