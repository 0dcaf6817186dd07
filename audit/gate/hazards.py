"""What of all that a migration did is a hazard: data that are lost, and readers and writers who must wait."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from audit.catalog.table_statistics import TableStatistics
from audit.evidence import Location, Row, Scalar, safe
from audit.gate.results import Hazards, Moved, Print, Step

# Columns that say when a row was touched: whoever changes a row changes them, too, and loses nothing.
TOUCHED = re.compile(r"(?:last_)?(?:updated|modified|changed|touched)(?:_at|_on|_by)?", re.IGNORECASE)

# Statements that change rows. What they read does not say much: with few rows, an index is not worth while.
DML = frozenset({"insert", "update", "delete", "merge", "select", "with", "copy"})
# Statements that can hide anything.
OPAQUE = frozenset({"do", "call", "select"})

_SIZED = re.compile(r"(character varying|character|numeric|bit varying|bit)\((\d+)(?:,(\d+))?\)")
_PRECISION = re.compile(r"(timestamp|time|interval)(?:\((\d)\))?( with(?:out)? time zone)?")
# Types that can hold less than those before them.
_ROOMY = (("bigint", "integer", "smallint"), ("double precision", "real"))
_TO_LESS = {
    ("timestamp with time zone", "date"),
    ("timestamp without time zone", "date"),
    ("timestamp without time zone", "time without time zone"),
    ("numeric", "integer"),
    ("numeric", "bigint"),
    ("double precision", "integer"),
    ("double precision", "bigint"),
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


def judge(
    file: str, steps: Sequence[Step], elsewhere: Mapping[tuple[int, str], int], statistics: TableStatistics
) -> Hazards:
    """Judge what the statements of one file did.

    ``elsewhere`` are the contents (how many values, and their sum) of the columns that are new at the end of the file:
    what is found there was moved and not lost.
    """
    hazards = Hazards()
    for step in steps:
        hazards.losses += _losses(file, step, elsewhere, statistics, hazards)
    _waits(file, steps, statistics, hazards)
    return hazards


# --- Data


def _losses(
    file: str, step: Step, elsewhere: Mapping[tuple[int, str], int], statistics: TableStatistics, hazards: Hazards
) -> Iterator[Row]:
    for table, before in step.before.items():
        after = step.after[table]
        if after is None:
            yield from _dropped_table(file, step, table, before, elsewhere, statistics, hazards)
            continue
        if after.rows < before.rows:
            yield found(
                file,
                step.line,
                f"rows of {table}",
                f"-- {table}: rows are gone. Keep them in another table first, or leave them where they are.",
                kind="rows deleted",
                relation=table,
                rows=before.rows - after.rows,
                of=before.rows,
            )
        yield from _columns(file, step, table, before, after, elsewhere, statistics, hazards)
    for name in step.reset:
        yield found(
            file,
            step.line,
            f"sequence {name}",
            f"-- {name} would give out numbers again that it gave out before. Leave it as it is.",
            kind="sequence reset",
            relation=name,
        )
    for table in step.unmet:
        if not statistics.empty(table):
            hazards.doubts.append(
                f"{file}, line {step.line}: {step.words[0]} met no made-up row of {table}; whether it meets real "
                "ones is not known"
            )


def _dropped_table(
    file: str,
    step: Step,
    table: str,
    before: Print,
    elsewhere: Mapping[tuple[int, str], int],
    statistics: TableStatistics,
    hazards: Hazards,
) -> Iterator[Row]:
    if statistics.empty(table):
        hazards.remarks.append(f"{file}, line {step.line}: {table} is dropped, and has no rows on the live database")
    elif not before.rows:
        hazards.doubts.append(
            f"{file}, line {step.line}: {table} is dropped, and no made-up row could be put into it; whether it has "
            "real ones is not known"
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


def _kept(before: Print, name: str, elsewhere: Mapping[tuple[int, str], int]) -> bool:
    return not before.values[name] or (before.values[name], before.sums[name]) in elsewhere


def _columns(
    file: str,
    step: Step,
    table: str,
    before: Print,
    after: Print,
    elsewhere: Mapping[tuple[int, str], int],
    statistics: TableStatistics,
    hazards: Hazards,
) -> Iterator[Row]:
    types = _new_types(step, table)
    moved = step.moved.get(table, Moved())
    now_called = {number: name for name, number in after.numbers.items()}
    for name, values in before.values.items():
        column = f"{table}.{name}"
        details: dict[str, Scalar] = {"relation": table, "column": name}
        now = now_called.get(before.numbers[name])
        if now is None:
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
                    **details,
                    values=values,
                )
            continue
        if name in types:
            yield from _retyped(file, step, column, details, (before, name), (after, now), types[name])
            continue
        if moved.inserted:
            continue
        lost = values - after.values[now]
        if lost > max(0, before.rows - after.rows):
            yield found(
                file,
                step.line,
                f"values of {column}",
                f"-- NULL takes the place of values of {column}. Keep them, or change only the rows that need it.",
                kind="values set to NULL",
                **details,
                values=lost,
            )
        elif (
            before.rows > 1
            and moved.updated >= before.rows
            and before.sums[name] != after.sums[now]
            and moved.updated > after.values[now] - values
            and values
            and not TOUCHED.fullmatch(name)
        ):
            yield found(
                file,
                step.line,
                f"values of {column}",
                f"-- Every row's value of {column} is overwritten. Say in WHERE which rows need it.",
                kind="values overwritten in every row",
                **details,
                values=values,
            )


def _retyped(
    file: str,
    step: Step,
    column: str,
    details: Mapping[str, Scalar],
    before: tuple[Print, str],
    after: tuple[Print, str],
    types: tuple[str, str],
) -> Iterator[Row]:
    (old, was), (new, now) = before, after
    told = {**details, "from": types[0], "to": types[1]}
    fix = f"-- Values of {column} that do not fit {types[1]} are cut, or make the migration fail. Look at them first."
    fewer = now in new.kinds and was in old.kinds and new.kinds[now] < old.kinds[was]
    if fewer or new.values[now] < old.values[was]:
        yield found(file, step.line, f"values of {column}", fix, kind="values cut by a narrower type", **told)
    elif narrower(*types):
        yield found(file, step.line, f"type of {column}", fix, kind="type narrowed", **told)


def _new_types(step: Step, table: str) -> dict[str, tuple[str, str]]:
    """Return the columns whose type changed, with both types."""
    found_: dict[str, tuple[str, str]] = {}
    for change in step.catalogue:
        named = change.kind == "column" and change.what == "changed" and change.title.startswith(f"{table}.")
        if named and (match := re.search(r"(?:^|, )type (.+?) → (.+?)(?:, [a-z ]+ .* → |$)", change.how)):
            found_[change.title.removeprefix(f"{table}.").strip('"').replace('""', '"')] = (match[1], match[2])
    return found_


def narrower(old: str, new: str) -> bool:
    """Tell whether a type can hold less than another one."""
    for family in _ROOMY:
        if old in family and new in family:
            return family.index(new) > family.index(old)
    plain = tuple(re.sub(r"\(.*?\)", "", each) for each in (old, new))
    if plain in _TO_LESS:
        return True
    sized_old, sized_new = _SIZED.fullmatch(old), _SIZED.fullmatch(new)
    if sized_new and not sized_old:
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
        why = _slow(step)
        waits: list[tuple[str, str, str]] = []
        if why:
            waits += [(lock.relation, lock.mode, lock.blocks) for lock in step.held if lock.blocks]
            if step.alone and "concurrently" not in step.words:
                waits += [(each, "ACCESS EXCLUSIVE", "reads and writes") for each in (*step.rewritten, *step.rebuilt)]
        elif step.words[:1] == ("lock",) or (step.words[:1] and step.words[0] in OPAQUE and not step.catalogue):
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


def _slow(step: Step) -> str:
    """Return why a statement takes the longer, the larger a table is; "" where it does not."""
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
    return ""


def _checks(step: Step) -> str:
    """Return what a statement made for which the server reads a table, be it within a block or a function; or ""."""
    for change in step.catalogue:
        if change.what == "created" and change.kind in ("index", "constraint") and "invalid" not in change.how:
            return change.kind
        if change.kind == "column" and change.what == "changed" and "not null off → on" in change.how:
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


def contents(prints: Iterable[tuple[int, Print]], old: Mapping[int, Print]) -> dict[tuple[int, str], int]:
    """Return what the columns hold that were not there before, to find again what was moved."""
    pool: dict[tuple[int, str], int] = {}
    for oid, now in prints:
        for name, values in now.values.items():
            if values and (oid not in old or name not in old[oid].values):
                pool[values, now.sums[name]] = pool.get((values, now.sums[name]), 0) + 1
    return pool
