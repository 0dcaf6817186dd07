"""Which databases a fleet is made of: targets.toml."""

from __future__ import annotations

import configparser
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from psycopg.conninfo import conninfo_to_dict
from pydantic import ConfigDict

from audit.connection import TargetError, conninfo, holds_password, looks_like_conninfo
from audit.toml_file import EXACTLY, Amount, FileError, Text, TomlFile, form_of, read

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# What the fleet says itself of each audit.
OWN = ("--target", "--report-dir", "--output")


@dataclass(frozen=True)
class Database:
    """One database: the name of its report, how it is reached, and options of its own.

    ``server`` is what counts for the limit of audits at a time; without it, the machine that ``target`` leads to.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    name: Text
    target: Text
    server: str = ""
    options: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Fleet:
    """The form of targets.toml: databases stand under ``[[database]]``; ``options`` are those of all of them.

    ``at_once`` audits run at a time, ``at_once_per_server`` of them on one server, each for so many ``minutes``.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    database: tuple[Database, ...] = ()
    at_once: Amount = 0
    at_once_per_server: Amount = 2
    minutes: Amount = 30
    options: tuple[Text, ...] = ()


def load(path: Path, *, scheduled: bool = False) -> Fleet:
    """Read a file of targets. ``scheduled``: they travel to other machines. Raises FileError."""
    file = read(path)
    fleet = form_of(Fleet, file)
    if not fleet.database:
        raise FileError(
            f"{file.name}: there is no database in it; each stands under [[database]], with name and target"
        )
    if not fleet.at_once_per_server or not fleet.minutes:
        raise FileError(f"{file.name}: at_once_per_server and minutes must be more than 0")
    _check_options(file, ("options",), fleet.options)
    known: set[str] = set()
    for number, database in enumerate(fleet.database):
        _check(file, ("database", number), database, scheduled=scheduled)
        if database.name.lower() in known:
            raise file.wrong(("database", number, "name"), f"there are two databases named {database.name!r}")
        known.add(database.name.lower())
    return fleet


def _check(file: TomlFile, way: tuple[str | int, ...], database: Database, *, scheduled: bool) -> None:
    if not NAME.fullmatch(database.name):
        raise file.wrong((*way, "name"), "a name has letters, digits, '.', '_' and '-', 64 at most: a folder gets it")
    _check_options(file, (*way, "options"), database.options)
    if not looks_like_conninfo(database.target):
        raise file.wrong((*way, "target"), "a target is a live database: service=NAME, or a URL")
    try:
        conninfo(database.target)
    except TargetError as error:
        raise file.wrong((*way, "target"), str(error)) from None
    if holds_password(database.target):
        raise file.wrong((*way, "target"), "it holds a password: put that into a password file or a service file")
    if scheduled and [*conninfo_to_dict(database.target)] != ["service"]:
        raise file.wrong(
            (*way, "target"), "with a scheduler a target is service=NAME, which each worker looks up itself"
        )


def _check_options(file: TomlFile, way: tuple[str | int, ...], options: tuple[str, ...]) -> None:
    for option in options:
        name = option.partition("=")[0]
        if not name.startswith("--") or name in OWN:
            raise file.wrong(way, f"{option!r} is none of the options of care-audit check that a fleet takes")


def server_of(database: Database) -> str:
    """Return what stands for the server that a database is on: host and port, as far as they are known here."""
    if database.server:
        return database.server
    given = conninfo_to_dict(database.target)
    if service := given.get("service"):
        given = {**_service(str(service)), **given}
    place = given.get("host") or given.get("hostaddr") or (f"service {service}" if service else "")
    return f"{place}:{given.get('port') or ''}"


def _service(name: str) -> dict[str, str]:
    """Return what the service files of this machine say of a service, as libpq finds them.

    https://www.postgresql.org/docs/current/libpq-pgservice.html
    """
    own = os.environ.get("PGSERVICEFILE") or str(Path.home() / ".pg_service.conf")
    for path in (own, str(Path(os.environ.get("PGSYSCONFDIR", "/etc/postgresql-common"), "pg_service.conf"))):
        known = configparser.RawConfigParser(delimiters=("=",), strict=False)
        try:
            known.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        if known.has_section(name):
            return dict(known[name])
    return {}
