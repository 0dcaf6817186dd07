"""action.yml without a code host: its shell steps, one after the other, in a made-up repository with a pull request."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.server.target import MIGRATIONS
from tests.support.auditing import ROOT
from tests.support.waiting import LIMIT_S

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
WORKFLOWS = [ROOT / "docs" / "examples" / "gate.yml", ROOT / "deploy" / "github-actions.yml"]

DANGEROUS = "comment on schema public is 'x';\n\ndelete from public.messages;\n"
HARMLESS = "create table private.notes (id bigint primary key);\n"
ACCEPTED = """
[[waiver]]
policy = "MIG-03"
object = "*"
reason = "agreed"
owner = "database team"
expires = 2999-01-01
"""
NAME = "20990101000000_new.sql"


@dataclass
class Workflow:
    """A run of the action: the repository it is called in, and what its steps said and left behind."""

    workspace: Path
    place: Path
    environment: Mapping[str, str]
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    said: str = ""
    status: int = 0

    @property
    def summary(self) -> str:
        """The page of the run."""
        return (self.place / "summary.md").read_text(encoding="utf-8")

    @property
    def judged(self) -> dict[str, str]:
        """The outputs of the step that judges."""
        return self.outputs["judge"]


def value(reference: str, inputs: Mapping[str, str], workflow: Workflow) -> str:
    """Return what a reference of an expression stands for; one that is not known is a mistake."""
    words = reference.strip().split(".")
    if words[0] == "inputs":
        return inputs[words[1]]
    if words[0] == "steps" and words[2] == "outputs":
        return workflow.outputs[words[1]].get(words[3], "")
    return {"runner.os": "Linux", "github.run_id": "1", "github.token": "ghs_token"}[reference.strip()]


def filled(text: str, inputs: Mapping[str, str], workflow: Workflow) -> str:
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: value(found[1], inputs, workflow), text)


def holds(condition: str, inputs: Mapping[str, str], workflow: Workflow) -> bool:
    """Judge ``a == 'b' && c != 'd'``."""
    for part in condition.split("&&"):
        found = re.fullmatch(r"\s*([\w.-]+) (==|!=) '([^']*)'\s*", part)
        assert found, part
        if (value(found[1], inputs, workflow) == found[3]) is (found[2] == "!="):
            return False
    return True


def read_outputs(path: Path) -> dict[str, str]:
    """Read what a step said, as the runner does: one line for each."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines)  # type: ignore[misc]  # one that is none fails here


