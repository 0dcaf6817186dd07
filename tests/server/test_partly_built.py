"""An audit of migrations that do not build whole: what a reader sees first, and what is not claimed."""

from __future__ import annotations

import json

import pytest

from fixtures.target import CHOICE
from tests.support.auditing import audit

# Begins with a table made in the dashboard, switches row level security on too late, and has a file that is fine.
FILES = {
    "20250101000000_notes.sql": """
        alter table public.accounts add column nickname text;
        create table public.notes (
            id uuid primary key default gen_random_uuid(),
            owner_id uuid references auth.users (id),
            account_id uuid references public.accounts (id),
            body text
        );
        create index on public.notes (owner_id);
        alter table public.notes enable row level security;
    """,
    "20250102000000_lists.sql": """
        create table public.lists (id uuid primary key default gen_random_uuid(), title text);
        alter table public.lists alter column nothing set not null;
        alter table public.tags enable row level security;
    """,
    "20250102000000_again.sql": "select 1;",
    "old/20240101000000_x.sql": "select 1;",
    "readme.sql": "select 1;",
}


@pytest.fixture(scope="module")
def embedded_options(pytestconfig):
    """The options for an embedded server like the one that the tests use."""
    programs = pytestconfig.stash[CHOICE].postgres_bin
    return [f"--postgres-bin={programs}"] if programs else []


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project") / "supabase" / "migrations"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder.parent / "config.toml").write_text("[api]\nschemas = ['public']\n")
    (folder.parents[1] / "schema.sql").write_text("create table public.accounts (id uuid primary key);\n")
    return folder


@pytest.fixture(scope="module")
def outcome(project, tmp_path_factory, embedded_options):
    return audit(tmp_path_factory.mktemp("out"), f"--migrations={project}", "--members=10", *embedded_options)


def test_the_first_lines_say_that_these_files_cannot_be_judged(outcome):
    screen = outcome.said.partition("\n\n")[2]
    first = [line for line in screen.splitlines() if line.strip()][:3]
    assert first[0].startswith("2 tables are created by no migration (public.accounts, public.tags)")
    assert first[1].startswith("Built: 1 of 3 files; 1 of 4 tables") or first[1].startswith(
        "built: 1 of 3 files; 1 of 4"
    )
    assert first[2] == "schema.sql creates 1 of them: --before=schema.sql"
    assert outcome.said.count("are created by no migration") == 1
    assert "3 files, Supabase CLI, 1 skipped" in outcome.said
    notes = json.loads((outcome.folder / "audit.json").read_text(encoding="utf-8"))["notes"]
    assert any(note.startswith("readme.sql is not applied") for note in notes)


def test_there_is_one_finding_for_each_cause(outcome):
    found = outcome.policies["MIG-01"]
    assert found["verdict"] == "VIOLATED"
    assert [finding["object"] for finding in found["findings"]] == [
        "what no migration creates",
        "20250102000000_lists.sql",
        "20250102000000_lists.sql: the version of 20250102000000_again.sql",
    ]
    assert found["findings"][0]["details"]["consequences"] == "5 statements cannot run for it"


def test_nothing_is_claimed_of_what_was_not_built(outcome):
    document = outcome.document
    assert outcome.status == 1
    assert document["complete"] is False
    assert document["build"]["missing"] == ["public.accounts", "public.notes", "public.tags"]
    policies = outcome.policies
    # About every table, policy, index, foreign key, and what people reach: those that are missing are among them.
    for each in ("RLS-02", "RLS-05", "RLS-09", "RLS-19", "EXPO-07", "PERF-06", "MAINT-04", "AUTH-08"):
        assert policies[each]["verdict"] in ("UNCHECKED", "VIOLATED"), each
    held = {name for name, policy in policies.items() if policy["verdict"] == "HOLDS"}
    for name in held:
        assert "not built" not in policies[name]["reason"]
    unproven = [f["object"] for p in policies.values() for f in p["findings"] if "unproven" in f["details"]]
    assert unproven
    assert all("lists" in each or "accounts" in each or "notes" in each or "tags" in each for each in unproven)


def test_with_its_baseline_a_project_builds(project, tmp_path, embedded_options):
    base = tmp_path / "base.sql"
    base.write_text(
        "create table public.accounts (id uuid primary key);\ncreate table public.tags (id uuid primary key);\n"
    )
    options = (f"--migrations={project}", f"--before={base}", "--members=10", "-k", "migration")
    outcome = audit(tmp_path / "out", *options, *embedded_options)
    found = outcome.policies["MIG-01"]
    assert [finding["object"] for finding in found["findings"]] == [
        "20250102000000_lists.sql",
        "20250102000000_lists.sql: the version of 20250102000000_again.sql",
    ]
    assert outcome.document["build"]["summary"] == "built: 3 of 4 files; 4 of 4 tables"


def test_a_dump_is_audited_by_itself(tmp_path, embedded_options):
    dump = tmp_path / "dump.sql"
    dump.write_text(
        "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET transaction_timeout = 0;\n"
        "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE SCHEMA public;\n"
        "CREATE TABLE public.notes (\n    id integer NOT NULL,\n    body text\n);\n"
        "COPY public.notes (id, body) FROM stdin;\n1\ta;b\n2\t\\N\n\\.\n\n"
        "ALTER TABLE ONLY public.notes ADD CONSTRAINT notes_pkey PRIMARY KEY (id);\n"
        "GRANT SELECT ON TABLE public.notes TO some_reader;\n\\unrestrict abc\n"
    )
    outcome = audit(tmp_path / "out", f"--schema={dump}", "--members=10", "-k", "migration", *embedded_options)
    assert outcome.policies["MIG-01"]["verdict"] == "HOLDS"
    document = outcome.document
    assert (document["complete"], outcome.status) == (False, 0), "a selection of the policies, and its end"
    assert document["build"]["summary"] == "built: 1 of 1 files; 1 of 1 tables"
    assert any("some_reader" in note for note in document["notes"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--schema=/nowhere/x.sql"], "--schema: there is no file /nowhere/x.sql"),
        (["--before=/nowhere/x.sql"], "--before: there is no file or directory /nowhere/x.sql"),
        (["--schema={file}", "--migrations={folder}"], "--schema is a file to audit by itself"),
        (["--before={file}", "--target=service=nowhere"], "--before is for an audit of migrations"),
    ],
)
def test_options_that_do_not_fit_are_said_in_a_sentence(tmp_path, project, options, told):
    file = project.parents[1] / "schema.sql"
    outcome = audit(tmp_path / "out", *(option.format(file=file, folder=project) for option in options))
    assert outcome.status == 4
    assert told in outcome.said
    assert "Traceback" not in outcome.said
