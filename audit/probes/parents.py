"""Rows put below somebody else's parent: a task in another's project, a line in another's order.

Whose a parent is, its own policies say: a table of which nobody in particular sees a row, or all members the same ones,
is shared, and to hang rows below it is what it is for. What is left are tables of which people see some rows and not
others. They insert rows of their own below a parent that they cannot see, and move rows of their own there. A row
that is taken in another's name as well is a letter box, or a policy that asks nobody (RLS-04 tells of that).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from psycopg import sql
from sqlglot import exp

from audit.actors import Actor, Stage
from audit.catalog.expressions import bare, parsed
from audit.causes import Cause
from audit.evidence import Evidence, Population, Row, safe
from audit.names import ASKING, KNOCKS
from audit.people import CAST, Identity
from audit.probes.attempt import acting, ask, each, without_an_end, works
from audit.probes.calling import EVERYBODY, look, part, remembered
from audit.question import Cursor, define
from audit.sql_text import quoted

SETUP = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")

# Somebody who has just signed up: what they see is for everybody.
NEWCOMER = Identity("newcomer", "authenticated", "00000000-0000-4000-8000-000000999999", full_name="New Comer")

# Members who have nothing to do with each other: a row that all of them see is for members.
MEMBERS = ("alice", "bob", "stranger")

_LINKED = "create temp table linked on commit drop as select * from pg_temp.links({})"
_TABLES = "select distinct child from pg_temp.linked order by child"

# The policies that let a role add rows to a table or move them, those for one command first: who can no longer add a
# row below what is somebody else's adds one below their own, and moves it there.
_POLICIES = """
select quote_ident(p.polname)
from pg_catalog.pg_policy p
where p.polrelid = %(child)s::pg_catalog.regclass and p.polpermissive
and (p.polcmd in ('*', %(command)s) or p.polcmd in ('a', 'w') and pg_catalog.has_column_privilege(
    'authenticated', p.polrelid, %(attribute)s, case p.polcmd when 'a' then 'insert' else 'update' end))
and exists (
    select from unnest(p.polroles) as named where case when named = 0 then true
    else pg_catalog.pg_has_role('authenticated', named, 'usage') end)
order by p.polcmd not in ('*', %(command)s), 1
"""


# What is asked of new rows, of those of members.
_NEW_ROWS = """
select p.polrelid::pg_catalog.regclass::text, pg_catalog.pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid)
from pg_catalog.pg_policy p
where p.polrelid = any (%s::pg_catalog.regclass[]) and p.polpermissive and p.polcmd in ('*', 'a')
and coalesce(p.polwithcheck, p.polqual) is not null
and exists (
    select from unnest(p.polroles) as named where case when named = 0 then true
    else pg_catalog.pg_has_role('authenticated', named, 'usage') end)
"""


# Conditions for writing that do not look at the row: whoever meets one, such as the staff, puts rows where they belong.
_BY_RANK = """
select p.polrelid::pg_catalog.regclass::text, p.polcmd::text,
       pg_catalog.pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid)
