"""A disposable database of the project's own, for verbs that ask no pytest: built as an audit builds it, and filled."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from audit.access import declaration
from audit.access.declaration import Access
from audit.connection import TargetError
from audit.house import HOUSE
from audit.project import project_of
from audit.server.target import MEMBERS, Choice, Target, opened
from audit.settings import Settings

READ = ("--migrations", "--schema", "--before", "--postgres-bin", "--members", "--platform-defaults")
KNOWN = frozenset({*READ, "--settings", "--access"})


@dataclass(frozen=True)
class Built:
    """A database, and what its project says."""

    target: Target
    settings: Settings
    access: Access


@contextmanager
def built_from(words: Sequence[str], *, members: int | None = None, quiet: bool = False) -> Iterator[Built]:
    """Yield what options of an audit ask for. Raises TargetError and FileError, with one sentence."""
    parser = argparse.ArgumentParser()
    for name in READ:
        parser.add_argument(name, type=int if name == "--members" else str)
    parser.add_argument("--settings")
    parser.add_argument("--access")
    given = parser.parse_args([word for word in words if word.partition("=")[0] in KNOWN])
    project = project_of(
        HOUSE, live=None, source=_path(given.schema or given.migrations), settings=given.settings, access=given.access
    )
    choice = Choice(
        postgres_bin=_path(given.postgres_bin),
        migrations=_path(given.migrations),
        schema=_path(given.schema),
        before=_path(given.before),
        members=members if members is not None else MEMBERS if given.members is None else given.members,
        platform_defaults=given.platform_defaults,
        parts=project.settings.parts,
    )
    access = declaration.load(project.access) if project.access else Access()
    with opened(choice, (lambda _: None) if quiet else _say) as target:
        if not target.disposable:  # pragma: no cover -- nothing else was chosen
            raise TargetError("this is done on a database of our own only")
        yield Built(target, project.settings, access)


def _path(name: str | None) -> Path | None:
    return Path(name) if name else None


def _say(line: str) -> None:
    click.echo(line, err=True)
