"""What of a schema was not built, why, and what can therefore not be judged.

A statement that fails for want of what an earlier one should have made is a consequence of that one; a statement that
fails because this server is not the provider's is set aside. What either would have made or changed is not certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from audit.effects import ANYTHING, RELATIONS, Thing, effects
from audit.evidence import safe
from audit.layouts import title, to_apply
from audit.migrations import Migration, Trouble, decoded, is_of_the_platform
from audit.question import relations
from audit.sql_text import Unreadable, quoted, statements

# The cause of what fails because no file at all creates what it needs.
NOWHERE = "what no migration creates"

# Errors that a row or a key of an earlier statement would have kept away.
_OF_ROWS = ("23", "42P10", "42830")

# What a question looks at when it reads one of the catalogue's relations. Those that are not named here do not depend
# on what migrations make. https://www.postgresql.org/docs/current/catalogs.html
_TABLES = frozenset({"table", "view", "sequence", "column"})
_READS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("pg_class", "pg_attribute", "pg_attrdef", "pg_tables", "pg_views", "pg_constraint"), _TABLES),
    **dict.fromkeys(("pg_stat_user_tables", "pg_stat_all_tables", "pg_matviews", "pg_rewrite", "pg_depend"), _TABLES),
    **dict.fromkeys(("pg_policy", "pg_policies"), _TABLES | {"policy"}),
    **dict.fromkeys(("pg_trigger",), _TABLES | {"trigger"}),
    **dict.fromkeys(("pg_index", "pg_indexes", "pg_stat_user_indexes"), _TABLES | {"index"}),
    **dict.fromkeys(("pg_proc",), frozenset({"function"})),
    **dict.fromkeys(("pg_type", "pg_enum"), frozenset({"type"})),
    **dict.fromkeys(("pg_namespace",), frozenset({"schema"})),
    **dict.fromkeys(("pg_sequence", "pg_sequences"), _TABLES),
    **dict.fromkeys(("pg_roles", "pg_authid", "pg_auth_members"), frozenset({"role"})),
    **dict.fromkeys(("pg_default_acl",), frozenset({"default privileges"})),
    **dict.fromkeys(("pg_extension",), frozenset({"extension"})),
    **dict.fromkeys(("pg_event_trigger",), frozenset({"event trigger"})),
    **dict.fromkeys(
        ("pg_publication", "pg_publication_rel", "pg_publication_tables"), _TABLES | {"publication"}
    ),
}  # fmt: skip
_CATALOGUE = ("pg_catalog", "information_schema")
_NAMED = 8  # as many things a sentence names; the rest it counts


@dataclass(frozen=True)
class Build:
    """What became of all files together, in figures and names.

    ``missing`` are tables that a statement should have made and did not; ``nowhere`` is what files need and no file
    creates, with the place where it is needed first; ``touched`` is all that statements that were not executed would
    have made or changed.
    """

    layout: str = ""
    files: int = 0
    applied: int = 0
    tables: int = 0
    missing: tuple[str, ...] = ()
    nowhere: Mapping[Thing, str] = field(default_factory=dict)
    touched: tuple[Thing, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all is there that the files would make."""
        return not self.touched

    @property
    def summary(self) -> str:
        """Say how much was built."""
        of = self.tables + len(self.missing)
        return f"built: {self.applied:,} of {self.files:,} files; {self.tables:,} of {of:,} tables"

    @property
    def no_baseline(self) -> str:
        """Say in a sentence that the files begin with what none of them creates; "" where they do not."""
        if not self.nowhere:
            return ""
        tables = [thing for thing in self.nowhere if thing.kind in RELATIONS]
        what, number = ("table", len(tables)) if tables else ("object", len(self.nowhere))
        told = named([_told(each) for each in (tables or self.nowhere)])
        is_ = "is" if number == 1 else "are"
        plural = "" if number == 1 else "s"
        return f"{number} {what}{plural} {is_} created by no migration ({told}): these files alone cannot be judged"

    def doubt(self, questions: Iterable[str]) -> str:
        """Say why an answer without offenders proves nothing, given the texts that were asked; "" where it does.

        A text that is not known ("") may have been about anything.
        """
        if self.whole:
            return ""
        unsure = [thing for text in questions for thing in self._looked_at(text)]
        if not unsure:
            return ""
        told = named(list(dict.fromkeys(map(_told, unsure))))
        return f"{told} {'was' if len(set(unsure)) == 1 else 'were'} not built as the migrations say (see MIG-01)"

    def _looked_at(self, text: str) -> Iterator[Thing]:
        """Return the things that are not certain and that a question is about."""
        if not text.strip():
            yield from self.touched
            return
        names = [name.partition(".")[::2] for name in relations(text)]
        kinds = frozenset().union(*(_READS.get(name, frozenset()) for schema, name in names if schema in _CATALOGUE))
        # The names of schemas are looked up with everything.
        kinds = kinds if kinds == {"schema"} else kinds - {"schema"}
        own = [(schema, name) for schema, name in names if schema not in _CATALOGUE]
        for thing in self.touched:
            by_kind = thing.kind in kinds or (thing.kind == ANYTHING and (kinds or own))
            if by_kind or any(_is_of(thing, schema, name) for schema, name in own):
                yield thing

    def unproven(self, told: str) -> str:
        """Return what a finding rests on that is not certain, given the text that identifies it; "" for nothing."""
        for thing in self.touched:
            for name in filter(None, (thing.name, thing.of)):
                there = re.search(rf"(?<![\w$]){re.escape(quoted(name))}(?![\w$])", told)
                if there and (not thing.schema or quoted(thing.schema) in told or "." not in told):
                    return _told(thing)
        return ""


