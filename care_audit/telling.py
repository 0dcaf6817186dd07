"""What the verbs tell of policies: which there are, what one asks for and why, its question, what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from audit.house import page_of
from audit.policy import PACKS, Policy, everything, in_folder
from audit.runbook.questions import known, question
from audit.toml_file import suggestion
from care_audit.place import Place, here


def policies(place: Place | None = None) -> dict[str, Policy]:
    """Return all policies by their ids, those that a project has written for itself among them."""
    own = in_folder(place.policies) if place is not None and place.policies is not None else ()
    return {policy.id: policy for policy in (*everything(), *own)}


def policy_named(name: str, place: Place | None = None) -> Policy:
    """Return a policy by its id, however it is written. Raises ValueError with the nearest."""
    there = policies(place)
    if name.upper() not in there:
        raise ValueError(f"there is no policy {name!r}; {_nearest(name.upper(), there)}")
    return there[name.upper()]


def _nearest(name: str, there: dict[str, Policy]) -> str:
    near = suggestion(name, there, "")
    return near if near.startswith("did") else "care-audit list shows which there are"


def explain(name: str) -> int:
    """Print what a policy is about."""
    policy = policy_named(name, here())
    click.echo(f"{policy.id} ({policy.severity}): {policy.title}\n\n{policy.explanation}\n")
    click.echo(f"What mends it:\n\n{policy.fix.strip()}\n")
    click.echo(f"Its question: care-audit show {policy.id}")
    if policy.pack in PACKS:
        click.echo(f"Its page: {page_of(policy.id)}")
    return 0


def show(name: str) -> int:
    """Print the question of a policy."""
    policy = policy_named(name, here())
    text = question(policy, known())
    if not text:
        click.echo(f"-- {policy.id} is no question to paste: it is answered by acting, or from files.")
        click.echo(f"-- care-audit check --policy={policy.id} asks it.")
        return 0
    click.echo(f"-- {policy.id} ({policy.severity}): {policy.title}\n{text}")
    return 0


def listed(names: Sequence[str], severities: Sequence[str]) -> int:
    """Print the policies, a line for each."""
    wanted = {policy_named(name, here()).id for name in names}
    for line in _lines(wanted, severities):
        click.echo(line)
    return 0


def _lines(wanted: set[str], severities: Sequence[str]) -> Iterator[str]:
    for policy in policies(here()).values():
        if (not wanted or policy.id in wanted) and (not severities or policy.severity in severities):
            yield f"{policy.id:<11} {policy.severity}  {policy.title.removesuffix('.')}"
