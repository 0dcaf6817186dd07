"""What git is asked about a project runs nothing that the project can name, and reads no other repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from audit.connection import TargetError
from audit.gate.pending import by_git, otherwise, read
from audit.gate.repository import repository_of
from audit.toml_file import FileError
from care_audit import calling

NEW = "20300101000000_new.sql"
NAMED = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "protocol.file.allow=always")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *NAMED, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one released migration and one new file: its directory of migrations."""
    folder = tmp_path / "project" / "supabase" / "migrations"
    folder.mkdir(parents=True)
    (folder / "20200101000000_old.sql").write_text("select 1;\n")
    top = tmp_path / "project"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(top))
    git(top, "add", ".")
    git(top, "commit", "--quiet", "-m", "released")
    git(top, "checkout", "--quiet", "-b", "change")
    (folder / NEW).write_text("select 2;\n")
    return folder


def program(folder: Path) -> tuple[Path, Path]:
    """Return a program that leaves a mark when it runs, and the mark."""
    mark, path = folder / "mark", folder / "program"
    path.write_text(f"#!/bin/sh\ntouch {mark}\n")
    path.chmod(0o755)
    folder.chmod(0o777)
    return path, mark


def new(folder: Path, place: Path, ref: str = "main") -> list[str]:
    place.mkdir(exist_ok=True)
    return [path.name for path in by_git(folder, ref, place).new]


def bare_layout(folder: Path, program: Path) -> None:
    """Make a folder of migrations look like a repository whose branches hold everything already."""
    bare = folder.parent / "bare"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True)
    other = folder.parent / "other"
    git(folder.parent, "clone", "--quiet", str(bare), str(other))
    for path in folder.glob("*.sql"):
        shutil.copy(path, other)
    git(other, "add", ".")
    git(other, "commit", "--quiet", "-m", "all of it")
    git(other, "push", "--quiet", "origin", "HEAD:main")
    shutil.copytree(bare, folder, dirs_exist_ok=True)
    with (folder / "config").open("a") as config:
        config.write(
            f"[core]\n\tfsmonitor = {program}\n\tsshCommand = {program}\n\thooksPath = {program.parent}\n"
            f'[remote "origin"]\n\turl = {folder}\n\tuploadpack = {program}\n\tpromisor = true\n'
            "[extensions]\n\tpartialClone = origin\n[protocol]\n\tallow = always\n"
            f'[protocol "ext"]\n\tallow = always\n[filter "x"]\n\tsmudge = {program}\n\tclean = {program}\n'
        )
    shutil.rmtree(bare)
    shutil.rmtree(other)


def test_a_folder_that_looks_like_a_repository_is_none(project: Path, tmp_path: Path) -> None:
    path, mark = program(tmp_path)
    bare_layout(project, path)
    assert new(project, tmp_path / "place") == [NEW]
    assert not mark.exists()


@pytest.mark.parametrize(
    "setting",
    [
        ("core.fsmonitor", "{program}"),
        ("core.sshCommand", "{program}"),
        ("core.pager", "{program}"),
        ("core.hooksPath", "{folder}"),
        ("core.alternateRefsCommand", "{program}"),
        ("filter.x.smudge", "{program}"),
        ("diff.x.textconv", "{program}"),
        ("alias.merge-base", "!{program}"),
        ("alias.ls-tree", "!{program}"),
    ],
)
def test_a_program_that_the_configuration_names_is_not_run(
    project: Path, tmp_path: Path, setting: tuple[str, str]
) -> None:
    path, mark = program(tmp_path)
    (project.parent.parent / ".gitattributes").write_text("*.sql filter=x diff=x\n")
    git(project, "config", setting[0], setting[1].format(program=path, folder=tmp_path))
    assert new(project, tmp_path / "place") == [NEW]
    assert not mark.exists()


@pytest.mark.parametrize("url", ["ext::{program} %S", "{folder}", "ssh://example.invalid/x", "file://{folder}"])
def test_what_is_not_there_is_not_fetched(project: Path, tmp_path: Path, url: str) -> None:
    path, mark = program(tmp_path)
    objects = project.parent.parent / ".git" / "objects"
    blob = subprocess.run(
        ["git", "-C", str(project), "rev-parse", "main:./20200101000000_old.sql"], capture_output=True, text=True
    ).stdout.strip()
    (objects / blob[:2] / blob[2:]).unlink()
    top = project.parent.parent
    settings = {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": url.format(program=path, folder=top),
        "remote.origin.uploadpack": str(path),
        "core.sshCommand": str(path),
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
        "protocol.file.allow": "always",
    }
    for name, value in settings.items():
        git(project, "config", name, value)
    with pytest.raises(TargetError) as refused:
        new(project, tmp_path / "place")
    assert "\n" not in str(refused.value)
    assert not mark.exists()


