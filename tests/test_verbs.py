"""The Makefile's verbs: what their variables hold is data, to make, to the shell and to what is called."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from audit.verbs import OPTIONS, VERBS, command
from tests.support.auditing import ROOT
from tests.support.waiting import LIMIT_S

VARIABLES = (
    "TARGET",
    "IMAGE",
    "MIGRATIONS",
    "POSTGRES_BIN",
    "MEMBERS",
    "SEVERITY",
    "BASE",
    "POLICY",
    "FILE",
    "TARGETS",
    "APP",
    "A",
    "B",
    "ARGS",
)
OTHERS = ("check", "docs", "clean", "help", "release")

# It stands for the Python of the environment: the front runs as it is, and what that calls is written down.
PYTHON = """#!/usr/bin/env python3
import json, os, runpy, sys
from pathlib import Path

here = Path(__file__).parents[2]
if sys.argv[1:3] == ["-m", "audit.verbs"]:
    sys.path.insert(0, str(here))
    sys.executable = __file__
    sys.argv = sys.argv[2:]
    runpy.run_module("audit.verbs", run_name="__main__")
(here / "called.json").write_text(json.dumps([sys.argv[1:], os.environ.get("AUDIT_TARGET")]))
sys.exit(int(os.environ.get("STATUS", "0")))
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The Makefile and its front, in a folder where nothing is installed and nothing is done but written down."""
    house = tmp_path / "the house's $(folder)"
    (house / ".venv" / "bin").mkdir(parents=True)
    (house / "audit").mkdir()
    shutil.copy(ROOT / "Makefile", house)
    shutil.copy(ROOT / "audit" / "verbs.py", house / "audit")
    (house / "requirements.lock").touch()
    (house / ".venv" / "ready").touch()
    for name in ("python", "ruff", "mypy"):
        program = house / ".venv" / "bin" / name
        program.write_text(PYTHON, encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return house


def outside() -> dict[str, str]:
    """Return the environment of somebody who calls make from a shell: the tests may themselves run under make."""
    names = (*VARIABLES, "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")
    return {**{name: value for name, value in os.environ.items() if name not in names}, "PYTHONDONTWRITEBYTECODE": "1"}


def make(house: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words], cwd=house, env={**outside(), **environment}, capture_output=True, text=True, check=False,
        timeout=LIMIT_S,
    )  # fmt: skip


def called(house: Path) -> tuple[list[str], str | None]:
    """Return the words of what was called, and its target."""
    words, target = json.loads((house / "called.json").read_text(encoding="utf-8"))
    return words, target


def hostile(marker: Path) -> list[str]:
    """What would make the marker if make or a shell read it, and what would break a command that it is pasted into."""
    touch = f"touch {marker}"
    return [
        f"it's $({touch})/dir", f"`{touch}`", f"$(shell {touch})", f"${{shell {touch}}}", f"'; {touch}; '",
        f'"; {touch}; "', f"x\n{touch}\n", f"$$({touch})", f"& {touch} &", f"| {touch} #", "a b  c",
        "100% $HOME ${HOME} $@", "\\", "-rf", "*",
    ]  # fmt: skip


def test_every_verb_is_one(house: Path) -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {*re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE)} == {*VERBS, *OTHERS}
    declared = re.search(r"^VARIABLES := (.*)$", text, re.MULTILINE)
    assert declared and {*declared[1].split()} == {*VARIABLES, "BASE_PYTHON"}


@pytest.mark.parametrize("through", ["the command line", "the environment"])
@pytest.mark.parametrize("verb", [*VERBS, *OTHERS])
def test_what_variables_hold_is_never_run(house: Path, tmp_path: Path, verb: str, through: str) -> None:
    """All at once: one after the other in one text, and each with quotes around it that it would have to break."""
    marker = tmp_path / "ran"
    texts = hostile(marker)
    for text in (" ".join(texts[1:4]), "\n".join(texts)):
        given = dict.fromkeys((*VARIABLES, "BASE_PYTHON"), text)
        if through == "the environment":
            done = make(house, verb, **given)
        else:
            done = make(house, verb, *(f"{name}={value}" for name, value in given.items()))
        assert not marker.exists(), (text, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
    assert (house / "Makefile").exists()


@pytest.mark.parametrize("through", ["the command line", "the environment"])
def test_what_a_variable_holds_arrives_as_it_is(house: Path, tmp_path: Path, through: str) -> None:
    options = {
        name: option for name, option in OPTIONS.items() if name not in ("POLICY", "FILE", "APP", "SEVERITY", "TARGETS")
    }
    texts = hostile(tmp_path / "ran")
    for start in range(0, len(texts), len(options)):
        given = dict(zip(options, texts[start:] + texts, strict=False))
        if through == "the environment":
            done = make(house, "gate", **given)
        else:
            done = make(house, "gate", *(f"{name}={text}" for name, text in given.items()))
        assert done.returncode == 0, done.stderr
        words, _ = called(house)
        assert words[:3] == ["-m", "care_audit", "gate"]
        assert {*words[3:]} == {f"{options[name]}={text}" for name, text in given.items()}
    make(house, "prove", f"POLICY={texts[0]}")
    assert f"--prove={texts[0]}" in called(house)[0]
    make(house, "runbook", f"FILE={texts[0]}", f"APP={texts[1]}")
    assert {f"--runbook={texts[0]}", f"--app={texts[1]}"} <= {*called(house)[0]}
    make(house, "audit", f"APP={texts[0]}")
    assert called(house)[0][3:] == [f"--app={texts[0]}"]


def test_a_target_is_in_the_environment_and_not_on_the_command_line(house: Path, tmp_path: Path) -> None:
    for text in hostile(tmp_path / "ran")[:3]:
        assert make(house, "audit", f"TARGET={text}").returncode == 0
        words, target = called(house)
        assert target == text.strip()
        assert words == ["-m", "care_audit", "check"]


def test_words_of_args_are_split_as_a_shell_would_and_nothing_else(house: Path) -> None:
    make(house, "audit", """ARGS=-k contact -m "policy(severity='P0')" '--report-dir=it is $(pwd)' `pwd`""")
    words, _ = called(house)
    assert words[3:] == [
        "--", "-k", "contact", "-m", "policy(severity='P0')", "--report-dir=it is $(pwd)", "`pwd`",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("audit", "ARGS=it's"), 'ARGS cannot be split into words (No closing quotation): "it\'s"'),
        (("incident", "SEVERITY=P0') or ('"), "SEVERITY must be P0, P1, P2 or P3, not \"P0') or ('\""),
        (("prove",), "say which policy: make prove POLICY=AUTH-04"),
    ],
)
def test_what_is_of_no_use_gets_one_sentence(house: Path, words: tuple[str, ...], said: str) -> None:
    done = make(house, *words)
    assert done.returncode == 2  # make's own
    assert done.stderr.splitlines()[0] == said
    assert not (house / "called.json").exists()


@pytest.mark.parametrize("verb", ["audit", "incident", "gate", "nightly"])
def test_the_true_status_is_printed(house: Path, verb: str) -> None:
    done = make(house, verb, STATUS="6")
    assert (done.returncode, done.stdout) == (2, "exit status 6\n")


def test_an_incident_asks_one_severity() -> None:
    assert command("incident", {})[2:] == ["incident"]
    assert command("incident", {"SEVERITY": "P2"})[2:] == ["incident", "--severity=P2"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_audit_that_is_stopped_comes_to_its_end(house: Path, number: signal.Signals) -> None:
    """As by Ctrl-C, which all processes of a terminal get, or by what ends make alone."""
    program = house / ".venv" / "bin" / "python"
    waiting = (
        "import signal, time\n"
        "def end(*_):\n    time.sleep(0.5); print('torn down', flush=True); sys.exit(5)\n"
        f"signal.signal({int(number)}, end)\n"
        "print('begun', flush=True)\n"
        "time.sleep(600)\n"
    )
    program.write_text(PYTHON.replace("(here /", f"{waiting}(here /"), encoding="utf-8")
    with subprocess.Popen(
        ["make", "audit"], cwd=house, env=outside(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        start_new_session=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None and running.stdout.readline() == "begun\n"
        if number is signal.SIGINT:
            os.killpg(running.pid, number)
        else:
            running.send_signal(number)
        rest = running.stdout.read()
    assert rest.splitlines()[:2] == ["torn down", "exit status 5"]
