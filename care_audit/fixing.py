"""A migration of the fixes that cannot harm, proved before it is printed: the findings are gone, nothing new is there.

Fixes are statements that policies wrote for what they found. What takes away more than a leak, and what somebody has
to decide, is no part of it: it is counted, and reports have it.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from audit.connection import TargetError
from audit.evidence import safe
from audit.house import page_of
from audit.layouts import Layout, numbered, recognised
from audit.mending import harms, is_sql
from audit.results import Verdict
from audit.toml_file import FileError, suggestion
from care_audit.calling import built, completed, is_live, value
from care_audit.place import Place, here
from care_audit.telling import policies
from care_audit.watching import watched
from reports import wording
from reports.causes import Cause, alone, causes, in_order
from reports.model import Finding, Run

NAME = "care_audit_fixes"
# What is found a second time with one fix less; each turn is an audit.
TURNS = 3
LEFT_OUT = ("--baseline", "--write-baseline", "--waivers", "--alert-file", "--history", "--app")


@dataclass(frozen=True)
class Mend:
    """One statement, or a few that belong together, and what it is to mend."""

    fix: str
    findings: tuple[Finding, ...]


def fix(names: Sequence[str], words: Sequence[str], settings: str | None, *, write: bool) -> int:
    """Print a migration, or write it where the project keeps them; return the exit status: 1 where nothing is mended.

    ``names`` are ids of policies or numbers of causes; without any it is everything.
    """
    place = here(settings)
    full = built(place, completed(place, words, without=LEFT_OUT))
    if is_live(full):
        raise TargetError("fixes are proved on a database that the migrations build: leave --target out")
    source = Path(value(full, "--migrations") or value(full, "--schema"))
    before = _audit(place, full)
    found = causes(before)
    mends = [*_chosen(place, found, names)]
    offered = [mend for mend in mends if is_sql(mend.fix) and not harms(mend.fix) and not alone(mend.fix)]
    left = _counted([mend for mend in mends if mend not in offered])
    proved = _proved(place, full, source, before, offered) if offered else []
    needing = wording.counted(left, "finding needs", "findings need")
    decide = f"{needing} somebody who decides: the report says what" if left else ""
    if not proved:
        click.echo(safe(f"nothing here can be mended by rule{f'; {decide}' if decide else ''}"), err=True)
        return 1
    text = migration(proved)
    path = _file(place, source)
    if write and path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
        click.echo(f"wrote {path}")
    else:
        click.echo(text, nl=False)
    mended = _counted(proved)
    click.echo(safe(f"proved on a copy: {wording.counted(mended, 'finding')} gone, nothing new"), err=True)
    if decide:
        click.echo(safe(decide), err=True)
    if not write and path is not None:
        click.echo(safe(f"--write puts it into {path}"), err=True)
    return 0


def _audit(place: Place, words: Sequence[str]) -> Run:
    """Ask everything; return what was found. Raises TargetError where that is not possible."""
    with tempfile.TemporaryDirectory(prefix="care-audit-") as folder:
        _, run, said = watched(place, [*words, f"--report-dir={folder}"])
    if run is None or run.unreachable:
        lines = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.strip()]
        raise TargetError(run.unreachable if run else lines[-1] if lines else "the audit could not begin")
    return run


def _chosen(place: Place, found: Sequence[Cause], names: Sequence[str]) -> Iterator[Mend]:
    """Yield what mends some causes or policies, each fix once. Raises ValueError about a name of neither."""
    known = policies(place)
    for name in names:
        number = name.isdigit() and 1 <= int(name) <= len(found)
        if not number and name.upper() not in known:
            hint = suggestion(name.upper(), known, "care-audit check numbers the causes, care-audit list the policies")
            hint = hint if hint.startswith("did") else "give an id of a policy, or the number of a cause"
            raise ValueError(f"there is no policy or cause {name!r}; {hint}")
    wanted = {name.upper() for name in names}
    fixes: dict[str, list[Finding]] = {}
    for cause in found:
        for finding in cause.findings:
            if not wanted or wanted & {str(cause.number), finding.policy}:
                fixes.setdefault(finding.fix.strip(), []).append(finding)
    for text in in_order([*fixes]):
        yield Mend(text, tuple(fixes[text]))


def _counted(mends: Sequence[Mend]) -> int:
    return len({(finding.policy, finding.object) for mend in mends for finding in mend.findings})


# --- The proof


def _proved(place: Place, words: Sequence[str], source: Path, before: Run, offered: Sequence[Mend]) -> list[Mend]:
    """Return what mends its findings and brings nothing new; what does not is left out, and it is tried again."""
    kept = [*offered]
    for _ in range(TURNS):
        with _with(source, migration(kept)) as copy:
            after = _audit(place, [*_without(words), f"--{'schema' if source.is_file() else 'migrations'}={copy}"])
        wrong = {*_wrong(before, after, kept)}
        if not wrong:
            return kept
        kept = [mend for mend in kept if mend.fix not in wrong]
        if not kept:
            break
    return []


def _without(words: Sequence[str]) -> list[str]:
    return [word for word in words if word.partition("=")[0] not in ("--migrations", "--schema")]


def _pairs(run: Run) -> set[tuple[str, str]]:
    return {(finding.policy, finding.object) for result in run.having(Verdict.VIOLATED) for finding in result.findings}


def _wrong(before: Run, after: Run, kept: Sequence[Mend]) -> Iterator[str]:
    """Yield the fixes that did not mend what they are for, or that may have brought what is new."""
    found = _pairs(after)
    left = [mend.fix for mend in kept if {(f.policy, f.object) for f in mend.findings} & found]
    yield from left
    unseen = {result.id for result in before.having(Verdict.UNCHECKED)}
    blind = {result.id for result in after.having(Verdict.UNCHECKED)} - unseen
    failed = [each for each in after.migrations[-1:] if each.error or each.troubles]
    new = found - _pairs(before)
    if (blind or failed or new) and not left:
        things = " ".join(obj for _, obj in new)
        blamed = [mend.fix for mend in kept if any(f.object.split()[-1] in things for f in mend.findings)]
        yield from blamed or [mend.fix for mend in kept]


@contextmanager
def _with(source: Path, text: str) -> Iterator[Path]:
    """Yield a copy of what builds the database, with one migration more."""
    with tempfile.TemporaryDirectory(prefix="care-audit-") as folder:
        place = Path(folder) / (source.resolve().parent.name or "project")
        place.mkdir()
        copy = place / source.name
        if source.is_file():
            copy.write_text(f"{source.read_text(encoding='utf-8')}\n{text}", encoding="utf-8")
        else:
            shutil.copytree(source, copy, symlinks=True)
            config = source.resolve().parent / "config.toml"
            if config.is_file():
                shutil.copy(config, place)
            path = copy / next_name(recognised(source), copy)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        yield copy


# --- The file


def migration(mends: Sequence[Mend]) -> str:
    """Return the text of a migration, with what each statement mends."""
    parts = [
        "-- Fixes by rule, proved on a disposable copy of this project's database. Read them before they are applied.\n"
    ]
    for mend in mends:
        by = dict.fromkeys(finding.policy for finding in mend.findings)
        objects = dict.fromkeys(safe(finding.object) for finding in mend.findings)
        named = ", ".join([*objects][:3]) + (f" and {len(objects) - 3} more" if len(objects) > 3 else "")
        parts.append(
            f"-- {', '.join(by)}: {named.replace(chr(10), ' ')}\n-- {page_of(next(iter(by)))}\n{_ended(mend.fix)}\n"
        )
    return "\n".join(parts)


def _ended(fix: str) -> str:
    code = [line for line in fix.splitlines() if line.strip() and not line.lstrip().startswith("--")]
    return fix if code[-1].rstrip().endswith(";") else f"{fix};"


def _file(place: Place, source: Path) -> Path | None:
    """Return where the project keeps the next migration; None where it has none of its own."""
    if source.is_file():
        return None
    return source / next_name(recognised(source), source)


def next_name(layout: Layout, folder: Path) -> str:
    """Return the name of the next migration, as the project's tool has it. Raises FileError where that is not known."""
    if not layout.files:
        raise FileError(f"{folder}: there is no migration whose name could be followed")
    last = layout.files[-1]
    now = dt.datetime.now(dt.UTC).strftime("%Y%m%d%H%M%S")
    match layout.tool:
        case "Prisma" | "Hasura" | "Drizzle" if last.parent.name != folder.name:
            stamp = re.match(r"\d+", last.parent.name)
            return f"{_following(stamp[0] if stamp else '', now)}_{NAME}/{last.name}"
        case "Flyway":
            version = max((number for path in layout.files if (number := numbered(path))), default=(0,))
            return f"V{version[0] + 1}__{NAME}.sql"
        case "sqitch" | "Drizzle":
            raise FileError(
                f"{layout.tool} keeps a list of its migrations: add one by itself, and paste the statements"
            )
    stamp = re.match(r"\d+", last.name)
    end = ".up.sql" if last.name.endswith(".up.sql") else ".sql"
    return f"{_following(stamp[0] if stamp else '', now)}_{NAME}{end}"


def _following(last: str, now: str) -> str:
    """Return the version after ``last``: a moment where it is one, else the next number, as wide."""
    if len(last) >= len(now) - 2:
        now = now[: len(last)]
        return now if now > last else str(int(last) + 1)
    return str(int(last or 0) + 1).zfill(len(last) or 3)
