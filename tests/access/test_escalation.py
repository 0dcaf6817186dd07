"""What somebody could make of their rights: the worst is tried first, and what was not tried is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from audit.access import escalation
from audit.access.escalation import Link, Plan, Task, widened
from audit.access.gains import Found, findings
from audit.actors import Actor, Stage, staged
from audit.evidence import Evidence, Log
from audit.judging import ruling
from audit.people import CAST
from audit.results import Verdict
from tests.support.proving import POLICIES, Bench

ALICE, STRANGER = CAST["alice"], CAST["stranger"]

RANKS = """
create table public.ranks (id uuid primary key, title text, level text not null default 'low', note text);
insert into public.ranks (id, title) select id, 'x' from public.profiles;
create table public.secrets (id bigint generated always as identity primary key, text text);
insert into public.secrets (text) values ('one'), ('two');
alter table public.ranks enable row level security;
alter table public.secrets enable row level security;
create policy r on public.ranks for select to authenticated using (id = (select auth.uid()));
create policy u on public.ranks for update to authenticated using (id = (select auth.uid()));
create policy s on public.secrets for select to authenticated using (
    exists (select from public.ranks r where r.id = (select auth.uid()) and r.level = 'high'));
grant select, update on public.ranks to authenticated;
grant select on public.secrets to authenticated;
"""

# Whoever is among the wardens reads the secrets; each has a number and an address that nobody else has.
WARDENS = """
create table public.wardens (
    id uuid primary key default gen_random_uuid(), user_id uuid not null unique, number text not null{number},
    email text not null, name text not null);
create unique index on public.wardens (lower(email));
insert into public.wardens (user_id, number, email, name)
select id, 'no ' || left(id::text, 9) || right(id::text, 3), id || '@example.org', 'x' from public.profiles
where id <> '{stranger}' limit 5;
create table public.secrets (id bigint generated always as identity primary key, text text);
insert into public.secrets (text) values ('one'), ('two');
alter table public.wardens enable row level security;
alter table public.secrets enable row level security;
create policy r on public.wardens for select to authenticated using (user_id = (select auth.uid()));
create policy make on public.wardens for insert to authenticated with check ({rule});
create policy s on public.secrets for select to authenticated using (
    exists (select from public.wardens w where w.user_id = (select auth.uid())));
grant select, insert on public.wardens to authenticated;
grant select on public.secrets to authenticated;
"""

# Notes of one's own; who writes a certain word into one becomes a warden.
NOTES = """
create table public.notes (id bigint generated always as identity primary key, user_id uuid not null, text text);
insert into public.notes (user_id, text) select id, 'x' from public.profiles;
alter table public.notes enable row level security;
create policy n on public.notes to authenticated using (user_id = (select auth.uid()));
grant select, insert on public.notes to authenticated;
create function private.appoint() returns trigger language plpgsql security definer set search_path = '' as $$ begin
    if {condition} then
        insert into public.wardens (user_id, number, email, name)
        values (new.user_id, gen_random_uuid()::text, gen_random_uuid()::text, 'x') on conflict do nothing;
    end if;
    return null;
end $$;
create trigger appoint after insert on public.notes for each row execute function private.appoint();
"""

# Alice and bob have an orchard each, which nobody changes; its keepers have ranks, and the stranger keeps one of bob's.
ORCHARDS = """
create table public.orchards (id integer primary key, planter uuid not null, guest uuid, name text);
insert into public.orchards values (1, '{alice}', '{bob}', 'x'), (2, '{bob}', '{alice}', 'y');
create table public.keepers (
    orchard integer not null references public.orchards, person uuid not null, rank text not null default 'helper',
    primary key (orchard, person));
insert into public.keepers values (1, '{bob}', 'helper'), (2, '{alice}', 'helper'), (2, '{stranger}', 'helper');
create table public.books (id integer primary key, orchard integer not null references public.orchards, entry text);
insert into public.books values (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, 2, 'd');
create function public.plants(o integer) returns boolean language sql stable security definer set search_path = '' as
'select exists (select from public.orchards x where x.id = o and x.planter = (select auth.uid()))';
create function public.keeps(o integer) returns boolean language sql stable security definer set search_path = '' as
'select exists (select from public.keepers k where k.orchard = o and k.person = (select auth.uid()))';
alter table public.orchards enable row level security;
alter table public.keepers enable row level security;
alter table public.books enable row level security;
create policy r on public.orchards for select to authenticated using (public.plants(id) or public.keeps(id));
create policy r on public.keepers for select to authenticated using (public.plants(orchard) or public.keeps(orchard));
create policy u on public.keepers for update to authenticated using ({rule}) with check ({rule});
create policy s on public.books for select to authenticated using (exists (select from public.keepers k
    where k.orchard = books.orchard and k.person = (select auth.uid()) and k.rank = 'clerk'));
