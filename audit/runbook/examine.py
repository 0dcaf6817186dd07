"""A runbook is examined, block by block: every statement prepared, planned or tried, and every name looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
from psycopg import errors

from audit.evidence import Unchecked
from audit.question import Cursor, unchecked
from audit.runbook import acting
from audit.runbook.commands import command_hazards
from audit.runbook.database import Database, database
from audit.runbook.desk import (
    PLANNED,
    TRANSACTION,
    Desk,
    Planned,
    Refusal,
    Session,
    explained_part,
    in_a_transaction,
    runnable,
)
from audit.runbook.files import Folder
from audit.runbook.hazards import (
    OUTSIDE,
    UNDONE,
    Placed,
    Scene,
    hazards,
    parsed,
    remark,
    sorted_as_text,
    title,
    transactions,
    words_unknown,
)
from audit.runbook.mends import mend_of
from audit.runbook.objects import Names, made_by, missing
from audit.runbook.reading import Book
from audit.runbook.results import Doubt, Outline, Remark, Told
from audit.runbook.statements import Content, Written, content
from audit.server.rights import OWNER
from audit.sql_text import tokens

PARSES, PLANS, EXIST, DANGER, FILES = "RUN-01", "RUN-02", "RUN-03", "RUN-04", "RUN-05"


# A book of a hundred pages has some hundreds; each costs the target a few milliseconds.
MOST_STATEMENTS = 2_000


@dataclass
class Found:
    """What was found out about one block so far."""

    remarks: list[Remark] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    def doubt(self, policy: str, line: int, reason: Unchecked) -> None:
        """Note that something could not be judged."""
        self.doubts.append(Doubt(policy, line, reason.reason, reason.remedy, reason.grants))


def examine(book: Book, desk: Desk, app: Path | None = None) -> Outline:
    """Examine a book. Raises Unchecked when the target's catalogue cannot be read."""
    with desk.target() as cursor:
        known = database(cursor)
    contents = [content(fence) for fence in book.fences]
    scenes = [_scene(each, known, desk) for each in contents]
    names = Names(known, {name for scene in scenes for name in made_by(scene.placed)})
    folder = Folder(app) if app is not None else None
    blocks, tried = [], 0
    for scene in scenes:
        tried += len(scene.placed)
        blocks.append(_block(scene, desk, names, folder) if tried <= MOST_STATEMENTS else _passed_over(scene))
    beside = [*names.in_spans(book.spans), *(folder.beside(book) if folder else ()), *_misread(book)]
    statements = sum(len(each.statements) + len(each.faults) for each in contents)
    commands = sum(len(each.commands) + len(each.cron) for each in contents)
    looked = {
        PARSES: statements,
        PLANS: statements,
        EXIST: names.looked,
        DANGER: statements + commands,
        FILES: folder.looked if folder else 0,
    }
    return Outline(book.file, tuple(blocks), tuple(beside), looked, app is not None)


def _passed_over(scene: Scene) -> Told:
    """Return a block that comes after more statements than are tried."""
    fence = scene.content.fence
    reason = f"the runbook has more than {MOST_STATEMENTS:,} statements, and those from here on were not tried"
    doubts = tuple(Doubt(policy, fence.line, reason, "split the runbook") for policy in (PARSES, PLANS, EXIST, DANGER))
    return Told(fence.number, fence.line, fence.language, fence.headings, len(scene.placed), (), doubts)


def _scene(each: Content, known: Database, desk: Desk) -> Scene:
    scene = Scene(each, known)
    placed = []
    for written, within in zip(each.statements, transactions(each.statements), strict=True):
        try:
            text = desk.as_text(written)
        except Unchecked as reason:
            text = written.text
            scene.doubts.append(reason.reason)
        # What an EXPLAIN is about is read at its own place.
        begin = explained_part(text)
        inner = re.sub(r"\S", " ", text[:begin]) + text[begin:]
        placed.append(Placed(written, text, parsed(inner), within))
    scene.placed = tuple(placed)
    return scene


