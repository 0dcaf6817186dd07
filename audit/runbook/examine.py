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

PARSES, PLANS, EXIST, DANGER, FILES = "RUN-01", "RUN-02", "RUN-03", "RUN-04", "RUN-05"


@dataclass
class Found:
    """What was found out about one block so far."""

    remarks: list[Remark] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    def doubt(self, policy: str, line: int, reason: Unchecked) -> None:
        """Note that something could not be judged."""
        self.doubts.append(Doubt(policy, line, reason.reason, reason.remedy))


def examine(book: Book, desk: Desk, app: Path | None = None) -> Outline:
    """Examine a book. Raises Unchecked when the target's catalogue cannot be read."""
    with desk.target() as cursor:
        known = database(cursor)
    contents = [content(fence) for fence in book.fences]
    scenes = [_scene(each, known, desk) for each in contents]
    names = Names(known, {name for scene in scenes for name in made_by(scene.placed)})
    folder = Folder(app) if app is not None else None
    blocks = [_block(scene, desk, names, folder) for scene in scenes]
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
            book.misread, "wrong encoding", "text", "the text was UTF-8 that somebody read as cp1252 and saved again",
            "restore it from before that, and save it as UTF-8", policy=PARSES,
        )  # fmt: skip


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
            )  # fmt: skip
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
    looked_up = list(names.in_statements(scene))
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
        refused = _prepared(scene, desk, session, each, found)
        if refused is not None:
            found.remarks += _refused(scene, each, refused, found)
            return
        if runnable(each.written) and verb not in PLANNED:
            refused = _tried(desk, session, each, found)
            if refused is not None and (not refused.duplicate or each.within == UNDONE):
                found.remarks += _refused(scene, each, refused, found)
    except Unchecked as reason:
        found.doubt(PLANS, each.written.line, reason)
    except (errors.QueryCanceled, errors.LockNotAvailable) as error:
        found.doubt(PLANS, each.written.line, unchecked(error))
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


def _prepared(scene: Scene, desk: Desk, session: Session, each: Placed, found: Found) -> Refusal | None:
    """Have a statement prepared, and planned if it can be; return what the server has against it."""
    if session.role or session.changed:
        return _planned(scene, desk, session, each, session.connection.cursor(), found)
    with desk.target() as cursor:
        refused = _planned(scene, desk, session, each, cursor, found)
    if refused is not None and refused.missing and desk.made:
        # An earlier block of the book may have made it.
        session.replay()
        if session.changed:
            again = _planned(scene, desk, session, each, session.connection.cursor(), found)
            return again
    return refused


def _planned(scene: Scene, desk: Desk, session: Session, each: Placed, cursor: Cursor, found: Found) -> Refusal | None:
    written = each.written
    begin = explained_part(written.text)
    statement = _behind(written, begin)
    if statement.verb not in PLANNED and written.verb != "explain":
        outcome = desk.prepared(cursor, each.text)
        return outcome if isinstance(outcome, Refusal) else None
    text = desk.filled(cursor, statement)
    if isinstance(text, Refusal):
        return replace(text, offset=text.offset + begin if text.offset >= 0 else -1, role=session.role)
    refused, plan = _plan(scene, desk, session, cursor, text)
    if plan is not None:
        each.__dict__["plan"] = plan
    return replace(refused, offset=-1) if refused is not None else None


def _behind(written: Written, begin: int) -> Written:
    """Return the statement that an EXPLAIN is about."""
    if not begin:
        return written
    slots = tuple(replace(slot, start=slot.start - begin, end=slot.end - begin) for slot in written.slots)
    words = tuple(re.findall(r"[a-z_]\w*", written.text[begin : begin + 200].lower()))
    return Written(written.text[begin:], written.line_of(begin), words[:16], slots, written.comment, written.together)


def _plan(
    scene: Scene, desk: Desk, session: Session, cursor: Cursor, text: str
) -> tuple[Refusal | None, Planned | None]:
    """Plan a statement where it may be: on the target, or on the copy."""
    here = not session.role and not session.changed
    if here and not desk.calls_own(scene.database, text):
        outcome = desk.explained(cursor, text)
        if not isinstance(outcome, Refusal):
            return None, Planned(text, outcome)
        if outcome.state != "42501":
            return outcome, None
        # The audit's login may see less than who follows the book.
    outcome = desk.explained(session.connection.cursor(), text)
    if isinstance(outcome, Refusal):
        if outcome.state == "42501" and not session.role:
            # Who owns the project may not do it either, and that is who follows the book.
            return replace(outcome, role=OWNER), None
        return replace(outcome, role=session.role), None
    return None, Planned(text, outcome)


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
            raise Unchecked(f"the copy's owner may not do it: {refused.message}")
    if refused is None and written.verb in ("set", "reset"):
        _note_role(session, words, local=local)
    return refused


def _note_role(session: Session, words: Sequence[str], *, local: bool) -> None:
    rest = [word for word in words[1:] if word not in ("local", "session", "to")]
    if rest[:1] == ["role"]:
        named = rest[1:2] and rest[1] not in ("none", "default") and words[0] == "set"
        session.role = rest[1] if named else ""
        session.local = local


def _refused(scene: Scene, each: Placed, refused: Refusal, found: Found) -> Iterator[Remark]:
    """Tell what the server has against a statement."""
    line = each.written.line_of(refused.offset) if refused.offset >= 0 else each.written.line
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
    found = re.search(r'"([^"]+)"|(?:function|index|schema) ([\w.]+)', message)
    return (found[1] or found[2]) if found else ""