def named(names: Sequence[str]) -> str:
    """Join names, as many as a sentence holds."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return safe(", ".join(names[:_NAMED]) + more)


def _told(thing: Thing) -> str:
    if thing.kind == ANYTHING:
        return "something that a block of code would have done"
    if not thing.name:
        return f"every {thing.kind} in {thing.schema}"
    return str(thing) if thing.kind not in ("table", "rows") else str(thing).partition(" ")[2]


def _is_of(thing: Thing, schema: str, name: str) -> bool:
    """Tell whether a thing is a relation, in it or on it."""
    return (not thing.schema or thing.schema == schema) and name in (thing.name, thing.of)


# --- Causes


def understood(
    conn: psycopg.Connection[Any], migrations: Sequence[Migration], files: Sequence[Path], layout: str = ""
) -> tuple[tuple[Migration, ...], Build]:
    """Tell causes from consequences, and what was not built. Raises psycopg.Error."""
    tables = _tables(conn)
    if not any(each.troubles for each in migrations):
        return tuple(migrations), Build(layout, len(migrations), len(migrations), len(tables))
    sorted_ = _Causes(migrations, files)
    found = sorted_.sort()
    troubles = [trouble for each in found for trouble in each.troubles]
    nowhere = sorted_.nowhere
    wanted = {*(thing for each in troubles for thing in each.made if thing.kind == "table"), *nowhere}
    missing = {
        thing for thing in wanted if thing.kind in RELATIONS and not any(thing.is_like(table) for table in tables)
    }
    touched = {*(thing for each in troubles for thing in each.touched), *nowhere}
    return found, Build(
        layout,
        len(found),
        sum(each.applied for each in found),
        len(tables),
        tuple(sorted({_told(thing) for thing in missing})),
        nowhere,
        tuple(sorted(touched)),
    )


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

    def __init__(self, migrations: Sequence[Migration], files: Sequence[Path]) -> None:
        self.migrations = migrations
        self.created = dict(_created(files))
        self.failed: list[tuple[Trouble, str]] = []
        self.extensions: dict[str, tuple[str, bool]] = {}
        self.nowhere: dict[Thing, str] = {}

    def sort(self) -> tuple[Migration, ...]:
        """Return the migrations with the causes of their troubles."""
        found = [self._sorted(each) for each in self.migrations]
        if len(self.nowhere) < 2 and len({place.rpartition(":")[0] for place, _ in self._needing(found)}) < 2:
            # One thing that one file lacks is that file's own mistake.
            self.nowhere = {}
            found = [
                replace(each, troubles=tuple(replace(t, cause="") if t.cause == NOWHERE else t for t in each.troubles))
                for each in found
            ]
        return tuple(found)

    def _needing(self, found: Sequence[Migration]) -> list[tuple[str, Trouble]]:
        return [(f"{each.file}:{t.line}", t) for each in found for t in each.troubles if t.cause == NOWHERE]

    def _sorted(self, migration: Migration) -> Migration:
        troubles = []
        for trouble in migration.troubles:
            sorted_ = self._cause(trouble, migration.file)
            place = f"{migration.file}, line {trouble.line}"
            self.failed.append((sorted_, sorted_.cause or place))
            for thing in sorted_.made:
                if thing.kind == "extension":
                    self.extensions.setdefault(thing.name, (sorted_.cause or place, sorted_.aside))
            troubles.append(sorted_)
        failed = [each for each in troubles if not each.aside]
        if not troubles or migration.applied:
            return replace(migration, troubles=tuple(troubles))
        if not failed:
            return Migration(
                migration.file, True, troubles=tuple(troubles), notes=migration.notes, twice=migration.twice
            )
        first = next((each for each in failed if not each.cause), failed[0])
        kept = first.line == migration.line
        return replace(
            migration,
            error=migration.error if kept else first.error,
            line=first.line if migration.line else None,
            sqlstate=first.sqlstate,
            troubles=tuple(troubles),
        )

    def _cause(self, trouble: Trouble, file: str) -> Trouble:
        lacks = trouble.lacks
        if trouble.aside:
            return trouble
        if lacks is None:
            return replace(trouble, cause=self._by_rows(trouble))
        for earlier, cause in reversed(self.failed):
            if any(thing.is_like(lacks) for thing in earlier.made):
                return replace(trouble, cause=cause, aside=earlier.aside)
        place = next((where for thing, where in self.created.items() if thing.is_like(lacks)), "")
        if place:
            own = place.rpartition(":")[0]
            later = own and not any(each.file == own for each in self.migrations[: self._number(file)])
            if later and own != file:
                return replace(trouble, error=f"{trouble.error}; {safe(own)} creates it, and comes later")
            return trouble
        if extension := self._extension(lacks):
            return replace(trouble, cause=extension[0], aside=extension[1])
        if is_of_the_platform(lacks):
            told = f"{trouble.error}; Supabase has it, this server does not"
            return replace(trouble, error=told, aside=True)
        if lacks.kind in RELATIONS | {"function", "type", "schema"} and _changes(trouble):
            if not any(known.is_like(lacks) for known in self.nowhere):
                self.nowhere[lacks] = f"{file}:{trouble.line}"
            return replace(trouble, cause=NOWHERE)
        return trouble

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

    def _by_rows(self, trouble: Trouble) -> str:
        if not (trouble.sqlstate or "").startswith(_OF_ROWS):
            return ""
        for earlier, cause in reversed(self.failed):
            if any(a.name == b.name and a.name for a in earlier.touched for b in trouble.touched):
                return cause
        return ""


def _changes(trouble: Trouble) -> bool:
    """Tell whether a statement was to make or change something, which a query is not."""
    return any(thing.kind != ANYTHING for thing in trouble.touched)


def _created(files: Sequence[Path]) -> Iterator[tuple[Thing, str]]:
    """Return all that the files' statements make, with the place of the first that does."""
    seen: set[Thing] = set()
    for path in files:
        try:
            text = to_apply(decoded(path.read_bytes()))
            parsed = list(statements(text))
        except (OSError, UnicodeDecodeError, Unreadable):
            continue
        line, counted = 1, 0
        for statement in parsed:
            line, counted = line + text.count("\n", counted, statement.start), statement.start
            if statement.words[:1] in (("create",), ("alter",), ("do",), ("select",)):
                for thing in sorted(effects(statement).made - seen):
                    seen.add(thing)
                    yield thing, f"{title(path)}:{line}"
