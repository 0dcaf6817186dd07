"""What of all that a migration did is a hazard: data that are lost, and readers and writers who must wait."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from audit.catalog.table_statistics import TableStatistics
from audit.evidence import Location, Row, Scalar, safe
from audit.gate.contents import loosely
from audit.gate.jobs import NOTES
from audit.gate.results import TOUCHED, Effect, Hazards, Line, Lock, Overwritten, Print, Step, Value
from audit.gate.trace import State

# Statements that change rows. What they read does not say much: with few rows, an index is not worth while.
DML = frozenset({"insert", "update", "delete", "merge", "select", "with", "copy"})
# A statement that takes so long with made-up rows takes longer with real ones.
LONG_MS = 1000
# With so many pages the server reads all rows of a table only where it has to.
MANY_PAGES = 8
# What the platform keeps in rows and is no data, but how a service behaves: MIG-06 says whom that lets in.
# https://supabase.com/docs/guides/storage/buckets/creating-buckets
SETTINGS = frozenset(f"storage.buckets.{name}" for name in ("public", "file_size_limit", "allowed_mime_types"))
# What a statement may overwrite of a column's values, in percent, and how many different ones it may make the same.
OVERWRITTEN_PERCENT = 20
MADE_EQUAL = 3

# Statements that can hide anything.
OPAQUE = frozenset({"do", "call", "select"})
# What takes a lock for a change, even where it is so already.
CHANGING = frozenset({"alter", "create", "drop", "grant", "revoke", "comment"})

_SIZED = re.compile(r"(character varying|character|numeric|bit varying|bit)\((\d+)(?:,(\d+))?\)")
# https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-INTERVAL-INPUT: fields that end before seconds
_FEWER_FIELDS = re.compile(r"interval (?:(?:year|day|hour) to )?(?:year|month|day|hour|minute)")
_PRECISION = re.compile(r"(timestamp|time|interval)(?:\((\d)\))?( with(?:out)? time zone)?")
# Types that can hold less than those before them.
_DIGITS = {"double precision": 15, "real": 6}
_ROOMY = (("bigint", "integer", "smallint"), ("double precision", "real"))
_TO_LESS = {
    ("timestamp with time zone", "date"),
    ("timestamp without time zone", "date"),
    ("timestamp without time zone", "time without time zone"),
    ("timestamp with time zone", "time without time zone"),
    ("timestamp with time zone", "time with time zone"),
    *((wide, whole) for wide in ("numeric", "double precision", "real") for whole in ("bigint", "integer", "smallint")),
    ("bigint", "double precision"),
    ("bigint", "real"),
    ("integer", "real"),
    ("text", "name"),
    ("character varying", "name"),
    ("text", "character varying"),
    ("character varying", "boolean"),
    ("text", "boolean"),
    ("integer", "boolean"),
}


def found(file: str, line: int, what: str, fix: str, **details: Scalar) -> Row:
    """Return one offender: ``what`` identifies it within its file."""
    shown = {key: value for key, value in details.items() if value not in ("", None)}
    texts = {"object": f"{file}: {what}", "file": file, "line": str(line), **shown}
    quoted = {key: safe(str(value)) for key, value in texts.items()}
    return Row(quoted["object"], shown, quoted, safe_lines(fix), Location(file, line))


def safe_lines(text: str) -> str:
    """Return ``text`` without control characters within its lines."""
    return "\n".join(map(safe, text.splitlines()))


@dataclass(frozen=True)
class Elsewhere:
    """What was put elsewhere and is still there: what is found again there was moved and not lost.

    ``columns`` are the contents (how many values, and their sum) of the columns that are new; ``tables`` rows that were
    not there before, by the names of their columns, be they rows of a table or what objects of JSON in it say.
    ``figures`` are of each table how many values its columns have more, and their sum, where it has too many rows to
    look at each.
    """

    columns: frozenset[tuple[int, int]] = frozenset()
    tables: Sequence[Mapping[str, Sequence[Value]]] = ()
    documents: Sequence[Mapping[str, Sequence[Value]]] = ()
    figures: Sequence[Mapping[str, tuple[int, int]]] = ()

    def keeps(self, effect: Effect) -> bool:
        """Tell whether the rows that a statement took away are in another table; in a large one, column by column."""
        if effect.compared == effect.rows:
            return self.holds(effect.lost)
        lost = {name: told for name, told in effect.figures.items() if told[0]}
        return bool(lost) and any(lost.items() <= table.items() for table in self.figures)

    def holds(self, rows: Mapping[str, Sequence[Value]]) -> bool:
        """Tell whether one table has all values of each of some rows, side by side."""
        told = {name: values for name, values in rows.items() if any(value is not None for value in values)}
        if told and any(_holds(table, told) for table in self.tables):
            return True
        loose = {name: [*map(loosely, values)] for name, values in told.items()}
        return bool(told) and any(_holds(each, loose) for each in self.documents)


def _holds(table: Mapping[str, Sequence[Value]], rows: Mapping[str, Sequence[Value]]) -> bool:
    kept = []
    for name, values in rows.items():
        # Under the same name, or else wherever all values are.
        names = (each for each in (name, *table) if each in table)
        column = next((each for each in names if {*values} <= {*table[each], None}), None)
        if column is None:
            return False
        kept.append(table[column])
    return {*zip(*rows.values(), strict=True)} <= {*zip(*kept, strict=True)}


def judge_hazards(
    file: str,
    steps: Sequence[Step],
    elsewhere: Elsewhere,
    statistics: TableStatistics,
    overwritten_percent: int = OVERWRITTEN_PERCENT,
) -> Hazards:
    """Judge what the statements of one file did.

    ``elsewhere`` is what is found at the end of all files. ``overwritten_percent`` of a column's values may be
    overwritten.
    """
    hazards = Hazards()
    for step in steps:
        hazards.losses += _losses(file, step, elsewhere, statistics, hazards, overwritten_percent)
        if step.telltale:
            hazards.remarks.append(
                f"{file}, line {step.line}: what it does may depend on where it runs ({', '.join(step.telltale)}): "
                "what it would do elsewhere cannot be seen by a rehearsal, read it"
            )
    _waits(file, steps, statistics, hazards)
    return hazards


# --- Data


def _losses(
    file: str, step: Step, elsewhere: Elsewhere, statistics: TableStatistics, hazards: Hazards, percent: int
) -> Iterator[Row]:
    for table, before in step.before.items():
        if step.after[table] is None and table not in NOTES:
            yield from _dropped_table(file, step, table, before, elsewhere, statistics, hazards)
    for table, effect in step.effects:
        if table in NOTES:
            continue
        gone = effect.told(effect.gone, effect.compared)
        if effect.gone and elsewhere.keeps(effect):
            hazards.remarks.append(f"{file}, line {step.line}: {gone} rows of {table} were moved to another table")
        elif effect.gone:
            yield found(
                file,
                step.line,
                f"rows of {table}",
                f"-- {table}: {gone} rows are gone. Keep them in another table first, or leave them where they are.",
                kind="rows deleted",
                relation=table,
                rows=effect.gone,
                of=effect.compared,
            )
        after = step.after.get(table)
        if after is not None:
            yield from _dropped_columns(file, step, table, step.before[table], after, elsewhere, statistics, hazards)
            kept = {name for name in step.before[table].values if _kept(step.before[table], name, elsewhere)}
            yield from _overwritten(file, step, table, effect, percent, kept, hazards)
    for name in _cycling(step):
        yield found(
            file,
            step.line,
            f"sequence {name}",
            f"-- {name} begins again at its end, and gives out numbers that it gave out before. Say NO CYCLE, and\n"
            "-- take a larger type where its numbers do not suffice.",
            kind="sequence repeats",
            relation=name,
        )
    for name in step.reset:
        yield found(
            file,
            step.line,
            f"sequence {name}",
            f"-- {name} would give out numbers again that it gave out before. Leave it as it is.",
            kind="sequence reset",
            relation=name,
        )
    for loss in step.losses:
        if statistics.empty(loss.relation):
            continue
        fix = f"-- {loss.told}. Keep the rows, or where they are read."
        yield found(file, step.line, loss.what, fix, kind=loss.kind, relation=loss.relation, how=loss.told)
    for doubt in step.doubts:
        if doubt.table not in NOTES and (not doubt.table or not statistics.empty(doubt.table)):
            hazards.doubts.append(f"{file}, line {step.line}: {doubt.told}")
    hazards.blind += [f"{file}, line {step.line}: {told}" for told in step.blind]
    hazards.remarks += [
        f"{file}, line {step.line}: {told}" for told, table in step.remarks if not statistics.empty(table)
    ]


def _cycling(step: Step) -> Iterator[str]:
    """Yield the sequences that begin again at their end from now on: https://www.postgresql.org/docs/current/sql-altersequence.html."""
    for change in step.catalogue if not step.undone else ():
        if change.kind == "sequence" and change.known and change.fact("cycles") == (False, True):
            yield change.title


