"""One audit of a fleet, wherever it runs: a process of its own, and what it left behind.

What travels to a worker names a database and holds no secret: the worker looks up services and passwords itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from audit.evidence import safe
from audit.house import HOUSE, INSTALLED, version

FILES = ("audit.json", "audit.html")
# How an audit ends that has judged a database: see the README.
JUDGED = (0, 1, 6)
UNREACHABLE = 4
KILLED = -1
GRACE_S = 20.0
MOST_SAID = 400

# The audits that run in this process's charge.
RUNNING: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Job:
    """What is to be judged: by name, how it is reached, with which options, and for how long at most."""

    name: str
    target: str
    options: tuple[str, ...]
    minutes: int
    version: str = field(default_factory=version)


@dataclass(frozen=True)
class Judged:
    """What became of a job: the audit's exit status, why there is no verdict if there is none, and its files."""

    name: str
    status: int
    reason: str
    took_s: float
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def judge(job: Job) -> Judged:
    """Audit a database; return what became of it."""
    if job.version != version():
        return Judged(job.name, UNREACHABLE, f"this worker has version {version()}, and the fleet {job.version}", 0.0)
    begun = time.monotonic()
    with TemporaryDirectory(prefix="care-audit-fleet-") as folder, TemporaryFile() as output:
        status = _run(job, folder, output.fileno())
        output.seek(0)
        said = output.read()[-10_000:].decode(errors="replace")
        files = {name: path.read_bytes() for name in FILES if (path := Path(folder, name)).is_file()}
    return Judged(job.name, status, _reason(job, status, said, files), time.monotonic() - begun, files)


def _run(job: Job, folder: str, output: int) -> int:
    """Run the audit to its end; return its exit status, or KILLED when it took too long."""
    own = [f"--report-dir={folder}", "--output=html,json", "--no-history"]
    environment = {**os.environ, "AUDIT_TARGET": job.target}
    if not INSTALLED:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HOUSE), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(  # noqa: S603  our own program, and no shell
        [sys.executable, "-m", "care_audit", "check", *job.options, *own],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    RUNNING.add(process)
    try:
        return process.wait(job.minutes * 60)
    except subprocess.TimeoutExpired:
        end(process)
        return KILLED
    finally:
        RUNNING.discard(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End an audit, in good order if it will: it takes its own servers down."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _reason(job: Job, status: int, said: str, files: Mapping[str, bytes]) -> str:
    """Say why there is no verdict; "" when there is one."""
    if status == KILLED:
        return f"it did not end within {job.minutes} minutes"
    try:
        document = json.loads(files["audit.json"])
        if document["unreachable"]:
            return safe(str(document["unreachable"]))
        if status in JUDGED and document["policies"]:
            return ""
    except (KeyError, ValueError, TypeError):
        pass
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = next(
        (line for line in lines if line.startswith(("ERROR", "Exit: ", "!"))), lines[-1] if lines else "nothing"
    )
    return safe(f"exit status {status}: {told}"[:MOST_SAID])
