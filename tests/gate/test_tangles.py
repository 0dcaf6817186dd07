"""Code that leads to much code is read in steps that grow with its length, or it is said that it was not read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.catalog import calls, expressions
from audit.catalog.expressions import Body
from audit.evidence import Unchecked
from audit.gate.deeds import LONGEST, MOST_STEPS, Effort, Reader, Unreadable, read
from audit.gate.dependence import Dependence

Functions = dict[str, list[str]]


def calling(*names: str) -> str:
    return f"begin perform {', '.join(f'{name}()' for name in names)}; end"


def each_other(count: int) -> Functions:
    names = [f"f{number}" for number in range(count)]
    return {name: [calling(*names)] for name in names}


def in_a_row(count: int) -> Functions:
    return {f"f{number}": [calling(f"f{number + 1}")] for number in range(count)}


def doubling(count: int) -> Functions:
    return {f"f{number}": [calling(*[f"f{number + 1}"] * 20)] for number in range(count)}


def conditionally(count: int) -> Functions:
    body = "begin if a then perform f{0}(); end if; perform case when b then f{0}() end; end"
    return {f"f{number}": [body.format(number + 1)] for number in range(count)}


def all_of_one(count: int) -> Functions:
    return {"f0": [calling(*(f"g{n}" for n in range(count)))]} | {f"g{n}": [calling("h")] for n in range(count)}


def steps(functions: Functions) -> int:
    effort = Effort()
    found = read("select f0()", Reader(functions, effort))
    Dependence([], Reader(functions, effort), found.variables).of([deed.code for deed in found.deeds])
    return effort.spent


@pytest.mark.parametrize("tangle", [each_other, in_a_row, doubling, conditionally, all_of_one])
def test_functions_that_call_functions_take_steps_in_proportion(tangle: Callable[[int], Functions]) -> None:
    few, many = (tangle(count) for count in (40, 80))
    length = [sum(len(text) for texts in functions.values() for text in texts) for functions in (few, many)]
    assert steps(many) / steps(few) < 1.5 * length[1] / length[0]


@pytest.mark.parametrize(
    "text",
    [
        "do $$ begin " + "if a then return; end if; delete from t; " * 3000 + "end $$",
        "do $$ begin " + "if a then return; end if; v := 1; " * 3000 + "end $$",
        "do $a0$ begin " + "".join(f"execute $a{n}$ " for n in range(1, 500)) + "delete from t "
        + "".join(f" $a{n}$; " for n in range(499, 0, -1)) + " end $a0$",
        "delete /*" + "x" * LONGEST + "*/ from t where false",
        "insert into t select f() /*" + "x" * LONGEST + "*/",
        "insert into t values (g()), ('" + "x" * LONGEST + "')",
    ],
    ids=["early returns", "variables", "texts within texts", "a long comment", "a long query", "a call among rows"],
)  # fmt: skip
def test_what_is_not_read_is_said_to_be(text: str) -> None:
    effort = Effort()
    with pytest.raises(Unreadable):
        read(text, Reader({"g": ["begin delete from t; end"]}, effort))
    assert effort.spent < 1.2 * MOST_STEPS


def test_many_rows_are_no_code() -> None:
    rows = ", ".join("(1, 'word')" for _ in range(100_000))
    assert [deed.kind for deed in read(f"insert into t values {rows}", Reader({})).deeds] == []


def test_a_function_is_read_under_each_condition() -> None:
    functions = {"f": ["begin delete from t; end"]}
    found = read("do $$ begin if a then perform f(); end if; perform f(); end $$", Reader(functions))
    assert sorted(len(deed.guards) for deed in found.deeds) == [0, 1]


def test_texts_within_texts_are_read_to_a_depth() -> None:
    text = "delete from t"
    for number in range(2000):
        text = f"execute $a{number}$ {text} $a{number}$"
    found = calls.read(f"begin {text}; end")
    assert found.effective
    assert found.writes or not found.asks
    with pytest.raises(Unchecked):
        calls.read("begin '")


def test_what_functions_return_is_asked_of_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [Body("public", f"f{n}", "sql", f"select public.f{n + 1}() or public.f{n + 1}()") for n in range(60)]
    bodies.append(Body("public", "f60", "sql", "select true"))
    asked: list[str] = []
    parsed = expressions.parsed
    monkeypatch.setattr(expressions, "parsed", lambda text: asked.append(text) or parsed(text))
    judge = expressions.Judge("anon", ["id"], bodies)
    assert judge.always(parsed("public.f0()"))
    assert len(asked) == len(bodies)
