"""What a project's rules compare its columns with: words, numbers, moments, NULL, keys of documents, and the caller.

Rules are policies, constraints, the conditions of views, indexes and triggers, and the bodies of functions. What is
written in SQL is parsed; a function's body is searched for comparisons, because it may be PL/pgSQL.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from itertools import islice
from typing import Any

import psycopg
import sqlglot
from psycopg.rows import tuple_row
from sqlglot import exp

from audit.catalog.calls import BODY, mentioned
from audit.catalog.expressions import Name, called, parsed, table_of
from audit.evidence import Unchecked
from audit.seeding.answers import Function, Functions
from audit.seeding.single import CALLER, note_single
from audit.seeding.tables import Catalogue, Table
from audit.settings import PLATFORM_SCHEMAS
from audit.sql_text import tokens, without_comments


@dataclass
class Hints:
    """What expressions compare a column with: words that it may equal, other values, lengths, patterns, JSON keys.

    ``ages`` are how long before now a moment is compared with. ``nothing``: it is asked whether it is NULL.
    ``caller``: it is compared with the caller's id, ``email``: with their address; ``by_caller``: a document is asked
    for a key that is the caller's id. ``wanted`` are the kinds of value for which the comparisons are true, those in
    ``unwanted`` are the only ones for which they are not; ``like`` are columns that it equals, each with its table
    (None: the one that the rule is about).
    """

    words: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    likes: list[str] = field(default_factory=list)
    ages: list[dt.timedelta] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    unwanted: list[str] = field(default_factory=list)
    like: list[tuple[Name | None, str]] = field(default_factory=list)
    keys: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    nothing: bool = False
    caller: bool = False
    email: bool = False
    by_caller: bool = False

    @property
    def names_values(self) -> bool:
        """Whether anything that a column holds is named, and not the column alone."""
        told = (self.words, self.values, self.lengths, self.counts, self.patterns, self.likes, self.ages, self.keys)
        return any(told) or self.nothing

    def add(self, other: Hints) -> None:
        """Take over what another knows and this one does not."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, list):
                mine += [one for one in theirs if one not in mine]
            elif isinstance(mine, bool):
                setattr(self, each.name, mine or theirs)
        for key, values in other.keys.items():
            known = self.keys.setdefault(key, [])
            known += [value for value in values if value not in known]


_COMPARISONS = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.RegexpLike, exp.RegexpILike, exp.Like,
    exp.ILike, exp.SimilarTo, exp.ArrayContainedBy, exp.ArrayContainsAll, exp.ArrayOverlaps, exp.JSONBContains,
    exp.JSONBContainsTopKey, exp.Is, exp.Distance, exp.NullSafeEQ, exp.NullSafeNEQ,
)  # fmt: skip

_EMAIL = re.compile(
    r"\bemail\(\)|request\.jwt\.claim\.email|(\bjwt\(\)|request\.jwt\.claims')[^=]*'email'", re.IGNORECASE
)
_NOW = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentTime)
_NUMBER = re.compile(r"\d{1,6}")


@cache
def hints(expression: str) -> Mapping[str, Hints]:
    """Return what a condition in PostgreSQL's own spelling compares each column with; nothing if it cannot be read."""
    found: dict[str, Hints] = {}
    for _, column, hint in noted(_tree(f"select {expression}")):
        found.setdefault(column, Hints()).add(hint)
    return found


def _tree(text: str) -> exp.Expr | None:
    try:
        return sqlglot.parse_one(text, dialect="postgres")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None


def noted(tree: exp.Expr | None) -> Iterator[tuple[Name | None, str, Hints]]:
    """Yield the columns of an expression with their table (None: what it is about) and what is asked of them."""
    for column in tree.find_all(exp.Column) if tree is not None else ():
        yield table_of(column), column.name, _asked(column)


