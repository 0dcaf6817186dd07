"""What only the server should decide, and people decide about themselves: verified, approved, a plan, a balance.

Names are hints: a column counts where a policy or a function has a condition on it, and only in tables that have one
row for each person, so that what people keep about their own things is left alone. Members then give themselves another
value in that row; what the row says afterwards is the evidence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from audit.actors import Actor
from audit.causes import Cause
from audit.evidence import Evidence, Population, Row, safe
from audit.names import SERVERS
from audit.probes.attempt import acting, ask, each, without_an_end
from audit.probes.calling import remembered
from audit.question import define
from audit.sql_text import quoted

SETUP = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")

_TABLES = "select distinct relation from pg_temp.standings(%s) order by relation"


class Risen(NamedTuple):
    """What came of one person's tries with one column."""

    relation: str
    attribute: str
    asked_by: str
    own: bool
    went: bool
    whole: bool


def risen(people: Actor) -> Evidence:
    """Return what lets ``people`` decide about themselves what only the server should.

    Raises Unchecked on a live database, and when the server gave no answer.
    """
    stage = people.stage
    unjudged: set[str] = set()
    found: dict[tuple[str, str], dict[str, Risen]] = {}
    with remembered(stage) as cursor:
        define(cursor, SETUP)
        tables = ask(cursor, str, _TABLES, [SERVERS])
        for who in people.people if tables else ():
            with acting(stage, who) as inner:

                def rise(names: Sequence[str]) -> list[Risen]:
                    given = [who.role, who.id, SERVERS, list(names)]  # noqa: B023 -- called at once
                    return ask(inner, Risen, "select * from pg_temp.rise(%s, %s, %s, %s)", given)

                for got in each(inner, tables, rise, unjudged, stage.known):
                    found.setdefault((got.relation, got.attribute), {})[who.name] = got
    # A table of which nobody has one row is no table of people.
    about = {place: those for place, those in found.items() if any(got.own for got in those.values())}
    return Evidence(
        _rows(about),
        about="what people decide about themselves",
        log=stage.log,
        population=Population(len(about), "columns that say where somebody stands"),
        unjudgeable=without_an_end(unjudged) or stage.gap(),
        question=SETUP,
    )


def _rows(about: Mapping[tuple[str, str], Mapping[str, Risen]]) -> list[Row]:
    """Return one row for each grant that lets somebody rise."""
    causes: dict[Cause, list[tuple[Risen, Collection[str]]]] = {}
    for those in about.values():
        went = {actor: got for actor, got in those.items() if got.went}
        if went:
            first = next(iter(went.values()))
            columns = "" if first.whole else f" ({quoted(first.attribute)})"
            cause = Cause("grant", f"update{columns} on {first.relation}", first.relation)
            causes.setdefault(cause, []).append((first, [*went]))
    return [_row(cause, several) for cause, several in causes.items()]


def _row(cause: Cause, several: Sequence[tuple[Risen, Collection[str]]]) -> Row:
    first = several[0][0]
    actors = list(dict.fromkeys(actor for _, names in several for actor in names))
    columns = ", ".join(got.attribute for got, _ in several)
    details = {
        "what": f"members can decide about their own {columns} in {first.relation}",
        "actors": ", ".join(actors),
        "relation": first.relation,
        "columns": columns,
        "asked by": ", ".join(dict.fromkeys(got.asked_by for got, _ in several)),
    }
    told = {key: safe(value) for key, value in details.items()}
    texts = {key.replace(" ", "_"): value for key, value in told.items()}
    return Row(safe(cause.name), told, {**texts, "object": safe(cause.name)}, cause=cause)
