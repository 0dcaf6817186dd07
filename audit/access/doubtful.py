"""What is doubtful of tables that nobody has declared: their own policies say whose the rows are, and one forgets it.

Thirteen kinds. A policy opens to whoever belongs to anything what the others keep to one tenant; one asks nobody, and
shows what the others of its table keep to somebody; one asks a function about the row that does not look at it, or one
that is true of every row, whoever asks; one lets whoever belongs to something into every channel of a kind; one lets
people write in another's name; one lets people in by a row that has ended, or by a membership in any state; one lets
whoever reads a row remove it, where only who wrote it may change it, or writing takes a rank; rows that others see hold
what one must know to get in: codes, tokens, links; visitors see how persons are reached; and guests may what the
table's other policies refuse to guests.

Which policies come into question is read from them; that somebody reaches such rows is seen by acting. Without a column
that other policies respect nothing is told: a catalogue is for everybody, and what members share is theirs. Nor is
what says of itself that it is for all to see (``PUBLISHED``), or nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from itertools import islice, product
from typing import Any, NamedTuple, TypeVar

from sqlglot import exp

from audit.access.ends import RANK, End, Ends, Place
from audit.access.results import COMMANDS, Doubtful
from audit.access.rules import Known, Rule
from audit.catalog.calls import Calls
from audit.catalog.expressions import Tree, bare, called, own_columns, parsed, table_of
from audit.catalog.functions import IDENTITY
from audit.catalog.shown import harmless
from audit.evidence import Unchecked
from audit.names import (
    DOERS,
    KEPT_BACK,
    LETTING_IN,
    MEMBERSHIPS,
    OF_A_KIND,
    OF_BEING_IN,
    ON_ITS_WAY,
    PUBLISHED,
    RUNNING,
    WRITTEN_FOR_OTHERS,
    lets_in,
    secret_columns,
)
from audit.people import CAST
from audit.sql_text import quoted

KINDS = (
    "late",
    "twice",
    "ended",
    "states",
    "overlooked",
    "vain",
    "channels",
    "tenants",
    "open",
    "names",
    "removed",
    "ranks",
    "guests",
    "codes",
    "persons",
)

# Who takes part in something, or in nothing: nobody who may look after all tenants.
PEOPLE = ("anon", "nobody", "guest", "pending", "alice", "bob", "stranger")
VISITORS = ("anon",)
MEMBERS = ("alice", "bob", "stranger")
OUTSIDE = ("anon", "nobody", "guest", "pending", "stranger")
# The outsiders who are signed in: all of them hold an office only if everybody does.
STRANGERS = ("guest", "pending", "stranger")

# Whose functions and tables are no project's.
PLATFORM = ("auth", "storage", "realtime")

_CLAIMS = re.compile(r"\bauth\s*\.\s*jwt\s*\(|request\.jwt\.claim", re.IGNORECASE)
_CALLER = re.compile(r"\bauth\s*\.\s*(uid|jwt|email)\s*\(|request\.jwt|current_setting", re.IGNORECASE)
# Where the policies of channels find out which channel it is: https://supabase.com/docs/guides/realtime/authorization
CHANNELS, FILES, TOPIC = "realtime.messages", "storage.objects", ("realtime", "topic")
_WORD = re.compile(r"[^\W\d]\w*")
# Claims of who somebody is, and how they signed in: none says where they belong.
_OF_ONESELF = frozenset(
    {"sub", "email", "role", "authenticated", "is_anonymous", "false", "true", "aal", "aal1", "aal2", "amr"}
)
# Columns by which somebody looks after all, and does not only belong.
OFFICE = re.compile(
    r"(^|_)(roles?|rank|hr)($|_)|admin|staff|manager|moderator|editor|supervisor|superuser|officer", re.IGNORECASE
)
# Ranks of whoever looks after all tenants, in a table of members of each.
_OF_ALL = re.compile(r"super|platform|system|global|(^|_)(root|sys|site|internal|support)($|_)", re.IGNORECASE)
# What somebody is who holds none.
_ANYBODY = re.compile(
    r"^(user|member|student|customer|client|buyer|seller|vendor|driver|rider|patient|parent|guardian|tenant|guest|player|reader"
    r"|learner|pupil|participant|volunteer|viewer|subscriber|basic|free|worker|freelancer|candidate|resident)s?$",
    re.IGNORECASE,
)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")

# Columns: name, default, whether it is in the primary key, which table it refers to by itself, which API roles may read
# it, whether the table has one row for each person, whether it holds ids of people, its type's category and name, and
# whether it is in a key of several columns.
COLUMNS = """
select t.relation, a.attname::text, coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''), a.attname = any (t.keys),
       (select k.confrelid::pg_catalog.regclass::text from pg_catalog.pg_constraint k
        where k.conrelid = t.id and k.contype = 'f' and a.attnum = any (k.conkey)
        order by pg_catalog.cardinality(k.conkey), k.oid limit 1),
       array(select r from unnest(array['anon', 'authenticated']) as r
             where pg_catalog.has_column_privilege(r, t.id, a.attnum, 'select')),
       exists (select from pg_catalog.pg_index i
               join pg_catalog.pg_attribute k on k.attrelid = t.id and k.attnum = i.indkey[0]
               where i.indrelid = t.id and i.indisunique and i.indnkeyatts = 1 and i.indpred is null
               and k.attname = any (t.people)),
       a.attname = any (t.people), y.typcategory::text, y.typname::text,
       exists (select from pg_catalog.pg_index i where i.indrelid = t.id and i.indisunique and i.indnkeyatts > 1
               and a.attnum = any (i.indkey::int2[]))
from pg_temp.audit_table t
join pg_catalog.pg_attribute a on a.attrelid = t.id and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type y on y.oid = a.atttypid
left join pg_catalog.pg_attrdef d on d.adrelid = t.id and d.adnum = a.attnum and a.attgenerated = ''
where t.relation = any (%s)
order by 1, a.attnum
"""
_PERSONAL = re.compile(secret_columns({}), re.IGNORECASE)


# Of these types are codes, and what tells who somebody is.
_TELLING = ("uuid", "bytea", "date", "int4", "int8", "json", "jsonb")


class Column(NamedTuple):
    """A column of a table, as COLUMNS tells."""

    name: str
    default: str
    key: bool
    refers: str | None
    roles: Sequence[str]
    of_person: bool
    person: bool
    category: str
    kind: str
    paired: bool = False

    @property
    def telling(self) -> bool:
        """Whether it is of a type that codes have, and names, and days."""
        return self.category == "S" or self.kind in _TELLING


# A condition with more alternatives is looked at as a whole.
MOST_ALTERNATIVES = 12


class Condition(NamedTuple):
    """One condition of a policy: what USING or WITH CHECK asks. What functions do not look at is NULL in ``text``.

    ``overlooking`` are these functions, and ``given`` the row's columns that they are given for nothing.
    """

    rule: Rule
    text: str
    of_rows: bool
    overlooking: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What is to be observed of a table: rows beyond what ``kept`` lets through, and who may be to blame.

    ``columns`` are those that tell tenants apart, or that let one in; ``places`` tables in which people are looked up.
    ``of_rows``: rows that are there tell it, and not only those that somebody adds (RLS-24 tries these, too).
    ``ends`` is the table, and its column, whose rows are to have ended; ``function`` what is asked and forgets it.
    ``words``: its rows have ended that say none of these in that column; nobody lets in one of ``refused``.
    ``offices`` are the policies that are for whoever holds an office: that one of the outsiders does is no hole.
    ``above``: the row above, which not everybody signed in reads, is looked up.
    """

    kind: str
    relation: str
    kept: tuple[str, ...]
    blamed: frozenset[str]
    kept_by: tuple[str, ...]
    columns: Mapping[str, Collection[str]]
    places: frozenset[tuple[str, str]] = frozenset()
    of_rows: bool = True
    ends: tuple[str, str] | None = None
    function: str = ""
    offices: frozenset[str] = frozenset()
    above: bool = False
    words: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