grant select on public.orchards, public.books to authenticated;
grant select, update on public.keepers to authenticated;
"""

# Alice has pieces, about which others said something, and is not among the authors yet; all may make themselves one.
AUTHORS = """
create table public.authors (id uuid primary key, title text);
insert into public.authors (id, title) select id, 'x' from public.profiles where id <> '{alice}';
create table public.pieces (id bigint generated always as identity primary key, author uuid not null, body text);
create table public.remarks (
    id bigint generated always as identity primary key, piece bigint not null references public.pieces (id),
    writer uuid not null, body text);
insert into public.pieces (author, body)
select p.id, 'a piece' from public.profiles p order by p.id = '{alice}' desc limit 9;
insert into public.remarks (piece, writer, body) select p.id, '{bob}', 'a remark' from public.pieces p;
alter table public.authors enable row level security;
alter table public.pieces enable row level security;
alter table public.remarks enable row level security;
create policy make on public.authors for insert to authenticated with check (id = (select auth.uid()));
create policy r on public.authors for select to authenticated using (id = (select auth.uid()));
create policy r on public.pieces for select to authenticated using (
    author = (select auth.uid()) and exists (select from public.authors a where a.id = author));
create policy r on public.remarks for select to authenticated using ({rule});
grant select, insert on public.authors to authenticated;
grant select on public.pieces, public.remarks to authenticated;
"""
OWN = "exists (select from public.pieces p where p.id = piece and p.author = (select auth.uid()))"
ANY = "exists (select from public.authors a where a.id = (select auth.uid()))"

# Alice was invited to a choir, whose songs are for whoever has accepted.
CHOIR = """
create type public.answer as enum ('invited', 'accepted', 'left');
create table public.singers (
    choir integer not null, person uuid not null, answer public.answer not null, primary key (choir, person));
insert into public.singers values
    (1, '{alice}', 'invited'), (2, '{alice}', 'left'), (1, '{bob}', 'accepted'), (3, '{bob}', 'invited');
create table public.songs (id integer primary key, choir integer not null, text text);
insert into public.songs values (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, 3, 'd');
alter table public.singers enable row level security;
alter table public.songs enable row level security;
create policy r on public.singers for select to authenticated using (person = (select auth.uid()));
create policy u on public.singers for update to authenticated using ({using}) with check ({check});
create policy s on public.songs for select to authenticated using (exists (select from public.singers k
    where k.choir = songs.choir and k.person = (select auth.uid()) and k.answer = 'accepted'));
grant select, update on public.singers to authenticated;
grant select on public.songs to authenticated;
"""
MINE = "person = (select auth.uid())"
INVITE_ONESELF = """
create policy i on public.singers for insert to authenticated with check (person = auth.uid() and answer = 'invited');
grant insert on public.singers to authenticated;
"""
ANY_ANSWER = f"create policy w on public.singers for update to authenticated using ({MINE});"

# Alice has a gallery with a visit of bob's; who came is shown where a gallery is open, or to a circle.
GALLERIES = """
create table public.galleries (id integer primary key, curator uuid not null, is_open boolean not null, circle uuid);
insert into public.galleries values (1, '{alice}', false, null), (2, '{bob}', false, null);
create table public.visits (id integer primary key, gallery integer not null references public.galleries, guest uuid);
insert into public.visits values (1, 1, '{bob}'), (2, 2, '{alice}'), (3, 2, '{bob}');
alter table public.galleries enable row level security;
alter table public.visits enable row level security;
create policy r on public.galleries for select to authenticated using (is_open or curator = (select auth.uid()));
create policy u on public.galleries for update to authenticated using (curator = (select auth.uid()));
create policy s on public.visits for select to authenticated using (
    exists (select from public.galleries g where {rule}));
