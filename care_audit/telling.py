"""What the verbs tell of policies: which there are, what one asks for and why, its question, what mends it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence

import click

from audit.house import page_of
from audit.policy import OWN, PACKS, Policy, everything, in_folder
from audit.runbook.questions import known, question
from audit.toml_file import suggestion
from care_audit.place import Place, here
from reports.renderers.terminal import WIDTH

LONGEST = 1000


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
    click.echo(_fitted(f"{policy.id} ({policy.severity}): {policy.title}\n\n{policy.explanation}") + "\n")
    click.echo(f"What mends it:\n\n{policy.fix.strip()}\n")
    asks = "Its question: care-audit show" if question(policy, known()) else "To ask it: care-audit check --policy="
    click.echo(f"{asks}{'' if asks.endswith('=') else ' '}{policy.id}")
    if policy.pack in PACKS:
        click.echo(f"Its page: {page_of(policy.id)}")
    return 0


def _fitted(text: str) -> str:
    """Return prose as wide as a terminal; what is set apart by its beginnings of lines stays."""
    return click.wrap_text(text, WIDTH, preserve_paragraphs=True)


def show(name: str) -> int:
    """Print the question of a policy."""
    policy = policy_named(name, here())
    text = question(policy, known())
    if not text:
        click.echo(f"-- {policy.id} is no single question to paste: people act, files are read, or it has steps.")
        click.echo(f"-- care-audit check --policy={policy.id} asks it.")
        return 0
    click.echo(f"-- {policy.id} ({policy.severity}): {policy.title}\n{text}")
    return 0


def listed(names: Sequence[str], severities: Sequence[str], *, unselected: bool = False) -> int:
    """Print the policies that the project is asked, a line for each."""
    place = here()
    there = policies(place)
    wanted = {policy_named(name, place).id for name in names}
    asked = {policy.id for policy in there.values() if unselected or policy.id in wanted or _asks(place, policy)}
    for line in _lines(there, wanted or asked, severities):
        click.echo(line)
    if not wanted and (others := len(there) - len(asked)):
        click.echo(f"{others} more are of packs that this project does not select: care-audit list --all", err=True)
    return 0


def _asks(place: Place, policy: Policy) -> bool:
    return policy.pack == OWN or place.ours or place.settings.asks(policy)


def _lines(there: dict[str, Policy], wanted: set[str], severities: Sequence[str]) -> Iterator[str]:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else LONGEST
    for policy in there.values():
        if policy.id in wanted and (not severities or policy.severity in severities):
            line = f"{policy.id:<11} {policy.severity}  {policy.title.removesuffix('.')}"
            yield line if len(line) <= width else f"{line[: width - 3]}..."
