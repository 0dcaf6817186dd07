"""Whether the rows decide what the rules of access hinge on: each condition of a policy once for, once against.

A condition decides for a row and a person when the policy says another thing with it than without it. If no row does
so, nobody would notice that the condition is gone, wrong, or too much: the audit cannot tell such a policy from a laxer
or a stricter one. What asks other rows, in a sub-select or a function, is to let somebody in at least: where it never
does, nobody can see what a change of those other rows would open. Each of the people asks with their own role, so that
what sub-selects see is what they see.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from time import monotonic
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlglot import exp

from audit.catalog.expressions import called, parsed, table_of
from audit.evidence import Unchecked
from audit.people import CAST

# The rows of a table that are looked at, and how long a question about one table may take.
MOST_ROWS, MOST_THEIRS = 60, 30
EVERYBODY = [person.id for person in CAST.values() if person.id]
MOST_CHOSEN = 8
VISITORS = "anon"
TIMEOUT_MS, MOST_S, MOST_S_EACH = 1_000, 15.0, 0.3
# A policy with more conditions than this is left out: the questions would take too long.
MOST_CONDITIONS = 40
# With more parts than this nobody works out whether one of them can matter.
MOST_ATOMS = 8

# What lets rows of exposed tables be seen and changed, all names qualified under an empty search_path.
_POLICIES = """
select p.polrelid::bigint, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
       pg_catalog.quote_ident(c.relname), p.polname::text, pg_catalog.pg_get_expr(p.polqual, p.polrelid),
       array(select pg_catalog.quote_ident(r.rolname) from pg_catalog.pg_roles r
             where pg_catalog.quote_ident(r.rolname) = any ($2) and exists (
                 select from unnest(p.polroles) as named
                 where named = 0 or pg_catalog.pg_has_role(r.oid, named, 'usage')))
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid and c.relrowsecurity
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where p.polqual is not null and n.nspname = any ($1) and exists (
    select from pg_catalog.pg_roles r
    where pg_catalog.quote_ident(r.rolname) = any ($2) and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage')
    and pg_catalog.has_any_column_privilege(r.oid, c.oid, 'select, update'))
