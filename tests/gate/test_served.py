"""What a change newly has the API serve is told, and what it has the audit look at no more is looked at."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from audit.gate import served
from audit.gate.results import Reach, Standing
from audit.gate.served import Said, newly_served, said_before, served_before
from audit.settings import Settings
from tests.support.auditing import audit

TABLE = (
    "create schema lab; grant usage on schema lab to authenticated;\n"
    "create table lab.notes (id int primary key, word text); grant select on lab.notes to authenticated;\n"
)


def git(folder: Path, *arguments: str) -> None:
    named = ("-c", "user.name=n", "-c", "user.email=n@example.org")
    subprocess.run(["git", "-C", str(folder), *named, *arguments], check=True, capture_output=True)


def config(*schemas: str) -> str:
    return f'project_id = "p"\n[api]\nschemas = {[*schemas]}\n'.replace("'", '"')


def test_a_schema_that_is_newly_served_is_told(tmp_path: Path) -> None:
    top = tmp_path / "project"
    (top / "supabase" / "migrations").mkdir(parents=True)
    (top / "supabase" / "migrations" / "20260101000000_lab.sql").write_text(TABLE)
    (top / "supabase" / "config.toml").write_text(config("public"))
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(top))
    git(top, "add", ".")
    git(top, "commit", "--quiet", "-m", "released")
    git(top, "checkout", "--quiet", "-b", "change")
    (top / "supabase" / "config.toml").write_text(config("public", "lab"))
    options = ("--base=main", "--members=20", f"--gate-cache={tmp_path / 'cache'}")
    outcome = audit(tmp_path / "out", "--gate", f"--migrations={top / 'supabase' / 'migrations'}", *options)
    told = {
        (policy["id"], finding["object"], finding["location"]["file"], finding["location"]["line"])
        for policy in outcome.document["policies"]
        for finding in policy["findings"]
    }
    assert ("MIG-05", "config.toml: RLS-01 lab.notes", "supabase/config.toml", 3) in told
    assert ("MIG-06", "config.toml: alice: select lab.notes", "supabase/config.toml", 3) in told


@pytest.mark.parametrize(
    ("then", "now", "database", "expected"),
    [
        ({"config.toml": config("public")}, config("public", "lab"), ["public", "lab"], ("public",)),
        ({}, config("public", "lab"), ["public", "lab"], ("public",)),
        ({"config.toml": config("public", "lab")}, "", ["public"], ("public", "lab")),
        ({"config.toml": "[api"}, config("lab"), ["lab"], ("public",)),
        # A migration says it.
        ({"config.toml": config("public")}, config("public", "lab"), ["api"], ("api",)),
        # The audit's own settings count first.
        ({"audit.toml": 'exposed_schemas = ["app"]\n'}, config("lab"), ["lab"], ("app",)),
        ({"pyproject.toml": '[tool.care-audit]\nexposed_schemas = ["app"]\n'}, "", ["public"], ("app",)),
        ({"audit.toml": "exposed_schemas = 3\n", "config.toml": config("api")}, "", ["public"], ("api",)),
    ],
)
def test_what_was_served_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: dict[str, str], now: str, database: list[str],
    expected: tuple[str, ...],
) -> None:  # fmt: skip
    place = tmp_path / "supabase" / "migrations"
    place.mkdir(parents=True)
    configured = tmp_path / "supabase" / "config.toml"
    configured.write_text(now)
    settings = [tmp_path / "pyproject.toml", tmp_path / "audit.toml"]
    contents = {configured if name == "config.toml" else tmp_path / name: text.encode() for name, text in then.items()}
    said = said_before(contents, configured, settings)
    monkeypatch.setattr(served, "exposed_schemas", lambda _conn, _settings: database)
    assert served_before(None, said, Settings(), place) == expected


def test_the_file_that_says_so_is_told(tmp_path: Path) -> None:
    configured, own = tmp_path / "config.toml", tmp_path / "audit.toml"
    own.write_text('packs = ["core"]\nexposed_schemas = ["lab"]\n')
    cell = {"anon: select lab.notes": Reach("UNDECLARED", 3, 3, 0)}
    before, after = Standing({}, {}), Standing({}, cell, ("lab",))
    told = {}
    for exposed in ((), ("lab",)):
        file, made = newly_served(Said((), (), configured, own), Settings(exposed_schemas=exposed), before, after)
        told[file.name] = [(each.cell, each.wider) for each in made.reached], made.steps[0].line
    assert told == {
        "config.toml": ([("anon: select lab.notes", True)], 1),
        "audit.toml": ([("anon: select lab.notes", True)], 2),
    }
