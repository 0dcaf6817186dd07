"""The proof that a project's own policies bite, on a copy of its own database: clean, sabotage, VIOLATED, fix, clean.

A sabotage is a file ``sabotage/ID.what-goes-wrong.sql`` beside the policies. Its first comment lines say which
``object`` is to be found. ``ID.why.innocent.sql`` looks like one, and must change nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import click
import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from audit.access.parameters import parameters
from audit.actors import Stage
from audit.connection import connect
from audit.evidence import Log, safe
from audit.mending import is_sql
from audit.policy import Policy, in_folder
from audit.question import Connection
from audit.results import Ruling, Verdict
from audit.server.rights import OWNER, STAND_IN, follow
from audit.server_errors import describe
from audit.toml_file import FileError, suggestion
from care_audit.calling import built, completed
from care_audit.database import Built, built_from
from care_audit.place import Place, here
from fixtures.askers import Disposable, unknown_askers
from fixtures.suite import put

FOLDER = "sabotage"
CLEAN = (Verdict.HOLDS, Verdict.NOT_APPLICABLE)
COMMENT = re.compile(r"--\s*object:\s*(.+)")
NO_POLICIES = "there are no policies of your own; care-audit new-policy writes the first"


class NotProvedError(Exception):
    """A policy does not do what it is to; the message is one sentence."""


@dataclass(frozen=True)
class Sabotage:
    """A file that breaks a policy on purpose, or (``innocent``) looks as if it did; ``objects`` are to be found."""

    path: Path
    innocent: bool
    text: str
    objects: tuple[str, ...]


def sabotages(folder: Path, policy: Policy) -> list[Sabotage]:
    """Return the sabotages of a policy. Raises FileError about one that is of no use."""
    found = [_read(path) for path in sorted((folder / FOLDER).glob(f"{policy.id}.*.sql"))]
    if not any(not each.innocent for each in found):
        raise FileError(f"{policy.id} has no sabotage: write {folder / FOLDER / policy.id}.what-goes-wrong.sql")
    return found


def _read(path: Path) -> Sabotage:
    text = path.read_text(encoding="utf-8")
    head = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        head.append(line)
    objects = tuple(found[1].strip() for line in head if (found := COMMENT.fullmatch(line.rstrip())))
    innocent = ".innocent." in path.name
    if not innocent and not objects:
        raise FileError(f"{path}, line 1: say which object is to be found, such as -- object: public.profiles")
    return Sabotage(path, innocent, text, objects)


def own_policies(place: Place) -> dict[str, Policy]:
    """Return the policies that the project has written for itself. Raises ValueError about one that is of no use."""
    folder = place.policies
    found: dict[str, Policy] = {}
    for policy in in_folder(folder) if folder else ():
        if sentence := unknown_askers(policy):
            raise ValueError(sentence)
        if policy.id in found:
            raise ValueError(f"{policy.id} is the id of two policies: {found[policy.id].name} and {policy.name}")
        found[policy.id] = policy
    return found


def prove(names: Sequence[str], words: Sequence[str], settings: str | None) -> int:
    """Prove the project's policies, or those of some names; return the exit status: 0, or 1 where one is not proved."""
    place = here(settings)
    known = own_policies(place)
    folder = place.policies
    if not known or folder is None:
        raise FileError(NO_POLICIES)
    for name in names:
        if name not in known:
            raise ValueError(f"there is no policy {name!r} of your own; {suggestion(name, known, 'there are')}")
    chosen = {name: policy for name, policy in known.items() if not names or name in names}
    files = {name: sabotages(folder, policy) for name, policy in chosen.items()}
    with built_from(built(place, completed(place, words))) as base:
        dsn = base.target.server.clone_database("proofs") if base.target.server else base.target.dsn
        with connect(dsn) as connection:
            bench = Bench(base, connection)
            lines = [line for name in chosen for line in bench.judged(chosen[name], files[name])]
    failed = [line for line in lines if not line[0]]
    click.echo(f"{len(lines) - len(failed)} proved, {len(failed)} not proved")
    return 1 if failed else 0


@dataclass(frozen=True)
class Bench:
    """The database on which it is done, by way of a superuser's connection."""

    base: Built
    connection: Connection

    def judged(self, policy: Policy, files: Sequence[Sabotage]) -> Iterator[tuple[bool, str]]:
        """Prove one policy by each file; say what came of it."""
        for each in files:
            try:
                with self._undone():
                    what = self._innocent(policy, each) if each.innocent else self._bites(policy, each)
            except NotProvedError as error:
                line = False, f"{policy.id} NOT PROVED by {each.path.name}: {error}"
            except psycopg.Error as error:
                line = False, f"{policy.id} NOT PROVED by {each.path.name}: it does not run: {describe(error)}"
            else:
                line = True, f"{policy.id} proved by {each.path.name}: {what}"
            click.echo(safe(line[1]))
            yield line

    def _bites(self, policy: Policy, sabotage: Sabotage) -> str:
        self._clean(policy, "before the sabotage")
        self._execute(sabotage.text)
        found = self._asked(policy)
        if found.verdict is not Verdict.VIOLATED:
            raise NotProvedError(f"after the sabotage it is {found.verdict}, and must be VIOLATED{_why(found)}")
        objects = {each.object for each in found.offences}
        if not _fits(objects, sabotage.objects):
            raise NotProvedError(f"it found {', '.join(sorted(objects))}, and not {', '.join(sabotage.objects)}")
        fixes = dict.fromkeys(each.fix for each in found.offences if is_sql(each.fix))
        if not fixes:
            return f"found {', '.join(sorted(objects))}; its fix is for a person"
        for fix in fixes:
            self._execute(fix)
        self._clean(policy, "after its fix")
        return f"found {', '.join(sorted(objects))}, and mended"

    def _innocent(self, policy: Policy, sabotage: Sabotage) -> str:
        self._clean(policy, "before the look-alike")
        self._execute(sabotage.text)
        self._clean(policy, "with the look-alike")
        return "it is silent"

    def _clean(self, policy: Policy, when: str) -> None:
        found = self._asked(policy)
        if found.verdict not in CLEAN:
            named = ", ".join(each.object for each in found.offences[:3])
            raise NotProvedError(f"{when} it is {found.verdict}{f': {named}' if named else _why(found)}")

    def _asked(self, policy: Policy) -> Ruling:
        target = self.base.target
        known = parameters(self.connection, self.base.settings, self.base.access)
        stage = Stage(self.connection, known, Log(), target.unfilled)
        follow(self.connection)
        self.connection.execute(sql.SQL("set session authorization {}").format(sql.Identifier(STAND_IN)))
        made = put(policy, Disposable(stage, [], target.migrations))
        self.connection.execute("reset session authorization")
        return made

    def _execute(self, text: str) -> None:
        """Execute statements as the project's own role."""
        self.connection.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
        self.connection.execute(text.encode())
        self.connection.execute("reset role")
        self.connection.execute("select pg_catalog.pg_stat_clear_snapshot()")

    @contextmanager
    def _undone(self) -> Iterator[None]:
        self.connection.execute("begin")
        try:
            yield
        finally:
            self.connection.execute("rollback")
            if self.connection.info.transaction_status != TransactionStatus.IDLE:  # a sabotage that ended it
                self.connection.rollback()


def _why(found: Ruling) -> str:
    return f" ({found.reason})" if found.reason else ""


def _fits(found: set[str], expected: Sequence[str]) -> bool:
    return all(any(fnmatchcase(each, pattern) for pattern in expected) for each in found) and all(
        any(fnmatchcase(each, pattern) for each in found) for pattern in expected
    )
