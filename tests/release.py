"""``make release``: the sdist, and the wheel that is built from it, in ``dist/``, fit to be published.

Version, tag and CHANGELOG must fit. Nothing is uploaded.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from audit.house import version

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
# Later than the one that we develop with; of those that are here each has to read what is published.
PYTHONS = ("python3.12", "python3.13", "python3.14")


def called(*words: str) -> str:
    """Run a program to its end; return what it said. Raises CalledProcessError."""
    return subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def unfit(tags: list[str], changelog: str) -> str:
    """Say why this cannot be released as it is; "" where it can."""
    heading = re.search(rf"^## {re.escape(version())}(.*)$", changelog, re.MULTILINE)
    if heading is None:
        return f"CHANGELOG.md says nothing of {version()}, which care_audit/__init__.py has"
    versions = [tag.removeprefix("v") for tag in tags if re.fullmatch(r"v\d+\.\d+\.\d+\S*", tag)]
    if versions and version() not in versions:
        return f"this commit is tagged {', '.join(versions)}, and care_audit/__init__.py has {version()}"
    if versions and "unreleased" in heading[1]:
        return f"this commit is tagged, and CHANGELOG.md calls {version()} unreleased"
    return ""


def _runs(python: str) -> bool:
    """Tell whether a Python is here; what stands for one that is not selected (pyenv) is none."""
    return bool(shutil.which(python)) and not subprocess.run([python, "--version"], capture_output=True).returncode


def unread(wheel: Path, pythons: Iterable[str] = PYTHONS) -> str:
    """Say which Python of those that are here cannot read the wheel's files, or warns of them; "" where none is."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as files:
        files.extractall(folder)
        for python in filter(_runs, pythons):
            try:
                called(python, "-W", "error", "-m", "compileall", "-q", "-f", folder)
            except subprocess.CalledProcessError as error:
                return f"{python} cannot read {wheel.name}: {(error.stdout + error.stderr).strip()[-500:]}"
    return ""


def main() -> int:
    """Build and check; return the exit status."""
    if reason := unfit(called("git", "tag", "--points-at", "HEAD").split(), (ROOT / "CHANGELOG.md").read_text("utf-8")):
        print(reason, file=sys.stderr)
        return 1
    shutil.rmtree(DIST, ignore_errors=True)
    called(sys.executable, "-m", "hatchling", "build", "-d", str(DIST))
    files = sorted(map(str, DIST.iterdir()))
    try:
        called(sys.executable, "-m", "twine", "check", "--strict", *files)
    except subprocess.CalledProcessError as error:
        print(error.stdout, file=sys.stderr)
        return 1
    if reason := next(filter(None, (unread(Path(file)) for file in files if file.endswith(".whl"))), ""):
        print(reason, file=sys.stderr)
        return 1
    print("\n".join(str(Path(file).relative_to(ROOT)) for file in files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