from pg_catalog.pg_policy p
where p.polrelid = any (%s::pg_catalog.regclass[]) and p.polpermissive and p.polcmd in ('*', 'a', 'w')
and coalesce(p.polwithcheck, p.polqual) is not null
and pg_catalog.pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid) <> 'true'
and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = p.oid
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = p.polrelid and d.refobjsubid > 0)
"""


class Hung(NamedTuple):
    """What came of the tries with one column: ``command`` is how a row got below a parent that is not seen."""

    child: str
    attribute: str
    parent: str
    constraint: str
    command: str | None
    blocked: bool


@dataclass
class _Seen:
    """What people see directly, as "table key", and the ids that tables and views show to everybody signed in.

    ``apart`` is what members see who belong to no group with anybody else; of each of the ``ids`` it is known where
    it stands.
    """

    rows: dict[str, set[str]] = field(default_factory=dict)
    apart: dict[str, set[str]] = field(default_factory=dict)
    ids: list[tuple[str, str]] = field(default_factory=list)

    def shared(self) -> set[str]:
        """Return the tables of which everybody, or every member, sees a row."""
        everybody = [self.rows.get(name, set()) for name in ("anon", "nobody", NEWCOMER.name)]
        shared = {row.partition(" ")[0] for row in set[str]().union(*everybody)}
        return shared | self._of_members() if all(name in self.apart for name in MEMBERS) else shared

    def _of_members(self) -> set[str]:
        """Return the tables of which all members see a row, and not for belonging to the same group.

        Who sees all that anybody does may be the staff.
        """
        tables: dict[str, list[set[str]]] = {}
        for table in {row.partition(" ")[0] for name in MEMBERS for row in self.apart[name]}:
            seen = [{row for row in self.apart[name] if row.partition(" ")[0] == table} for name in MEMBERS]
            tables[table] = [those for those in seen if those != set.union(*seen)]
        return {
            table
            for table, limited in tables.items()
            if not limited or (len(limited) > 1 and set.intersection(*limited))
        }


def misplaced(people: Actor) -> Evidence:
    """Return the columns by which one of ``people`` hangs a row of their own below a parent that is another's.

    Raises Unchecked on a live database, and when the server gave no answer.
    """
    stage = people.stage
    unjudged: set[str] = set()
    seen = _Seen()
    found: dict[tuple[str, str], dict[str, Hung]] = {}
    with remembered(stage) as cursor:
        define(cursor, SETUP)
        cursor.execute(sql.SQL(_LINKED).format(sql.Literal(EVERYBODY)))
        children = ask(cursor, str, _TABLES, []) if people.people else []
        if children:
            for who in (CAST["anon"], CAST["nobody"], NEWCOMER):
                _look(stage, who, seen, unjudged)
            for name in MEMBERS:
                _look_apart(stage, CAST[name], seen, unjudged)
            staff = _staff(stage, cursor.execute(_BY_RANK, [children]).fetchall())
            for who in people.people:
                theirs = {place for place, people_ in staff if who.name in people_}
                for hung in _hang(stage, who, seen, children, theirs, unjudged):
                    found.setdefault((hung.child, hung.attribute), {})[who.name] = hung
        shared = seen.shared()
        tried = {place: those for place, those in found.items() if _is_owned(place, those, shared)}
        asking = _asking(cursor, sorted({child for child, _ in tried}))
        tried = {place: those for place, those in tried.items() if not _only_asks(place, those, asking)}
        rows = _rows(cursor, tried)
    return Evidence(
        rows,
        about="rows below other people's",
        log=stage.log,
        population=Population(len(tried), "columns that lead to rows of somebody"),
        unjudgeable=without_an_end(unjudged) or _blocked(tried) or stage.gap(),
        question=SETUP,
    )


def _staff(stage: Stage, by_rank: Sequence[tuple[str, str, str]]) -> list[tuple[tuple[str, str], set[str]]]:
    """Return (table, command) with the members who meet a condition that looks at no row; what all meet is no rank."""
    found = []
    for name, command, condition in by_rank:
        asked = sql.SQL("select where {}").format(sql.SQL(condition))
        holders = {who for who in MEMBERS if works(stage, CAST[who], asked)}
        if len(holders) < len(MEMBERS):
            found += [((name, each), holders) for each in ("a", "w") if command in ("*", each)]
    return found


def _look(stage: Stage, who: Identity, seen: _Seen, unjudged: set[str]) -> None:
    with acting(stage, who) as inner:
        look(stage, inner, who, unjudged)
        seen.rows[who.name] = set(ask(inner, str, "select pg_temp.see_parents()", []))
        if who is NEWCOMER:
            inner.execute("select * from pg_temp.shown_ids(%s, %s)", [who.role, list(stage.known["exposed"])])
            seen.ids = inner.fetchall()


def _look_apart(stage: Stage, who: Identity, seen: _Seen, unjudged: set[str]) -> None:
    with acting(stage, who) as inner:
        part(inner, who)
        look(stage, inner, who, unjudged)
        seen.apart[who.name] = set(ask(inner, str, "select pg_temp.see_parents()", []))


def _hang(
    stage: Stage,
    who: Identity,
    seen: _Seen,
    children: Sequence[str],
    ranked: Collection[tuple[str, str]],
    unjudged: set[str],
) -> list[Hung]:
    """Let somebody hang rows below what they do not see; ``ranked``: (table, command) that are theirs as staff."""
    with acting(stage, who) as inner:
        look(stage, inner, who, unjudged)
        seen.rows[who.name] = set(ask(inner, str, "select pg_temp.see_parents()", []))

        places, ids = [place for place, _ in seen.ids], [each for _, each in seen.ids]
        staff = [[name for name, of in ranked if of == command] for command in ("a", "w")]

        def hang(names: Sequence[str]) -> list[Hung]:
            given = [who.role, who.id, EVERYBODY, places, ids, *staff, list(names)]
            return ask(inner, Hung, "select * from pg_temp.hang(%s, %s, %s, %s, %s, %s, %s, %s)", given)

        return each(inner, children, hang, unjudged, stage.known)


def _is_owned(place: tuple[str, str], those: Mapping[str, Hung], shared: Collection[str]) -> bool:
    """Tell whether the parents are somebody's, and their rows no knock at the door of those who own them."""
    parent = next(iter(those.values())).parent
    return parent not in shared and not KNOCKS.search(place[0].rpartition(".")[2].strip('"'))