order by 1, p.polname
"""


# Those whose rights functions work with that row level security binds: whoever calls such a function is let in by the
# policies for its owner (https://www.postgresql.org/docs/current/ddl-rowsecurity.html).
_OWNERS = """
select distinct pg_catalog.quote_ident(r.rolname)
from pg_catalog.pg_proc f
join pg_catalog.pg_roles r on r.oid = f.proowner and not r.rolsuper and not r.rolbypassrls
where f.prosecdef and exists (select from pg_catalog.pg_policy p where r.oid = any (p.polroles))
"""

# Tables that show a role none of their rows: row level security, and no permissive policy for reading.
_HIDDEN = """
select n.nspname::text, c.relname::text, array(
    select pg_catalog.quote_ident(r.rolname) from pg_catalog.pg_roles r
    where pg_catalog.quote_ident(r.rolname) = any ($1) and not r.rolsuper and not r.rolbypassrls
    and (c.relforcerowsecurity or not pg_catalog.pg_has_role(r.oid, c.relowner, 'usage'))
    and not exists (
        select from pg_catalog.pg_policy p
        where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*') and exists (
            select from unnest(p.polroles) as named where named = 0 or pg_catalog.pg_has_role(r.oid, named, 'usage'))))
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relrowsecurity and c.relkind in ('r', 'p')
"""

_IDS = """
select pg_catalog.quote_ident(attname) from pg_catalog.pg_attribute
where attrelid = $1::bigint::oid and atttypid = 'pg_catalog.uuid'::pg_catalog.regtype
and attnum > 0 and not attisdropped
order by attnum limit 12
"""


@dataclass
class Condition:
    """A condition: its policy's expression with it as it is, always true and always false; and what was seen of it.

    ``relation`` is the number and ``place`` the quoted name of the policy's table, ``columns`` those of its row that
    the condition is about, ``others`` those that the policy asks about besides. ``seen``: True where the condition is
    all that lets somebody in, False where it is all that keeps somebody out. ``held``: it is true of some row;
    ``ruled_out``: the table's constraints refuse rows that it would decide; ``hidden`` is a table that it looks into
    and that shows those whom the policy is for none of its rows. ``needs`` is what is to be seen of it; ``asked``: the
    people it is about were asked, and there was time to.
    """

    relation: int
    place: str
    policy: str
    roles: frozenset[str]
    text: str
    columns: tuple[str, ...]
    others: tuple[str, ...]
    whole: str
    always: str
    never: str
    seen: set[bool] = field(default_factory=set)
    held: bool = False
    asked: bool = False
    ruled_out: bool = False
    hidden: str = ""
    needs: frozenset[bool] = frozenset({True, False})

    @property
    def lacking(self) -> frozenset[bool]:
        """What was not seen of it yet."""
        return self.needs - self.seen

    @property
    def is_known(self) -> bool:
        """Whether it is known what the policy does: it makes no difference, or constraints do not let it make one."""
        return self.ruled_out or (bool(self.hidden) and not self.held) or (self.held and bool(self.seen & self.needs))

    def decides(self, value: bool) -> str:
        """Write the condition on a row that the policy lets through, or not, because of this condition alone."""
        whole, *others = (f"coalesce({part}, false)" for part in (self.whole, self.always, self.never))
        return f"{whole} = {value} and ({' or '.join(f'{other} <> {value}' for other in others)})"

    def __str__(self) -> str:
        """Say which row would be needed."""
        if not self.asked:
            return f"{self.place}: there was no time to see whether rows tell that {self.text} (policy {self.policy})"
        if self.ruled_out:
            return f"{self.place}: constraints leave no row to condition {self.text} of policy {self.policy}"
        if not self.held and self.hidden:
            nobody = f"{self.hidden} shows nobody a row, so that nobody is let in by it"
            return f"{self.place}: policy {self.policy} asks whether {self.text}: {nobody}"
        if not self.held:
            return f"{self.place}: there is no row for which {self.text} (policy {self.policy})"
        if not self.seen:
            return f"{self.place}: there is no row for which it matters that {self.text} (policy {self.policy})"
        return f"{self.place}: no row tells policy {self.policy} from one without {self.text}"


class Deciding:
    """Asks which conditions the rows decide, for some people: a role and an expression that sets the claims, each.

    ``conn`` is in a transaction, its role sees all rows. Questions are undone.
    """

    def __init__(self, conn: psycopg.Connection[Any], people: Iterable[tuple[str, str]]) -> None:
        self.conn, self.people = conn, list(people)
        self.cursor = psycopg.RawCursor(conn, row_factory=tuple_row)
        self.mute: dict[str, None] = {}
        self.names: dict[int, tuple[str, str]] = {}
        self.until = monotonic() + MOST_S
        self.late = False

    def _in_time(self) -> bool:
        """Tell whether there is time left; ``late`` remembers that there was none, on a busy machine perhaps."""
        self.late |= monotonic() >= self.until
        return monotonic() < self.until

    def undecided(self, schemas: Iterable[str]) -> list[Condition]:
        """Return the conditions that no row decides for anybody. Raises psycopg.Error without a connection."""
        with self._asking():
            conditions = self._conditions(schemas)
            self.until += MOST_S_EACH * len(self.names)
            rows = {oid: self.rows(oid) for oid in self.names}
            for role, claims in self.people:
                for oid, given in rows.items():
                    open_ = [c for c in conditions if c.relation == oid and c.lacking and role in c.roles]
                    if open_ and given and self._in_time():
                        self._look(json.dumps(given), (role, claims), open_)
            empty = {oid for oid, given in rows.items() if not given}
        if not self._in_time():
            self.mute["there was no time for all conditions"] = None
        lacking = (c for c in conditions if c.lacking and c.relation not in empty)
        return [c for c in lacking if c.policy not in self.mute]

    def go_on(self, number: int) -> None:
        """Take time anew, for so many conditions."""
        self.until = monotonic() + MOST_S + MOST_S_EACH * number

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with self._undone():
            self.cursor.execute(f"set local search_path = ''; set local statement_timeout = {TIMEOUT_MS}")
            yield

    @contextmanager
    def _undone(self) -> Iterator[None]:
        self.cursor.execute("savepoint deciding")
        try:
            yield
        finally:
            if not self.conn.closed:
                self.cursor.execute("rollback to savepoint deciding; release savepoint deciding")

    def _conditions(self, schemas: Iterable[str]) -> list[Condition]:
        found: list[Condition] = []
        owners = [owner for (owner,) in self.cursor.execute(_OWNERS).fetchall()]
        self.people += [(owner, claims) for owner, (_, claims) in product(owners, self.people)]
        roles = list({role for role, _ in self.people})
        hidden = {(schema, name): {*from_} for schema, name, from_ in self.cursor.execute(_HIDDEN, (roles,)).fetchall()}
        for relation, place, alias, name, text, of_roles in self.cursor.execute(
            _POLICIES, (list(schemas), roles)
        ).fetchall():
            if not of_roles:  # it lets in nobody who could ask
                continue
            self.names[relation] = (place, alias)
            try:
                more = list(_conditions(relation, place, name, frozenset(of_roles), text))
                if of_roles == [VISITORS]:  # who have no id: whatever is compared with it is so for none of them
                    more = [each for each in more if not _asks_for_the_id(each.text)]
            except Unchecked:
                self.mute[name] = None
            else:
                found += more if len(more) <= MOST_CONDITIONS else []
        for each in found:
            tables = {(table.db, table.name) for table in parsed(each.text).find_all(exp.Table)}
            shut = sorted(table for table in tables if each.roles <= hidden.get(table, set()))
            each.hidden = ".".join(shut[0]) if shut else ""
        return found

    def rows(self, relation: int) -> list[dict[str, Any]]:
        """Return some rows of a table, as documents: those that name the cast, and the first ones."""
        place, _ = self.names[relation]
        columns = [name for (name,) in self.cursor.execute(_IDS, (relation,)).fetchall()]
        theirs = [
            f"(select * from {place} where {column} = any ($1::uuid[]) limit {MOST_THEIRS})" for column in columns
        ]
        for parts in (theirs, []):  # in a large table without an index that takes too long
            some = " union all ".join([*parts, f"(select * from {place} limit {MOST_ROWS})"])
            question = f"select jsonb_agg(to_jsonb(whole.*)) from ({some}) as whole where $1::uuid[] is not null"
            try:
                with self._undone():
                    ((rows,),) = self.cursor.execute(question.encode(), (EVERYBODY,)).fetchall()
            except psycopg.Error:
                if self.conn.closed:
                    raise
            else:
                return rows or []
        return []

    def _look(self, rows: str, person: tuple[str, str], open_: list[Condition]) -> None:
        """Note which conditions some row of a table decides, as one person; where a question fails, one by one."""
        place, alias = self.names[open_[0].relation]
        parts = [(c, value) for c in open_ for value in c.lacking]
        wanted = [c.decides(value) for c, value in parts] + [c.text for c in open_]
        asked = ", ".join(f"exists (select from given as {alias} where {condition})" for condition in wanted)
        question = f"""
            with given as materialized (select * from jsonb_populate_recordset(null::{place}, $1::text::jsonb))
            select {asked}
        """
        try:
            found = self._asked(question, rows, person)[0]
        except psycopg.Error as error:
            if self.conn.closed:
                raise
            if len(open_) > 1:
                for condition in open_:
                    self._look(rows, person, [condition])
            elif not isinstance(error, psycopg.errors.RaiseException):
                self.mute[open_[0].policy] = None
            return
        for (condition, value), there in zip(parts, found, strict=False):
            condition.seen |= {value} if there else set()
        for condition, holds in zip(open_, found[len(parts) :], strict=True):
            condition.held = condition.held or holds
            condition.asked = True

    def choose(self, condition: Condition, value: bool, rows: list[dict[str, Any]]) -> list[int]:
        """Return the positions of rows that would decide a condition in one way for somebody."""
        place, alias = self.names[condition.relation]
        question = f"""
            select ordinality - 1 from (
                select * from jsonb_populate_recordset(null::{place}, $1::text::jsonb) with ordinality) as {alias}
            where {condition.decides(value)} limit {MOST_CHOSEN}
        """
        for person in self.people:
            if person[0] in condition.roles and self._in_time():
                try:
                    with self._asking():
                        found = self._asked(question, json.dumps(rows), person)
                except psycopg.Error:
                    if self.conn.closed:
                        raise
                    return []
                if found:
                    return [position for (position,) in found]
        return []

    def _asked(self, question: str, rows: str, person: tuple[str, str]) -> list[tuple[Any, ...]]:
        """Ask as one person, with $1, because a percent sign in a policy is no placeholder."""
        role, claims = person
        with self._undone():
            self.cursor.execute(f"select {claims}; set local role {role}")
            return self.cursor.execute(question.encode(), (rows,)).fetchall()


# What conditions there are


def _conditions(relation: int, place: str, policy: str, roles: frozenset[str], text: str) -> Iterator[Condition]:
    """Yield the conditions of an expression that a row can be made for. Raises Unchecked."""
    tree = exp.Paren(this=parsed(text).copy())
    every = {column.name for column in tree.find_all(exp.Column) if _is_own(column)}
    leaves = list(_leaves(tree))
    texts = [leaf.sql(dialect="postgres") for leaf in leaves]
    for i, leaf in enumerate(leaves):
        if texts.index(texts[i]) == i and _is_simple(leaf) and _matters(tree, texts[i]):
            alike = [j for j, other in enumerate(texts) if other == texts[i]]
            mine = tuple(sorted({column.name for column in leaf.find_all(exp.Column)}))
            others = tuple(sorted(every - {*mine}))
            always, never = (_with(tree, alike, value) for value in (True, False))
            yield Condition(relation, place, policy, roles, texts[i], mine, others, f"({text})", always, never)
    atoms = list(_atoms(tree))
    for i, atom in enumerate(atoms):
        mine = tuple(sorted({column.name for column in atom.find_all(exp.Column) if _is_own(column)}))
        # Of what asks about the caller alone every row tells.
        if mine and _asks_others(atom):
            others = tuple(sorted(every - {*mine}))
            always, never = (_without(tree, i, value) for value in (True, False))
            yield Condition(
                relation, place, policy, roles, atom.sql(dialect="postgres"), mine, others, f"({text})", always, never,
                needs=frozenset({True, False}),
            )  # fmt: skip


def _asks_for_the_id(text: str) -> bool:
    return any(called(node) == ("auth", "uid") for node in parsed(text).walk())


def _asks_others(atom: exp.Expr) -> bool:
    """Tell whether a condition asks other rows: by a sub-select, or by a function of the project's."""
    names = filter(None, map(called, atom.walk()))
    return atom.find(exp.Table) is not None or any(schema not in ("", "auth", "pg_catalog") for schema, *_ in names)


