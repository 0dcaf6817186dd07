"""A project as people write it, audited as a newcomer does: nothing is told that is in order, and nothing told twice.

Beside each thing that is in order stands its neighbour that is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from audit.results import Migration, Thing, Trouble
from audit.unbuilt import uncertain
from tests.support.auditing import Outcome, audit

CONFIG = """
[api]
schemas = ["public", "storage", "graphql_public"]
"""

CLUB = """
create table public.genres (id int primary key, title text not null, tell_by_email boolean not null default false);
create table public.members (
    id uuid primary key references auth.users (id) on delete cascade, email text not null,
    is_staff boolean not null default false,
    handle text not null check (handle = lower(handle) and char_length(handle) between 2 and 40));
create table public.loans (
    id bigint generated always as identity primary key, book text not null, lender uuid,
    member_id uuid not null references public.members (id) on delete cascade);
create table public.staff_notes (id bigint generated always as identity primary key, body text not null);
create table public.work_for_the_server (id bigint generated always as identity primary key, payload text);
create table public.shelf (id bigint generated always as identity primary key, place text);
alter table public.genres enable row level security;
alter table public.members enable row level security;
alter table public.loans enable row level security;
alter table public.staff_notes enable row level security;
alter table public.work_for_the_server enable row level security;
alter table public.shelf enable row level security;

create policy "everybody reads genres" on public.genres for select to anon, authenticated using (true);
create policy "everybody reads members" on public.members for select to authenticated using (true);
create policy "own member" on public.members for update using (id = (select auth.uid()));
create policy "own loans" on public.loans to authenticated
    using (member_id = (select auth.uid())) with check (member_id = (select auth.uid()));
create policy "as the lender" on public.loans to authenticated
    using (lender = (select auth.uid())) with check (lender = (select auth.uid()));
create policy "for the staff" on public.staff_notes for select to authenticated
    using (exists (select from public.members m where m.id = (select auth.uid()) and m.is_staff));
create policy "not now" on public.shelf as restrictive for select to authenticated using (false);

create function public.new_member() returns trigger language plpgsql security definer as $$ begin
    insert into public.members (id, email, handle)
    values (new.id, new.email, coalesce(new.raw_user_meta_data ->> 'username', 'member ' || left(new.id::text, 8)));
    return new;
end $$;
revoke execute on function public.new_member() from public, anon, authenticated;
create trigger on_auth_user_created after insert on auth.users for each row execute function public.new_member();

insert into storage.buckets (id, name, public) values ('covers', 'covers', true), ('medical-papers', 'papers', true);
"""
AGAIN = """
create table if not exists public.genres (id int primary key);
create index loans_by_book on public.loans (book);
create index loans_by_book on public.loans (book);
create policy "own loans" on public.loans to authenticated using (member_id = (select auth.uid()));
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Outcome:
    folder = tmp_path_factory.mktemp("club") / "supabase"
    (folder / "migrations").mkdir(parents=True)
    (folder / "config.toml").write_text(CONFIG)
    (folder / "migrations" / "20250101000000_club.sql").write_text(CLUB)
    (folder / "migrations" / "20250102000000_again.sql").write_text(AGAIN)
    return audit(folder.parent / "report", f"--migrations={folder / 'migrations'}", "--members=8")


@pytest.mark.parametrize(
    ("policy", "objects"),
    [
        # A catalogue is silent, people are not.
        ("RLS-04", ['"everybody reads members" on public.members']),
        # Tables for the server, and the platform's, are silent; what has policies that let nobody in is not.
        ("RLS-03", ["public.shelf"]),
        # Defaults are told once each.
        ("EXPO-07", ["default privileges of postgres in public"]),
        ("EXPO-13", ["postgres"]),
        # A bucket of pictures is silent, one of papers is not.
        ("EXPO-09", ["medical-papers"]),
        # An open search_path is EXPO-03's, and no failure of signing up; other ways than by e-mail are off.
        ("EXPO-03", ["public.new_member()"]),
        ("AUTH-03", []),
        ("AUTH-04", []),
        # A foreign key without an index is PERF-04's, another column is not.
        ("PERF-04", ["loans_member_id_fkey on public.loans"]),
        ("PERF-09", ["lender of public.loans"]),
        # The same two policies are told once.
        ("PERF-10", ["public.loans: delete, insert, select, update by authenticated"]),
        # Not for anon, who has no id.
        ("RLS-21", []),
        # That things are there already is one cause.
        ("MIG-01", ["20250102000000_again.sql"]),
    ],
)
def test_each_cause_is_told_once(outcome: Outcome, policy: str, objects: Sequence[str]) -> None:
    result = outcome.policies[policy]
    assert [finding["object"] for finding in result["findings"]] == list(objects), result
    assert result["verdict"] == ("VIOLATED" if objects else "HOLDS"), result


def test_who_else_could_is_evidence(outcome: Outcome) -> None:
    (finding,) = outcome.policies["RLS-09"]["findings"]
    assert finding["object"].endswith(" on public.members"), finding
    assert "stranger" in finding["details"]["actors"], finding
    assert "is_staff" in finding["details"]["columns"], finding


def test_what_is_there_already_is_judged(outcome: Outcome) -> None:
    """Nothing is missing because a second file could not make it again, and the platform's tables need no rows."""
    unchecked = {
        name: policy["reason"] for name, policy in outcome.policies.items() if policy["verdict"] == "UNCHECKED"
    }
    assert not [reason for reason in unchecked.values() if "not built" in reason or "storage." in reason], unchecked
    assert unchecked.keys() <= {"RLS-07", "RLS-08", "RLS-15"}, unchecked


def test_a_column_that_was_not_added_beside_one_that_is_there_is_missing() -> None:
    def failing(*made: Thing) -> Migration:
        trouble = Trouble(1, "it is there already", "42701", None, made, made)
        return Migration("1_a.sql", False, "it is there already", 1, "42701", (trouble,))

    one, other = Thing("column", "public", "a", "t"), Thing("column", "public", "b", "t")
    assert uncertain([failing(one)]) == ()
    assert uncertain([failing(one, other)]) == (one, other)
