"""The asker of drift: a live database compared with what its migrations build, as evidence for policies."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from audit.auditor import Auditor
from audit.catalog.credentials import KINDS, holds_secret
from audit.connection import TargetError, connect
from audit.drift.building import Built, buckets, built, jobs, there
from audit.drift.catalogue import Catalogue, Key, Part, asked, question
from audit.drift.differences import Difference, compare
from audit.drift.history import EMPTY, disagreements
from audit.drift.printing import Printer
from audit.drift.statements import literal
from audit.evidence import Evidence, Log, NotApplicable, Population, Row, Unchecked, safe
from audit.question import Cursor, Question
from audit.results import ANYTHING, Migration, Thing, named
from audit.server.target import DEFAULTS
from audit.server_errors import describe
from audit.unbuilt import not_built, uncertain

_HISTORY = "supabase_migrations.schema_migrations"
_ALONG = 8  # as many as a finding names; the rest it counts
_NO_HISTORY = f"{_HISTORY} is not in this database: no tool of the platform has applied migrations to it"


@dataclass(frozen=True)
class Drifted:
    """What a comparison found.

    ``unsure`` are reasons why differences may have gone unseen, and ``things`` what of the migrations was not built, so
    that nothing is concluded of it. ``anything`` says why each difference is unproven, or "".
    """

    differences: tuple[Difference, ...]
    compared: int
    unsure: tuple[Unchecked, ...] = ()
    things: tuple[Thing, ...] = ()
    anything: str = ""
    files: tuple[Path, ...] = ()


def drifted(auditor: Auditor, place: Path, postgres_bin: Path | None = None, before: Path | None = None) -> Drifted:
    """Build the migrations, ask the live database, and compare. Raises Unchecked."""
    try:
        found = _against(auditor, place, postgres_bin, DEFAULTS[0], before)
        if found.differences and _granted_less(found.differences):
            # A project that began without the platform's grants on new tables: the other beginning may fit better.
            other = _against(auditor, place, postgres_bin, DEFAULTS[1], before)
            found = min(found, other, key=lambda each: len(each.differences))
        return found
    except TargetError as error:
        raise Unchecked(
            f"the migrations could not be built: {error}", "mend that first: care-audit check --migrations=DIR"
        ) from error


def _granted_less(differences: Sequence[Difference]) -> bool:
    return any(each.key[:3] == ("default privileges", "postgres", "public") for each in differences)


def _against(auditor: Auditor, place: Path, postgres_bin: Path | None, defaults: str, before: Path | None) -> Drifted:
    with built(place, postgres_bin, defaults, before) as mine, connect(mine.dsn) as connection:
        live, unsure = of_live(auditor, mine.catalogue)
        return compared(mine, live, unsure, Printer(connection))


def compared(mine: Built, live: Catalogue, unsure: Sequence[Unchecked], printer: Printer) -> Drifted:
    """Compare what migrations built with a live database. Raises Unchecked."""
    blind = {kind for each in unsure for kind in getattr(each, "kinds", ())}
    parts = {key: part for key, part in mine.catalogue.parts.items() if key[0] not in blind}
    catalogue = Catalogue(mine.catalogue.version, parts, mine.catalogue.needs)
    try:
        found = compare(catalogue, live, printer.printed)
    except psycopg.Error as error:
        raise Unchecked(f"what the two servers print could not be compared: {describe(error)}") from error
    things = uncertain(mine.migrations)
    concrete = tuple(each for each in things if each.kind != ANYTHING)
    anything = _unproven(mine.migrations) if len(concrete) < len(things) else ""
    kept = tuple(each for each in found if not any(_concerns(each.key, thing) for thing in concrete))
    return Drifted(kept, len(parts.keys() | live.parts.keys()), tuple(unsure), concrete, anything, mine.files)


def _unproven(migrations: Sequence[Migration]) -> str:
    names = [
        each.file for each in migrations
        if any(thing.kind == ANYTHING for trouble in each.troubles for thing in trouble.touched)
    ]  # fmt: skip
    return f"a block of code in {named(names)} could not be executed, and might have made it so"


def _concerns(key: Key, thing: Thing) -> bool:
    """Tell whether a difference may be the doing of what was not built."""
    kind, *names = key
    if kind == "grant":
        kind, *names = names[:-1]
    if not thing.name:
        return thing.schema == names[0]
    schema, name = (names[0], names[1]) if len(names) > 1 else ("", names[0])
    tables = kind in ("relation", "column", "constraint", "trigger", "rule", "policy")
    same = not thing.schema or not schema or thing.schema == schema
    if tables and thing.of:
        return same and thing.of == name and (kind == "relation" or thing.name == names[-1])
    return same and thing.name in (name, names[-1])


class Hidden(Unchecked):
    """What the login may not read of a live database, and of which ``kinds`` of parts nothing is known therefore."""

    kinds: tuple[str, ...] = ()


def of_live(auditor: Auditor, mine: Catalogue) -> tuple[Catalogue, list[Unchecked]]:
    """Return the catalogue of a live database, and what could not be seen of it. Raises Unchecked."""
    with auditor.asking(Question("select", None)) as cursor:
        cursor.execute("select current_user::pg_catalog.text")
        ((login,),) = cursor.fetchall()
        # The login of the audit is in no migration, but for where one of the project's own asks.
        live = asked(cursor, [] if login == "postgres" or ("role", login) in mine.parts else [login])
    unsure: list[Unchecked] = []
    for kind, table, ask in (("bucket", "storage.buckets", buckets), ("job", "cron.job", jobs)):
        live = live.with_parts(_seen(auditor, kind, table, ask, unsure))
    return live, unsure


def _seen(
    auditor: Auditor, kind: str, table: str, ask: Callable[[Cursor], dict[Key, Part]], unsure: list[Unchecked]
) -> dict[Key, Part]:
    what = {"bucket": "storage buckets", "job": "jobs of cron"}[kind]
    with auditor.asking(Question("select", None)) as cursor:
        if not there(cursor, table):
            return {}
    try:
        with auditor.asking(Question(question("buckets" if kind == "bucket" else "jobs"), None)) as cursor:
            return ask(cursor)
    except (Unchecked, NotApplicable) as reason:
        said = reason if isinstance(reason, Unchecked) else Unchecked(str(reason))
        hidden = Hidden(f"the {what} could not be compared: {said.reason}", said.remedy, said.grants)
        hidden.kinds = (kind,)
        unsure.append(hidden)
        return {}


# --- As evidence

Opened = Callable[[], Drifted]


@dataclass(frozen=True)
class Drift:
    """Tells of drift. ``opened`` compares, when that was not done yet; ``auditor`` asks for the history."""

    opened: Opened
    auditor: Auditor
    files: Callable[[], Sequence[Path]]
    log: Log

    def schema(self) -> Evidence:
        """Return what of the schema is not as the migrations build it. Raises Unchecked."""
        found = self.opened()
        return self._evidence(found, [each for each in found.differences if not each.access], found.unsure)

    def access(self) -> Evidence:
        """Return what of who may do what is not as the migrations build it. Raises Unchecked."""
        found = self.opened()
        return self._evidence(found, [each for each in found.differences if each.access], ())

    def _evidence(self, found: Drifted, differences: Sequence[Difference], unsure: Sequence[Unchecked]) -> Evidence:
        reasons = list(unsure)
        if found.things:
            reasons.append(Unchecked(not_built(found.things), "mend what MIG-01 names"))
        if found.anything and not differences:
            reasons.append(Unchecked(found.anything, "mend what MIG-01 names"))
        first = reasons[0] if reasons else None
        return Evidence(
            [row(each, found.anything) for each in differences],
            about="the comparison with the migrations",
            log=self.log,
            population=Population(found.compared, "objects of the database and of its migrations"),
            unjudgeable=first.reason if first else "",
            remedy=first.remedy if first else "",
            grants=first.grants if first else (),
        )

    def history(self) -> Evidence:
        """Return the versions in which the files and the database's own history differ.

        Raises NotApplicable where there is no history, and Unchecked.
        """
        files = self.files()
        with self.auditor.asking(Question(question("history"), None)) as cursor:
            if not there(cursor, _HISTORY):
                raise NotApplicable(_NO_HISTORY)
            applied = _applied(cursor)
        try:
            found, unsure = disagreements(files, applied)
        except TargetError as error:
            raise Unchecked(str(error)) from error
        if not applied and files:
            fix = (
                "-- No version is noted as applied, so that supabase db push would apply all of them again.\n"
                "-- Say what was applied: supabase migration repair --status applied VERSION ..."
            )
            found = [Row(_HISTORY, {"what": EMPTY}, {"object": literal(_HISTORY)}, fix)]
        reason = remedy = ""
        if unsure:
            reason = f"the history does not say what was applied as {named(unsure)}, so that an edit would go unseen"
            remedy = "say it anew: supabase migration repair --status applied VERSION notes the statements, too"
        return Evidence(
            found,
            about="the history of migrations",
            log=self.log,
            population=Population(len(applied) or len(files), "versions of migrations"),
            unjudgeable=reason,
            remedy=remedy,
            question=question("history"),
        )


def _applied(cursor: Cursor) -> dict[str, Sequence[str] | None]:
    cursor.execute(
        """
        select exists (select from pg_catalog.pg_attribute a
                       where a.attrelid = pg_catalog.to_regclass('supabase_migrations.schema_migrations')
                       and a.attname = 'statements' and not a.attisdropped)
        """
    )
    ((kept,),) = cursor.fetchall()
    text = question("history")
    cursor.execute(text if kept else text.replace("h.statements", "null::pg_catalog.text[] as statements"))
    return {str(version): statements for version, statements in cursor.fetchall()}


_WHAT = {
    "missing": "missing on the live database",
    "unknown": "not in the migrations",
    "different": "not as in the migrations",
    "renamed": "called otherwise on the live database",
}


def row(found: Difference, unproven: str = "") -> Row:
    """Return a difference as an offender."""
    title = safe(found.title)
    along = list(map(safe, found.along))
    more = f" and {len(along) - _ALONG} more" if len(along) > _ALONG else ""
    details = {
        "what": _WHAT[found.what],
        **({"in": ", ".join(map(safe, found.aspects))} if found.aspects else {}),
        **({"along": f"{', '.join(along[:_ALONG])}{more}"} if along else {}),
        **({"unproven": safe(unproven)} if unproven else {}),
    }
    return Row(title, details, {"object": literal(title)}, advice(found))


# What takes something away, or takes its place, is for a person to decide.
_WEIGHED = frozenset({"relation", "function", "trigger", "rule", "policy", "other", "type", "job"})
_TAKES = re.compile(
    r"\bdrop (?!default|not null|identity)|\bcreate or replace\b|\b(?:delete from|unschedule)\b"
    r"|\bdisable (?:row|trigger|rule)|\bno force row|\brevoke (?:all|execute)\b",
    re.IGNORECASE,
)


def advice(found: Difference) -> str:
    """Return the statements for both ways, those that a person has to decide about in comments."""
    mend, other = _shown(found, found.to_migrations, live=False), _shown(found, found.to_live, live=True)
    kind = found.key[0]
    replaces = found.what == "different" and kind in _WEIGHED and (kind == "policy" or not found.access)
    takes = _TAKES.search(found.to_migrations) and not (found.what == "missing" and kind in ("function", "relation"))
    weighed = found.loses[0] or replaces or bool(takes)
    head = "-- Which of the two is right is for a person to decide. To make the database what its migrations build"
    why = " (it takes away or replaces what is there)" if weighed else ""
    return "\n".join([
        f"{head}{why}:", _commented(mend) if weighed else mend.rstrip("\n"),
        "-- To make it so in the migrations, in a new one:", _commented(other),
    ])  # fmt: skip


def _commented(text: str) -> str:
    return "\n".join(f"-- {line}" for line in re.split(r"\r\n|\r|\n", text.rstrip("\n")))


# What settings are set to may be a secret, such as a key of the API; of these it is none.
_PLAIN_SETTINGS = re.compile(r"search_path|.*_timeout|role|row_security|timezone|log_.*|pgrst\..*|work_mem")
_CONFIDING = re.compile(r"authorization|bearer|api_?key|secret|password|token", re.IGNORECASE)


def _shown(found: Difference, text: str, *, live: bool) -> str:
    """Return statements, unless they hold what must not be in a report."""
    kind = next((kind for kind in KINDS if holds_secret(kind, text)), "")
    if not kind and live and found.key[0] == "setting" and not _PLAIN_SETTINGS.fullmatch(found.key[3].lower()):
        kind = "a value that may be a secret"
    if not kind and live and found.key[0] == "job" and _CONFIDING.search(text):
        kind = "what may be a secret"
    return f"-- It is not shown here, because it holds {kind}.\n" if kind else text
