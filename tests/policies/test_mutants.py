"""Tests of the mutants: every kind of guard gives some, each is one change, and caught ones are told from survivors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit import settings
from audit.access import declaration
from audit.access.parameters import parameters
from audit.connection import connect
from audit.policy import PACKS
from audit.question import Connection
from audit.server.target import Target
from fixtures.suite import Suite
from tests.mutants import PAGE, REASONS, Outcome, Reason, Score, complaints, lines, read_reasons
from tests.mutants import Court as Judging
from tests.support.branches import changes
from tests.support.mutating import Mutant, mutants, refused
from tests.support.proving import Bench

# One guard of each kind, in a schema that is not the reference.
SMALL = """
create schema inner_part;
grant usage on schema inner_part to authenticated;
create table public.teams (id uuid primary key, name text constraint named check (name <> ''), code text unique);
create table public.notes (
    id uuid primary key, team uuid not null references public.teams (id) on delete cascade,
    owner uuid not null, "the reader" uuid, body text, serial bigserial
);
alter table public.notes enable row level security;
alter table public.teams enable row level security;
alter table public.teams force row level security;
create function inner_part.may_read(team uuid) returns boolean
language sql stable security definer set search_path = '' begin atomic select may_read.team is not null; end;
create function public.mine(of uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin return of = auth.uid() or of is null; end $$;
create function public.keep() returns trigger language plpgsql set search_path = '' as $$
begin
    if new.owner <> old.owner or new.id <> old.id then
        raise exception 'stay; it''s mine';
    end if;
    return new;
end $$;
create trigger keep before update on public.notes for each row execute function public.keep();
create policy reading on public.notes for select to authenticated
    using (owner = (select auth.uid()) or (body <> '' and inner_part.may_read(team)));
create policy editing on public.notes for update to authenticated
    using (owner = (select auth.uid())) with check (owner = (select auth.uid()));
create policy members on public.notes as restrictive to authenticated using (team is not null);
grant select (id, owner, body) on public.notes to authenticated;
grant usage on sequence public.notes_serial_seq to authenticated;
grant delete on public.notes to authenticated;
revoke execute on function inner_part.may_read(uuid) from public;
grant execute on function inner_part.may_read(uuid) to authenticated;
create view public.my_notes with (security_invoker, security_barrier) as
    select n.id from public.notes n where n.owner = (select auth.uid()) or n.body is null;
grant select on public.my_notes to authenticated;
revoke execute on function public.mine from public;
grant execute on function public.mine to authenticated;
insert into storage.buckets (id, name, public) values ('papers', 'papers', false);
"""

KINDS = {
    "branch added",
    "branch removed",
    "bucket made public",
    "cascade loosened",
    "check dropped",
    "column grant revoked",
    "column grant widened",
    "compared with another column",
    "condition of a function",
    "condition of a view",
    "default privileges",
    "definer switched",
    "exception not raised",
    "execute given",
    "execute revoked",
    "foreign key dropped",
    "function's answer",
    "grant given",
    "grant revoked",
    "null allowed",
    "policy dropped",
    "policy's command widened",
    "policy's role widened",
    "restrictive policy dropped",
    "role",
    "row level security off",
    "search_path released",
    "trigger dropped",
    "unique key dropped",
    "using true",
    "with check true",
}


@pytest.fixture(scope="module")
def small(target: Target) -> Iterator[Connection]:
    """A database with the small schema beside the reference, in a transaction."""
    assert target.server is not None
    name = "small"
    with connect(target.server.clone_database(name)) as connection:
        connection.execute("begin")
        connection.execute(SMALL)
        yield connection
        connection.execute("rollback")
    target.server.drop_database(name)


@pytest.fixture(scope="module")
def made(small: Connection) -> list[Mutant]:
    """The mutants of the small schema."""
    known = parameters(small, settings.Settings(), declaration.Access())
    here = (
        "teams",
        "notes",
        "my_notes",
        "mine",
        "keep",
        "may_read",
        "inner_part",
        "papers",
        "default privileges",
        "alter role",
    )
    return [mutant for mutant in mutants(small, known) if any(word in mutant.name for word in here)]


def test_there_are_mutants_of_every_kind(made: list[Mutant]) -> None:
    assert {mutant.kind for mutant in made} == KINDS


def test_every_mutant_is_sql_and_has_a_name_of_its_own(small: Connection, made: list[Mutant]) -> None:
    assert [f"{m.name}: {why}" for m in made if (why := refused(small, m))] == []
    assert len({mutant.name for mutant in made}) == len({mutant.sql for mutant in made}) == len(made)


def test_mutants_are_the_same_from_run_to_run(small: Connection, made: list[Mutant]) -> None:
    known = parameters(small, settings.Settings(), declaration.Access())
    again = mutants(small, known)
    assert [mutant for mutant in again if mutant in made] == made


def test_policies_lose_and_gain_branches(made: list[Mutant]) -> None:
    of_reading = {mutant.name.removeprefix("policy reading on public.notes: ") for mutant in made}
    assert {
        "dropped",
        "to public",
        "to authenticated, anon",
        "for all",
        "using true",
        "using without (owner = ( SELECT auth.uid() AS uid))",
        "using without (body <> ''::text)",
        "using without inner_part.may_read(team)",
        "using or 1 = 1",
        "using or owner is not null",
        'using "the reader" in the place of owner',
    } <= of_reading, sorted(of_reading)


def test_what_the_catalogue_proves_to_be_refused_elsewhere_says_by_what(made: list[Mutant]) -> None:
    behind = {mutant.name: mutant.behind for mutant in made if mutant.behind}
    assert behind["grant insert on public.notes to anon"] == "row level security: no policy lets anon insert"
    assert behind["policy reading on public.notes: to public"] == "grants: anon holds no privilege to select"
    assert "grant select on public.notes to authenticated" not in behind
    assert not [name for name in behind if name.startswith("grant truncate")]


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("((a = 1) OR ((b AND c)))", ["(false OR ((b AND c)))", "((a = 1) OR false)", "((a = 1) OR ((true AND c)))"]),
        ("a between 1 and 2 and b", ["true and b", "a between 1 and 2 and true"]),
        ("select 1 from t where x is distinct from y", ["select 1 from t where  true"]),
        ("select 1 from t where (x or y)", ["select 1 from t where  true", "select 1 from t where (false or y)"]),
        ("if a or b then null; end if;", ["if  false then null; end if;", "if false or b then null; end if;"]),
        ("'a or b' || \"x and y\" -- or c", []),
        ("$$ a or b $$ /* and */", []),
        ("left(a, 1) = 'x' and c", ["true and c", "left(a, 1) = 'x' and true"]),
    ],
)
def test_a_condition_loses_each_of_its_branches(text: str, without: list[str]) -> None:
    found = [change.text for change in changes(text)]
    assert set(without) <= set(found)
    assert bool(found) is bool(without)


def test_caught_and_surviving_are_told_apart(target: Target) -> None:
    """Row level security switched off is caught; a policy for a command that nobody has a privilege for is not."""
    assert target.server is not None
    dsn = target.server.clone_database("judged")
    connection = connect(dsn)
    root = Path(__file__).parents[2]
    suite = Suite(settings.Settings(packs=PACKS), declaration.load(root / "schema" / "access.toml"))
    bench = Bench(target, parameters(connection, suite.settings, suite.access), connection, suite)
    try:
        court = Judging(bench, dsn)
        caught = court.judge(Mutant("a", "a", "alter table public.messages disable row level security"))
        survivor = court.judge(Mutant("b", "b", "create policy b on public.messages for delete to anon using (false)"))
        broken = court.judge(Mutant("c", "c", "drop policy nobody on public.messages"))
    finally:
        bench.connection.close()
        target.server.drop_database("judged")
    assert caught.by == "RLS-07"
    assert (survivor.by, survivor.unchecked, survivor.refused) == ("", (), "")
    assert broken.refused


def test_the_score_counts_each_mutant_once() -> None:
    def mutant(name: str, behind: str = "") -> Mutant:
        return Mutant("kind", name, name, behind)

    found = [
        Outcome(mutant("caught"), by="RLS-07"),
        Outcome(mutant("harmless 1")),
        Outcome(mutant("masked")),
        Outcome(mutant("proved")),
        Outcome(mutant("behind", "grants: none")),
        Outcome(mutant("late")),
        Outcome(mutant("known")),
        Outcome(mutant("missed"), unchecked=("RLS-09",)),
        Outcome(mutant("not SQL"), refused="syntax error"),
    ]
    reasons = [
        Reason("harmless *", "equivalent", "nothing changes"),
        Reason("masked", "masked", "a trigger"),
        Reason("proved", "equivalent", "nothing changes"),
        Reason("late", "late", "the data tell"),
        Reason("known", "known", "nobody asks"),
        Reason("gone", "equivalent", "nothing changes"),
    ]
    score = Score(found, reasons)
    assert (len(score.made), len(score.caught), len(score.missed)) == (8, 1, 1)
    assert (len(score.surviving("equivalent")), len(score.surviving("masked"))) == (2, 2)
    assert (round(score.of_all, 1), score.of_observable) == (12.5, 25.0)
    assert complaints(score) == [
        "no reason: missed (UNCHECKED: RLS-09)",
        "no survivor any more: gone",
        "no SQL: not SQL: syntax error",
    ]
    assert "| kind | 8 | 1 | RLS-07 1 | 2 | 2 | 1 | 1 | 1 |" in list(lines(score))


def test_guards_of_who_reaches_what_are_counted_apart() -> None:
    caught, missed = Mutant("policy dropped", "one", "one"), Mutant("check dropped", "two", "two")
    score = Score([Outcome(caught, by="RLS-08"), Outcome(missed)], [])
    assert (score.of_access.of_observable, score.of_observable) == (100.0, 50.0)
    assert any("100.0 % of the 1 mutants" in line and "50.0 % of 2" in line for line in lines(score))


def test_the_page_tells_every_reason() -> None:
    told = PAGE.read_text(encoding="utf-8")
    reasons = read_reasons(REASONS)
    assert reasons
    untold = [reason.name for reason in reasons if reason.text[1:].rstrip(".") not in told]
    assert untold == [], "run make mutants, which writes docs/mutants.md"


@pytest.mark.parametrize(
    "text",
    ['["a"]\nwhy = "so"', '["a"]\nequivalent = "so"\nmasked = "so"', 'a = "so"'],
    ids=["key", "both", "no table"],
)
def test_a_reason_says_what_kind_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mutants.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="must say one of"):
        read_reasons(path)
