"""What only the server should decide, and people decide about themselves: verified, approved, a plan, a balance.

Names are hints: a column counts where a policy or a function has a condition on it, and only in tables that have one
row for each person, so that what people keep about their own things is left alone. Members then give themselves another
value in that row; what the row says afterwards is the evidence.

Of what people hand in, the policies say who decides: a new row must be a draft, or is one by default, and a word that a
policy for changes keeps to somebody else (or one that says so itself, such as approved, and that a policy for reading
looks for) is not for whoever wrote the row. People try to set it in a row that they could have added, or to add one.
What somebody may add and not change to is for others to decide, too, whatever asks for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sqlglot import exp

from audit.actors import Actor, Stage
from audit.catalog.expressions import bare, called, parsed
from audit.causes import Cause
from audit.evidence import Evidence, Population, Row, safe
from audit.names import AGREED_BY, AGREED_FLAG, DECIDED, GRANTED, SERVERS
from audit.people import Identity
from audit.probes.attempt import acting, ask, each, without_an_end
from audit.probes.calling import EVERYBODY, api_path, remembered
from audit.question import define
from audit.sql_text import quoted

# What whoever writes a row counts in it.
_VERSION = re.compile(r"version|revision|attempt|tries|retr(y|ies)|count", re.IGNORECASE)

SETUP = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")

_TABLES = "select distinct relation from pg_temp.standings(%s) order by relation"


_AGREED = "select relation, attribute, begun, words from pg_temp.agreed(%s, %s, %s)"

_FILED = """-- {what}.
-- Let WITH CHECK of the policies for new rows ask what {columns} is in them, or let a trigger set it."""

# The policies of the exposed tables for whoever is signed in.
_POLICIES = """
select a.name, pg_catalog.format('%%I on %%s', p.polname, a.name), p.polcmd::text,
       pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
from pg_temp.audited a join pg_catalog.pg_policy p on p.polrelid = a.oid
where a.exposed and not a.partition and a.key is not null and p.polpermissive and exists (
    select from unnest(p.polroles) as named
    where named = 0 or pg_catalog.pg_has_role('authenticated', named, 'usage'))
order by 1, 2
"""


# The words, and flags, that columns of the exposed tables hold by default.
_DEFAULTS = """
select a.name, t.attname::text, coalesce(pg_catalog.substring(e.said, $$^'((?:[^']|'')*)'::$$), 'false'),
       y.typcategory::text
from pg_temp.audited a
join pg_catalog.pg_attribute t on t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated = ''
join pg_catalog.pg_type y on y.oid = t.atttypid
join pg_catalog.pg_attrdef d on d.adrelid = a.oid and d.adnum = t.attnum
cross join lateral (select pg_catalog.pg_get_expr(d.adbin, d.adrelid) as said) as e
where a.exposed and not a.partition and a.key is not null
and (e.said ~ $$^'(?:[^']|'')*'::$$ and y.typcategory in ('S', 'E') or e.said = 'false' and y.typcategory = 'B')
order by 1, 2
"""


# Columns of words that new rows begin with one of, that whoever is signed in may not change by any policy, and that a
# function with its owner's rights moves on: what else they say in rows that are there.
_MOVED_ON = r"""
select a.name, t.attname::text, (pg_catalog.regexp_match(e.said, $$^'((?:[^']|'')*)'::$$))[1],
       array(select distinct s.content ->> t.attname from pg_temp.stored s
             where s.relation = a.name and s.content ->> t.attname
                   <> (pg_catalog.regexp_match(e.said, $$^'((?:[^']|'')*)'::$$))[1] order by 1)
from pg_temp.audited a
join pg_catalog.pg_attribute t on t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated = ''
join pg_catalog.pg_type y on y.oid = t.atttypid and y.typcategory in ('S', 'E')
join pg_catalog.pg_attrdef d on d.adrelid = a.oid and d.adnum = t.attnum
cross join lateral (select pg_catalog.pg_get_expr(d.adbin, d.adrelid) as said) as e
where a.exposed and not a.partition and a.key is not null and e.said ~ $$^'(?:[^']|'')*'::$$
-- Only where the words are known is one of them a state.
and (y.typcategory = 'E' or exists (
    select from pg_catalog.pg_constraint k
    where k.conrelid = a.oid and k.contype = 'c' and k.conkey operator(pg_catalog.=) array[t.attnum]))
