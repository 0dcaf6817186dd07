"""New migrations are told from released ones in every layout that is recognised, and are judged where they lie."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from audit.connection import TargetError
from audit.gate.pending import Pending, by_git, by_name, by_version
from audit.gate.versions import judge_versions
from audit.layouts import title
from tests.support.auditing import audit

Files = Mapping[str, str]
MADE = "create table public.parcels (id uuid primary key, word text);\n"
VIEW = "create or replace view public.v as select 1 as a;\n"
MORE = "set lock_timeout = '2s';\nalter table public.parcels add column colour text;\n"
LOSES = "set lock_timeout = '2s';\ncreate table public.crates (id int);\nalter table public.parcels drop column word;\n"


def sectioned(up: str) -> str:
    return f"-- migrate:up\n{up}\n-- migrate:down\ndrop table public.parcels;\n"


def journal(*tags: str) -> str:
    return json.dumps({"entries": [{"idx": number, "tag": tag} for number, tag in enumerate(tags)]})


def plan(*names: str) -> str:
    return "%syntax-version=1.0.0\n%project=x\n\n" + "".join(
        f"{n} 2025-01-01T00:00:00Z A <a@example.org>\n" for n in names
    )


# Of each tool: the directory, what is released, what comes with a pull request, where the loss is, and at which line.
LAYOUTS: dict[str, tuple[str, Files, Files, str, int]] = {
    "Supabase": (
        "supabase/migrations",
        {"20250101000000_a.sql": MADE, "20250102000000_b.sql": MORE},
        {"20250103000000_c.sql": LOSES},
        "supabase/migrations/20250103000000_c.sql",
        3,
    ),
    "Prisma": (
        "prisma/migrations",
        {"20250101000000_a/migration.sql": MADE, "20250102000000_b/migration.sql": MORE, "migration_lock.toml": ""},
        {"20250103000000_c/migration.sql": LOSES},
        "prisma/migrations/20250103000000_c/migration.sql",
        3,
    ),
    "Drizzle": (
        "drizzle",
        {"0001_z.sql": MADE, "0000_a.sql": MORE, "meta/_journal.json": journal("0001_z", "0000_a")},
        {"0002_c.sql": LOSES, "meta/_journal.json": journal("0001_z", "0000_a", "0002_c")},
        "drizzle/0002_c.sql",
        3,
    ),
    "Hasura": (
        "hasura/migrations/default",
        {"1700000000001_a/up.sql": MADE, "1700000000001_a/down.sql": "", "1700000000002_b/up.sql": MORE},
        {"1700000000003_c/up.sql": LOSES, "1700000000003_c/down.sql": "drop table public.crates;\n"},
        "hasura/migrations/default/1700000000003_c/up.sql",
        3,
    ),
    "Flyway": (
        "db/migration",
        {"old/V1__a.sql": MADE, "old/V1.9__b.sql": MORE, "R__views.sql": VIEW},
        {"V1.10__c.sql": LOSES},
        "db/migration/V1.10__c.sql",
        3,
    ),
    "dbmate": (
        "db/migrations",
        {"20250101000000_a.sql": sectioned(MADE), "20250102000000_b.sql": sectioned(MORE)},
        {"20250103000000_c.sql": sectioned(LOSES)},
        "db/migrations/20250103000000_c.sql",
        4,
    ),
    "golang-migrate": (
        "migrations",
        {"9_a.up.sql": MADE, "9_a.down.sql": "drop table public.parcels;\n", "10_b.up.sql": MORE, "10_b.down.sql": ""},
        {"11_c.up.sql": LOSES, "11_c.down.sql": ""},
        "migrations/11_c.up.sql",
        3,
    ),
    "sqitch": (
        "database",
        {"sqitch.plan": plan("zebra", "apple"), "deploy/zebra.sql": MADE, "deploy/apple.sql": MORE},
        {"sqitch.plan": plan("zebra", "apple", "banana"), "deploy/banana.sql": LOSES, "revert/banana.sql": ""},
        "database/deploy/banana.sql",
        3,
    ),
}  # fmt: skip


def write(folder: Path, files: Files) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def git(top: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(top), "-c", "user.name=n", "-c", "user.email=n@example.org", *words], check=True)


def branched(top: Path, tool: str) -> Path:
    """Return the directory of a project's repository, on a branch with a new migration."""
    where, released, new, _, _ = LAYOUTS[tool]
    folder = top / where
    write(folder, released)
    git(top, "init", "--quiet", "--initial-branch=main")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "-m", "released")
    git(top, "checkout", "--quiet", "-b", "change")
    write(folder, new)
    return folder