def _dropped_table(
    file: str,
    step: Step,
    table: str,
    before: Print,
    elsewhere: Elsewhere,
    statistics: TableStatistics,
    hazards: Hazards,
) -> Iterator[Row]:
    if statistics.empty(table):
        hazards.remarks.append(f"{file}, line {step.line}: {table} is dropped, and has no rows on the live database")
    elif not before.rows:
        yield found(
            file,
            step.line,
            f"table {table}",
            f"-- {table} goes with whatever rows it has; no made-up one could be put into it. Make sure that there\n"
            "-- are none, or rename it, and drop it when nobody missed it.",
            kind="table dropped",
            relation=table,
        )
    elif not all(_kept(before, name, elsewhere) for name in before.values):
        yield found(
            file,
            step.line,
            f"table {table}",
            f"-- {table} goes with its rows. Stop using it first, rename it, and drop it when nobody missed it.",
            kind="table dropped with rows",
            relation=table,
            rows=before.rows,
        )


def _kept(before: Print, name: str, elsewhere: Elsewhere) -> bool:
    return not before.values[name] or (before.values[name], before.sums[name]) in elsewhere.columns


def _dropped_columns(
    file: str,
    step: Step,
    table: str,
    before: Print,
    after: Print,
    elsewhere: Elsewhere,
    statistics: TableStatistics,
    hazards: Hazards,
) -> Iterator[Row]:
    left = {*after.numbers.values()}
    for name, values in before.values.items():
        if before.numbers[name] in left:
            continue
        column = f"{table}.{name}"
        if statistics.empty(table, name):
            hazards.remarks.append(f"{file}, line {step.line}: {column} has no values on the live database")
        elif not values:
            hazards.doubts.append(
                f"{file}, line {step.line}: {column} is dropped, and the made-up rows have no value in it; whether "
                "real ones have is not known"
            )
        elif not _kept(before, name, elsewhere):
            yield found(
                file,
                step.line,
                f"column {column}",
                f"-- {column} goes with its values. Stop using it first, keep its values elsewhere, then drop it.",
                kind="column dropped with values",
                relation=table,
                column=name,
                values=values,
            )