class Reached(NamedTuple):
    """What somebody reached of a table beyond what is kept; ``all``: there is no more than that."""

    actor: str
    shape: str
    reached: int
    policies: tuple[str, ...]
    all: bool = False


T = TypeVar("T")


def _known(said: Callable[..., T]) -> Callable[..., T]:
    """Remember what a reader says of a text: conditions are compared with each other, and each is read many times."""

    @wraps(said)
    def told(reader: Reader, text: str, **named: bool) -> T:
        key = (said.__name__, text, *named.values())
        if key not in reader.said:
            reader.said[key] = said(reader, text, **named)
        found: T = reader.said[key]
        return found

    return told


class Reader:
    """Reads what the conditions of one table's policies ask, and of whom."""

    def __init__(
        self,
        relation: str,
        known: Known,
        calls: Calls,
        keys: Collection[str],
        held: Mapping[str, Sequence[Column]],
    ) -> None:
        """``held`` are the columns of all tables."""
        self.relation = relation
        self.said: dict[tuple[object, ...], Any] = {}
        self.every = held
        self.name = _name(relation)
        self.calls = calls
        self.keys = frozenset(keys)
        self.held = held.get(relation, ())
        self.rules = [rule for rule in known.rules.get(relation, ()) if rule.permissive]
        self.bounds = [rule for rule in known.rules.get(relation, ()) if not rule.permissive]

    @cached_property
    def conditions(self) -> list[Condition]:
        """All conditions of the permissive policies."""
        found = [Condition(rule, rule.using, of_rows=True) for rule in self.rules if rule.using]
        found += [Condition(rule, rule.check, of_rows=False) for rule in self.rules if rule.check]
        return [self._as_it_comes_out(each) for each in found]

    def _as_it_comes_out(self, condition: Condition) -> Condition:
        """Return a condition with NULL for what it gives to functions that do not look at it."""
        tree = parsed(condition.text).copy()
        functions, given = dict[str, None](), set[str]()
        for node in list(tree.find_all(exp.Dot)):
            name, call = called(node), node.expression
            arguments = call.expressions if isinstance(call, exp.Anonymous) else []
            of_project = name is not None and arguments and name[0] not in PLATFORM
            known = self.calls.taking.get((*name, len(arguments))) if name and of_project else None
            for place, argument in enumerate(arguments, 1) if known else ():
                columns = own_columns(argument, self.name)
                if known and columns and place in known.overlooked:
                    argument.replace(exp.Null())
                    functions[known.signature] = None
                    given |= columns
        if not functions:
            return condition
        text = tree.sql(dialect="postgres", normalize_functions=False)
        return condition._replace(text=text, overlooking=tuple(functions), given=frozenset(given))

    @_known
    def columns(self, text: str, *, looked_up: bool = False) -> set[str]:
        """Return the table's own columns by which a condition ties a row to something else than a constant.

        ``looked_up``: to what is looked up about the caller, and not to the caller's id.
        """
        tree = parsed(text)
        own = own_columns(tree, self.name)
        columns = [each for each in tree.find_all(exp.Column) if each.name in own]
        return {each.name for each in columns if _leads_on(each, own, looked_up=looked_up)}

    @_known
    def tables(self, text: str) -> set[tuple[str, str]]:
        """Return the other tables that a condition looks at, also through functions and views."""
        own = _place(self.relation)
        found = self.calls.looks_at(each for each in self.calls.led_to([text]) if each.schema not in PLATFORM)
        return {each for each in found if each != own and each[0] not in PLATFORM}

    @_known
    def texts(self, text: str) -> list[str]:
        """Return the sub-selects of a condition, and the bodies of what it calls: where somebody is looked up."""
        bodies = [each.plain for each in self.calls.led_to([text]) if each.name and each.schema != "auth"]
        return [*(each.sql(dialect="postgres") for each in parsed(text).find_all(exp.Select)), *bodies]

    @_known
    def asks(self, text: str) -> bool:
        """Tell whether a condition asks who the caller is, or looks something up."""
        return bool(self.tables(text)) or self.asks_the_caller(text)

    @_known
    def asks_the_caller(self, text: str) -> bool:
        """Tell whether a condition asks who calls, and does not leave it to the rules of what it looks up."""
        return any(_CALLER.search(each) for each in (text, *self.texts(text)))

    @_known
    def claims(self, text: str) -> set[str]:
        """Return the words of a condition that reads the caller's claims; none where it does not.

        What the claims say of the caller alone is left out: their id, their address, whether they are a guest.
        """
        texts = [each for each in (text, *self.texts(text)) if _CLAIMS.search(each)]
        return {word for each in texts for word in _LITERAL.findall(each)} - _OF_ONESELF

    @_known
    def ranks(self, text: str) -> set[str]:
        """Return the words that a condition compares with where it looks somebody up, or that it asks of the caller."""
        tree = parsed(text)
        own = own_columns(tree, self.name)
        asking = (
            node
            for node in tree.find_all(exp.Dot, exp.EQ, exp.In)
            if not any(column.name in own for column in node.find_all(exp.Column))
        )
        said = {each.name for node in asking for each in node.find_all(exp.Literal) if each.is_string}
        return said | {word for each in self.texts(text) for word in _LITERAL.findall(each)}

    @_known
    def named(self, text: str) -> set[str]:
        """Return the words by which a condition names what it looks at where it looks somebody up."""
        return {word for each in self.texts(text) for word in _WORD.findall(_LITERAL.sub("", each))}

    def ties(self, text: str) -> bool:
        """Tell whether a condition ties a row to the caller by one of the row's columns."""
        return bool(self.columns(text)) and self.asks(text)

    @cached_property
    def owning(self) -> set[str]:
        """Return the columns by which the policies tie rows that are there to the caller."""
        return {name for each in self.conditions if each.of_rows for name in self.columns(each.text)}

    @cached_property
    def tenants(self) -> Mapping[tuple[str, ...], frozenset[str]]:
        """Return of each table what its rows belong to: the other tables, but for those of people, it refers to."""
        return {
            _place(name): frozenset(each.refers for each in columns if each.refers and not each.person)
            for name, columns in self.every.items()
        }

    def of_tenants(self, text: str) -> bool:
        """Tell whether a condition ties a row to something that the caller belongs to, and that is not the row."""
        joined = bool(self.tables(text) or self.claims(text))
        return joined and self.columns(text, looked_up=True) not in (set(), self.keys)

    def refuses_guests(self, text: str) -> bool:
        """Tell whether a condition asks whether the caller is a guest."""
        return any("is_anonymous" in each for each in (text, *self.texts(text)))

    def invites(self, text: str) -> bool:
        """Tell whether a condition lets people in for who they are, and does not only keep some of them out."""
        return any(self._is_question(node) and not _denied(node) for node in parsed(text).walk())

    def _is_question(self, node: Tree) -> bool:
        """Tell whether a part of a condition looks something up, or asks who the caller is, beyond being signed in."""
        name = called(node) if isinstance(node, exp.Dot) else None
        if name in (TOPIC, ("auth", "role")) or (name in IDENTITY and isinstance(_beyond_casts(node), exp.Is)):
            return False
        return isinstance(node, exp.Table) or bool(name and self.asks(node.sql(dialect="postgres")))

    def published(self, text: str) -> bool:
        """Tell whether a condition says of a row that it is for all to see, or that it is nobody's."""
        tree = parsed(text)
        own = own_columns(tree, self.name)
        parts = [
            each for each in tree.find_all(exp.Column, exp.Literal) if isinstance(each, exp.Literal) or each.name in own
        ]
        # Whose a row is, is looked at where it is read; who has done something with it may still be missing.
        owners = {each.name for each in self.held if each.refers or each.person} & self.owning
        empty = (bare(each.this) for each in tree.find_all(exp.Is) if not each.args.get("negate"))
        said = any((KEPT_BACK if _denied(each) else PUBLISHED).search(each.name) for each in parts)
        said = said or any(RUNNING.search(each.name) for each in parts)
        said = said or any(map(_says_a_state, tree.find_all(exp.EQ)))
        said = said or any(each.name in self.offers and _is_asked_for(each) for each in tree.find_all(exp.Column))
        return said or any(isinstance(each, exp.Column) and each.name in own & owners for each in empty)

    @cached_property
    def offers(self) -> set[str]:
        """Return the flags that are not set by default, and that whose the row is may set: to show it is their wish."""
        changing = any(
            each.rule.command in ("*", "w") and each.of_rows and self.ties(each.text) for each in self.conditions
        )
        return {each.name for each in self.held if changing and each.category == "B" and each.default != "true"}

    def for_an_office(self, text: str) -> bool:
        """Tell whether a condition lets in those alone who hold an office, such as managers."""
        is_of_one = any(OFFICE.search(word) for word in self.named(text))
        return is_of_one and not any(_ANYBODY.search(word) for word in self.ranks(text))

    def forgets(self, one: Condition, other: Condition) -> bool:
        """Tell whether a condition asks about belonging as another does, and not about the row, and asks no more."""
        if (
            one.text == other.text
            or self.columns(one.text, looked_up=True)
            or self.columns(one.text) & self.columns(other.text, looked_up=True)
        ):
            return False
        if self.claims(one.text):
            return self.claims(one.text) <= self.claims(other.text)
        looked_at = self.tables(one.text)
        # Whoever has any row of the table that this one belongs to has not been asked for that one.
        places = {
            each.name for each in self.held if each.refers and _name(each.refers) in {name for _, name in looked_at}
        }
        asks_no_more = self.ranks(one.text) <= self.ranks(other.text)
        kept_apart = self.columns(other.text, looked_up=True)
        # A rank is one among the members of the row's tenant where the table that says so has the tenant as well.
        parents = {each.refers for each in self.held if each.name in kept_apart and each.refers and not each.person}
        parents |= {above for each in parents for above in self.tenants.get(_place(each), ())}
        more = self.ranks(one.text) - self.ranks(other.text)
        # A file's tenant is in its path.
        of_tenant = not any(map(_OF_ALL.search, more)) and any(
            self.relation == FILES or parents & self.tenants.get(e, set()) for e in looked_at if self.tenants.get(e)
        )
        # Who is somewhere as a manager has been asked for more than for belonging.
        is_ranked = not asks_no_more and any(OFFICE.search(word) for word in self.named(one.text))
        belongs = of_tenant or (not is_ranked and bool(places & kept_apart))
        return bool(looked_at & self.tables(other.text)) and (asks_no_more or belongs)


