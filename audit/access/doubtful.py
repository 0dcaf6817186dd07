"""What is doubtful of tables that nobody has declared: their own policies say whose the rows are, and one forgets it.

Three kinds. A policy opens to whoever belongs to anything what the others of its table keep to one tenant; rows that
others see hold what one must know to get in: codes, tokens, links; and visitors see how persons are reached.

Which policies come into question is read from them; that somebody reaches such rows is seen by acting. Without a column
that other policies respect nothing is told: a catalogue is for everybody, and what members share is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sqlglot import exp

from audit.access.results import COMMANDS, Doubtful
from audit.access.rules import Known, Rule
from audit.catalog.calls import Calls
from audit.catalog.expressions import Tree, called, own_columns, parsed
from audit.evidence import Unchecked
from audit.names import LETTING_IN, NUMBERS, secret_columns
from audit.people import CAST

KINDS = ("tenants", "codes", "persons")

# Who takes part in something, or in nothing: nobody who may look after all tenants.
PEOPLE = ("anon", "nobody", "guest", "pending", "alice", "bob", "stranger")
VISITORS = ("anon",)
OUTSIDE = ("anon", "nobody", "guest", "pending", "stranger")

_CLAIMS = re.compile(r"\bauth\s*\.\s*jwt\s*\(|request\.jwt\.claim", re.IGNORECASE)
_CALLER = re.compile(r"\bauth\s*\.\s*(uid|jwt|email)\s*\(|request\.jwt|current_setting", re.IGNORECASE)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")

# Columns of texts, ids and days: name, default, whether it is in the primary key, whether it refers to another table,
# which API roles may read it, and whether the table has one row for each person.
COLUMNS = """
select t.relation, a.attname::text, coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''), a.attname = any (t.keys),
       exists (select from pg_catalog.pg_constraint k
               where k.conrelid = t.id and k.contype = 'f' and a.attnum = any (k.conkey)),
       array(select r from unnest(array['anon', 'authenticated']) as r
             where pg_catalog.has_column_privilege(r, t.id, a.attnum, 'select')),
       exists (select from pg_catalog.pg_index i
               join pg_catalog.pg_attribute k on k.attrelid = t.id and k.attnum = i.indkey[0]
               where i.indrelid = t.id and i.indisunique and i.indnkeyatts = 1 and i.indpred is null
               and k.attname = any (t.people))
