"""Texts of other people are read in time that grows with their length, and answers of servers have a limit.

Both are about the process that judges: nobody may keep it busy for hours, or fill its memory, by what he writes.
"""

from __future__ import annotations

import multiprocessing
import re
import resource
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg.waiting import Ready, Wait

from audit import connection, hook, migrations
from audit.access import draft
from audit.catalog import claims, credentials, expressions
from audit.connection import arrived, connect
from audit.effects import effects
from audit.gate import deeds, unseen
from audit.probes import calling
from audit.server.target import Target
from audit.server_errors import Oversized
from audit.sql_text import Unreadable, bare, statements, tokens, without_comments

BYTES = 150_000
LIMIT_S = 60.0
UNITS = {
    "blanks": " ",
    "tabs behind a word": "create\t\t\t\t",
    "letters": "a",
    "dots": "a.",
    "quotes": "'",
    "double quotes": '"',
    "comments": "/* ",
    "lines of comments": "--\n",
    "parentheses": "(",
    "beginnings": "begin return ",
    "copies": "copy ",
    "addresses": "user=a@",
    "names of keys": "key_",
    "roles": "to, ",
    "deletions": "(delete ",
    "choices": "case where ",
    "dollars": "$a$a",
    "equal signs": "a = ",
    "headers": "v := 'request.headers' ->> 'a' ",
}


def _statements(text: str) -> None:
    for each in statements(text):
        effects(each)
        list(migrations._roles(each))


def _deeds(text: str) -> None:
    deeds.read(f"with a as {text}", deeds.Reader({}))
    list(unseen.settings(tuple(tokens(f"update t set a = {text}"))))


# What is matched against the whole of a text that was cut before.
OF_WHOLE_TEXTS = {"_ONLY_RETURNS", "_METADATA_KEY", "_PLACEHOLDER"}


def _patterns(text: str) -> None:
    """Look for what the catalogue's texts are asked about."""
    for module in (expressions, claims, credentials, draft, hook, calling):
        for name, pattern in vars(module).items():
            if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str) and name not in OF_WHOLE_TEXTS:
                for _ in pattern.finditer(text):
                    pass


READERS: dict[str, Callable[[str], object]] = {
    "tokens": lambda text: list(tokens(text)),
    "statements": _statements,
    "a grant": lambda text: _statements(f"grant x {text}"),
    "deeds": _deeds,
    "bare": bare,
    "without comments": without_comments,
    "a body": lambda text: (expressions._only_returns(text), expressions.without_end(text)),
    "keys": lambda text: list(hook.keys(text)),
    "patterns": _patterns,
}


def _read(reader: str) -> None:
    for unit in UNITS.values():
        with suppress(Unreadable):
            READERS[reader](unit * (BYTES // len(unit)))


@pytest.mark.parametrize("reader", READERS)
def test_long_texts_are_read_in_linear_time(reader: str) -> None:
    child = multiprocessing.get_context("fork").Process(target=_read, args=[reader], daemon=True)
    child.start()
    child.join(LIMIT_S)
    ended = child.exitcode
    if ended is None:
        child.kill()
    assert ended == 0


ANSWERS = {
    "a value": "select repeat('x', 300000000)",
    "what was changed": "insert into sized values (1) returning repeat('x', 300000000)",
    "a notice": "do $$ begin raise notice '%', repeat('x', 300000000); end $$",
    "an error": "do $$ begin raise '%', repeat('x', 300000000); end $$",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_without_measure_is_not_taken(target: Target, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(connection, "ANSWER_BYTES", 8 << 20)
    with connect(target.dsn) as opened:
        opened.execute("create temp table sized (n int)")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(Oversized, match="larger than 8 MB"):
            migrations._execute(opened, next(statements(ANSWERS[answer])))
        assert opened.closed
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10
    with connect(target.dsn) as opened, pytest.raises(Oversized):
        opened.execute("select repeat('x', 300000000)")


def test_many_rows_that_nobody_keeps_are_no_long_answer(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_BYTES", 1 << 20)
    with connect(target.dsn) as opened:
        migrations._execute(opened, next(statements("select repeat('x', 10000) from generate_series(1, 2000)")))
        assert opened.execute("select 1").fetchone() == (1,)
        assert arrived(opened.pgconn.socket) == 0


def test_a_statement_that_outlives_its_cancelling_loses_its_session_and_not_the_server(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    dog = target.server.watchdog
    monkeypatch.setattr(dog, "_kill", killed.append)
    stubborn = """do $$ begin
        loop begin perform pg_sleep(600); exception when query_canceled then null; end; end loop;
    end $$"""
    too_late = pytest.raises(psycopg.OperationalError, match="was ended after")
    with connect(target.dsn) as opened, too_late, dog.limiting(opened, 0.5):
        opened.execute(stubborn)
    assert not killed
    with connect(target.dsn) as opened:
        assert opened.execute("select 1").fetchone() == (1,)


def test_a_server_that_lets_nobody_in_for_a_while_is_not_ended(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    asked: list[float] = []
    dog = target.server.watchdog
    ask = dog._ask_to_end

    def refused_at_first(watch: Any) -> bool:
        asked.append(time.monotonic())
        return ask(watch) if len(asked) > 2 else False

    monkeypatch.setattr(dog, "_kill", killed.append)
    monkeypatch.setattr(dog, "_ask_to_end", refused_at_first)
    too_late = pytest.raises(psycopg.OperationalError, match="was ended after")
    with connect(target.dsn) as opened, too_late, dog.limiting(opened, 0.5):
        opened.execute("select pg_sleep(600)")
    assert not killed
    assert len(asked) == 3


@pytest.mark.parametrize(("sizes", "too_much"), [((0, 0, 1 << 30, 1 << 30), False), ((0, 1, 1, 1 << 30), True)])
def test_only_what_grows_while_an_answer_is_read_counts(
    monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...], too_much: bool
) -> None:
    """What another thread holds by now is none of this answer's."""
    told = iter(sizes)
    monkeypatch.setattr(connection, "held", lambda: next(told))
    monkeypatch.setattr(connection, "arrived", lambda socket: 1 << 14)
    asked = SimpleNamespace(pgconn=SimpleNamespace(socket=0), close=lambda: None, _taken=0, _grown=0, _reads=0)

    def answer():
        while True:
            yield Wait.R

    reading = answer()
    next(reading)
    with pytest.raises(Oversized) if too_much else nullcontext():
        for _ in range(2):
            assert connection.Patient._take(asked, reading, Ready.R) == Wait.R
