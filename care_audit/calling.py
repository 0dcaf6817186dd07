"""How the verbs call the audit: pytest, in this process, with settings of ours and none of a project's own tests."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from audit.access import draft as drafting
from audit.connection import TargetError, looks_like_conninfo
from audit.gate.repository import Repository, repository_around
from audit.house import HOUSE, POLICY_FOLDER
from audit.policy import packs_of_others
from audit.toml_file import FileError
from care_audit.options import of_settings
from care_audit.place import Place, here, source
from care_audit.telling import policy_named

PACKAGE = "care_audit"
INI = Path(__file__).with_name("pytest.ini")

# A project's plugins of pytest are for its own tests. These make audit.html.
PLUGINS = ("metadata", "html")
# What of pytest's own has nothing to do in an audit, and takes its time.
IDLE = ("doctest", "unittest", "legacypath", "pastebin", "unraisableexception", "threadexception")
ALONE = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
SILENT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_THEME", "PYTEST_THEME_MODE", ALONE)

# In the environment, these go before what stands in audit.toml.
ENVIRONMENT = {"AUDIT_TARGET": "--target", "AUDIT_IMAGE": "--image", "AUDIT_ALERT_URLS": "--alert-file"}
BUILT_FROM = frozenset({"--migrations", "--schema"})
# What a gate has no use for.
NO_GATE = frozenset({"--app", "--history", "--before", "--schema", "--alert-file", "--runbook", "--deep"})

# What says which files are new, and where they are tried: a change that is to be judged has no say in it.
STEERING = frozenset(
    {"--base", "--since-version", "--files", "--down", "--migrations", "--target", "--image", "--postgres-bin"}
    | {"--platform-defaults", "--stats-from", "--gate-cache", "--members"}
)

# Branches that changes go to, if nothing is said: https://git-scm.com/docs/git-clone (--origin)
BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")

NOWHERE = (
    "nothing was found here that builds a database (supabase/migrations, prisma/migrations, drizzle, db/migrations, "
    "migrations, schema.sql): name it with --migrations=DIR or --schema=FILE, or a live database with --target=URL"
)


def names(words: Iterable[str]) -> set[str]:
    """Return the options that words are about."""
    return {word.partition("=")[0] for word in words}


def value(words: Iterable[str], name: str) -> str:
    """Return the last value of an option, "" if it is not there."""
    return next((word.partition("=")[2] for word in reversed([*words]) if word.startswith(f"{name}=")), "")


def completed(place: Place, words: Sequence[str], *, without: Iterable[str] = ()) -> list[str]:
    """Return the options of an audit: those that were given, those of the settings, and what is found in the project.

    Raises FileError about a mistake in the settings.
    """
    given = names(words) | {option for name, option in ENVIRONMENT.items() if os.environ.get(name)}
    if given & BUILT_FROM:
        given |= BUILT_FROM
    said = [] if place.file is None else [*of_settings(place.file, place.settings, [*given, *without])]
    if place.file is not None and not place.ours:
        said.insert(0, f"--settings={place.file}")
    return [*said, *words]


def is_live(words: Sequence[str]) -> bool:
    """Tell whether the target is a live database."""
    return looks_like_conninfo(value(words, "--target") or os.environ.get("AUDIT_TARGET") or "embedded")


def built(place: Place, words: Sequence[str]) -> list[str]:
    """Return the options with what the database is built from, if they do not say. Raises FileError."""
    if names(words) & BUILT_FROM or is_live(words) or place.ours:
        return [*words]
    found = source(place.root)
    if found is None:
        raise FileError(NOWHERE)
    return [f"--{'migrations' if found.is_dir() else 'schema'}={found}", *words]


def kept(place: Place, words: Sequence[str]) -> Iterator[str]:
    """Yield where reports and the history go, if that is not said."""
    if "--report-dir" not in names(words):
        _folder(place.reports)
        yield f"--report-dir={place.reports}"
    if is_live(words) and "--gate" not in words and not names(words) & {"--history", "--no-history"}:
        _folder(place.history.parent)
        yield f"--history={place.history}"


def _folder(folder: Path) -> None:
    """Make a folder of reports, which git is to leave alone."""
    if folder.name == "audit-reports" and not folder.exists():
        folder.mkdir(parents=True)
        (folder / ".gitignore").write_text(
            "# Written by care-audit: reports are made anew by each run.\n*\n", encoding="utf-8"
        )


def run(
    place: Place,
    words: Sequence[str],
    more: Sequence[str] = (),
    only: Sequence[str] = (),
    plugins: Sequence[object] = (),
) -> int:
    """Run policies; return the exit status.

    ``more`` are options of pytest, ``only`` files of ours to be asked, ``plugins`` what looks on.
    """
    own = place.policies if not only else None
    call = ["-c", str(INI), f"--rootdir={HOUSE}", "--noconftest", "--import-mode=importlib", "-p", f"{PACKAGE}.running"]
    for plugin in (*PLUGINS, *(f"no:{name}" for name in IDLE)):
        call += ["-p", plugin]
    call += [str(POLICY_FOLDER / name) for name in only] or [str(POLICY_FOLDER)]
    call += [str(own)] if own else []
    call += [] if only else _packs(place)
    with _silenced():
        return int(pytest.main([*call, *words, *kept(place, [*words, *more]), *more], plugins=[*plugins]))


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep what a project says to its own pytest away from ours."""
    before = {name: os.environ.pop(name) for name in SILENT if name in os.environ}
    os.environ[ALONE] = "1"
    try:
        yield
    finally:
        os.environ.pop(ALONE, None)
        os.environ.update(before)


