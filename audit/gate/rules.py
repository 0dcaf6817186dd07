"""Rules about what a migration was seen to do, beside those that the static linter reads out of its text.

They are known hazards (https://squawkhq.com/docs/rules and https://kaaveland.github.io/eugene/hints list most of them),
judged by what the server did. Each can be weighed or switched off in audit.toml like the linter's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from audit.evidence import Row
from audit.gate import reading
from audit.gate.hazards import found
from audit.gate.results import Change, Entry, Step
from audit.lint_rules import (
    ALONE,
    CASCADE,
    CONSTRAINT,
    FLOOD,
    FUNCTION,
    IDENTITY,
    JSON,
    LOCK_TIMEOUT,
    NOT_NULL,
    OFF,
    SEEN,
    UNPUBLISHED,
    USED,
    VIEW,
)

# Whose grants say that something is used from outside.
_CALLERS = ("public ", "anon ", "authenticated ")
_RELATIONS = ("table", "view", "materialized view", "foreign table")
_FALLING = (*_RELATIONS, "policy", "trigger", "constraint", "function")

Entries = Mapping[str, Entry]


def judge_rules(file: str, steps: Sequence[Step], now: Entries, weights: Mapping[str, str]) -> list[Row]:
    """Return what the rules say of one file; ``now`` is the catalogue when it is at its end."""
    rows = []
    for rule, look in _RULES.items():
        weight = weights.get(rule) or SEEN[rule]
        if weight == OFF:
            continue
        for step, what, message in look(steps, now):
            told = f"{rule}: {what or step.told}"
            rows.append(found(file, step.line, told, f"-- {message}", kind=rule, weight=weight, message=message))
    return rows


Found = Iterator[tuple[Step, str, str]]


def _changes(steps: Sequence[Step], *whats: str) -> Iterator[tuple[Step, Change]]:
    for step in steps:
        if not step.undone and not step.error:
            yield from ((step, change) for change in step.catalogue if change.what in whats)


def _lock_timeout(steps: Sequence[Step], _: Entries) -> Found:
    for step in steps:
        waits = [lock for lock in step.taken if lock.blocks]
        alone = step.alone and "concurrently" not in step.words and (step.rewritten or step.rebuilt)
        if step.unlimited and (waits or alone):
            on = f"{waits[0].mode} on {waits[0].relation}" if waits else "its lock"
            yield (
                step,
                "",
                (
                    f"{on} is waited for without a limit, and everybody queues behind whoever waits: begin with "
                    "set lock_timeout = '2s', and try again when it did not get it"
                ),
            )
            return


def _cascade(steps: Sequence[Step], _: Entries) -> Found:
    for step in steps:
        if not step.takes_along or step.undone:
            continue
        dropped = [change for change in step.catalogue if change.what == "dropped" and change.before]
        gone = {int(change.key[1:]) for change in dropped if change.key.startswith("r")}
        cut = {change.fact("_of")[0] for change in dropped if change.kind == "column"}
        for change in dropped:
            of = change.fact("_of")[0]
            # Constraints of a column go with it, be it with CASCADE or without.
            own = of in gone or (change.kind == "constraint" and of in cut)
            if change.known and change.kind in _FALLING and not own and _name(change) not in step.names:
                message = f"CASCADE drops {change.kind} {change.title}, of which the file says nothing: drop it by name"
                yield step, f"{change.kind} {change.title}", message


def _fell(step: Step, change: Change, now: Entries) -> bool:
    """Tell whether something was dropped by a CASCADE, so that it is told of already."""
    return f"{change.kind} {change.title}" in {what for _, what, _ in _cascade([step], now)}


def _name(change: Change) -> str:
    """Return what a part is called, without where it belongs."""
    facts = change.before.facts if change.before else {}
    if "_name" in facts:
        return str(facts["_name"])
    title = change.title
    own = (
        title.rpartition(" of ")[0] if change.kind in ("policy", "trigger", "constraint") else title.rpartition(".")[2]
    )
    return _plain(own)


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _constraint(steps: Sequence[Step], now: Entries) -> Found:
    for step, change in _changes(steps, "dropped"):
        if change.kind != "constraint" or not change.known or change.before is None:
            continue
        facts = change.before.facts
        if facts["kind"] == "n" or f"r{facts['_of']}" not in now:
            continue
        columns_left = all(f"c{facts['_of']}.{number}" in now for number in facts["_columns"] or ())
        instead = any(
            entry.kind == "constraint"
            and entry.facts["_of"] == facts["_of"]
            and entry.facts["kind"] == facts["kind"]
            and (entry.title == change.title or entry.facts["_columns"] == facts["_columns"])
            for entry in now.values()
        )
        if columns_left and not instead and not _fell(step, change, now):
            message = f"what constraint {change.title} kept out can come in from now on, and stays when it is put back"
            yield step, change.title, message


def _not_null(steps: Sequence[Step], now: Entries) -> Found:
    for step, change in _changes(steps, "changed"):
        left = now.get(change.key)
        lost = change.kind == "column" and change.fact("not null") == (True, False)
        if lost and change.known and left is not None and not left.facts["not null"]:
            yield (
                step,
                change.title,
                f"{change.title} may be NULL from now on: who reads it may not know what to do then",
            )


def _identity(steps: Sequence[Step], now: Entries) -> Found:
    for step, change in _changes(steps, "changed"):
        left = now.get(change.key)
        if change.kind != "column" or not change.known or left is None:
            continue
        before = change.before.facts if change.before else {}
        # DROP DEFAULT says so itself, and the linter reads it; a dropped sequence takes the default along.
        numbered = before.get("identity") or ("nextval(" in str(before.get("_default")) and "default" not in step.names)
        facts = left.facts
        if numbered and facts["not null"] and not (facts["identity"] or facts["default"] or facts["generated"]):
            message = f"{change.title} gets no number by itself any more: an INSERT that gives none fails"
            yield step, change.title, message


def _called(change: Change) -> bool:
    """Tell whether the API's roles could use something that is gone."""
    return any(str(each).startswith(_CALLERS) for each in change.fact("_acl")[0] or ())