class Lent(NamedTuple):
    """What a table's policies say of the tenants of its rows, by ``column``."""

    reader: Reader
    condition: Condition
    column: Column


def branches(text: str) -> list[str]:
    """Return the alternatives of a condition; one that has none, as it is. Raises Unchecked."""
    parts = _alternatives(parsed(text))
    if not 1 < len(parts) <= MOST_ALTERNATIVES:
        return [text]
    return [part.sql(dialect="postgres", normalize_functions=False) for part in parts]


def _alternatives(tree: Tree) -> list[Tree]:
    """Return the alternatives of a condition: "a and (b or c)" has two."""
    node = bare(tree)
    if isinstance(node, exp.Or):
        return [*_alternatives(node.left), *_alternatives(node.right)]
    if isinstance(node, exp.And):
        pairs = product(_alternatives(node.left), _alternatives(node.right))
        return [exp.and_(one, other) for one, other in islice(pairs, MOST_ALTERNATIVES + 1)]
    return [tree]


def _place(relation: str) -> tuple[str, ...]:
    """Return schema and name of a table."""
    return tuple(part.strip('"') for part in relation.rsplit(".", 1))


def _name(relation: str) -> str:
    """Return the name of a table without its schema."""
    return relation.rpartition(".")[2].strip('"')


def _beyond_casts(node: Tree) -> Tree | None:
    """Return what a node is an operand of, sub-selects of one expression, casts and parentheses aside."""
    above = node.parent
    while isinstance(above, exp.Paren | exp.Cast | exp.Alias | exp.Select | exp.Subquery):
        above = above.parent
    return above


def _says_a_state(node: exp.EQ) -> bool:
    """Tell whether a row is for all once it has come as far as a word says that is none of work in progress."""
    column, word = bare(node.this), bare(node.expression)
    return (
        isinstance(column, exp.Column)
        and isinstance(word, exp.Literal)
        and not OF_A_KIND.search(column.name)
        and not ON_ITS_WAY.search(word.name)
        and not _denied(column)
    )


def _is_asked_for(column: exp.Column) -> bool:
    """Tell whether a flag has to be set, and not only to be anything but false."""
    above = _beyond_casts(column)
    plainly = above is None or isinstance(above, exp.Connector)
    says_true = isinstance(above, exp.Is | exp.EQ) and isinstance(bare(above.expression), exp.Boolean)
    return (plainly or says_true) and not _denied(column)


def _denied(node: Tree) -> bool:
    """Tell whether what a part of a condition says keeps people out."""
    above, odd = node.parent, False
    while above is not None:
        odd ^= isinstance(above, exp.Not | exp.NEQ) or bool(above.args.get("negate"))
        odd ^= isinstance(above, exp.EQ | exp.Is | exp.NEQ) and any(map(_is_no, (above.this, above.expression)))
        above = above.parent
    return odd