def _packs(place: Place) -> list[str]:
    """Return the folders of the packs that others have made and the project has chosen."""
    chosen = [package for name, package in packs_of_others().items() if name in place.settings.selected]
    found = [importlib.util.find_spec(package) for package in chosen]
    return [folder for spec in found if spec for folder in spec.submodule_search_locations or ()]


def check(
    words: Sequence[str],
    settings: str | None,
    policies: Sequence[str] = (),
    severities: Sequence[str] = (),
    more: Sequence[str] = (),
) -> int:
    """Audit a database; return the exit status."""
    place = here(settings)
    chosen = [*more]
    if policies:
        chosen += ["-k", " or ".join(policy_named(name, place).id for name in policies)]
    if severities:
        chosen += ["-m", " or ".join(f"policy(severity='{each}')" for each in severities)]
    return run(place, built(place, completed(place, words)), chosen)


def gate(words: Sequence[str], settings: str | None, more: Sequence[str] = ()) -> int:
    """Judge new migrations; return the exit status."""
    place = here(settings)
    own = completed(place, words, without=NO_GATE - names(words))
    _refuse_to_be_steered(place, words, own)
    full = built(place, own)
    if not names(full) & {"--base", "--since-version", "--files"} and not is_live(full):
        full.append(f"--base={base(Path(value(full, '--migrations') or place.root))}")
    return run(place, [*full, "--gate"], more)


def _refuse_to_be_steered(place: Place, words: Sequence[str], full: Sequence[str]) -> None:
    """Raise FileError where a file of settings says what is new, or where it is tried, and is new itself."""
    steering = (names(full) - names(words)) & STEERING
    if _is_found_anyway(place, value(full, "--migrations")):
        steering -= {"--migrations"}
    if place.file is None or not steering:
        return
    from audit.gate.pending import otherwise  # not above: few projects say such things in their settings

    try:
        ref = value(words, "--base") or base(place.file.parent)
        altered = otherwise(place.file.parent, ref, [place.file])
    except TargetError:  # there is no history: nothing tells what was changed
        return
    if altered:
        options = ", ".join(sorted(name.removeprefix("--") for name in steering))
        raise FileError(
            f"{place.file}: this change alters it, and what is judged, and where, is not for the change to say "
            f"({options} in [options]): name it on the command line, or merge the settings first"
        )


def _is_found_anyway(place: Place, migrations: str) -> bool:
    """Tell whether a project's migrations are where they are looked for, or are found by being named alone."""
    try:
        found = source(place.root)
    except FileError:  # there are several
        return True
    return bool(migrations) and (found is None or Path(migrations).resolve() == found.resolve())


