"""The nightly audit: one at a time, a folder for each run; and what schedules it passes its own linter."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

from audit.server.target import Target
from reports.history.store import Store
from reports.nightly import NAME, NightlyError, locked, own_folder, point, tidy
from tests.support.auditing import ROOT
from tests.support.waiting import LIMIT_S

DEPLOY = ROOT / "deploy"
NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)


# --- One at a time


def test_a_second_run_says_so_and_does_not_begin(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reports.nightly", f"--into={tmp_path}", "-k", "primary_key"]
    with locked(tmp_path):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 4
    assert done.stderr == f"another audit is at work in {tmp_path}; this one does not begin\n"
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_the_lock_of_a_killed_run_does_not_block(tmp_path: Path) -> None:
    holder = (
        "import sys, time; from pathlib import Path; from reports.nightly import locked\n"
        "with locked(Path(sys.argv[1])): print('locked', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", holder, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None and running.stdout.readline() == "locked\n"
        with pytest.raises(NightlyError), locked(tmp_path):
            pass
        running.send_signal(signal.SIGKILL)
    with locked(tmp_path):
        assert (tmp_path / ".lock").exists()


# --- A folder for each run


def test_old_folders_go_and_everything_else_stays(tmp_path: Path) -> None:
    names = [(NOW - dt.timedelta(days=days)).strftime(NAME) for days in (0, 89, 91, 400)]
    for name in (*names, "2020-01-01", "keep"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "audit.html").touch()
    (tmp_path / "history.sqlite").touch()
    point(tmp_path, names[0])
    tidy(tmp_path, NOW)
    assert {path.name for path in tmp_path.iterdir()} == {*names[:2], "2020-01-01", "keep", "history.sqlite", "latest"}
    point(tmp_path, names[1])
    assert (tmp_path / "latest").resolve().name == names[1]


def test_a_clock_that_goes_wrong_once_costs_no_reports(tmp_path: Path) -> None:
    names = [(NOW - dt.timedelta(days=days)).strftime(NAME) for days in (0, 1, 60)]
    for name in names:
        (tmp_path / name).mkdir()
    future = NOW + dt.timedelta(days=9000)
    tidy(tmp_path, future)
    (tmp_path / future.strftime(NAME)).mkdir()
    tidy(tmp_path, NOW + dt.timedelta(days=1))
    assert {path.name for path in tmp_path.iterdir()} == {*names, future.strftime(NAME)}


def test_every_run_has_a_folder_of_its_own(tmp_path: Path) -> None:
    assert own_folder(tmp_path) != own_folder(tmp_path)


def test_folders_named_to_the_minute_go_too(tmp_path: Path) -> None:
    (tmp_path / NOW.strftime(NAME)).mkdir()
    (tmp_path / "2025-01-01T0300").mkdir()
    tidy(tmp_path, NOW)
    assert [path.name for path in tmp_path.iterdir()] == [NOW.strftime(NAME)]


def test_a_night(target: Target, tmp_path: Path) -> None:
    """With the history in the same folder, all outputs, and the last run's where the monitoring looks."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AUDIT_", "PG"))}
    # Other tests write the history that people look into meanwhile: a name of its own tells whose a run there is.
    database = f"night_{os.getpid()}_{time.time_ns()}"
    environment["AUDIT_TARGET"] = target.server.clone_database(database)
    command = [sys.executable, "-m", "reports.nightly", f"--into={tmp_path}", "--no-shadow", "-k", "primary_key"]
    for _ in range(2):
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Since the run of" in done.stdout
    assert {"audit.html", "audit.json", "junit.xml", "audit.prom", "audit.md", "nagios.txt"} <= {
        path.name for path in (tmp_path / "latest").iterdir()
    }
    assert database in {past.place.database for past in Store(tmp_path / "history.sqlite").past()}
    folders = [path for path in tmp_path.iterdir() if re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}", path.name)]
    assert len(folders) == 2
    elsewhere = ROOT / "reports" / "history.sqlite"
    assert not elsewhere.exists() or database not in {past.place.database for past in Store(elsewhere).past()}