def _misread(book: Book) -> Iterator[Remark]:
    if book.misread:
        yield remark(
            book.misread,
            "wrong encoding",
            "text",
            "the text was UTF-8 that somebody read as cp1252 and saved again",
            "restore it from before that, and save it as UTF-8",
            policy=PARSES,
        )


def _block(scene: Scene, desk: Desk, names: Names, folder: Folder | None) -> Told:
    fence = scene.content.fence
    found = Found()
    if not fence.closed and scene.content.statements:
        found.remarks.append(
            remark(
                fence.line,
                "fence never ends",
                "block",
                "the block's fence is never closed: all that follows is taken for code",
                "close it with a line of the same marks",
                policy=PARSES,
            )
        )
    for fault in scene.content.faults:
        found.remarks.append(
            remark(
                fault.line,
                "does not parse",
                "statement",
                fault.reason,
                "write SQL that psql understands",
                policy=PARSES,
            )
        )
    session = Session(desk)
    try:
        for each in scene.placed:
            _statement(scene, desk, session, each, found)
        _close(session)
    except Unchecked as reason:
        found.doubt(PLANS, fence.line, reason)
        session.open = False
    except psycopg.Error as error:
        found.doubt(PLANS, fence.line, unchecked(error))
        session.open = False
    desk.made += [each.text for each in scene.placed if each.written.verb == "create" and runnable(each.written)]
    found.remarks += [*words_unknown(scene), *sorted_as_text(scene), *hazards(scene), *command_hazards(scene.content)]
    # Of what does not parse nobody knows what it names.
    broken = {each.line for each in found.remarks if each.policy == PARSES}
    looked_up = list(names.in_statements(each for each in scene.placed if not broken & _lines(each)))
    known_lines = {(remark_.line, remark_.about.rpartition(".")[2]) for remark_ in looked_up}
    found.remarks = [each for each in found.remarks if not _told_twice(each, known_lines)] + looked_up
    if folder is not None:
        found.remarks += folder.in_block(scene.content)
    return Told(
        fence.number,
        fence.line,
        fence.language,
        fence.headings,
        len(scene.content.statements) + len(scene.content.faults) + len(scene.content.commands),
        tuple(_numbered(replace(each, block=fence.number) for each in found.remarks)),
        tuple(found.doubts),
    )


def _lines(each: Placed) -> set[int]:
    return set(range(each.written.line, each.written.line_of(len(each.written.text)) + 1))


def _told_twice(each: Remark, looked_up: set[tuple[int, str]]) -> bool:
    return each.policy == EXIST and any(each.about.rpartition(".")[2] == name for _, name in looked_up)


def _numbered(remarks: Iterator[Remark]) -> Iterator[Remark]:
    """Tell remarks apart that would be one by their policy, kind and object."""
    seen: dict[tuple[str, str, str], int] = {}
    for each in sorted(dict.fromkeys(remarks), key=lambda each: (each.line, each.policy, each.kind)):
        key = (each.policy, each.kind, each.about)
        seen[key] = seen.get(key, 0) + 1
        yield each if seen[key] == 1 else replace(each, about=f"{each.about} ({seen[key]})")


def _close(session: Session) -> None:
    session.close()


def _statement(scene: Scene, desk: Desk, session: Session, each: Placed, found: Found) -> None:
    """Try one statement in the way that fits it."""
    verb = each.written.verb
    try:
        if verb in TRANSACTION and not (verb == "prepare" and "transaction" not in each.written.words[1:2]):
            _transaction(session, each.written)
            return
        refused = _prepared(scene, desk, session, each)
        if refused is not None:
            found.remarks += _refused(scene, each, refused, found)
            return
        _acted(scene, desk, session, each, found)
        if runnable(each.written) and verb not in PLANNED:
            refused = _tried(desk, session, each, found)
            if refused is not None and (not refused.duplicate or each.within == UNDONE):
                found.remarks += _refused(scene, each, refused, found)
    except Unchecked as reason:
        found.doubt(PLANS, each.written.line, reason)
    except (errors.QueryCanceled, errors.LockNotAvailable) as error:
        found.doubt(PLANS, each.written.line, unchecked(error))


