"""What of a schema was not built, why, and what can therefore not be judged.

A statement that fails for want of what an earlier one should have made is a consequence of that one; a statement that
fails because this server is not the provider's is set aside. What either would have made or changed is not certain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlglot.errors import ParseError

from audit.effects import effects, lacking
from audit.evidence import Evidence, Location, Log, Population, Row, Scalar, safe
from audit.layouts import SupabaseConfig, config_beside, of_these, recognised, title, to_apply
from audit.migrations import THERE_ALREADY, apply, decoded, is_of_the_platform
from audit.origins import advice
from audit.platform import brings
from audit.question import relations
from audit.results import (
    ANYTHING,
    GRANT,
    RELATIONS,
    ROW_SECURITY,
    Build,
    Migration,
    Offence,
    Ruling,
    Thing,
    Trouble,
    Verdict,
    named,
)
from audit.server_errors import tell
from audit.sql_text import Statement, Unreadable, quoted, statements, tokens

REMEDY = "mend what MIG-01 names, or audit what there is: a dump (--schema=FILE) or the live database (TARGET=...)"

# More versions than this that several files have are one finding: it is how files are named.
MOST_VERSIONS = 3
# More causes of one kind than this are one: the files were applied in another order.
MOST_ALIKE = 5
# How it is said that what a statement lacks is created by a file that comes later.
LATER = "and comes later"

# The cause of what fails because no file at all creates what it needs.
NOWHERE = "what no migration creates"

# What a question looks at when it reads one of the catalogue's relations. Those that are not named here do not depend
# on what migrations make. https://www.postgresql.org/docs/current/catalogs.html
_TABLES = frozenset({"table", "view", "sequence", "rule"})
# A column may come with a key, an index and the triggers of a foreign key.
_KEYS = _TABLES | {"column", "constraint"}
_OF_TABLES = _KEYS | {"policy", "trigger", GRANT, ROW_SECURITY}
_READS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("pg_class", "pg_tables", "pg_views", "pg_matviews", "pg_rewrite", "pg_depend"), _TABLES),
    **dict.fromkeys(("pg_stat_user_tables", "pg_stat_all_tables", "pg_sequence", "pg_sequences"), _TABLES),
    **dict.fromkeys(("pg_attribute", "pg_attrdef", "pg_constraint"), _KEYS),
    **dict.fromkeys(("pg_policy", "pg_policies"), _TABLES | {"policy"}),
    **dict.fromkeys(("pg_trigger",), _KEYS | {"trigger"}),
    **dict.fromkeys(("pg_index", "pg_indexes", "pg_stat_user_indexes"), _KEYS | {"index"}),
    **dict.fromkeys(("pg_proc",), frozenset({"function"})),
    **dict.fromkeys(("pg_type", "pg_enum"), frozenset({"type"})),
    **dict.fromkeys(("pg_namespace",), frozenset({"schema"})),
    **dict.fromkeys(("pg_roles", "pg_authid", "pg_auth_members"), frozenset({"role"})),
    **dict.fromkeys(("pg_default_acl",), frozenset({"default privileges"})),
    **dict.fromkeys(("pg_extension",), frozenset({"extension"})),
    **dict.fromkeys(("pg_event_trigger",), frozenset({"event trigger"})),
    **dict.fromkeys(
        ("pg_publication", "pg_publication_rel", "pg_publication_tables"), _TABLES | {"publication"}
    ),
}  # fmt: skip
# What is asked of these by words, whatever else is read: has_table_privilege(), relacl, relrowsecurity, pg_policies.
_SEEN_BY = {
    GRANT: re.compile(r"privilege|acl|pg_shdepend|pg_init_privs"),
    ROW_SECURITY: re.compile(r"row_?security|pg_polic"),
}
# Questions that read the catalogue of indexes for keys. An index that is not unique is none, and changes nothing that
# anybody reaches.
_FOR_KEYS = re.compile(r"\bindis(?:unique|primary)\b")
# Signing up and leaving run the triggers and foreign keys of everything.
_PEOPLE = re.compile(r"\s*(?:insert\s+into|delete\s+from|update)\s+auth\.users\b", re.IGNORECASE)
_CATALOGUE = ("pg_catalog", "information_schema", "pg_temp")
# https://www.postgresql.org/docs/current/errcodes-appendix.html: insufficient_privilege
REFUSED = "42501"
# What changes nothing for people who act, unless something else was not built that is made of it.
_OUT_OF_REACH = frozenset({"server", "foreign-data wrapper", "statistics"})
_ASKING = frozenset({"auditor", "growth", "amcheck"})


def doubted(made: Ruling, log: Log, migrations: Sequence[Migration]) -> Ruling:
    """Return what a policy says, given that some of what the migrations would make is not there, or is otherwise.

    What would hold of it, or has no subject without it, is unchecked, and so is what fails for want of it; what offends
    otherwise says that it is unproven.
    """
    touched, missed = uncertain(migrations), _missed(migrations)
    # Those of the gate know what the new files speak of.
    if not (touched or missed) or {"failed_migrations", "gate"} & {*made.policy.askers}:
        return made
    if made.verdict in (Verdict.HOLDS, Verdict.NOT_APPLICABLE):
        unsure = _unsure(touched, missed, made, log)
        if unsure:
            found = "nothing of what was built offends, but " if made.verdict is Verdict.HOLDS else ""
            return replace(made, verdict=Verdict.UNCHECKED, reason=found + not_built(unsure), remedy=REMEDY)
        return made
    lacked = [_lacked(each, touched) for each in made.offences]
    left = tuple(_marked(each, touched) for each, thing in zip(made.offences, lacked, strict=True) if thing is None)
    if lacked and not left:
        reason = f"what fails lacks what should be there: {not_built(filter(None, lacked))}"
        return replace(made, verdict=Verdict.UNCHECKED, offences=(), reason=reason, remedy=REMEDY)
    return replace(made, offences=left)


def _lacked(offence: Offence, touched: Sequence[Thing]) -> Thing | None:
    """Return what was not built, where an error of the database says that it is for the lack of that.

    That is no fault of what fails: of whatever bears the name something fails for want of it.
    """
    missed = [thing for detail in offence.details.values() if (thing := lacking(str(detail))) is not None]
    return next(
        (
            each
            for each in touched
            if any(each.name == one.name and each.schema in ("", one.schema or each.schema) for one in missed)
        ),
        None,
    )


def not_built(things: Iterable[Thing]) -> str:
    """Say which things were not built as the migrations say, each once."""
    told = {each.told: each for each in things}
    names = [name for name, each in told.items() if each.kind != "rows" or name.removeprefix("rows of ") not in told]
    return f"{named(names)} {'was' if len(names) == 1 else 'were'} not built as the migrations say"


def uncertain(migrations: Sequence[Migration]) -> tuple[Thing, ...]:
    """Return all that statements that were not executed would have made or changed, and what they lacked.

    Not what queries lacked, which would have made nothing: see :func:`_missed`.
    """
    troubles = [trouble for each in migrations for trouble in each.troubles if not is_there(trouble)]
    lacking = {trouble.lacks for trouble in troubles if trouble.lacks is not None and trouble.touched}
    return tuple(sorted({*lacking, *(thing for trouble in troubles for thing in trouble.touched)}))


def _missed(migrations: Sequence[Migration]) -> tuple[Thing, ...]:
    """Return what only queries lacked: nothing rests on it but what is out of scope without it."""
    troubles = [trouble for each in migrations for trouble in each.troubles if not trouble.touched]
    return tuple(sorted({trouble.lacks for trouble in troubles if trouble.lacks is not None}))


def is_there(trouble: Trouble) -> bool:
    """Tell whether all that a statement would have made is there already, so that nothing is missing for its failure.

    What was made first is what the real database has, too. Of several columns some may be there and others not. The
    platform's own functions stay as they are, here as there, when somebody would replace them and may not.
    """
    if trouble.sqlstate == REFUSED and trouble.made == trouble.touched:
        names = [f"{thing.schema}.{thing.name}" for thing in trouble.made if thing.kind == "function"]
        return len(names) == len(trouble.made) > 0 and all(brings("functions", name) for name in names)
    if trouble.sqlstate not in THERE_ALREADY - {"42P16"}:
        return False
    if not trouble.made and sorted(thing.kind for thing in trouble.touched) == ["publication", "table"]:
        return True  # the one table is in the publication
    wholes = [thing for thing in trouble.made if thing.kind not in ("column", "constraint")]
    return len(trouble.made) == 1 or len(wholes) == 1


def _unsure(touched: Sequence[Thing], missed: Sequence[Thing], made: Ruling, log: Log) -> list[Thing]:
    """Return the things that are not certain and that a policy looked at, or found missing."""
    # People act on whatever there is; what is asked of the catalogue says what it is about.
    acts = bool({*made.policy.askers} - _ASKING)
    # To what is about something else an index more does no harm: it needs one, or none.
    whatever_index = acts or made.policy.about not in ("", "index")
    found = {
        thing
        for evidence in log.asked
        for thing in _looked_at(touched, evidence.counted or evidence.question, acts=acts)
        if thing.kind != "index"
        or not (whatever_index or (made.policy.about != "index" and _FOR_KEYS.search(evidence.question)))
    }
    if made.verdict is Verdict.NOT_APPLICABLE and not log.asked:
        found |= {thing for thing in (*touched, *missed) if _rests_on(thing, made.reason)}
    return sorted(found)


def _looked_at(touched: Sequence[Thing], text: str, *, acts: bool) -> Iterator[Thing]:
    """Return the things that a question is about; one whose text is not known may be about any of them.

    So may one that names nothing while people act (``acts``): it goes through all that there is.
    """
    try:
        names = [name.partition(".")[::2] for name in relations(text)]
    except ParseError:
        names = []
    own = [(schema, name) for schema, name in names if schema not in _CATALOGUE]
    kinds = frozenset().union(*(_READS.get(name, frozenset()) for schema, name in names if schema in _CATALOGUE))
    # The names of schemas are looked up with everything.
    kinds = kinds if kinds == {"schema"} else kinds - {"schema"}
    if not names or _PEOPLE.match(text) or (acts and not kinds and not own):
        yield from (thing for thing in touched if not acts or thing.kind not in _OUT_OF_REACH)
        return
    if acts and kinds & _TABLES:
        kinds |= _OF_TABLES  # all that decides what people reach, or do, there
    for thing in touched:
        words = _SEEN_BY.get(thing.kind)
        by_kind = thing.kind in kinds or (thing.kind == ANYTHING and (kinds or own)) or (words and words.search(text))
        if by_kind or any(_is_of(thing, schema, name) for schema, name in own):
            yield thing


def _marked(offence: Offence, touched: Sequence[Thing]) -> Offence:
    thing = next((each for each in touched if _rests_on(each, offence.object, offence.cause.kind)), None)
    if thing is None:
        return offence
    told = f"it rests on {thing.told}, which was not built as the migrations say"
    return replace(offence, details={"unproven": safe(told), **offence.details})


def _rests_on(thing: Thing, told: str, kind: str = "") -> bool:
    """Tell whether a text names a thing, or the table that it belongs to; ``kind``: what "name on table" is."""
    if thing.kind == "database" or (thing.schema and quoted(thing.schema) not in told and "." in told):
        return False
    name, on, table = told.rpartition(" on ")
    of = thing.of
    if on and kind == "policy":
        # It is there, and so is all that it speaks of; what its name is made of are words of people.
        if thing.kind in ("index", "column", "rows", "constraint", "trigger"):
            return False
        told, of = (name, "") if thing.kind == "policy" else (table, of)
    elif on and thing.kind in ("policy", "constraint", "trigger"):
        of = ""  # what is said of one key of a table does not rest on another one
    return any(_names(told, each) for each in (thing.name, of) if each)


def _names(told: str, name: str) -> bool:
    """Tell whether a name stands in a text as a word of its own."""
    return re.search(rf"(?<![\w$]){re.escape(quoted(name))}(?![\w$])", told) is not None


def _is_of(thing: Thing, schema: str, name: str) -> bool:
    """Tell whether a thing is a relation, in it or on it."""
    return (not thing.schema or thing.schema == schema) and name in (thing.name, thing.of)


# --- Building


def built(
    conn: psycopg.Connection[Any],
    place: Path,
    before: Path | None = None,
    *,
    piecewise: bool = True,
    files: Sequence[Path] | None = None,
) -> tuple[tuple[Migration, ...], Build]:
    """Apply a directory of migrations or a file, after what comes ``before`` it, and tell what became of it.

    See :func:`audit.migrations.apply`. Schemas that the project's configuration exposes are exposed here, too, unless
    a migration says otherwise. Raises TargetError and psycopg.OperationalError.
    """
    layout = recognised(place) if files is None else of_these(place, files)
    config = config_beside(place)
    first = recognised(before).files if before else ()
    done = apply(conn, before, piecewise=True) if before else ()
    done += apply(conn, place, piecewise=piecewise, files=files)
    found, build = understood(conn, done, (*first, *layout.files), len(first))
    notes = [*_skipped(layout.skipped), config.note]
    notes += [note for each in found for note in each.notes]
    notes.append(_exposed(conn, config))
    server = conn.info.server_version // 10000
    if config.major_version and config.major_version != server:
        notes.append(
            f"supabase/config.toml says PostgreSQL {config.major_version}, and this is {server}: --postgres-bin=DIR"
        )
    if config.seeds:
        names = named([path.name for path in config.seeds])
        notes.append(f"seed files are not loaded ({names}): people and rows are made up")
    build = replace(build, layout=str(layout), notes=tuple(filter(None, notes)))
    return found, replace(build, advice=advice(place, layout.files, build))


def _skipped(skipped: Mapping[str, str]) -> Iterator[str]:
    """Say which files are not applied and why, those together that are left out for the same."""
    by_reason: dict[str, list[str]] = {}
    for name, why in skipped.items():
        by_reason.setdefault(why, []).append(name)
    for why, names in by_reason.items():
        if len(names) == 1:
            yield f"{names[0]} is not applied: {why}"
        else:
            yield f"{len(names)} files are not applied, each because {why}: {named(names)}"


def signing_up(conn: psycopg.Connection[Any], place: Path) -> str:
    """Note the ways of signing up that the project's configuration switches on, where AUTH-04 finds them; say so.

    The connection is the superuser's: no migration has a say in what is tried. Raises psycopg.Error.
    """
    ways = config_beside(place).ways
    if not ways:
        return ""
    value = sql.Literal(" ".join(ways))
    conn.execute(sql.SQL("alter role authenticator set audit.sign_up = {}").format(value))
    if "none" in ways:
        return "nobody signs up by themselves, as supabase/config.toml has it (enable_signup = false)"
    return f"people sign up as supabase/config.toml has it: also {named(ways)}"


def _exposed(conn: psycopg.Connection[Any], config: SupabaseConfig) -> str:
    """Let the API serve the schemas of the project's configuration, and say so; "" where that says nothing."""
    if not config.schemas:
        return ""
    names = named(config.schemas)
    try:
        found = conn.execute(
            """
            select from pg_catalog.pg_db_role_setting s, unnest(s.setconfig) as setting
            where setting like 'pgrst.db_schemas=%'
            """
        ).fetchone()
        if found is not None:
            return ""
        value = sql.Literal(", ".join(config.schemas))
        conn.execute(sql.SQL("alter role authenticator set pgrst.db_schemas = {}").format(value))
    except psycopg.Error as error:
        if conn.broken:
            raise
        return f"the schemas that supabase/config.toml exposes ({names}) could not be exposed here: {tell(error)}"
    return f"exposed schemas as supabase/config.toml has them: {names}"


