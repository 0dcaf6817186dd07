"""Whose files apply: settings, declarations and waivers are a project's, and no other's database is judged by them.

The files beside this program are the Care Collective's. They apply to the reference schema, which is theirs, and to a
live database that is theirs: their audit.toml says that it is (``[project] live``), or by what it is known (``marks``).
To anything else applies what is named: ``--settings`` and what stands in it, ``--access``, ``--waivers``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from audit.connection import TargetError, connect, conninfo, reading
from audit.policy import PACKS
from audit.settings import ENOUGH_MARKS, Settings, load
from audit.toml_file import FileError

SETTINGS, ACCESS, WAIVERS = "audit.toml", "schema/access.toml", "waivers.toml"
REFERENCE = "schema/migrations"

PATIENCE_S = 15.0  # whoever does not answer at once is asked again when the audit begins
_MARKED = """
select m.name from pg_catalog.unnest(%s::pg_catalog.text[]) as m (name)
where exists (
    select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where pg_catalog.concat(n.nspname, '.', c.relname) = m.name and c.relkind in ('r', 'p', 'v', 'm')
) or exists (
    select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where pg_catalog.concat(n.nspname, '.', p.proname) = m.name)
"""


@dataclass(frozen=True)
class Project:
    """The files that apply to the database under audit. None: there are none, so nothing is declared, or accepted.

    ``file`` is the settings' own.
    ``note``: a sentence where a live database is not taken for the project's of this folder.
    """

    settings: Settings
    access: Path | None = None
    waivers: Path | None = None
    note: str = ""
    file: Path | None = None


def marked(target: str) -> Callable[[Sequence[str]], Sequence[str] | None]:
    """Return what tells which of a project's marks a live database has; None when it does not say."""

    def found(marks: Sequence[str]) -> Sequence[str] | None:
        try:
            with (
                connect(conninfo(target), patience_s=PATIENCE_S) as connection,
                reading(connection, search_path="", statement_timeout="5s", lock_timeout="100ms"),
            ):
                return [name for (name,) in connection.execute(_MARKED, [list(marks)]).fetchall()]
        except (TargetError, psycopg.Error):
            return None

    return found


def project_of(
    root: Path,
    *,
    live: Callable[[Sequence[str]], Sequence[str] | None] | None,
    source: Path | None,
    settings: str | None = None,
    access: str | None = None,
    waivers: str | None = None,
) -> Project:
    """Return whose files apply, below ``root`` or as named.

    ``source`` are the migrations, or the dump, that the database is built from; None: the reference, if not ``live``,
    which tells of a live database the marks that it has (:func:`marked`). One that does not answer is taken for ours:
    then more is asked, and nothing passes for looked at.
    Raises FileError, with one sentence, when a file that is named is not there or audit.toml cannot be used.
    """
    for option, name in (("settings", settings), ("access", access), ("waivers", waivers)):
        if name and not Path(name).is_file():
            raise FileError(f"--{option} {name}: there is no such file")
    foreign = source is not None and source.resolve() != (root / REFERENCE).resolve()
    ours = load(root / SETTINGS) if not foreign and not settings else Settings()
    why = _of_others(live, ours) if live is not None and not foreign and not settings else ""
    applies = not foreign and (live is None or (not settings and not why))
    note = why if (root / SETTINGS).is_file() else ""
    chosen = load(Path(settings)) if settings else ours if applies else Settings()
    if applies and chosen.packs is None:
        chosen = replace(chosen, packs=PACKS)
    return Project(
        chosen,
        _file(access or chosen.access, root / ACCESS if applies else None),
        _file(waivers or chosen.waivers, root / WAIVERS if applies else None),
        note,
        _file(settings or "", root / SETTINGS if applies else None),
    )


def _of_others(live: Callable[[Sequence[str]], Sequence[str] | None], ours: Settings) -> str:
    """Say why a live database is not the project's of this folder; "" where it is."""
    marks = ours.project.marks
    if ours.project.live:
        return ""
    found = live(marks) if marks else []
    if found is None or (marks and len(found) >= min(ENOUGH_MARKS, len(marks))):
        return ""
    has = f"it has {len(found)} of its {len(marks)} marks" if marks else "it says no marks"
    return (
        f"not the database of this folder's {SETTINGS} ({has}): its packs, declarations and waivers were left out; "
        f"[project] live = true says that it is"
    )


def _file(named: str, otherwise: Path | None) -> Path | None:
    if named:
        return Path(named)
    return otherwise if otherwise is not None and otherwise.exists() else None