def _asked(column: exp.Expr) -> Hints:
    """Climb from a column, or from a call that answers with one, to what it is compared with, and note that."""
    into = Hints()
    functions: list[str] = []
    keys: list[str] = []
    side = column
    while side.parent is not None and not isinstance(side.parent, _COMPARISONS):
        side = side.parent
        if isinstance(side, exp.JSONExtract | exp.JSONExtractScalar):
            keys += _path(side.expression)
            into.by_caller = into.by_caller or bool(CALLER.search(side.expression.sql(dialect="postgres")))
        elif isinstance(side, exp.Coalesce):
            into.nothing = True
        elif isinstance(side, exp.Cast) and keys and side.to.is_type("boolean"):
            into.keys.setdefault(tuple(keys), []).extend(["true", "false"])
        elif isinstance(side, exp.Func) and not isinstance(side, exp.Cast | exp.Connector):
            functions.append((side.name if isinstance(side, exp.Anonymous) else side.sql_name()).lower())
        elif isinstance(side, exp.Connector | exp.Query | exp.Where):
            break  # a condition by itself, such as a flag
    comparison = side.parent
    if comparison is None or not isinstance(comparison, _COMPARISONS):
        if not functions and not keys:
            into.wanted.append("false" if isinstance(column.parent, exp.Not) else "true")
        return into
    others = [
        other
        for argument in comparison.args.values()
        for other in (argument if isinstance(argument, list) else [argument])
        if isinstance(other, exp.Expr) and other is not side
    ]
    _note(comparison, others, functions, keys, into)
    if isinstance(comparison, exp.EQ | exp.In) and not functions and not keys:
        answers = [_answering(other) for other in others]
        into.like += [(table_of(one), one.name) for one in answers if one is not None]
    if not functions and not keys:
        into.wanted += _wanted(comparison, into, is_left=comparison.this is side)
        into.unwanted += _unwanted(comparison, into)
    return into


def _answering(other: exp.Expr) -> exp.Column | None:
    """Return the column that an operand is, or that a sub-select answers with."""
    while isinstance(other, exp.Paren | exp.Subquery):
        other = other.this
    if isinstance(other, exp.Select) and len(other.expressions) == 1:
        other = other.expressions[0].unalias()
    return other if isinstance(other, exp.Column) else None


def _wanted(comparison: exp.Expr, hint: Hints, *, is_left: bool) -> list[str]:
    """Return the kinds of value for which a comparison is true, as far as they have a name."""
    negated = isinstance(comparison.parent, exp.Not) is not bool(comparison.args.get("negate"))
    other = comparison.expression
    if isinstance(comparison, exp.Is):
        return [] if negated else ["null"] if isinstance(other, exp.Null) else [str(other.this).lower()]
    if isinstance(comparison, exp.EQ) and isinstance(other, exp.Boolean):
        return [str(other.this).lower()]
    if isinstance(comparison, exp.GT | exp.GTE | exp.LT | exp.LTE):
        later = isinstance(comparison, exp.GT | exp.GTE) == is_left
        near = "future" if later else "past"
        sides = [(age, "within" if later == (age > dt.timedelta(0)) else "beyond") for age in hint.ages]
        moments = [f"{side} {age}" if age else near for age, side in sides]
        numbers = [int(float(text)) for text in hint.values if _NUMBER.fullmatch(text)]
        return moments + [str(number + (1 if later else -1)) for number in numbers]
    return [] if negated else hint.words


def _unwanted(comparison: exp.Expr, hint: Hints) -> list[str]:
    """Return the kinds of value for which alone a comparison is not true."""
    negated = isinstance(comparison.parent, exp.Not) is not bool(comparison.args.get("negate"))
    if isinstance(comparison, exp.Is):
        return ["null"] if negated and isinstance(comparison.expression, exp.Null) else []
    if isinstance(comparison, exp.NEQ | exp.NullSafeNEQ):
        return [] if negated else hint.values
    return hint.words if negated and isinstance(comparison, exp.EQ | exp.In) else []


def _note(comparison: exp.Expr, others: list[exp.Expr], functions: list[str], keys: list[str], into: Hints) -> None:
    literals = [literal.name for other in others for literal in _elements(other)]
    text = " ".join(other.sql(dialect="postgres") for other in others)
    numbers = [int(literal) for literal in literals if _NUMBER.fullmatch(literal)]
    if isinstance(comparison, exp.Is):
        into.nothing = any(isinstance(other, exp.Null) for other in others)
    elif CALLER.search(text):
        into.caller = not any(other.find(exp.Table) for other in others)
    elif _EMAIL.search(text):
        into.email = True
    elif any(other.find(*_NOW) for other in others) or "now()" in text.lower():
        into.ages.append(_age(text))
    elif isinstance(comparison, exp.JSONBContainsTopKey):
        into.keys.update({(literal,): [] for literal in literals})
        into.words += literals
    elif keys:
        into.keys.setdefault(tuple(keys), []).extend(literals)
        if into.by_caller:
            into.words += literals
    elif any(name in ("cardinality", "array_length", "array_size", "jsonb_array_length") for name in functions):
        into.counts += numbers
    elif any("length" in name for name in functions):
        into.lengths += numbers
    elif isinstance(comparison, exp.RegexpLike | exp.RegexpILike | exp.SimilarTo):
        into.patterns += literals
    elif isinstance(comparison, exp.Like | exp.ILike):
        into.likes += literals
    elif set(functions) & {"jsonb_typeof"}:
        into.values += literals
    elif isinstance(comparison, exp.EQ | exp.In | exp.ArrayContainedBy):
        into.words += literals
    else:
        into.values += literals