# --- Causes


def understood(
    conn: psycopg.Connection[Any], migrations: Sequence[Migration], files: Sequence[Path], before: int = 0
) -> tuple[tuple[Migration, ...], Build]:
    """Tell causes from consequences, and what was not built. The first ``before`` files are a baseline.

    Raises psycopg.Error.
    """
    tables = _tables(conn)
    causes = _Causes(migrations, files, before)
    found = causes.sort() if any(each.troubles for each in migrations) else tuple(migrations)
    made = {thing for each in found for trouble in each.troubles for thing in trouble.made if thing.kind == "table"}
    missing = {
        thing
        for thing in (*made, *causes.nowhere)
        if thing.kind in RELATIONS and not any(thing.is_like(table) for table in tables)
    }
    found = tuple(_without_what_came(found, causes.created))
    applied = sum(each.applied for each in found)
    return found, Build(
        "", len(found), applied, len(tables), tuple(sorted(safe(t.told) for t in missing)), causes.nowhere
    )


def _without_what_came(migrations: Sequence[Migration], created: Mapping[Thing, str]) -> Iterator[Migration]:
    """Yield the migrations without what statements lacked that another one has made: that is there in the end."""
    # What touches nothing any more was executed later on.
    failed = [thing for each in migrations for t in each.troubles if t.touched for thing in t.made]

    def came(thing: Thing | None) -> bool:
        made = any(each.is_like(thing) for each in created) if thing is not None else False
        return made and not any(each.is_like(thing) for each in failed if thing is not None)

    for each in migrations:
        yield replace(each, troubles=tuple(replace(t, lacks=None if came(t.lacks) else t.lacks) for t in each.troubles))