def _is_no(node: Tree) -> bool:
    """Tell whether a part of a condition is NULL or false."""
    node = bare(node)
    return isinstance(node, exp.Null) or (isinstance(node, exp.Boolean) and not node.this)


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
    declared: Mapping[str, str],
    ends: Ends | None = None,
) -> Iterator[tuple[str, list[Plan]]]:
    """Yield the tables of some whose rules say whose the rows are, and what is to be observed of each.

    ``columns`` are COLUMNS' rows; ``declared`` is what is declared of some, which is questioned only where it goes by
    what a function says that does not look at the row. What cannot be read is added to ``doubts``. ``ends`` knows until
    when people are let in by rows of other tables.
    """
    held: dict[str, list[Column]] = {}
    for relation, *column in columns:
        held.setdefault(relation, []).append(Column(*column))
    ruled = [each for each in relations if known.security.get(each) and known.rules.get(each)]
    readers = [Reader(each, known, calls(), keys.get(each, ()), held) for each in ruled]
    lent = _lent(readers)
    forgotten = _forgotten(readers, ends) if ends and readers else []
    slack = _slack(readers, ends) if ends else []
    for reader in readers:
        try:
            tied = [each for each in reader.conditions if reader.ties(each.text)]
            of_others = (*_borrowed(reader, lent), *_by_membership(reader), *_of_parents(reader, readers))
            borrowed = [] if reader.relation in declared else [*of_others]
            planned = [*_overlooked(reader)]
            if reader.relation not in declared:
                planned += [*_ended(reader, forgotten), *_in_any_state(reader, slack)]
            if reader.relation in declared:
                text = declared[reader.relation]
                planned = [each for each in planned if any(name.partition("(")[0] in text for name in each.kept_by)]
            elif tied or borrowed or reader.relation == CHANNELS:
                shown = _shown(reader, tied, reader.held) if tied else ()
                more = (
                    _in_vain(reader, readers),
                    _any_channel(reader),
                    _of_tenants(reader, borrowed),
                    _open(reader, [*_of_parents(reader, readers)]),
                    _in_anothers_name(reader),
                    _for_guests(reader),
                    _by_readers(reader),
                    _removed_by_more(reader),
                    shown,
                )
                planned += [plan for some in more for plan in some]
            elif not planned:
                continue
            if planned or reader.relation not in declared:
                yield reader.relation, planned
        except Unchecked as doubt:
            doubts.append(f"{reader.relation}: {doubt.reason}")


def _lent(readers: Iterable[Reader]) -> dict[tuple[str | None, str], list[list[Lent]]]:
    """Return the conditions about a tenant by what the tenant is, those together that say the same of it."""
    alike: dict[tuple[object, ...], list[Lent]] = {}
    for reader in readers:
        referring = {each.name: each for each in reader.held if each.refers}
        with suppress(Unchecked):  # what cannot be read is told when its own table's turn comes
            for each in reader.conditions:
                names = own_columns(parsed(each.text), reader.name)
                column = referring.get(min(names)) if len(names) == 1 else None
                tied = reader.of_tenants(each.text) and reader.asks_the_caller(each.text)
                if column and tied and reader.columns(each.text, looked_up=True) == names:
                    text = _said_of(each.text, reader.name, column.name, ("", ""))
                    key = (column.refers, column.kind, text, each.rule.command, each.of_rows)
                    alike.setdefault(key, []).append(Lent(reader, each, column))
    found: dict[tuple[str | None, str], list[list[Lent]]] = {}
    for some in alike.values():
        found.setdefault((some[0].column.refers, some[0].column.kind), []).append(some)
    return found


def _borrowed(reader: Reader, lent: Mapping[tuple[str | None, str], Sequence[Sequence[Lent]]]) -> Iterator[Condition]:
    """Yield conditions of other tables about a tenant that this table's rows have as well, said of this table.

    Of those that say the same, one. A table of which everything is harmless to show may be meant for all tenants.
    """
    if harmless([(each.name, each.category, each.kind) for each in reader.held], reader.name):
        return
    for tenant in dict.fromkeys((each.refers, each.kind) for each in reader.held):
        here = [each for each in reader.held if (each.refers, each.kind) == tenant]
        for same in lent.get(tenant, ()):
            one = next((each for each in same if each.reader is not reader), None)
            # Of people a row may name several, each for another reason, which the column's name says.
            mine = [each for each in here if one and (each.name == one.column.name or not each.person)]
            if one is not None and mine:
                rule, theirs = one.condition.rule, (one.condition.text, one.reader.name, one.column.name)
                # A match is of both teams.
                text = " or ".join(f"({_said_of(*theirs, (reader.name, each.name))})" for each in mine)
                name = f"{rule.name} on {one.reader.relation}"
                yield Condition(replace(rule, name=name), text, one.condition.of_rows)


def _by_membership(reader: Reader) -> Iterator[Condition]:
    """Yield what a table of members says of the tenants of this table's rows, where a policy for changes looks it up.

    Whoever adds a row may hand it in to a tenant of others; who changes one has to do with it.
    """
    changing = [each for each in reader.conditions if each.of_rows and each.rule.command in ("w", "d")]
    for place in sorted({place for each in changing for place in reader.tables(each.text)}):
        name, columns = next(((n, c) for n, c in reader.every.items() if _place(n) == place), ("", ()))
        people = [each for each in columns if each.person]
        for theirs in columns if len(people) == 1 else ():
            mine = [each for each in reader.held if _alike(each, theirs) and not each.person and not each.key]
            if mine and not theirs.person:
                tied = ", ".join(f"{_in_quotes(reader.name)}.{_in_quotes(each.name)}" for each in mine)
                text = (
                    f"exists (select from {name} as of_members where of_members.{_in_quotes(theirs.name)} in ({tied})"
                    f" and of_members.{_in_quotes(people[0].name)} = auth.uid())"
                )
                yield Condition(replace(changing[0].rule, name=name, command="w"), text, of_rows=True)


def _closed(reader: Reader) -> list[Condition]:
    """Return the conditions for reading a table, or none where one of them lets people in whoever they are."""
    reading = [each for each in reader.conditions if each.of_rows and each.rule.command in ("*", "r")]
    return reading if all(reader.invites(part) for each in reading for part in branches(each.text)) else []


def _parents(reader: Reader, readers: Sequence[Reader]) -> Iterator[tuple[Column, Reader]]:
    """Yield the columns by which a table's rows hang below another's that is not a person's own row."""
    for column in reader.held:
        above = next((each for each in readers if column.refers == each.relation), None)
        if above is not None and above is not reader and not column.person:
            yield column, above


def _of_parents(reader: Reader, readers: Sequence[Reader]) -> Iterator[Condition]:
    """Yield what the table above says of whose its rows are, said of the rows below.

    A row that is itself what people belong to, by its own key, says nothing of what its members show to others.
    """
    if harmless([(each.name, each.category, each.kind) for each in reader.held], reader.name):
        return
    for column, above in _parents(reader, readers):
        keys = [each for each in above.held if each.key]
        closed = _closed(above) if len(keys) == 1 else []
        if any(above.columns(part) <= above.keys for each in closed for part in branches(each.text)):
            continue
        for each in closed:
            if above.asks_the_caller(each.text):
                name = _in_quotes(above.name)
                text = (
                    f"exists (select from {above.relation} as {name} where {name}.{_in_quotes(keys[0].name)}"
                    f" = {_in_quotes(reader.name)}.{_in_quotes(column.name)} and ({each.text}))"
                )
                yield Condition(replace(each.rule, name=f"{each.rule.name} on {above.relation}"), text, of_rows=True)


def _in_quotes(name: str) -> str:
    """Return a name in quotes, so that it may be a word of SQL."""
    return exp.to_identifier(name, quoted=True).sql(dialect="postgres")


def _alike(one: Column, other: Column) -> bool:
    """Tell whether two columns refer to the same table."""
    return one.refers is not None and one.refers == other.refers and one.kind == other.kind