def run(workspace: Path, place: Path, event: Mapping[str, Any], **given: str) -> Workflow:
    """Run the shell steps in order; of the others, note which would have been used."""
    place.mkdir()
    (place / "event.json").write_text(json.dumps(event), encoding="utf-8")
    (place / "bin").mkdir()
    gh = place / "bin" / "gh"
    gh.write_text(f'#!/bin/sh\necho "$@" >>"{place}/gh.txt"\nexit "${{GH_STATUS:-0}}"\n', encoding="utf-8")
    gh.chmod(gh.stat().st_mode | stat.S_IXUSR)
    given_ = {name.replace("_", "-"): each for name, each in given.items()}
    environment = {
        **{name: each for name, each in os.environ.items() if not name.startswith(("AUDIT_", "PG", "GITHUB_"))},
        "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_ACTION_PATH": str(ROOT), "GITHUB_WORKSPACE": str(workspace), "GITHUB_REPOSITORY": "team/project",
        "GITHUB_EVENT_PATH": str(place / "event.json"), "GITHUB_STEP_SUMMARY": str(place / "summary.md"),
        "GITHUB_BASE_REF": "main" if "pull_request" in event else "", "GITHUB_ACTOR": "somebody",
        "RUNNER_TEMP": str(place),
    }  # fmt: skip
    environment |= {name: given_.pop(name) for name in [*given_] if name.isupper()}
    workflow = Workflow(workspace, place, environment)
    inputs = {name: filled(each["default"], {}, workflow) for name, each in ACTION["inputs"].items()} | given_
    assert {*inputs} == {*ACTION["inputs"]}
    for number, step in enumerate(STEPS):
        if workflow.status or ("if" in step and not holds(step["if"], inputs, workflow)):
            continue
        if "uses" in step:
            workflow.used.append(step["uses"].partition("@")[0])
            continue
        told = place / f"output-{number}"
        script = place / f"script-{number}.sh"
        script.write_text(step["run"], encoding="utf-8")
        own = {name: filled(each, inputs, workflow) for name, each in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=workspace, env={**environment, **own, "GITHUB_OUTPUT": str(told)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=LIMIT_S,
        )  # fmt: skip
        workflow.said += done.stdout
        workflow.status = 0 if step.get("continue-on-error") else done.returncode
        if "id" in step:
            workflow.outputs[step["id"]] = read_outputs(told)
    assert "Traceback" not in workflow.said, workflow.said
    return workflow


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's checkout as a workflow has it: main is known as origin/main, and a branch with a new migration."""
    project = tmp_path / "it's a $(project)"
    shutil.copytree(MIGRATIONS, project / "supabase" / "migrations")
    shutil.copy(ROOT / "schema" / "access.toml", project / "access.toml")
    git(project, "init", "--initial-branch=main")
    git(project, "add", ".")
    git(project, "commit", "-m", "main")
    git(project, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(project, "checkout", "-b", "new")
    return project


def propose(project: Path, text: str, name: str = NAME) -> None:
    (project / "supabase" / "migrations" / name).write_text(text, encoding="utf-8")
    git(project, "add", ".")
    git(project, "commit", "-m", "new")


def request(origin: str = "team/project") -> dict[str, Any]:
    return {
        "pull_request": {"number": 7, "head": {"repo": {"full_name": origin}}},
        "repository": {"default_branch": "main"},
    }


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where bases are kept: one for all."""
    return str(tmp_path_factory.mktemp("cache"))


FEW = "--members=5"


def test_a_pull_request_is_judged_annotated_and_commented(project: Path, tmp_path: Path, cache: str) -> None:
    propose(project, DANGEROUS)
    done = run(project, tmp_path / "run", request(), XDG_CACHE_HOME=cache, args=FEW)
    assert done.status == 1, done.said
    assert done.judged["exit-status"] == "1" and done.judged["may-write"] == "true"
    assert done.judged["verdict"] in done.said and "not compliant" in done.judged["verdict"].lower()
    document = json.loads(Path(done.judged["json"]).read_text(encoding="utf-8"))
    assert done.judged["score"] == str(document["score"])
    for name in ("report", "json", "sarif", "markdown"):
        assert Path(done.judged[name]).is_relative_to(project / "audit-reports") and Path(done.judged[name]).is_file()
    assert done.summary == Path(done.judged["markdown"]).read_text(encoding="utf-8")
    assert done.used == ["actions/setup-python", "actions/cache", "github/codeql-action/upload-sarif"]
    assert (done.place / "gh.txt").read_text().startswith("pr comment 7 --repo team/project --edit-last")
    (sarif,) = json.loads(Path(done.judged["sarif"]).read_text(encoding="utf-8"))["runs"]
    places = [one["locations"][0]["physicalLocation"] for one in sarif["results"]]
    assert {place["artifactLocation"]["uri"] for place in places} == {f"supabase/migrations/{NAME}"}
    assert 3 in [place["region"]["startLine"] for place in places]
    # What the reference has by its side is not this project's.
    assert not document["unused_waivers"]


def test_a_fork_gets_the_same_verdict_and_nothing_is_written(project: Path, tmp_path: Path, cache: str) -> None:
    propose(project, DANGEROUS)
    done = run(project, tmp_path / "run", request("another/project"), XDG_CACHE_HOME=cache, args=FEW)
    assert (done.status, done.judged["exit-status"], done.judged["may-write"]) == (1, "1", "false")
    assert "MIG-03" in done.summary
    assert done.used == ["actions/setup-python", "actions/cache"]
    assert not (done.place / "gh.txt").exists()


def test_the_callers_own_files_count_and_a_comment_that_fails_hides_nothing(
    project: Path, tmp_path: Path, cache: str
) -> None:
    (project / "waivers.toml").write_text(ACCEPTED, encoding="utf-8")
    propose(project, f"set lock_timeout = '1s';\n{DANGEROUS}")
    done = run(project, tmp_path / "run", request(), XDG_CACHE_HOME=cache, args=FEW, GH_STATUS="1")
    document = json.loads(Path(done.judged["json"]).read_text(encoding="utf-8"))
    verdicts = {policy["id"]: policy["verdict"] for policy in document["policies"]}
    assert verdicts["MIG-03"] == "WAIVED", done.said
    assert (done.place / "gh.txt").exists()
    assert done.judged["exit-status"] == str(done.status) == str(document["exit_status"])


def test_inputs_are_data(project: Path, tmp_path: Path) -> None:
    """The branch, the paths and the options of somebody who would like a command of his to run."""
    marker = tmp_path / "ran"
    hostile = f"it's $(touch {marker}) `touch {marker}`\"; touch {marker}; '"
    names = {
        name.replace("-", "_"): hostile for name in ACTION["inputs"] if name not in ("annotate", "comment", "token")
    }
    done = run(project, tmp_path / "run", request(), **names)
    assert done.status == 4, done.said
    names["args"] = f"'$(touch {marker})' `touch {marker}`"
    done = run(project, tmp_path / "again", request(), **names)
    assert done.status == 4, done.said
    assert done.judged["verdict"] == "Nothing was judged (exit status 4): the log says why." == done.summary.strip()
    assert done.judged["score"] == done.judged["report"] == ""
    assert not marker.exists()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["name"])
def test_a_step_is_pinned_and_holds_no_expression(step: dict[str, Any]) -> None:
    assert ("uses" in step) != ("run" in step)
    if "run" in step:
        assert step["shell"] == "bash" and "${{" not in step["run"]


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_what_others_wrote_is_pinned_by_commit(path: Path) -> None:
    """With its version beside it, so that a person, or a program that renews them, can read it. Ours has a release."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if "uses:" in line and "care-collective/database-audit@" not in line:
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", line), line


def test_only_what_is_offered_is_asked_for() -> None:
    workflow = yaml.safe_load(WORKFLOWS[0].read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    (ours,) = [step for step in job["steps"] if step.get("uses", "").startswith("care-collective/database-audit@")]
    assert {*ours.get("with", {})} <= {*ACTION["inputs"]}
    assert workflow["permissions"] == {"contents": "read", "pull-requests": "write", "security-events": "write"}
    assert {*re.findall(r"steps\.judge\.outputs\.([\w-]+)", json.dumps(ACTION))} >= {*ACTION["outputs"]}
