"""Where a project is, in a repository that holds more than one thing; and what is said of what one calls by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from audit.layouts import SupabaseConfig
from audit.toml_file import FileError
from care_audit.beginning import Found, _application, _files
from care_audit.place import here, source

WEB = "apps/web/supabase/migrations"


def made(root: Path, *names: str) -> Path:
    (root / ".git").mkdir()
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("select 1;", encoding="utf-8")
    return root


@pytest.mark.parametrize("called", [".", "apps/web", "apps/web/src", "apps/web/supabase"])
def test_a_monorepos_project_is_found_from_above_and_from_below(
    called: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = made(tmp_path, f"{WEB}/20260101000000_a.sql", "apps/web/src/a.ts", "node_modules/x/prisma/migrations/1.sql")
    monkeypatch.chdir(root / called)
    assert source(here().root) == root / WEB


def test_of_several_projects_each_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = made(tmp_path, f"{WEB}/20260101000000_a.sql", "apps/api/prisma/migrations/1_a/migration.sql")
    with pytest.raises(
        FileError, match=r"\(apps/api/prisma/migrations, apps/web/supabase/migrations\): call it in the"
    ):
        source(root)
    monkeypatch.chdir(root / "apps" / "api")
    assert source(here().root) == root / "apps/api/prisma/migrations"


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        ("meta/_journal.json", '{"dialect": "postgresql", "entries": [{"idx": 0, "tag": "0000_a"}]}'),
        ("meta/_journal.json", '{"dialect": "sqlite", "entries": [{"idx": 0, "tag": "0000_a"}]}'),
        ("migration_lock.toml", 'provider = "postgresql"'),
        ("migration_lock.toml", 'provider = "mysql"'),
    ],
)
def test_a_folder_of_any_name_is_found_by_what_its_tool_keeps_there(mark: str, text: str, tmp_path: Path) -> None:
    """Where drizzle.config.ts or package.json says so; one of another database is none."""
    root = made(tmp_path, "app/sql/steps/0000_a.sql", "app/sql/view/0000_b.sql", "app/sql/steps/1_a/migration.sql")
    assert source(root) is None
    file = root / "app/sql/steps" / mark
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    assert source(root) == (root / "app/sql/steps" if "postgresql" in text else None)


@pytest.mark.parametrize(("folder", "top"), [("", ""), ("apps/my web", "../../")])
def test_workflows_are_where_github_looks_for_them(
    folder: str, top: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = made(tmp_path, f"{folder}/supabase/migrations/20260101000000_a.sql".lstrip("/"))
    monkeypatch.chdir(root / folder)
    place = here()
    files = dict(_files(Found(place, root / folder / "supabase/migrations", None, SupabaseConfig())))
    title = "care-audit-apps-my-web" if folder else "care-audit"
    assert f"{top}.github/workflows/{title}-nightly.yml" in files
    workflow = yaml.safe_load(files[f"{top}.github/workflows/{title}.yml"])
    paths = workflow[True]["pull_request"]["paths"]  # "on" is a truth to YAML 1.1
    assert paths[0] == f"{folder}/supabase/migrations/**".lstrip("/")
    job = workflow["jobs"]["gate"]
    assert job.get("defaults", {}).get("run", {}).get("working-directory", "") == folder
    assert job["steps"][-1]["with"] == {
        "name": title, "path": f"{folder}/audit-reports/".lstrip("/"), "if-no-files-found": "ignore",
    }  # fmt: skip


def test_the_application_is_that_of_the_migrations(tmp_path: Path) -> None:
    root = made(tmp_path, f"{WEB}/1_a.sql", "app/package.json", "apps/web/package.json")
    for name in ("app", "apps/web"):
        (root / name / "package.json").write_text('{"dependencies": {"@supabase/supabase-js": "2"}}', encoding="utf-8")
    assert _application(root, root / WEB) == root / "apps/web"
