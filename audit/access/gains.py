"""From changes that widen somebody's reach to findings: what lets them through is told once.

A change of a column is let through by the grant that covers it, a new row by the policy that takes it, a call by the
function. Who did it, which columns and values, and what was gained is evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from audit.access.results import API_ACTORS
from audit.access.telling import who
from audit.causes import Cause
from audit.evidence import Row, Scalar, safe
from audit.question import Cursor
from audit.sql_text import quoted

BY_CALL = "called"
SHOWN = "it shows everybody what hangs below something of one's own: if it is for that, declare it in access.toml"

# Columns that say what somebody may.
RANK = re.compile(
    r"(^|_)(role|roles|rank|level|tier|plan|permissions?|scopes?|privileges?|grants?)($|_)|admin|staff|super"
)

# What lets roles write to tables: whether a grant of UPDATE is on the whole table, and the permissive policies. Where
# one for new rows looks at the row, those that ask nothing but who calls let nobody in who was not let in before.
DOORS = """
with rules as (
    select p.polrelid, p.polname, p.polcmd, r.rolname,
           pg_catalog.pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid) is distinct from 'true'
           and not exists (
               select from pg_catalog.pg_depend d
               where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = p.oid
               and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = p.polrelid
               and d.refobjsubid > 0) as blind
    from pg_catalog.pg_policy p
    join pg_catalog.pg_roles r on exists (
        select from unnest(p.polroles) as named
        where case when named = 0 then true else pg_catalog.pg_has_role(r.oid, named, 'usage') end)
    where p.polpermissive
)
select t.relation, r.rolname::text, t.security, pg_catalog.has_table_privilege(r.oid, t.id, 'update'),
       array(select quote_ident(x.polname) from rules x
             where x.polrelid = t.id and x.rolname = r.rolname and x.polcmd in ('a', '*')
             and (not x.blind or not exists (
                 select from rules y where y.polrelid = t.id and y.rolname = r.rolname and y.polcmd in ('a', '*')
                 and not y.blind)) order by 1),
       array(select quote_ident(x.polname) from rules x
             where x.polrelid = t.id and x.rolname = r.rolname and x.polcmd in ('w', '*') order by 1)
