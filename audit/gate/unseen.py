"""What a statement may do elsewhere and was not seen to do here: no row met its condition, or a branch was not taken.

What hangs on the catalogue alone (``if not exists (select from pg_policies ...)``) is the same wherever the migrations
were applied, and is judged by what it did. What hangs on rows, on the place, on the clock, on chance, or on a failure
may go another way: then it must have been seen, or nobody knows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from audit.gate import reading
from audit.gate.deeds import Code, Deed, Reading
from audit.gate.dependence import Dependence
from audit.gate.openings import literals
from audit.gate.results import TOUCHED, Doubt, Entry, Step
from audit.gate.supposing import loses
from audit.sql_text import STRING, Token, quoted, tokens
from audit.surroundings import by_the_application, decided, decided_later, deciding, led_to

DATA = frozenset({"delete", "truncate", "update"})
# What lets somebody in, or takes a guard away, by what a statement begins with.
_OPENING = (
    ("grant",), ("alter", "default"), ("alter", "role"), ("alter", "user"), ("alter", "database"), ("reassign",),
    ("create", "policy"), ("alter", "policy"), ("drop", "policy"), ("alter", "function"), ("alter", "view"),
    ("create", "function"), ("create", "or"), ("create", "view"), ("create", "procedure"), ("create", "rule"),
    ("create", "trigger"), ("create", "constraint"), ("drop", "trigger"), ("drop", "rule"), ("alter", "procedure"),
    ("alter", "routine"), ("alter", "table"), ("alter", "schema"),
)  # fmt: skip
_TAKING = (
    ("drop", "table"), ("drop", "schema"), ("drop", "type"), ("drop", "domain"), ("drop", "owned"),
    ("drop", "extension"),
)  # fmt: skip
# Of an ALTER TABLE, what takes values, and what harms nobody.
_TAKES = frozenset({"drop", "type", "using"})
_HARMLESS = frozenset({"add", "validate", "enable", "comment", "rename", "index", "statistics", "storage", "cluster"})
_OPENS = frozenset({"disable", "owner", "security", "no", "force", "replica", "inherit", "detach", "attach"})
# What a value may be given that leaves it what it was, in other letters: what it is for one row it is for all.
_ALIKE = frozenset({"lower", "upper", "trim", "btrim", "ltrim", "rtrim", "initcap", "coalesce"})
# What rewrites a value by what it holds.
_REWRITING = frozenset(
    {"case", "nullif", "replace", "regexp_replace", "translate", "overlay", "substring", "substr", "left", "right"}
    | {"split_part", "regexp_substr", "regexp_match", "trim_array", "array_remove", "least", "greatest"}
)
_BLANKS = re.compile(r"[\s\\\[\]:space^$+*{},0-9|]*")


@dataclass(frozen=True)
class Seen:
    """What is known of one statement when it was executed.

    ``names`` are the titles of tables that there were before all new files, by their own names, and ``locked`` those
    that it locked as who writes does. ``entries`` are the catalogue before all new files, and ``now`` after it.
    """

    step: Step
    names: Mapping[str, Sequence[str]]
    locked: frozenset[str]
    partitions: frozenset[str]
    entries: Mapping[str, Entry]
    now: Mapping[str, Entry]

    @cached_property
    def columns(self) -> dict[str, set[str]]:
        """The names of the columns of each table that there was before, by its title."""
        found: dict[str, set[str]] = {}
        for entry in self.entries.values():
            if entry.kind == "column":
                name = entry.facts["_name"]
                table = entry.title.removesuffix(f".{quoted(name)}").removesuffix(f".{name}")
                found.setdefault(table, set()).add(name)
        return found

    def met(self, table: str) -> bool:
        """Tell whether it took rows of a table away, or all that is in it."""
        moved = self.step.moved.get(table)
        gone = self.step.after.get(table, self) is None or any(e.gone for name, e in self.step.effects if name == table)
        return gone or bool(moved and moved.deleted)


@dataclass(frozen=True)
class Unmet:
    """An UPDATE, DELETE or the like that met no row of a table, as far as anybody saw."""

    deed: Deed
    table: str
    why: str = ""
    columns: Collection[str] = ()


def texts_of(entry: Entry) -> list[str]:
    """Return the texts of a rule of access: of a policy its conditions, of a view its query."""
    facts = {"policy": ("_using", "_check"), "view": ("_definition",), "materialized view": ("_definition",)}
    return [text for fact in facts.get(entry.kind, ()) if (text := entry.facts.get(fact))]


@dataclass(frozen=True)
class Rules:
    """The rules of access after a statement, and the code that they lead to.

    ``bodies`` are the functions' code by their own names, and ``names`` says which names stand in some code.
    """

    entries: Mapping[str, Entry]
    bodies: Mapping[str, Sequence[str]]
    names: Callable[[str], Set[str]]

    @cached_property
    def calling(self) -> Set[str]:
        """The names of the functions that decide: rules call them."""
        return led_to((text for entry in self.entries.values() for text in texts_of(entry)), self.bodies, self.names)


def tables_of(code: Sequence[Token], names: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the titles of the tables that code writes to, of those whose titles are given by their own names."""
    return [title for name in reading.targets(code) for title in names.get(name, ())]