def _tables(conn: psycopg.Connection[Any]) -> list[Thing]:
    from audit.settings import PLATFORM_SCHEMAS

    found = conn.execute(
        """
        select n.nspname::text, c.relname::text
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'f') and not c.relispartition and c.relpersistence <> 't'
        and n.nspname !~ '^pg_|^information_schema$' and n.nspname <> all (%s)
        """,
        [list(PLATFORM_SCHEMAS)],
    )
    return [Thing("table", schema, name) for schema, name in found]


class _Causes:
    """Sorts what failed: ``nowhere`` is what no file creates, and where it was needed first."""

    def __init__(self, migrations: Sequence[Migration], files: Sequence[Path], before: int) -> None:
        self.migrations = migrations
        failed = any(each.troubles for each in migrations)
        self.created = dict(_created(files)) if failed else {}
        self.before = set(dict(_created(files[:before]))) if failed else set()
        self.columns = _columns_of_several(migrations) - _words_of_tables(files) if failed else set()
        self.nowhere: dict[Thing, str] = {}
        self._forget()

    def _forget(self) -> None:
        self.failed: list[tuple[Trouble, str]] = []
        self.extensions: dict[str, tuple[str, bool]] = {}
        self.needing: set[str] = set()
        # What a file creates that comes too late, and where it was needed first.
        self.late: list[tuple[Thing, str]] = []

    def sort(self) -> tuple[Migration, ...]:
        """Return the migrations with the causes of their troubles."""
        self.together = True
        found = tuple(map(self._sorted, self.migrations))
        if self.together and len(self.needing) < 2 and len(self._missing_tables()) < 2:
            # One table that one file lacks is that file's own mistake.
            self.nowhere, self.together = {}, False
        if self.nowhere or not self.together:
            # Once it is known what no file creates, queries that lack it follow from that as well.
            self._forget()
            found = tuple(map(self._sorted, self.migrations))
        return found

    def _missing_tables(self) -> list[Thing]:
        return [thing for thing in self.nowhere if thing.kind in RELATIONS]

    def _sorted(self, migration: Migration) -> Migration:
        troubles = []
        for trouble in migration.troubles:
            if trouble.sqlstate in THERE_ALREADY and self._has_baseline(trouble):
                continue
            sorted_ = self._cause(trouble, migration.file)
            place = f"{migration.file}, line {trouble.line}"
            self.failed.append((sorted_, sorted_.cause or place))
            for thing in sorted_.made:
                if thing.kind == "extension":
                    self.extensions.setdefault(thing.name, (sorted_.cause or place, sorted_.aside))
            troubles.append(sorted_)
        failed = [each for each in troubles if not each.aside]
        if migration.applied:
            return replace(migration, troubles=tuple(troubles))
        if not failed:
            return Migration(
                migration.file, True, troubles=tuple(troubles), notes=migration.notes, twice=migration.twice
            )
        first = next((each for each in failed if not each.cause), failed[0])
        said = next(each.error for each in migration.troubles if not each.aside)
        return replace(
            migration,
            error=first.error + (migration.error or "").removeprefix(said),
            line=first.line if migration.line else None,
            sqlstate=first.sqlstate,
            troubles=tuple(troubles),
        )

    def _has_baseline(self, trouble: Trouble) -> bool:
        """Tell whether something is there already because a baseline that was put before the files has it."""
        tables = {known.name for known in self.before if known.kind in RELATIONS}
        return any(thing.of in tables or any(known.is_like(thing) for known in self.before) for thing in trouble.made)

    def _cause(self, trouble: Trouble, file: str) -> Trouble:
        lacks = trouble.lacks
        if trouble.aside:
            return trouble
        if lacks is None:
            return replace(trouble, cause=self._by_key(trouble))
        for earlier, cause in reversed(self.failed):
            rows = [thing for thing in earlier.touched if thing.kind == "rows"]
            if any(thing.is_like(lacks) for thing in (*earlier.made, *rows)):
                return replace(trouble, cause=cause, aside=earlier.aside)
        place = next((where for thing, where in self.created.items() if thing.is_like(lacks)), "")
        if place:
            own = place.rpartition(":")[0]
            later = own and not any(each.file == own for each in self.migrations[: self._number(file)])
            if later and own != file:
                cause = next((where for thing, where in self.late if thing.is_like(lacks)), "")
                if not cause:
                    self.late.append((lacks, f"{file}, line {trouble.line}"))
                return replace(trouble, error=f"{trouble.error}; {safe(own)} creates it, {LATER}", cause=cause)
            return trouble
        if extension := self._extension(lacks):
            return replace(trouble, cause=extension[0], aside=extension[1])
        if is_of_the_platform(lacks):
            told = f"{trouble.error}; Supabase has it, this server does not"
            return replace(trouble, error=told, aside=True)
        known = any(each.is_like(lacks) for each in self.nowhere)
        if known or (self.together and self._is_nowhere(lacks) and _changes(trouble)):
            if not known:
                self.nowhere[lacks] = f"{file}:{trouble.line}"
            if lacks.kind in RELATIONS | {"column"}:
                self.needing.add(file)
            return replace(trouble, cause=NOWHERE)
        return trouble

    def _is_nowhere(self, lacks: Thing) -> bool:
        """Tell whether what is lacking was made elsewhere; a column, if several files count on it and none has it."""
        if lacks.kind == "column":
            return lacks.name in self.columns
        return lacks.kind in RELATIONS | {"function", "type", "schema"}

    def _extension(self, lacks: Thing) -> tuple[str, bool] | None:
        """Return where the extension failed that brings what is lacking, and whether it was set aside.

        Extensions bring schemas, types and functions, often of a name like their own; else any of them may have.
        """
        if lacks.kind in ("extension", "schema", "type", "function", "table", "view", "collation"):
            for name, place in self.extensions.items():
                if any(each and (each in name or name in each) for each in (lacks.schema or lacks.name, lacks.name)):
                    return place
            if lacks.kind in ("type", "function", "schema") and not is_of_the_platform(lacks):
                return next(iter(self.extensions.values()), None)
        return None

    def _number(self, file: str) -> int:
        return next((number for number, each in enumerate(self.migrations) if each.file == file), 0)

    def _by_key(self, trouble: Trouble) -> str:
        """Return the cause where ON CONFLICT points to a key that an earlier statement should have made."""
        tables = {thing.name for thing in trouble.touched} if trouble.sqlstate == "42P10" else set()
        for earlier, cause in reversed(self.failed):
            if any(thing.kind in ("index", "constraint") and thing.of in tables for thing in earlier.made):
                return cause
        return ""