def _asking(cursor: Cursor, children: Sequence[str]) -> set[str]:
    """Return the tables whose new rows have to say that they wait for somebody's yes, whoever adds them."""
    says: dict[str, bool] = {}
    for child, condition in cursor.execute(_NEW_ROWS, [children]).fetchall():
        tree = bare(parsed(condition))
        parts = map(bare, tree.flatten()) if isinstance(tree, exp.And) else [tree]
        asks = any(isinstance(part, exp.EQ) and _is_asking(part) for part in parts)
        says[child] = says.get(child, True) and asks
    return {child for child, asks in says.items() if asks}


def _is_asking(part: exp.EQ) -> bool:
    column, word = bare(part.this), bare(part.expression)
    return isinstance(column, exp.Column) and word.is_string and ASKING.search(word.name) is not None


def _only_asks(place: tuple[str, str], those: Mapping[str, Hung], asking: Collection[str]) -> bool:
    """Tell whether all that was put below somebody else's row is a request that they may refuse."""
    return place[0] in asking and all(hung.command in (None, "insert") for hung in those.values())


def _blocked(tried: Mapping[tuple[str, str], Mapping[str, Hung]]) -> str:
    """Say where a rule let a row through and only a constraint did not, or ""."""
    names = [
        f"{attribute} of {child}"
        for (child, attribute), those in tried.items()
        if any(hung.blocked for hung in those.values()) and not any(hung.command for hung in those.values())
    ]
    return f"only a constraint refused rows below other people's: {safe(', '.join(names[:5]))}" if names else ""


def _rows(cursor: Cursor, tried: Mapping[tuple[str, str], Mapping[str, Hung]]) -> list[Row]:
    rows = []
    for (child, attribute), those in tried.items():
        went = {actor: hung for actor, hung in those.items() if hung.command}
        if went:
            first = next(iter(went.values()))
            command = "a" if first.command == "insert" else "w"
            cursor.execute(_POLICIES, {"child": child, "attribute": attribute, "command": command})
            policies = [name for (name,) in cursor.fetchall()]
            rows.append(_row(f"{quoted(attribute)} of {child}", first, [*went], policies))
    return rows


def _row(title: str, hung: Hung, actors: Sequence[str], policies: Sequence[str]) -> Row:
    deed = "put a row of their own" if hung.command == "insert" else "move a row of their own"
    details = {
        "what": f"members can {deed} below a row of {hung.parent} that is somebody else's",
        "actors": ", ".join(actors),
        "commands": hung.command,
        "relation": hung.child,
        "parent": hung.parent,
        "columns": hung.attribute,
        "policies": ", ".join(policies),
        "constraint": hung.constraint,
    }
    told = {key: safe(str(value)) for key, value in details.items() if value}
    cause = Cause("column", title, hung.child)
    if policies:
        cause = Cause("policy", f"{policies[0]} on {hung.child}", hung.child)
    texts = {key: safe(str(value or "")) for key, value in details.items()}
    return Row(safe(title), told, {**texts, "object": safe(title)}, cause=cause)