def _overwritten(
    file: str, step: Step, table: str, effect: Effect, percent: int, kept: Collection[str], hazards: Hazards
) -> Iterator[Row]:
    """Tell of values that others took the place of, but for columns of which all values are ``kept`` elsewhere."""
    types = _new_types(step, table)
    for name, became in effect.columns.items():
        if name in kept or f"{table}.{name}" in SETTINGS:
            continue
        column = f"{table}.{name}"
        details: dict[str, Scalar] = {"relation": table, "column": name}
        if name in types:
            yield from _retyped(file, step, column, details, became, types[name], hazards)
            continue
        if became.emptied:
            told = effect.told(became.emptied, became.values)
            fix = f"-- NULL takes the place of {told} values of {column}. Keep them, or say which rows need it."
            details |= {"values": became.emptied, "of": became.values}
            yield found(file, step.line, f"values of {column}", fix, kind="values set to NULL", **details)
        elif kind := _loses(name, became, percent):
            told = effect.told(became.changed, became.values)
            fix = (
                f"-- This overwrites {told} values of {column} that were there before. Keep them in another column\n"
                "-- first, or say in WHERE which rows need it."
            )
            details |= {"values": became.changed, "of": became.values}
            yield found(file, step.line, f"values of {column}", fix, kind=kind, **details)


