"""The wheel, built once, in an environment where there is nothing else: whatever is asked of it knows no checkout."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.auditing import ROOT
from tests.support.waiting import LIMIT_S

PROJECTS = Path(__file__).parent / "projects"


@dataclass(frozen=True)
class Done:
    """How a call ended."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel, and the places that its runs may write to."""

    folder: Path
    wheel: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def environment(self, home: Path) -> dict[str, str]:
        """Return the environment of a user whose home is ``home``, who has nothing of ours set."""
        temporary = home / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        return {
            "PATH": f"{self.folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }

    def call(self, where: Path, *words: str, program: str = "care-audit", **more: str) -> Done:
        """Run a program of the environment."""
        done = subprocess.run(
            [str(self.folder / "bin" / program), *words], cwd=where,
            env={**self.environment(self.folder.parent / "home"), **more},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Let one process at a time do something: several test processes share what is made."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def wheel_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all test processes of this run."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "wheel"


@pytest.fixture(scope="session")
def distributions(wheel_folder: Path) -> Path:
    """The folder with the sdist, and the wheel that is built from it."""
    folder = wheel_folder / "dist"
    with alone(wheel_folder):
        if not folder.exists():
            # As CI would find it: what is not in the repository is not in the wheel.
            build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
            done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S)
            assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def installed(wheel_folder: Path, distributions: Path) -> Installed:
    """The wheel with what it needs, of the versions that we develop with, and nothing else."""
    (wheel,) = distributions.glob("*.whl")
    folder = wheel_folder / "environment"
    with alone(wheel_folder):
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=LIMIT_S)
            lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
            versions = re.findall(r"^[a-z0-9._-]+==[^\s;]+", lock.replace("[binary]", ""), re.MULTILINE)
            (folder / "versions").write_text("\n".join(versions), encoding="utf-8")
            install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            done = subprocess.run(
                [*install, "--constraint", folder / "versions", wheel],
                capture_output=True, text=True, check=False, timeout=LIMIT_S,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            (folder / "ready").touch()
    return Installed(folder, wheel)


def repository(name: str, folder: Path) -> Path:
    """Copy one of the made-up projects, and make it a repository whose branch is main."""
    place = folder / name
    shutil.copytree(PROJECTS / name, place)
    git(place, "init", "--quiet", "--initial-branch=main")
    commit(place, "begin")
    return place


def git(place: Path, *words: str) -> None:
    """Run git, whatever the user's own settings are."""
    settings = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(
        ["git", *settings, *words], cwd=place, check=True, capture_output=True, timeout=LIMIT_S,
        env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"},
    )  # fmt: skip


def commit(place: Path, what: str) -> None:
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "-m", what)