and not exists (
    select from pg_catalog.pg_policy p
    where p.polrelid = a.oid and p.polpermissive and p.polcmd in ('w', '*')
    and pg_catalog.has_column_privilege('authenticated', a.oid, t.attnum, 'update') and exists (
        select from unnest(p.polroles) as named
        where named = 0 or pg_catalog.pg_has_role('authenticated', named, 'usage')))
and exists (
    select from pg_catalog.pg_proc f
    where f.prosecdef and f.pronamespace not in (
        select n.oid from pg_catalog.pg_namespace n where n.nspname ~ '^pg_|^information_schema$')
    and coalesce(pg_catalog.pg_get_function_sqlbody(f.oid), f.prosrc) ~* pg_catalog.format(
        $$\mupdate\s+(only\s+)?("?\w+"?\s*\.\s*)?"?%s\M[^;]*\mset\M[^;]*\m%s"?\s*=$$, a.relname, t.attname))
order by 1, 2
"""

# The columns of people's ids that may be empty, and are so in new rows.
_EMPTY = """
select a.name, t.attname::text
from pg_temp.audited a
join pg_catalog.pg_attribute t on t.attrelid = a.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated = ''
where a.exposed and not a.partition and a.key is not null and not t.attnotnull and not t.atthasdef
and t.atttypid in ('pg_catalog.uuid'::pg_catalog.regtype, 'pg_catalog.text'::pg_catalog.regtype)
"""


class Default(NamedTuple):
    """What a column holds by default: of which table, its name, the word, and the category of its type."""

    relation: str
    name: str
    word: str
    category: str


class Rule(NamedTuple):
    """A policy: of which table, its name, its command as in pg_policy, USING and WITH CHECK."""

    relation: str
    name: str
    command: str
    using: str | None
    check: str | None


class State(NamedTuple):
    """A column that new rows begin with certain words in, and the words that are not for whoever wrote the row.

    ``adding`` is what a new row has to be, ``begun`` the words that it may have, and ``kept`` the other words, each
    with what keeps it and the condition under which that one lets somebody write it (None: it is for reading).
    """

    relation: str
    attribute: str
    adding: str
    begun: tuple[str, ...]
    kept: tuple[tuple[str, str, str | None], ...]


class Approval(NamedTuple):
    """A column in which whoever agrees to a row names themselves, as a policy for changes has it (``asked_by``).

    ``adding`` is which rows nobody should so agree to: their own, or any where the policy asks for nothing else.
    ``words`` are what the policy says of other columns.
    """

    relation: str
    attribute: str
    adding: str
    words: tuple[tuple[str, str], ...]
    asked_by: str


class Agreed(NamedTuple):
    """A column that says that somebody agreed: what it is in new rows (None: nothing), and the words that say so.

    The word "me" stands for whoever tries it, and "now" for the moment. ``adding`` is what a new row has to be, and
    ``others`` what somebody else is, if both they and whoever wrote a row may change it.
    """

    relation: str
    attribute: str
    begun: str | None
    words: tuple[str, ...]
    adding: str = "true"
    others: str | None = None


class Risen(NamedTuple):
    """What came of one person's tries with one column. ``command``: by changing a row, or by adding one."""

    relation: str
    attribute: str
    asked_by: str
    own: bool
    went: bool
    whole: bool
    word: str = ""
    command: str = "update"


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
        rules = ask(cursor, Rule, _POLICIES, [])
        agreed = ask(cursor, Agreed, _AGREED, [DECIDED.pattern, AGREED_FLAG, AGREED_BY])
        for state in states(rules, ask(cursor, Default, _DEFAULTS, [])):
            for who in people.people:
                for got in _advance(stage, who, state):
                    found.setdefault((got.relation, got.attribute), {})[who.name] = got
        empty = {(relation, column) for relation, column in cursor.execute(_EMPTY).fetchall()}
        for approval in approvals(rules, {each.relation for each in agreed}, empty):
            for who in people.people:
                for got in _approve(stage, who, approval):
                    before = found.setdefault((got.relation, got.attribute), {}).get(who.name)
                    if got.went or before is None:
                        found[got.relation, got.attribute][who.name] = got
        filed = [each for each in map(partial(_for_others, rules), agreed) if each.words]
        there = {(each.relation, each.attribute) for each in filed}
        moved = [Agreed(*row) for row in cursor.execute(_MOVED_ON).fetchall()]
        filed += [
            _with_checks(rules, each) for each in moved if each.words and (each.relation, each.attribute) not in there
        ]
        for who in people.people if filed else ():
            for got in _file(stage, who, filed, unjudged):
                before = found.setdefault((got.relation, got.attribute), {}).get(who.name)
                if got.went and not (before and before.went):
                    found[got.relation, got.attribute][who.name] = got
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


