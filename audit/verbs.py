"""What the Makefile's verbs call: the command care-audit, with its options in variables of the environment.

Whatever a variable holds is data: make does not expand it and no shell reads it. ``ARGS`` alone holds several words,
quoted as for a shell, of which nothing but the quotes is heeded.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

USAGE = 4  # as pytest's
COMMAND = ("-m", "care_audit")
PYTEST = ("-m", "pytest")
# By groups, of which there are none: one test at a time to whoever is free, in the order that tests/conftest.py sets.
TESTS = (*PYTEST, "tests", "--numprocesses=auto", "--dist=loadgroup", "--no-loadscope-reorder")
PROOFS = (*PYTEST, "tests/policies/test_proofs.py", "--quiet")

# Of each variable: its option, and of each verb: what it calls and the variables that it heeds.
OPTIONS = {
    "IMAGE": "--image",
    "MIGRATIONS": "--migrations",
    "POSTGRES_BIN": "--postgres-bin",
    "MEMBERS": "--members",
    "BASE": "--base",
    "APP": "--app",
    "POLICY": "--prove",
    "FILE": "--runbook",
    "TARGETS": "--targets",
    "SEVERITY": "--severity",
}
SERVER = ("IMAGE", "MIGRATIONS", "POSTGRES_BIN", "MEMBERS")
PROJECT = (*SERVER, "APP")
VERBS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "audit": ((*COMMAND, "check"), PROJECT),
    "incident": ((*COMMAND, "incident"), ("SEVERITY", *PROJECT)),
    "runbook": ((*COMMAND, "runbook"), ("FILE", *PROJECT)),
    "gate": ((*COMMAND, "gate"), ("BASE", *SERVER)),
    "drift": ((*COMMAND, "drift"), SERVER),
    "nightly": ((*COMMAND, "nightly"), PROJECT),
    "doctor": ((*COMMAND, "doctor"), ("APP", "MIGRATIONS")),
    "history": ((*COMMAND, "history"), ()),
    "report": (("-m", "reports.again"), ("FILE",)),
    "compare": (("-m", "reports.again"), ("A", "B")),
    "evidence": (("-m", "reports.again"), ("FILE",)),
    "access-draft": ((*COMMAND, "draft"), SERVER),
    "fleet": (("-m", "care_audit.fleet"), ("TARGETS",)),
    "test": (TESTS, SERVER),
    "test-quick": ((*TESTS, "--quick"), SERVER),
    "prove": (PROOFS, ("POLICY", *SERVER)),
    "bench": (("-m", "tests.bench"), ()),
    "screenshots": (("-m", "tests.screenshots"), ()),
    "mutants": (("-m", "tests.mutants"), ("POSTGRES_BIN",)),
}
# These make reports of a run that is over, of the last one if none is named.
AGAIN = ("report", "compare", "evidence")
LAST = "reports/out/audit.json"
# Of these ARGS are pytest's own options, or more of an audit's.
ASKING = ("audit", "incident", "runbook", "gate", "drift", "nightly")
# These say how they ended: make itself turns every failure into a status of its own.
TELLING = (*ASKING, "doctor", "compare")


def command(verb: str, given: Mapping[str, str]) -> list[str]:
    """Return the arguments of Python for a verb. Raises ValueError with one sentence when a variable is of no use."""
    call, names = VERBS[verb]
    words = list(call)
    if verb == "incident" and not re.fullmatch(r"P[0-3]|", given.get("SEVERITY", "")):
        raise ValueError(f"SEVERITY must be P0, P1, P2 or P3, not {given['SEVERITY']!r}")
    if verb == "drift" and not (given.get("MIGRATIONS") and given.get("TARGET", "").strip()):
        raise ValueError("say what to compare with what: make drift MIGRATIONS=dir TARGET=service=NAME")
    if verb == "prove" and not given.get("POLICY"):
        raise ValueError("say which policy: make prove POLICY=AUTH-04")
    if verb == "runbook" and not given.get("FILE"):
        raise ValueError("say which runbook: make runbook FILE=runbook.md, and perhaps TARGET= and APP=")
    # Options and their values are one word: of two, pytest would take a directory for one that holds tests.
    if verb in AGAIN:
        options, file = _again(verb, given)
        return [*words, *options, *_more(given), "--", file]
    words += [f"{OPTIONS[name]}={given[name]}" for name in names if given.get(name)]
    more = _more(given)
    return [*words, *(["--"] if more and verb in ASKING else []), *more]


def _more(given: Mapping[str, str]) -> list[str]:
    """Return the words of ARGS. Raises ValueError."""
    try:
        return shlex.split(given.get("ARGS", ""))
    except ValueError as error:
        raise ValueError(f"ARGS cannot be split into words ({error}): {given['ARGS']!r}") from error


def _again(verb: str, given: Mapping[str, str]) -> tuple[list[str], str]:
    """Return the options of a verb that makes reports again, and the file that it makes them of. Raises ValueError."""
    if verb == "compare":
        if not (given.get("A") and given.get("B")):
            raise ValueError("say which two: make compare A=before/audit.json B=after/audit.json")
        return [f"--against={given['A']}", "--report-dir=reports/out/compared"], given["B"]
    return ["--evidence=reports/out/evidence"] if verb == "evidence" else [], given.get("FILE") or LAST


def main() -> int:
    """Call what a verb stands for; return its status."""
    (verb,) = sys.argv[1:]
    try:
        words = command(verb, os.environ)
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    # In the environment and not on the command line, where every user of the machine could read its password.
    environment = {name: value for name, value in os.environ.items() if name != "TARGET"}
    if target := os.environ.get("TARGET", "").strip():
        environment["AUDIT_TARGET"] = target
    if verb not in TELLING:
        os.execve(sys.executable, [sys.executable, *words], environment)  # noqa: S606  our own program, and no shell
    status = attended([sys.executable, *words], environment)
    print(f"exit status {status}")
    return status


def attended(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program to its end, whoever asks us to stop; return its status, as a shell tells it.

    A terminal sends its Ctrl-C to the program, too; what is sent to us alone is handed on.
    """
    with subprocess.Popen(words, env=environment) as program:  # noqa: S603  our own program, and no shell
        signal.signal(signal.SIGINT, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda got, _: program.send_signal(got))
        status = program.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