def pending(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Pending:
    return by_git(folder, "main", tmp_path_factory.mktemp("released"))


def told(files: Pending) -> list[str]:
    return [row.object for row in judge_versions(files)]


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("tool", LAYOUTS)
def test_what_a_branch_adds_is_new(top: Path, tool: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    files = pending(branched(top, tool), tmp_path_factory)
    assert [str(path.relative_to(top)) for path in files.new] == [LAYOUTS[tool][3]]
    assert len(files.released) == (3 if tool == "Flyway" else 2)
    assert (files.edited, files.removed, told(files)) == ((), (), [])


@pytest.mark.parametrize("tool", LAYOUTS)
def test_a_pull_request_is_judged_whatever_the_layout(top: Path, tmp_path: Path, tool: str) -> None:
    folder = branched(top, tool)
    cache = f"--gate-cache={tmp_path / 'cache'}"
    outcome = audit(tmp_path / "out", "--gate", cache, "--members=5", f"--migrations={folder}", "--base=main")
    found = [finding for policy in outcome.document["policies"] for finding in policy["findings"]]
    losses = [each for each in found if each["object"].endswith("column public.parcels.word")]
    assert [(each["location"]["file"], each["location"]["line"]) for each in losses] == [LAYOUTS[tool][3:]]
    assert outcome.policies["MIG-01"]["verdict"] == outcome.policies["MIG-02"]["verdict"] == "HOLDS"
    assert "MIG-03" in outcome.having("VIOLATED")


def test_sqitchs_plan_counts_when_its_folder_is_named(top: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    files = pending(branched(top, "sqitch") / "deploy", tmp_path_factory)
    assert [path.name for path in files.released] == ["zebra.sql", "apple.sql"]
    assert [path.name for path in files.new] == ["banana.sql"]


@pytest.mark.parametrize(
    ("tool", "more", "expected"),
    [
        ("Supabase", {"fix.sql": ""}, ["fix.sql: not applied"]),
        ("Prisma", {"20240101000000_d/migration.sql": ""}, ["20240101000000_d/migration.sql: version 20240101000000"]),
        ("Drizzle", {"0003_d.sql": ""}, ["0003_d.sql: not applied"]),
        ("Hasura", {"1700000000002_d/up.sql": ""}, ["1700000000002_d/up.sql: version 1700000000002"]),
        ("Flyway", {"V1.8__d.sql": ""}, ["V1.8__d.sql: version 1.8"]),
        ("Flyway", {"V2_d.sql": ""}, ["V2_d.sql: not applied"]),
        ("Flyway", {"R__more.sql": "", "U1.10__c.sql": ""}, []),
        ("dbmate", {"20250102000000_d.sql": sectioned("")}, ["20250102000000_d.sql: version 20250102000000"]),
        ("golang-migrate", {"10_d.up.sql": ""}, ["10_d.up.sql: version 10"]),
        ("sqitch", {"sqitch.plan": plan("banana", "zebra", "apple")}, ["banana.sql: out of order"]),
        ("sqitch", {"sqitch.plan": plan("zebra", "apple", "banana", "gone")}, ["gone.sql: not applied"]),
    ],
)
def test_what_a_tool_would_not_apply_in_order_is_told(
    top: Path, tool: str, more: Files, expected: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = branched(top, tool)
    write(folder, more)
    assert told(pending(folder, tmp_path_factory)) == expected


def test_edits_and_removals_are_told_by_folder(top: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = branched(top, "Prisma")
    (folder / "20250101000000_a" / "migration.sql").write_text("select 1;\n")
    (folder / "20250102000000_b" / "migration.sql").unlink()
    files = pending(folder, tmp_path_factory)
    assert files.edited == ("20250101000000_a/migration.sql",)
    assert files.removed == ("20250102000000_b/migration.sql",)


def test_what_flyway_repeats_is_new_when_it_was_changed(top: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = branched(top, "Flyway")
    (folder / "R__views.sql").write_text("create or replace view public.v as select 1 as a, 2 as b;\n")
    files = pending(folder, tmp_path_factory)
    assert [path.name for path in files.new] == ["V1.10__c.sql", "R__views.sql"]
    assert (files.edited, told(files)) == ((), [])


def test_files_are_named_as_a_person_names_them(top: Path) -> None:
    folder = branched(top, "Prisma")
    for name in ("20250103000000_c", "20250103000000_c/migration.sql"):
        assert [title(path) for path in by_name(folder, [name]).new] == ["20250103000000_c/migration.sql"]
    with pytest.raises(TargetError, match="20250104_d is not in"):
        by_name(folder, ["20250104_d"])


def test_versions_are_those_of_the_layout(top: Path) -> None:
    files = by_version(branched(top, "Prisma"), 20250102000000)
    assert [title(path) for path in files.new] == ["20250103000000_c/migration.sql"]
    assert [path.name for path in files.released] == ["migration.sql"] * 2


def test_where_there_are_no_versions_none_can_be_said(top: Path) -> None:
    with pytest.raises(TargetError, match="sqitch have no versions"):
        by_version(branched(top, "sqitch"), 1)


@pytest.mark.parametrize(
    ("released", "new", "expected"),
    [
        (["20250729120000_a.sql"], ["20250808_b.sql"], []),
        (["20250808_a.sql"], ["20250729120000_b.sql"], ["20250729120000_b.sql: version 20250729120000"]),
        (["20250729_a.sql"], ["20250729_b.sql"], ["20250729_b.sql: version 20250729"]),
        (["7_a.sql"], ["007_b.sql"], ["007_b.sql: version 007"]),
    ],
)
def test_supabase_compares_versions_as_text(released, new, expected):
    files = Pending("x", tuple(map(Path, new)), tuple(map(Path, released)), tool="Supabase CLI")
    assert told(files) == expected


def test_flyway_compares_versions_as_numbers():
    files = Pending("x", (Path("V10__b.sql"), Path("V1.5__c.sql")), (Path("V9__a.sql"),), tool="Flyway")
    assert told(files) == ["V1.5__c.sql: version 1.5"]
