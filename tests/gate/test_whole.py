"""The whole gate on several files: one question for all, and each finding at the file that did it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from audit.server.target import MIGRATIONS
from tests.support.auditing import ROOT, Outcome, audit

LIMIT = "set lock_timeout = '2s';\n"
CRATES = (
    LIMIT + "create table public.crates (\n    id uuid primary key default gen_random_uuid(),\n"
    "    member_id uuid not null references auth.users (id) on delete cascade,\n    word text\n);\n"
    "create index crates_member_id on public.crates (member_id);\n"
    "alter table public.crates enable row level security;\n"
    'create policy "own" on public.crates for select to authenticated using (member_id = (select auth.uid()));\n'
    "grant select on public.crates to authenticated;\n"
)
OPEN = (
    "grant select on public.contact_exchanges to anon;\n"
    'create policy "open" on public.contact_exchanges for select to anon using (true);\n'
)
NO_SIGN_UP = (
    LIMIT + "alter table public.profiles add column nickname text not null default '';\n"
    "alter table public.profiles alter column nickname drop default;\n"
)

# Whoever pays their own dues does so in a club of theirs; some dues are open.
DUES = (
    "create table public.clubs (id uuid primary key, name text not null);\n"
    "create table public.members (\n    club_id uuid not null references public.clubs (id),\n"
    "    user_id uuid not null, primary key (club_id, user_id)\n);\n"
    "create table public.dues (\n    id uuid primary key, club_id uuid not null references public.clubs (id),\n"
    "    payer uuid not null, status text not null default 'open' check (status in ('open', 'paid'))\n);\n"
    "alter table public.clubs enable row level security;\n"
    "alter table public.members enable row level security;\n"
    "alter table public.dues enable row level security;\n"
    "create policy own on public.members for select to authenticated using (user_id = (select auth.uid()));\n"
    "create policy own on public.dues for select to authenticated using (payer = (select auth.uid()));\n"
    "grant select, insert on public.dues to authenticated;\ngrant select on public.members to authenticated;\n"
)
PAY = "create policy pay on public.dues for insert to authenticated with check (payer = (select auth.uid()){});\n"
IN_ONES_CLUB = " and club_id in (select m.club_id from public.members m where m.user_id = (select auth.uid()))"
OPEN_DUES = " and status = 'open'"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    return folder


def gate(folder: Path, cache: Path, *options: str) -> Outcome:
    return audit(
        folder.parent / "out", "--gate", f"--gate-cache={cache}", "--members=20", f"--migrations={folder}", *options
    )


def found(outcome: Outcome) -> set[tuple[str, str, int]]:
    return {
        (policy["id"], finding["object"].partition(": ")[2], finding["location"]["line"])
        for policy in outcome.document["policies"]
        for finding in policy["findings"]
        if finding["location"]
    }


def test_each_of_many_files_is_told_of_what_it_did(project: Path, cache: Path) -> None:
    for number in range(10):
        (project / f"2027010100000{number}_n.sql").write_text(
            LIMIT + f"alter table public.profiles add column extra_{number} text;\n"
        )
    (project / "20270101000003_n.sql").write_text(OPEN)
    (project / "20270101000006_n.sql").write_text(CRATES)
    (project / "20270101000008_n.sql").write_text(NO_SIGN_UP)
    outcome = gate(project, cache, "--since-version=20260101000000")
    told = {
        (finding["object"].partition(": ")[0], policy["id"], finding["object"].partition(": ")[2])
        for policy in outcome.document["policies"]
        for finding in policy["findings"]
    }
    assert ("20270101000003_n.sql", "MIG-06", "anon: select public.contact_exchanges") in told
    assert ("20270101000006_n.sql", "MIG-06", "declare public.crates") in told
    assert ("20270101000008_n.sql", "MIG-05", "nobody can register") in told
    assert {file for file, _, _ in told} == {f"2027010100000{number}_n.sql" for number in (3, 6, 8)}
    assert len([each for each in told if each[0].startswith("20270101000006")]) == 1
    broken = {what for file, policy, what in told if file.startswith("20270101000008") and policy == "MIG-05"}
    assert broken == {"nobody can register"}
    assert outcome.said.count("policies asked") == 2  # of the base, and after all files
    assert "blocks the merge" in outcome.said and "call the on-call" not in outcome.said
    page = (outcome.folder / "audit.html").read_text(encoding="utf-8")
    assert "blocks the merge" in page and "By when" not in page
    draft = next(
        finding["fix"]
        for policy in outcome.document["policies"]
        for finding in policy["findings"]
        if finding["object"].endswith("declare public.crates")
    )
    assert ('[tables."public.crates"]' in draft and "own" in draft) or "member_id" in draft


def test_an_edit_of_a_released_file_is_judged_by_applying_it(project: Path, cache: Path) -> None:
    top = project.parent
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=n@example.org", "commit", "--quiet", "-m", "released"],
        ["checkout", "--quiet", "-b", "change"],
    ):
        subprocess.run(["git", "-C", str(top), *command], check=True)
    edited = project / "20250106000000_operations.sql"
    lines = edited.read_text().count("\n")
    edited.write_text(edited.read_text() + OPEN)
    outcome = gate(project, cache, "--base=main")
    told = found(outcome)
    assert ("MIG-02", "released, and was edited", 1) in told
    assert ("MIG-06", "anon: select public.contact_exchanges", lines + 2) in told


@pytest.mark.parametrize(
    ("before", "after", "wider"),
    [
        pytest.param(IN_ONES_CLUB, IN_ONES_CLUB + OPEN_DUES, False, id="stricter"),
        pytest.param(IN_ONES_CLUB, OPEN_DUES, True, id="of any club"),
        pytest.param(OPEN_DUES, "", True, id="of any state"),
    ],
)
def test_what_rows_are_tried_widens_nothing(tmp_path: Path, cache: Path, before: str, after: str, wider: bool) -> None:
    project = tmp_path / "migrations"
    project.mkdir()
    (project / "20270101000000_dues.sql").write_text(DUES + PAY.format(before))
    (project / "20270102000000_x.sql").write_text(LIMIT + "drop policy pay on public.dues;\n" + PAY.format(after))
    told = found(gate(project, cache, "--since-version=20270101000000", "--members=200"))
    assert {what for policy, what, _ in told if policy == "MIG-06"} <= {
        f"{who}: insert public.dues" for who in ("guest", "pending", "rejected", "alice", "bob", "stranger", "admin")
    }
    assert any(policy == "MIG-06" for policy, *_ in told) is wider


def test_a_lone_down_file_is_judged_like_any_other(project: Path, cache: Path) -> None:
    (project / "20270101000000_x.down.sql").write_text("delete from public.messages;\n" + OPEN)
    outcome = gate(project, cache, "--since-version=20260101000000")
    told = found(outcome)
    assert ("MIG-02", "taken for a migration", 1) in told
    assert ("MIG-03", "rows of public.messages", 1) in told
    assert ("MIG-06", "anon: select public.contact_exchanges", 3) in told
    skipped = gate(project, cache, "--since-version=20260101000000", "--down=*.down.sql")
    assert skipped.status == 0, skipped.said


def test_a_hidden_schema_hides_nothing(project: Path, cache: Path) -> None:
    (project / "20270101000000_x.sql").write_text("alter role authenticator set pgrst.db_schemas = 'nowhere';\n" + OPEN)
    outcome = gate(project, cache, "--since-version=20260101000000")
    told = found(outcome)
    assert ("MIG-06", "setting pgrst.db_schemas of authenticator", 1) in told
    assert ("MIG-06", "anon: select public.contact_exchanges", 3) in told


def test_what_has_nothing_left_to_judge_is_told(project: Path, cache: Path) -> None:
    (project / "20270101000000_x.sql").write_text(
        LIMIT + "drop function public.get_contact_info_with_consent(uuid, uuid);\n"
    )
    outcome = gate(project, cache, f"--settings={ROOT / 'audit.toml'}", "--since-version=20260101000000")
    assert any(policy == "MIG-05" for policy, _, _ in found(outcome))