grant select, update on public.galleries to authenticated;
grant select on public.visits to authenticated;
"""


@contextmanager
def scene(bench: Bench, sql: str = "") -> Iterator[Stage]:
    """Yield a stage with what some SQL makes."""
    with staged(bench.connection, bench.known, Log(), {}) as stage:
        if sql:
            bench.connection.execute(sql)
        yield stage


def asked(stage: Stage, *names: str) -> Evidence:
    """Return what some people could widen."""
    return widened(Actor(tuple(CAST[name] for name in names), stage))


def test_the_worst_comes_first() -> None:
    columns = {
        "public.t": {"note": ["public.u"], "status": ["public.u"], "email": ["public.u"], "role": ["public.u"]},
        "public.wide": {"role": ["public.u", "public.v"]},
    }
    rows = {"public.members": ["public.u", "public.v"]}
    plan = Plan(
        columns, rows, (), {"public.t": frozenset()}, {}, [Link("public.firms", "id", "public.members", "firm")]
    )
    tasks = escalation._tasks(plan, [ALICE, STRANGER], [], set())
    order = list(dict.fromkeys((task.relation, task.columns) for task in tasks))
    assert order == [
        ("public.members", ()),
        ("public.wide", ("role",)),
        ("public.t", ("role",)),
        ("public.t", ("email",)),
        ("public.t", ("status",)),
        ("public.t", ("note",)),
    ]
    assert [task.who.name for task in tasks[:2]] == ["alice", "stranger"]
    assert Task(ALICE, "public.members", link=plan.links[0]) in tasks


def test_what_takes_too_long_is_left_out() -> None:
    plan = Plan({"public.t": {"role": ["public.u"]}}, {}, (), {}, {}, [])
    assert escalation._tasks(plan, [ALICE], [], {"public.t"}) == []


def test_of_tables_that_are_ruled_alike_two_stand_for_all() -> None:
    rules = {f"public.t{n}": escalation.Rules("", frozenset(), alike="same") for n in range(5)}
    rules["public.other"] = escalation.Rules("", frozenset(), alike="else")
    few = escalation._few(rules, {f"public.t{n}": n for n in range(5)})
    assert few({*rules}, "public.t0") == ["public.other", "public.t0", "public.t3", "public.t4"]


@pytest.mark.parametrize("seconds", [60, -1])
def test_what_was_not_tried_is_told_whatever_the_verdict(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    monkeypatch.setattr(escalation, "ALL_S", seconds)
    with scene(bench, RANKS) as stage:
        found = asked(stage, "alice")
        assert bool(found.rows) == (seconds > 0)
        assert ("no time was left" in found.unjudgeable) == (seconds < 0)
        if seconds < 0:
            assert "public.ranks.level" in found.unjudgeable


def test_a_finding_does_not_hide_what_was_not_tried() -> None:
    log = Log()
    policy = POLICIES["RLS-09"]
    evidence = Evidence(
        findings([Found("alice", "authenticated", "public.t", "role", "a known word")], {}, ["authenticated"]),
        about="what people may change",
        log=log,
        unjudgeable="no time was left for what people may do by 3 more",
    )
    try:
        assert not evidence
    except AssertionError as error:
        told = ruling(policy, log, error)
    assert (told.verdict, told.partial) == (Verdict.VIOLATED, True)
    assert told.reason == "there may be more: no time was left for what people may do by 3 more"


def test_a_rank_is_found_among_other_columns(bench: Bench) -> None:
    with scene(bench, RANKS) as stage:
        assert [row.object for row in asked(stage, "alice").rows] == ["update on public.ranks"]


@pytest.mark.parametrize(
    ("condition", "told"),
    [("new.text = 'open sesame'", ["n on public.notes"]), ("new.text = 'open sesame' and false", [])],
    ids=["a word", "never"],
)
def test_who_writes_the_word_that_a_trigger_waits_for(bench: Bench, condition: str, told: list[str]) -> None:
    made = WARDENS.format(number="", stranger=STRANGER.id, rule="false") + NOTES.format(condition=condition)
    with scene(bench, made) as stage:
        assert [row.object for row in asked(stage, "stranger").rows] == told


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (
            "do also insert into public.wardens (user_id, number, email, name) "
            "values (new.user_id, gen_random_uuid()::text, gen_random_uuid()::text, 'x') on conflict do nothing",
            ["n on public.notes"],
        ),
        ("do also update public.wardens set name = name where user_id = new.user_id", []),
    ],
    ids=["makes a warden", "changes a name"],
)
def test_who_writes_a_row_of_which_a_rule_makes_another(bench: Bench, rule: str, told: list[str]) -> None:
    notes = NOTES.partition("create function")[0] + f"create rule also as on insert to public.notes {rule};"
    with scene(bench, WARDENS.format(number="", stranger=STRANGER.id, rule="false") + notes) as stage:
        assert [row.object for row in asked(stage, "stranger").rows] == told


@pytest.mark.parametrize(
    ("rule", "told"), [(OWN, []), (ANY, ["make on public.authors"])], ids=["their own things", "everybody's"]
)
def test_whoever_makes_their_profile_gains_what_is_not_theirs_alone(bench: Bench, rule: str, told: list[str]) -> None:
    made = AUTHORS.format(alice=ALICE.id, bob=CAST["bob"].id, rule=rule)
    with scene(bench, made) as stage:
        assert [row.object for row in asked(stage, "alice").rows] == told


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("public.plants(orchard)", []),
        ("exists (select from public.orchards o where o.id = orchard and o.planter = auth.uid())", []),
        ("public.keeps(orchard)", ["update on public.keepers"]),
        ("public.plants(orchard) or public.keeps(orchard)", ["update on public.keepers"]),
        ("true", ["update on public.keepers"]),
    ],
)
def test_whom_the_rules_ask_for_gives_ranks_to_whom_they_like(bench: Bench, rule: str, told: list[str]) -> None:
    people = {"alice": ALICE.id, "bob": CAST["bob"].id, "stranger": STRANGER.id}
    with scene(bench, ORCHARDS.format(rule=rule, **people)) as stage:
        assert [row.object for row in asked(stage, "alice", "stranger").rows] == told


@pytest.mark.parametrize(
    ("rule", "meant"),
    [
        ("g.id = gallery and g.is_open", True),
        ("g.id = gallery and g.is_open and g.curator = (select auth.uid())", False),
        ("g.is_open", False),
    ],
    ids=["shown to everybody", "shown to oneself", "of other galleries, too"],
)
def test_what_is_published_may_be_meant(bench: Bench, rule: str, meant: bool) -> None:
    made = GALLERIES.format(alice=ALICE.id, bob=CAST["bob"].id, rule=rule)
    with scene(bench, made) as stage:
        (row,) = asked(stage, "alice").rows
        assert row.object == "update on public.galleries"
        assert ("may be meant" in row.details) is meant


@pytest.mark.parametrize(
    ("using", "check", "more", "told"),
    [
        (f"{MINE} and answer = 'invited'", f"{MINE} and answer = 'accepted'", "", []),
        (MINE, f"{MINE} and answer = 'accepted'", "", ["update on public.singers"]),
        (f"{MINE} and answer = 'invited'", MINE, "", ["update on public.singers"]),
        (f"{MINE} and answer = 'invited'", f"{MINE} and answer = 'accepted'", ANY_ANSWER, ["update on public.singers"]),
        (f"{MINE} and answer = 'invited'", f"{MINE} and answer = 'accepted'", INVITE_ONESELF, ["i on public.singers"]),
    ],
    ids=["accepted", "whatever it was", "to whatever", "by another policy", "by oneself"],
)
def test_whoever_was_invited_accepts(bench: Bench, using: str, check: str, more: str, told: list[str]) -> None:
    made = CHOIR.format(alice=ALICE.id, bob=CAST["bob"].id, using=using, check=check) + more
    with scene(bench, made) as stage:
        assert [row.object for row in asked(stage, "alice").rows] == told


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("user_id = (select auth.uid())", ["make on public.wardens"]),
        ("user_id = (select auth.uid()) and false", []),
    ],
    ids=["anybody", "nobody"],
)
@pytest.mark.parametrize("number", ["", " unique check (number ~ '^no [0-9a-f]{8}-[0-9]{3}$')"], ids=["", "a key"])
def test_a_new_row_has_words_of_its_own_where_a_key_asks_for_them(
    bench: Bench, number: str, rule: str, told: list[str]
) -> None:
    with scene(bench, WARDENS.format(number=number, stranger=STRANGER.id, rule=rule)) as stage:
        assert [row.object for row in asked(stage, "stranger").rows] == told


def test_a_row_that_admits_is_no_profile(bench: Bench) -> None:
    made = AUTHORS.format(alice=ALICE.id, bob=CAST["bob"].id, rule=OWN).replace("authors", "approvals")
    with scene(bench, made) as stage:
        assert [row.object for row in asked(stage, "alice").rows] == ["make on public.approvals"]


def test_a_rule_that_lets_nobody_in_leaves_it_unchecked(bench: Bench) -> None:
    told = "public.secrets: there is no row for which it matters that EXISTS(...) (policy s)"
    with staged(bench.connection, bench.known, Log(), {}, undecided=(told, "private.t: not exposed")) as stage:
        assert asked(stage, "alice").unjudgeable == told