def _said_of(text: str, table: str, column: str, mine: tuple[str, str]) -> str:
    """Return a condition about a column of its table as one about another table's, ``mine``."""
    tree = parsed(text).copy()
    places = [
        each
        for each in tree.find_all(exp.Column)
        if each.name == column and each.table in ("", table) and table_of(each) is None
    ]
    for each in places:
        each.replace(exp.column(mine[1], table=mine[0], quoted=True))
    return tree.sql(dialect="postgres", normalize_functions=False)


def _overlooked(reader: Reader) -> Iterator[Plan]:
    """Yield what is asked of functions about the row that do not look at it, where nothing else ties the row."""
    parts = [(condition, part) for condition in reader.conditions for part in branches(condition.text)]
    blind = [(each, part) for each, part in parts if each.overlooking and _asks_in_vain(reader, part)]
    for function in dict.fromkeys(name for each, _ in blind for name in each.overlooking):
        those = [(each, part) for each, part in blind if function in each.overlooking]
        kept = tuple(part for each, part in parts if each.of_rows and (each, part) not in those)
        names = frozenset(each.rule.name for each, _ in those)
        columns: dict[str, Collection[str]] = dict.fromkeys(sorted({c for each, _ in those for c in each.given}), ())
        of_rows = any(each.of_rows for each, _ in those)
        places = frozenset(place for _, part in those for place in reader.tables(part))
        yield Plan("overlooked", reader.relation, kept, names, (function,), columns, places, of_rows)


def _asks_in_vain(reader: Reader, part: str) -> bool:
    """Tell whether an alternative gives a function NULL, which lets people in, and ties the row by nothing else."""
    calls = [each for each in parsed(part).find_all(exp.Dot) if isinstance(each.expression, exp.Anonymous)]
    in_vain = [each for each in calls if any(isinstance(one, exp.Null) for one in each.expression.expressions)]
    return any(not _denied(each) for each in in_vain) and not reader.columns(part)


def _in_vain(reader: Reader, readers: Sequence[Reader]) -> Iterator[Plan]:
    """Yield what functions let people read that are asked about the row and the caller: it may be all, to anybody.

    As with "exists (select x in (select ...))", which is true of an empty list, too.
    """
    if harmless([(each.name, each.category, each.kind) for each in reader.held], reader.name):
        return
    reading = [each for each in reader.conditions if each.of_rows and each.rule.command in ("*", "r")]
    parts = [(each, part, _asked_about(reader, part)) for each in reading for part in branches(each.text)]
    for function in dict.fromkeys(name for each, _, names in parts for name in names if not each.overlooking):
        those = [(each, part) for each, part, names in parts if function in names and not each.overlooking]
        kept = tuple(part for each, part, _ in parts if (each, part) not in those)
        names = frozenset(each.rule.name for each, _ in those)
        columns: dict[str, Collection[str]] = dict.fromkeys(
            sorted({name for _, part in those for name in reader.columns(part)}), ()
        )
        looked_at = {place for _, part in those for place in reader.tables(part)}
        above = any(_place(each.relation) in looked_at and _closed(each) for _, each in _parents(reader, readers))
        yield Plan("vain", reader.relation, kept, names, (function,), columns, above=above)


def _asked_about(reader: Reader, text: str) -> tuple[str, ...]:
    """Return the project's functions to which a condition gives a column of the row, and by which it asks who calls."""
    found = dict[str, None]()
    for node in parsed(text).find_all(exp.Dot):
        name = called(node)
        if name and name[0] not in PLATFORM and own_columns(node, reader.name) and not _denied(node):
            around = node.sql(dialect="postgres")
            if any(_CALLER.search(each) for each in (around, *reader.texts(around))):
                found[f"{quoted(name[0])}.{quoted(name[1])}" if name[0] else quoted(name[1])] = None
    return tuple(found)


def _any_channel(reader: Reader) -> Iterator[Plan]:
    """Yield what lets people into every channel of a kind, where it is asked whether they belong to something.

    The topic is compared with a pattern, and not with what they belong to. Where nobody is asked for anything, the
    channels may be for all.
    """
    if reader.relation != CHANNELS:
        return
    parts = [(each, part, _patterns(part)) for each in reader.conditions for part in branches(each.text)]
    asked = {
        _kind_of_channel(word)
        for _, part, _ in parts
        if reader.tables(part) and reader.invites(part)
        for word in _LITERAL.findall(part)
    }
    open_ = [(each, part, words) for each, part, words in parts if {_kind_of_channel(each) for each in words} & asked]
    if open_:
        kept = tuple(part for each, part, words in parts if (each, part, words) not in open_)
        patterns = tuple(sorted({word for *_, words in open_ for word in words}))
        yield Plan("channels", CHANNELS, kept, frozenset(each.rule.name for each, *_ in open_), patterns, {})


def _patterns(text: str) -> set[str]:
    """Return the patterns with which a condition compares the topic; none where it compares it with anything else.

    What a topic begins with is one, in whatever way it is asked: LIKE, ``^@``, ``left`` or its first part.
    """
    found = set[str]()
    for node in parsed(text).find_all(exp.Dot):
        compares = _beyond_casts(node) if called(node) == TOPIC else None
        if compares is None:
            continue
        first = isinstance(compares, exp.SplitPart) and compares.args["part_index"].name == "1"
        if first or isinstance(compares, exp.Left):
            above = _beyond_casts(compares)
            compares = above if isinstance(above, exp.EQ) else compares
        is_pattern = isinstance(compares, exp.Like | exp.ILike | exp.StartsWith | exp.EQ) and compares.this.find(
            exp.Dot
        )
        word = bare(compares.args.get("expression") or exp.Null()) if is_pattern else None
        # A topic that is named in full is one channel.
        if not isinstance(word, exp.Literal) or (isinstance(compares, exp.EQ) and bare(compares.this) is node):
            return set()
        found.add(word.name)
    return found


def _kind_of_channel(word: str) -> str:
    """Return what a topic is like by a pattern, or by what it begins with, without what stands between its parts."""
    return word.strip("%_:-./")


def _of_tenants(reader: Reader, borrowed: Sequence[Condition]) -> Iterator[Plan]:
    parts = [
        each._replace(text=part)
        for each in reader.conditions
        for part in branches(each.text)
        if not (each.overlooking and _asks_in_vain(reader, part))
    ]
    keeping = [*borrowed, *(each for each in parts if reader.of_tenants(each.text))]
    against = [(one, [other for other in keeping if reader.forgets(one, other)]) for one in parts]
    # What is said by members alone, is said of changes.
    forgetful = [
        (one, others)
        for one, others in against
        if any(each.rule.name not in reader.every or one.rule.command in ("w", "d") for each in others)
    ]
    if forgetful:
        texts = {one.text for one, _ in forgetful}
        kept_by = {other.rule.name: other for _, others in forgetful for other in others}
        columns = {name for each in kept_by.values() for name in reader.columns(each.text, looked_up=True)}
        # What everybody may read, they may not therefore change.
        commands = {one.rule.command for one, _ in forgetful} | {"*"}
        same = [each for each in parts if "r" in commands or each.rule.command in commands or reader.asks(each.text)]
        others = [each for each in (*borrowed, *same) if each.text not in texts]
        # Whose the row above is, is said by what asks the caller, and not by what leaves it to that row's own rules.
        said = {place for each in borrowed for place in reader.tables(each.text)}
        kept = tuple(
            each.text
            for each in others
            if (each.of_rows or reader.ties(each.text))
            and (reader.asks_the_caller(each.text) or not reader.tables(each.text) & said)
        )
        names = frozenset(one.rule.name for one, _ in forgetful)
        told: dict[str, Collection[str]] = dict.fromkeys(sorted(columns), ())
        of_rows = any(one.of_rows for one, _ in forgetful)
        places = frozenset(place for one, _ in forgetful for place in reader.tables(one.text))
        yield Plan("tenants", reader.relation, kept, names, tuple(sorted(kept_by)), told, places, of_rows)


