"""Which of several new files did it: by what each changed; where that does not tell, by trying some of them alone.

What is not known of several things is looked for in rounds. In each, a copy of what is released gets one new file after
the other, and between some of them policies are asked that halve what is left of where one of those things began.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from audit.gate.results import Difference, Reached, Standing, Step

# Parts of the catalogue that much else depends on, so that their change may be about anything.
WIDE = ("membership", "function", "default privileges", "role", "schema", "settings", "type", "extension")

# Of these, what is new concerns nobody who does not name it.
NAMED = ("function", "type")

# What the suite says after the first few files, of some policies only: both by how many files those are.
Walk = Callable[[Mapping[int, frozenset[str]]], Mapping[int, Standing]]
# Verdicts of a policy that says nothing of what it is about.
BLIND = ("UNCHECKED", "NOT_APPLICABLE")
# A policy that observes who reaches what: whoever asks it gets the whole matrix.
MATRIX = "RLS-07"


def names_in(text: str) -> set[str]:
    """Return the names that an offender's name holds: the qualified ones, else all words."""
    qualified = re.findall(r'(?:"[^"]++"|(?<![\w$])[\w$]++)\.(?:"[^"]++"|[\w$]++)', text)
    return set(qualified or re.findall(r"[\w$]{3,}", text))


def speaking_of(steps: Iterable[Step], text: str) -> list[int]:
    """Return the lines of the statements that changed something that an offender's name speaks of."""
    names = names_in(text)
    patterns = [re.compile(rf'(?<![\w."]){re.escape(name)}(?![\w"])') for name in names]
    return [
        step.line
        for step in steps
        if not step.undone
        for change in step.catalogue
        if any(pattern.search(change.title) for pattern in patterns)
    ]


def changing_much(steps: Iterable[Step]) -> list[int]:
    """Return the lines of the statements that changed what many others depend on."""
    return [step.line for step in steps if not step.undone for change in step.catalogue if change.kind in WIDE]


@dataclass
class Blame:
    """What is to be told of one file."""

    differences: list[Difference] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)


@dataclass(frozen=True)
class _Clue:
    """One thing that is so after all files and was not before: about which policy, and what it speaks of."""

    policy: str
    about: str
    kind: str

    def seen(self, standing: Standing, final: Standing) -> bool:
        """Tell whether it is so already."""
        if self.kind == "reach":
            return standing.reach.get(self.about) == final.reach.get(self.about)
        asked = standing.asked.get(self.policy)
        if asked is None:
            return True
        if self.kind == "verdict":
            return asked.verdict == final.asked[self.policy].verdict
        return (self.about in asked.objects) is (self.kind == "new")


def blamed(
    steps: Sequence[Sequence[Step]],
    differences: Sequence[Difference],
    reached: Sequence[Reached],
    final: Standing,
    walk: Walk | None,
    code: str = "",
) -> list[Blame]:
    """Return for each file (of which ``steps`` are given) what is its doing, of all that differs in the end.

    ``code`` is what was there before that runs late, and the names of functions and types that were there before.
    """
    found = [Blame() for _ in steps]
    clues: dict[_Clue, int] = {}
    for each in differences:
        clues |= {_Clue(each.policy, about, "new"): -1 for about in each.new}
        clues |= {_Clue(each.policy, about, "mended"): -1 for about in each.mended}
        # A verdict that follows from offenders has no file of its own.
        follows = (each.new or each.mended) and each.after not in BLIND
        if each.before != each.after and not follows:
            clues[_Clue(each.policy, each.reason, "verdict")] = -1
    clues |= {_Clue(MATRIX, cell.cell, "reach"): -1 for cell in reached}
    wide = _wide(steps, code)
    for clue in clues:
        clues[clue] = _only_one(steps, wide, clue)
    unclear = [clue for clue, place in clues.items() if place < 0]
    if walk is not None and len(steps) > 1:
        clues |= _searched(unclear, len(steps), final, walk)
    for each in differences:
        _tell(each, clues, found)
    for cell in reached:
        found[clues[_Clue(MATRIX, cell.cell, "reach")]].reached.append(cell)
    return found


def _wide(steps: Sequence[Sequence[Step]], code: str) -> frozenset[int]:
    """Return the files that changed what others may depend on.

    A function or type that a file makes, and that neither another new file nor any code of before names, is none.
    """
    names = [frozenset[str]().union(*(step.names for step in each)) for each in steps]
    found = set()
    for number, each in enumerate(steps):
        changes = [change for step in each if not step.undone for change in step.catalogue if change.kind in WIDE]
        made = {change.key for change in changes if change.what == "created" and change.kind in NAMED}
        elsewhere = frozenset[str]().union(*names[:number], *names[number + 1 :])
        for change in changes:
            name = change.own_name
            if change.key not in made or name in elsewhere or _is_named(name, code):
                found.add(number)
    return frozenset(found)


def _is_named(name: str, code: str) -> bool:
    return bool(re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", code, re.IGNORECASE))


def _only_one(steps: Sequence[Sequence[Step]], wide: Collection[int], clue: _Clue) -> int:
    """Return the one file that changed what a clue speaks of, where no other file can have had a part in it; or -1."""
    if len(steps) == 1:
        return 0
    speaking = [number for number, each in enumerate(steps) if speaking_of(each, clue.about)]
    return speaking[0] if len(speaking) == 1 and not {*wide} - {*speaking} else -1


def _searched(clues: Sequence[_Clue], count: int, final: Standing, walk: Walk) -> dict[_Clue, int]:
    """Find the file after which each clue is seen, none being so before all ``count`` files and all after them."""
    spans = dict.fromkeys(clues, (0, count))
    while unclear := {clue: (low + high) // 2 for clue, (low, high) in spans.items() if high - low > 1}:
        stops: dict[int, frozenset[str]] = {}
        for clue, middle in unclear.items():
            stops[middle] = stops.get(middle, frozenset()) | {clue.policy}
        standings = walk(stops)
        for clue, middle in unclear.items():
            low, high = spans[clue]
            spans[clue] = (low, middle) if clue.seen(standings[middle], final) else (middle, high)
    return {clue: low for clue, (low, _) in spans.items()}


def _tell(difference: Difference, clues: dict[_Clue, int], found: list[Blame]) -> None:
    places = {
        clues[_Clue(difference.policy, about, kind)]
        for kind, abouts in (("new", difference.new), ("mended", difference.mended))
        for about in abouts
    }
    verdict = clues.get(_Clue(difference.policy, difference.reason, "verdict"))
    if verdict is not None and (not places or difference.after in BLIND):
        places.add(verdict)
    for place in sorted(places):
        new = {a: fix for a, fix in difference.new.items() if clues[_Clue(difference.policy, a, "new")] == place}
        mended = tuple(a for a in difference.mended if clues[_Clue(difference.policy, a, "mended")] == place)
        after = difference.after
        if after in BLIND and place != verdict:
            after = "VIOLATED" if new else difference.before
        found[place].differences.append(replace(difference, after=after, new=new, mended=mended))
