"""The doctor: whether application, database and audit are set up, in lines that say what to do. Nothing is changed.

A database is asked as in an audit, in READ ONLY transactions; what policies can tell is told by the policies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import psycopg
from sqlglot.errors import SqlglotError

from audit.access.declaration import Access
from audit.access.parameters import parameters
from audit.auditor import RELATION, Auditor
from audit.client.app import App, Findings, read
from audit.connection import CONNECT_TIMEOUT_S, TargetError, connect, holds_password, place_of, reading
from audit.drift.findings import Drift
from audit.evidence import Log, NotApplicable, Unchecked, safe
from audit.house import DOCUMENTS
from audit.judging import ruling
from audit.layouts import recognised
from audit.login import excess, lacking
from audit.policy import Policy, everything
from audit.project import marked, project_of
from audit.question import Question, absent, relations
from audit.results import Offence, Ruling, Verdict
from audit.runbook.questions import texts
from audit.server import embedded
from audit.server.target import Choice, Target, opened
from audit.server.walls import ALL
from audit.server_errors import describe
from audit.settings import Settings

ROOT = Path(__file__).parents[1]
MOST_LINES = 12
MOST_GRANTS = 40

NO_TARGET = "no database was named"
NAME_TARGET = "name it: care-audit doctor --target=service=NAME"
NO_APPLICATION = "no application was named"
NAME_APPLICATION = "name its folder: care-audit doctor --app=DIR"


class State(StrEnum):
    """What was found out about one thing."""

    OK = "ok"
    WRONG = "not ok"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Line:
    """One thing that was looked at: what was found out, and what is to be done; neither holds a secret."""

    state: State
    about: str
    told: str
    todo: str = ""


@dataclass(frozen=True)
class Patient:
    """Whom the doctor looks at: "" and None are what was not named."""

    target: str = ""
    app: Path | None = None
    migrations: Path | None = None
    settings: str | None = None
    environment: Mapping[str, str] | None = None


def examined(patient: Patient) -> Iterator[Line]:
    """Look at everything that a database can be asked about, and at what the audit needs on this machine."""
    findings = read(patient.app.resolve(), patient.environment) if patient.app is not None else None
    yield from _application(patient, findings)
    yield from _database(patient, findings)
    yield from _machine()


# --- The application


def _application(patient: Patient, findings: Findings | None) -> Iterator[Line]:
    if findings is None or patient.app is None:
        yield Line(State.UNKNOWN, "application", NO_APPLICATION, NAME_APPLICATION)
        return
    files = len(findings.folder.sources)
    if not files:
        yield Line(State.WRONG, "application", f"there is no file in {safe(str(patient.app))}", NAME_APPLICATION)
        return
    yield Line(State.OK, "application", f"{safe(str(patient.app))}, {files:,} files")
    log = Log()
    yield from _ruled("variables", "SETUP-01", log, {"app": App(findings, log)})
    log = Log()
    yield from _ruled("keys", "CONF-04", log, {"app": App(findings, log)})


# --- The database


def _database(patient: Patient, findings: Findings | None) -> Iterator[Line]:
    if not patient.target:
        yield from _unreached(NO_TARGET, NAME_TARGET, State.UNKNOWN)
        return
    try:
        choice = Choice(patient.target)
        if choice.kind != "live":
            yield from _unreached(
                f"a database of the kind {choice.kind} is built anew in every run", NAME_TARGET, State.UNKNOWN
            )
            return
        settings = _settings(patient)
        with opened(choice) as target:
            lines = [*_reached(target)]
            with connect(target.dsn, patience_s=4 * CONNECT_TIMEOUT_S) as connection:
                with reading(connection, statement_timeout="10s"):
                    known = parameters(connection, settings, Access())
                auditor = Auditor(lambda: connection, known, Log())
                lines += _asked(patient, findings, target, auditor, settings)
        yield from lines
    except (TargetError, psycopg.Error) as error:
        why = str(error) if isinstance(error, TargetError) else f"the database does not answer: {describe(error)}"
        yield from _unreached(
            why, f"see {DOCUMENTS}/live.md: a service file keeps address and password together", State.WRONG
        )


def _settings(patient: Patient) -> Settings:
    """Return the settings that an audit of this database would have. Raises ValueError with one sentence."""
    found = project_of(ROOT, live=marked(patient.target), source=None, settings=patient.settings)
    return found.settings


def _unreached(why: str, todo: str, state: State) -> Iterator[Line]:
    yield Line(state, "database", why, todo)
    for about in ("login", "version", "API", "migrations"):
        yield Line(State.UNKNOWN, about, "there is no database that could be asked", "see what is said of the database")


def _reached(target: Target) -> Iterator[Line]:
    where = f"{place_of(target.dsn)}: PostgreSQL {safe(target.server_version)}, as {safe(target.role)}"
    notes = [*target.notes]
    password = notes.pop(0) if holds_password(target.dsn) and notes else ""
    yield Line(State.OK, "database", where, password)
    for note in notes:
        told, _, todo = note.partition(". ")
        yield Line(State.WRONG, "connection", told, todo)


def _asked(
    patient: Patient, findings: Findings | None, target: Target, auditor: Auditor, settings: Settings
) -> Iterator[Line]:
    yield from _guarded("login", lambda: _login(target, auditor, settings))
    for about, policy in (("version", "SETUP-02"), ("API", "SETUP-03")):
        if findings is None:
            yield Line(State.UNKNOWN, about, NO_APPLICATION, NAME_APPLICATION)
            continue
        asker, log = _asker(auditor)
        yield from _ruled(about, policy, log, {"app": App(findings, log), "auditor": asker})
    yield from _migrations(patient, auditor)


def _asker(auditor: Auditor) -> tuple[Auditor, Log]:
    log = Log()
    return Auditor(auditor.connect, auditor.known, log), log


def _guarded(about: str, look: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    try:
        yield from [*look()]
    except Unchecked as reason:
        yield Line(State.UNKNOWN, about, reason.reason, reason.remedy)


def _login(target: Target, auditor: Auditor, settings: Settings) -> Iterator[Line]:
    """Tell what the login could do beyond reading, and what it lacks for the policies. Raises Unchecked."""
    role = safe(target.role)
    with auditor.asking(Question("select", None)) as cursor:
        more = excess(cursor)
    less = _lacking(auditor, settings)
    if more:
        rest = f", and {len(more) - MOST_LINES} more" if len(more) > MOST_LINES else ""
        todo = f"audit with a login that can only read: schema/auditor.sql makes one, {DOCUMENTS}/live.md says how"
        yield Line(State.WRONG, "login", f"{role} can do too much: {', '.join(more[:MOST_LINES])}{rest}", todo)
    if less:
        rest = f" and {len(less) - MOST_GRANTS} more" if len(less) > MOST_GRANTS else ""
        told = f"{role} lacks rights, without which policies are UNCHECKED"
        yield Line(State.WRONG, "login", told, " ".join(less[:MOST_GRANTS]) + rest)
    if not more and not less:
        yield Line(State.OK, "login", f"{role} can read what the policies ask for first, and do no more")


def _lacking(auditor: Auditor, settings: Settings) -> Sequence[str]:
    """Return the grants that the login lacks for the questions of the policies that this database is asked.

    Of each policy it is the first question that counts, and the relations that it asks about; the columns that it reads
    besides, an audit tells.
    """
    asked: dict[str, None] = {}
    with auditor.asking(Question("select", None)) as cursor:
        for policy in everything():
            if not settings.asks(policy) or "auditor" not in policy.askers:
                continue
            mine = texts(policy, auditor.known)
            try:
                named = [name for text in mine for name in _named(text)]
            except SqlglotError:  # a question that is put together when it is asked
                continue
            if mine and not absent(cursor, named):
                asked |= dict.fromkeys(mine)
        return lacking(cursor, [*asked])


def _named(text: str) -> list[str]:
    return [text] if RELATION.fullmatch(text) else relations(text)


def _migrations(patient: Patient, auditor: Auditor) -> Iterator[Line]:
    place = patient.migrations
    if place is None and patient.app is not None:
        place = patient.app / "supabase" / "migrations"
        if not place.is_dir():
            told = f"there is no folder supabase/migrations in {safe(str(patient.app))}"
            yield Line(State.UNKNOWN, "migrations", told, "name it: care-audit doctor --migrations=DIR")
            return
    if place is None:
        yield Line(
            State.UNKNOWN, "migrations", "no migrations were named", "name them: care-audit doctor --migrations=DIR"
        )
        return
    asker, log = _asker(auditor)

    def files() -> Sequence[Path]:
        try:
            return recognised(place).files
        except TargetError as error:
            raise Unchecked(str(error)) from error

    def unopened() -> Any:  # noqa: ANN401 -- it never returns
        raise NotApplicable("catalogues are compared by care-audit drift")

    yield from _ruled("migrations", "DRIFT-03", log, {"drift": Drift(unopened, asker, files, log)})


# --- This machine


def _machine() -> Iterator[Line]:
    try:
        standing = embedded.Account.for_server().walls.standing
    except TargetError as error:
        yield Line(State.WRONG, "walls", str(error))
    else:
        if missing := [name for name in ALL if name not in standing]:
            told = f"a server that runs a project's SQL would go without {', '.join(missing)}"
            yield Line(
                State.WRONG, "walls", told, "install bubblewrap (bwrap), and let it make namespaces: SECURITY.md"
            )
        else:
            yield Line(State.OK, "walls", ", ".join(ALL))
    try:
        yield Line(State.OK, "programs", f"PostgreSQL {embedded.version_of()}, for shadows and migrations")
    except TargetError as error:
        yield Line(State.WRONG, "programs", str(error), "install the environment anew: make clean, then any verb")


# --- What a policy says


def _ruled(about: str, name: str, log: Log, askers: Mapping[str, object]) -> Iterator[Line]:
    policy = next(each for each in everything() if each.id == name)
    error: BaseException | None = None
    try:
        policy.function(**askers)
    except Exception as raised:  # noqa: BLE001 -- whatever it is, the verdict says so
        error = raised
    yield from _lines(about, ruling(policy, log, error))


def _lines(about: str, found: Ruling) -> Iterator[Line]:
    policy = found.policy
    match found.verdict:
        case Verdict.HOLDS:
            yield Line(State.OK, about, f"{policy.id}: {policy.title.removesuffix('.')} ({found.population})")
        case Verdict.NOT_APPLICABLE:
            yield Line(State.OK, about, f"{policy.id}: nothing to judge: {safe(found.reason)}")
        case Verdict.UNCHECKED:
            yield Line(State.UNKNOWN, about, f"{policy.id}: {safe(found.reason)}", safe(found.remedy))
        case _:
            for each in found.offences[:MOST_LINES]:
                yield Line(State.WRONG, about, f"{policy.id}: {_told(each)}", _todo(policy, each))
            if (more := len(found.offences) - MOST_LINES) > 0:
                yield Line(State.WRONG, about, f"{policy.id}: and {more:,} more", "an audit tells all of them")


def _told(offence: Offence) -> str:
    place = f", {offence.location}" if offence.location else ""
    what = offence.details.get("what") or offence.details.get("reason") or ""
    return safe(f"{offence.object}{place}{f': {what}' if what else ''}")


def _todo(policy: Policy, offence: Offence) -> str:
    """Return what mends it, on one line; of a file's offence the first line of it says what was told already."""
    if todo := offence.details.get("todo"):
        return safe(str(todo))
    lines = [line.removeprefix("--").strip() for line in offence.fix.splitlines()]
    return safe(" ".join(lines[1:] if offence.location and len(lines) > 1 else lines))
