"""Secrets: what opens the database and the alert channels is in no report, no log, no history and no process title."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from audit.connection import connect
from audit.server.target import Target
from tests.reports.test_alerts import TOKEN, Web
from tests.support.auditing import ROOT
from tests.support.waiting import LIMIT_S

IN_DSN = "p4ssword-in-the-dsn"
IN_ENVIRONMENT = "p4ssword-in-the-environment"
SECRETS = (IN_DSN, IN_ENVIRONMENT, TOKEN)

# An audit in which everything is as talkative as pytest can make it.
TALKATIVE = ("-vv", "--showlocals", "--full-trace", "--log-level=DEBUG", "--log-cli-level=DEBUG", "-o", "log_cli=true")


@pytest.fixture
def web():
    server = Web()
    server.otherwise = "fail"
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture(scope="module")
def guarded(target: Target):
    """A live database whose login needs a password, and one whose password is in the environment."""
    dsn = target.server.clone_database("guarded")
    rules = target.server.directory / "pg_hba.conf"
    before = rules.read_text()
    with connect(dsn) as connection:
        rules.write_text(f"local all audit_dsn,audit_env scram-sha-256\n{before}")
        for name, password in (("audit_dsn", IN_DSN), ("audit_env", IN_ENVIRONMENT)):
            connection.execute(f"create role {name} login bypassrls password '{password}'")
            connection.execute(f"grant pg_read_all_data, pg_monitor to {name}")
        connection.execute("create table public.notes (id int primary key, author uuid references auth.users)")
        connection.execute("select pg_reload_conf()")
        yield dsn
        connection.execute("drop role audit_dsn, audit_env")
        rules.write_text(before)
        connection.execute("select pg_reload_conf()")


def titles_now() -> set[str]:
    """Return the titles of all processes, as every user of the machine sees them."""
    titles = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has just ended
            titles.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return titles


@pytest.mark.parametrize(
    ("place", "through"),
    [("dsn", "file"), ("environment", "environment"), ("wrong", "file")],
    ids=["password in the DSN", "password in PGPASSWORD", "password refused"],
)
def test_no_secret_is_told(guarded, web: Web, tmp_path: Path, place: str, through: str) -> None:
    user = "audit_env" if place == "environment" else "audit_dsn"
    where = {key: value for key, value in conninfo_to_dict(guarded).items() if key in ("host", "port", "dbname")}
    given = {"password": IN_DSN if place == "dsn" else IN_ENVIRONMENT} if place != "environment" else {}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AUDIT_", "PG"))}
    environment["AUDIT_TARGET"] = make_conninfo(**where, user=user, **given)
    environment["PGPASSWORD"] = IN_ENVIRONMENT
    options = [f"--report-dir={tmp_path / 'out'}", f"--history={tmp_path / 'history.sqlite'}"]
    if through == "file":
        (tmp_path / "alerts").touch(mode=0o600)
        (tmp_path / "alerts").write_text(web.url)
        options.append(f"--alert-file={tmp_path / 'alerts'}")
    else:
        environment["AUDIT_ALERT_URLS"] = web.url
    selected = ["-k", "foreign_key_has_an_index or nobody_rewrites"]
    command = [sys.executable, "-m", "pytest", "policies", *options, *selected, *TALKATIVE]
    titles: set[str] = set()
    done = threading.Event()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    ) as running:

        def watch() -> None:
            while not done.wait(0.02):
                titles.update(titles_now())

        watcher = threading.Thread(target=watch)
        watcher.start()
        said = running.communicate(timeout=LIMIT_S)[0].decode()
        done.set()
        watcher.join()
    assert running.returncode == (4 if place == "wrong" else 1), said
    assert web.attempts >= 3  # it did try to tell, with the secret in its hands
    assert any("policies" in title for title in titles)
    if place != "wrong":
        assert any("pg_dump" in title for title in titles)
    assert not [title for title in titles if any(secret in title for secret in SECRETS)]
    assert not [secret for secret in SECRETS if secret in said]
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()] + [tmp_path / "history.sqlite"]
    assert len(written) >= 4
    for path in written:
        content = path.read_bytes()
        assert not [secret for secret in SECRETS if secret.encode() in content], path