def _columns_of_several(migrations: Sequence[Migration]) -> set[str]:
    """Return the names of columns for whose lack several files fail."""
    lacking = {(t.lacks.name, each.file) for each in migrations for t in each.troubles if _lacks_column(t) and t.lacks}
    files = Counter(name for name, _ in lacking)
    return {name for name, number in files.items() if number > 1}


def _lacks_column(trouble: Trouble) -> bool:
    return trouble.lacks is not None and trouble.lacks.kind == "column"


def _words_of_tables(files: Sequence[Path]) -> set[str]:
    """Return all names in statements that make tables or add to them: what is among them, some file may create."""
    return {
        token.name
        for _, statement in _statements(files)
        if statement.words[:1] in (("create",), ("alter",)) and "table" in statement.words[:6]
        for token in tokens(statement.text)
        if token.name
    }


def _changes(trouble: Trouble) -> bool:
    """Tell whether a statement was to make or change something, which a query is not."""
    return any(thing.kind != ANYTHING for thing in trouble.touched)


def _created(files: Sequence[Path]) -> Iterator[tuple[Thing, str]]:
    """Return all that the files' statements make, with the place of the first that does."""
    seen: set[Thing] = set()
    for place, statement in _statements(files):
        if statement.words[:1] in (("create",), ("alter",), ("do",), ("select",)):
            for thing in sorted(effects(statement).made - seen):
                seen.add(thing)
                yield thing, place


