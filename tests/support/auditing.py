"""An audit as a person runs it: ``pytest policies`` in a process of its own, and what it said and left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from audit.connection import Dsn, connect
from audit.migrations import apply
from audit.people import CAST, GROUPS
from audit.policy import Policy
from audit.question import Connection
from audit.server.rights import OWNER, login
from audit.server.target import Target
from audit.sql_text import statements
from tests.support.proving import all_sabotages
from tests.support.waiting import LIMIT_S

ROOT = Path(__file__).parents[2]

# What a person wrote, or what tells who it is, has many values; vocabularies have few.
FREE_TEXT_VALUES = 20


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its exit status, what it said on the terminal, and the folder of its reports."""

    status: int
    said: str
    folder: Path

    @property
    def document(self) -> dict[str, Any]:
        """What audit.json says."""
        document: dict[str, Any] = json.loads((self.folder / "audit.json").read_text(encoding="utf-8"))
        return document

    @property
    def policies(self) -> dict[str, dict[str, Any]]:
        """What audit.json says of each policy, by its id."""
        return {policy["id"]: policy for policy in self.document["policies"]}

    def having(self, *verdicts: str) -> set[str]:
        """Return the ids of the policies with one of the verdicts."""
        return {name for name, policy in self.policies.items() if policy["verdict"] in verdicts}


@dataclass(frozen=True)
class Sabotaged:
    """A database that suffered the sabotages of the policies ``suffered``, what its members wrote, and its audit."""

    target: Target
    suffered: set[str]
    secrets: set[str] = field(repr=False)
    outcome: Outcome


def unwrapped(printed: str) -> str:
    """Return what was printed with each sentence in one line, however narrow the terminal was."""
    return re.sub(r"\n {6}(?=\S)", " ", printed)


def audit(folder: Path, *options: str, root: Path = ROOT, **environment: str) -> Outcome:
    """Run the audit with its reports in ``folder``; what the user's own environment says of targets has no say."""
    command = [sys.executable, "-m", "pytest", "policies", f"--report-dir={folder}", "-p", "no:cacheprovider", *options]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AUDIT_", "PG"))}
    done = subprocess.run(
        command,
        cwd=root,
        env={**inherited, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT_S,
        check=False,
        encoding="utf-8",
    )
    assert not {"Traceback", "INTERNALERROR"} & {*done.stdout.split()}, done.stdout
    return Outcome(done.returncode, unwrapped(done.stdout), folder)


def acts(policy: Policy) -> bool:
    """Tell whether people act in the policy."""
    return bool({*policy.askers} & {*CAST, *GROUPS})


def sabotage_everything(connection: Connection) -> set[str]:
    """Let a database suffer every sabotage that it can hold at the same time; return the policies that they are for.

    One that fails is passed over: an earlier one took its object away.
    """
    suffered = set()
    # One of them makes whatever comes after it read only.
    connection.execute("set session characteristics as transaction read write")
    for sabotage in all_sabotages():
        if sabotage.innocent or sabotage.on in ("migration", "runbook", "app"):
            continue
        try:
            if sabotage.on == "clone":
                for statement in statements(sabotage.sql):
                    connection.execute(statement.text)
            else:
                with connection.transaction():
                    connection.execute(sabotage.sql)
            suffered.add(sabotage.policy)
        except psycopg.Error:
            continue
        finally:
            connection.execute("reset role; reset session authorization")
    return suffered


def migrated(connection: Connection, directory: Path) -> tuple[Any, ...]:
    """Apply migrations to the database of a connection, as the login that they are applied by."""
    with connect(login(Dsn(connection.info.dsn), OWNER)) as applying:
        return apply(applying, directory)


def told_in_confidence(connection: Connection) -> set[str]:
    """Return what the members of a database wrote or are called: every value of free text longer than 5 characters."""
    columns = connection.execute(
        """
        select a.attrelid::regclass::text, quote_ident(a.attname)
        from pg_catalog.pg_attribute a
        join pg_catalog.pg_class c on c.oid = a.attrelid
        where c.relkind = 'r' and (c.relnamespace = 'public'::regnamespace or c.oid = 'auth.users'::regclass)
        and a.attnum > 0 and not a.attisdropped
        and a.atttypid in ('text'::regtype, 'varchar'::regtype, 'jsonb'::regtype)
        """
    ).fetchall()
    values: set[str] = set()
    for table, column in columns:
        read = connection.execute(
            # A JSON text or document gives its texts, at any depth; anything else is its own text.
            f"""
            select distinct coalesce(leaf #>> '{{}}', whole #>> '{{}}')
            from (select to_jsonb({column}) as whole from {table}) as t
            left join lateral jsonb_path_query(whole, 'strict $.** ? (@.type() == "string")') as leaf on true
            """
        ).fetchall()
        found = {value for (value,) in read if value is not None and len(value) > 5}
        values |= found if len(found) > FREE_TEXT_VALUES else set()
    return values


def kill_tree(pid: int) -> None:
    """End a server that the tests started, and its children, without giving it a chance to say anything."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children = [int(child) for child, parent in (line.split() for line in listed.splitlines()) if int(parent) == pid]
    for each in (pid, *children):
        os.kill(each, signal.SIGKILL)


def end_sessions(dsn: Dsn) -> None:
    """End all sessions of a database, as its administrator might."""
    with connect(dsn) as connection:
        connection.execute(
            """
            select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
            where datname = pg_catalog.current_database() and pid <> pg_catalog.pg_backend_pid()
            """
        )
