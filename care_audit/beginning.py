"""How a project begins: what is found in it, one audit, and the files that a team then keeps.

Nothing that is there is written over. What stands in the files says itself what to do with it.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest

from audit.access.declaration import Access
from audit.access.draft import draft
from audit.access.parameters import parameters
from audit.actors import staged
from audit.connection import TargetError, connect
from audit.evidence import Log, Unchecked, safe
from audit.house import DOCUMENTS, version
from audit.layouts import SupabaseConfig, config_beside, recognised
from audit.results import Verdict
from audit.server.target import Target
from audit.server_errors import describe
from audit.toml_file import FileError
from care_audit.calling import NOWHERE, built, completed, value
from care_audit.place import REPORTS, Place, here, source
from care_audit.watching import watched
from fixtures.settings import project
from reports import wording
from reports.causes import Cause, causes
from reports.model import Run
from reports.renderers.terminal import WIDTH

TEMPLATES = Path(__file__).parent / "templates"
BASELINE = "baseline.json"
WORKFLOWS = ".github/workflows"
APPLICATIONS = (".", "app", "web", "frontend", "client", "apps/web", "apps/app", "apps/frontend", "packages/web")
MOST_FOUND = 3
MOST_WHERE = 36  # of a name, so that there is room for what is wrong with it
INDENT = " " * 8
WHOLE: Any = {"break_long_words": False, "break_on_hyphens": False}


@dataclass
class Found:
    """What is in the project, and what an audit of it found. ``app`` is its application's folder."""

    place: Place
    source: Path
    app: Path | None
    config: SupabaseConfig
    lines: list[str] = field(default_factory=list)
    tables: int = 0
    undrafted: str = ""
    run: Run | None = None
    baseline: str = ""

    def look(self, target: Target, config: pytest.Config) -> None:
        """Draft who reaches what, before policies are asked."""
        settings = project(config).settings
        try:
            with connect(target.dsn) as connection:
                known = parameters(connection, settings, Access())
                with staged(connection, known, Log(), target.unfilled) as stage:
                    self.lines = list(draft(stage))
        except (Unchecked, psycopg.Error) as error:
            self.undrafted = describe(error) if isinstance(error, psycopg.Error) else str(error)
        self.tables = sum(line.startswith("[tables.") for line in self.lines)


def init(*, dry_run: bool, migrations: str | None, schema: str | None, app: str | None) -> int:
    """Write a project's files; return the exit status: 0, or that of an audit that could not begin.

    Raises FileError where nothing builds a database.
    """
    place = here()
    words = [f"--{name}={path}" for name, path in (("migrations", migrations), ("schema", schema)) if path]
    found = _look_around(place, words, app)
    _say(f"{_from(place, found.source)}: building a database of it, and asking the policies ...")
    status = _audit(found, words)
    if found.run is None or found.run.unreachable:
        return status
    files = {name: text for name, text in _files(found) if text}
    there = [name for name in files if (place.root / name).exists()]
    for name, text in files.items():
        if name in there:
            continue
        if dry_run:
            click.echo(f"--- {name}\n{text.rstrip()}\n")
        else:
            _write(place.root / name, text)
    for line in _told(found, [name for name in files if name not in there], there, dry_run=dry_run):
        for each in _columns(safe(line)):
            click.echo(each)
    return 0


def _look_around(place: Place, words: list[str], app: str | None) -> Found:
    full = completed(place, words)
    named = value(full, "--migrations") or value(full, "--schema")
    origin = Path(named) if named else source(place.root)
    if origin is None:
        raise FileError(NOWHERE)
    if not origin.exists():
        raise FileError(f"{origin}: there is no such file or directory")
    if app and not Path(app).is_dir():
        raise FileError(f"--app: there is no folder {app}")
    return Found(place, origin, Path(app) if app else _application(place.root, origin), config_beside(origin))