def _path(key: exp.Expr) -> list[str]:
    """Return the keys that one step into a document names."""
    if isinstance(key, exp.JSONPath):
        return [str(step.this) for step in key.find_all(exp.JSONPathKey)]
    return [literal.name for literal in key.find_all(exp.Literal)]


def _elements(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the literals of an expression, those of an array in a string one by one."""
    for literal in node.find_all(exp.Literal):
        if literal.is_string and re.fullmatch(r"\{.*\}", literal.name) and '"' not in literal.name:
            yield from (exp.Literal.string(part) for part in literal.name[1:-1].split(",") if part)
        else:
            yield literal


_INTERVAL = re.compile(
    r"([+-])\s*(?:\(?\s*cast\(|interval\s*)?\(?\s*'([^']*)'\s*(?:as interval\)|(year|mon|week|day|hour|min|sec)\w*)?",
    re.IGNORECASE,
)
_UNITS = {"y": 365.0, "mon": 30.0, "w": 7.0, "d": 1.0, "h": 1 / 24, "m": 1 / 1440, "s": 1 / 86_400}


def _age(text: str) -> dt.timedelta:
    """Return how long before now "now() - '24:00:00'::interval" is: negative after it, zero where nothing is said."""
    found = _INTERVAL.search(text)
    if found is None:
        return dt.timedelta(0)
    days = 0.0
    said = f"{found[2]} {found[3] or ''}"
    for number, unit in re.findall(r"(?<!\d)(\d{1,9}+(?:\.\d{1,9})?+)\s*+(y|mon|w|d|h|m|s)", said, re.IGNORECASE):
        days += float(number) * _UNITS[unit.lower()]
    if clock := re.search(r"(?<!\d)(\d{1,9}+):(\d\d)(?::(\d\d))?", said):
        days += int(clock[1]) / 24 + int(clock[2]) / 1440
    return dt.timedelta(days=min(days, 36_500) * (1 if found[1] == "-" else -1))


# Where rules are

_POLICIES = """
select p.polrelid::bigint, e.text from pg_catalog.pg_policy p
cross join lateral (values (pg_catalog.pg_get_expr(p.polqual, p.polrelid)),
                           (pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))) as e (text)
where e.text is not null order by 1, p.polname, 2
"""
_INDEXES = """
select i.indrelid::bigint, pg_catalog.pg_get_expr(i.indpred, i.indrelid) from pg_catalog.pg_index i
where i.indpred is not null order by i.indrelid, i.indexrelid
"""
_TRIGGERS = """
select t.tgrelid::bigint, t.tgfoid::bigint,
       pg_catalog.substring(pg_catalog.pg_get_triggerdef(t.oid), ' WHEN \\((.*)\\) EXECUTE')
