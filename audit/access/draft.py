"""A draft of access.toml for what nobody has declared: ``care-audit draft``.

It tells what is so, not what ought to be: the sets of rows are what the policies say, for whom they say it, and what is
observed beyond that, or less, stands beside it. Each entry says ``review = true``, and counts once a person has taken
that line out; what looks like a hole counts only when somebody has also said why (``because``).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from audit.access import declaration
from audit.access.declaration import ALL, REACHING, Access
from audit.access.matrix import CALLED, CHANNELS, Observed, doubtful_of, opened_tables, predicate
from audit.access.parameters import parameters
from audit.access.results import API_ACTORS, COMMANDS, Doubtful
from audit.access.rules import ROLES, Known, known_of, qualified
from audit.actors import Stage, staged
from audit.connection import TargetError, connect
from audit.evidence import Log, Unchecked, safe
from audit.project import marked, project_of
from audit.question import Cursor
from audit.server.shadow import shadowed
from audit.server.target import MEMBERS, Choice, opened
from audit.server_errors import describe
from audit.settings import Settings

ROOT = Path(__file__).parents[2]
# As many policies are written into each other.
DEEPEST = 4

# As the server prints the caller's id, and as a declaration calls it.
_ME = re.compile(r"\(\s*select auth\.uid\(\) as uid\s*\)|\bauth\.uid\(\)", re.IGNORECASE)
# As the policies of channels find out which channel it is.
_TOPIC = re.compile(r"\(\s*select realtime\.topic\(\) as topic\s*\)|\brealtime\.topic\(\)", re.IGNORECASE)
# What may depend on who asks: the id, the claims, a setting, or a function of the project.
_ASKS = re.compile(r":me\b|\bauth\.|current_setting|(?<![\w\"])[\w\"]++\.[\w\"]++\s*+\(", re.IGNORECASE)

# The functions that the API serves, with the roles that may call them, and whether they have their owner's rights.
FUNCTIONS = """
select p.oid::pg_catalog.regprocedure::text, p.prosecdef,
       array(select r.rolname::text from pg_catalog.pg_roles r
             where r.rolname = any (%(roles)s) and pg_catalog.has_function_privilege(r.oid, p.oid, 'execute')
             and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage'))
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = any (%(exposed)s) and n.nspname <> all (%(platform)s) and p.prokind in ('f', 'p')
and p.prorettype not in ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                and d.objid = p.oid and d.deptype = 'e')
order by 1
"""


@dataclass
class Entry:
    """What is proposed for one table. ``rests`` says of each set which policies it comes from."""

    relation: str
    rows: dict[str, str] = field(default_factory=dict)
    rests: dict[str, list[str]] = field(default_factory=dict)
    reach: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def named(self, text: str, policy: str) -> str:
        """Return the name of the set of rows for a predicate, a new one where there is none yet."""
        if text == "true":
            return ALL
        for name, given in self.rows.items():
            if given == text:
                self.rests[name] = list(dict.fromkeys([*self.rests[name], policy]))
                return name
        plain = re.fullmatch(r"\(?(\w+)(::text)? = :me(::text)?\)?", text)
        wanted = "own" if plain else re.sub(r"\W+", "_", policy.strip('"').lower()).strip("_")[:40] or "some"
        if plain and "own" in self.rows:
            wanted = plain[1].removesuffix("_id")
        name, number = wanted, 1
        while name in self.rows or name == ALL:
            number += 1
            name = f"{wanted}_{number}"
        self.rows[name], self.rests[name] = text, [policy]
        return name


def draft(stage: Stage, only: Collection[str] | None = None) -> Iterator[str]:
    """Yield the lines of a draft for each table that is not declared, or for ``only`` some of them.

    Raises Unchecked on a live database, and psycopg.Error when there is no answer.
    """
    declared = {*stage.known["declared"], *stage.known["server_only_tables"], *stage.known["public_tables"]}
    with opened_tables(stage, {}) as (observatory, tables):
        known = known_of(observatory.cursor, {name: security for name, (_, security, _) in tables.items()})
        wanted = [name for name in tables if name not in declared and (only is None or name in only)]
        doubtful, _, _ = doubtful_of(observatory, stage, wanted, tables)
        for relation in wanted:
            entry = _proposed(relation, known)
            observatory.sets = json.dumps({relation: [predicate(each) for each in entry.rows.values()]})
            here = [each for each in doubtful if each.relation == relation]
            yield from _lines(entry, known, observatory.observe([relation]), here)
        if only is None:
            yield from _functions(observatory.cursor, stage)
            yield from _buckets(observatory.cursor, stage)
            yield from _unseen(stage, [*tables], declared, observatory.unread)


def _proposed(relation: str, known: Known) -> Entry:
    """Return who may reach what by the policies, for those whom the grants let use the command."""
    entry = Entry(relation)
    for command in COMMANDS:
        for role in ROLES:
            rights = known.rights.get((relation, role))
            if rights is None or command not in rights.commands:
                continue
            for asked, policy in _conditions(relation, command, role, known):
                text = _of_topic(asked) if relation == CHANNELS else asked
                for who in _people(role, text):
                    sets = entry.reach.setdefault(command, {}).setdefault(who, [])
                    name = entry.named(text, policy)
                    if name not in sets:
                        sets.append(name)
    entry.reach = {command: _grouped(given) for command, given in entry.reach.items()}
    return entry


def _of_topic(text: str) -> str:
    """Return a condition on channels that names the column where it asks the service which channel it is about."""
    captured = re.search(r"(?<!\.)\bmessages\b(?!\.)", text)
    return _TOPIC.sub("topic" if captured else "messages.topic", text)


def _people(role: str, text: str) -> tuple[str, ...]:
    """Return the groups of a role for whom a condition can be true: nothing is theirs who have no id."""
    anybody = ":me" not in text or " or " in text.lower()
    if role == "anon":
        return ("anon",) if anybody else ()
    return ("signed_in", "nobody") if anybody else ("signed_in",)


def _grouped(given: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Put those together who reach the same."""
    everybody = ("anon", "nobody", "signed_in")
    shared = [name for name in given.get("signed_in", ()) if all(name in given.get(who, ()) for who in everybody)]
    rest = {who: [name for name in names if name not in shared] for who, names in given.items()}
    return {**({"everybody": shared} if shared else {}), **{who: names for who, names in rest.items() if names}}