def unmet(read: Reading, seen: Seen, dependence: Dependence) -> Iterator[Unmet]:
    """Yield what a statement would take away or overwrite, and was not seen to. Raises Unreadable."""
    setting = _rivals(read, seen)
    for deed in read.deeds:
        if deed.kind not in DATA:
            continue
        depends = dependence.of(deed.guards)
        tables = tables_of(deed.code, seen.names)
        met = {table for table in tables if _met(deed, table, seen, setting if depends else {})}
        for table in tables:
            if table in met or (met and table in seen.partitions):
                continue
            if deed.guards and not depends and table not in seen.locked:
                continue
            yield Unmet(deed, table, ", ".join(depends), _set(deed, table, seen))


def _rivals(read: Reading, seen: Seen) -> dict[str, tuple[int, Counter[str]]]:
    """Return of each table how many statements update it, and how many of them set each column."""
    found: dict[str, tuple[int, Counter[str]]] = {}
    for deed in read.deeds:
        for table in {*tables_of(deed.code, seen.names)} if deed.kind == "update" else ():
            count, columns = found.get(table, (0, Counter[str]()))
            columns.update({*_set(deed, table, seen)})
            found[table] = count + 1, columns
    return found


def _met(deed: Deed, table: str, seen: Seen, rivals: Mapping[str, tuple[int, Counter[str]]]) -> bool:
    """Tell whether a statement was seen to take rows away or change them, and not ``rivals`` that do the like."""
    if deed.kind != "update":
        return seen.met(table)
    moved = seen.step.moved.get(table)
    if not moved or not moved.updated:
        return False
    count, setting = rivals.get(table, (1, Counter[str]()))
    if count < 2:
        return True
    own = {column for column in _set(deed, table, seen) if setting[column] < 2}
    return bool(own & _changed(table, seen))


def _changed(table: str, seen: Seen) -> set[str]:
    found = set()
    for name, effect in seen.step.effects:
        if name == table:
            found |= {column for column in effect.columns if loses(effect, [column])}
    before, after = seen.step.before.get(table), seen.step.after.get(table)
    if before and after:
        found |= {column for column, total in before.sums.items() if after.sums.get(column) != total}
    return found


def _set(deed: Deed, table: str, seen: Seen) -> list[str]:
    """Return the columns that an UPDATE sets, of those that were there before and tell more than when it was."""
    known = seen.columns.get(table, set[str]())
    return [name for name, _ in settings(deed.code) if name in known and not TOUCHED.fullmatch(name)]


def settings(code: Code) -> Iterator[tuple[str, Code]]:
    """Yield the columns that an UPDATE sets, or one within a MERGE, each with what to."""
    at = 0
    while at < len(code):
        if code[at].sign != "set":
            at += 1
            continue
        at += 1
        while True:
            begin, depth, cases = at, 0, 0
            while at < len(code):
                depth += {"(": 1, ")": -1}.get(code[at].text, 0)
                ends = code[at].text == "," or code[at].sign in ("from", "where", "returning", "when")
                if depth < 0 or (not depth and ends and cases <= 0):
                    break
                cases += {"case": 1, "end": -1}.get(code[at].sign, 0)
                at += 1
            yield from _one_setting(code[begin:at])
            if at >= len(code) or code[at].text != ",":
                break
            at += 1


