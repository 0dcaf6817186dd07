"""Figures of what somebody does not see: a balance, a sum, a count that a function tells whoever passes an id.

A number gives no row away by itself, as a text does. So a function is asked, the rows that mention the id are taken
out, and it is asked once more: what then comes out otherwise was told of them. That counts where the caller sees
nothing of the table that the id is from; where they see some of it, how many there are of something may be for all to
know, and only figures that are private by their names count, such as a balance.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, LiteralString

from audit.actors import Stage
from audit.names import private_figures
from audit.people import Identity
from audit.probes.attempt import acting, ask, each
from audit.probes.calling import READABLE, Plan, api_path, part
from audit.question import Cursor, define

SETUP = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")

MOST_CALLS = 8

# Functions whose answer may hold a number, and that, or what they lead to, look further than the caller does.
_FIGURES = """
select p.oid::bigint from pg_catalog.pg_proc p join pg_catalog.pg_type r on r.oid = p.prorettype
where p.oid = any (%s)
and (r.typcategory in ('N', 'C') or r.typname in ('json', 'jsonb', 'record') or p.proallargtypes is not null)
"""
_DEFINERS = """
select p.oid::bigint from pg_catalog.pg_proc p
where p.prosecdef and p.pronamespace not in (
    select n.oid from pg_catalog.pg_namespace n where n.nspname ~ '^pg_|^information_schema$')
"""
_SEE: LiteralString = "select pg_temp.see(%s, %s)"


def candidates(cursor: Cursor, plan: Plan) -> frozenset[int]:
    """Return the functions that may tell a figure of what their callers do not see."""
    define(cursor, SETUP)
    given = [routine.oid for routine in plan.routines if routine.exposed and routine.arguments]
    telling = {oid for (oid,) in cursor.execute(_FIGURES, [given]).fetchall()}
    definers = {oid for (oid,) in cursor.execute(_DEFINERS).fetchall()}
    rights = {source for oid in definers if (source := plan.graph.known.get(("function", oid)))}
    return frozenset(
        oid
        for oid in telling
        # A view has no signature; it looks with its owner's rights, too.
        if oid in definers or any(each in rights or not each.signature for each in plan.graph.reached(oid))
    )


def told(
    stage: Stage,
    who: Identity,
    plan: Plan,
    calls: Sequence[dict[str, Any]],
    of: Collection[int],
    unjudged: set[str],
) -> dict[str, str]:
    """Return the functions that tell somebody figures which are none of theirs, with the tables that they look at."""
    routines = {routine.signature: routine for routine in plan.routines if routine.oid in of}
    asked: dict[str, list[dict[str, Any]]] = {}
    for call in calls:
        routine = routines.get(call["call"])
        values = [value for value in call["values"] if value and value != who.id]
        if routine and values and len(asked.setdefault(routine.signature, [])) < MOST_CALLS:
            asked[routine.signature].append({**call, "values": values, "tables": sorted(plan.looked_at(routine))})
    if not asked:
        return {}
    with acting(stage, who, api_path(stage)) as cursor:
        if who.id:
            part(cursor, who)
        readable = [name for (name,) in cursor.execute(READABLE, {"caller": who.role}).fetchall()]

        def see(names: Sequence[str]) -> list[None]:
            cursor.execute(_SEE, [who.role, list(names)])
            return []

        def tell(names: Sequence[str]) -> list[tuple[str, str]]:
            some = json.dumps([call for name in names for call in asked[name]])
            given = [who.role, who.id, some, private_figures(stage.known)]
            return ask(cursor, lambda *row: row, "select distinct * from pg_temp.told_figures(%s, %s, %s, %s)", given)

        each(cursor, readable, see, unjudged, stage.known)
        return dict(each(cursor, [*asked], tell, unjudged, stage.known))