def _acted(scene: Scene, desk: Desk, session: Session, each: Placed, found: Found) -> None:
    """Do what may open something for somebody, look, and undo it."""
    try:
        if each.within != UNDONE:
            found.remarks += acting.views_opened(scene, desk, session, each)
            found.remarks += acting.openings(scene, desk, session, each)
    except Unchecked as reason:
        found.doubt(DANGER, each.written.line, reason)
    except (errors.QueryCanceled, errors.LockNotAvailable) as error:
        found.doubt(DANGER, each.written.line, unchecked(error))


def _transaction(session: Session, written: Written) -> None:
    words = written.words
    if words[:1] in (("rollback",), ("abort",)) and "to" not in words[1:3]:
        session.undo()
    elif words[:1] in (("commit",), ("end",)):
        session.conclude()


@dataclass(frozen=True)
class Elsewhere:
    """A statement that the target has prepared, or that its login may not see enough for: it is planned on the copy."""


def _prepared(scene: Scene, desk: Desk, session: Session, each: Placed) -> Refusal | None:
    """Have a statement prepared, and planned if it can be; return what the server has against it."""
    if not session.role and not session.changed:
        # What is done on the copy is done outside of this: both may be one connection.
        with desk.target() as cursor:
            outcome = _on_target(scene, desk, each, cursor)
        if outcome is None:
            return None
        if isinstance(outcome, Refusal):
            if not outcome.missing or not desk.made:
                return outcome
            # An earlier block of the book may have made it.
            session.replay()
            if not session.changed:
                return outcome
    return _on_copy(scene, desk, session, each)


def _filled(desk: Desk, each: Placed, cursor: Cursor) -> str | Refusal | None:
    """Return what is to be planned, filled in; None: it is no statement that is planned, and the server can read it."""
    begin = explained_part(each.written.text)
    statement = _behind(each.written, begin)
    if statement.verb not in PLANNED and each.written.verb != "explain":
        outcome = desk.prepared(cursor, each.text)
        return outcome if isinstance(outcome, Refusal) else None
    text = desk.filled(cursor, statement)
    if isinstance(text, Refusal):
        return replace(text, offset=text.offset + begin if text.offset >= 0 else -1)
    return text


def _on_target(scene: Scene, desk: Desk, each: Placed, cursor: Cursor) -> Refusal | Elsewhere | None:
    text = _filled(desk, each, cursor)
    if isinstance(text, Refusal):
        return Elsewhere() if _hidden(scene.database, text) else text
    if text is None:
        return None
    if desk.calls_own(scene.database, text):
        return Elsewhere()
    outcome = desk.explained(cursor, text)
    if isinstance(outcome, Refusal):
        # The audit's login may see less than who follows the book.
        return Elsewhere() if outcome.state == "42501" else replace(outcome, offset=-1)
    scene.rows[each.written.line] = Planned(text, outcome).rows
    return None


def _hidden(known: Database, refused: Refusal) -> bool:
    """Tell whether something is said not to be there that is: the login may not look into its schema."""
    if refused.state == "42501":
        return True
    if refused.state not in ("42P01", "42883"):
        return False
    name = _named(refused.message).partition("(")[0]
    schema, _, last = name.rpartition(".")
    if refused.state == "42P01":
        return known.relation(schema, last) is not None
    return False