def test_an_unprivileged_user_runs_nothing_either(project: Path, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("this user is unprivileged already: the tests above say it")
    path, mark = program(tmp_path)
    bare_layout(project, path)
    for each in (tmp_path, *tmp_path.parents):
        if each.owner() == "root" and each != Path("/"):
            each.chmod(each.stat().st_mode | 0o055)
    code = (
        "import os, sys; sys.path.insert(0, '.')\n"
        "from pathlib import Path; from audit.gate.repository import repository_of\n"
        "os.setgid(65534); os.setuid(65534)\n"
        f"r = repository_of(Path({str(project)!r}))\n"
        f"print(sorted(r.files(r.common('main'), Path({str(project)!r}).resolve())))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "['20200101000000_old.sql']\n", done.stderr
    assert not mark.exists()


def test_replaced_objects_do_not_count(project: Path, tmp_path: Path) -> None:
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "new")
    git(project, "replace", "main", "HEAD")
    assert new(project, tmp_path / "place") == [NEW]


def test_environment_and_users_configuration_have_no_say(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, mark = program(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[core]\n\tfsmonitor = {path}\n\tpager = {path}\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(path))
    assert new(project, tmp_path / "place") == [NEW]
    assert not mark.exists()


def test_worktrees_and_submodules_are_understood(project: Path, tmp_path: Path) -> None:
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "new")
    git(project, "worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    assert new(tmp_path / "tree" / "supabase" / "migrations", tmp_path / "one") == [NEW]
    outer = tmp_path / "outer"
    git(tmp_path, "init", "--quiet", str(outer))
    git(outer, "submodule", "--quiet", "add", str(project.parent.parent), "inner")
    assert new(outer / "inner" / "supabase" / "migrations", tmp_path / "two", "origin/main") == [NEW]


@pytest.mark.parametrize("what", ["supabase/migrations", "supabase"])
def test_a_change_does_not_bring_branches_of_its_own(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A directory of migrations that became a submodule holds whatever its own main holds: nothing of it looked new."""
    top, inner = project.parent.parent, tmp_path / "inner"
    shutil.copytree(top / what, inner)
    git(inner, "init", "--quiet", "--initial-branch=main")
    git(inner, "add", ".")
    git(inner, "commit", "--quiet", "-m", "all of it is released")
    git(top, "add", ".")
    git(top, "rm", "--quiet", "-r", "--force", what)
    git(top, "submodule", "--quiet", "add", str(inner), what)
    monkeypatch.chdir(top)
    with pytest.raises(TargetError, match="is a git repository of its own"):
        new(project, tmp_path / "released")
    monkeypatch.chdir(project)  # somebody who works in it means its branches
    assert new(project, tmp_path / "released") == []


def test_names_are_read_as_they_are(project: Path, tmp_path: Path) -> None:
    odd = "20210101000000_a \u00e9*\"'.sql"
    git(project, "stash", "--quiet", "--include-untracked")
    git(project, "checkout", "--quiet", "main")
    (project / odd).write_text("select 3;\n")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "odd")
    place = tmp_path / "place"
    place.mkdir()
    assert odd in {path.name for path in by_git(project, "main", place).released}


def test_folders_of_migrations_are_told_apart(tmp_path: Path) -> None:
    folder = tmp_path / "prisma" / "migrations"
    for name in ("20200101000000_a", "20210101000000_b"):
        (folder / name).mkdir(parents=True)
        (folder / name / "migration.sql").write_text(f"select '{name}';\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "released")
    (folder / "20300101000000_c").mkdir()
    (folder / "20300101000000_c" / "migration.sql").write_text("select 'c';\n")
    place = tmp_path / "place"
    place.mkdir()
    files = by_git(folder, "main", place)
    assert [path.parent.name for path in files.new] == ["20300101000000_c"]
    assert len(files.released) == 2 and not files.edited and not files.removed


def test_where_there_is_no_repository_one_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="is in no git repository"):
        repository_of(tmp_path)
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(TargetError, match="does not lead to a git repository"):
        repository_of(tmp_path)


@pytest.mark.parametrize(("name", "base"), [("main", "main"), ("origin/main", "origin/main")])
def test_a_tag_that_is_called_like_the_base_is_not_the_base(
    project: Path, tmp_path: Path, name: str, base: str
) -> None:
    top = project.parents[1]
    git(top, "update-ref", "refs/remotes/origin/main", "main")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "-m", "new")
    git(top, "tag", name)
    if "/" in name:
        git(top, "update-ref", f"refs/heads/{name}", "HEAD")
    assert new(project, tmp_path / "place", base) == [NEW]


def test_links_that_lead_in_a_circle_are_told_in_a_sentence(project: Path, tmp_path: Path) -> None:
    (project / NEW).unlink()
    (project / NEW).symlink_to("20300101000001_other.sql")
    (project / "20300101000001_other.sql").symlink_to(NEW)
    found = by_git(project, "main", tmp_path)
    assert [path.name for path in found.new] == [NEW, "20300101000001_other.sql"]
    with pytest.raises(TargetError, match=r"_new\.sql cannot be read"):
        read(found.new[0])


@pytest.mark.parametrize("name", ["20300101000001_x.SQL", "20300101000001_x.sql ", "20300101000001_x.sql/up.sql"])
def test_what_only_looks_like_a_migration_is_told(project: Path, tmp_path: Path, name: str) -> None:
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text("drop table public.members;\n")
    (tmp_path / "place").mkdir()
    found = by_git(project, "main", tmp_path / "place")
    assert [*found.passed_over] == [name.partition("/")[0]]
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "released")
    (tmp_path / "other").mkdir()
    assert not by_git(project, "change", tmp_path / "other").passed_over


def test_what_a_change_is_judged_by_is_compared_with_the_base(project: Path) -> None:
    top = project.parents[1]
    for name in ("audit.toml", "access.toml", "waivers.toml"):
        (top / name).write_text("")
    git(top, "add", "audit.toml", "access.toml")
    git(top, "commit", "--quiet", "-m", "settings")
    git(top, "branch", "--force", "main")
    names = ("audit.toml", "access.toml", "waivers.toml", "nothing.toml")
    files = [*(top / name for name in names), top.parent / "elsewhere.toml"]
    assert otherwise(project, "main", files) == ["waivers.toml (new)"]
    (top / "audit.toml").write_text("packs = []\n")
    (top / "access.toml").unlink()
    assert otherwise(project, "main", files) == ["audit.toml (changed)", "access.toml (gone)", "waivers.toml (new)"]


def test_a_new_file_that_is_left_out_of_the_checkout_is_told(project: Path, tmp_path: Path) -> None:
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "new")
    git(project.parents[1], "sparse-checkout", "set", "--no-cone", "/*", f"!supabase/migrations/{NEW}")
    with pytest.raises(TargetError, match=f"{NEW} is left out of the checkout"):
        by_git(project, "main", tmp_path)


@pytest.fixture
def called(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Where the gate is called in a project, and what it hands to pytest."""
    handed: list[list[str]] = []
    monkeypatch.setattr(calling, "run", lambda _place, words, _more: handed.append([*words]) or 0)
    monkeypatch.chdir(project.parents[1])
    return handed


@pytest.mark.parametrize(
    "options",
    ['base = "HEAD"', 'down = "*.sql"', '"postgres-bin" = "bin"', 'migrations = "supabase"', '"since-version" = 2040'],
)
def test_a_change_does_not_say_what_is_judged(project: Path, called: list[list[str]], options: str) -> None:
    top = project.parents[1]
    (top / "bin").mkdir()
    settings = top / "audit.toml"
    settings.write_text(f"[options]\n{options}\n")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "-m", "settings of the change's own")
    for words in ([], ["--base=main"]) if "base" not in options else ([],):  # what is given goes first
        with pytest.raises(FileError, match="this change alters it, and what is judged, and where, is not"):
            calling.gate(words, None)
    assert not called
    git(top, "branch", "--force", "main")
    calling.gate([], None)
    name, _, value = options.replace('"', "").partition(" = ")
    assert any(word.startswith(f"--{name}=") and word.endswith(value) for word in called[0])


def test_a_change_may_say_how_it_is_told(project: Path, called: list[list[str]]) -> None:
    told = '[options]\noutput = ["html", "sarif"]\nmigrations = "supabase/migrations"\n'  # where they are looked for
    (project.parents[1] / "audit.toml").write_text(told)
    assert calling.gate([], None) == 0
    assert "--base=main" in called[0]


def test_what_git_fills_in_is_no_edit(project: Path, tmp_path: Path) -> None:
    old = project / "20200101000000_old.sql"
    old.write_text("-- $Id$\nselect 1;\n")
    git(project, "commit", "--quiet", "--all", "-m", "released")
    git(project, "branch", "--force", "main")
    old.write_text(f"-- $Id: {'0f' * 20} $\r\nselect 1;\r\n")
    assert not by_git(project, "main", tmp_path).edited
    old.write_text("-- $Id: drop table x $\nselect 1;\n")
    assert by_git(project, "main", tmp_path).edited