from pg_temp.audit_table t
join pg_catalog.pg_attribute a on a.attrelid = t.id and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type y on y.oid = a.atttypid
left join pg_catalog.pg_attrdef d on d.adrelid = t.id and d.adnum = a.attnum and a.attgenerated = ''
where t.relation = any (%s)
and (y.typcategory = 'S' or y.typname in ('uuid', 'bytea', 'date', 'int4', 'int8', 'json', 'jsonb'))
order by 1, a.attnum
"""
_PERSONAL = re.compile(secret_columns({}), re.IGNORECASE)
_RANDOM = re.compile(r"random|uuid_generate_v4|gen_salt|nanoid", re.IGNORECASE)


class Condition(NamedTuple):
    """One condition of a policy: what USING or WITH CHECK asks."""

    rule: Rule
    text: str
    of_rows: bool


@dataclass(frozen=True)
class Plan:
    """What is to be observed of a table: rows beyond what ``kept`` lets through, and who may be to blame.

    ``columns`` are those that tell tenants apart, or that let one in; ``commands`` are those that are looked at.
    """

    kind: str
    relation: str
    kept: tuple[str, ...]
    blamed: frozenset[str]
    kept_by: tuple[str, ...]
    columns: Mapping[str, Collection[str]]


class Reached(NamedTuple):
    """What somebody reached of a table beyond what is kept."""

    actor: str
    shape: str
    reached: int
    policies: tuple[str, ...]


class Reader:
    """Reads what the conditions of one table's policies ask, and of whom."""

    def __init__(self, relation: str, known: Known, calls: Calls, keys: Collection[str]) -> None:
        self.relation = relation
        self.name = relation.rpartition(".")[2].strip('"')
        self.calls = calls
        self.keys = frozenset(keys)
        self.rules = [rule for rule in known.rules.get(relation, ()) if rule.permissive]

    @cached_property
    def conditions(self) -> list[Condition]:
        """All conditions of the permissive policies."""
        found = [Condition(rule, rule.using, of_rows=True) for rule in self.rules if rule.using]
        return found + [Condition(rule, rule.check, of_rows=False) for rule in self.rules if rule.check]

    def columns(self, text: str, *, looked_up: bool = False) -> set[str]:
        """Return the table's own columns by which a condition ties a row to something else than a constant.

        ``looked_up``: to what is looked up about the caller, and not to the caller's id.
        """
        tree = parsed(text)
        own = own_columns(tree, self.name)
        columns = [each for each in tree.find_all(exp.Column) if each.name in own]
        return {each.name for each in columns if _leads_on(each, own, looked_up=looked_up)}

    def tables(self, text: str) -> set[tuple[str, str]]:
        """Return the other tables that a condition looks at, also through functions and views."""
        own = tuple(part.strip('"') for part in self.relation.rsplit(".", 1))
        platform = {"auth", "storage", "realtime"}
        found = self.calls.looks_at(each for each in self.calls.led_to([text]) if each.schema not in platform)
        return {each for each in found if each != own and each[0] not in platform}

    def texts(self, text: str) -> list[str]:
        """Return the sub-selects of a condition, and the bodies of what it calls: where somebody is looked up."""
        bodies = [each.plain for each in self.calls.led_to([text]) if each.name and each.schema != "auth"]
        return [*(each.sql(dialect="postgres") for each in parsed(text).find_all(exp.Select)), *bodies]

    def asks(self, text: str) -> bool:
        """Tell whether a condition asks who the caller is, or looks something up."""
        return bool(self.tables(text)) or any(_CALLER.search(each) for each in (text, *self.texts(text)))

    def claims(self, text: str) -> set[str]:
        """Return the words of a condition that reads the caller's claims; none where it does not."""
        texts = [each for each in (text, *self.texts(text)) if _CLAIMS.search(each)]
        return {word for each in texts for word in _LITERAL.findall(each)}

    def ranks(self, text: str) -> set[str]:
        """Return the words that a condition compares with where it looks somebody up."""
        return {word for each in self.texts(text) for word in _LITERAL.findall(each)}

    def ties(self, text: str) -> bool:
        """Tell whether a condition ties a row to the caller by one of the row's columns."""
        return bool(self.columns(text)) and self.asks(text)

    def of_tenants(self, text: str) -> bool:
        """Tell whether a condition ties a row to something that the caller belongs to, and that is not the row."""
        joined = bool(self.tables(text) or self.claims(text))
        return joined and self.columns(text, looked_up=True) not in (set(), self.keys)

    def forgets(self, one: Condition, other: Condition) -> bool:
        """Tell whether a condition asks about belonging as another does, and not about the row, and asks no more."""
        if (
            not one.of_rows
            or one.text == other.text
            or self.columns(one.text) & self.columns(other.text, looked_up=True)
        ):
            return False
        if self.claims(one.text):
            return self.claims(one.text) <= self.claims(other.text)
        shared = self.tables(one.text) & self.tables(other.text)
        return bool(shared) and self.ranks(one.text) <= self.ranks(other.text)


def _leads_on(column: exp.Column, own: Collection[str], *, looked_up: bool) -> bool:
    """Tell whether a column is compared with what is looked up or asked of the caller, or given to a function."""
    around = list(_above(column))
    compares = next((each for each in reversed(around) if isinstance(each, exp.Predicate)), None)
    calls = [each for each in (compares.find_all(exp.Dot) if compares else around) if isinstance(each, exp.Dot)]
    if any(not looked_up or (each.this.name, called(each)) != ("auth", ("auth", "uid")) for each in calls):
        return True
    if compares is None:
        return False
    others = (each for each in compares.find_all(exp.Column) if each.name not in own or each.table != column.table)
    return compares.find(exp.Table if looked_up else exp.Select) is not None or any(others)


def _above(node: Tree) -> Iterator[Tree]:
    """Yield what a node is within, up to the next condition."""
    above = node.parent
    while above is not None and not isinstance(above, exp.Connector | exp.Not | exp.Select):
        yield above
        above = above.parent