def _without(tree: exp.Expr, place: int, value: bool) -> str:
    """Write an expression with one of its outer conditions replaced by TRUE or FALSE."""
    copy = tree.copy()
    list(_atoms(copy))[place].replace(exp.Boolean(this=value))
    return copy.sql(dialect="postgres")


def _leaves(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the parts of a condition that are no AND, OR or NOT, and those of the sub-selects in them."""
    if isinstance(node, exp.Paren | exp.Not | exp.And | exp.Or):
        for child in (node.this, node.args.get("expression")):
            if isinstance(child, exp.Expr):
                yield from _leaves(child)
        return
    inner = list(node.find_all(exp.Where))
    # A sub-select without a condition of its own beside how it is joined is one condition.
    if not isinstance(node, exp.Exists | exp.Subquery) or not inner:
        yield node
    for where in inner:
        yield from _leaves(where.this)


def _matters(tree: exp.Expr, text: str) -> bool:
    """Tell whether a condition can make a difference at all; in "true or a = b" none does."""
    atoms = {node.sql(dialect="postgres") for node in _atoms(tree)} - {text}
    if len(atoms) > MOST_ATOMS:
        return True
    for values in product((True, False), repeat=len(atoms)):
        known = dict(zip(sorted(atoms), values, strict=True))
        if _value(tree, {**known, text: True}) != _value(tree, {**known, text: False}):
            return True
    return text not in {node.sql(dialect="postgres") for node in _atoms(tree)}


def _atoms(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the parts of a condition that are no AND, OR or NOT, sub-selects as a whole."""
    if isinstance(node, exp.Paren | exp.Not | exp.And | exp.Or):
        for child in (node.this, node.args.get("expression")):
            if isinstance(child, exp.Expr):
                yield from _atoms(child)
    elif not isinstance(node, exp.Boolean):
        yield node


def _value(node: exp.Expr, known: Mapping[str, bool]) -> bool:
    """Work out a condition whose parts have these values."""
    if isinstance(node, exp.Paren):
        return _value(node.this, known)
    if isinstance(node, exp.Not):
        return not _value(node.this, known)
    if isinstance(node, exp.And | exp.Or):
        sides = (_value(node.this, known), _value(node.expression, known))
        return all(sides) if isinstance(node, exp.And) else any(sides)
    return bool(node.this) if isinstance(node, exp.Boolean) else known[node.sql(dialect="postgres")]


def _is_simple(leaf: exp.Expr) -> bool:
    """Tell whether a condition compares the row's own columns, with words, moments or the caller: a row can be made."""
    columns = list(leaf.find_all(exp.Column))
    foreign = any(name is not None and name[0] not in ("", "auth") for name in map(called, leaf.walk()))
    return bool(columns) and all(map(_is_own, columns)) and leaf.find(exp.Table) is None and not foreign


def _is_own(column: exp.Column) -> bool:
    if table_of(column) is not None:
        return False
    select = column.find_ancestor(exp.Select)
    return bool(column.table) or select is None or not select.args.get("from_")


def _with(tree: exp.Expr, places: Sequence[int], value: bool) -> str:
    """Write an expression with some of its conditions replaced by TRUE or FALSE."""
    copy = tree.copy()
    leaves = list(_leaves(copy))
    for place in places:
        leaves[place].replace(exp.Boolean(this=value))
    return copy.sql(dialect="postgres")