def _advance(stage: Stage, who: Identity, state: State) -> list[Risen]:
    with acting(stage, who, api_path(stage)) as inner:
        given = [who.role, state.relation, state.attribute, state.adding, list(state.begun), json.dumps(state.kept)]
        return ask(inner, Risen, "select * from pg_temp.advance(%s, %s, %s, %s, %s, %s)", given)


def _approve(stage: Stage, who: Identity, approval: Approval) -> list[Risen]:
    with acting(stage, who, api_path(stage)) as inner:
        given = [who.role, who.id, approval.relation, approval.attribute, approval.adding]
        more = [json.dumps([dict([each]) for each in approval.words] or [{}]), approval.asked_by]
        return ask(inner, Risen, "select * from pg_temp.approve(%s, %s, %s, %s, %s, %s, %s)", [*given, *more])


def approvals(rules: Sequence[Rule], agreed: Collection[str], empty: Collection[tuple[str, str]]) -> Iterator[Approval]:
    """Yield the columns in which whoever agrees to a row of others names themselves.

    It is empty in new rows, and a policy for changes lets people put themselves there. That they agree is told by the
    column's name, or by what else the row says (``agreed`` are the tables): who takes on a task names themselves, too.
    """
    for rule in rules:
        conjuncts = [*_conjuncts(bare(parsed(rule.check or "true")))] if rule.command == "w" else []
        for column in filter(None, map(_named_by_caller, conjuncts)):
            is_approval = rule.relation in agreed or re.search(AGREED_BY, column, re.IGNORECASE)
            if (rule.relation, column) not in empty or not is_approval:
                continue
            words = pinned(str(rule.check))
            told = tuple(
                (name, word)
                for name, some in words.items()
                for word in sorted(some, key=lambda word: not GRANTED.search(word))
            )[:2]
            rest = [
                each for each in (*conjuncts, *_conjuncts(bare(parsed(rule.using or "true")))) if each.find(exp.Dot)
            ]
            empty_now = f"{quoted(column)} is null and ({rule.using or 'true'})"
            if all(_named_by_caller(each) == column for each in rest):
                yield Approval(rule.relation, column, empty_now, told, rule.name)
                continue
            for adding in rules:
                parts = (
                    [*_conjuncts(bare(parsed(adding.check or "true")))]
                    if adding.relation == rule.relation and adding.command == "a"
                    else []
                )
                owners = {*filter(None, map(_named_by_caller, parts))} - {column}
                if owners:
                    own = " and ".join(f"{quoted(name)} = auth.uid()" for name in sorted(owners))
                    yield Approval(rule.relation, column, f"{own} and {empty_now}", told, rule.name)


def _named_by_caller(part: exp.Expr) -> str | None:
    """Return the column that a condition compares with the caller's id."""
    if not isinstance(part, exp.EQ):
        return None
    sides = [bare(side) for side in (part.this, part.expression)]
    column = next((side for side in sides if isinstance(side, exp.Column)), None)
    others = [side for side in sides if side is not column]
    return column.name if column is not None and any(_is_caller(side) for side in others) else None


def _is_caller(node: exp.Expr) -> bool:
    """Tell whether an expression is the caller's id, also from a sub-select."""
    if isinstance(node, exp.Subquery | exp.Select):
        found = [called(each) for each in node.find_all(exp.Dot)]
        return found == [("auth", "uid")] and node.find(exp.Table) is None
    return called(node) == ("auth", "uid") if isinstance(node, exp.Dot) else False


def _with_checks(rules: Sequence[Rule], column: Agreed) -> Agreed:
    """Return a column with what a new row has to be."""
    of = [rule for rule in rules if rule.relation == column.relation]
    checks = [f"({rule.check or rule.using or 'true'})" for rule in of if rule.command in ("a", "*")]
    return column._replace(adding=" or ".join(checks) or "true")


def _for_others(rules: Sequence[Rule], column: Agreed) -> Agreed:
    """Return a column with the words that are for somebody else: some of them only where somebody may change rows."""
    of = [rule for rule in rules if rule.relation == column.relation]
    changing = any(rule.command in ("w", "*") for rule in of)
    words = column.words if changing else tuple(filter(_says_for_sure, column.words))
    return _with_checks(rules, column)._replace(words=words, others=_others(of))


