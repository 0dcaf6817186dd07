"""Several generations of the tables of messaging: a policy about them is asked of each, in the names that each has."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import reduce, wraps
from operator import add
from typing import Any

from audit.actors import Actor, Owner
from audit.auditor import Auditor
from audit.evidence import Evidence, Log, NotApplicable, Row, Unchecked, safe
from audit.question import renamed
from audit.settings import Messaging

ROLES = ("conversations", "participants", "messages")
DEFAULT = Messaging()
# Where it is written who takes part: table, the conversation's column, the person's.
SEATS = ((DEFAULT.participants, "conversation_id", "user_id"),)
PLAIN: Mapping[str, Any] = {"renamed": {}, "instead": {}, "seats": SEATS}

Policy = Callable[..., None]


def each_generation(policy: Policy) -> Policy:
    """Ask a policy, which is written about the default names, of each generation that audit.toml names.

    What offends in one is told whatever the others say; one that could not be judged leaves the policy unchecked.
    """

    @wraps(policy)
    def asked(**askers: Any) -> None:  # noqa: ANN401
        known, log = _of(askers)
        generations = [_names(each) for each in known["messaging"]]
        if generations == [PLAIN]:
            policy(**askers)
            return
        failed: list[tuple[Evidence, Mapping[str, Any], AssertionError]] = []
        doubts: list[Unchecked] = []
        absent: list[NotApplicable] = []
        for names in generations:
            try:
                policy(**_renaming(askers, names))
            except AssertionError as error:
                if not log.judged:
                    raise
                failed.append((log.judged[-1], names, error))
            except Unchecked as doubt:
                doubts.append(doubt)
            except NotApplicable as reason:
                absent.append(reason)
        if failed:
            _tell(failed, log, asked)
        if doubts:
            raise doubts[0]
        if len(absent) == len(generations):
            raise absent[0]

    return asked


def _tell(failed: list[tuple[Evidence, Mapping[str, Any], AssertionError]], log: Log, asked: Policy) -> None:
    """Fail with all offenders; or, where there are none, with the first thing that must work and does not."""
    (mark,) = getattr(asked, "pytestmark", ())[-1:] or (None,)
    template = str(mark.kwargs["fix"]) if mark is not None else ""
    found = [
        Evidence(rows, about=evidence.about, log=log, unjudgeable=evidence.unjudgeable, question=evidence.question)
        for evidence, names, _ in failed
        if (rows := [_with_fix(row, template, names) for row in _offenders(evidence)])
    ]
    if found:
        assert not reduce(add, found)
    evidence, _, error = failed[0]
    log.judged.append(evidence)
    raise error


def _offenders(evidence: Evidence) -> Sequence[Row]:
    """Return the rows of an answer; of what must work and was refused, or gave nothing, one that says so."""
    populations = evidence.populations.values()
    nothing = bool(populations) and not any(each.count or each.refused for each in populations)
    if evidence.rows or nothing or (evidence.unjudgeable and not evidence.broken):
        return evidence.rows
    return [Row(evidence.about, {"must work": True, "refusal": evidence.refusal}, {"object": evidence.about})]


def _with_fix(row: Row, template: str, names: Mapping[str, Any]) -> Row:
    """Return an offender with a fix in the names of its generation.

    Functions that a fix makes may be another generation's already, and a table that is not there cannot be mended: they
    are for a person to say.
    """
    here = names["renamed"].values()
    if names["renamed"] and ": " in row.object and not any(table in row.object for table in here):
        # Who does what there is another finding than the same in another generation.
        row = replace(row, object=f"{row.object}, in {names['renamed'].get(DEFAULT.messages, DEFAULT.messages)}")
    fix = row.render(template)
    if names["instead"] and any(name in fix for name in names["instead"]):
        fix = f"-- {safe(row.object)}: see which policy, grant, trigger or function it is, and mend that one."
    fix = renamed(fix, names)
    if names["renamed"] and "function " in fix:
        lines = "\n".join(f"-- {line}" for line in fix.splitlines())
        fix = f"-- For these tables it would be this. Give its functions names of their own.\n{lines}"
    return Row(row.object, row.details, row.quoted, fix, row.location)


def _names(generation: Mapping[str, Any]) -> dict[str, Any]:
    """Return which names stand for the default ones, and what is read instead of a table that there is not."""
    if not generation.get("parties"):
        names = {getattr(DEFAULT, role): generation[role] for role in ROLES}
        return {"renamed": {name: here for name, here in names.items() if name != here}, "instead": {}, "seats": SEATS}
    conversations = str(generation["conversations"])
    people = ", ".join(f"(c.{column})" for column in generation["parties"])
    # Those who are its columns take part from the beginning to the end.
    query = (
        "select c.id as conversation_id, s.user_id, "
        "'-infinity'::timestamptz as joined_at, null::timestamptz as left_at "
        f"from {conversations} c cross join lateral (values {people}) as s (user_id) where s.user_id is not null"
    )
    return {
        "renamed": {
            DEFAULT.conversations: conversations,
            DEFAULT.participants: conversations,
            DEFAULT.messages: generation["messages"],
        },
        "instead": {DEFAULT.participants: query},
        "seats": [(DEFAULT.conversations, "id", column) for column in generation["parties"]],
    }


def seats(asker: Actor | Owner) -> Sequence[tuple[str, str, str]]:
    """Return where it is written who takes part: table, the conversation's column, the person's; by default names."""
    found: Sequence[tuple[str, str, str]] = asker.stage.known.get("seats", SEATS)
    return found


def people_leave(owner: Owner) -> None:
    """Raise NotApplicable where nobody leaves a conversation: those who are columns of it do not."""
    if seats(owner)[0][1] == "id":
        table = renamed(DEFAULT.conversations, owner.stage.known)
        raise NotApplicable(f"nobody leaves a conversation of {table}, which names its people in columns")


def columns(owner: Owner, table: str) -> set[str]:
    """Return the names of the columns that a table has in the generation that is asked."""
    return set(
        owner(
            f"""
            select a.attname::text from pg_catalog.pg_attribute a
            where a.attrelid = to_regclass('{table}') and a.attnum > 0 and not a.attisdropped
            """
        )
    )


def _of(askers: Mapping[str, Any]) -> tuple[Mapping[str, Any], Log]:
    """Return what is known to the askers, and the log of the policy."""
    asker = next(iter(askers.values()))
    at = asker if isinstance(asker, Auditor) else asker.stage
    return at.known, at.log


def _renaming(askers: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the askers with other names for the tables; those who act share one stage, as before."""
    stages: dict[int, Any] = {}
    found: dict[str, Any] = {}
    for name, asker in askers.items():
        if isinstance(asker, Auditor):
            found[name] = copy.copy(asker)
            found[name].known = {**asker.known, **names}
            continue
        stage = stages.setdefault(id(asker.stage), copy.copy(asker.stage))
        stage.known = {**asker.stage.known, **names}
        found[name] = Owner(stage) if isinstance(asker, Owner) else Actor(asker.people, stage, asker.claims)
    return found
