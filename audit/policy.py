"""What a policy says of itself: read from its marker and its docstring, checked, and listed.

A policy is a test function with one marker, ``@mark.policy(id, severity=..., runbook=..., fix=...)``, and a docstring:
the first line is the invariant as a sentence, the rest says why it matters.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, cached_property
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from audit.causes import KINDS
from audit.house import POLICIES

ID = re.compile(r"[A-Z]+-\d\d")


# Whose policies there are. Every database is asked those of the core; the others' chapters are a project's own.
Pack = str
CORE: Pack = "core"
CARE_COLLECTIVE: Pack = "care-collective"
PACKS: tuple[Pack, ...] = (CORE, CARE_COLLECTIVE)

# What the chapters of the Care Collective's runbook are about: projects that do not have it are told this instead.
SUBJECTS = {
    "1. Authentication & User Registration": "Authentication and sign-up",
    "1. Authentication & User Registration: authentication tokens expired prematurely": "Authentication: sessions",
    "1. Authentication & User Registration: reset registration system": "Building the database again",
    "3. Contact Exchange & Privacy": "Privacy",
    "5. Performance Issues": "Performance",
    "6. Row Level Security (RLS) & Permissions": "Permissions, and what the API exposes",
    "6. Row Level Security Issues": "Row level security",
    "6. Row Level Security: keys": "Row level security: keys",
    "Monitoring & Prevention": "Monitoring",
    "Prevention: changes of the schema": "Changes of the schema",
    "Prevention: the database is what its migrations build": "The database is what its migrations build",
    "Prevention: the setup is what the project says": "The setup is what the project says",
    "Quick Diagnostic Commands: schema": "The schema",
    "The runbook itself": "Runbooks",
    "Weekly Maintenance Schedule": "Maintenance",
}
# The policies that a project has written for itself, and that are asked wherever they are.
OWN: Pack = "own"
# Where packages of others say that they bring a pack: its name, and the package that its policies are in.
# https://packaging.python.org/en/latest/specifications/entry-points/
GROUP = "care_audit.packs"


@cache
def packs_of_others() -> Mapping[Pack, str]:
    """Return the packs that are installed beside this program: the package of each."""
    found = {each.name: each.value for each in entry_points(group=GROUP)}
    return {name: package for name, package in found.items() if name not in (*PACKS, OWN)}


def pack_of(function: Callable[..., Any], said: Pack) -> Pack:
    """Return whose policy it is: of a package of somebody else, or as its marker says."""
    of_others = packs_of_others().items()
    return next((name for name, package in of_others if function.__module__.startswith(f"{package}.")), said)


class Severity(StrEnum):
    """How bad a violation is, as the runbook defines it: P0 critical to P3 low."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


@dataclass(frozen=True)
class Policy:
    """One invariant of the runbook.

    ``fix`` is a template over an offending row. ``needs`` is "", or "history": the policy is about the life of a
    database, and a disposable one has had none; or "deep": it takes its time and is asked on request only. ``pack``
    says whose it is: those of the core are true of any Supabase project, the others are asked where the project says
    that it has them. ``about`` is of what kind an object "name on table" is, "" for policies. ``wrong`` says in a few
    words what it means for people when the policy is violated.
    """

    id: str
    name: str
    severity: Severity
    runbook: str
    title: str
    explanation: str
    fix: str
    needs: str
    pack: Pack
    about: str
    function: Callable[..., None]
    wrong: str = ""

    @cached_property
    def askers(self) -> tuple[str, ...]:
        """The names of the fixtures that the policy asks for."""
        return tuple(inspect.signature(self.function).parameters)


def policy_of(function: Callable[..., Any]) -> Policy | None:
    """Return what the marker of ``function`` says, or None when it has none.

    Raises ValueError with one sentence when the marker or the docstring is not as it must be.
    """
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "policy"]
    if not marks:
        return None
    return _read(function, marks)


