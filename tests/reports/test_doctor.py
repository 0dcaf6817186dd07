"""The doctor, as a person calls it: what it says of a setup that is in order, and of each mistake."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit import doctor
from audit.connection import Dsn, connect
from audit.doctor import Line, State
from audit.server import embedded
from audit.server.rights import OWNER, login, superuser
from audit.server.target import MIGRATIONS, SCHEMA
from audit.server.walls import DISK, Walls
from reports.doctor import status
from tests.client.test_hostile import SECRET, TOKEN, put
from tests.drift.conftest import build
from tests.support.auditing import ROOT
from tests.support.proving import APPLICATION
from tests.support.waiting import LIMIT_S

LOGIN = "care_auditor"
ABOUT = ["application", "variables", "keys", "database", "login", "version", "API", "migrations", "walls", "programs",
         "history", "alerts"]  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What the doctor said: its exit status, and of each thing what was found out."""

    status: int
    text: str

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Each line's state and what it is about."""
        return re.findall(r"^(ok|not ok|not known) +(\w+) ", self.text, re.MULTILINE)

    def being(self, state: str) -> set[str]:
        """What has a state."""
        return {about for found, about in self.lines if found == state}


def asked(*options: str, target: str = "", **environment: str) -> Said:
    """Call the doctor in a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AUDIT_", "PG"))}
    done = subprocess.run(
        [sys.executable, "-m", "reports.doctor", *options],
        cwd=ROOT,
        env={**inherited, **({"AUDIT_TARGET": target} if target else {}), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT_S,
        check=False,
        encoding="utf-8",
    )
    assert "Traceback" not in done.stdout, done.stdout
    return Said(done.returncode, done.stdout)


@pytest.fixture(scope="module")
def production() -> Iterator[Dsn]:
    """The reference on a server, with the audit's login; the platform's history is empty."""
    with embedded.serve() as server:
        build(server.dsn, MIGRATIONS)
        with connect(login(server.dsn, OWNER)) as owner:
            owner.execute((SCHEMA / "auditor.sql").read_bytes())
        with superuser(server.dsn) as connection:
            connection.execute(f"alter role {LOGIN} bypassrls")
        yield server.dsn


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    shutil.copytree(APPLICATION, folder)
    return folder


def config(app: Path, text: str) -> None:
    put(app, "supabase/config.toml", text)


def test_a_setup_in_order(production: Dsn, app: Path, tmp_path: Path) -> None:
    with connect(production) as connection:
        version = connection.info.server_version // 10000
    config(app, f'[db]\nmajor_version = {version}\n[api]\nschemas = ["public", "graphql_public"]\n')
    put(app, "supabase/migrations/20250101000000_one.sql", "create extension if not exists pgcrypto;")
    (channels := tmp_path / "alerts").write_text("mailto://user:hidden-word@example.org\n", encoding="utf-8")
    channels.chmod(0o600)
    with connect(login(production, OWNER)) as owner:
        owner.execute(
            "insert into supabase_migrations.schema_migrations (version, statements)"
            " values ('20250101000000', '{create extension if not exists pgcrypto}')"
        )
    try:
        said = asked(
            f"--app={app}", f"--alert-file={channels}", f"--history={tmp_path / 'history.sqlite'}",
            target=login(production, LOGIN),
        )  # fmt: skip
    finally:
        with connect(login(production, OWNER)) as owner:
            owner.execute("delete from supabase_migrations.schema_migrations")
    assert [about for _, about in said.lines] == ABOUT, said.text
    assert said.being("not ok") <= {"walls"}, said.text[:3000]  # of the machine that the tests run on
    assert said.being("not known") == set(), said.text
    assert said.status == (1 if said.being("not ok") else 0)
    assert "nothing was sent" in said.text
    assert "hidden-word" not in said.text
    assert not (tmp_path / "history.sqlite").exists()


def test_nothing_was_named() -> None:
    said = asked("--no-history", "--no-alerts")
    assert {"application", "database", "login", "version", "API", "migrations"} <= said.being("not known"), said.text
    assert said.status in (1, 6)
    assert "care-audit doctor --app=DIR" in said.text
    assert "care-audit doctor --target=service=NAME" in said.text


@pytest.mark.parametrize("target", ["embedded", "container"])
def test_a_database_of_our_own_is_no_setup(target: str) -> None:
    assert "database" in asked("--no-history", "--no-alerts", target=target).being("not known")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--app=/nowhere/at all",), "--app: there is no folder /nowhere/at all"),
        (("--migrations=/nowhere",), "--migrations: there is no folder /nowhere"),
        (("--what",), "unrecognized arguments: --what"),
        (("--history=x", "--no-history"), "--history and --no-history contradict each other"),
        (("--alert-file=x", "--no-alerts"), "--alert-file and --no-alerts contradict each other"),
        (("--app=\x1b[2J",), "--app: there is no folder \ufffd[2J"),
    ],
)
def test_an_option_that_is_of_no_use_gets_one_sentence(options: tuple[str, ...], said: str) -> None:
    found = asked(*options)
    assert (found.status, found.text.strip()) == (4, said)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("postgresql://me:hidden-word@127.0.0.1:1/none", "cannot connect to 127.0.0.1:1, none"),
        ("postgresql://me:hidden word@", "the connection string cannot be read"),
        ("prodution", "unknown target 'prodution'"),
    ],
)
def test_no_database(target: str, said: str) -> None:
    found = asked("--no-history", "--no-alerts", target=target)
    assert "database" in found.being("not ok"), found.text
    assert {"login", "version", "API", "migrations"} <= found.being("not known")
    assert (found.status, said in found.text, "hidden" in found.text) == (1, True, False)


def test_each_mistake_has_its_line(production: Dsn, app: Path, tmp_path: Path) -> None:
    config(app, '[db]\nmajor_version = 12\n[api]\nschemas = ["public", "reporting"]\n')
    put(app, ".env.local", f"NEXT_PUBLIC_SUPABASE_URL={SECRET}\nNEXT_PUBLIC_SUPABASE_ANON_KEY={TOKEN}\n"
        f"SUPABASE_SERVICE_ROLE_KEY=sb_publishable_{'aB3' * 9}\n")  # fmt: skip
    put(app, "supabase/migrations/20250101000000_one.sql", "create extension missing_one;\nselect 1;")
    (channels := tmp_path / "alerts").write_text("nothing://hidden-word\n", encoding="utf-8")
    channels.chmod(0o600)
    (tmp_path / "history").write_text("no database at all, but text of more than a page", encoding="utf-8")
    said = asked(
        f"--app={app}", f"--alert-file={channels}", f"--history={tmp_path / 'history'}", target=login(production, OWNER)
    )
    assert said.status == 1
    wanted = {"variables", "keys", "login", "version", "API", "migrations", "history", "alerts"}
    assert said.being("not ok") - {"walls"} == wanted, said.text
    for each in ("extension missing_one", "schema reporting", "PostgreSQL 12", "supabase db push", "create and change"):
        assert each in said.text
    assert [part for key in (SECRET, TOKEN, "hidden-word") if (part := key[-11:]) in said.text] == []


def test_a_login_that_sees_too_little(production: Dsn) -> None:
    with superuser(production) as connection:
        connection.execute("create role somebody login")
    try:
        said = asked("--no-history", "--no-alerts", target=login(production, "somebody"))
    finally:
        with superuser(production) as connection:
            connection.execute("drop role somebody")
    assert "login" in said.being("not ok"), said.text
    assert "without which policies are UNCHECKED" in " ".join(said.text.split())
    assert "on public.help_requests to somebody;" in said.text


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("mailto://user:hidden-word@example.org", 0o604, "everybody can read the alert file"),
        ("P0 = mailto://user:hidden-word@example.org", 0o600, "nobody for P1 P2 P3"),
        ("# none\n", 0o600, "there is no URL in it"),
        (None, 0, "cannot be read"),
    ],
)
def test_alerts(tmp_path: Path, text: str | None, mode: int, said: str) -> None:
    file = tmp_path / "alerts"
    if text is not None:
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
    found = asked("--no-history", f"--alert-file={file}")
    assert ("alerts" in found.being("not ok"), said in found.text, "hidden-word" in found.text) == (True, True, False)


def test_a_history_that_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    found = asked(f"--history={tmp_path / 'file' / 'history.sqlite'}", "--no-alerts")
    assert "history" in found.being("not ok"), found.text


def test_walls_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    account = embedded.Account.unprivileged()
    bare = embedded.Account(account.uid, account.gid, Walls())
    monkeypatch.setattr(embedded.Account, "for_server", classmethod(lambda _: bare))
    walls = next(line for line in doctor._machine() if line.about == "walls")
    assert (walls.state, "no network" in walls.told, DISK in walls.told) == (State.WRONG, True, False)
    assert "bwrap" in walls.todo


def test_the_exit_status_is_an_audits() -> None:
    assert status([State.OK]) == 0
    assert status([State.OK, State.UNKNOWN]) == 6
    assert status([State.UNKNOWN, State.WRONG, State.OK]) == 1
    assert Line(State.OK, "x", "y").todo == ""
