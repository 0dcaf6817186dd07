"""The statements that bring one database to what another one is like, difference by difference.

Names are put in quotes by psycopg; definitions are the server's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from psycopg import sql

from audit.drift.catalogue import Catalogue, Facts, Key, Part, by_default

# In which order things are made, where nothing else says so.
RANKS = (
    "role", "membership", "schema", "extension", "type", "relation", "column", "function", "other", "constraint",
    "index", "rule", "trigger", "publication", "published", "policy", "setting", "default privileges", "grant",
    "bucket", "job",
)  # fmt: skip
# What goes when one of them goes, beside definitions: rows.
LOSING = frozenset({"relation", "column", "schema", "type", "extension", "bucket"})


_GRANTS = ("grant", "default privileges")


def name(*names: str) -> str:
    """Return a qualified name."""
    return sql.Identifier(*names).as_string(None)


def literal(value: object) -> str:
    """Return a value as SQL has it."""
    return sql.Literal(value).as_string(None)


def rank(key: Key) -> int:
    """Return the place of a kind in the order of making; a sequence comes before what is filled from it."""
    return RANKS.index(key[0])


def role(grantee: str) -> str:
    """Return who gets a grant."""
    return "public" if grantee == "public" else name(grantee)


def to(start: Catalogue, goal: Catalogue, part: Part, folded: Sequence[Key], aspect: str = "") -> list[str]:
    """Return the statements that make one difference go away, on a database that is like ``start``.

    ``folded`` are the keys of what comes or goes with the part, itself among them. ``aspect`` is what the difference is
    about: "" for all of it.
    """
    if part.key not in start.parts and part.key[0] not in _GRANTS:
        made = [goal.parts[key] for key in _ordered(folded, goal)]
        told = [line for each in made for line in create(each, start, goal)]
        return told + [line for each in made for line in _afterwards(each)]
    if part.key not in goal.parts and part.key[0] not in _GRANTS:
        gone = [start.parts[key] for key in reversed(_ordered(folded, start))]
        inside = {each.key for each in gone}
        less = Catalogue(goal.version, {key: each for key, each in goal.parts.items() if key not in folded})
        return [
            line for each in gone
            if each.of is None or each.of not in inside or (each.of[0] == "schema" and each.key[0] not in _GRANTS)
            for line in (alter(start, less, each.key, "") if each.key[0] in _GRANTS else drop(each))
        ]  # fmt: skip
    return list(alter(start, goal, part.key, aspect))


def _ordered(keys: Sequence[Key], catalogue: Catalogue) -> list[Key]:
    """Put what others rest on before them."""
    inside, done = set(keys), dict[Key, None]()

    def visit(key: Key, above: frozenset[Key]) -> None:
        if key in done or key in above:
            return
        part = catalogue.parts[key]
        below = {*catalogue.needs.get(key, ()), *([part.of] if part.of else [])} & inside
        # Of a sequence and the column that it belongs to the sequence comes first.
        if key[0] == "relation" and part.kind == "sequence":
            below = {each for each in below if each[0] not in ("column", "relation")}
        for other in sorted(below, key=lambda each: (rank(each), each)):
            visit(other, above | {key})
        done[key] = None

    for key in sorted(inside, key=lambda each: (rank(each), catalogue.parts[each].kind != "sequence", each)):
        visit(key, frozenset())
    return list(done)


# --- Making


def create(part: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    """Return the statements that make a part as it is in ``goal``, in a database that is like ``start``."""
    kind, *names = part.key
    facts = part.facts
    match kind:
        case "schema":
            yield f"create schema {name(*names)}"
        case "relation":
            yield from _relation(part, goal)
        case "column":
            # Those of a table that is made, too, are in its CREATE TABLE.
            if facts.get("inherited"):
                column = f"alter table {name(*names[:2])} alter column {name(names[2])}"
                yield f"{column} set default {facts['default']}" if "default" in facts else f"{column} drop default"
                if facts["not null"]:
                    yield f"{column} set not null"
            elif part.of in start.parts:
                yield f"alter table {name(*names[:2])} add column {_column(names[2], facts)}"
        case "constraint":
            # Where the server gave the name to another one, it gives the next.
            called = "" if part.key in start.taken else f"constraint {name(names[2])} "
            yield f"alter table {name(*names[:2])} add {called}{facts['definition']}"
        case "index":
            yield str(facts["definition"])
        case "trigger":
            yield str(facts["definition"])
            yield from _fires(part, "trigger")
        case "rule":
            yield str(facts["definition"])
            yield from _fires(part, "rule")
        case "policy":
            yield _policy(part)
        case "function":
            # It takes nobody's place.
            yield re.sub(r"\Acreate or replace ", "CREATE ", _function(part), flags=re.IGNORECASE)
        case "type":
            yield _type(part)
        case "role":
            yield f"create role {name(*names)} {_attributes(facts)}"
        case "membership":
            yield f"grant {name(names[0])} to {name(names[1])}{' with admin option' if facts['admin'] else ''}"
        case "setting":
            yield _set(part)
        case "extension":
            yield f"create extension {name(*names)} with schema {name(facts['schema'])}"
        case "publication":
            every = " for all tables" if facts["all tables"] else ""
            yield f"create publication {name(*names)}{every} with ({_published_how(facts)})"
        case "published":
            yield f"alter publication {name(names[0])} add {_published(part)}"
        case "bucket":
            yield _bucket(part)
        case "job":
            yield from _job(part)
        case "other":
            made = facts.get("definition")
            yield str(made) if made else f"-- make {part.title} as the other database has it"
        case "grant" | "default privileges":
            yield from alter(start, goal, part.key, "")
    yield from _owner(part)
    yield from _opened(part, start, goal)


def _afterwards(part: Part) -> Iterator[str]:
    """Return what can be said of something only when others are there."""
    kind, *names = part.key
    if kind == "relation" and part.facts.get("owned by"):
        yield f"alter sequence {name(*names)} owned by {part.facts['owned by']}"
    if kind == "relation" and str(part.facts.get("replica identity", "default")) != "default":
        yield f"alter table {name(*names)} replica identity {part.facts['replica identity']}"


def _relation(part: Part, goal: Catalogue) -> Iterator[str]:
    facts, told = part.facts, name(*part.key[1:])
    unlogged = "unlogged " if facts.get("unlogged") else ""
    options = f" with ({_options(facts)})" if facts.get("options") else ""
    match part.kind:
        case "view":
            yield f"create view {told}{options} as {facts['query']}"
        case "materialized view":
            yield f"create materialized view {told}{options} as {facts['query']}"
        case "sequence":
            yield f"create {unlogged}sequence {told} {facts['numbers']}"
        case "foreign table":
            columns = ", ".join(_columns(part, goal))
            of = f" options ({_pairs(facts['table options'])})" if facts.get("table options") else ""
            yield f"create foreign table {told} ({columns}) server {facts['server']}{of}"
        case _ if "partition" in facts:
            by = f" partition by {facts['partitioned by']}" if "partitioned by" in facts else ""
            parent = facts["inherits"][0]
            yield f"create {unlogged}table {told} partition of {parent} {facts['partition']}{by}{options}"
        case _:
            by = f" partition by {facts['partitioned by']}" if "partitioned by" in facts else ""
            columns = ", ".join(_columns(part, goal))
            inherits = f" inherits ({', '.join(facts['inherits'])})" if facts.get("inherits") else ""
            body = f" of {facts['of type']}" if "of type" in facts else f" ({columns})"
            yield f"create {unlogged}table {told}{body}{inherits}{by}{options}"
    for aspect, words in _SWITCHES.items():
        if facts.get(aspect):
            yield f"alter table {told} {words[0]}"


def _columns(part: Part, goal: Catalogue) -> list[str]:
    own = [each for each in goal.parts.values() if each.key[0] == "column" and each.of == part.key]
    own = [each for each in own if not each.facts.get("inherited")]
    return [_column(each.key[3], each.facts) for each in own]


def _column(column: str, facts: Facts) -> str:
    words = [name(column), str(facts["type"])]
    if "collation" in facts:
        words.append(f"collate {facts['collation']}")
    if "storage" in facts:
        words.insert(2, f"storage {facts['storage']}")
    if "generated" in facts:
        words.append(f"generated always as ({facts['generated']}) {facts['generation']}")
    if "identity" in facts:
        words.append(f"generated {facts['identity']} as identity ({facts['numbers']})")
    if "default" in facts:
        words.append(f"default {facts['default']}")
    if facts["not null"]:
        words.append("not null")
    return " ".join(words)


def _options(facts: Facts) -> str:
    return ", ".join(_option(each) for each in facts["options"])


def _option(option: str) -> str:
    key, _, value = option.partition("=")
    return f"{'.'.join(map(name, key.split('.')))} = {literal(value)}"


def _pairs(options: Sequence[str]) -> str:
    return ", ".join(f"{name(key)} {literal(value)}" for key, _, value in (each.partition("=") for each in options))


def _policy(part: Part) -> str:
    facts = part.facts
    words = [f"create policy {name(part.key[3])} on {name(*part.key[1:3])}"]
    words.append(f"as {'restrictive' if facts['restrictive'] else 'permissive'} for {facts['command']}")
    words.append(f"to {', '.join(facts['roles'])}")
    for clause in ("using", "with check"):
        if clause in facts:
            words.append(f"{clause} ({facts[clause]})")
    return " ".join(words)


def _function(part: Part) -> str:
    if part.facts["kind"] == "aggregate":
        return f"create aggregate {name(*part.key[1:3])}({part.facts['arguments']}) ({part.facts['aggregate']})"
    return str(part.facts["definition"]).rstrip()


def _type(part: Part) -> str:
    facts, told = part.facts, name(*part.key[1:])
    match facts["kind"]:
        case "enum":
            return f"create type {told} as enum ({', '.join(map(literal, facts.get('labels') or ()))})"
        case "domain":
            words = [f"create domain {told} as {facts['type']}"]
            words += [f"collate {facts['collation']}"] if "collation" in facts else []
            words += [f"default {facts['default']}"] if "default" in facts else []
            words += ["not null"] if facts["not null"] else []
            words += [f"constraint {name(check)} {text}" for check, text in sorted(facts.get("checks", {}).items())]
            return " ".join(words)
        case "composite":
            types = facts.get("attributes") or {}
            return f"create type {told} as ({', '.join(f'{name(a)} {types[a]}' for a in facts.get('_order') or ())})"
    return f"create type {told} as range ({facts['range']})"


_FLAGS = {
    "superuser": "superuser", "bypasses row level security": "bypassrls", "login": "login", "makes roles": "createrole",
    "makes databases": "createdb", "replication": "replication", "inherits": "inherit",
}  # fmt: skip


def _attributes(facts: Facts) -> str:
    words = [(word if facts[flag] else f"no{word}") for flag, word in _FLAGS.items() if flag in facts]
    words += [f"connection limit {facts['connections']}"] if "connections" in facts else []
    words += [f"valid until {literal(facts['until'])}"] if "until" in facts else []
    return " ".join(words)


# These take lists of names; as one literal, a list would be one name.
# https://www.postgresql.org/docs/current/runtime-config-client.html
_LISTS = frozenset({"search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"})


def _configured(part: Part, words: str) -> str:
    of, here, _ = part.key[1:]
    if not here:
        return f"alter role {name(of) if of else 'all'} {words}"
    # The database's name is not the same everywhere, and there is no word for this one.
    whose = f"alter role {name(of)} in database" if of else "alter database"
    text = f"{whose} ".replace("%", "%%") + "%I " + words.replace("%", "%%")
    return "do " + literal(f"begin execute pg_catalog.format({literal(text)}, pg_catalog.current_database()); end")


def _setting_name(part: Part) -> str:
    return ".".join(map(name, part.key[3].split(".")))


def _set(part: Part) -> str:
    setting, value = part.key[3], str(part.facts["value"])
    told = value if setting.lower() in _LISTS and value else literal(value)
    return _configured(part, f"set {_setting_name(part)} = {told}")


def _published_how(facts: Facts) -> str:
    return f"publish = {literal(facts['publish'])}, publish_via_partition_root = {str(facts['root']).lower()}"


def _published(part: Part) -> str:
    facts = part.facts
    if len(part.key) == 3:
        return f"tables in schema {name(part.key[2])}"
    columns = f" ({', '.join(facts['columns'])})" if "columns" in facts else ""
    return f"table {name(*part.key[2:])}{columns}{' where ' + facts['where'] if 'where' in facts else ''}"


_BUCKET = ("name", "public", "file_size_limit", "allowed_mime_types")


def _bucket(part: Part) -> str:
    values = ", ".join(literal(part.facts[each]) for each in _BUCKET)
    return f"insert into storage.buckets (id, {', '.join(_BUCKET)}) values ({literal(part.key[1])}, {values})"


def _job(part: Part) -> Iterator[str]:
    facts = part.facts
    title = [] if facts["unnamed"] else [part.key[1]]
    yield f"select cron.schedule({', '.join(map(literal, [*title, facts['schedule'], facts['command']]))})"
    if not facts["active"]:
        yield f"select cron.alter_job({_job_id(part)}, active => false)"


def _job_id(part: Part) -> str:
    by = "command" if part.facts["unnamed"] else "jobname"
    value = part.facts["command"] if part.facts["unnamed"] else part.key[1]
    return f"(select jobid from cron.job where {by} = {literal(value)})"


def _fires(part: Part, kind: str) -> Iterator[str]:
    if part.facts["fires"] != "enable":
        yield f"alter table {name(*part.key[1:3])} {part.facts['fires']} {kind} {name(part.key[3])}"


# What the server calls otherwise than its statements do.
_WORDS = {"statistics object": "statistics", "foreign-data wrapper": "foreign data wrapper"}
_OWNED = {
    "schema": "schema", "type": "type", "function": "routine", "publication": "publication",
}  # fmt: skip


def _owner(part: Part) -> Iterator[str]:
    owner = part.facts.get("owner")
    if not owner:
        return
    if part.key[0] == "relation":
        yield f"alter {part.kind} {name(*part.key[1:])} owner to {name(owner)}"
    elif part.key[0] == "function":
        yield f"alter routine {name(*part.key[1:3])}{part.key[3]} owner to {name(owner)}"
    elif part.key[0] == "type" and part.facts["kind"] == "domain":
        yield f"alter domain {name(*part.key[1:])} owner to {name(owner)}"
    elif part.key[0] in _OWNED:
        yield f"alter {_OWNED[part.key[0]]} {name(*part.key[1:])} owner to {name(owner)}"
    elif part.key[0] == "other" and part.key[1] != "cast":
        yield f"alter {_WORDS.get(part.key[1], part.key[1])} {part.key[2]} owner to {name(owner)}"


# --- Who may do what

_BY_DEFAULT = {"relation": "tables", "function": "functions", "type": "types", "schema": "schemas"}


def _opened(part: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    """Take away what whoever makes something new may have granted by default, where it is not wanted."""
    kind = _BY_DEFAULT.get(part.key[0])
    if kind is None:
        return
    kind = "sequences" if part.kind == "sequence" else kind
    given = {key[4] for key in start.parts if key[0] == "default privileges" and key[3] == kind}
    wanted = {key[-1] for key in goal.parts if key[0] == "grant" and key[1:-1] == part.key}
    unwanted = sorted(
        given - {"", str(part.facts.get("owner", ""))}
        | ({"public"} - wanted if kind in ("functions", "types") else set())
    )
    if unwanted:
        yield f"revoke all on {target(part)} from {', '.join(map(role, unwanted))}"


def target(part: Part) -> str:
    """Return what a GRANT is on."""
    kind, *names = part.key
    match kind:
        case "relation":
            return f"{'sequence' if part.kind == 'sequence' else 'table'} {name(*names)}"
        case "function":
            return f"routine {name(*names[:2])}{names[2]}"
        case "column":
            return f"table {name(*names[:2])}"
    return f"{kind} {name(*names)}"


def _privileges(catalogue: Catalogue, key: Key) -> dict[str, bool]:
    """Return what is granted, each with whether it may be granted on."""
    part = catalogue.parts.get(key)
    found: dict[str, bool] = {}
    unsaid = by_default(key) if key[0] == "default privileges" else ()
    for each in part.facts["privileges"] if part else unsaid:
        privilege, option, _ = each.partition(" with grant option")
        found[privilege] = found.get(privilege, False) or bool(option)
    return found


def _changed(start: Mapping[str, bool], goal: Mapping[str, bool]) -> tuple[list[str], list[str], list[str], list[str]]:
    """Return what to revoke, of what to revoke the option, what to grant, and what to grant with it."""
    revoked = sorted(start.keys() - goal.keys())
    options = sorted(each for each in start.keys() & goal.keys() if start[each] and not goal[each])
    granted = sorted(each for each in goal if each not in start and not goal[each])
    with_option = sorted(each for each in goal if goal[each] and not start.get(each))
    return revoked, options, granted, with_option


def _grant(start: Catalogue, goal: Catalogue, key: Key) -> Iterator[str]:
    of, grantee = key[1:-1], key[-1]
    thing = goal.parts.get(of) or start.parts[of]
    owner = thing.facts.get("owner") or "current_user"
    who = role(grantee) if grantee else ("current_user" if owner == "current_user" else name(owner))
    here, there = _privileges(start, key), _privileges(goal, key)
    if of not in start.parts and thing.key[0] != "column" and grantee:
        # It was made a moment ago, and what was granted by default taken away.
        here = {}
    if of not in start.parts and not grantee:
        here = there if there else here
    columns = f" ({name(of[3])})" if thing.key[0] == "column" else ""
    on = target(thing)
    revoked, options, granted, with_option = _changed(here, there)
    for words, listed, link in (
        ("revoke", revoked, "from"), ("revoke grant option for", options, "from"), ("grant", granted, "to"),
        ("grant", with_option, "to"),
    ):  # fmt: skip
        if listed:
            told = ", ".join(f"{each.lower()}{columns}" for each in listed)
            last = " with grant option" if listed is with_option else ""
            yield f"{words} {told} on {on} {link} {who}{last}"
    if revoked and thing.key[0] == "relation":
        # What is revoked on a table is revoked on its columns, too.
        for other in goal.parts:
            if other[:2] == ("grant", "column") and other[2:4] == of[1:] and other[-1] == grantee:
                again = [each for each in _privileges(goal, other) if each in revoked]
                if again:
                    yield f"grant {', '.join(f'{each.lower()} ({name(other[4])})' for each in again)} on {on} to {who}"


def _default(start: Catalogue, goal: Catalogue, key: Key) -> Iterator[str]:
    of, schema, kind, grantee = key[1:]
    who = role(grantee) if grantee else name(of)
    place = f" in schema {name(schema)}" if schema else ""
    head = f"alter default privileges for role {name(of)}{place}"
    revoked, options, granted, with_option = _changed(_privileges(start, key), _privileges(goal, key))
    for words, listed, link in (
        ("revoke", revoked, "from"), ("revoke grant option for", options, "from"), ("grant", granted, "to"),
        ("grant", with_option, "to"),
    ):  # fmt: skip
        if listed:
            last = " with grant option" if listed is with_option else ""
            yield f"{head} {words} {', '.join(listed).lower()} on {kind} {link} {who}{last}"


# --- Taking away


def drop(part: Part) -> Iterator[str]:
    """Return the statements that take a part away."""
    kind, *names = part.key
    match kind:
        case "relation":
            yield f"drop {part.kind} {name(*names)}"
        case "column" if part.facts.get("inherited"):
            column = f"alter table {name(*names[:2])} alter column {name(names[2])}"
            yield f"{column} set default {part.facts['above']}" if "above" in part.facts else f"{column} drop default"
        case "column":
            yield f"alter table {name(*names[:2])} drop column {name(names[2])}"
        case "constraint":
            yield f"alter table {name(*names[:2])} drop constraint {name(names[2])}"
        case "trigger" | "rule" | "policy":
            yield f"drop {kind} {name(names[2])} on {name(*names[:2])}"
        case "function":
            yield f"drop routine {name(*names[:2])}{names[2]}"
        case "type":
            yield f"drop {'domain' if part.facts['kind'] == 'domain' else 'type'} {name(*names)}"
        case "role":
            yield f"drop role {name(*names)}"
        case "membership":
            yield f"revoke {name(names[0])} from {name(names[1])}"
        case "setting":
            yield _configured(part, f"reset {_setting_name(part)}")
        case "published":
            what = f"table {name(*names[1:])}" if len(names) == 3 else f"tables in schema {name(names[1])}"
            yield f"alter publication {name(names[0])} drop {what}"
        case "bucket":
            yield f"delete from storage.buckets where id = {literal(names[0])}"
        case "job":
            yield f"select cron.unschedule({_job_id(part)})"
        case "other":
            yield f"drop {_WORDS.get(names[0], names[0])} {names[1]}"
        case "schema" if part.key == ("schema", "public"):
            yield "drop schema public"
        case _:
            yield f"drop {kind} {name(*names)}"


# --- Changing

_SWITCHES = {
    "row level security": ("enable row level security", "disable row level security"),
    "forced row level security": ("force row level security", "no force row level security"),
}


def alter(start: Catalogue, goal: Catalogue, key: Key, aspect: str) -> Iterator[str]:
    """Return the statements that change a part from what it is in ``start`` to what it is in ``goal``."""
    if key[0] == "grant":
        yield from _grant(start, goal, key)
        return
    if key[0] == "default privileges":
        yield from _default(start, goal, key)
        return
    old, new = start.parts[key], goal.parts[key]
    if aspect == "owner":
        yield from _owner(new)
    elif aspect in _SWITCHES:
        yield f"alter table {name(*key[1:])} {_SWITCHES[aspect][0 if new.facts.get(aspect) else 1]}"
    else:
        yield from _ALTERING.get(key[0], _again)(old, new, start, goal)


def _again(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    """Take it away and make it anew."""
    yield from drop(old)
    yield from create(new, start, goal)


def _alter_relation(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    here, there, told = old.facts, new.facts, name(*new.key[1:])
    differing = {each for each in here.keys() | there.keys() if here.get(each) != there.get(each)}
    if new.kind == "view" and old.kind == "view" and here["columns"] == there["columns"][: len(here["columns"])]:
        if "query" in differing:
            # The options that are not named are taken away: https://www.postgresql.org/docs/current/sql-createview.html
            options = f" with ({_options(there)})" if there.get("options") else ""
            yield f"create or replace view {told}{options} as {there['query']}"
            return
    elif old.kind != new.kind or (new.kind in ("view", "materialized view") and "query" in differing):
        yield from _whole(old, new, start, goal)
        return
    if {"partitioned by", "of type", "server"} & differing:
        yield from _whole(old, new, start, goal)
        return
    if {"partition", "inherits"} & differing:
        yield from _attached(here, there, told)
    yield from _alter_storage(new.kind, here, there, told)


def _attached(here: Facts, there: Facts, told: str) -> Iterator[str]:
    for parent in here.get("inherits", ()):
        yield (
            f"alter table {parent} detach partition {told}"
            if "partition" in here
            else (f"alter table {told} no inherit {parent}")
        )
    for parent in there.get("inherits", ()):
        yield (
            f"alter table {parent} attach partition {told} {there['partition']}"
            if "partition" in there
            else (f"alter table {told} inherit {parent}")
        )


def _alter_storage(kind: str, here: Facts, there: Facts, told: str) -> Iterator[str]:
    if here.get("unlogged") != there.get("unlogged"):
        yield f"alter {kind} {told} set {'unlogged' if there.get('unlogged') else 'logged'}"
    options, wanted = here.get("options", ()), there.get("options", ())
    gone = [each.partition("=")[0] for each in options]
    gone = [each for each in gone if each not in {option.partition("=")[0] for option in wanted}]
    if gone:
        yield f"alter {kind} {told} reset ({', '.join('.'.join(map(name, each.split('.'))) for each in gone)})"
    if new := [each for each in wanted if each not in options]:
        yield f"alter {kind} {told} set ({', '.join(map(_option, new))})"
    if here.get("replica identity") != there.get("replica identity"):
        yield f"alter table {told} replica identity {there['replica identity']}"
    if here.get("numbers") != there.get("numbers"):
        yield f"alter sequence {told} {there['numbers']}"
    if here.get("owned by") != there.get("owned by"):
        yield f"alter sequence {told} owned by {there.get('owned by', 'none')}"
    if here.get("table options") != there.get("table options"):
        dropped = [each.partition("=")[0] for each in here.get("table options", ())]
        changes = [f"drop {name(each)}" for each in dropped]
        changes += [f"add {_pairs([each])}" for each in there.get("table options", ())]
        for change in changes:
            yield f"alter foreign table {told} options ({change})"


def _whole(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    """Make a relation or function anew, with all that is a part of it, and what rests on it."""
    away, back = _around(start, goal, [old.key])
    yield from away
    yield from drop(old)
    bare = Catalogue(start.version, {key: part for key, part in start.parts.items() if not within(start, key, old.key)})
    inside = [key for key in goal.parts if within(goal, key, new.key)]
    made = [goal.parts[key] for key in _ordered(inside, goal)]
    yield from (line for each in made for line in create(each, bare, goal))
    yield from (line for each in made for line in _afterwards(each))
    yield from back


# What the server does not make anew by itself when what it rests on is made anew or changes its type.
_REMADE = frozenset({"relation", "function", "policy", "trigger", "rule"})


def _around(
    start: Catalogue, goal: Catalogue, keys: Sequence[Key], kinds: frozenset[str] = _REMADE
) -> tuple[list[str], list[str]]:
    """Return the statements that take away what rests on some parts, and those that make it again."""
    above = {key: set[Key]() for key in start.parts}
    for key, others in start.needs.items():
        for other in others:
            if key[0] in kinds and key in start.parts and not (key[0] == "relation" and _holds(start.parts[key])):
                above.setdefault(other, set()).add(key)
    found: set[Key] = set()
    waiting = list(keys)
    while waiting:
        more = above.get(waiting.pop(), set()) - found - {*keys}
        found |= more
        waiting += more
    for key in [*found]:
        found |= {each for each in start.parts if each[0] != "schema" and within(start, each, key)}
    bare = Catalogue(start.version, {key: part for key, part in start.parts.items() if key not in found}, start.needs)
    gone = [start.parts[key] for key in reversed(_ordered([*found], start))]
    away = [line for each in gone if each.of not in found and each.key[0] not in _GRANTS for line in drop(each)]
    again = [(goal if key in goal.parts else start) for key in _ordered([*found], start)]
    back = [
        line for key, catalogue in zip(_ordered([*found], start), again, strict=True)
        for line in create(catalogue.parts[key], bare, catalogue)
    ]  # fmt: skip
    return away, back


def _holds(part: Part) -> bool:
    """Tell whether a relation holds rows of its own."""
    return part.kind in ("table", "foreign table", "sequence")


def within(catalogue: Catalogue, key: Key, whole: Key) -> bool:
    """Tell whether something is a part of something else, at any depth, or that itself."""
    above: Key | None = key
    while above is not None and above != whole:
        part = catalogue.parts.get(above)
        above = part.of if part else None
    return above == whole


def _alter_column(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    away: list[str] = []
    back: list[str] = []
    if any(old.facts.get(each) != new.facts.get(each) for each in ("type", "collation", "generated", "generation")):
        away, back = _around(start, goal, [old.key])
    yield from away
    yield from _column_changes(old, new)
    yield from back


def _column_changes(old: Part, new: Part) -> Iterator[str]:
    here, there = old.facts, new.facts
    column = f"alter table {name(*new.key[1:3])} alter column {name(new.key[3])}"

    def differ(*names: str) -> bool:
        return any(here.get(each) != there.get(each) for each in names)

    if differ("generated", "generation") and ("generated" in there or here.get("generation") == "virtual"):
        yield from drop(old)
        yield f"alter table {name(*new.key[1:3])} add column {_column(new.key[3], there)}"
        return
    if "generated" in here and "generated" not in there:
        yield f"{column} drop expression"
    if "default" in here and differ("default", "type"):
        yield f"{column} drop default"
    if "identity" in here and "identity" not in there:
        yield f"{column} drop identity"
    if differ("type", "collation"):
        collation = f" collate {there['collation']}" if "collation" in there else ""
        yield f"{column} type {there['type']}{collation} using {name(new.key[3])}::{there['type']}"
    if differ("not null"):
        yield f"{column} {'set' if there['not null'] else 'drop'} not null"
    if "default" in there and differ("default", "type"):
        yield f"{column} set default {there['default']}"
    if "identity" in there and "identity" not in here:
        yield f"{column} add generated {there['identity']} as identity ({there['numbers']})"
    elif "identity" in there and differ("identity", "numbers"):
        numbers = " ".join(f"set {each}" for each in _parts_of_numbers(there["numbers"]))
        yield f"{column} set generated {there['identity']} {numbers}"
    if differ("storage"):
        yield f"{column} set storage {there.get('storage', there['_storage'])}"


def _parts_of_numbers(numbers: str) -> list[str]:
    words = numbers.split()
    pairs = ("increment by", "minvalue", "maxvalue", "start with", "cache")
    values = [word for word in words if word.lstrip("-").isdigit()]
    return [*(f"{each} {value}" for each, value in zip(pairs, values, strict=True)), f"{'no ' * ('no' in words)}cycle"]


def _alter_switched(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    kind = new.key[0]
    if old.facts["definition"] != new.facts["definition"]:
        yield from drop(old)
        yield str(new.facts["definition"])
        yield from _fires(new, kind)
    else:
        yield f"alter table {name(*new.key[1:3])} {new.facts['fires']} {kind} {name(new.key[3])}"


def _alter_function(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    if any(old.facts.get(each) != new.facts.get(each) for each in ("kind", "result", "arguments", "aggregate")):
        yield from _whole(old, new, start, goal)
    else:
        yield _function(new)


def _alter_index(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    if old.facts["valid"] != new.facts["valid"] and not new.facts["valid"]:
        yield f"-- {new.title.replace(chr(10), ' ')} is invalid there: drop it, or build it anew"
        return
    yield from _again(old, new, start, goal)


def _alter_constraint(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    if not old.facts["valid"] and str(old.facts["definition"]).removesuffix(" NOT VALID") == new.facts["definition"]:
        yield f"alter table {name(*new.key[1:3])} validate constraint {name(new.key[3])}"
        return
    yield from _again(old, new, start, goal)


def _alter_type(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    here, there, told = old.facts, new.facts, name(*new.key[1:])
    if here["kind"] != there["kind"] or here["kind"] == "range" or here.get("type") != there.get("type"):
        yield from _whole(old, new, start, goal)
        return
    if there["kind"] == "enum":
        yield from _alter_enum(old, new, start, goal)
    if there["kind"] == "composite":
        before, after = here.get("attributes") or {}, there.get("attributes") or {}
        for each in sorted(before.keys() - after.keys()):
            yield f"alter type {told} drop attribute {name(each)}"
        for each in there.get("_order") or ():
            if each not in before:
                yield f"alter type {told} add attribute {name(each)} {after[each]}"
            elif before[each] != after[each]:
                yield f"alter type {told} alter attribute {name(each)} type {after[each]}"
    if there["kind"] == "domain":
        if here.get("default") != there.get("default"):
            default = f"set default {there['default']}" if "default" in there else "drop default"
            yield f"alter domain {told} {default}"
        if here["not null"] != there["not null"]:
            yield f"alter domain {told} {'set' if there['not null'] else 'drop'} not null"
        before, after = here.get("checks") or {}, there.get("checks") or {}
        for each in sorted(before):
            if before[each] != after.get(each):
                yield f"alter domain {told} drop constraint {name(each)}"
        for each in sorted(after):
            if before.get(each) != after[each]:
                yield f"alter domain {told} add constraint {name(each)} {after[each]}"


def _alter_enum(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    told = name(*new.key[1:])
    here, there = list(old.facts.get("labels") or ()), list(new.facts.get("labels") or ())
    if [each for each in there if each in here] == here:
        for place, label in enumerate(there):
            if label not in here:
                where = f"after {literal(there[place - 1])}" if place else f"before {literal(here[0])}" if here else ""
                yield f"alter type {told} add value {literal(label)} {where}".rstrip()
        return
    one = [(a, b) for a, b in zip(here, there, strict=False) if a != b]
    if len(here) == len(there) and all(b not in here and a not in there for a, b in one):
        for a, b in one:
            yield f"alter type {told} rename value {literal(a)} to {literal(b)}"
        return
    # A label cannot be taken away: https://www.postgresql.org/docs/current/sql-altertype.html
    aside = f"{new.key[2]} (before)"[-63:]
    using = [key for key in start.parts if key[0] == "column" and old.key in start.needs.get(key, ())]
    away, back = _around(start, goal, [old.key, *using], _REMADE | {"index", "constraint", "other"})
    yield from away
    yield f"alter type {told} rename to {name(aside)}"
    yield _type(new)
    yield from _owner(new)
    for part in start.parts.values():
        if part.key[0] == "column" and old.key in start.needs.get(part.key, ()):
            column = f"alter table {name(*part.key[1:3])} alter column {name(part.key[3])}"
            array = "[]" if str(part.facts["type"]).endswith("[]") else ""
            if "default" in part.facts:
                yield f"{column} drop default"
            yield f"{column} type {told}{array} using {name(part.key[3])}::text{array}::{told}{array}"
            if "default" in part.facts:
                yield f"{column} set default {part.facts['default']}"
    yield f"drop type {name(new.key[1], aside)}"
    yield from back


def _alter_role(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    words = [
        word if new.facts[flag] else f"no{word}"
        for flag, word in _FLAGS.items()
        if flag in new.facts and old.facts.get(flag) != new.facts[flag]
    ]
    if old.facts.get("connections") != new.facts.get("connections"):
        words.append(f"connection limit {new.facts.get('connections', -1)}")
    if old.facts.get("until") != new.facts.get("until"):
        words.append(f"valid until {literal(new.facts.get('until', 'infinity'))}")
    yield f"alter role {name(new.key[1])} {' '.join(words)}"


def _alter_membership(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    granted, member = map(name, new.key[1:])
    if new.facts["admin"]:
        yield f"grant {granted} to {member} with admin option"
    else:
        yield f"revoke admin option for {granted} from {member}"


def _alter_extension(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    if old.facts["moves"]:
        yield f"alter extension {name(new.key[1])} set schema {name(new.facts['schema'])}"
    else:
        yield from _again(old, new, start, goal)


def _alter_publication(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    if old.facts["all tables"] != new.facts["all tables"]:
        yield from _whole(old, new, start, goal)
        for part in goal.parts.values():
            if part.key[:2] == ("published", new.key[1]):
                yield from create(part, start, goal)
    else:
        yield f"alter publication {name(new.key[1])} set ({_published_how(new.facts)})"


def _alter_bucket(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    changed = [f"{each} = {literal(new.facts[each])}" for each in _BUCKET if old.facts[each] != new.facts[each]]
    yield f"update storage.buckets set {', '.join(changed)} where id = {literal(new.key[1])}"


def _alter_job(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    told = {
        each: f"{each} => {literal(new.facts[each])}"
        for each in ("schedule", "command", "active", "username")
        if old.facts[each] != new.facts[each]
    }
    yield f"select cron.alter_job({_job_id(new)}, {', '.join(told.values())})"


def _alter_setting(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    yield _set(new)


def _alter_other(old: Part, new: Part, start: Catalogue, goal: Catalogue) -> Iterator[str]:
    if old.facts.get("definition") != new.facts.get("definition"):
        yield from _again(old, new, start, goal)
    elif "fires" in new.facts:
        yield f"alter {new.key[1]} {new.key[2]} {new.facts['fires']}"


_ALTERING = {
    "relation": _alter_relation,
    "column": _alter_column,
    "trigger": _alter_switched,
    "rule": _alter_switched,
    "function": _alter_function,
    "index": _alter_index,
    "constraint": _alter_constraint,
    "type": _alter_type,
    "role": _alter_role,
    "membership": _alter_membership,
    "extension": _alter_extension,
    "publication": _alter_publication,
    "bucket": _alter_bucket,
    "job": _alter_job,
    "setting": _alter_setting,
    "other": _alter_other,
}


def rename(old: Part, new: str) -> str:
    """Return the statement that gives something another name."""
    kind, *names = old.key
    match kind:
        case "column":
            return f"alter table {name(*names[:2])} rename column {name(names[2])} to {name(new)}"
        case "constraint":
            return f"alter table {name(*names[:2])} rename constraint {name(names[2])} to {name(new)}"
        case "trigger" | "policy" | "rule":
            return f"alter {kind} {name(names[2])} on {name(*names[:2])} rename to {name(new)}"
    return f"alter {old.kind if kind == 'relation' else kind} {name(*names)} rename to {name(new)}"
