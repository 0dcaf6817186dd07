"""The documents: every command in them can be called, those of the first steps are, and no link leads nowhere."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from audit.access import declaration
from audit.policy import collected
from care_audit import command
from tests.support.auditing import ROOT
from tests.wheel.conftest import Installed, git, repository

PAGES = ("README.md", "docs/getting-started.md", "docs/access.md", "docs/own-policies.md", "docs/production.md",
         "docs/gate.md", "docs/ci.md", "docs/coming-from.md", "docs/settings.md")  # fmt: skip
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(care-audit [^`]+)`")
STARTS = ("care-audit ", "uvx care-collective-audit ", "pipx run --spec care-collective-audit care-audit ")


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def commands(page: str) -> Iterator[str]:
    """Yield every command of ours that a page shows, without what stands before and after it on the line."""
    lines = [line for _, block in FENCE.findall(text(page)) for line in block.splitlines()]
    for line in [*lines, *SPAN.findall(FENCE.sub("", text(page)))]:
        line = re.sub(r"^\s*(- )?([A-Z_]+=\S+ )?", "", line).split("   #")[0]
        for start in STARTS:
            if line.startswith(start):
                yield line.removeprefix(start).strip()


ALL = sorted({(page, each) for page in PAGES for each in commands(page)} | {("docs/policies", "check --policy=RLS-07")})


@pytest.mark.parametrize(("page", "words"), ALL)
def test_a_command_can_be_called(page: str, words: str) -> None:
    """Its verb and its options are there, and their values are of the right kind."""
    verb, *rest = shlex.split(words)
    known: click.Command = command.cli.commands[verb]
    if "--help-all" not in rest:
        known.make_context(verb, rest)


def test_there_are_commands_to_test() -> None:
    assert len(ALL) > 30
    verbs = {words.partition(" ")[0] for _, words in ALL}
    assert {"check", "init", "gate", "fix", "export", "prove", "new-policy", "nightly", "doctor", "draft"} <= verbs


def test_the_first_steps_work_as_they_are_written(installed: Installed, tmp_path: Path) -> None:
    """Each command of the first page, in its order, in a project that has never seen it."""
    place = repository("plain", tmp_path)
    shown = [line for _, block in FENCE.findall(text("docs/getting-started.md")) for line in block.splitlines()]
    git(place, "checkout", "--quiet", "-b", "change")
    statuses = {}
    for line in shown:
        if line.startswith("git "):
            git(place, *shlex.split(line)[1:])
            continue
        verb = shlex.split(line.removeprefix("care-audit "))
        statuses[line] = installed.call(place, *verb).status
    assert set(statuses.values()) <= {0, 1, 6}, statuses
    assert statuses["care-audit init"] == statuses["care-audit fix"] == statuses["care-audit gate"] == 0, statuses


# Other commands that need neither a live database nor a project of a certain kind, and how each ends here.
ELSEWHERE = {
    "list": 0, "explain EXPO-01": 0, "show EXPO-01": 0, "draft": 0, "export sql --into=views.sql": 0, "history": 4,
    'new-policy SHOP-01 --title="Every order has a customer"': 0, "gate --since-version=20260101000000": 0,
}  # fmt: skip


def test_the_others_work_as_they_are_written(installed: Installed, tmp_path: Path) -> None:
    place = repository("plain", tmp_path)
    assert {*ELSEWHERE} <= {words for _, words in ALL}
    ended = {words: installed.call(place, *shlex.split(words)) for words in ELSEWHERE}
    assert {words: done.status for words, done in ended.items()} == ELSEWHERE, [done.said for done in ended.values()]
    assert (place / "views.sql").read_text(encoding="utf-8").startswith("--")


@pytest.mark.parametrize("page", [*PAGES, "docs/reference.md", "CONTRIBUTING.md"])
def test_no_link_leads_nowhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)", FENCE.sub("", text(page))):
        assert target.startswith("http") or ((ROOT / page).parent / target).exists(), target


def test_examples_are_what_they_say(tmp_path: Path) -> None:
    """The examples of files can be read as such files."""
    blocks = [(page, kind, body) for page in PAGES for kind, body in FENCE.findall(text(page))]
    for page, kind, body in blocks:
        if kind == "toml":
            tomllib.loads(body)
        if kind == "python":
            compile(body, page, "exec")
    access = next(body for page, kind, body in blocks if page == "docs/access.md" and kind == "toml")
    (tmp_path / "access.toml").write_text(access, encoding="utf-8")
    found = declaration.load(tmp_path / "access.toml")
    assert found.declared["public.orders"].fixed and found.callers and found.claims


def test_every_policy_has_its_page() -> None:
    there = {path.stem for path in (ROOT / "docs" / "policies").glob("*.md")}
    assert there == {policy.id for policy in collected("policies")}
    named = {name for page in PAGES for name in re.findall(r"\b[A-Z]{2,}-\d\d\b", text(page))}
    assert {name for name in named if not name.startswith(("SHOP", "OWN"))} <= there
