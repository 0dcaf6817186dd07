"""Changes by which nobody gets further than was meant: of an office, a step that rules name, one's own time, a door.

Whoever looks after a table, by a rank that its policies ask for, changes all of it but the ranks themselves: an editor
passes a paper on, the personnel office says whose a desk is. Where a policy says what a row is before a change and what
after it, whoever was invited accepts. And what says of itself that it is open may be joined by everybody, as long as
nobody chooses what they are to be there. Who holds a contest that others see as well moves its deadline, also for an
entry of their own, where the rule for entries asks for the deadline and not whose the contest is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from psycopg import sql
from sqlglot import exp

from audit.access.doubtful import MEMBERS, OFFICE
from audit.access.gains import BY_CALL, RANK, Found
from audit.actors import Stage
from audit.catalog.calls import Calls
from audit.catalog.expressions import Tree, bare, called, own_columns, parsed, table_of
from audit.people import CAST
from audit.probes.attempt import works
from audit.question import Cursor

# Who has no office, by what most projects go by: somebody has just signed up.
ANYBODY = (*MEMBERS, "pending", "guest")

_OPEN = re.compile(r"(^|_)(public|open|joinable|listed|discoverable)($|_)", re.IGNORECASE)
# A name, but for a schema's or a table's before another one.
_WORD = re.compile(r"[^\W\d]\w*\b(?!\"?\.)")
_LITERAL = re.compile(r"'(?:[^']|'')*'")

# The permissive policies of some tables, and the columns that say how or what somebody is in a row.
POLICIES = """
select t.relation, p.polcmd::text, pg_catalog.pg_get_expr(p.polqual, p.polrelid),
       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid),
       array(select a.attname::text from pg_catalog.pg_attribute a
             join pg_catalog.pg_type y on y.oid = a.atttypid and y.typcategory in ('B', 'E', 'S')
             where a.attrelid = t.id and a.attnum > 0 and not a.attisdropped and a.atthasdef and a.attgenerated = ''),
       array(select a.attname::text from pg_catalog.pg_attribute a
             join pg_catalog.pg_type y on y.oid = a.atttypid and y.typname in ('timestamptz', 'timestamp', 'date')
             where a.attrelid = t.id and a.attnum > 0 and not a.attisdropped),
       array(select k.confrelid::pg_catalog.regclass::text from pg_catalog.pg_constraint k
             where k.contype = 'f' and k.conrelid = t.id)
from pg_temp.audit_table t join pg_catalog.pg_policy p on p.polrelid = t.id
where t.relation = any (%s) and p.polpermissive and exists (
    select from unnest(p.polroles) as named
    where named = 0 or pg_catalog.pg_has_role('authenticated', named, 'usage'))
"""


class Policy(NamedTuple):
    """A policy; ``choices`` are the table's columns of words and flags that have a default.

    ``moments`` are its columns of days and times, and ``parents`` the tables that it refers to.
    """

    relation: str
    command: str
    using: str | None
    check: str | None
    choices: Sequence[str]
    moments: Sequence[str]
    parents: Sequence[str]


def beyond_what_is_meant(cursor: Cursor, stage: Stage, found: Sequence[Found], calls: Calls) -> list[Found]:
    """Leave out what an office does, and what comes in by an open door."""
    changed = {each.relation for each in found if each.kind != BY_CALL}
    relations = list(changed | {str(gain["relation"]) for each in found for gain in each.gains})
    ((path,),) = cursor.execute("select pg_catalog.current_setting('search_path')").fetchall()
    # Names come qualified when the path is empty.
    cursor.execute("set local search_path = ''")
    policies = [Policy(*row) for row in cursor.execute(POLICIES, [relations]).fetchall()]
    cursor.execute("select pg_catalog.set_config('search_path', %s, true)", [path])
    return [each for each in found if each.kind == BY_CALL or not _is_meant(stage, each, policies, calls)]


def _is_meant(stage: Stage, found: Found, policies: Iterable[Policy], calls: Calls) -> bool:
    of = [each for each in policies if each.relation == found.relation]
    if not found.column:
        adding = [each for each in of if each.command in ("*", "a")]
        return bool(adding) and all(_is_open(each, calls) for each in adding)
    if RANK.search(found.column):
        return False
    updating = [each for each in of if each.command in ("*", "w") and each.using]
    if any(_names_the_step(each, found.column) for each in updating):
        return not any(_may(stage, found, each) for each in updating if not _names_the_step(each, found.column))
    branches = [part for each in updating for part in _branches(str(each.using))]
    offices = [each for each in branches if _asks_for_office(each, calls)]
    if _is_ones_own_time(found, branches, of, [each for each in policies if each.relation != found.relation]):
        return True
    return bool(branches) and (len(offices) == len(branches) or any(_holds(stage, found, each) for each in offices))


def _names_the_step(policy: Policy, column: str) -> bool:
    """Tell whether a policy says what a column says before a change, and what else after it.

    Whoever could put in a row that says the first is told of by that.
    """
    before, after = (_said(policy, text, column) for text in (policy.using, policy.check))
    return bool(before and after) and not before & after


def _said(policy: Policy, text: str | None, column: str) -> set[str]:
    """Return the words with which a condition as a whole compares a column of the policy's own table."""
    table = policy.relation.rpartition(".")[2].strip('"')
    compared = (
        (bare(each.this), bare(each.expression))
        for each in _conjuncts(bare(parsed(text or "true")))
        if isinstance(each, exp.EQ)
    )
    return {
        word.name
        for sides in compared
        for one, word in (sides, sides[::-1])
        if isinstance(one, exp.Column) and isinstance(word, exp.Literal) and own_columns(one, table) == {column}
    }


