"""Four made-up repositories, and what a team does in them with nothing but the wheel: what is found was planted."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from audit.connection import connect
from audit.server.target import Choice, opened
from tests.support.waiting import LIMIT_S
from tests.wheel.conftest import Installed, commit, git, repository

DEBIAN = Path("/usr/lib/postgresql/15/bin")

# Of each repository: what was planted in it, and what is undeclared until somebody has reviewed the draft.
PLANTED: Mapping[str, set[tuple[str, str]]] = {
    "supabase": {("EXPO-01", "public.open_loans")},
    "prisma": {("RLS-01", 'public."Note"')},
    "plain": {("PERF-04", "plots_gardener_id_fkey on public.plots")},
    "dump": {("PERF-08", '"lenders see their books" on public.books')},
}
UNDECLARED = {"RLS-07", "RLS-08", "RLS-15"}
# Who owns a tool sees who has borrowed it: what a draft from what is observed cannot say.
LOANS = (
    'rows.involved = "borrower_id = :me or exists '
    '(select from public.tools t where t.id = tool_id and t.owner_id = :me)"'
)

ALLOWED = re.compile(
    r"audit\.toml|access\.toml|waivers\.toml|baseline\.json|\.github/workflows/care-audit(-nightly)?\.yml|audit-reports/.*"
)
NEW = {
    "supabase": (
        "supabase/migrations/20260301000000_opinions.sql",
        "create table public.opinions (id bigint generated always as identity primary key, words text not null);\n"
        "grant select on public.opinions to anon;\n",
        "MIG-06",
    ),
    "prisma": (
        "prisma/migrations/20260301000000_drop/migration.sql",
        'ALTER TABLE "Rehearsal" DROP COLUMN "place";\n',
        "MIG-03",
    ),
    "plain": (
        "sql/004_open.sql",
        "alter table public.plots disable row level security;\n",
        "MIG-06",
    ),
}


@dataclass(frozen=True)
class Tried:
    """A repository in which a team has begun."""

    name: str
    place: Path
    installed: Installed

    def call(self, *words: str, status: int = 0, **environment: str) -> str:
        done = self.installed.call(self.place, *words, **environment)
        assert done.status == status, done.said
        return done.said

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.place / "audit-reports" / "audit.json").read_text(encoding="utf-8"))
        return document

    def found(self, verdict: str) -> set[tuple[str, str]]:
        return {
            (policy["id"], finding["object"])
            for policy in self.document()["policies"]
            if policy["verdict"] == verdict
            for finding in policy["findings"]
        }

    def having(self, verdict: str) -> set[str]:
        return {policy["id"] for policy in self.document()["policies"] if policy["verdict"] == verdict}


def written(place: Path) -> set[str]:
    """Return what is there and git does not know."""
    done = subprocess.run(
        ["git", "ls-files", "--others"], cwd=place, capture_output=True, text=True, check=True, timeout=LIMIT_S
    )
    return {*done.stdout.splitlines()}


def the_first_check_needs_nothing_but_the_wheel(tried: Tried) -> None:
    """No declaration, no settings, no network: the planted is found, nothing else is, and declaring is suggested."""
    said = tried.call("check", status=1, http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
    assert tried.found("VIOLATED") == PLANTED[tried.name], said
    assert tried.having("UNCHECKED") == UNDECLARED
    assert "care-audit init writes a draft" in " ".join(said.split())
    assert {name.partition("/")[0] for name in written(tried.place)} == {"audit-reports"}
    shutil.rmtree(tried.place / "audit-reports")


def a_project_begins(tried: Tried) -> None:
    if tried.name == "dump":
        shown = tried.call("init", "--dry-run")
        assert "--- audit.toml" in shown and written(tried.place) == set()
    said = tried.call("init")
    assert len(said.splitlines()) <= 11
    for _, thing in PLANTED[tried.name]:
        assert thing.rpartition(" on ")[2] in said
    assert {"audit.toml", "access.toml", "waivers.toml", "baseline.json"} <= written(tried.place)
    assert {name for name in written(tried.place) if not ALLOWED.fullmatch(name)} == set()
    review(tried)
    said = tried.call("check")
    assert tried.having("UNCHECKED") == set() and tried.found("WAIVED") == PLANTED[tried.name], said
    commit(tried.place, "care-audit")


def nothing_is_written_over_and_settings_are_found_from_below(tried: Tried) -> None:
    if tried.name != "plain":
        return
    kept = (tried.place / "access.toml").read_text(encoding="utf-8")
    again = tried.call("init")
    assert "wrote:  nothing" in again and "kept:" in again
    assert (tried.place / "access.toml").read_text(encoding="utf-8") == kept
    done = tried.installed.call(tried.place / "sql", "check", "--policy=PERF-08")
    assert done.status == 0, done.said
    assert {name for name in written(tried.place) if not ALLOWED.fullmatch(name)} == set()
    assert {path.name for path in (tried.installed.folder.parent / "home").iterdir()} <= {"cache", "tmp"}
    assert {path.name for path in (tried.installed.folder.parent / "home" / "cache").iterdir()} <= {
        "care-collective-audit"
    }


def review(tried: Tried) -> None:
    """Say what ought to be, as a person does who reads the draft."""
    path = tried.place / "access.toml"
    text = re.sub(r"^review = true.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    # What looks like a hole counts when somebody has said why.
    text = re.sub(r'^(because\..* = )""', r'\1"It was planted."', text, flags=re.MULTILINE)
    if tried.name == "supabase":
        head, _, rest = text.partition('[tables."public.loans"]\n')
        text = f'{head}[tables."public.loans"]\n{LOANS}\nrows.mine = "borrower_id = :me"\n'
        text += 'reach.select = { users = ["involved"] }\nreach.insert = { users = ["mine"] }\n\n'
        text += rest[rest.index("[tables.") :]
        head, _, _ = text.partition('[tables."public.tools"]\n')
        text = f'{head}[tables."public.tools"]\nrows.mine = "owner_id = :me"\nrows.shared = "shared"\n'
        text += 'reach.select = { users = ["mine", "shared"], nobody = ["shared"] }\n'
        text += "".join(f'reach.{command} = {{ users = ["mine"] }}\n' for command in ("insert", "update", "delete"))
    path.write_text(text, encoding="utf-8")


def a_gate_judges_what_a_branch_adds(tried: Tried) -> None:
    if tried.name == "dump":
        said = tried.call("gate", status=4)
        assert "dump" in said or "--migrations" in said
        return
    name, text, expected = NEW[tried.name]
    git(tried.place, "checkout", "--quiet", "-b", "change")
    path = tried.place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    commit(tried.place, "change")
    said = tried.call("gate", status=1)
    assert expected in tried.having("VIOLATED"), said
    git(tried.place, "checkout", "--quiet", "main")


def an_own_policy_is_written_proved_and_asked(tried: Tried) -> None:
    said = tried.call("new-policy", "OWN-01", "--title=No copy of a table is open")
    assert "policies/test_own_01.py" in said
    assert "2 proved, 0 not proved" in tried.call("prove")
    if tried.name in ("prisma", "dump"):
        shutil.rmtree(tried.place / "policies")
        return
    tried.call("check", "--policy=own-01")
    assert tried.having("HOLDS") == {"OWN-01"}
    sabotage = next((tried.place / "policies" / "sabotage").glob("OWN-01.a-copy-is-open.sql"))
    sabotage.write_text("-- object: public.nothing\nselect 1;\n", encoding="utf-8")
    assert "must be VIOLATED" in tried.call("prove", status=1)
    shutil.rmtree(tried.place / "policies")


def fixes_are_proved_and_printed(tried: Tried) -> None:
    if tried.name == "prisma":
        return
    if tried.name == "supabase":  # what was planted there is for a person to decide
        said = tried.call("fix", status=1)
        assert "somebody who decides" in said
        return
    said = tried.call("fix")
    assert "proved on a copy: 1 finding gone, nothing new" in said
    assert "alter policy" in said or "create index" in said
    assert {name for name in written(tried.place) if not ALLOWED.fullmatch(name)} == set()
    if tried.name == "plain":
        tried.call("fix", "perf-04", "--write")
        assert (tried.place / "sql" / "004_care_audit_fixes.sql").is_file()
        tried.call("check", "--policy=PERF-04", "--baseline=")
        (tried.place / "sql" / "004_care_audit_fixes.sql").unlink()


@dataclass(frozen=True)
class Elsewhere:
    """A Debian server with the project's own database on it, and how its programs reach it."""

    dsn: str

    def environment(self) -> dict[str, str]:
        given = conninfo_to_dict(self.dsn)
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "passfile": "PGPASSFILE", "dbname": "PGDATABASE"}
        return {**os.environ, **{names[key]: str(value) for key, value in given.items() if key in names}}

    def prove(self, path: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pg_prove", "--verbose", str(path)],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )


@contextmanager
def elsewhere(tried: Tried) -> Iterator[Elsewhere]:
    words = (tried.place / "audit.toml").read_text(encoding="utf-8")
    source = re.search(r'^(migrations|schema) = "(.+)"$', words, re.MULTILINE)
    assert source is not None
    choice = Choice(postgres_bin=DEBIAN, members=0, **{source[1]: tried.place / source[2]})
    with opened(choice) as target:
        assert target.server is not None
        yield Elsewhere(target.server.dsn)


def declared_access_runs_without_us(tried: Tried, server: Elsewhere) -> None:
    """Debian's pg_prove and pgTAP: the suite passes, and fails where somebody is let through."""
    suite = tried.place / "audit-reports" / "access_test.sql"
    tried.call("export", "pgtap", f"--into={suite}")
    assert "select plan(0)" not in suite.read_text(encoding="utf-8")
    done = server.prove(suite)
    assert done.returncode == 0, done.stdout + done.stderr
    table = {"supabase": "public.loans", "prisma": 'public."Singer"', "plain": "public.plots", "dump": "public.books"}[
        tried.name
    ]
    with connect(server.dsn) as connection:
        connection.execute(f"create policy opened on {table} for select to authenticated using (true)")
        opened_up = server.prove(suite)
        connection.execute(f"drop policy opened on {table}")
    assert opened_up.returncode != 0 and "nothing beyond what is declared" in opened_up.stdout + opened_up.stderr


def questions_are_views(tried: Tried, server: Elsewhere) -> None:
    views = tried.place / "audit-reports" / "views.sql"
    tried.call("export", "sql", f"--into={views}")
    with connect(server.dsn) as connection:
        connection.execute(views.read_bytes())
        found = set(connection.execute("select policy, object from care_audit.findings").fetchall())
        connection.execute("drop schema care_audit cascade")
    text = views.read_text(encoding="utf-8")
    static = {each for each in PLANTED[tried.name] if f"view care_audit.{each[0].lower().replace('-', '_')} " in text}
    assert text.count("create or replace view") > 10 and static <= found


# What a team does, one after the other.
STEPS = (
    the_first_check_needs_nothing_but_the_wheel,
    a_project_begins,
    nothing_is_written_over_and_settings_are_found_from_below,
    a_gate_judges_what_a_branch_adds,
    an_own_policy_is_written_proved_and_asked,
    fixes_are_proved_and_printed,
)


@pytest.mark.parametrize("project", PLANTED)
def test_a_team_with_the_wheel_alone(project: str, installed: Installed, tmp_path: Path) -> None:
    tried = Tried(project, repository(project, tmp_path), installed)
    for step in STEPS:
        step(tried)
    assert DEBIAN.is_dir() and shutil.which("pg_prove"), "install postgresql-15 and postgresql-15-pgtap"
    with elsewhere(tried) as server:
        declared_access_runs_without_us(tried, server)
        questions_are_views(tried, server)
