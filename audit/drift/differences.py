"""How two databases differ: each difference once, with the statements that would make each like the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from audit.drift.catalogue import MAINTAIN_SINCE, Catalogue, Facts, Key, Part
from audit.drift.printing import tail, words
from audit.drift.statements import LOSING, rank, rename, to, within

# Prints what another server says of a part as the server of the migrations does: see audit.drift.printing.
Printed = Callable[[Part, Part, Sequence[str]], Mapping[str, Any]]

# Facts that are texts of SQL, in which white space and comments mean nothing.
_TEXTS = frozenset({"query", "default", "generated", "check", "using", "with check", "where", "sql body", "partition"})
_SCRIPTS = frozenset({"sql", "plpgsql"})
# What says who may do what; each of them is a difference of its own.
SINGLE = ("owner", "row level security", "forced row level security")
_ACCESS = frozenset({"policy", "grant", "default privileges", "membership", "role", "setting"})
# What is printed otherwise when what it rests on is otherwise.
_FOLLOWS: Mapping[str, frozenset[str]] = {
    "relation": frozenset({"query", "columns"}), "constraint": frozenset({"definition", "check"}),
    "index": frozenset({"definition"}), "column": frozenset({"default", "generated"}),
    "rule": frozenset({"definition"}), "trigger": frozenset({"definition"}),
    "function": frozenset({"sql body", "result"}),
}  # fmt: skip
# How PostgreSQL names what nobody named: https://www.postgresql.org/docs/current/sql-createtable.html
_SYSTEM_MADE = re.compile(r".*_(?:pkey|key|fkey|check|excl|not_null)[0-9]*|\$[0-9]+")
_RENAMED = frozenset({"column", "constraint", "index", "trigger", "policy"})


@dataclass(frozen=True)
class Difference:
    """One difference: ``what`` is missing (on the live database), unknown (to the migrations), different or renamed.

    ``aspects`` say in what it differs, ``access`` whether it says who may do what. ``to_migrations`` brings the live
    database to what the migrations build, ``to_live`` goes the other way; ``loses`` tells whether either takes
    something away that holds rows. ``along`` are the titles of what differs because of it.
    """

    key: Key
    title: str
    what: str
    access: bool
    aspects: tuple[str, ...] = ()
    to_migrations: str = ""
    to_live: str = ""
    loses: tuple[bool, bool] = (False, False)
    along: tuple[str, ...] = ()


def compare(built: Catalogue, live: Catalogue, printed: Printed) -> list[Difference]:
    """Return all differences between what migrations built and a live database; what others rest on comes first."""
    if min(built.version, live.version) < MAINTAIN_SINCE:
        built, live = built.without_maintain(), live.without_maintain()
    live, named = _same_names(built, live, printed)
    changed, lone = list(_changed(built, live, printed)), list(_one_sided(built, live))
    found = [*named, *changed, *lone]
    # What is another kind of thing has other parts; what was attached or detached has its indexes from elsewhere.
    for each in changed:
        if each.key[0] == "relation" and {"kind", "partition", "inherits"} & {*each.aspects}:
            gone = [one for one in lone if within(built, one.key, each.key) or within(live, one.key, each.key)]
            gone += [
                one for one in changed if one.key[0] == "grant" and one.key[1:-1] == each.key and "kind" in each.aspects
            ]
            found = [one for one in found if one not in gone]
    return sorted(found, key=lambda each: (rank(each.key), each.key, each.title))


def text(statements: Sequence[str]) -> str:
    """Put statements together."""
    return "".join(f"{each};\n" if not each.startswith("--") else f"{each}\n" for each in statements)


# --- What is the same


def unlike(here: Part, there: Part, printed: Printed) -> tuple[str, ...]:
    """Return the names of the facts in which a part of the migrations and one of the live database differ."""
    differing = tuple(_unlike(here.key[0], here.facts, there.facts))
    if not differing:
        return ()
    if here.key[0] == "relation" and "kind" in differing:
        return ("kind",)
    again = printed(there, here, differing)
    if not again:
        return differing
    differing = tuple(_unlike(here.key[0], here.facts, {**there.facts, **again}))
    if not differing:
        return ()
    # What is read again is not always printed as before: what a dump restored is one more time made than what was not.
    anew = printed(here, here, differing)
    return tuple(_unlike(here.key[0], {**here.facts, **anew}, {**there.facts, **again}))


def _unlike(kind: str, here: Facts, there: Facts) -> Iterator[str]:
    for fact in sorted(here.keys() | there.keys()):
        if fact.startswith("_") or not _tells(kind, fact, here, there):
            continue
        if not _same(kind, fact, here.get(fact), there.get(fact), here):
            yield fact


def _tells(kind: str, fact: str, here: Facts, there: Facts) -> bool:
    if kind == "function":
        return fact != "definition"
    if kind == "constraint" and here.get("kind") == there.get("kind") == "c":
        return fact != "definition"
    return not (kind == "grant" and fact in ("kind", "on")) and not (kind == "extension" and fact == "moves")


def _same(kind: str, fact: str, here: object, there: object, facts: Facts) -> bool:
    if here == there:
        return True
    if here is None or there is None:
        return False
    if kind == "index" and fact == "definition":
        return tail(here) == tail(there)
    if fact in _TEXTS or fact == "definition" or (fact == "body" and facts.get("language") in _SCRIPTS):
        return words(here) == words(there)
    if fact == "body":
        return "".join(str(here).split()) == "".join(str(there).split())
    if fact == "arguments":
        return words(here) == words(there)
    if fact == "checks" and isinstance(here, dict) and isinstance(there, dict):
        return here.keys() == there.keys() and all(words(here[each]) == words(there[each]) for each in here)
    return False


# --- Names


def _same_names(built: Catalogue, live: Catalogue, printed: Printed) -> tuple[Catalogue, list[Difference]]:
    """Pair what has another name on the live database; return that as if it had the name of the migrations.

    Of names that the server made it makes no matter; of the others it is a difference, and what is kept under the other
    name need not be made anew.
    """
    # Of two names that the server made, each may be the other one's.
    swapped = {
        key for key in built.parts.keys() & live.parts.keys()
        if _system_made(key) and unlike(built.parts[key], live.parts[key], printed)
    }  # fmt: skip
    missing = (built.parts.keys() - live.parts.keys()) | swapped
    unknown = (live.parts.keys() - built.parts.keys()) | swapped
    found: list[Difference] = []
    pairs: dict[Key, Key] = {}
    for key in sorted(missing, key=lambda each: (rank(each), each)):
        part = built.parts[key]
        if key[0] not in _RENAMED or (part.of is not None and part.of in missing):
            continue
        same = [
            other for other in sorted(unknown)
            if _alike(key, other) and other not in pairs and not unlike(part, live.parts[other], printed)
        ]  # fmt: skip
        system = [each for each in same if _system_made(key) and _system_made(each)]
        many = [each for each in missing if _alike(key, each) and not unlike(part, built.parts[each], printed)]
        if system or (len(same) == 1 and len(many) == 1 and key not in swapped):
            other = (system or same)[0]
            pairs[other] = key
            if not system:
                found.append(_renamed(part, live.parts[other]))
    return _with_names(live, _without_clashes(live, pairs)), found


def _without_clashes(live: Catalogue, pairs: dict[Key, Key]) -> dict[Key, Key]:
    """Leave out the pairs whose new name is that of something which keeps its own."""
    while clashing := {other for other, key in pairs.items() if key in live.parts and key not in pairs}:
        pairs = {other: key for other, key in pairs.items() if other not in clashing}
    return pairs


def _alike(key: Key, other: Key) -> bool:
    return len(key) == len(other) and key[:-1] == other[:-1]


def _system_made(key: Key) -> bool:
    return key[0] == "constraint" and bool(_SYSTEM_MADE.fullmatch(key[-1]))


def _renamed(here: Part, there: Part) -> Difference:
    return Difference(
        here.key, here.title, "renamed", here.key[0] in _ACCESS, (f"it is called {there.key[-1]} there",),
        text([rename(there, here.key[-1])]), text([rename(here, there.key[-1])]),
    )  # fmt: skip


def _with_names(live: Catalogue, pairs: Mapping[Key, Key]) -> Catalogue:
    if not pairs:
        return live

    def now(key: Key) -> Key:
        if key[0] == "grant" and key[1:-1] in pairs:
            return ("grant", *pairs[key[1:-1]], key[-1])
        return pairs.get(key, key)

    parts = {
        now(key): replace(part, key=now(key), of=now(part.of) if part.of else None) for key, part in live.parts.items()
    }
    needs = {now(key): frozenset(map(now, others)) for key, others in live.needs.items()}
    return replace(live, parts=parts, needs=needs, taken=frozenset(live.parts))


# --- What is on one side only


def _one_sided(built: Catalogue, live: Catalogue) -> Iterator[Difference]:
    for one, other, what in ((built, live, "missing"), (live, built, "unknown")):
        lacking = one.parts.keys() - other.parts.keys()
        only = {key for key in lacking if not _of_both(key, one, other)}
        causes = _causes(one, only)
        for key in only:
            if causes[key] != key:
                continue
            folded = [each for each in only if causes[each] == key]
            part = one.parts[key]
            along = [one.parts[each] for each in folded if each != key]
            yield Difference(
                key, part.title, what, key[0] in _ACCESS, (),
                text(to(live, built, part, folded)), text(to(built, live, part, folded)),
                (what == "unknown" and key[0] in LOSING, what == "missing" and key[0] in LOSING),
                tuple(sorted(each.title for each in along if each.of not in folded)),
            )  # fmt: skip


def _of_both(key: Key, one: Catalogue, other: Catalogue) -> bool:
    """Tell whether it says who may do what with something that both have: that is different then, and not new.

    What is granted to a role that only one of them has comes with the role.
    """
    if key[0] not in ("grant", "default privileges"):
        return False
    if any(each in one.parts and each not in other.parts for each in _roles_of(key)):
        return False
    of = one.parts[key].of
    return of is None or of in other.parts


def _roles_of(key: Key) -> list[Key]:
    """Return whose roles a grant is about."""
    return [("role", key[-1])] if key[0] == "grant" else [("role", key[1]), ("role", key[-1])]


def _causes(catalogue: Catalogue, only: Collection[Key]) -> dict[Key, Key]:
    """Return for what one side alone has because of which part of it that is: itself, mostly."""
    causes: dict[Key, Key] = {}

    def cause(key: Key, above: frozenset[Key]) -> Key:
        if key in causes:
            return causes[key]
        part = catalogue.parts[key]
        if part.of in only and part.of not in above and part.of is not None:
            found = cause(part.of, above | {key})
        else:
            # A column takes its numbers from a sequence that is there for the column alone.
            others = [
                each for each in _rests(catalogue, part)
                if each in only and each not in above and key not in _owners(catalogue, each)
            ]  # fmt: skip
            found = cause(others[0], above | {key}) if others else key
        causes[key] = found
        return found

    for key in sorted(only):
        cause(key, frozenset())
    return causes


def _owners(catalogue: Catalogue, key: Key) -> set[Key]:
    """Return what a part belongs to, and what that belongs to."""
    found: set[Key] = set()
    while (of := catalogue.parts[key].of) is not None and of in catalogue.parts and of not in found:
        found.add(key := of)
    return found


def _rests(catalogue: Catalogue, part: Part) -> list[Key]:
    """Return because of what else a part may be missing. Who may do what is told for itself, but for a role's own."""
    kind, *names = part.key
    match kind:
        case "grant" | "default privileges":
            return _roles_of(part.key)
        case "membership":
            return [("role", names[0]), ("role", names[1])]
        case "setting":
            return [("role", names[0])]
        case "published":
            return [("publication", names[0])]
    # A table is not there for the sake of what it uses.
    if kind in _ACCESS or (part.kind in ("table", "foreign table", "sequence") and "partition" not in part.facts):
        return []
    return sorted(catalogue.needs.get(part.key, ()))