def plans(
    relations: Iterable[str],
    known: Known,
    calls: Callable[[], Calls],
    columns: Sequence[Sequence[Any]],
    keys: Mapping[str, Collection[str]],
    doubts: list[str],
) -> Iterator[tuple[str, list[Plan]]]:
    """Yield the tables of some whose rules say whose the rows are, and what is to be observed of each.

    ``columns`` are COLUMNS' rows. What cannot be read is added to ``doubts``.
    """
    for relation in relations:
        if not known.security.get(relation) or not known.rules.get(relation):
            continue
        reader = Reader(relation, known, calls(), keys.get(relation, ()))
        try:
            tied = [each for each in reader.conditions if reader.ties(each.text)]
            if tied:
                shown = _shown(reader, tied, [row[1:] for row in columns if row[0] == relation])
                yield relation, [*_of_tenants(reader), *shown]
        except Unchecked as doubt:
            doubts.append(f"{relation}: {doubt.reason}")


def _of_tenants(reader: Reader) -> Iterator[Plan]:
    keeping = [each for each in reader.conditions if reader.of_tenants(each.text)]
    against = [(one, [other for other in keeping if reader.forgets(one, other)]) for one in reader.conditions]
    forgetful = [(one, others) for one, others in against if others]
    if forgetful:
        texts = {one.text for one, _ in forgetful}
        kept_by = {other.rule.name: other for _, others in forgetful for other in others}
        columns = {name for each in kept_by.values() for name in reader.columns(each.text, looked_up=True)}
        others = [each for each in reader.conditions if each.text not in texts]
        kept = tuple(each.text for each in others if each.of_rows or reader.ties(each.text))
        names = frozenset(one.rule.name for one, _ in forgetful)
        told: dict[str, Collection[str]] = dict.fromkeys(sorted(columns), ())
        yield Plan("tenants", reader.relation, kept, names, tuple(sorted(kept_by)), told)


def _shown(reader: Reader, tied: Sequence[Condition], columns: Sequence[Sequence[Any]]) -> Iterator[Plan]:
    kept, kept_by = tuple(each.text for each in tied), tuple(sorted({each.rule.name for each in tied}))
    for kind, shown in (("codes", _codes(reader.name, columns)), ("persons", _personal(columns))):
        if shown:
            yield Plan(kind, reader.relation, kept, frozenset(), kept_by, shown)


def _codes(table: str, columns: Sequence[Sequence[Any]]) -> dict[str, Collection[str]]:
    return {
        name: roles
        for name, default, key, refers, roles, _ in columns
        if roles and not refers and lets_in(table, name, default, key=key)
    }


def _personal(columns: Sequence[Sequence[Any]]) -> dict[str, Collection[str]]:
    """Return the columns by which visitors reach or know a person, of a table with one row for each."""
    return {
        name: roles
        for name, *_, roles, of_person in columns
        if of_person and "anon" in roles and _PERSONAL.search(name) and not LETTING_IN.search(name)
    }


def lets_in(table: str, column: str, default: str, *, key: bool) -> bool:
    """Tell whether whoever knows what a column holds gets in somewhere, by its name or by how it is made."""
    if LETTING_IN.search(column):
        return True
    if not _RANDOM.search(default):
        return False
    # A key that nobody guesses is an id, but for tables of links and passes, of which it is all that one needs.
    return bool(LETTING_IN.search(table)) if key else not NUMBERS.search(column)


def told(plan: Plan, cells: Sequence[Reached]) -> Iterator[Doubtful]:
    """Yield what the observed cells of a plan show, a finding for each policy."""
    found: dict[str, list[Reached]] = {}
    for cell in cells:
        if cell.reached and _counts(plan, cell):
            for name in cell.policies:
                if not plan.blamed or name in plan.blamed:
                    found.setdefault(name, []).append(cell)
    for name, those in found.items():
        readable = {c for c, roles in plan.columns.items() if not roles or any(_role(e) in roles for e in those)}
        yield Doubtful(
            plan.kind,
            name,
            plan.relation,
            tuple(dict.fromkeys(cell.actor for cell in those)),
            tuple(sorted({_command(cell.shape) for cell in those}, key=COMMANDS.index)),
            tuple(sorted(readable)),
            tuple(each for each in plan.kept_by if each != name) or plan.kept_by,
            max(cell.reached for cell in those),
        )


def _counts(plan: Plan, cell: Reached) -> bool:
    if plan.kind == "tenants":
        return cell.actor in PEOPLE and cell.shape != "insert"
    readable = any(_role(cell) in roles for roles in plan.columns.values())
    return cell.actor in (OUTSIDE if plan.kind == "codes" else VISITORS) and cell.shape == "select" and readable


def _role(cell: Reached) -> str:
    return CAST[cell.actor].role


def _command(shape: str) -> str:
    return shape.removesuffix(" blind")