from pg_catalog.pg_trigger t where not t.tgisinternal order by t.tgrelid, t.tgname
"""
_VIEWS = """
select pg_catalog.pg_get_viewdef(c.oid), n.nspname::text, c.relname::text, array(
           select distinct d.refobjid::bigint from pg_catalog.pg_rewrite w
           join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = w.oid
           where w.ev_class = c.oid and d.refobjid <> c.oid
           and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('v', 'm') and n.nspname <> all (%(platform)s) and n.nspname !~ '^pg_|^information_schema$'
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                and d.objid = c.oid and d.deptype = 'e')
order by n.nspname, c.relname
"""
_FUNCTIONS = f"""
select p.oid::bigint, n.nspname::text, p.proname::text, coalesce(p.proargnames[:p.pronargs], '{{}}'), {BODY}
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
where n.nspname <> all (%(platform)s) and n.nspname !~ '^pg_|^information_schema$' and l.lanname in ('sql', 'plpgsql')
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                and d.objid = p.oid and d.deptype = 'e')
order by n.nspname, p.proname, p.oid
"""

# A comparison in a body: a column, perhaps a key below it, and what it is compared with.
_TEXT = r"'(?:[^']|'')*'(?:\s*::\s*[\w.\"\[\]]+)?"
_NOW_TEXT = r"(?:now\(\)|current_timestamp|current_date)(?:\s*[+-]\s*(?:interval\s*)?'[^']*'(?:\s*::\s*interval)?)?"
_CALLER_TEXT = r"(?:\(\s*select\s+)?auth\s*\.\s*(?:uid|email)\s*\(\s*\)(?:\s+as\s+\w+)?\)?(?:\s*::\s*\w+)?"
_LIST_TEXT = rf"any\s*\(\s*(?:array\s*\[[^\]]*\]|{_TEXT})[^)]*\)"
_VALUE = rf"(?:{_TEXT}|true\b|false\b|-?\d+(?:\.\d+)?\b|{_NOW_TEXT}|{_CALLER_TEXT}|{_LIST_TEXT})"
_COMPARISON = re.compile(
    rf"""(?<![\w.'])(?:\w+\s*\.\s*)?"?(?P<column>[a-z_]\w*)"?(?:\s*::\s*\w+)?(?:\s*->>?\s*'[^']*')*(?:\s*::\s*\w+)?\s*
    (?:(?:=|<>|!=|<=|>=|<|>|~\*?|\blike\b|\bilike\b|@>|&&)\s*{_VALUE}
      |\b(?:not\s+)?in\s*\(\s*{_TEXT}(?:\s*,\s*{_TEXT})*\s*\)|\bis\s+(?:not\s+)?(?:null|true|false)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_FLAG = re.compile(
    r"""\b(?:and|where|or)\s+(?P<not>not\s+)?(?:\w+\s*\.\s*)?"?(?P<column>[a-z_]\w*)"?\s*(?=and\b|or\b|\)|;|$)""",
    re.IGNORECASE,
)
# In a body: two columns, each with its alias, that are the same.
_JOIN = re.compile(r'\b\w+\s*\.\s*"?(\w+)"?\s*=\s*\w+\s*\.\s*"?(\w+)"?', re.IGNORECASE)
_QUALIFIER = re.compile(r'^(?:"?\w+"?\s*\.\s*)')


@dataclass
class Rules:
    """What rules ask: by table and column; and by table, what one rule asks of which columns together.

    ``ranks`` are what rules of other tables want of the caller's own row, by column, and ``out_of_rank`` all that they
    do not want; ``gates`` are the tables in which rules of others look for the caller. ``joins`` are the columns of
    other tables that a column is compared with, as far as names tell, and ``sure`` those of which rules say the table.
    """

    asked: dict[tuple[int, str], Hints] = field(default_factory=dict)
    together: dict[int, list[dict[str, list[str]]]] = field(default_factory=dict)
    ranks: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    out_of_rank: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    gates: set[int] = field(default_factory=set)
    joins: dict[tuple[int, str], set[tuple[int, str]]] = field(default_factory=dict)
    sure: dict[tuple[int, str], set[tuple[int, str]]] = field(default_factory=dict)

    def of(self, table: Table) -> dict[str, Hints]:
        """Return what is asked of the columns of a table."""
        return {column: self.asked[table.oid, column] for column in table.columns if (table.oid, column) in self.asked}

    def join(self, one: tuple[int, str], other: tuple[int, str], *, sure: bool = True) -> None:
        """Note that two columns of different tables are compared with each other."""
        for known in (self.joins, self.sure) if sure else (self.joins,):
            if one[0] != other[0]:
                known.setdefault(one, set()).add(other)
                known.setdefault(other, set()).add(one)

    def note(self, found: Iterable[tuple[int, str, Hints]], own: int | None = None) -> None:
        """Note what one rule asks; ``own`` is the table that it is a rule of."""
        columns: dict[int, dict[str, list[str]]] = {}
        unwanted: dict[int, dict[str, list[str]]] = {}
        callers: set[int] = set()
        for table, column, hint in found:
            self.asked.setdefault((table, column), Hints()).add(hint)
            columns.setdefault(table, {}).setdefault(column, []).extend(hint.wanted)
            unwanted.setdefault(table, {}).setdefault(column, []).extend(hint.unwanted)
            callers |= {table} if hint.caller else set()
        self.gates |= callers - {own}
        for table in callers - {own}:
            for column, kinds in columns[table].items():
                self.ranks.setdefault(table, {}).setdefault(column, set()).update(kinds)
                self.out_of_rank.setdefault(table, {}).setdefault(column, set()).update(unwanted[table][column])
        for table, wanted in columns.items():
            known = self.together.setdefault(table, [])
            if len(wanted) > 1 and wanted not in known:
                known.append(wanted)


def read_rules(conn: psycopg.Connection[Any], catalogue: Catalogue, more: Mapping[str, Iterable[str]]) -> Rules:
    """Read what the rules ask about the tables of the catalogue. ``more`` are further conditions, by table's title.

    Columns by which they look up one row of the caller become keys of ``catalogue`` (:mod:`audit.seeding.single`).
    Raises psycopg.Error when they cannot be read.
    """
    cursor = conn.cursor(row_factory=tuple_row)
    before = cursor.execute("select pg_catalog.current_setting('search_path')").fetchone()
    cursor.execute("set local search_path = ''")
    rules = Rules()
    platform = {"platform": list(PLATFORM_SCHEMAS)}
    views = cursor.execute(_VIEWS, platform).fetchall()
    # A view's column is that of a table below it which has one of that name.
    numbers = {(schema, name): tuple(below) for _, schema, name, below in views}
    numbers |= {(table.schema, table.name): (table.oid,) for table in catalogue.tables.values()}

    def place(name: Name | None, column: str, own: int | None) -> tuple[int, str] | None:
        tables = (own or 0,) if name is None else numbers.get((name[0] or "", name[1]), ())
        known = (t for t in tables if t in catalogue.tables and column in catalogue.tables[t].columns)
        table = next(known, None)
        return None if table is None else (table, column)

    def of_condition(tree: exp.Expr | None, own: int | None) -> Iterator[tuple[int, str, Hints]]:
        for name, column, hint in noted(tree):
            if found := place(name, column, own):
                for other in hint.like:
                    if there := place(*other, own):
                        rules.join(found, there)
                yield *found, hint

    functions = Functions(
        Function(oid, schema, name, names, without_comments(body or ""))
        for oid, schema, name, names, body in cursor.execute(_FUNCTIONS, platform).fetchall()
    )
    compared: list[tuple[Function, Hints]] = []
    given: list[tuple[Name, int, tuple[int, str]]] = []
    conditions = []
    for relation, text in (*cursor.execute(_POLICIES).fetchall(), *cursor.execute(_INDEXES).fetchall()):
        try:
            tree = parsed(text)
        except Unchecked:
            continue  # the policies that judge expressions say so
        conditions.append(tree)
        rules.note(of_condition(tree, relation), relation)
        compared += [(function, _asked(call)) for function, call in functions.called(tree)]
        for name, number, (of_table, column_name) in _given(tree):
            if found := place(of_table, column_name, relation):
                given.append((name, number, found))
    known_views = {}
    for text, schema, name, _ in views:
        view = _tree(text.rstrip().rstrip(";"))
        known_views[schema, name] = view
        rules.note(of_condition(view, None))
        compared += [(function, _asked(call)) for function, call in functions.called(view)]
    note_single(conditions, known_views, catalogue)
    fired: dict[int, set[int]] = {}
    for relation, function, text in cursor.execute(_TRIGGERS).fetchall():
        fired.setdefault(function, set()).add(relation)
        if text:
            rules.note(_of_body(text, {relation}, catalogue))
    for function in functions.all:
        functions.note_calls(function.body)
    for function in functions.all:
        of = _mentioned(function.body, catalogue)
        for text in function.bodies():
            rules.note(_of_body(text, of | fired.get(function.oid, set()), catalogue))
        for one, other in _joined(function.body, of, catalogue):
            rules.join(one, other, sure=False)
    for called_, number, there in given:
        if (taking := functions.known.get(called_)) is not None:
            rules.note((*there, hint) for hint in _of_argument(taking.body, taking.parameters, number))
            others = set(_equal_to_argument(taking, number, _mentioned(taking.body, catalogue), catalogue))
            for other in others:
                rules.join(there, other, sure=len(others) == 1)
    for function, hint in compared:
        rules.note(_of_answer(function, hint, catalogue))
    for table in catalogue.tables.values():
        for condition in more.get(table.title, ()):
            rules.note(_of_body(condition, {table.oid} | _mentioned(condition, catalogue), catalogue))
        for column in table.columns.values():
            literal = re.match(r"'((?:[^']|'')*)'::", column.default or "")
            if literal and not column.generated and (table.oid, column.name) in rules.asked:
                rules.asked[table.oid, column.name].add(Hints(words=[literal[1]]))
        for column in table.columns.values():
            if column.generated and column.default and (table.oid, column.name) in rules.asked:
                _note_sources(rules, table, column.name, column.default)
    cursor.execute("select pg_catalog.set_config('search_path', %s, true)", before)
    return rules


def _note_sources(rules: Rules, table: Table, name: str, expression: str) -> None:
    """Note what is asked of a generated column, of the columns that it is made of."""
    asked = rules.asked[table.oid, name]
    words = [word.replace("'", "''") for word in (*asked.words, *asked.values)]
    conditions = [f"({expression}) = '{word}'" for word in words] or [expression]
    for condition in conditions:
        for _, column, hint in noted(_tree(f"select {condition}")):
            if column in table.columns:
                rules.note([(table.oid, column, hint)])
                if name in rules.ranks.get(table.oid, {}):
                    rules.ranks[table.oid].setdefault(column, set()).update(hint.wanted)


def _given(tree: exp.Expr) -> Iterator[tuple[Name, int, tuple[Name | None, str]]]:
    """Yield the columns that an expression gives to functions: function, number of the argument, table and column."""
    for column in tree.find_all(exp.Column):
        side: exp.Expr = column
        while isinstance(side.parent, exp.Cast | exp.Paren):
            side = side.parent
        call = side.parent
        name = called(call.parent if call is not None and isinstance(call.parent, exp.Dot) else call) if call else None
        if isinstance(call, exp.Anonymous) and name is not None:
            place = next((n for n, argument in enumerate(call.expressions, 1) if argument is side), 0)
            if place:
                yield name, place, (table_of(column), column.name)


def _of_argument(text: str, names: Sequence[str], number: int) -> Iterator[Hints]:
    """Yield what a body compares one of its arguments with."""
    name = names[number - 1].lower() if len(names) >= number and names[number - 1] else f"argument_{number}"
    for match in _COMPARISON.finditer(re.sub(rf"\${number}\b", name, text)):
        if match["column"].lower() == name:
            hint = hints(_QUALIFIER.sub("", match[0])).get(name)
            if hint is not None:
                yield hint


def _equal_to_argument(
    function: Function, number: int, tables: Iterable[int], catalogue: Catalogue
) -> Iterator[tuple[int, str]]:
    """Yield the columns of the tables that a body names which it compares with one of its arguments, by their names."""
    name = function.parameters[number - 1] if len(function.parameters) >= number else ""
    named = rf"|(?:{re.escape(function.name)}\s*\.\s*)?{re.escape(name)}\b" if name else ""
    argument = rf"(?:\${number}(?!\d){named})"
    column = r'(?:\w+\s*\.\s*)?"?(\w+)"?'
    found = re.compile(rf"(?<![\w.]){column}\s*=\s*{argument}|(?<![\w.]){argument}\s*=\s*{column}", re.IGNORECASE)
    names = {one.lower() for match in found.finditer(function.body) for one in match.groups() if one} - {name.lower()}
    yield from ((oid, one) for oid in sorted(tables) for one in names if one in catalogue.tables[oid].columns)


def _mentioned(text: str, catalogue: Catalogue) -> set[int]:
    """Return the tables that a body names."""
    names = mentioned(text).relations
    return {t.oid for t in catalogue.tables.values() if (t.schema, t.name) in names or (None, t.name) in names}


def _joined(text: str, tables: set[int], catalogue: Catalogue) -> Iterator[tuple[tuple[int, str], tuple[int, str]]]:
    """Yield which columns of the tables that a body names it compares with each other, by their names."""
    known = sorted(tables & catalogue.tables.keys())
    for match in _JOIN.finditer(text) if len(known) > 1 else ():
        places = [
            [(oid, c.lower()) for oid in known if c.lower() in catalogue.tables[oid].columns] for c in match.groups()
        ]
        yield from ((one, other) for one in places[0] for other in places[1] if one[0] != other[0])


def _of_answer(function: Function, hint: Hints, catalogue: Catalogue) -> Iterator[tuple[int, str, Hints]]:
    """Yield what rules ask of the column that a function answers with, and where it looks for the caller."""
    schema, name, column = function.answers() or (None, "", "")
    tables = [
        t
        for t in catalogue.tables.values()
        if t.name.lower() == name and schema in (None, t.schema) and column in t.columns
    ]
    if len(tables) == 1 and (hint.wanted or hint.words):
        yield tables[0].oid, column, hint
        for text in function.bodies():
            yield from (each for each in _of_body(text, {tables[0].oid}, catalogue) if each[2].caller)


# What stands before an expression in PL/pgSQL, and what ends it besides a semicolon.
# https://www.postgresql.org/docs/current/plpgsql-statements.html
_BEFORE = re.compile(
    r"[\w.]+\s*:?=(?!=)\s*|(?:(?:end|return|query|perform|if|elsif|elseif|while|when|for\s+\w+\s+in)(?=\W)\s*)+",
    re.IGNORECASE,
)
_ENDS = frozenset({"then", "loop", "begin", "else", "declare"})
_ASKING = re.compile(r"[-=<>~@?]|\b(?:in|is|like|ilike|not|any)\b", re.IGNORECASE)
_STATEMENT = re.compile(r"(?:select|with|insert|update|delete|merge)\b", re.IGNORECASE)
_ADDING = re.compile(r"(?:insert|merge)\b", re.IGNORECASE)
_INTO = re.compile(r"\binto\s+(?:strict\s+)?[\w.]+(?:\s*,\s*[\w.]+)*", re.IGNORECASE)
# Of longer statements, and of more in one body, only what is found by searching counts.
_LONG, _MANY = 10_000, 200


def _trees(text: str) -> Iterator[exp.Expr]:
    """Yield the statements of a body and the expressions in it, as far as they can be read."""
    for part in islice(_parts(text), _MANY):
        asked = part[found.end() :] if (found := _BEFORE.match(part)) else part
        if len(asked) <= _LONG and _ASKING.search(asked):
            statement = asked if _ADDING.match(asked) else _INTO.sub("", asked, count=1)
            tree = _tree(statement if _STATEMENT.match(asked) else f"select {asked}")
            if tree is not None:
                yield tree


def _parts(text: str) -> Iterator[str]:
    """Yield what is between semicolons and the words that PL/pgSQL puts around expressions, outside of parentheses."""
    begin, depth, cases = 0, 0, 0
    for token in tokens(text):
        depth += (token.text == "(") - (token.text == ")")
        cases += (token.name == "case") - (token.name == "end" and cases > 0)
        if depth <= 0 and (token.text == ";" or (token.name in _ENDS and not cases)):
            yield text[begin : token.start].strip()
            begin = token.end
    yield text[begin:].strip()


def _of_body(text: str, tables: Iterable[int], catalogue: Catalogue) -> Iterator[tuple[int, str, Hints]]:
    """Yield what a body asks of the columns of these tables, by their names."""
    known = sorted(tables & catalogue.tables.keys()) if isinstance(tables, set) else []
    for tree in _trees(text) if known else ():
        for name, column, asked in noted(tree):
            # Whose rows are looked at is told by the comparisons below.
            asked.caller = asked.email = False
            if not asked.names_values:
                continue
            named = [oid for oid in known if name is not None and catalogue.tables[oid].name == name[1]]
            for oid in named or known:
                there = catalogue.tables[oid].columns.get(column)
                if there is not None and catalogue.plain(there.type, -1)[0].name != "bool":
                    asked.wanted = [kind for kind in asked.wanted if kind not in ("true", "false")]
                if there is not None:
                    yield oid, column, asked
    for match in _COMPARISON.finditer(text) if known else ():
        column = match["column"].lower()
        holders = [oid for oid in known if column in catalogue.tables[oid].columns]
        if holders:
            hint = hints(_QUALIFIER.sub("", match[0])).get(column)
            yield from ((oid, column, hint) for oid in holders if hint is not None)
    for match in _FLAG.finditer(text) if known else ():
        column = match["column"].lower()
        for oid in known:
            found = catalogue.tables[oid].columns.get(column)
            if found is not None and catalogue.plain(found.type, -1)[0].name == "bool":
                yield oid, column, Hints(wanted=["false" if match["not"] else "true"])