from pg_temp.audit_table t cross join pg_catalog.pg_roles r
where t.relation = any (%s) and r.rolname = any (%s)
"""


@dataclass(frozen=True)
class Found:
    """A change that widens somebody's reach.

    ``column`` is "" for a row that was inserted, and ``relation`` a function where ``kind`` is BY_CALL.
    """

    actor: str
    role: str
    relation: str
    column: str
    kind: str
    gains: Sequence[Mapping[str, Any]] = field(default_factory=list)

    @property
    def command(self) -> str:
        """What was done."""
        return "call" if self.kind == BY_CALL else "update" if self.column else "insert"


@dataclass(frozen=True)
class Door:
    """What lets a role write to a table."""

    security: bool = True
    whole: bool = False
    inserting: tuple[str, ...] = ()
    updating: tuple[str, ...] = ()


def doors(cursor: Cursor, found: Iterable[Found]) -> dict[tuple[str, str], Door]:
    """Return what lets each role write to the tables of some findings."""
    places = {(each.relation, each.role) for each in found if each.kind != BY_CALL}
    cursor.execute(DOORS, [[name for name, _ in places], [role for _, role in places]])
    return {
        (relation, role): Door(security, whole, tuple(inserting), tuple(updating))
        for relation, role, security, whole, inserting, updating in cursor.fetchall()
    }


def causes(found: Found, door: Door) -> list[Cause]:
    """Return what lets a change through: of several policies for new rows each may."""
    if found.kind == BY_CALL:
        return [Cause("function", found.relation)]
    if not door.security:
        return [Cause("table", found.relation, found.relation)]
    # One policy for everything is one thing to mend, whichever way it is used.
    same = len(door.inserting) == 1 and door.inserting == door.updating
    if door.inserting and (not found.column or (same and door.whole)):
        return [Cause("policy", f"{name} on {found.relation}", found.relation) for name in door.inserting]
    columns = f" ({quoted(found.column)})" if found.column and not door.whole else ""
    return [Cause("grant", f"{found.command}{columns} on {found.relation}", found.relation)]


def findings(found: Sequence[Found], known: Mapping[tuple[str, str], Door], api_roles: Sequence[str]) -> list[Row]:
    """Return a row for each cause, in the order in which they were found."""
    grouped: dict[Cause, list[Found]] = {}
    for each in found:
        for cause in causes(each, known.get((each.relation, each.role), Door())):
            grouped.setdefault(cause, []).append(each)
    return [_row(cause_, those, api_roles) for cause_, those in grouped.items()]


def meant(found: Found, declared: Mapping[tuple[str, str], Sequence[str]]) -> bool:
    """Tell whether it is declared that somebody widens reach by this: (table or function, what is done): actors."""
    deeds = [""] if found.kind == BY_CALL else [found.command, f"{found.command} {found.column}".strip()]
    return any(found.actor in declared.get((found.relation, deed), ()) for deed in deeds)


def _gained(those: Iterable[Found]) -> list[tuple[str, int]]:
    """Return what was gained, the most first: ("select public.posts", 25)."""
    most: dict[str, int] = {}
    for gain in (gain for each in those for gain in each.gains):
        what = f"{gain['command']} {gain['relation']}"
        most[what] = max(most.get(what, 0), int(gain["rows"]))
    return sorted(most.items(), key=lambda gain: -gain[1])


def _sentence(those: Sequence[Found]) -> str:
    people, first = who(each.actor for each in those), those[0]
    columns = list(dict.fromkeys(each.column for each in those if each.column))
    reached = list(dict.fromkeys(what.partition(" ")[2] for what, _ in _gained(those)))
    more = f", and reach more of {', '.join(reached[:3])}" + (" and others" if len(reached) > 3 else "")
    if first.kind == BY_CALL:
        return f"{people} can call {first.relation}{more}"
    ranks = [column for column in columns if RANK.search(column)]
    if ranks:
        return f"{people} can give themselves another {' or '.join(ranks)} in {first.relation}{more}"
    deeds = [f"change {' or '.join(columns)} in {first.relation}"] if columns else []
    if any(not each.column for each in those):
        deeds.append(f"put rows into {first.relation}")
    return f"{people} can {' or '.join(deeds)}{more}"


def _row(cause_: Cause, those: Sequence[Found], api_roles: Sequence[str]) -> Row:
    first = those[0]
    gained = _gained(those)
    details: dict[str, Scalar] = {
        "what": _sentence(those),
        "actors": ", ".join(sorted({each.actor for each in those}, key=API_ACTORS.index)),
        "commands": ", ".join(dict.fromkeys(each.command for each in those)),
        "relation": first.relation,
        "columns": ", ".join(dict.fromkeys(each.column for each in those if each.column)),
        "values": ", ".join(dict.fromkeys(each.kind for each in those if each.kind != BY_CALL)),
        "gained": ", ".join(f"+{rows} rows {what}" for what, rows in gained[:5])
        + (f" and {len(gained) - 5} more" if len(gained) > 5 else ""),
    }
    if all(gain.get("shown") for each in those for gain in each.gains):
        details["may be meant"] = SHOWN
    told = {key: safe(str(value)) for key, value in details.items() if value}
    texts = {key: safe(str(value)) for key, value in details.items()}
    fix = _fix(cause_, those, str(details["gained"]), api_roles)
    return Row(cause_.name, told, {**texts, "object": safe(cause_.name)}, fix, cause=cause_)


def _fix(cause_: Cause, those: Sequence[Found], gained: str, api_roles: Sequence[str]) -> str:
    """Return what closes a finding: advice, since others may use the same right as they should."""
    roles = ", ".join(sql.Identifier(role).as_string(None) for role in api_roles)
    relation = those[0].relation
    lines = [f"{cause_.name}: {_sentence(those)} ({gained})."]
    if cause_.kind == "function":
        lines += [
            "Let it ask whether the caller is meant to have that. If nobody needs it, neither a client nor a policy:",
            f"revoke execute on routine {relation} from public, {roles};",
        ]
    if any(each.command == "insert" for each in those):
        lines += [
            "Let the policies for insert, a restrictive one or a trigger say which rows. If only the server inserts:",
            f"revoke insert on {relation} from public, {roles};",
        ]
    if columns := [each.column for each in those if each.column]:
        names = ", ".join(sql.Identifier(column).as_string(None) for column in dict.fromkeys(columns))
        lines += [
            f"Let WITH CHECK, a restrictive policy or a trigger say who may change {names}, to what. If only a server",
            f"does: revoke update on {relation} from public, {roles}; and grant it again on what they change.",
        ]
    return "\n".join(f"-- {safe(line)}" for line in lines)