def _open(reader: Reader, above: Sequence[Condition] = ()) -> Iterator[Plan]:
    """Yield what policies show that ask nobody, while others of their table, or ``above``, show people what is theirs.

    Of channels the policies for speaking say so as well: one listens where one speaks.
    """
    channels = reader.relation == CHANNELS
    reading = [each for each in reader.conditions if each.of_rows and each.rule.command in ("*", "r")]
    parts = [(each, part) for each in reading for part in branches(each.text)]
    asking = [each for each in parts if reader.invites(each[1])]
    # What is shown to some, by a list of who may read it, is not for all, whatever it looks like.
    listed = any(
        (reader.tables(part) or reader.claims(part)) and reader.columns(part, looked_up=True) for _, part in asking
    )
    shows_no_harm = not listed and harmless([(c.name, c.category, c.kind) for c in reader.held], reader.name)
    if reader.relation == FILES or shows_no_harm:
        return
    tied = [each for each in asking if reader.columns(each[1])]
    if channels:
        said = [each for each in reader.conditions if not each.of_rows and reader.invites(each.text)]
        tied += [(each, each.text) for each in said if not asking]
    tied += [(each, each.text) for each in above]
    # RLS-04 tells of what is true of every row, but where no policy of the table itself says whose its rows are.
    untold = above and not any(reader.columns(each.text) for each in reader.conditions)
    openly = [
        each
        for each in parts
        if each not in asking
        and (untold or _narrows(each[1], reader.name, tied if channels else ()))
        and not reader.published(each[1])
    ]
    if tied and openly:
        others = [each[1] for each in (*parts, *tied) if each not in openly]
        columns = {name for _, part in tied for name in reader.columns(part)} or {"topic"}
        names = frozenset(each.rule.name for each, _ in openly)
        kept_by = tuple(sorted({each.rule.name for each, _ in tied}))
        told: dict[str, Collection[str]] = dict.fromkeys(sorted(columns), ())
        yield Plan("open", reader.relation, tuple(dict.fromkeys(others)), names, kept_by, told)


def _removed_by_more(reader: Reader) -> Iterator[Plan]:
    """Yield what one policy for all commands lets more people delete than write: WITH CHECK alone asks for an office.

    Deleting knows no WITH CHECK. What is somebody's own is theirs to remove.
    """
    parts = [(each, part) for each in reader.conditions for part in branches(each.text)]
    people = {each.name for each in reader.held if each.person}
    for rule in reader.rules:
        checks = [part for each, part in parts if each.rule is rule and not each.of_rows]
        adding = [part for each, part in parts if not each.of_rows and each.rule.command in ("*", "a")]
        if rule.command != "*" or not checks or not all(map(reader.for_an_office, adding)):
            continue
        lax = [
            part
            for each, part in parts
            if each.rule is rule
            and each.of_rows
            and reader.of_tenants(part)
            and not reader.columns(part) & people
            and not reader.for_an_office(part)
        ]
        if lax:
            removing = (part for each, part in parts if each.of_rows and each.rule.command in ("*", "d"))
            kept = tuple(dict.fromkeys([*checks, *(part for part in removing if part not in lax)]))
            columns: dict[str, Collection[str]] = dict.fromkeys(
                sorted({c for part in lax for c in reader.columns(part)}), ()
            )
            places = frozenset(place for part in lax for place in reader.tables(part))
            yield Plan("ranks", reader.relation, kept, frozenset({rule.name}), (rule.name,), columns, places)


def _narrows(text: str, table: str, tied: Sequence[tuple[Condition, str]]) -> bool:
    """Tell whether a condition says something of the row: one that is true of every row is told by RLS-04.

    Of channels (``tied`` are the conditions about them): whether it speaks of those that they are about.
    """
    if tied:
        words = {word.strip("%_") for word in _LITERAL.findall(text)}
        return any(words & set(_LITERAL.findall(other)) for _, other in tied)
    return bool(own_columns(parsed(text), table))


def _in_anothers_name(reader: Reader) -> Iterator[Plan]:
    """Yield what may be written in another's name: the column that says who wrote a row is filled with the caller.

    The default says so, or its name does, or whoever wrote a row may change it, and nobody else has to do with it. Who
    holds an office writes for others, and of a table with a row for each pair, such as who takes part in what, whoever
    has the one may name the other.
    """
    adding = [each for each in reader.conditions if each.rule.command in ("*", "a")]
    anybodys = [each for each in adding if not all(reader.for_an_office(part) for part in branches(each.text))]
    asked = {name for each in adding for name in own_columns(parsed(each.text), reader.name)}
    people = [each for each in reader.held if each.person]
    changing = [each for each in reader.conditions if each.of_rows and each.rule.command in ("*", "w", "d")]
    writers = {name for each in changing for name in reader.columns(each.text)}
    for column in reader.held:
        by_default = bool(_CALLER.search(column.default))
        if not (column.person or by_default):
            continue
        for_others = (
            WRITTEN_FOR_OTHERS.search(reader.name) or MEMBERSHIPS.search(reader.name) or column.key or column.paired
        )
        alone = len(people) == 1 and column.name in writers and not for_others
        if anybodys and column.name not in asked and (by_default or alone or DOERS.search(column.name)):
            names = frozenset(each.rule.name for each in anybodys)
            kept_by = tuple(sorted({each.rule.name for each in changing if column.name in reader.columns(each.text)}))
            kept = (f"{quoted(column.name)}::text = $1::text",)
            yield Plan("names", reader.relation, kept, names, kept_by, {column.name: ()})


def _for_guests(reader: Reader) -> Iterator[Plan]:
    """Yield what guests may add, or read of others, although other policies for the same ask who is a guest.

    A table of which guests read nothing is not theirs to add to either. Whoever may read what they cannot add to is a
    visitor, and as it should be.
    """
    reading = [each for each in reader.conditions if each.of_rows and each.rule.command in ("*", "r")]
    adding = {rule.name: rule.condition("insert") for rule in reader.rules if rule.command in ("*", "a")}
    barring = {
        rule.name
        for rule in reader.bounds
        if rule.goes_for("select", "authenticated") and reader.refuses_guests(rule.using or "true")
    }
    refusing = {each.rule.name for each in reading if reader.refuses_guests(each.text)}
    rest = [] if barring else [each for each in reading if each.rule.name not in refusing]
    tied = tuple(each.text for each in rest if reader.ties(each.text))
    strict = {name for name, text in adding.items() if reader.refuses_guests(text)}
    lax = (
        {each.rule.name for each in rest if each.text not in tied and not reader.published(each.text)}
        if refusing
        else set()
    )
    if strict or ((refusing or barring) and not rest):
        lax |= adding.keys() - strict
    if lax and (refusing or barring or strict):
        yield Plan("guests", reader.relation, tied, frozenset(lax), tuple(sorted(refusing | barring | strict)), {})


