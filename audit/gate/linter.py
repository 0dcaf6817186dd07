"""The static linter: what squawk says of a file, weighed by audit.toml and by what the server was seen to do.

A linter reads; it cannot know whether a table is new or empty. Where the trace shows that a warning is about nothing,
it is dropped, and the report says so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.evidence import Row, Unchecked, safe
from audit.gate.hazards import found
from audit.gate.results import Step
from audit.lint_rules import AMONG_OTHERS, OF_LOCKS, OF_USERS, OFF, RULES, SEEN
from audit.settings import load

LIMIT_S = 60
NEWEST = 18


@dataclass(frozen=True)
class Warned:
    """One warning: the rule, the line (from 1), and the message without a file's name."""

    rule: str
    line: int
    message: str


def lint(text: str, version: int) -> tuple[Warned, ...]:
    """Return what squawk says of a file, for a major version of PostgreSQL. Raises Unchecked when it does not run."""
    beside = Path(sys.executable).with_name("squawk")
    program = str(beside) if beside.is_file() else shutil.which("squawk")
    if program is None:
        raise Unchecked("the static linter squawk is not installed", "install the package squawk-cli")
    command = [
        program, "--reporter=json", "--stdin-filepath=migration.sql", f"--pg-version={version}.0",
        "--assume-in-transaction",
    ]  # fmt: skip
    # In an empty place: a .squawk.toml of the project would have a say where audit.toml has.
    with tempfile.TemporaryDirectory() as place:
        try:
            done = subprocess.run(  # noqa: S603  the program of the package, with arguments of ours
                command, input=text, capture_output=True, timeout=LIMIT_S, check=False, cwd=place, encoding="utf-8"
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unchecked(f"the static linter did not answer: {type(error).__name__}") from error
    try:
        return tuple(
            Warned(str(each["rule_name"]), int(each["line"]) + 1, safe(str(each["message"])))
            for each in json.loads(done.stdout or "[]")
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Unchecked("the static linter gave an answer that cannot be read") from error


def weigh(
    file: str, warnings: Sequence[Warned], steps: Sequence[Step], slow: set[int], weights: Mapping[str, str]
) -> tuple[list[Row], list[str]]:
    """Return the warnings that stand, and a remark for each that the trace contradicts.

    ``slow`` are the lines of statements that were seen to make others wait.
    """
    rows, remarks = [], []
    for warned in warnings:
        # What the server was seen to do is judged by that (:mod:`audit.gate.rules`); the text alone says too little.
        if warned.rule in SEEN or (steps and warned.rule == AMONG_OTHERS):
            continue
        weight = weights.get(warned.rule) or RULES.get(warned.rule, "P2")
        if weight == OFF:
            continue
        line = max((step.line for step in steps if step.line <= warned.line), default=0)
        meant = [step for step in steps if step.line == line]
        step = meant[-1] if meant else None
        reasons = [_contradicted(warned.rule, each, slow) for each in meant if not each.error]
        if len(reasons) == len(meant) and all(reasons) and (why := next(iter(reasons), "")):
            remarks.append(f"{file}, line {warned.line}: {warned.rule} does not apply: {why}")
            continue
        what = f"{warned.rule}: {step.told if step else 'the file'}"
        rows.append(
            found(
                file, warned.line, what, f"-- {warned.message}", kind=warned.rule, weight=weight, message=warned.message
            )
        )
    return rows, remarks


def _contradicted(rule: str, step: Step, slow: set[int]) -> str:
    """Return why the server was seen to do something else than the warning fears, or ""."""
    if rule in OF_LOCKS and step.line not in slow:
        return "nobody was seen to wait: the table is new, small, or neither read nor written anew"
    # A lock may be held since an earlier statement: that none was taken tells nothing.
    if rule in OF_USERS and not step.taken and not step.alone and not step.known:
        return "what it is about is new in this change"
    if rule == "syntax-error":
        return "the server took it"
    return ""


def main(files: Sequence[str]) -> int:
    """Print what the linter says of files, as ``file:line: rule``; return 1 when it says anything, 2 when it cannot."""
    said = 0
    try:
        weights = load(Path("audit.toml")).linter
        for file in files:
            warnings = lint(Path(file).read_text(encoding="utf-8-sig"), NEWEST)
            rows, _ = weigh(Path(file).name, warnings, (), set(), weights)
            for row in rows:
                line = row.location.line if row.location else 1
                print(safe(f"{file}:{line}: {row.details['kind']} ({row.details['weight']}): {row.details['message']}"))
            said += len(rows)
    except (OSError, ValueError, Unchecked) as error:
        print(safe(f"the migrations cannot be linted: {error}"), file=sys.stderr)
        return 2
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