def _one_setting(code: Code) -> Iterator[tuple[str, Code]]:
    equals = next((at for at, token in enumerate(code) if token.text == "="), None)
    if equals is None:
        return
    names = [token.name for token in code[:equals] if token.name and token.sign != "row"]
    if code[0].text == "(":
        yield from ((name, code[equals + 1 :]) for name in names)
    elif names:
        # Of "t.c[1].d" the column is what stands first: an alias may not be written.
        yield names[0], code[equals + 1 :]


def unchanged(read: Reading, seen: Seen) -> Iterator[tuple[str, str]]:
    """Yield columns (and their tables) that an UPDATE rewrites by what they hold, and that hold the same here."""
    for deed in read.deeds:
        if deed.kind != "update":
            continue
        for table in tables_of(deed.code, seen.names):
            moved = seen.step.moved.get(table)
            if not moved or not moved.updated:
                continue
            before, known, changed = seen.step.before.get(table), _set(deed, table, seen), _changed(table, seen)
            for name, value in settings(deed.code):
                held = before is None or before.values.get(name, 0)
                if name not in known or not held:
                    continue
                if (name not in changed and _rewrites(name, value)) or _takes_keys(table, name, value, seen):
                    yield table, name


def cast(read: Reading, seen: Seen) -> Iterator[tuple[str, str]]:
    """Yield columns (and their tables) that get another type by what they hold, and hold the same here."""
    for deed in read.deeds:
        for name, value in _casts(deed.code) if deed.kind == "alter" else ():
            for table, effect in seen.step.effects:
                became = effect.columns.get(name)
                if became is None or not became.values or not _rewrites(name, value):
                    continue
                if not (became.changed or became.cut or became.merged or became.emptied):
                    yield table, name


def _casts(code: Code) -> Iterator[tuple[str, Code]]:
    """Yield the columns that are given another type, each with the expression that makes it of the old one."""
    depth, column, begun = 0, "", 0
    for at, token in enumerate(code):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth:
            continue
        if begun and token.text == ",":
            yield column, code[begun:at]
            begun = 0
        elif token.sign == "type" and at > 3:
            column = code[at - 3 if code[at - 1].sign == "data" else at - 1].name
        elif token.sign == "using" and column:
            begun = at + 1
    if begun:
        yield column, code[begun:]


def takes_all(one: Unmet) -> bool:
    """Tell whether a statement takes all that a table holds, whatever that is, and hangs on nothing."""
    if one.deed.guards or one.why:
        return False
    if one.deed.kind == "truncate":
        return True
    return one.deed.kind == "delete" and not {"where", "using", "limit"} & {token.sign for token in one.deed.code}


def _takes_keys(table: str, name: str, value: Code, seen: Seen) -> bool:
    """Tell whether an expression takes keys out of JSON, and no made-up row had any of them.

    https://www.postgresql.org/docs/current/functions-json.html
    """
    kinds = (each.facts.get("type") for each in seen.entries.values() if each.title == f"{table}.{quoted(name)}")
    if "jsonb" not in kinds:
        return False
    taken = any(token.text == "-" and after.kind is STRING for token, after in pairwise(value))
    effects = [effect.columns[name] for title, effect in seen.step.effects if title == table and name in effect.columns]
    return taken and not any(each.changed or each.emptied for each in effects)


def _rewrites(name: str, value: Code) -> bool:
    """Tell whether an expression gives some rows another value than others, of a kind that can lose something."""
    words = {token.word for token in value}
    if not words & _REWRITING:
        return False
    literals = [token.value for token in value if token.kind is STRING]
    blank = all(_BLANKS.fullmatch(each) or each == "g" for each in literals)
    return not (blank and words <= _ALIKE | {name, "regexp_replace", "replace", "nullif", ""})


def overwriting(read: Reading, seen: Seen) -> Iterator[tuple[str, list[str], bool]]:
    """Yield tables with the columns that ON CONFLICT would overwrite in a row with that key, where none was met.

    With it, whether the rows stand in the statement: then who wrote it says of which keys, and each counts.
    """
    for deed in read.deeds:
        at = next((at for at, pair in enumerate(pairwise(deed.code)) if _signs(pair) == ("do", "update")), None)
        if deed.kind != "insert" or at is None:
            continue
        written = "select" not in map(_sign, deed.code)
        for table in seen.names.get(reading.into(deed.code), ()):
            moved, known = seen.step.moved.get(table), seen.columns.get(table, set[str]())
            names = [
                name
                for name, value in settings(deed.code[at:])
                if name in known and not TOUCHED.fullmatch(name) and not _asks_what_is_there(value)
            ]
            met = moved and moved.updated and not (written and moved.inserted)
            if names and not met:
                yield table, list(dict.fromkeys(names)), written