def _loses(name: str, became: Overwritten, percent: int) -> str:
    """Return what is lost by the values that a column has now instead of others, or ""."""
    if not became.changed or TOUCHED.fullmatch(name):
        return ""
    most = became.changed * 100 > became.values * percent
    if became.exchanged and (most or became.kinds >= MADE_EQUAL):
        return "values exchanged among rows"
    if became.kinds - became.left >= MADE_EQUAL and became.left * 2 <= became.kinds:
        return "values made equal"
    if most and became.values > 1:
        return "values overwritten in every row" if became.changed == became.values else "values overwritten"
    return ""


def _retyped(
    file: str,
    step: Step,
    column: str,
    details: Mapping[str, Scalar],
    became: Overwritten,
    types: tuple[str, str],
    hazards: Hazards,
) -> Iterator[Row]:
    old, new = types
    told = {**details, "from": old, "to": new}
    fix = f"-- Values of {column} that do not fit {new} are cut, or make the migration fail. Look at them first."
    if became.merged or became.cut or became.emptied:
        yield found(file, step.line, f"values of {column}", fix, kind="values cut by a narrower type", **told)
    elif refuses(old, new, written="using" in step.names):
        hazards.remarks.append(f"{file}, line {step.line}: it fails where a value of {column} does not fit {new}")
    elif became.shift and _decimals(old) is None and _decimals(new) is not None:
        most = became.shift + (_decimals(new) or 0)
        hazards.doubts.append(
            f"{file}, line {step.line}: values of {column} with more than {most} decimals are rounded; whether there "
            "are any is not known"
        )
    elif narrower(old, new) and not _keeps_decimals(old, new, became.shift):
        yield found(file, step.line, f"type of {column}", fix, kind="type narrowed", **told)


def _new_types(step: Step, table: str) -> dict[str, tuple[str, str]]:
    """Return the columns whose type changed, with both types."""
    return {
        str(change.fact("_name")[0]): change.fact("type")
        for change in step.catalogue
        if change.kind == "column"
        and change.what == "changed"
        and change.before is not None
        and change.before.title.startswith(f"{table}.")
        and len(set(change.fact("type"))) > 1
    }


def refuses(old: str, new: str, *, written: bool) -> bool:
    """Tell whether a narrower type takes no value that it would have to cut: the statement fails instead.

    Numbers that are too large are always refused; texts where no USING is ``written``, as its cast may cut them:
    https://www.postgresql.org/docs/current/datatype-character.html.
    """
    if old in _ROOMY[0] and new in _ROOMY[0]:
        return narrower(old, new)
    sized_old, sized_new = _SIZED.fullmatch(old), _SIZED.fullmatch(new)
    if sized_new and sized_new[1] == "numeric":
        fewer = sized_old is not None and int(sized_new[3] or 0) >= int(sized_old[3] or 0)
        return fewer and narrower(old, new)
    texts = ("text", "character varying", "character", "bit varying", "bit")
    plain = tuple(re.sub(r"\(.*?\)", "", each) for each in (old, new))
    return not written and plain[0] in texts and plain[1] in texts and narrower(old, new)


def _decimals(of: str) -> int | None:
    """Return how many decimals a type of numbers has, None where that is not said."""
    if of in _ROOMY[0]:
        return 0
    sized = _SIZED.fullmatch(of)
    return int(sized[3] or 0) if sized and sized[1] == "numeric" else None


def _keeps_decimals(old: str, new: str, shift: int) -> bool:
    """Tell whether all decimals are left of numbers that became larger by so many powers of ten."""
    had, has = _decimals(old), _decimals(new)
    return bool(shift) and had is not None and has is not None and has + shift >= had


def narrower(old: str, new: str) -> bool:
    """Tell whether a type can hold less than another one."""
    for family in _ROOMY:
        if old in family and new in family:
            return family.index(new) > family.index(old)
    plain = tuple(re.sub(r"\(.*?\)", "", each) for each in (old, new))
    if plain in _TO_LESS and (plain[1] != "character varying" or new != plain[1]):
        return True
    sized_old, sized_new = _SIZED.fullmatch(old), _SIZED.fullmatch(new)
    if plain[0] == "numeric" and new in _DIGITS:
        return not sized_old or int(sized_old[2]) > _DIGITS[new]
    if _FEWER_FIELDS.fullmatch(new) and not _FEWER_FIELDS.fullmatch(old):
        return plain[0].startswith("interval")
    if sized_new and not sized_old:
        if plain[1] == "numeric" and old in _DIGITS:
            return True
        return plain[0] == plain[1] or plain[0] == "text"
    if sized_old and sized_new:
        fewer = int(sized_new[2]) - int(sized_new[3] or 0) < int(sized_old[2]) - int(sized_old[3] or 0)
        return fewer or int(sized_new[3] or 0) < int(sized_old[3] or 0)
    precise_old, precise_new = _PRECISION.fullmatch(old), _PRECISION.fullmatch(new)
    if precise_old and precise_new and precise_old[1] == precise_new[1]:
        return int(precise_new[2] or 6) < int(precise_old[2] or 6)
    return False


