"""The draft of access.toml: what policies say, on what it rests, what it does not explain, what looks like a hole."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.access.declaration import WHOLE, declarations, load
from audit.access.draft import Entry, draft, remarks
from audit.access.matrix import Observed, judge
from audit.access.results import API_ACTORS, Cell
from audit.actors import staged
from audit.evidence import Log
from tests.support.proving import Bench

NOTHING = {
    "declared": {}, "callers": {}, "places": {}, "server_only_tables": [], "public_tables": [], "public_buckets": [],
    "declared_tables": [], "public_functions": [],
}  # fmt: skip
BASE = """
create table public.t (
    id uuid primary key default gen_random_uuid(), owner_id uuid references public.profiles (id), said text, kept text);
insert into public.t (owner_id, said) select id, 'x' from public.profiles;
alter table public.t enable row level security;
revoke all on public.t from anon, authenticated;
grant select (id, owner_id, said), insert, delete on public.t to authenticated;
grant update (said) on public.t to authenticated;
"""
OWN = "create policy own on public.t to authenticated using (owner_id = (select auth.uid()));"


def drafted(bench: Bench, sql: str, only: set[str] | None = None) -> str:
    with staged(bench.connection, {**bench.known, **NOTHING}, Log(), {}) as stage:
        bench.connection.execute(sql)
        return "\n".join(draft(stage, {"public.t"} if only is None else only or None))


def entry(text: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(text)["tables"]["public.t"]
    return found


def test_sets_of_rows_are_what_the_policies_say(bench: Bench) -> None:
    text = drafted(bench, BASE + OWN)
    found = entry(text)
    assert found["rows"] == {"own": "owner_id = :me"}
    assert found["reach"] == {command: {"signed_in": ["own"]} for command in ("select", "insert", "update", "delete")}
    assert found["hidden"] == {"signed_in": ["kept"]}
    assert found["fixed"] == {"signed_in": ["id", "owner_id", "kept"]}
    assert "# by own" in text and "not explained" not in text and "because" not in found


def test_other_tables_show_what_their_own_policies_show(bench: Bench) -> None:
    sql = """
    create table public.notes (id bigint generated always as identity primary key, t uuid references public.t (id));
    insert into public.notes (t) select id from public.t;
    alter table public.notes enable row level security;
    grant select on public.notes to authenticated;
    create policy read on public.notes for select to authenticated
        using (exists (select from public.t where t.id = notes.t));
    """
    text = drafted(bench, BASE + OWN + sql, {"public.notes"})
    (rows,) = tomllib.loads(text)["tables"]["public.notes"]["rows"].values()
    assert "owner_id = :me" in rows
    assert "not explained" not in text


def test_of_channels_no_more_is_remarked_than_what_one_does_there() -> None:
    cells = [Observed(actor, "realtime.messages", shape) for actor in API_ACTORS for shape in ("select", "insert")]
    assert [*remarks(Entry("realtime.messages"), cells)] == []


@pytest.mark.parametrize(
    ("policy", "doubts"),
    [
        ("to authenticated using (owner_id = (select auth.uid()))", []),
        ("for select to authenticated using (true)", ["select by signed_in", "select by nobody"]),
        ("for insert to authenticated with check (said <> '')", ["insert by signed_in", "insert by nobody"]),
        ("for delete to authenticated using (said is null)", ["delete by signed_in"]),
    ],
)
def test_what_looks_like_a_hole_needs_a_reason(bench: Bench, policy: str, doubts: list[str]) -> None:
    assert list(entry(drafted(bench, f"{BASE} create policy p on public.t {policy}")).get("because", ())) == doubts


@pytest.mark.parametrize(("why", "verdict"), [("", Cell.UNDECLARED), ("a wall for everybody", Cell.OK)])
def test_accepted_unread_it_counts_as_not_declared(bench: Bench, why: str, verdict: Cell) -> None:
    policy = "create policy p on public.t for select to authenticated using (true);"
    found = entry(drafted(bench, BASE + policy))
    del found["review"]
    found["because"] = dict.fromkeys(found["because"], why)
    declared = declarations({"public.t": found})["public.t"]
    assert [role for role in WHOLE if declared.opens("select", role)] == (["authenticated"] if why else [])
    with staged(bench.connection, {**bench.known, "tables": {"public.t": found}}, Log(), {}) as stage:
        bench.connection.execute(BASE + policy)
        judgement = judge(stage)
    assert judgement.cell("alice", "public.t", "select").verdict is verdict
    assert any("nobody has said why" in each for each in judgement.undeclared) is not bool(why)


def test_a_table_that_lets_nobody_in_is_the_servers(bench: Bench) -> None:
    assert entry(drafted(bench, BASE))["server_only"] is True


def test_what_the_sets_do_not_explain_is_said(bench: Bench) -> None:
    sql = """
    create function public.shows(t public.t) returns boolean language sql stable as $$
        select current_user = 'authenticated' and t.said is not null $$;
    create policy p on public.t for select to authenticated using (public.shows(t));
    """
    text = drafted(bench, BASE + sql)
    assert "goes by public.shows, whatever that says" in text
    assert "# not explained: alice: select reaches" in text


def of_all(text: str) -> Iterator[str]:
    yield from (line for line in text.splitlines() if line.startswith("# "))


def test_functions_and_what_was_looked_at_are_told(bench: Bench) -> None:
    sql = """
    create function public.mine() returns bigint language sql stable security definer set search_path = ''
        as 'select count(*) from public.t where owner_id = auth.uid()';
    """
    text = drafted(bench, BASE + OWN + sql, set())
    found = tomllib.loads(text)
    assert found["functions"]["public.mine()"]["review"] is True
    assert any(line.startswith("# Of ") and "are proposed" in line for line in of_all(text))


@pytest.mark.parametrize(
    ("given", "sets"),
    [
        ({"reach": {"select": {"owners of owner_id": ["all"]}}}, {"owners of owner_id": "owner_id::text = :me::text"}),
        (
            {"rows": {"own": "x = :me"}, "reach": {"select": {"owners": ["all"]}}},
            {"own": "x = :me", "owners": "x = :me"},
        ),
        (
            {"rows": {"new": "a"}, "reach": {"select": {"owners of b": ["new"]}}},
            {"new": "a", "owners of b: new": "(b::text = :me::text\n) and (a\n)"},
        ),
    ],
)
def test_owners_are_a_group(given: dict[str, Any], sets: dict[str, str]) -> None:
    declared = declarations({"public.t": given})["public.t"]
    assert declared.rows == sets
    assert list(declared.reach["select"]) == ["signed_in"]


FUNCTION = """
create function public.{name}(p uuid) returns text language sql stable security {rights} set search_path = '' as $$
    select t.said from public.t t where t.id = p $$;
"""


def test_what_functions_tell_waits_for_a_reason(bench: Bench, tmp_path: Path) -> None:
    """A draft accepted unread is no excuse for a function with its owner's rights."""
    sql = FUNCTION.format(name="whose", rights="definer") + FUNCTION.format(name="ours", rights="invoker")
    text = drafted(bench, BASE + OWN + sql, set())
    entries = {name: text[text.index(f'[functions."public.{name}(uuid)"]') :] for name in ("whose", "ours")}
    whose, ours = (each.split("\n\n")[0].replace("review = true", "") for each in entries.values())
    assert "because" not in ours
    file = tmp_path / "access.toml"
    for answer, called in (("", False), ("anybody may know", True)):
        file.write_text(whose.replace('because = ""', f'because = "{answer}"'), encoding="utf-8")
        assert ("authenticated public.whose(uuid)" in load(file).called()) is called