def _conditions(relation: str, command: str, role: str, known: Known, depth: int = 0) -> list[tuple[str, str]]:
    """Return what each permissive policy asks, with the restrictive ones, as predicates; and the policy's name."""
    if not known.security.get(relation, True):
        return [("true", "row level security is off")]
    rules = [rule for rule in known.rules.get(relation, ()) if rule.goes_for(command, role)]
    bounds = [_predicate(rule.condition(command), role, known, depth) for rule in rules if not rule.permissive]
    found = []
    for rule in rules:
        if rule.permissive:
            parts = [_predicate(rule.condition(command), role, known, depth), *bounds]
            parts = [part for part in parts if part != "true"]
            if "false" not in parts:
                found.append((" and ".join(parts) or "true", rule.name))
    return found


def _predicate(text: str, role: str, known: Known, depth: int) -> str:
    """Return a policy's condition as a declaration says it: other tables show what their own policies show."""
    plain = _ME.sub(":me", _within(text, role, known, depth))
    plain = re.sub(r"\s+", " ", plain).strip()
    # Without the parentheses round the whole, where these are a pair.
    return plain[1:-1] if re.fullmatch(r"\([^()]*\)", plain) else plain


def _within(text: str, role: str, known: Known, depth: int) -> str:
    """Write the policies of the tables that a condition asks into it, since a declaration is not bound by them."""
    if depth >= DEEPEST or "select" not in text.lower():
        return text
    try:
        tree = sqlglot.parse_one(f"select {text}", dialect="postgres")
    except SqlglotError:
        return text
    changed = False
    for table in list(tree.find_all(exp.Table)):
        name = table.sql(dialect="postgres").partition(" AS ")[0]
        if not known.security.get(name):
            continue
        shown = [each for each, _ in _conditions(name, "select", role, known, depth + 1)]
        if "true" in shown:
            continue
        where = " or ".join(f"({each})" for each in shown) or "false"
        inner = sqlglot.parse_one(
            f"select * from {name} where {where.replace(':me', 'auth.uid()')}", dialect="postgres"
        )
        alias = table.alias or table.name
        table.replace(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(alias))))
        changed = True
    return tree.sql(dialect="postgres").removeprefix("SELECT ") if changed else text