def _read(function: Callable[..., Any], marks: list[Any]) -> Policy:
    name = function.__name__
    mark = marks[0]
    if len(marks) != 1 or len(mark.args) != 1 or not ID.fullmatch(str(mark.args[0])):
        raise ValueError(f"{name}: a policy has one marker with one id such as AUTH-01")
    known = {"severity", "runbook", "fix", "needs", "pack", "wrong", "about"}
    if set(mark.kwargs) - known or not {"severity", "runbook", "fix"} <= set(mark.kwargs):
        raise ValueError(
            f"{name}: the policy marker takes an id, severity, runbook, fix, and perhaps wrong, needs, pack and about"
        )
    if mark.kwargs.get("pack", CORE) not in PACKS:
        raise ValueError(f"{name}: the pack must be one of {', '.join(PACKS)}")
    if mark.kwargs["severity"] not in tuple(Severity):
        raise ValueError(f"{name}: the severity must be one of {', '.join(Severity)}")
    if mark.kwargs.get("needs", "") not in ("", "history", "deep"):
        raise ValueError(f"{name}: a policy can need 'history' or 'deep' and nothing else")
    if mark.kwargs.get("about", "policy") not in KINDS:
        raise ValueError(f"{name}: what the policy is about must be one of {', '.join(KINDS)}")
    title, _, explanation = (inspect.getdoc(function) or "").partition("\n")
    if not title.endswith(".") or not explanation.strip():
        raise ValueError(
            f"{name}: the docstring must be the invariant as a sentence, an empty line, and why it matters"
        )
    return Policy(
        id=mark.args[0],
        name=name,
        severity=Severity(mark.kwargs["severity"]),
        runbook=mark.kwargs["runbook"],
        title=title,
        explanation=explanation.strip(),
        fix=inspect.cleandoc(mark.kwargs["fix"]),
        needs=mark.kwargs.get("needs", ""),
        pack=pack_of(function, mark.kwargs.get("pack", CORE)),
        about=mark.kwargs.get("about", ""),
        function=function,
        wrong=mark.kwargs.get("wrong", "") or _negated(title),
    )


def _negated(title: str) -> str:
    """Say that an invariant does not hold, where its policy does not say what that means."""
    name = title[:2].isupper() or not title[0].isupper()  # API, auth.users: spelt as they are
    return f"It is not so that {title[:1] if name else title[:1].lower()}{title[1:].rstrip('.')}"


def everything() -> Iterator[Policy]:
    """Yield every policy of this program, and of the packs that are installed beside it. Raises ValueError."""
    yield from collected(POLICIES)
    for name, package in packs_of_others().items():
        try:
            yield from collected(package)
        except ImportError as error:
            raise ValueError(f"the pack {name} cannot be used: {error}") from error


@contextmanager
def leaving_no_trace() -> Iterator[None]:
    """Import without writing ``__pycache__``: the folder is a project's, whose git does not leave that alone."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def in_folder(folder: Path) -> Iterator[Policy]:
    """Yield the policies that a project has written for itself. Raises ValueError about a file that is of no use."""
    for path in sorted(folder.glob("test_*.py")):
        spec = spec_from_file_location(f"own_policies.{path.stem}", path)
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        try:
            with leaving_no_trace():
                spec.loader.exec_module(module)
        except Exception as error:
            raise ValueError(f"{path} cannot be used: {type(error).__name__}: {error}") from error
        for function in vars(module).values():
            if callable(function) and (policy := policy_of(function)) is not None:
                yield replace(policy, pack=OWN)


def collected(package: str) -> Iterator[Policy]:
    """Yield every policy of a package, file by file, whichever of them a run selects.

    Raises ValueError when a marker or a docstring is not as it must be.
    """
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        for function in vars(importlib.import_module(module.name)).values():
            if callable(function) and (policy := policy_of(function)) is not None:
                yield policy