def base(migrations: Path) -> str:
    """Return the branch that changes go to. Raises TargetError when that cannot be told."""
    repository = repository_around(migrations)
    if repository is None:
        raise TargetError(
            f"{migrations} is in no git repository: say what is new with --since-version=V or --files=A.sql,B.sql"
        )
    for branch in BRANCHES:
        if _knows(repository, branch):
            return branch
    raise TargetError("say what is new: --base=REF, the branch that the change goes to")


def _knows(repository: Repository, branch: str) -> bool:
    try:
        return bool(repository.common(branch))
    except TargetError:
        return False


def nightly(words: Sequence[str], settings: str | None, into: str | None, more: Sequence[str] = ()) -> int:
    """Audit as a scheduler does; return the exit status."""
    from reports import nightly as night

    place = here(settings)
    folder = Path(into) if into else place.reports / "nightly" if not place.ours else night.DEFAULT_FOLDER
    _folder(place.reports)
    full = built(place, completed(place, words))
    history = [] if names(full) & {"--history", "--no-history"} else [f"--history={folder / 'history.sqlite'}"]
    return night.kept_apart(folder.resolve(), lambda own: run(place, [*own, *history, *full], more))


def draft(words: Sequence[str], settings: str | None) -> int:
    """Print a draft of access.toml; return the exit status."""
    place = here(settings)
    full = [word for word in built(place, completed(place, words)) if word.partition("=")[0] in DRAFTED]
    return drafting.main(full)


DRAFTED = frozenset({"--settings", "--migrations", "--schema", "--before", "--postgres-bin", "--members", "--access"})


def history(file: str | None, report_dir: str | None, settings: str | None) -> int:
    """Print the history; return the exit status."""
    from reports.history.history import main

    place = here(settings)
    full = completed(place, [])
    file = file or value(full, "--history") or str(place.history)
    return main([f"--history={file}", f"--report-dir={report_dir or value(full, '--report-dir') or place.reports}"])


def report(file: str | None, earlier: str | None, settings: str | None, given: Mapping[str, str | None]) -> int:
    """Write reports of a run that is over, compared with an ``earlier`` one perhaps; return the exit status."""
    from reports.again import main

    last = here(settings).reports / "audit.json"
    for name in (file or str(last), earlier):
        if name and not Path(name).is_file():
            raise FileError(f"{name}: there is no such file; care-audit check writes audit.json")
    words = [file or str(last), *([f"--against={earlier}"] if earlier else [])]
    return main([*words, *(f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value)])


def doctor(words: Sequence[str], settings: str | None, *, no_alerts: bool) -> int:
    """Look at the setup; return the exit status."""
    from reports.doctor import main

    place = here(settings)
    full = completed(place, words)
    if target := value(full, "--target"):
        os.environ["AUDIT_TARGET"] = target  # the doctor reads it there, and this process does nothing else
    asked = [word for word in full if word.partition("=")[0] in DOCTORED]
    if not names(asked) & {"--history", "--no-history"}:
        asked.append(f"--history={place.history}")
    return main([*asked, *(["--no-alerts"] if no_alerts else [])])


DOCTORED = frozenset({"--app", "--migrations", "--settings", "--history", "--no-history", "--alert-file"})


def drift(words: Sequence[str], settings: str | None, more: Sequence[str] = ()) -> int:
    """Compare a live database with its migrations; return the exit status."""
    place = here(settings)
    full = completed(place, words)
    found = source(place.root)
    if not names(full) & BUILT_FROM and found is not None:
        full = [f"--migrations={found}", *full]
    if not is_live(full) or "--migrations" not in names(full):
        raise TargetError("say what to compare with what: care-audit drift --migrations=DIR --target=service=NAME")
    return run(place, full, more, only=["test_drift.py"])


def runbook(words: Sequence[str], settings: str | None, more: Sequence[str] = ()) -> int:
    """Audit a runbook; return the exit status."""
    place = here(settings)
    full = built(place, completed(place, words))
    if "--runbook" not in names(full):
        raise TargetError("say which runbook: care-audit runbook --runbook=runbook.md")
    return run(place, full, more, only=["test_runbook.py"])