def _by_readers(reader: Reader) -> Iterator[Plan]:
    """Yield what may be removed by whoever reads it, as those of a team do, where only who wrote it may change it.

    Who looks after the rows removes them as well, and either of two whom a row names.
    """
    parts = [(each, part) for each in reader.conditions for part in branches(each.text)]
    reading = {part for each, part in parts if each.of_rows and each.rule.command == "r"}
    people = {each.name for each in reader.held if each.person}

    def own(text: str) -> set[str]:
        return (reader.columns(text) - reader.columns(text, looked_up=True)) & people

    adding = [own(part) for each, part in parts if not each.of_rows and each.rule.command == "a"]
    authors = set.intersection(*adding) if adding else set()
    changing = [(each, part) for each, part in parts if each.of_rows and each.rule.command in ("*", "w")]
    if not authors or not any(own(part) & authors for _, part in changing):
        return
    if not all(own(part) & authors or reader.for_an_office(part) for _, part in changing):
        return
    removing = [(each, part) for each, part in parts if each.of_rows and each.rule.command == "d"]
    lax = [
        (each, part)
        for each, part in removing
        if part in reading and reader.of_tenants(part) and not own(part) and not reader.for_an_office(part)
    ]
    if lax:
        kept = tuple(part for each, part in (*changing, *removing) if (each, part) not in lax)
        kept_by = tuple(sorted({each.rule.name for each, _ in changing}))
        columns: dict[str, Collection[str]] = dict.fromkeys(sorted(authors), ())
        names = frozenset(each.rule.name for each, _ in lax)
        places = frozenset(place for _, part in lax for place in reader.tables(part))
        yield Plan("removed", reader.relation, tuple(dict.fromkeys(kept)), names, kept_by, columns, places)


class Forgotten(NamedTuple):
    """A part of a condition that lets people in by a row of another table, and does not ask whether that has ended.

    ``ends`` are those that say it should; ``function`` is what the part asks, where it is that which forgets.
    """

    reader: Reader
    condition: Condition
    part: str
    ends: tuple[End, ...]
    function: str

    @property
    def cause(self) -> str:
        """What has to be mended: the function, or the policy."""
        return self.function or f"{self.condition.rule.name} on {self.reader.relation}"

    @property
    def about_reading(self) -> bool:
        """Whether it lets people read, and not only write."""
        return self.condition.rule.command == "r"


def _forgotten(readers: Iterable[Reader], ends: Ends) -> list[Forgotten]:
    """Return what lets people in by rows of other tables and does not ask for their end, as most others do.

    A row that is part of the other is no matter of being let in: what was written in a rental outlasts it. What only
    writing asks for says nothing of reading: who has left may read what was there. And where fewer ask than do not, it
    is for these few to ask for more.
    """
    found: dict[tuple[Place, str, bool], list[Forgotten]] = {}
    by_column: dict[tuple[Place, str], list[End]] = {}
    for end in ends.all:
        if ends.columns[end.place][0].of_people:
            by_column.setdefault((end.place, end.column), []).append(end)
    for reader in readers if by_column else ():
        with suppress(Unchecked):  # what cannot be read is told when its own table's turn comes
            if harmless([(c.name, c.category, c.kind) for c in reader.held], reader.name):
                continue
            apart = {reader.name, *(_name(each.refers) for each in reader.held if each.refers)}
            parts = [(each, part) for each in reader.conditions for part in branches(each.text)]
            asking = [(each, part) for each, part in parts if reader.tables(part) and reader.invites(part)]
            for (place, column), some in by_column.items():
                for each, part in asking if place[1] not in apart else ():
                    if place in reader.tables(part):
                        wanted = _wanted(reader, ends, some, each, part)
                        if wanted:
                            one = Forgotten(reader, each, part, wanted, _through(reader, part, place))
                            found.setdefault((place, column, one.about_reading), []).append(one)
    return [each for those in found.values() if _are_few(those) for each in those]


def _wanted(reader: Reader, ends: Ends, known: Sequence[End], condition: Condition, part: str) -> tuple[End, ...]:
    """Return those of the ends by a column that a part of a condition should ask for, and does not."""
    sources = [*reader.calls.led_to([part])]
    column, place = known[0].column, known[0].place
    if ends.asks(column, sources):
        return ()
    states = ends.states(place, column, sources)
    is_read = condition.rule.command == "r"
    return tuple(end for end in known if (end.reads or not is_read) and states <= end.states)


def _are_few(those: Sequence[Forgotten]) -> bool:
    ends = {end for each in those for end in each.ends}
    causes = {each.cause for each in those}
    return any(end.by_default for end in ends) or len({name for end in ends for name in end.asked_by}) >= len(causes)


def _ended(reader: Reader, forgotten: Sequence[Forgotten]) -> Iterator[Plan]:
    """Yield what is to be seen of what people reach by rows that have ended."""
    alike: dict[tuple[Place, str, str, str], list[Forgotten]] = {}
    for each in forgotten:
        if each.reader is reader:
            end = each.ends[0]
            alike.setdefault((end.place, end.column, each.condition.rule.command, each.function), []).append(each)
    parts = [(each, part) for each in reader.conditions for part in branches(each.text)] if alike else []
    for (place, column, command, function), those in alike.items():
        blamed = {
            each.part
            for (at, of, doing, _), some in alike.items()
            if (at, of, doing) == (place, column, command)
            for each in some
        }
        kept = tuple(
            part
            for each, part in parts
            if part not in blamed
            and (command in ("*", "r") or each.rule.command in (command, "*"))
            and (each.of_rows or reader.ties(part))
        )
        columns = {name for each in those for name in reader.columns(each.part, looked_up=True)}
        yield Plan(
            "ended",
            reader.relation,
            tuple(dict.fromkeys(kept)),
            frozenset(each.condition.rule.name for each in those),
            tuple(dict.fromkeys(name for each in those for end in each.ends for name in end.asked_by)),
            dict.fromkeys(sorted(columns), ()),
            frozenset({place}),
            ends=(those[0].ends[0].relation, column),
            function=function,
        )


class Slack(NamedTuple):
    """A part of a condition that lets people read by their membership, and does not ask what it says of itself.

    ``refused``: it asks only that it does not say one of these.
    """

    reader: Reader
    rule: Rule
    part: str
    place: Place
    relation: str
    column: str
    refused: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    asked_by: tuple[str, ...] = ()