def _sign(token: Token) -> str:
    return token.sign


def _signs(pair: tuple[Token, Token]) -> tuple[str, str]:
    return pair[0].sign, pair[1].sign


def _asks_what_is_there(value: Code) -> bool:
    """Tell whether what ON CONFLICT sets a column to is made of what the row holds: by the table's name or an alias."""
    return any(
        token.name not in ("", "excluded")
        and dot.text == "."
        and not (at + 3 < len(value) and value[at + 3].text == "(")
        for at, (token, dot) in enumerate(pairwise(value))
    )


def promoting(
    read: Reading, seen: Seen, asked: Callable[[str, str], Sequence[tuple[str, set[str]]]]
) -> Iterator[tuple[str, str]]:
    """Yield the columns that get what rules ask of who acts, in rows that nobody met; and by which rule.

    ``asked`` says of a table and a column which rules ask for which values.
    """
    for deed in read.deeds:
        for table, name, values in _given(deed, seen):
            if values and name in seen.columns.get(table, ()):
                yield from ((f"{table}.{name}", by) for by, wanted in asked(table, name) if values & wanted)


def _given(deed: Deed, seen: Seen) -> Iterator[tuple[str, str, set[str]]]:
    """Yield tables of which a statement met no row, with the columns that it would give which literals."""
    if deed.kind == "update":
        for table in tables_of(deed.code, seen.names):
            moved = seen.step.moved.get(table)
            for name, value in settings(deed.code) if not (moved and moved.updated) else ():
                yield table, name, literals(value)
    elif deed.kind == "insert":
        for table in seen.names.get(reading.into(deed.code), ()):
            moved = seen.step.moved.get(table)
            if moved and (moved.inserted or moved.updated):
                continue
            for name, value in _inserted(deed.code):
                yield table, name, literals(value)


def _inserted(code: Code) -> Iterator[tuple[str, Code]]:
    """Yield the columns that an INSERT of a query names, each with what it gets."""
    begin = next((at for at, token in enumerate(code) if token.text == "("), len(code))
    end = next((at for at in range(begin, len(code)) if code[at].text == ")"), len(code))
    first = next((at for at in range(end, len(code)) if code[at].sign == "select"), len(code))
    depth, parts, part = 0, list[Code](), list[Token]()
    for token in code[first + 1 :]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0 or (not depth and token.sign in ("from", "where", "union", "on")):
            break
        if token.text == "," and not depth:
            parts, part = [*parts, tuple(part)], []
        else:
            part.append(token)
    names = [token.name for token in code[begin + 1 : end] if token.name]
    if len(names) == len(parts) + 1:
        yield from zip(names, [*parts, tuple(part)], strict=True)


def hanging(read: Reading, seen: Seen) -> Iterator[str]:
    """Yield what of the place, the clock or chance it hangs on which rows are written, or what with."""
    for deed in read.deeds:
        table = deed.kind in ("alter",) and not deed.nested
        if (deed.kind in DATA and tables_of(deed.code, seen.names)) or table:
            yield from decided(deed.code)


# --- What lets somebody in


def not_taken(read: Reading, seen: Seen, dependence: Dependence) -> Iterator[tuple[bool, bool, str]]:
    """Yield of each statement in a branch that may not have been taken here whether it takes data and lets in.

    With it, what the branch hangs on. Raises Unreadable.
    """
    for deed in read.deeds:
        if deed.kind in DATA:
            continue
        depends = dependence.of(deed.guards)
        dependence.reader.effort.spend(len(seen.step.catalogue))
        if not depends or _was_seen(deed, seen):
            continue
        takes_data, lets_in = takes(deed), opens(deed)
        if takes_data or lets_in:
            yield takes_data, lets_in, f"{_called(deed)}, which hangs on {', '.join(depends)}"


def _called(deed: Deed) -> str:
    words = [token.word for token in deed.code if token.word][:3]
    return " ".join(words) if deed.kind != "execute" else f"execute {' '.join(words)}".strip()


def _words(deed: Deed) -> list[str]:
    return [token.word for token in deed.code if token.word]