def _application(root: Path, origin: Path) -> Path | None:
    """Return the folder of the application: the one whose package.json wants a client of Supabase.

    Of several, the one that its migrations are in.
    """
    around = [folder for folder in origin.absolute().parents if folder == root or root in folder.parents]
    known = (*around, *(root / name for name in APPLICATIONS))
    there = [folder for folder in known if (folder / "package.json").is_file()]
    wanting = [folder for folder in there if "@supabase/" in _text(folder / "package.json")]
    return next(iter(wanting), None)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:100_000]
    except OSError:
        return ""


def _audit(found: Found, words: list[str]) -> int:
    """Ask everything once. Nothing that is accepted already is left out of the baseline's first version."""
    place = found.place
    with tempfile.TemporaryDirectory(prefix="care-audit-") as folder:
        baseline = Path(folder, BASELINE)
        full = [*built(place, completed(place, words)), f"--baseline={baseline}", "--write-baseline"]
        if found.app and not value(full, "--app"):
            full.append(f"--app={found.app}")
        status, found.run, said = watched(place, [*full, f"--report-dir={folder}"], found.look)
        if found.run is None or found.run.unreachable:
            reason = found.run.unreachable if found.run else ""
            click.echo(safe(f"care-audit: {reason or _last(said)}"), err=True)
        found.baseline = _text(baseline)
    return status


