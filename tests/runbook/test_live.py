"""A runbook against a live database: planned by the audit's login, tried on the shadow, with the same verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from audit.connection import Dsn, connect
from audit.server.target import SCHEMA, Target
from tests.support.auditing import audit

LOGIN = "care_auditor"
BOOK = """\
# Book

## Reads

```sql
select phone from profiles where id = '[user-uuid]';
select tablename from pg_stat_user_tables;
select id from nowhere;
```

## Roles

```sql
begin;
set local role authenticated;
select phone from profiles;
rollback;
```

## Changes

```sql
insert into conversation_participants (conversation_id, user_id)
values ('[conversation_id]', '[user_id]')
on conflict do nothing;
analyze help_offers;
drop database postgres;
```
"""


@pytest.fixture(scope="module")
def production(target: Target) -> Iterator[Dsn]:
    """A copy of the reference database with the login that its owner made, who may read everything for the shadow."""
    dsn = target.server.clone_database("for_a_runbook")
    with connect(Dsn(make_conninfo(dsn, user="postgres"))) as owner:
        owner.execute((SCHEMA / "auditor.sql").read_text(encoding="utf-8"))
    yield dsn
    with connect(dsn) as superuser:
        superuser.execute(f"drop owned by {LOGIN}")
    target.server.drop_database("for_a_runbook")
    with connect(target.server.dsn_of("template1")) as superuser:
        superuser.execute(f"drop role {LOGIN}")


def found(folder: Path, *options: str) -> tuple[dict[str, str], set[tuple[str, int]], list[str]]:
    """Audit the book; return the verdicts, where which policy found something, and the grants that are missing."""
    book = folder / "book.md"
    book.write_text(BOOK, encoding="utf-8")
    policies = audit(folder / "out", f"--runbook={book}", "-k", "RUN-", *options).policies
    places = {(id_, each["location"]["line"]) for id_, policy in policies.items() for each in policy["findings"]}
    grants = [grant for policy in policies.values() for grant in policy["grants"]]
    return {id_: policy["verdict"] for id_, policy in policies.items()}, places, grants


def test_a_live_database_gets_the_same_verdicts(production: Dsn, tmp_path: Path) -> None:
    login = f"--target={make_conninfo(production, user=LOGIN)}"
    for name in ("disposable", "live", "alone"):
        (tmp_path / name).mkdir()
    disposable = found(tmp_path / "disposable")
    with connect(production) as superuser:
        superuser.execute(f"grant pg_read_all_data to {LOGIN}; alter role {LOGIN} bypassrls")
        counted = superuser.execute("select count(*) from public.conversation_participants").fetchone()
        live = found(tmp_path / "live", login)
        alone = found(tmp_path / "alone", login, "--no-shadow")
        assert superuser.execute("select count(*) from public.conversation_participants").fetchone() == counted
    assert disposable[1] == {
        ("RUN-02", 7), ("RUN-02", 8), ("RUN-03", 8), ("RUN-02", 16), ("RUN-04", 23), ("RUN-02", 26), ("RUN-03", 26),
        ("RUN-04", 27),
    }  # fmt: skip
    assert live == disposable
    # What only a copy could tell is not told without one, and what needs none is.
    assert alone[1] == disposable[1] - {("RUN-02", 16), ("RUN-04", 23), ("RUN-02", 26)}
    assert alone[0]["RUN-01"] == "HOLDS"