def _on_copy(scene: Scene, desk: Desk, session: Session, each: Placed) -> Refusal | None:
    cursor = session.connection.cursor()
    text = _filled(desk, each, cursor)
    if isinstance(text, Refusal):
        return replace(text, role=session.role)
    if text is None:
        return None
    outcome = desk.explained(cursor, text)
    if not isinstance(outcome, Refusal):
        scene.rows.setdefault(each.written.line, Planned(text, outcome).rows)
        return None
    if outcome.state == "42501" and not session.role:
        # What the server keeps for superusers, a provider may have granted to the owner, or not.
        raise Unchecked(f"who may do it is for the provider to say: {outcome.message}")
    return replace(outcome, role=session.role, offset=-1)


def _behind(written: Written, begin: int) -> Written:
    """Return the statement that an EXPLAIN is about."""
    if not begin:
        return written
    slots = tuple(replace(slot, start=slot.start - begin, end=slot.end - begin) for slot in written.slots)
    words = tuple(re.findall(r"[a-z_]\w*", written.text[begin : begin + 200].lower()))
    return Written(written.text[begin:], written.line_of(begin), words[:16], slots, written.comment, written.together)


def _tried(desk: Desk, session: Session, each: Placed, found: Found) -> Refusal | None:
    """Execute a statement on the copy; what it did stays until the end of the block."""
    written = each.written
    words = written.words
    text = in_a_transaction(written, each.text)
    if written.verb in ("vacuum", "analyze") and not re.search(
        r"\w", re.sub(r"^\s*analyze\b(?:\s*\([^()]*\))?(?:\s*verbose)?", "", text, flags=re.I)
    ):
        return None  # the whole database: there is no name in it that could be wrong
    local = "local" in words[1:2]
    if written.verb == "set" and local and each.within == OUTSIDE:
        return None  # it has no effect, which is told as a hazard
    refused = session.attempt(text)
    if refused is not None and refused.state == "42501" and not session.role:
        refused = session.attempt(text, as_owner=True)
        if refused is not None and refused.state == "42501":
            if _PROVIDED.intersection(words[:3]):
                raise Unchecked(f"who may do it is for the provider to say: {refused.message}")
            return replace(refused, role=OWNER)
    if refused is None and written.verb in ("set", "reset"):
        _note_role(session, words, local=local)
    return refused


# What providers let the project's owner do, by means that are not the server's own.
_PROVIDED = frozenset(["role", "user", "publication", "extension", "event", "database", "grant", "revoke", "set"])


def _note_role(session: Session, words: Sequence[str], *, local: bool) -> None:
    rest = [word for word in words[1:] if word not in ("local", "session", "to")]
    if rest[:1] == ["role"]:
        named = rest[1:2] and rest[1] not in ("none", "default") and words[0] == "set"
        session.role = rest[1] if named else ""
        session.local = local


def _refused(scene: Scene, each: Placed, refused: Refusal, found: Found) -> Iterator[Remark]:
    """Tell what the server has against a statement."""
    line = each.written.line_of(refused.offset) if refused.offset >= 0 else each.written.line
    if refused.inside and (code := next((token for token in tokens(each.text) if token.dollar), None)):
        line = each.written.line_of(code.start) + refused.inside - 1
    about = title(each.text)
    message = f"as {refused.role}: {refused.message}" if refused.role else refused.message
    if refused.state == "42601":
        yield remark(line, "does not parse", about, message, "correct it where the server stops reading", policy=PARSES)
        return
    mend = mend_of(scene.database, each.text, refused)
    yield remark(line, "cannot be planned", about, message, mend, policy=PLANS)
    if refused.state in ("42P01", "42883", "42704", "3F000") and (name := _named(refused.message)):
        kind = {"42883": "function", "3F000": "schema"}.get(refused.state, "relation")
        plain = name.partition("(")[0]
        last = plain.rpartition(".")[2].strip('"')
        if not scene.database.has(kind, last):
            yield missing(line, kind, plain)


def _named(message: str) -> str:
    found = re.search(r'"([^"]+)"|(?:function|procedure|index|schema) ([\w.]+)', message)
    return (found[1] or found[2]) if found else ""
