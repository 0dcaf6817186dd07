"""Whose files apply: settings, declarations and waivers are a project's, and no other's database is judged by them.

The files beside this program are the Care Collective's. They apply to the reference schema, which is theirs, and to a
live database if their audit.toml says so (``[project] live``). To anything else applies what is named: ``--settings``
and what stands in it, ``--access``, ``--waivers``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from audit.policy import PACKS
from audit.settings import Settings, load
from audit.toml_file import FileError

SETTINGS, ACCESS, WAIVERS = "audit.toml", "schema/access.toml", "waivers.toml"
REFERENCE = "schema/migrations"


@dataclass(frozen=True)
class Project:
    """The files that apply to the database under audit. None: there are none, so nothing is declared, or accepted."""

    settings: Settings
    access: Path | None = None
    waivers: Path | None = None


def project_of(
    root: Path,
    *,
    live: bool,
    source: Path | None,
    settings: str | None = None,
    access: str | None = None,
    waivers: str | None = None,
) -> Project:
    """Return whose files apply, below ``root`` or as named.

    ``source`` are the migrations, or the dump, that the database is built from; None: the reference, if not ``live``.
    Raises FileError, with one sentence, when a file that is named is not there or audit.toml cannot be used.
    """
    for option, name in (("settings", settings), ("access", access), ("waivers", waivers)):
        if name and not Path(name).is_file():
            raise FileError(f"--{option} {name}: there is no such file")
    foreign = source is not None and source.resolve() != (root / REFERENCE).resolve()
    ours = load(root / SETTINGS) if not foreign and not settings else Settings()
    applies = not foreign and (not live or ours.project.live)
    chosen = load(Path(settings)) if settings else ours if applies else Settings()
    if applies and chosen.packs is None:
        chosen = replace(chosen, packs=PACKS)
    return Project(
        chosen,
        _file(access or chosen.access, root / ACCESS if applies else None),
        _file(waivers or chosen.waivers, root / WAIVERS if applies else None),
    )


def _file(named: str, otherwise: Path | None) -> Path | None:
    if named:
        return Path(named)
    return otherwise if otherwise is not None and otherwise.exists() else None