def _lines(
    entry: Entry, known: Known, observed: Sequence[Observed], doubtful: Sequence[Doubtful] = ()
) -> Iterator[str]:
    relation = entry.relation
    yield ""
    yield f"[tables.{_text(relation)}]"
    yield "review = true  # written by a machine: take this line out when the entry says what ought to be"
    roles = [known.rights[relation, role] for role in ROLES if (relation, role) in known.rights]
    if not entry.reach and any(rights.commands for rights in roles) and known.security.get(relation):
        yield "server_only = true  # no policy lets the API in"
        return
    _without_nobody(entry, observed)
    used = {name for given in entry.reach.values() for names in given.values() for name in names}
    for name, text in entry.rows.items():
        if name in used:
            yield f"rows.{_key(name)} = {_text(text)}  # {safe(_rests(entry, name))}"
    for command, given in entry.reach.items():
        inside = ", ".join(f"{who} = [{', '.join(map(_text, names))}]" for who, names in given.items())
        yield f"reach.{command} = {{ {inside} }}"
    yield from _columns(entry, known)
    for words in _doubts(entry, known, doubtful):
        yield f'because.{_text(words)} = ""  # say why this is meant: until then it counts as not declared'
    yield from (f"# not explained: {safe(remark)}" for remark in remarks(entry, observed))


def _without_nobody(entry: Entry, observed: Sequence[Observed]) -> None:
    """Leave out callers without an id where they were seen to reach nothing: a function may have asked for one."""
    for command, given in entry.reach.items():
        cells = [c for c in observed if c.actor == "nobody" and c.shape.removesuffix(" blind") == command]
        if not any(cell.reached or cell.masked for cell in cells):
            given.pop("nobody", None)


def _rests(entry: Entry, name: str) -> str:
    """Say on what a set of rows rests: policies, and functions, which decide it whatever they come to say."""
    functions = sorted({each for each in CALLED.findall(entry.rows[name]) if not each.startswith(("auth.", "pg_"))})
    goes_by = f"; goes by {', '.join(functions)}, whatever that says" if functions else ""
    return f"by {', '.join(entry.rests[name])}{goes_by}"


def _columns(entry: Entry, known: Known) -> Iterator[str]:
    """Propose the columns that grants keep from people who reach rows of the table."""
    for key, command in (("hidden", "select"), ("fixed", "update")):
        found: dict[str, tuple[str, ...]] = {}
        for role, who in (("anon", "anon"), ("authenticated", "signed_in")):
            rights = known.rights.get((entry.relation, role))
            if rights is not None and command in rights.commands and entry.reach.get(command):
                columns = rights.hidden if key == "hidden" else rights.fixed
                if columns:
                    found[who] = columns
        if found:
            inside = ", ".join(f"{who} = [{', '.join(map(_text, names))}]" for who, names in found.items())
            yield f"{key} = {{ {inside} }}"


def _doubts(entry: Entry, known: Known, doubtful: Sequence[Doubtful]) -> Iterator[str]:
    """Yield what looks like a hole: rows of somebody for everybody, or a write that does not ask who writes.

    Besides, what is told of a table that nobody has declared (``doubtful``): to accept it unread makes it no better.
    """
    for command, given in entry.reach.items():
        for who, names in given.items():
            open_ = [name for name in names if name == ALL or not _ASKS.search(entry.rows[name])]
            asks_nobody = open_ and (command != "select" or entry.relation in known.somebodys)
            if asks_nobody or any(_lets_in(entry, each, command, who, names) for each in doubtful):
                yield f"{command} by {who}"


def _lets_in(entry: Entry, found: Doubtful, command: str, who: str, names: Sequence[str]) -> bool:
    """Tell whether a hole is what lets a group reach some sets of rows by a command."""
    by_policy = any(name == ALL or found.policy in entry.rests[name] for name in names)
    return by_policy and command in found.commands and not {*found.actors}.isdisjoint(REACHING[who])


def remarks(entry: Entry, observed: Sequence[Observed]) -> Iterator[str]:
    """Yield which observed reach the entry does not explain, and which of it is not observed."""
    names = list(entry.rows)
    for command in COMMANDS:
        for actor in API_ACTORS:
            sets = [
                name for who, given in entry.reach.get(command, {}).items() if actor in REACHING[who] for name in given
            ]
            cells = [c for c in observed if c.actor == actor and c.shape.removesuffix(" blind") == command]
            if any(cell.refusal in ("broken", "unanswered") for cell in cells):
                yield f"{actor}: {command} gave no answer"
                continue
            if not cells:  # channels are listened to and spoken in, and no more
                continue
            cell = max(cells, key=lambda c: sum(c.reached.values()))

            def may(kind: str, sets: Sequence[str] = sets) -> bool:
                return ALL in sets or any(kind[names.index(name)] == "1" for name in sets)

            more = sum(n for kind, n in cell.reached.items() if not may(kind))
            if more:
                yield f"{actor}: {command} reaches {more} rows more than these sets describe"
            less = sum(
                n - cell.reached.get(kind, 0) - cell.masked.get(kind, 0)
                for kind, n in cell.everything.items()
                if may(kind)
            )
            if less and command == "select":
                yield f"{actor}: {command} reaches {less} rows less than these sets describe"