def _slack(readers: Sequence[Reader], ends: Ends) -> list[Slack]:
    """Return what lets people read by a membership in whatever state: invited, suspended, left.

    Most others ask the same table for a word. A table of members has a key of the person and of what they belong to;
    that itself, and what is part of the membership, may be for whoever is invited. A rank is more than a state. To ask
    that somebody has not left lets in whoever is invited. Flags count that say by their names who is in.
    """
    asking: dict[tuple[Place, str], dict[str, frozenset[str]]] = {}
    lax: dict[tuple[Place, str, frozenset[str]], list[Slack]] = {}
    for reader in readers:
        with suppress(Unchecked):  # what cannot be read is told when its own table's turn comes
            parts = [(each, part) for each in reader.conditions if each.of_rows for part in branches(each.text)]
            for each, part in parts:
                if each.rule.command not in ("*", "r") or not (reader.invites(part) and reader.asks_the_caller(part)):
                    continue
                sources = [*reader.calls.led_to([part])]
                for place, name, columns in _memberships(reader, part):
                    apart = {reader.name, *(_name(column.refers) for column in reader.held if column.refers)}
                    is_apart = place[1] in apart or reader.relation in {column.refers for column in columns}
                    for state in ends.columns.get(place, ()):
                        if not state.state or RANK.search(state.name):
                            continue
                        if state.flag and not OF_BEING_IN.search(state.name):
                            continue
                        key, by = (place, state.name), f"{each.rule.name} on {reader.relation}"
                        words = (ends.flags if state.flag else ends.words)(place, state.name, sources)
                        refused = frozenset[str]() if words else ends.refused(place, state.name, sources)
                        if words:
                            asking.setdefault(key, {})[by] = words
                        elif not (is_apart or reader.ranks(part) - refused) and (
                            refused or not ends.asks(state.name, sources)
                        ):
                            slack = Slack(reader, each.rule, part, place, name, state.name, refused)
                            lax.setdefault((*key, refused), []).append(slack)
    found = []
    for (place, column, _), those in lax.items():
        askers = asking.get((place, column), {})
        words = frozenset[str].intersection(*askers.values()) if askers else frozenset[str]()
        if words and len(askers) >= 2 * len({f"{each.rule.name} on {each.reader.relation}" for each in those}):
            found += [each._replace(words=words, asked_by=tuple(askers)) for each in those]
    return found


def _memberships(reader: Reader, part: str) -> Iterator[tuple[Place, str, Sequence[Column]]]:
    """Yield the tables that a part looks at in which a row is a person's, and of what they belong to."""
    for schema, table in sorted(reader.tables(part)):
        for name, columns in reader.every.items():
            belongs = any(each.refers and not each.person and each.paired for each in columns)
            if _place(name) == (schema, table) and belongs and any(each.person and each.paired for each in columns):
                yield (schema, table), name, columns


def _in_any_state(reader: Reader, slack: Sequence[Slack]) -> Iterator[Plan]:
    """Yield what is to be seen of what people read by a membership that says nothing of what others ask of it."""
    if harmless([(each.name, each.category, each.kind) for each in reader.held], reader.name):
        return
    alike: dict[tuple[str, str, frozenset[str]], list[Slack]] = {}
    for each in slack:
        if each.reader is reader:
            alike.setdefault((each.relation, each.column, each.refused), []).append(each)
    parts = [(each, part) for each in reader.conditions for part in branches(each.text)] if alike else []
    for (relation, column, refused), those in alike.items():
        lax = {each.part for each in those}
        kept = tuple(dict.fromkeys(p for c, p in parts if p not in lax and c.of_rows and c.rule.command in ("*", "r")))
        columns = {name for each in those for name in reader.columns(each.part, looked_up=True)}
        first = those[0]
        yield Plan(
            "states",
            reader.relation,
            kept,
            frozenset(each.rule.name for each in those),
            first.asked_by,
            dict.fromkeys(sorted(columns), ()),
            frozenset({first.place}),
            ends=(relation, column),
            words=first.words,
            refused=refused,
        )


def _through(reader: Reader, part: str, place: Place) -> str:
    """Return the project's function by which a part of a condition looks at a table; none where it does so itself."""
    for node in parsed(part).find_all(exp.Dot):
        name = called(node)
        if name and name[0] not in PLATFORM and place in reader.tables(node.sql(dialect="postgres")):
            return f"{quoted(name[0])}.{quoted(name[1])}" if name[0] else quoted(name[1])
    return ""


def _shown(reader: Reader, tied: Sequence[Condition], columns: Sequence[Column]) -> Iterator[Plan]:
    kept, kept_by = tuple(each.text for each in tied), tuple(sorted({each.rule.name for each in tied}))
    telling = [each for each in columns if each.telling]
    offices = frozenset(
        each.rule.name
        for each in reader.conditions
        if each.rule.command in ("*", "r") and all(map(reader.for_an_office, branches(each.text)))
    )
    for kind, shown in (("codes", _codes(reader.name, telling)), ("persons", _personal(telling))):
        if shown:
            yield Plan(kind, reader.relation, kept, frozenset(), kept_by, shown, offices=offices)


def _codes(table: str, columns: Sequence[Column]) -> dict[str, Collection[str]]:
    return {
        each.name: each.roles
        for each in columns
        if each.roles and not each.refers and lets_in(table, each.name, each.default, key=each.key)
    }


def _personal(columns: Sequence[Column]) -> dict[str, Collection[str]]:
    """Return the columns by which visitors reach or know a person, of a table with one row for each."""
    return {
        each.name: each.roles
        for each in columns
        if each.of_person and "anon" in each.roles and _PERSONAL.search(each.name) and not LETTING_IN.search(each.name)
    }


def told(plan: Plan, cells: Sequence[Reached]) -> Iterator[Doubtful]:
    """Yield what the observed cells of a plan show, a finding for each policy."""
    found: dict[str, list[Reached]] = {}
    if plan.kind == "vain":
        everything = {cell.actor for cell in cells if _counts(plan, cell)}
        if "nobody" not in everything and not (plan.above and everything >= {*STRANGERS}):
            return
    for cell in cells:
        if cell.reached and _counts(plan, cell):
            for name in cell.policies:
                if not plan.blamed or name in plan.blamed:
                    found.setdefault(name, []).append(cell)
    for name, those in found.items():
        if name in plan.offices and not {cell.actor for cell in those} >= {*STRANGERS}:
            continue
        readable = {c for c, roles in plan.columns.items() if not roles or any(_role(e) in roles for e in those)}
        if plan.ends:
            readable = {".".join(plan.ends)}
        yield Doubtful(
            plan.kind,
            name,
            plan.relation,
            tuple(dict.fromkeys(cell.actor for cell in those)),
            tuple(sorted({_command(cell.shape) for cell in those}, key=COMMANDS.index)),
            tuple(sorted(readable)),
            tuple(each for each in plan.kept_by if each != name) or plan.kept_by,
            max(cell.reached for cell in those),
            plan.function,
        )


def _counts(plan: Plan, cell: Reached) -> bool:
    if plan.kind in ("tenants", "overlooked", "channels", "ended"):
        return cell.actor in PEOPLE
    if plan.kind in ("removed", "ranks"):
        return cell.actor in PEOPLE and _command(cell.shape) == "delete"
    if plan.kind == "guests":
        return cell.actor == "guest" and cell.shape in ("select", "insert")
    if plan.kind == "names":
        return CAST[cell.actor].id is not None and cell.shape == "insert"
    if plan.kind == "vain":
        return cell.all and cell.actor in OUTSIDE and cell.shape == "select"
    if plan.kind == "states":
        return cell.actor in PEOPLE and cell.shape == "select"
    if plan.kind == "open":
        return cell.actor in OUTSIDE and cell.shape == "select"
    readable = any(_role(cell) in roles for roles in plan.columns.values())
    return cell.actor in (OUTSIDE if plan.kind == "codes" else VISITORS) and cell.shape == "select" and readable


def _role(cell: Reached) -> str:
    return CAST[cell.actor].role


def _command(shape: str) -> str:
    return shape.removesuffix(" blind")