def takes(deed: Deed) -> bool:
    """Tell whether what code does takes data away, but for statements that change rows."""
    words = _words(deed)
    if deed.kind == "execute":
        known = {*DATA, "drop"} & {*words}
        return bool(known) or not _is_plain(words)
    if tuple(words[:2]) in _TAKING:
        return True
    return words[:2] == ["alter", "table"] and bool({*words[2:]} & _TAKES) and "constraint" not in words


# What a text that is put together may begin with, so that the rest is no statement of another kind.
_BEGINNING = frozenset({
    "create", "alter", "grant", "revoke", "comment", "analyze", "vacuum", "refresh", "insert", "select", "set", "reset",
    "reindex", "notify",
})  # fmt: skip


def _is_plain(words: Sequence[str]) -> bool:
    return bool(words) and words[0] in _BEGINNING


def opens(deed: Deed) -> bool:
    """Tell whether what code does may let somebody in."""
    words = _words(deed)
    if deed.kind == "execute":
        return not words or words[0] not in _BEGINNING | DATA | {"drop"} or _begins_open(words)
    return _begins_open(words)


def _begins_open(words: Sequence[str]) -> bool:
    if words[:2] == ["alter", "table"]:
        return bool({*words[2:]} & _OPENS) and not ("enable" in words and "disable" not in words)
    return any(tuple(words[: len(each)]) == each for each in _OPENING)


def _was_seen(deed: Deed, seen: Seen) -> bool:
    """Tell whether something happened that the statement speaks of, or whether there is nothing that it could mean."""
    changes = seen.step.catalogue
    names = reading.named(deed.code)
    if deed.kind == "grant":
        return any("grants" in change.how for change in changes)
    if deed.kind == "execute":
        return bool(changes) or any(moved.updated or moved.deleted for moved in seen.step.moved.values())
    if any(change.own_name in names or names & _parts(change.title) for change in changes):
        return True
    if deed.kind == "drop":
        return not any(_name(entry) in names for entry in seen.now.values())
    return False


def _name(entry: Entry) -> str:
    return str(entry.facts.get("_name") or entry.title.rpartition(".")[2].strip('"'))


def _parts(title: str) -> set[str]:
    return {token.name for token in tokens(title) if token.name and token.name not in ("of", "in", "on", "public")}


def stored(step: Step, rules: Rules) -> Iterator[str]:
    """Yield what of the place or the clock decides in rules of access and code that a statement made or changed.

    Of a function that such rules call, all decides; of another one, what stands in its conditions.
    """
    for change in step.catalogue:
        entry = change.after
        if entry is None or change.what not in ("created", "changed"):
            continue
        facts = entry.facts
        found: list[str] = []
        if texts := texts_of(entry):
            found = [each for text in texts for each in deciding(text, rules.bodies, rules.names)]
            if change.kind == "policy":
                led = (body for name in sorted(led_to(texts, rules.bodies, rules.names)) for body in rules.bodies[name])
                found += [each for text in (*texts, *led) for each in by_the_application(text)]
        elif change.kind == "function" and (change.what == "created" or change.fact("_body")[0] != facts.get("_body")):
            found = [*decided_later(facts.get("_body") or "", is_condition=facts["_name"] in rules.calling)]
            if facts["_name"] in rules.calling:
                found += by_the_application(facts.get("_body") or "")
        if found:
            yield f"{change.kind} {change.title} decides by {', '.join(dict.fromkeys(found))}"


def doubt(one: Unmet) -> Doubt:
    """Return in words what is not known of a statement that met no row."""
    hangs = f", which hangs on {one.why}," if one.why else ""
    return Doubt(
        f"{one.deed.kind}{hangs} met no made-up row of {one.table}; whether it meets real ones is not known", one.table
    )


def opaque(read: Reading, seen: Seen) -> Iterator[Doubt]:
    """Yield the tables of which texts that are put together when they run would change rows, and met none."""
    if not any(deed.kind == "execute" and takes(deed) for deed in read.deeds):
        return
    named = {table for deed in read.deeds if deed.kind in DATA for table in tables_of(deed.code, seen.names)}
    for table in sorted(seen.locked - named - seen.partitions):
        moved = seen.step.moved.get(table)
        locked_for_more = any(change.own_name == table.rpartition(".")[2] for change in seen.step.catalogue)
        if not seen.met(table) and not (moved and (moved.updated or moved.inserted)) and not locked_for_more:
            yield Doubt(
                f"a text that it puts together met no made-up row of {table}; what it would do is not known", table
            )