def _may(stage: Stage, found: Found, policy: Policy) -> bool:
    """Tell whether a policy lets somebody change a row that they see."""
    row = sql.SQL("select from {} where {}").format(sql.SQL(found.relation), sql.SQL(str(policy.using)))
    return works(stage, CAST[found.actor], row)


def _conjuncts(tree: Tree) -> list[Tree]:
    return [*map(bare, tree.flatten())] if isinstance(tree, exp.And) else [tree]


def _is_ones_own_time(found: Found, branches: Sequence[Tree], of: Sequence[Policy], others: Sequence[Policy]) -> bool:
    """Tell whether somebody moved a time in a row of their own, for what is theirs below it as it is for everybody's.

    Whoever extends what they have bought gets further: nobody else sees that, or the rule asks whose it is.
    """
    owners = [_owning(each, found.relation) for each in branches]
    if found.column not in {name for each in of for name in each.moments} or not branches or not all(owners):
        return False
    mine = {name for each in owners for name in each}
    seen = [part for each in of if each.command in ("*", "r") for part in _branches(each.using or "true")]
    if all(_owning(part, found.relation) & mine for part in seen):
        return False
    for gain in found.gains:
        relation, code = str(gain["relation"]), {"update": "w", "delete": "d"}.get(str(gain["command"]))
        below = [each for each in others if each.relation == relation and each.command in ("*", code)]
        asking = [part for each in below for part in _branches(each.using or "true")]
        hangs_below = any(found.relation in each.parents for each in below)
        if gain["actor"] != found.actor or not code or not hangs_below:
            return False
        if not all(_owning(part, relation) and not _asks_whose(part, found.relation, mine) for part in asking):
            return False
    return bool(found.gains)


def _asks_whose(part: Tree, parent: str, owners: set[str]) -> bool:
    """Tell whether part of a condition looks at whose a row of the parent is; a function may."""
    place = tuple(name.strip('"') for name in parent.rsplit(".", 1))
    calls = (name for each in part.find_all(exp.Dot) if (name := called(each)))
    looks = any(each.name in owners and table_of(each) == place for each in part.find_all(exp.Column))
    return looks or any(name[0] not in ("", "auth") for name in calls)


def _owning(part: Tree, relation: str) -> set[str]:
    """Return the columns of the row that part of a condition compares with the caller's id, as all of it asks."""
    found = set[str]()
    for each in _conjuncts(part):
        sides = [bare(each.this), bare(each.expression)] if isinstance(each, exp.EQ) else []
        if any(called(side) == ("auth", "uid") for side in sides):
            found |= own_columns(each, relation.rpartition(".")[2].strip('"'))
    return found


def _branches(text: str) -> list[Tree]:
    tree = bare(parsed(text))
    return [*map(bare, tree.flatten())] if isinstance(tree, exp.Or) else [tree]


def _holds(stage: Stage, found: Found, office: Tree) -> bool:
    """Tell whether somebody holds an office that is not of some rows, and that not every member has."""
    if own_columns(office, found.relation.rpartition(".")[2].strip('"')):
        return False
    asked = sql.SQL("select where {}").format(sql.SQL(_text(office)))
    return works(stage, CAST[found.actor], asked) and not all(works(stage, CAST[name], asked) for name in ANYBODY)


def _asks_for_office(part: Tree, calls: Calls) -> bool:
    return any(map(OFFICE.search, _looked_up(part, calls)))


def _is_open(policy: Policy, calls: Calls) -> bool:
    """Tell whether a policy lets in whoever comes where it says so, and says what they are there."""
    conjuncts = _conjuncts(bare(parsed(policy.check or policy.using or "true")))
    table = policy.relation.rpartition(".")[2].strip('"')
    said = {name for part in conjuncts if not part.find(exp.Dot, exp.Select) for name in own_columns(part, table)}
    is_open = any(_OPEN.search(word) for part in conjuncts for word in _looked_up(part, calls))
    return is_open and {*policy.choices} <= said


def _looked_up(part: Tree, calls: Calls) -> set[str]:
    """Return the names of all that a part of a condition looks at where it looks something up."""
    bodies = [each.plain for each in calls.led_to([_text(part)]) if each.name and each.schema != "auth"]
    texts = [*map(_text, part.find_all(exp.Select)), *bodies]
    return {word for text in texts for word in _WORD.findall(_LITERAL.sub("", text))}


def _text(tree: Tree) -> str:
    return tree.sql(dialect="postgres", normalize_functions=False)