# --- Readers and writers


def _waits(file: str, steps: Sequence[Step], statistics: TableStatistics, hazards: Hazards) -> None:
    since: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    for step in steps:
        for lock in step.taken:
            if lock.blocks:
                since.setdefault(lock.relation, step.line)
        held = {lock.relation for lock in step.held}
        since = {relation: line for relation, line in since.items() if relation in held}
        why = _slow(step, [lock for lock in step.held if lock.blocks])
        waits: list[tuple[str, str, str]] = []
        if why:
            # The planner wants each index of a table that it reads, and the one that is built again is locked.
            # https://www.postgresql.org/docs/current/sql-reindex.html
            every = "reads and writes" if step.rebuilt else ""
            waits += [(lock.relation, lock.mode, every or lock.blocks) for lock in step.held if lock.blocks]
            if step.alone and "concurrently" not in step.words:
                waits += [(each, "ACCESS EXCLUSIVE", "reads and writes") for each in (*step.rewritten, *step.rebuilt)]
        elif step.words[:1] == ("lock",) or _may_lock(step):
            waits += [(lock.relation, lock.mode, lock.blocks) for lock in step.taken if lock.blocks]
            why = "an explicit lock"
        for relation, mode, blocks in waits:
            if statistics.small(relation):
                hazards.remarks.append(
                    f"{file}, line {step.line}: {mode} on {relation} is no outage: it is small on the live database "
                    f"({statistics.told(relation)})"
                )
                continue
            hazards.slow_lines.add(step.line)
            if (relation, why) in seen:
                continue
            seen.add((relation, why))
            held_since = since.get(relation, step.line)
            fix = _safe_form(step, relation, held_since)
            hazards.waits.append(
                found(
                    file,
                    step.line,
                    f"{relation} ({why})",
                    fix,
                    kind=why,
                    relation=relation,
                    lock=mode,
                    blocks=blocks,
                    held_since=f"line {held_since}" if held_since != step.line else "",
                    live=statistics.told(relation),
                )
            )


def _may_lock(step: Step) -> bool:
    """Tell whether a lock was taken by a LOCK out of sight: nothing came of the statement, nor says it what might."""
    opaque = step.words[:1] and step.words[0] in OPAQUE and not step.catalogue
    return bool(opaque) and ("lock" in step.names or not step.names & CHANGING)


def _slow(step: Step, blocking: Sequence[Lock]) -> str:
    """Return why a statement takes the longer, the larger a table is; "" where it does not.

    ``blocking`` are the locks that are held meanwhile, and that others wait for.
    """
    if step.error:
        return ""
    rewritten = [each for each in step.rewritten if not _emptied(step, each)]
    if rewritten:
        return "rewrites the table"
    if step.rebuilt and "concurrently" not in step.words:
        return "builds an index again"
    for table, moved in step.moved.items():
        rows = step.before[table].rows if table in step.before else moved.scanned
        changed = moved.inserted + moved.updated + moved.deleted
        if changed and changed * 2 >= rows:
            return f"changes most rows of {table}"
        if not moved.scanned or not moved.scans:
            continue
        checked = _checks(step)
        if checked or not (step.words[:1] and step.words[0] in DML | {"do"}):
            return "builds an index" if "index" in (*step.words[:3], checked) else f"reads all rows of {table}"
        if blocking and moved.scanned * 2 >= rows and (step.whole or moved.pages >= MANY_PAGES):
            return f"reads all rows of {table}"
    if blocking and step.duration_ms >= LONG_MS and step.statements == 1:
        return "takes long"
    return ""


