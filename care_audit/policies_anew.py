"""A policy of one's own to begin with, and the files that prove it: right as they are, they say what to change."""

from __future__ import annotations

import re
from pathlib import Path

import click

from audit.policy import ID, everything
from audit.toml_file import FileError
from care_audit.place import POLICIES, Place, here
from care_audit.proving import FOLDER, own_policies

POLICY = '''\
"""What must be true of this database, beside what care-audit asks of every one. The first lines are an example."""

from pytest import mark


@mark.policy(
    "{id}",
    severity="{severity}",  # P0 critical, P1 high, P2 medium, P3 low
    runbook="Our own rules",
    wrong="A copy of a table that somebody made by hand is open to clients",
    fix="revoke all on {{object}} from anon, authenticated;",  # {{object}} arrives quoted
)
def test_{name}(auditor):
    """{title}

    Whoever mends data by hand makes a copy first, and forgets it: it has no policies, and the grants that new tables
    have. Say here why the rule matters and what its exceptions are: reports show it.
    """
    # Whatever the question returns offends. Names are qualified: the search path is empty. %(exposed)s are the schemas
    # that the API serves, %(api_roles)s its roles. Who acts instead of asking (alice, anon, ...): care-audit's guide.
    assert not auditor(
        """
        select c.oid::pg_catalog.regclass as object
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and n.nspname = any (%(exposed)s)
        and c.relname ~ '_(backup|old|copy)$'
        and pg_catalog.has_table_privilege('anon', c.oid, 'select')
        """,
        of="""
        select count(*) as tables from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and n.nspname = any (%(exposed)s)
        """,
    )
'''
SABOTAGE = """\
-- object: public.people_backup
-- What {id} is to find: it breaks the rule on purpose. care-audit prove tries it on a copy of the database.
create table public.people_backup (id bigint primary key);
alter table public.people_backup enable row level security;
grant select on public.people_backup to anon;
"""
INNOCENT = """\
-- What looks like it and is none: nobody but the owner can read the copy.
create table public.people_backup (id bigint primary key);
alter table public.people_backup enable row level security;
revoke all on public.people_backup from anon, authenticated;
"""
TITLE = "No copy of a table that somebody made by hand is open to clients."


def new_policy(name: str | None, title: str | None, severity: str, settings: str | None) -> int:
    """Write a policy, a sabotage and an innocent look-alike; return the exit status.

    Raises FileError where one of the files is there, and ValueError about an id that is of no use.
    """
    place = here(settings)
    folder = (place.file.parent if place.file else place.root) / (place.settings.policies or POLICIES)
    known = own_policies(place)
    id_ = name or _next(place, [*known])
    if not ID.fullmatch(id_):
        raise ValueError(f"{id_!r} is no id of a policy: write capital letters and two digits, as in SHOP-01")
    if id_ in known or any(policy.id == id_ for policy in everything()):
        raise ValueError(f"there is a policy {id_} already; leave the id out, and the next is taken")
    areas = {policy.id.partition("-")[0] for policy in everything()}
    if id_.partition("-")[0] in areas:
        raise ValueError(
            f"{id_}: care-audit has such policies itself; begin with letters of your own, such as {prefix(place)}"
        )
    sentence = (title or TITLE).strip().rstrip(".") + "."
    files = {
        folder / f"test_{id_.lower().replace('-', '_')}.py": POLICY.format(
            id=id_, severity=severity, name=_as_name(sentence), title=sentence.replace('"', "'").replace("\\", "/")
        ),
        folder / FOLDER / f"{id_}.a-copy-is-open.sql": SABOTAGE.format(id=id_),
        folder / FOLDER / f"{id_}.a-copy-that-is-closed.innocent.sql": INNOCENT,
    }
    if there := next((path for path in files if path.exists()), None):
        raise FileError(f"{there} is there already; nothing was written")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(f"wrote {_shown(path)}")
    if place.file is None:
        click.echo("own policies are asked where there is an audit.toml: care-audit init writes one")
    click.echo(f"next: change the question and what breaks it, then care-audit prove {id_}")
    return 0


def _next(place: Place, known: list[str]) -> str:
    area = known[0].partition("-")[0] if known else prefix(place)
    numbers = [int(name.partition("-")[2]) for name in known if name.startswith(f"{area}-")]
    return f"{area}-{max(numbers, default=0) + 1:02}"


def prefix(place: Place) -> str:
    """Return the letters that a project's own ids begin with: those of its settings, or of its folder's name."""
    letters = re.sub(r"[^A-Z]", "", place.root.name.upper())[:6]
    areas = {policy.id.partition("-")[0] for policy in everything()}
    return place.settings.prefix or (f"{letters}X" if letters in areas else letters) or "OWN"


def _as_name(sentence: str) -> str:
    words = re.findall(r"[a-z0-9]+", sentence.lower())
    return "_".join(words[:10]) or "what_must_be_true"


def _shown(path: Path) -> str:
    here_ = Path.cwd()
    return str(path.relative_to(here_) if path.is_relative_to(here_) else path)