def _functions(cursor: Cursor, stage: Stage) -> Iterator[str]:
    """Propose for whom each function is that the API serves."""
    known = stage.known
    given = {"roles": [*ROLES], "exposed": list(known["exposed"]), "platform": list(known["platform_schemas"])}
    with qualified(cursor):
        found = cursor.execute(FUNCTIONS, given).fetchall()
    told = {*known["callers"], *known["public_functions"]}
    for name, definer, roles in found:
        if name in told or not roles:
            continue
        yield ""
        yield f"[functions.{_text(name)}]"
        yield "review = true" + ("  # it has its owner's rights: see that it asks who is calling" if definer else "")
        yield f"callers = [{_text('everybody' if 'anon' in roles else 'signed_in')}]"
        if definer:
            yield 'because = ""  # say why it may tell and do what it does: until then that is not declared'


def _buckets(cursor: Cursor, stage: Stage) -> Iterator[str]:
    cursor.execute("select pg_catalog.to_regclass('storage.buckets') is not null")
    if cursor.fetchone() != (True,):
        return
    cursor.execute("select id from storage.buckets where public order by id")
    for (name,) in cursor.fetchall():
        if name not in stage.known["public_buckets"]:
            yield ""
            yield f"[buckets.{_text(name)}]"
            yield "review = true"
            yield "public = true"


def _unseen(stage: Stage, tables: Sequence[str], declared: Collection[str], unread: Mapping[str, str]) -> Iterator[str]:
    """Say what was looked at, and what could not be seen."""
    there = [name for name in tables if name in declared]
    yield ""
    schemas = safe(", ".join(stage.known["exposed"]))
    if not tables:
        yield f"# The API serves no table in {schemas}: nothing could be proposed. See exposed_schemas in audit.toml."
    else:
        rest = len(tables) - len(there)
        yield f"# Of {len(tables)} tables in {schemas}, {len(there)} have an entry already, and {rest} are proposed."
    for name, why in unread.items():
        yield f"# not seen: {safe(name)} could not be looked at ({why})"
    for name, why in stage.unfilled.items():
        yield f"# not seen: {safe(name)} has no made-up rows ({safe(why)})"
    for condition in stage.undecided:
        yield f"# not seen: {safe(condition)}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(value: str) -> str:
    """Quote for TOML, whose strings are those of JSON with one more character escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@contextmanager
def _stage(choice: Choice, settings: Settings, declared: Access) -> Iterator[Stage]:
    """Let people act on the target, or on the shadow of a live one."""

    def say(line: str) -> None:
        print(f"# {line}", file=sys.stderr)

    with opened(choice, say) as target:
        if target.disposable:
            with connect(target.dsn) as connection:
                known = parameters(connection, settings, declared)
                with staged(connection, known, Log(), target.unfilled) as stage:
                    yield stage
            return
        with connect(target.dsn) as live:
            known = parameters(live, settings, declared)
        with (
            shadowed(target.dsn, choice.postgres_bin, choice.members, say, None, choice.parts) as shadow,
            connect(shadow.dsn) as connection,
            staged(connection, known, Log(), shadow.unfilled, shadow.unlike, shadow.undecided) as stage,
        ):
            yield stage


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the draft. Returns the exit status: 0, or 4 with one sentence where there is none."""
    parser = argparse.ArgumentParser(prog="care-audit draft", description="Draft access.toml for undeclared tables.")
    parser.add_argument("--target", default=os.environ.get("AUDIT_TARGET") or "embedded")
    parser.add_argument("--image")
    parser.add_argument("--postgres-bin", type=Path)
    parser.add_argument("--migrations", type=Path)
    parser.add_argument("--schema", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--access")
    parser.add_argument("--settings")
    given = parser.parse_args(arguments)
    try:
        choice = Choice(
            given.target,
            given.image,
            given.postgres_bin,
            given.migrations,
            given.members,
            schema=given.schema,
            before=given.before,
        )
        project = project_of(
            ROOT,
            live=marked(choice.target) if choice.kind == "live" else None,
            source=given.schema or given.migrations,
            settings=given.settings,
            access=given.access,
        )
        choice = replace(choice, parts=project.settings.parts)
        declared = declaration.load(project.access) if project.access else Access()
        with _stage(choice, project.settings, declared) as stage:
            lines = list(draft(stage))
    except (TargetError, ValueError, Unchecked) as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    except psycopg.Error as error:
        print(f"error: the draft could not be made: {describe(error)}", file=sys.stderr)
        return 4
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
