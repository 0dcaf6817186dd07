"""The hazards that eugene's and squawk's documents list, and what is said of each: ``python -m tests.hazards``.

Each stands with a form that does the same without the hazard. Squawk is asked with all of its rules; eugene is told of
by its documents (https://kaveland.no/eugene/hints, https://squawkhq.com/docs/rules), in examples of our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from audit.access.declaration import Access
from audit.access.declaration import load as load_access
from audit.gate.linter import NEWEST, lint
from audit.server.target import Choice
from audit.settings import load
from tests.support.rehearsing import Ground, SilentSuite, grounded

ROOT = Path(__file__).parents[1]
LIMIT = "set lock_timeout = '2s';\n"
# What is said of nearly every file says nothing of a hazard.
ANYHOW = frozenset({"prefer-robust-stmts", "require-timeout-settings", "require-statement-timeout", "ban-add-column"})


@dataclass(frozen=True)
class Hazard:
    """One hazard: whose name it is, and files with it and without it (several, where it takes them)."""

    name: str
    bad: str
    good: tuple[str, ...]


HAZARDS = (
    Hazard(
        "eugene E1: a constraint is validated at once",
        LIMIT + "alter table private.parcels add constraint c check (weight is not null);",
        (
            LIMIT + "alter table private.parcels add constraint c check (weight is not null) not valid;",
            LIMIT + "alter table private.parcels validate constraint c;",
        ),
    ),
    Hazard(
        "eugene E2: NOT NULL reads all rows",
        LIMIT + "alter table private.stops alter column place set not null;\n"
        "alter table private.parcels alter column weight set not null;",
        (
            LIMIT + "alter table private.parcels add constraint c check (weight is not null) not valid;",
            LIMIT + "alter table private.parcels validate constraint c;",
            LIMIT + "alter table private.parcels alter column weight set not null;\n"
            "alter table private.parcels drop constraint c;",
        ),
    ),
    Hazard(
        "eugene E3: a column of type json",
        LIMIT + "alter table private.parcels add column facts json;",
        (LIMIT + "alter table private.parcels add column facts jsonb;",),
    ),
    Hazard(
        "eugene E4: work after ACCESS EXCLUSIVE was taken",
        LIMIT + "alter table private.parcels add column n text;\nselect count(*) from private.parcels;",
        (LIMIT + "alter table private.parcels add column n text;", "select count(*) from private.parcels;"),
    ),
    Hazard(
        "eugene E5: a change of type writes the table anew",
        LIMIT + "alter table private.parcels alter column id type bigint;",
        (LIMIT + "alter table private.parcels add column id8 bigint;",),
    ),
    Hazard(
        "eugene E6: an index that stops writers",
        LIMIT + "create index i on private.parcels (sent_at);",
        ("create index concurrently i on private.parcels (sent_at);",),
    ),
    Hazard(
        "eugene E7: a unique constraint that builds its index",
        LIMIT + "alter table private.parcels add constraint u unique (code);",
        (
            "create unique index concurrently u on private.parcels (code);",
            LIMIT + "alter table private.parcels add constraint u unique using index u;",
        ),
    ),
    Hazard(
        "eugene E8: an exclusion constraint",
        LIMIT + "alter table private.labels add constraint x exclude using btree (id with =);",
        (LIMIT + "create table private.taken (id int primary key, exclude using btree (id with =));",),
    ),
    Hazard(
        "eugene E9: a lock without a limit",
        "alter table private.parcels add column n text;",
        (LIMIT + "alter table private.parcels add column n text;",),
    ),
    Hazard(
        "eugene E10: written anew while the lock is held",
        LIMIT + "alter table private.parcels add column n text;\n"
        "alter table private.parcels alter column weight type double precision;",
        (LIMIT + "alter table private.parcels add column n double precision;",),
    ),
    Hazard(
        "eugene E11: a serial or stored column",
        LIMIT + "alter table private.parcels add column n bigserial;",
        (LIMIT + "alter table private.parcels add column n bigint;",),
    ),
    Hazard(
        "squawk adding-foreign-key-constraint",
        LIMIT + "alter table private.labels add constraint f foreign key (parcel_id) references private.parcels (id);",
        (
            LIMIT + "alter table private.labels add constraint f foreign key (parcel_id) references private.parcels "
            "not valid;",
            LIMIT + "alter table private.labels validate constraint f;",
        ),
    ),
    Hazard(
        "squawk ban-drop-column",
        LIMIT + "alter table private.parcels drop column note;",
        (LIMIT + "alter table private.parcels add column n text;\nalter table private.parcels drop column n;",),
    ),
    Hazard(
        "squawk ban-drop-table",
        LIMIT + "drop table private.stops;",
        (LIMIT + "create table private.t (id int primary key);\ndrop table private.t;",),
    ),
    Hazard(
        "squawk ban-drop-not-null",
        LIMIT + "alter table private.parcels alter column code drop not null;",
        (LIMIT + "alter table private.parcels alter column code set default '';",),
    ),
    Hazard(
        "squawk ban-truncate-cascade",
        LIMIT + "truncate private.parcels cascade;",
        ("insert into private.labels values (90001, 1, 'a');",),
    ),
    Hazard(
        "squawk renaming-column",
        LIMIT + "alter table private.parcels rename column note to remark_of_sender;",
        (LIMIT + "alter table private.parcels add column remark_of_sender text;",),
    ),
    Hazard(
        "squawk ban-concurrent-index-creation-in-transaction",
        LIMIT + "alter table private.parcels add column n text;\n"
        "create index concurrently i on private.parcels (n);",
        (LIMIT + "alter table private.parcels add column n text;",
         "create index concurrently i on private.parcels (n);"),
    ),
    Hazard(
        "beyond both: overwritten in a block",
        "do $$ begin update private.labels set word = md5(word); end $$;",
        ("do $$ begin update private.labels set word = upper(word); end $$;",),
    ),
    Hazard(
        "beyond both: CASCADE takes objects along",
        LIMIT + "drop table private.parcels cascade;",
        (LIMIT + "create table private.t (id int primary key);\ndrop table private.t cascade;",),
    ),
    Hazard(
        "beyond both: a REVOKE in vain",
        "revoke select (content) on public.messages from authenticated;",
        ("revoke select on public.messages from authenticated;",),
    ),
)  # fmt: skip


def told_by_us(ground: Ground, texts: tuple[str, ...]) -> list[str]:
    """Return what the gate says of files: policies, and of MIG-07 the rules."""
    with TemporaryDirectory() as folder:
        paths = []
        for number, text in enumerate(texts):
            path = Path(folder, f"2027010100000{number}_new.sql")
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        results = ground.try_files(paths, weights={})
    found = [
        f"{name} {finding.details['kind']}" if name == "MIG-07" else name
        for name, result in results.items()
        for finding in result.findings
    ]
    return list(dict.fromkeys(found))


def told_by_squawk(texts: tuple[str, ...]) -> list[str]:
    """Return squawk's rules."""
    return sorted({warned.rule for text in texts for warned in lint(text, NEWEST)} - ANYHOW)


def compare() -> int:
    """Print a table; return how many hazards we miss, or tell of where there is none."""
    access = load_access(ROOT / "schema" / "access.toml") if (ROOT / "schema" / "access.toml").is_file() else Access()
    wrong = 0
    with grounded(Choice(members=20), SilentSuite(load(ROOT / "audit.toml"), access)) as ground:
        for hazard in HAZARDS:
            bad, good = told_by_us(ground, (hazard.bad,)), told_by_us(ground, hazard.good)
            wrong += (not bad) + bool(good)
            print(hazard.name)
            print(f"    ours    {'; '.join(bad) or 'NOTHING'}")
            print(f"    squawk  {'; '.join(told_by_squawk((hazard.bad,))) or 'nothing'}")
            theirs = "; ".join(told_by_squawk(hazard.good)) or "silent"
            print(f"    without {'; '.join(good) or 'silent'} (squawk: {theirs})")
    print(f"{len(HAZARDS)} hazards; missed, or told of where there is none: {wrong}")
    return wrong


if __name__ == "__main__":
    raise SystemExit(1 if compare() else 0)