def _says_for_sure(word: str) -> bool:
    return word in ("me", "now", "true") or GRANTED.search(word) is not None


def _file(stage: Stage, who: Identity, columns: Sequence[Agreed], unjudged: set[str]) -> list[Risen]:
    """Let somebody file rows that say at once that somebody agreed."""
    with acting(stage, who) as inner:

        def file(names: Sequence[str]) -> list[Risen]:
            given = [
                who.role,
                who.id,
                EVERYBODY,
                json.dumps([each._asdict() for each in columns if each.relation in names]),
            ]
            return ask(inner, Risen, "select * from pg_temp.file(%s, %s, %s, %s)", given)

        return each(inner, sorted({each.relation for each in columns}), file, unjudged, stage.known)


def states(rules: Sequence[Rule], defaults: Sequence[Default] = ()) -> Iterator[State]:
    """Yield the columns that say how far a row has come, where the policies say so, or what is there by default."""
    for relation in dict.fromkeys(rule.relation for rule in rules):
        of = [rule for rule in rules if rule.relation == relation]
        for rule in (rule for rule in of if rule.command in ("a", "*") and (rule.check or rule.using)):
            adding = str(rule.check or rule.using)
            begins = pinned(adding) if rule.command == "a" else {}
            for column, begun in begins.items():
                kept = tuple(dict.fromkeys(_kept(of, column, begun)))
                if kept:
                    yield State(relation, column, adding, tuple(sorted(begun)), kept)
            for column, number in _numbers(adding) if rule.command == "a" else ():
                changing = [each for each in of if each.command in ("w", "*")]
                texts = [text for each in changing for text in (each.using, each.check) if text]
                if not any(column in {each.name for each in parsed(text).find_all(exp.Column)} for text in texts):
                    yield State(
                        relation, column, adding, (number,), tuple((n, rule.name, None) for n in ("0", "1", "2"))
                    )
            for default in defaults if _is_of_the_caller(adding) else ():
                if default.relation == relation and default.name not in begins:
                    kept = tuple(dict.fromkeys(_granted(of, default)))
                    if kept:
                        yield State(relation, default.name, adding, (default.word,), kept)


def _numbers(text: str) -> Iterator[tuple[str, str]]:
    """Yield the columns that a condition lets hold one number alone: a place in a queue, and no version's."""
    for part in _conjuncts(bare(parsed(text))):
        column, number = (bare(part.this), bare(part.expression)) if isinstance(part, exp.EQ) else (None, None)
        is_number = isinstance(number, exp.Literal) and not number.is_string
        if isinstance(column, exp.Column) and number and is_number and not _VERSION.search(column.name):
            yield column.name, number.name


def _is_of_the_caller(text: str) -> bool:
    """Tell whether a condition keeps rows to those that name the caller in a column."""
    return any(
        isinstance(part, exp.EQ)
        and any(isinstance(bare(side), exp.Column) for side in (part.this, part.expression))
        and any(called(bare(side)) == ("auth", "uid") for side in (part.this, part.expression))
        for part in _conjuncts(bare(parsed(text)))
    )


def _granted(rules: Sequence[Rule], default: Default) -> Iterator[tuple[str, str, None]]:
    """Yield the words that say that somebody agreed, and that a policy for reading looks for: of a flag, true."""
    for rule in rules:
        if rule.command != "r" or not rule.using or GRANTED.search(default.word):
            continue
        tree = parsed(rule.using)
        if default.category == "B":
            says_so = any(map(GRANTED.search, default.name.split("_")))
            if says_so and any(each.name == default.name for each in tree.find_all(exp.Column)):
                yield "true", rule.name, None
        else:
            looked_for = {each.name for each in _compared(tree, default.name)} - {default.word}
            yield from ((word, rule.name, None) for word in sorted(looked_for) if GRANTED.search(word))


def _kept(rules: Sequence[Rule], column: str, begun: Collection[str]) -> Iterator[tuple[str, str, str | None]]:
    changing = [rule for rule in rules if rule.command == "w" and rule.check]
    words = {word for rule in changing for word in pinned(str(rule.check)).get(column, ())}
    for word in sorted(words - {*begun}):
        naming = [rule for rule in changing if word in pinned(str(rule.check)).get(column, ())]
        yield word, naming[0].name, " or ".join(f"({rule.check})" for rule in naming)
    for rule in rules:
        if rule.command == "r" and rule.using:
            looked_for = {each.name for each in _compared(parsed(rule.using), column)} - words - {*begun}
            yield from ((word, rule.name, None) for word in sorted(looked_for) if GRANTED.search(word))


