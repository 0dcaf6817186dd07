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
from audit.gate.trace import Step

LIMIT_S = 60
NEWEST = 18
OFF = "off"

# Warnings of waiting: true only where the statement was seen to hold a lock while it worked on what was there before.
OF_LOCKS = {
    "require-concurrent-index-creation": "P1",
    "constraint-missing-not-valid": "P1",
    "adding-foreign-key-constraint": "P1",
    "adding-field-with-default": "P1",
    "adding-not-nullable-field": "P1",
    "adding-serial-primary-key-field": "P1",
    "disallowed-unique-constraint": "P1",
    "changing-column-type": "P1",
    "require-concurrent-reindex": "P1",
    "prefer-repack": "P2",
}
# Warnings of what the application that still runs will miss: true only where it was there before.
OF_USERS = {
    "adding-required-field": "P1",
    "renaming-column": "P1",
    "renaming-table": "P1",
    "ban-drop-column": "P1",
    "ban-drop-table": "P1",
    "ban-truncate-cascade": "P0",
    "require-concurrent-index-deletion": OFF,
    "require-concurrent-partition-detach": "P2",
}
# Warnings that stand as they are.
OTHERS = {
    "ban-drop-database": "P0",
    "ban-concurrent-index-creation-in-transaction": "P2",
    "transaction-nesting": "P2",
    "ban-uncommitted-transaction": "P1",
    "identifier-too-long": "P2",
    "syntax-error": "P1",
    "ban-char-field": "P3",
    "prefer-timestamp-tz": "P3",
    # Matters of taste, and what the gate sees better by itself.
    **dict.fromkeys(
        [
            "ban-drop-not-null",
            "ban-create-domain-with-constraint",
            "ban-alter-domain-with-add-constraint",
            "prefer-bigint-over-int",
            "prefer-bigint-over-smallint",
            "prefer-identity",
            "prefer-robust-stmts",
            "prefer-text-field",
            "require-timeout-settings",
            "require-lock-timeout",
            "require-statement-timeout",
            "unused-ignore",
            "require-enum-value-ordering",
            "require-table-schema",
            "ban-drop-view",
            "ban-drop-function",
            "ban-drop-type",
            "ban-drop-schema",
            "ban-drop-sequence",
            "ban-drop-domain",
            "ban-drop-constraint",
            "ban-drop-generated-expression",
            "renaming-object",
            "ban-set-schema",
            "ban-alter-identity",
            "ban-drop-extension",
            "ban-alter-generated-expression",
            "ban-drop-index",
            "ban-set-default",
            "ban-disable-trigger",
            "ban-replica-identity",
            "ban-drop-policy",
            "ban-revoke",
            "ban-replace-view-function",
            "ban-alter-policy-condition",
            "ban-alter-policy-roles",
            "ban-create-policy",
            "ban-alter-function-options",
            "ban-alter-view-options",
            "ban-alter-role-options",
            "ban-alter-database-options",
            "ban-alter-row-level-security",
            "ban-new-write-restriction",
            "ban-add-enum-value",
            "ban-add-composite-attribute",
            "ban-add-column",
            "ban-detach-inheritance",
            "ban-alter-sequence-values",
            "ban-alter-system-options",
            "ban-alter-extension",
        ],
        OFF,
    ),
}
# What each rule weighs; audit.toml changes it.
RULES: Mapping[str, str] = {**OF_LOCKS, **OF_USERS, **OTHERS}


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
        weight = weights.get(warned.rule) or RULES.get(warned.rule, "P2")
        if weight == OFF:
            continue
        step = max((step for step in steps if step.line <= warned.line), key=lambda step: step.line, default=None)
        if step is not None and not step.error and (why := _contradicted(warned.rule, step, slow)):
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
    if rule in OF_USERS and not step.taken and not step.alone:
        return "what it is about is new in this change"
    if rule == "syntax-error":
        return "the server took it"
    return ""


def main(files: Sequence[str]) -> int:
    """Print what the linter says of files, as ``file:line: rule``; return 1 when it says anything, 2 when it cannot."""
    from audit.settings import load  # which knows the rules from here

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
