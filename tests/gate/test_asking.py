"""The suite is asked by two askers, and whose doing something is is found in rounds: without a database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unittest.mock import MagicMock

import pytest

from audit.gate.asking import Helper, Lots, ask_all, lots, together
from audit.gate.culprits import MATRIX, blamed
from audit.gate.results import Asked, Change, Difference, Entry, Reach, Reached, Standing, Step
from audit.results import Migration

A, B, C, D = (f"TEST-0{number}" for number in range(1, 5))


def standing(**verdicts: str) -> Standing:
    return Standing({name: Asked(name, "", "P1", verdict) for name, verdict in verdicts.items()}, {})


def said(**verdicts: str) -> Standing:
    return standing(**{name.replace("_", "-"): verdict for name, verdict in verdicts.items()})


# --- Lots


def test_what_takes_long_comes_first_and_groups_are_not_parted() -> None:
    groups = [frozenset({A}), frozenset({B, C}), frozenset({D}), *(frozenset({f"S-{n}"}) for n in range(40))]
    took = {A: 100.0, B: 400.0, C: 500.0, D: 3000.0, **{f"S-{n}": 10.0 for n in range(40)}}
    found = lots(groups, took)
    assert found[0] == {D} and found[1] == {B, C}
    assert frozenset().union(*found) == frozenset().union(*groups)
    assert sum(map(len, found)) == 44
    assert len(found) < 8  # what takes no time is asked together


def test_of_policies_that_nobody_timed_none_is_left_out() -> None:
    assert lots([frozenset({A}), frozenset({B, C})], {}) == [{A}, {B, C}] or lots(
        [frozenset({A}), frozenset({B, C})], {}
    ) == [{A, B, C}]
    assert lots([], {}) == []


def test_each_lot_is_taken_once() -> None:
    left = Lots([frozenset({A}), frozenset({B})])
    assert [left.take(), left.take(), left.take()] == [{A}, {B}, None]


# --- The helper


def helped(base: Standing, told: Standing, migrations: tuple[Migration, ...]) -> Helper:
    after = MagicMock()
    after.base.standing = base
    helper = Helper(after, Lots([]))
    helper.standings, helper.migrations = [told], migrations
    return helper


def test_what_a_helper_says_counts_only_where_the_files_became_the_same() -> None:
    helper = helped(
        said(), said(TEST_01="HOLDS"), (Migration("a.sql", applied=True), Migration("b.sql", applied=False))
    )
    same = (Migration("a.sql", applied=True), Migration("b.sql", applied=False, error="in other words"))
    assert [each.asked.keys() for each in helper.told(same)] == [{A}]
    assert helper.told((same[0], Migration("b.sql", applied=True))) == []
    assert helper.told((same[0], Migration("b.sql", applied=False, line=3))) == []
    assert helper.told(same[:1]) == []


def test_what_a_helper_could_not_judge_is_asked_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.gate.asking.connect", MagicMock())
    base = said(TEST_01="HOLDS", TEST_02="UNCHECKED", TEST_03="HOLDS")
    helper = helped(base, said(TEST_01="UNCHECKED", TEST_02="UNCHECKED"), ())
    after: Any = helper.after
    after.suite.groups.return_value = [frozenset({A}), frozenset({B}), frozenset({C})]
    after.ask.side_effect = lambda _conn, _unfilled, only: said(**{name.replace("-", "_"): "HOLDS" for name in only})
    found = ask_all(after, MagicMock(), (), helper, Lots([]))
    assert {name: each.verdict for name, each in found.asked.items()} == {A: "HOLDS", B: "UNCHECKED", C: "HOLDS"}
    assert [call.args[2] for call in after.ask.call_args_list] == [{A, C}]


def test_a_helper_that_fails_says_nothing() -> None:
    after = MagicMock()
    after.copy.side_effect = OSError("no room")
    left = Lots([frozenset({A})])
    with Helper(after, left) as helper:
        helper.finish()
        assert helper.standings == [] and helper.migrations == ()
    assert left.take() == {A}


def test_the_matrix_is_that_of_whoever_observed_it_last() -> None:
    cell = {"anon: select public.t": Reach("OK", 1, 0, 0)}
    found = together([Standing({}, {"old": Reach("OK", 1, 1, 0)}), Standing({}, cell), said(TEST_01="HOLDS")])
    assert found.reach == cell


# --- Whose doing it is


def step(line: int, *names: str, made: Mapping[str, str] | None = None, changed: str = "public.parcels") -> Step:
    changes = [
        Change("created", "function", f"public.{name}()", key=f"f{key}", after=Entry("function", "", {"_name": name}))
        for key, name in (made or {}).items()
    ]
    changes += [Change("changed", "table", changed, key="r1")] if changed else []
    return Step(line, ("alter",), catalogue=tuple(changes), names=frozenset(names))


class Walked:
    """A walk that knows after how many files what is so, and what it was asked for."""

    def __init__(self, since: Mapping[str, int]) -> None:
        self.since = since
        self.rounds: list[dict[int, frozenset[str]]] = []

    def __call__(self, stops: Mapping[int, frozenset[str]]) -> dict[int, Standing]:
        self.rounds.append(dict(stops))
        return {count: self.at(count, only) for count, only in stops.items()}

    def at(self, count: int, only: frozenset[str]) -> Standing:
        there = [about for about, since in self.since.items() if count >= since]
        asked = Asked(A, "", "P1", "VIOLATED", "", dict.fromkeys([each for each in there if ": " not in each], ""))
        reach = {each: Reach("LEAK", 1, 1, 1) for each in there if ": " in each}
        return Standing({A: asked} if A in only else {}, reach if MATRIX in only else {})


def test_forty_files_take_six_rounds_and_each_question_once() -> None:
    since = {f"public.parcels.c{n}": n + 1 for n in (0, 3, 17, 18, 39)} | {"anon: select public.parcels": 23}
    walked = Walked(since)
    final = walked.at(40, frozenset({A, MATRIX}))
    objects = {about: "" for about in since if ": " not in about}
    differences = [Difference(A, "", "P1", "HOLDS", "VIOLATED", "", objects)]
    reached = [Reached("anon: select public.parcels", "none", "all", wider=True, undeclared=True)]
    found = blamed([[step(1)] for _ in range(40)], differences, reached, final, walked)
    told = {number: [*each.differences[0].new] for number, each in enumerate(found) if each.differences}
    assert told == {n: [f"public.parcels.c{n}"] for n in (0, 3, 17, 18, 39)}
    assert [number for number, each in enumerate(found) if each.reached] == [22]
    assert len(walked.rounds) <= 6
    assert all(each <= {A, MATRIX} for stops in walked.rounds for each in stops.values())
    # Each place is asked about each policy once.
    asked = [(count, name) for stops in walked.rounds for count, names in stops.items() for name in names]
    assert len(asked) == len({*asked})


@pytest.mark.parametrize(
    ("others", "code", "rounds"),
    [
        ([step(1, made={"9": "tidy"}, changed="")], "", 0),
        ([step(1, made={"9": "tidy"}, changed=""), step(2, "tidy", changed="")], "", 0),
        ([step(1, made={"9": "tidy"}, changed="")], "begin perform public.Tidy(); end", 1),
        ([step(1, made={"9": "tidy"}, changed="")], "begin perform untidy(); end", 0),
    ],
)
def test_a_new_function_that_nobody_names_is_not_suspected(others: list[Step], code: str, rounds: int) -> None:
    walked = Walked({"public.parcels": 1})
    final = walked.at(2, frozenset({A}))
    differences = [Difference(A, "", "P1", "HOLDS", "VIOLATED", "", {"public.parcels": ""})]
    found = blamed([[step(1)], others], differences, [], final, walked, code)
    assert len(walked.rounds) == rounds
    assert [bool(each.differences) for each in found] == [True, False]


def test_a_new_function_that_another_file_names_is_suspected() -> None:
    walked = Walked({"public.parcels": 1})
    differences = [Difference(A, "", "P1", "HOLDS", "VIOLATED", "", {"public.parcels": ""})]
    files = [[step(1, "tidy")], [step(1, made={"9": "tidy"}, changed="")]]
    blamed(files, differences, [], walked.at(2, frozenset({A})), walked)
    assert len(walked.rounds) == 1