def _last(said: str) -> str:
    lines = [line.removeprefix("ERROR: ").strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "the audit could not begin"


# --- The files


def _files(found: Found) -> Iterator[tuple[str, str]]:
    """Yield the files that a project keeps, by their names below its root."""
    yield "audit.toml", _template("audit.toml", OPTIONS=_options(found))
    yield "access.toml", _access(found)
    yield "waivers.toml", _template("waivers.toml")
    yield BASELINE, _explained(found.baseline)
    folder = _in_repository(found.place.root)
    title = re.sub(r"[^\w.-]+", "-", f"care-audit/{folder}").rstrip("-")  # a repository may have several projects
    names = (_pattern(found), "audit.toml", "access.toml", "waivers.toml", "policies/**")
    given = {
        "PATHS": ", ".join(_quoted(folder + each) for each in names),
        "FOLDER": _quoted(folder)[1:-1],
        "WHERE": _where(folder),
        "TITLE": title,
    }
    workflow = f"{_top(found.place.root)}{WORKFLOWS}/{title}"
    yield f"{workflow}.yml", _template("care-audit.yml", **given)
    yield f"{workflow}-nightly.yml", _template("care-audit-nightly.yml", **given)


def _in_repository(root: Path) -> str:
    """Return a project's folder as it is seen from the top of its repository: "" or ``apps/web/``."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    return "" if top == root else f"{root.relative_to(top).as_posix()}/"


def _top(root: Path) -> str:
    """Return the way from a project to the top of its repository, where workflows are looked for."""
    return "../" * len(Path(_in_repository(root)).parts)


def _where(folder: str) -> str:
    """Return what says to a workflow where its commands are called."""
    return f"    defaults:\n      run:\n        working-directory: {_quoted(folder.rstrip('/'))}\n" if folder else ""


def _template(name: str, **given: str) -> str:
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    for word, put in {**given, "DOCUMENTS": DOCUMENTS, "VERSION": version()}.items():
        text = text.replace(word, put)
    return text


def _options(found: Found) -> str:
    root = found.place.root
    name = "migrations" if found.source.is_dir() else "schema"
    lines = [f"{name} = {_quoted(_from(found.place, found.source))}"]
    if found.app is not None:
        lines.append(f"app = {_quoted(os.path.relpath(found.app, root))}  # its clients' settings, keys and variables")
    lines.append(f'baseline = "{BASELINE}"  # what was there when care-audit began; it counts as accepted until mended')
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _access(found: Found) -> str:
    why = f"\n# Nothing could be drafted: {safe(found.undrafted)}\n" if found.undrafted else ""
    return _template("access.toml") + why + "\n".join(found.lines) + "\n"


def _explained(baseline: str) -> str:
    """Return the baseline with a comment that says what it is."""
    if not baseline:
        return ""
    said = (
        "What was there when care-audit began, accepted until it is mended. Mend it from the top: "
        "care-audit check --write-baseline takes out what is gone, and never puts anything in."
    )
    return json.dumps({"comment": said, **json.loads(baseline)}, indent=1, ensure_ascii=False) + "\n"


def _pattern(found: Found) -> str:
    name = _from(found.place, found.source)
    return f"{name}/**" if found.source.is_dir() else name


def _from(place: Place, path: Path) -> str:
    """Return a path as it is written in the project's settings: from its root."""
    return Path(os.path.relpath(path, place.root)).as_posix()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:  # somebody was quicker, and theirs stays
        return


# --- What is said


def _told(found: Found, written: list[str], there: list[str], *, dry_run: bool) -> Iterator[str]:
    assert found.run is not None
    yield f"found: {'; '.join(_inventory(found))}"
    counts = found.run.counts()
    said = ", ".join(f"{counts[verdict]} {wording.WORDS[verdict]}" for verdict in Verdict if counts[verdict])
    yield f"asked: {len(found.run.results)} policies: {said}"
    worst = causes(found.run)
    if not worst:
        yield "grave: nothing was found that is wrong"
    for cause in worst[:MOST_FOUND]:
        yield f"grave: {cause.severity} {_grave(cause)}"
    if len(worst) > MOST_FOUND:
        rest = wording.counted(len(worst) - MOST_FOUND, "more cause")
        yield f": and {rest}, {worst[MOST_FOUND].severity} or less"
    names = ", ".join(_short(written)) or "nothing"
    yield f"plan: {names}; nothing was written" if dry_run else f"wrote: {names}"
    if there:
        yield f"kept: {', '.join(_short(there))}, as they were"
    yield "review: access.toml, entry by entry: take out review = true where it is right"
    yield f"next: care-audit check, open {REPORTS}/audit.html, commit the files"


def _grave(cause: Cause) -> str:
    """Return what is wrong and where in a line: the report says the rest of both."""
    first = safe(cause.things[0]) if cause.things else cause.about
    where = first if len(first) <= MOST_WHERE else f"{first[:MOST_WHERE]} ..."
    room = WIDTH - len(INDENT) - len("P0 : ") - len(where)
    return f"{textwrap.shorten(cause.title, room, placeholder=' ...')}: {where}"


def _short(names: Sequence[str]) -> list[str]:
    """Return names of files; those of workflows, which are long, only counted."""
    others = [name for name in names if WORKFLOWS not in name]
    workflows = len(names) - len(others)
    return [*others, f"{wording.counted(workflows, 'workflow')} in {WORKFLOWS}"] if workflows else others


def _columns(line: str) -> list[str]:
    """Return a line as a terminal has room for it; of what is only pointed at, the report has the rest."""
    head, _, rest = line.partition(":")
    lines = textwrap.wrap(rest.strip(), WIDTH - len(INDENT), **WHOLE)
    if len(lines) > 1 and head == "grave":
        lines = [textwrap.shorten(rest.strip(), WIDTH - len(INDENT), placeholder=" ...")]
    return [f"{f'{head}:' if head and not n else '':{len(INDENT)}}{each}" for n, each in enumerate(lines)]


def _inventory(found: Found) -> Iterator[str]:
    try:
        yield f"{_from(found.place, found.source)} ({recognised(found.source)})"
    except TargetError:
        yield _from(found.place, found.source)
    if found.config.major_version:
        yield f"PostgreSQL {found.config.major_version}"
    if found.config.schemas:
        yield f"API of {', '.join(found.config.schemas)}"
    if found.config.seeds:
        yield f"seeds in {', '.join(path.name for path in found.config.seeds)}"
    if found.config.buckets:
        yield f"buckets {', '.join(found.config.buckets)}"
    yield f"application in {os.path.relpath(found.app, found.place.root)}" if found.app else "no application"


def _say(line: str) -> None:
    click.echo(safe(line), err=True)