def _checks(step: Step) -> str:
    """Return what a statement made for which the server reads a table, be it within a block or a function; or ""."""
    for change in step.catalogue:
        if change.what == "created" and change.kind in ("index", "constraint") and change.fact("valid")[1] is not False:
            return change.kind
        if change.kind == "column" and change.what == "changed" and change.fact("not null") == (False, True):
            return change.kind
    return ""


def _emptied(step: Step, table: str) -> bool:
    after = step.after.get(table)
    return after is not None and after.rows == 0 and table in step.before


def _safe_form(step: Step, relation: str, since: int) -> str:
    words = step.words
    if since != step.line:
        return (
            f"-- The lock on {relation} of line {since} is held while this runs. Put this statement into a\n"
            "-- migration of its own, after that one; large tables in batches."
        )
    if "index" in words[:3]:
        return (
            f"-- Without a lock that stops writers of {relation}, in a file of its own, outside of a transaction:\n"
            "-- create index concurrently ..."
        )
    if "foreign" in words or "references" in words or "check" in words:
        return (
            f"-- In two migrations, so that {relation} is read without a lock that stops its writers:\n"
            "-- alter table ... add constraint ... not valid;\n-- alter table ... validate constraint ...;"
        )
    if "unique" in words or "primary" in words:
        return (
            f"-- In two migrations, so that writers of {relation} need not wait:\n"
            "-- create unique index concurrently ...;\n-- alter table ... add constraint ... using index ...;"
        )
    if "set" in words and "null" in words:
        return (
            f"-- PostgreSQL does not read {relation} once more when a valid constraint says the same:\n"
            "-- alter table ... add constraint ... check (... is not null) not valid;\n"
            "-- alter table ... validate constraint ...;\n-- alter table ... alter column ... set not null;"
        )
    if step.rewritten:
        return (
            f"-- {relation} is written anew under a lock that stops readers and writers. Add a new column without a\n"
            "-- volatile default, fill it in batches, and change over; or do it in a maintenance window, with\n"
            "-- set lock_timeout = '2s'; so that nobody queues behind it."
        )
    return (
        f"-- Readers or writers of {relation} must wait. Take a weaker lock, or hold it in a short transaction of its\n"
        "-- own, with set lock_timeout = '2s'; so that nobody queues behind it."
    )


def contents(origin: Mapping[int, Print], at_end: Mapping[int, Print], last: State) -> Elsewhere:
    """Return what is found at a file's end that was not there before all files, and is still there after the last."""
    columns: set[tuple[int, int]] = set()
    tables: list[Mapping[str, Sequence[Value]]] = []
    documents: list[Mapping[str, Sequence[Value]]] = []
    figures = []
    for oid, now in at_end.items():
        left, old = last.prints.get(oid), origin.get(oid)
        if left is None:
            continue
        columns |= _new_columns(now, left, old)
        entry = last.entries.get(f"r{oid}")
        if left is old or entry is None or entry.facts["persistence"] != "p":
            continue
        figures.append(_grown(left, old))
        if left.stride == 1 and (fresh := _fresh(left, old)):
            tables.append({name: [line[place] for line in fresh] for place, name in enumerate(left.numbers)})
            documents += [{name: [*map(loosely, cells)] for name, cells in each.items()} for each in left.documents]
    return Elsewhere(frozenset(columns), tables, documents, figures)


def _new_columns(now: Print, left: Print, old: Print | None) -> set[tuple[int, int]]:
    """Return the figures of a table's columns that are new, and still there with all their values."""
    was = {*old.numbers.values()} if old else set()
    return {
        (values, now.sums[name])
        for name, values in now.values.items()
        if values and now.numbers[name] not in was and left.count(now.numbers[name]) >= values
    }


def _fresh(left: Print, old: Print | None) -> list[Line]:
    """Return the rows of a table that were not there before."""
    before = Counter(old.lines if old and old.numbers == left.numbers else ())
    return list((Counter(left.lines) - before).elements())


def _grown(left: Print, old: Print | None) -> dict[str, tuple[int, int]]:
    """Return how many values the columns of a table have more than before, and their sum."""
    was = old if old and old.numbers == left.numbers else Print(0, {}, {})
    return {
        name: (count - was.values.get(name, 0), left.sums[name] - was.sums.get(name, 0))
        for name, count in left.values.items()
    }