def _statements(files: Sequence[Path]) -> Iterator[tuple[str, Statement]]:
    """Yield the statements of files that can be read, each with its file and line."""
    for path in files:
        try:
            text = to_apply(decoded(path.read_bytes()))
            parsed = list(statements(text))
        except (OSError, UnicodeDecodeError, Unreadable):
            continue
        line, counted = 1, 0
        for statement in parsed:
            line, counted = line + text.count("\n", counted, statement.start), statement.start
            yield f"{title(path)}:{line}", statement


# --- MIG-01


def unapplied(migrations: Sequence[Migration], log: Log, new: Collection[str] | None = None) -> Evidence:
    """Return the migrations that did not apply, as evidence: one row for each cause, with what follows from it.

    Where nothing failed and something had to be set aside, nobody knows whether all would apply. ``new`` are the files
    that a gate is about: of others nothing is told, and of what lacks what these should have made nobody knows.
    """
    released = [each for each in migrations if new is not None and each.file not in new]
    migrations = [each for each in migrations if new is None or each.file in new]
    resting = [each for each in migrations if not each.applied and _rests_on_released(each, released)]
    roots = _roots([each for each in migrations if each not in resting])
    rows = [*_baseline(migrations), *_gathered(roots), *_twice(migrations)]
    aside = [(each, trouble) for each in migrations for trouble in each.troubles if trouble.aside]
    unjudgeable = remedy = ""
    if aside and not rows:
        reasons = named(list(dict.fromkeys(trouble.error for _, trouble in aside if not trouble.cause)))
        number = f"{len(aside)} statement{' was' if len(aside) == 1 else 's were'} set aside"
        unjudgeable = f"{number}, and what they make could not be looked at: {reasons}"
        remedy = "audit a target that has what is missing: a container (IMAGE=...) or the live database"
        if all(trouble.raised_by for _, trouble in aside):
            unjudgeable = reasons
            remedy = (
                "look in the real database which rows the statement meets, and whether all of them are as it wants them"
            )
    if resting and not rows:
        things = [trouble.lacks for each in resting for trouble in each.troubles if trouble.lacks is not None]
        files = named([each.file for each in resting])
        unjudgeable = f"released migrations fail, so that nobody knows whether {files} would: {not_built(things)}"
        remedy = REMEDY
    return Evidence(
        rows,
        about="the migrations",
        log=log,
        population=Population(len(migrations), "migrations"),
        unjudgeable=unjudgeable,
        remedy=remedy,
    )


