# ruff: noqa: E501  a case is a line
"""What somebody thought of who did not know how the gate is built; beside each case stands what is harmless and like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.access.declaration import Access
from audit.settings import Settings
from audit.surroundings import by_the_application
from tests.support.proving import CLEAN
from tests.support.rehearsing import WEIGHTS, Ground, SilentSuite

VISITS = """
create table private.visits (id bigint, day date not null) partition by range (day);
create table private.visits_2020 partition of private.visits for values from ('2020-01-01') to ('2021-01-01');
create table private.old_labels () inherits (private.labels);
create publication heard for table private.labels, private.stops;
"""
USER = "insert into auth.users (id, email, encrypted_password) values ('3f1a2b9c-0000-4000-8000-123456789abc', 'me@example.org', {});"
FAN_OUT = """
create table private.news (id bigint generated always as identity, stop bigint);
create function private.tell() returns trigger language plpgsql security definer set search_path = '' as
$$ begin insert into private.news (stop) select new.id from generate_series(1, {}); return new; end $$;
create trigger tell after insert on private.stops for each row execute function private.tell();
"""

TOLD = [
    ("MIG-03", "rows of private.visits_2020", "alter table private.visits detach partition private.visits_2020;"),
    ("MIG-03", "rows of private.old_labels", "alter table private.old_labels no inherit private.labels;"),
    ("MIG-06", "users who can sign in with a password", USER.format("'$2a$10$Qx7n0bpZ8yTq4mC9sFvUeO'")),
    ("MIG-07", "no-longer-published: private.stops in heard", "alter publication heard drop table private.stops;"),
    ("MIG-07", "no-longer-published: private.stops in heard", "alter publication heard set table private.labels;"),
    (
        "MIG-07",
        "no-longer-published: heard: delete",
        "alter publication heard set (publish = 'insert, update, truncate');",
    ),
    ("MIG-07", "flood-of-rows: rows by trigger tell of private.stops", FAN_OUT.format(2000)),
]
SILENT = [
    "alter table private.visits detach partition private.visits_2020; alter table private.visits attach partition private.visits_2020 for values from ('2020-01-01') to ('2021-01-01');",
    "create table private.visits_2021 partition of private.visits for values from ('2021-01-01') to ('2022-01-01');",
    USER.format("''"),
    USER.format("null"),
    "alter publication heard drop table private.stops; alter publication heard add table private.stops;",
    "alter publication heard add table private.shelves;",
    "create publication more for table private.shelves; alter publication more drop table private.shelves;",
    FAN_OUT.format(30),
]


@pytest.fixture(scope="module")
def quick(ground: Ground, settings: Settings, access: Access) -> Ground:
    """The ground of the corpus, with hardly any policy but the gate's."""
    made = Ground(lambda: ground.base, ground.released, SilentSuite(settings, access))
    made.numbers = ground.numbers
    return made


def tried(quick: Ground, folder: Path, text: str) -> dict[str, list[str]]:
    """Return what policies find in a file, each by its objects, and what is in doubt."""
    path = folder / "20270101000000_new.sql"
    path.write_text(f"set lock_timeout = '2s'; {text}", encoding="utf-8")
    weights = WEIGHTS | {"require-concurrent-partition-detach": "off"}
    results = quick.try_files([path], meanwhile=f"set role postgres; {VISITS} commit", weights=weights)
    return {
        name: [each.object.partition(": ")[2] for each in told.findings] or [told.reason]
        for name, told in results.items()
        if told.verdict not in CLEAN
    }


@pytest.mark.parametrize(("policy", "what", "text"), TOLD)
def test_what_came_from_outside_is_told(quick: Ground, tmp_path: Path, policy: str, what: str, text: str) -> None:
    told = tried(quick, tmp_path, text)
    assert told.get(policy) == [what], told


@pytest.mark.parametrize("text", SILENT)
def test_what_is_like_it_is_silent(quick: Ground, tmp_path: Path, text: str) -> None:
    assert tried(quick, tmp_path, text) == {}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("(current_setting('app.open'::text, true) = 'on'::text)", ["current_setting(app.open)"]),
        ("(owner = uid()) OR (current_setting('app.bypass_rls', true))::boolean", ["current_setting(app.bypass_rls)"]),
        ("coalesce(current_setting('app.x', true), '') <> ''", ["current_setting(app.x)"]),
        ("(tenant_id = (current_setting('app.tenant'::text))::uuid)", []),
        ("((current_setting('request.jwt.claims'::text, true))::json ->> 'role') = 'admin'", []),
        ("(( SELECT count(*) AS count FROM profiles) > 5000)", ["how many rows a table has"]),
        ("select count(*) into n from public.profiles; return n > 5000;", ["how many rows a table has"]),
        ("(( SELECT count(*) AS count FROM plots WHERE (plots.owner = auth.uid())) < 3)", []),
        ("(( SELECT count(*) FILTER (WHERE owner = auth.uid()) AS count FROM plots) < 3)", []),
        ("(( SELECT count(*) AS count FROM a JOIN b ON (a.id = b.id)) < 3)", []),
        ("count > 5", []),
    ],
)
def test_what_a_rule_asks_beside_caller_and_row(rule: str, told: list[str]) -> None:
    assert [*by_the_application(rule)] == told
