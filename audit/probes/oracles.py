"""What constraints tell about rows that somebody cannot see, by refusing or by not refusing a row of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from audit.actors import Actor
from audit.evidence import Evidence, Population, Row, safe
from audit.people import Identity
from audit.probes.attempt import acting, ask, each, without_an_end
from audit.probes.calling import EVERYBODY, look, remembered
from audit.question import Cursor, define

# Values of these columns cannot be guessed, or stand in addresses, where everybody may try them.
UNGUESSABLE = r"token|secret|hash|(^|_)code|api_?key|nonce|signature|(^|_)(slug|sub_?domain)($|_)|^(url_)?path$"

_TABLES = "select name from pg_temp.audited where exposed and not partition order by name"

SETUP = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


class Offer(NamedTuple):
    """What a constraint told to who offered a row; ``kind`` is None where that was nothing."""

    title: str
    kind: str | None
    mend: str | None
    offered: bool


def telling(people: Actor) -> Evidence:
    """Return the unique keys and foreign keys by which one of ``people`` learns of a row that they cannot see.

    Raises Unchecked on a live database, and when the server gave no answer.
    """
    stage = people.stage
    found: dict[str, Row] = {}
    tried: set[str] = set()
    unjudged: set[str] = set()
    with remembered(stage) as cursor:
        define(cursor, SETUP)
        for who in people.people:
            with acting(stage, who) as inner:
                look(stage, inner, who, unjudged)
                inner.execute("select pg_temp.see()")

                def offer(names: Sequence[str], inner: Cursor = inner, who: Identity = who) -> list[Offer]:
                    given = [who.role, who.id, EVERYBODY, UNGUESSABLE, list(names), [*found]]
                    return ask(inner, Offer, "select * from pg_temp.offer(%s, %s, %s, %s, %s, %s)", given)

                tables = ask(inner, str, _TABLES, [])
                answers = each(inner, tables, offer, unjudged, stage.known)
            tried |= {answer.title for answer in answers if answer.offered}
            for title, kind, mend, _ in answers:
                if kind is not None:
                    problem = _PROBLEMS[kind]
                    details = {"actor": who.name, "problem": problem}
                    found.setdefault(title, Row(safe(title), details, {"object": title}, mend))
    return Evidence(
        list(found.values()),
        about="constraints on rows that people write",
        log=stage.log,
        population=Population(len(tried), "unique and foreign keys of tables that people write"),
        unjudgeable=without_an_end(unjudged) or stage.gap(),
        question=SETUP,
    )


_PROBLEMS = {
    "unique": "it refuses a value because somebody else's row has it",
    "key": "it accepts a parent that the writer cannot see, and refuses one that does not exist",
}
