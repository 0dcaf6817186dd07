"""For a team's own tests: ``pytest_plugins = ["care_audit.plugin"]`` gives them database, auditor and people.

It declares no option, reads nothing and starts nothing until a test asks for one of them. The database is built as
``care-audit check`` builds it, by the project's audit.toml.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from audit.connection import TargetError
from audit.house import PREFIX
from audit.toml_file import FileError
from care_audit.calling import built, completed, names
from care_audit.options import options
from care_audit.place import here
from fixtures import access, ahead, app, askers, drift, footprint, gate, policy, runbook, settings, suite, target

# What the fixtures come from, in the order in which they get ready.
MODULES = (settings, access, target, app, footprint, drift, runbook, askers, suite, ahead, gate)
# Hooks would have a say in tests that ask for nothing of ours: these alone are wanted, where something does not apply.
HOOKS = ("pytest_runtest_setup", "pytest_runtest_call")


def pytest_configure(config: pytest.Config) -> None:
    """Offer the fixtures, and nothing else of the plugins that they come from."""
    for module in (*MODULES, policy):
        config.pluginmanager.register(_fixtures(module), f"care-audit {module.__name__}")
    config.addinivalue_line("markers", "policy(id, severity, runbook, fix, needs='', pack='core'): one invariant")


def _fixtures(module: ModuleType) -> ModuleType:
    hooks = HOOKS if module is policy else ()
    copy = ModuleType(module.__name__)
    vars(copy).update({n: each for n, each in vars(module).items() if n in hooks or not n.startswith("pytest_")})
    return copy


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Get ready, if a test asks for one of ours. Raises UsageError about settings, or a name that means two things."""
    ours = [name for item in session.items if isinstance(item, pytest.Function) for name in _of_ours(item)]
    if not ours or session.config.getoption("collectonly"):
        return
    config = session.config
    try:
        place = here()
        words = built(place, completed(place, []))
    except (FileError, TargetError) as error:
        raise pytest.UsageError(str(error)) from None
    _choose(config, words)
    for module in MODULES:
        if hook := getattr(module, "pytest_configure", None):
            hook(config)


def _of_ours(item: pytest.Function) -> list[str]:
    """Return the fixtures of ours that a test asks for. Raises UsageError where one rests on another of the team's."""
    known = item._fixtureinfo.name2fixturedefs
    prefix = f"{PREFIX}fixtures."
    found = [name for name, defs in known.items() if defs and defs[-1].func.__module__.startswith(prefix)]
    hidden = [name for name in found for each in known[name][-1].argnames if _replaced(known.get(each), prefix)]
    if hidden:
        raise pytest.UsageError(
            f"{item.nodeid}: {hidden[0]} of care-audit rests on a fixture of which this suite has another; rename that"
        )
    return found


def _replaced(defs: Any, prefix: str) -> bool:  # noqa: ANN401 -- a class of pytest's
    return (
        bool(defs)
        and any(each.func.__module__.startswith(prefix) for each in defs[:-1])
        and not defs[-1].func.__module__.startswith(prefix)
    )


def _choose(config: pytest.Config, words: list[str]) -> None:
    """Put what the project's settings say where the plugins look for it, beside the options that the suite has."""
    given = {word.partition("=")[0]: word.partition("=")[2] for word in words}
    known = {**options()}
    for name, option in known.items():
        key = str(option.said.get("dest") or option.key.replace("-", "_"))
        value: object = option.said.get("default", option.switch and not str(option.said["action"]).endswith("true"))
        if name in names(words):
            kind = option.said.get("type", str)
            value = kind(given[name]) if given[name] else not value
        if not hasattr(config.option, key):
            setattr(config.option, key, value if value is not False or option.switch else None)
    if not hasattr(config.option, "settings"):
        config.option.settings = given.get("--settings")
