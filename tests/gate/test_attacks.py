"""What an attacker tried against the whole gate: none of it is called compliant."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from audit.server.target import MIGRATIONS
from tests.support.auditing import Outcome, audit

SINCE = "--since-version=20260101000000"
LIMIT = "set lock_timeout = '2s';\n"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "supabase" / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    return folder


def gate(folder: Path, cache: Path) -> Outcome:
    out = folder.parents[1] / "out"
    return audit(out, "--gate", f"--gate-cache={cache}", "--members=20", f"--migrations={folder}", SINCE)


def trigger(event: str, table: str, body: str) -> str:
    return (
        "create function public.attack() returns trigger language plpgsql security definer set search_path = '' as\n"
        f"$$ begin {body} end $$;\n"
        "revoke execute on function public.attack() from public, anon, authenticated;\n"
        f"create trigger zz_attack {event} on {table} for each row execute function public.attack();\n"
    )


ATTEMPTS = {
    "a block drops the table only where there are other rows than here": (
        "do $$ begin\n"
        "    if exists (select 1 from public.messages where length(content) > 90000) then\n"
        "        truncate public.messages cascade;\n"
        "    end if;\nend $$;\n"
    ),
    "a block deletes by a text that is put together": (
        "do $$ begin execute 'dele' || 'te from public.messages where created_at < ''1999-01-01'''; end $$;\n"
    ),
    "an update with a condition that no made-up row meets": (
        "update public.messages set content = '' where created_at < '1999-01-01';\n"
    ),
    "a block asks for the application's name": (
        "do $$ begin\n"
        "    if current_setting('application_name') = 'Supabase CLI' then delete from public.messages; end if;\n"
        "end $$;\n"
    ),
    "a trigger swallows new rows": trigger("before insert", "public.messages", "return null;"),
    "a trigger deletes when somebody saves a profile": trigger(
        "after update", "public.profiles", "delete from public.messages m where m.sender_id = old.id; return new;"
    ),
    "nobody without an address can sign up": trigger(
        "before insert", "auth.users", "if new.email is null then raise exception 'no'; end if; return new;"
    ),
    "nobody can sign in": trigger(
        "before update",
        "auth.users",
        "if new.last_sign_in_at is distinct from old.last_sign_in_at then raise exception 'no'; end if; return new;",
    ),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_gate_is_not_content(project: Path, cache: Path, name: str) -> None:
    (project.parent / "config.toml").write_text("[auth]\nenable_anonymous_sign_ins = true\n")
    (project / "20270101000000_x.sql").write_text(LIMIT + ATTEMPTS[name])
    outcome = gate(project, cache)
    assert "20270101000000_x.sql: applied" in outcome.said, outcome.said
    if outcome.status == 0:
        pytest.fail("Compliant")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXkAAAABG5vbmUSECRET\n", "b3BlbnNzaC1rZXk"),
        ("https://me:ghp_SECRETSECRET@github.com\n", "ghp_secretsecret"),
    ],
)
def test_a_link_out_of_the_project_tells_nothing(project: Path, cache: Path, text: str, secret: str) -> None:
    elsewhere = project.parents[2] / f"secret-{project.parents[1].name}"
    elsewhere.write_text(text)
    (project / "20270101000000_x.sql").symlink_to(elsewhere)
    outcome = gate(project, cache)
    reports = "".join(file.read_text() for file in outcome.folder.iterdir() if file.is_file())
    assert not re.search(secret, outcome.said + reports, re.IGNORECASE)
    assert outcome.status == 4 and "leads out of the project" in outcome.said