def _view(steps: Sequence[Step], now: Entries) -> Found:
    left = {entry.title for entry in now.values() if entry.kind in _RELATIONS}
    for step, change in _changes(steps, "dropped"):
        view = change.kind in ("view", "materialized view") and change.known and _called(change)
        if view and change.title not in left and not _fell(step, change, now):
            yield step, change.title, f"{change.kind} {change.title} is gone: an application that still reads it fails"


def _function(steps: Sequence[Step], now: Entries) -> Found:
    left = {entry.title.partition("(")[0] for entry in now.values() if entry.kind == "function"}
    for step, change in _changes(steps, "dropped"):
        usable = change.kind == "function" and change.known and not change.fact("_trigger")[0] and _called(change)
        if usable and change.title.partition("(")[0] not in left and not _fell(step, change, now):
            yield step, change.title, f"function {change.title} is gone: an application that still calls it fails"


def _used(steps: Sequence[Step], now: Entries) -> Found:
    bodies: dict[str, set[str]] | None = None
    for step, change in _changes(steps, "dropped", "renamed"):
        if not change.known or change.kind not in (*_RELATIONS, "column", "function") or change.before is None:
            continue
        if bodies is None:
            bodies = {
                key: reading.named(reading.code(entry.facts["_body"]))
                for key, entry in now.items()
                if entry.kind == "function" and entry.facts.get("_body")
            }
        for key, names in bodies.items():
            if _missed(change, key, names, now):
                title = now[key].title
                message = f"function {title} still uses {change.kind} {change.title}: replace it in the same change"
                yield step, f"function {title} uses {change.kind} {change.title}", message