def _others(rules: Sequence[Rule]) -> str | None:
    """Return the condition by which others may change a table's rows, where whoever wrote one may do so as well.

    By what ties a new row to whoever adds it, they may change it; others may for another reason.
    """
    branches = [part for rule in rules if rule.command == "w" and rule.using for part in _alternatives(rule.using)]
    for rule in rules:
        conjuncts = _conjuncts(bare(parsed(rule.check or "true"))) if rule.command == "a" else ()
        mine = {_said(part) for part in conjuncts if part.find(exp.Dot, exp.Select)}
        ties = mine.intersection(_said(part) for branch in branches for part in _conjuncts(branch))
        others = [f"({_text(each)})" for each in branches if not ties.intersection(map(_said, _conjuncts(each)))]
        if ties and others:
            return " or ".join(others)
    return None


def _said(part: exp.Expr) -> tuple[str, str]:
    """Return what a condition says, however it is written: which column is the caller, or its text."""
    column = _named_by_caller(part)
    return ("caller", column) if column else ("text", _text(part))


def _text(tree: exp.Expr) -> str:
    return tree.sql(dialect="postgres", normalize_functions=False)


def _alternatives(text: str) -> list[exp.Expr]:
    tree = bare(parsed(text))
    return [*map(bare, tree.flatten())] if isinstance(tree, exp.Or) else [tree]


def _compared(tree: exp.Expr, column: str) -> Iterator[exp.Literal]:
    """Yield the words that a column is compared with."""
    for part in tree.find_all(exp.EQ, exp.In):
        known = bare(part.this)
        if isinstance(known, exp.Column) and known.name == column:
            yield from (word for word in part.find_all(exp.Literal) if word.is_string)


def pinned(text: str) -> dict[str, set[str]]:
    """Return the columns that a condition lets hold certain words alone."""
    found: dict[str, set[str]] = {}
    for part in _conjuncts(bare(parsed(text))):
        column = bare(part.this) if isinstance(part, exp.EQ | exp.In) else None
        if isinstance(column, exp.Column) and not part.args.get("negate"):
            words = {each.name for each in part.find_all(exp.Literal) if each.is_string}
            if words and not part.find(exp.Select):
                found.setdefault(column.name, words)
    return found


def _conjuncts(tree: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(tree, exp.And):
        for each in (tree.left, tree.right):
            yield from _conjuncts(bare(each))
    else:
        yield tree


def _rows(about: Mapping[tuple[str, str], Mapping[str, Risen]]) -> list[Row]:
    """Return one row for each grant that lets somebody rise."""
    causes: dict[Cause, list[tuple[Risen, Collection[str]]]] = {}
    for those in about.values():
        went = {actor: got for actor, got in those.items() if got.went}
        if went:
            first = next(iter(went.values()))
            columns = "" if first.whole else f" ({quoted(first.attribute)})"
            cause = Cause("grant", f"{first.command}{columns} on {first.relation}", first.relation)
            causes.setdefault(cause, []).append((first, [*went]))
    return [_row(cause, several) for cause, several in causes.items()]


def _row(cause: Cause, several: Sequence[tuple[Risen, Collection[str]]]) -> Row:
    first = several[0][0]
    actors = list(dict.fromkeys(actor for _, names in several for actor in names))
    columns = ", ".join(got.attribute for got, _ in several)
    adds = first.command == "insert"
    deed = "file rows that say at once what others decide:" if adds else "decide about their own"
    details = {
        "what": f"members can {deed} {columns} in {first.relation}",
        **({"word": first.word} if first.word else {}),
        "actors": ", ".join(actors),
        "relation": first.relation,
        "columns": columns,
        "asked by": ", ".join(dict.fromkeys(got.asked_by for got, _ in several)),
    }
    told = {key: safe(value) for key, value in details.items()}
    texts = {key.replace(" ", "_"): value for key, value in told.items()}
    fix = _FILED.format(**texts) if adds else None
    return Row(safe(cause.name), told, {**texts, "object": safe(cause.name)}, fix, cause=cause)