def _rests_on_released(migration: Migration, released: Sequence[Migration]) -> bool:
    """Tell whether all that a new file failed for is what released ones, which did not apply, should have made."""
    lacking = [trouble.lacks for trouble in migration.troubles if not trouble.aside]
    things = [thing for each in released for trouble in each.troubles for thing in (*trouble.made, *trouble.touched)]
    things += [trouble.lacks for each in released for trouble in each.troubles if trouble.lacks is not None]
    return bool(lacking) and all(each is not None and any(map(each.is_like, things)) for each in lacking)


def _row(name: str, file: str, line: int | None, details: Mapping[str, Scalar], fix: str | None = None) -> Row:
    shown = {key: value for key, value in details.items() if value not in ("", None)}
    texts = {"object": name, "line": str(line or "?"), **{key: str(value) for key, value in details.items()}}
    return Row(name, {"line": line, **shown}, {**texts, "error": str(details["error"])}, fix, Location(file, line))


def _baseline(migrations: Sequence[Migration]) -> Iterator[Row]:
    """Yield the one row about what no file creates."""
    found = [(each, t) for each in migrations for t in each.troubles if t.cause == NOWHERE]
    failed = [thing for each in migrations for t in each.troubles for thing in t.made]
    lacking = [t.lacks for _, t in found if t.lacks is not None and not any(map(t.lacks.is_like, failed))]
    needed = list(dict.fromkeys(thing.told for thing in lacking))
    if not found or not needed:
        return
    first, trouble = found[0]
    error = f"{named(needed)}: no file creates {'it' if len(needed) == 1 else 'them'}"
    details: dict[str, Scalar] = {"error": error, "needed first": f"{first.file}, line {trouble.line}"}
    fix = (
        "-- These files begin with what was made elsewhere, in the dashboard perhaps: put a baseline before them\n"
        "-- (supabase db pull), or audit what there is: a dump with --schema=FILE, or the live database with TARGET=..."
    )
    yield _row(NOWHERE, first.file, trouble.line, {**details, **_cascade(migrations, [NOWHERE])}, fix)