# --- What is on both sides


def _changed(built: Catalogue, live: Catalogue, printed: Printed) -> Iterator[Difference]:
    differing: dict[Key, tuple[str, ...]] = {}
    for key in _both(built, live):
        here, there = built.parts.get(key), live.parts.get(key)
        if here is None or there is None:
            differing[key] = ("privileges",)
        elif aspects := unlike(here, there, printed):
            differing[key] = aspects
    along: dict[Key, list[str]] = {}
    told = []
    for key, aspects in differing.items():
        if cause := _cause(key, aspects, differing, built, live):
            along.setdefault(cause, []).append(built.parts[key].title)
        else:
            told.append(key)
    for key in told:
        yield from _told(built, live, key, differing[key], tuple(along.get(key, ())))


def _both(built: Catalogue, live: Catalogue) -> Iterator[Key]:
    for one, other in ((built, live), (live, built)):
        for key in one.parts:
            if key in other.parts:
                if one is built:
                    yield key
            elif _of_both(key, one, other):
                yield key


def _cause(
    key: Key,
    aspects: Sequence[str],
    differing: Mapping[Key, tuple[str, ...]],
    built: Catalogue,
    live: Catalogue,
) -> Key | None:
    """Return what else differs that a part rests on and is printed otherwise for; None where there is no such thing."""
    if not set(aspects) <= _FOLLOWS.get(key[0], frozenset()):
        return None
    rests = built.needs.get(key, frozenset()) | live.needs.get(key, frozenset())
    for other in sorted(rests):
        if other in differing and not set(differing[other]) <= {*SINGLE, "default", "not null"} and other != key:
            return other
    return None


def _told(
    built: Catalogue, live: Catalogue, key: Key, aspects: Sequence[str], along: tuple[str, ...]
) -> Iterator[Difference]:
    part = built.parts.get(key) or live.parts[key]
    rest = tuple(each for each in aspects if each not in SINGLE)
    for aspect in (*(each for each in aspects if each in SINGLE), *([""] if rest else [])):
        yield Difference(
            key,
            f"{aspect} of {part.title}" if aspect else part.title,
            "different",
            bool(aspect) or key[0] in _ACCESS,
            () if aspect else rest,
            text(to(live, built, part, [key], aspect)),
            text(to(built, live, part, [key], aspect)),
            (_replaces(built, live, key, rest), _replaces(built, live, key, rest)) if not aspect else (False, False),
            () if aspect else along,
        )


def _replaces(built: Catalogue, live: Catalogue, key: Key, aspects: Sequence[str]) -> bool:
    """Tell whether a change takes away what holds rows, or may lose values of it."""
    if key[0] == "relation":
        kinds = {built.parts[key].kind, live.parts[key].kind}
        return len(kinds) > 1 or bool({"partitioned by", "of type"} & {*aspects})
    return key[0] == "column" and bool({"type", "generated", "generation"} & {*aspects})