def _missed(change: Change, function: str, names: set[str], now: Entries) -> bool:
    """Tell whether a function's body means what is not there any more under its old name."""
    assert change.before is not None
    old = _name(change)
    if old not in names:
        return False
    if change.kind == "function":
        return not any(entry.facts.get("_name") == old for entry in now.values() if entry.kind == "function")
    tables = {key: _plain(entry.title.rpartition(".")[2]) for key, entry in now.items() if entry.kind in _RELATIONS}
    if change.kind in _RELATIONS:
        return old not in tables.values()
    table = change.before.facts["_of"]
    oid = int(function[1:])
    fired = {
        entry.facts["_of"] for entry in now.values() if entry.kind == "trigger" and entry.facts["_function"] == oid
    }
    meant = {int(key[1:]) for key, name in tables.items() if name in names} | fired
    having = {entry.facts["_of"] for entry in now.values() if entry.kind == "column" and entry.facts["_name"] == old}
    return table in meant and not meant & having


def _alone(steps: Sequence[Step], _: Entries) -> Found:
    alone = [step for step in steps if step.alone]
    if alone and sum(step.statements for step in steps) > 1:
        yield (
            alone[0],
            "",
            (
                "it cannot run in a transaction, and tools that send a file as one (the Supabase CLI) refuse it "
                "together with others: put it into a file of its own"
            ),
        )


def _json(steps: Sequence[Step], now: Entries) -> Found:
    told = set()
    for step, change in _changes(steps, "created", "changed"):
        columns = [change.after] if change.kind == "column" else []
        if change.kind == "table" and change.what == "created":
            prefix = f"c{change.key[1:]}."
            columns = [entry for key, entry in now.items() if key.startswith(prefix)]
        before = change.fact("type")[0]
        for column in columns:
            same = column is None or column.facts["type"] == before
            if column and not same and column.facts["type"] in ("json", "json[]") and column.title not in told:
                told.add(column.title)
                yield (
                    step,
                    column.title,
                    (
                        f"{column.title} is json, of which two values cannot be compared: DISTINCT and others fail; "
                        "use jsonb"
                    ),
                )


def _unpublished(steps: Sequence[Step], now: Entries) -> Found:
    """Tell of what a publication tells nobody of any more, be it taken off and put on again in the same file.

    https://supabase.com/docs/guides/realtime/postgres-changes
    """
    published = {(entry.facts["_of"], entry.facts["_publication"]) for entry in _published(now)}
    whole = {entry.title for entry in now.values() if entry.kind == "publication" and entry.facts["all tables"]}
    for step, change in _changes(steps, "dropped", "changed"):
        if change.kind == "published table" and change.known and change.what == "dropped" and change.before:
            table, publication = change.before.facts["_of"], change.before.facts["_publication"]
            gone = f"r{table}" not in now or (table, publication) in published or _quoted_in(publication, whole)
            if not gone:
                message = f"whoever listens to {change.title} hears of no change any more: realtime goes by it"
                yield step, change.title, message
        elif change.kind == "publication" and change.known and change.key in now:
            less = [what for what in ("insert", "update", "delete") if change.fact(what) == (True, False)]
            if less and not any(now[change.key].facts[what] for what in less):
                message = f"whoever listens hears of no {' and no '.join(less)} any more"
                yield step, f"{change.title}: {', '.join(less)}", message


def _published(now: Entries) -> Iterator[Entry]:
    return (entry for entry in now.values() if entry.kind == "published table")


def _quoted_in(name: str, titles: set[str]) -> bool:
    return any(_plain(title) == name for title in titles)


def _flood(steps: Sequence[Step], _: Entries) -> Found:
    for step in steps:
        for flood in step.floods:
            yield step, flood.what, f"{flood.told}: whoever writes waits for it, and each of them is kept"


_RULES = {
    LOCK_TIMEOUT: _lock_timeout,
    CASCADE: _cascade,
    CONSTRAINT: _constraint,
    NOT_NULL: _not_null,
    IDENTITY: _identity,
    VIEW: _view,
    FUNCTION: _function,
    USED: _used,
    ALONE: _alone,
    JSON: _json,
    UNPUBLISHED: _unpublished,
    FLOOD: _flood,
}