def _gathered(roots: Iterable[tuple[str, Row]]) -> Iterator[Row]:
    """Yield the rows about causes; many of one kind are one cause: somebody applied the files in another order."""
    found: dict[str, list[Row]] = {}
    for kind, row in roots:
        found.setdefault(kind, []).append(row)
    for kind, rows in found.items():
        if not kind or len(rows) <= MOST_ALIKE:
            yield from rows
            continue
        files = list(dict.fromkeys(row.location.file for row in rows if row.location))
        first = rows[0]
        details = {"error": f"{len(files)} files {kind}, the first: {first.details['error']}", "also": named(files[1:])}
        place = first.location or Location(files[0], None)
        fix = (
            "-- These files were not applied in this order, or not to an empty database. Squash them into a baseline\n"
            "-- that applies to one (supabase db pull), or rename those that were not released yet."
        )
        yield _row(f"files that {kind}", place.file, place.line, details, fix)


def _kind(root: Trouble) -> str:
    """Say what a file does that comes too early, or again; "" for any other mistake."""
    if root.error.endswith(LATER):
        return "need what a later one creates"
    again = is_there(root) or root.error.startswith("multiple primary keys for table")
    return "make what is there already" if again else ""


def _roots(migrations: Sequence[Migration]) -> Iterator[tuple[str, Row]]:
    """Yield a row for each cause, with what kind of mistake it is."""
    for migration in migrations:
        roots = [each for each in migration.troubles if not each.aside and not each.cause]
        if migration.applied:
            continue
        if not migration.troubles:
            told = _details(migration.error, migration.sqlstate)
            yield "", _row(migration.file, migration.file, migration.line, told)
        # That things are there already is one cause, however many they are; so is one error of several statements.
        alike: dict[str, list[Trouble]] = {}
        for root in roots:
            alike.setdefault("" if is_there(root) else root.error, []).append(root)
        for number, (root, *others) in enumerate(alike.values()):
            # Of a file with several causes the first bears its name alone.
            error = migration.error if number == 0 and root.line == migration.line else root.error
            name = migration.file if number == 0 else f"{migration.file}: {root.error}"
            places = [f"{migration.file}, line {each.line}" for each in (root, *others)]
            line = migration.line if number == 0 else root.line
            details = {**_details(error, root.sqlstate), **_cascade(migrations, places)}
            if others:
                one = len(others) == 1
                does = ("makes" if one else "make") if is_there(root) else ("fails" if one else "fail")
                what = "what is there already" if is_there(root) else "for the same"
                details["likewise"] = f"{len(others)} more statement{'' if one else 's'} {does} {what}"
            yield _kind(root), _row(safe(name), migration.file, line, details)