def test_a_folder_that_cannot_be_written_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = [sys.executable, "-m", "reports.nightly", f"--into={tmp_path / 'file'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1 and "cannot be written there" in done.stderr


# --- What schedules it


def units() -> list[Path]:
    return sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """It wants the program to be there: the units are verified for this folder instead of /opt."""
    for path in units():
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/care-collective-audit/.venv/bin/", "/bin/"))
    for program in ("python",):
        text = "".join(path.read_text() for path in tmp_path.glob("*.service"))
        for path in tmp_path.glob("*.service"):
            path.write_text(path.read_text().replace(f"/bin/{program}", sys.executable))
        assert f"/bin/{program}" in text
    command = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.glob("*")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    ours = [line for line in done.stderr.splitlines() if "care-collective-audit" in line]
    assert (done.returncode, ours) == (0, []), done.stderr
    (tmp_path / "care-collective-audit.service").write_text("[Service]\nType=oneshot\nExecStart=nothing\n")
    assert subprocess.run(command, capture_output=True, check=False, timeout=LIMIT_S).returncode != 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize(
    ("timer", "hour", "day"), [("care-collective-audit", "09:00", ""), ("care-collective-audit-weekly", "05:00", "Sun")]
)
def test_the_timers_mean_what_is_documented(timer: str, hour: str, day: str) -> None:
    when = re.search(r"^OnCalendar=(.*)$", (DEPLOY / f"{timer}.timer").read_text(), re.MULTILINE)
    assert when
    command = ["systemd-analyze", "calendar", "--iterations=3", when[1]]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LIMIT_S).stdout
    found = re.findall(r"(?:Next elapse|Iteration #\d|Iter\. #\d): (\w+) \S+ (\d\d:\d\d)", said)
    assert len(found) == 3
    assert {moment for _, moment in found} == {hour}
    assert not day or {weekday for weekday, _ in found} == {day}


@pytest.mark.parametrize("path", sorted([*DEPLOY.glob("*.yml"), *DEPLOY.glob("*.yaml")]), ids=lambda path: path.name)
def test_yamllint_accepts_the_manifests(path: Path) -> None:
    rules = "{extends: default, rules: {line-length: {max: 120}, truthy: {check-keys: false}, octal-values: disable}}"
    assert [*map(str, linter.run(path.read_text(), YamlLintConfig(rules)))] == []


def test_the_workflow_is_one() -> None:
    workflow = yaml.safe_load((DEPLOY / "github-actions.yml").read_text())
    triggers = workflow[True]  # YAML 1.1 reads the key "on" so
    assert [each["cron"] for each in triggers["schedule"]] == ["0 9 * * *", "0 5 * * 0"]
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert job["runs-on"] and job["timeout-minutes"] <= 60
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
    (secret,) = [step["env"] for step in job["steps"] if "env" in step]
    for name in ("AUDIT_TARGET", "PGPASSWORD", "AUDIT_ALERT_URLS"):
        assert secret[name] == f"${{{{ secrets.{name} }}}}"


def test_the_cron_job_is_one() -> None:
    claim, job = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    assert (claim["apiVersion"], claim["kind"]) == ("v1", "PersistentVolumeClaim")
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    assert (job["spec"]["schedule"], job["spec"]["concurrencyPolicy"]) == ("0 9 * * *", "Forbid")
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["restartPolicy"] == "Never" and pod["securityContext"]["runAsNonRoot"]
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert {each["name"] for each in container["env"]} == {"AUDIT_TARGET", "PGPASSWORD"}
    assert all("secretKeyRef" in each["valueFrom"] for each in container["env"])


def test_the_crontab_has_the_documented_times() -> None:
    lines = [line for line in (DEPLOY / "crontab").read_text().splitlines() if re.match(r"[\d*]", line)]
    assert [line.split()[:6] for line in lines] == [
        ["0", "9", "*", "*", "*", "care-audit"],
        ["0", "5", "*", "*", "0", "care-audit"],
    ]
    for line in lines:
        assert "%" not in line  # which cron takes for the end of the line
        command = line.split(None, 6)[6]
        assert subprocess.run(["sh", "-n", "-c", command], check=False, timeout=LIMIT_S).returncode == 0


def test_no_secret_and_no_unknown_option_is_in_what_schedules_it() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "policies", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for path in DEPLOY.iterdir():
        text = path.read_text()
        assert not re.search(r"PGPASSWORD\s*[=:]\s*[^\s'.$]", text.replace("PGPASSWORD='...'", "")), path
        assert not re.search(r"://[^/\s'@]+:[^/\s'@]+@", text), path
        for line in re.findall(r"reports\.nightly.*|^ *args: .*", text, re.MULTILINE):
            for option in re.findall(r"--[a-z-]+", line):
                assert option == "--into" or option in listed, (path, option)