def _details(error: str | None, sqlstate: str | None) -> dict[str, Scalar]:
    return {"error": error, "sqlstate": sqlstate}


def _cascade(migrations: Sequence[Migration], causes: Sequence[str]) -> dict[str, Scalar]:
    """Tell how much follows from a cause, and where; it may stand in several places."""
    found = [(each.file, t.line) for each in migrations for t in each.troubles if t.cause in causes]
    if not found:
        return {}
    number = f"{len(found):,} statement{'' if len(found) == 1 else 's'} cannot run for it"
    return {"consequences": number, "consequences in": named([f"{file}:{line}" for file, line in found])}


def _twice(migrations: Sequence[Migration]) -> Iterator[Row]:
    """Yield a row for each version that several files have; one for all where that is how files are named here."""
    found: dict[str, list[str]] = {}
    for each in migrations:
        if each.twice:
            found.setdefault(each.twice, []).append(each.file)
    pairs = [(f"{file}: the version of {first}", file, first, others) for first, (file, *others) in found.items()]
    if len(pairs) > MOST_VERSIONS:
        _, file, first, others = pairs[0]
        more = [name for _, other, _, rest in pairs[1:] for name in (other, *rest)]
        pairs = [("versions that several files have", file, first, [*others, *more])]
    for name, file, first, others in pairs:
        details: dict[str, Scalar] = {
            "error": f"{file} has the same version as {first}: the tool applies one file of a version",
            "also": named(others),
        }
        fix = (
            f"-- {named([file, *others])}: give each a version of its own, unless it was released:\n"
            "-- then a new file repeats it."
        )
        yield _row(name, file, None, details, fix)
