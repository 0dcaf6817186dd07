"""What is hostile to those who act: every asker comes to an end, names what it could not judge, and judges the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from audit.access.escalation import widened
from audit.access.matrix import judge
from audit.access.results import Cell
from audit.actors import Stage, staged
from audit.connection import connect
from audit.evidence import Evidence, Log
from audit.probes.disclosure import abused, given_away
from audit.probes.evaluation import unusable
from audit.probes.faults import faulty
from audit.probes.oracles import telling
from tests.support.auditing import audit
from tests.support.proving import Bench

HOSTILE = Path(__file__).with_name("hostile.sql")

TABLE = """
create table public.t (id bigint generated always as identity primary key, user_id uuid, text text);
insert into public.t (user_id, text) select id, 'x' from public.profiles limit 40;
alter table public.t enable row level security;
create policy p on public.t using (user_id = (select auth.uid()));
grant select, insert, update, delete on public.t to authenticated;
"""

# What makes people wait, and who is to be named for it.
CASES = {
    "a policy that asks its own table": TABLE
    + "create policy q on public.t as restrictive using (exists (select from public.t));",
    "a policy that calls itself through a function": TABLE
    + """
    create function public.seen() returns boolean language plpgsql stable as
    'begin return exists (select from public.t); end';
    create policy q on public.t as restrictive using (public.seen());
    """,
    "a policy that never ends": TABLE
    + """
    create function public.f() returns boolean language plpgsql as 'begin loop null; end loop; end';
    create policy q on public.t as restrictive using (public.f());
    """,
    "a policy that sleeps": TABLE + "create policy q on public.t using (pg_sleep(30) is null);",
    "a policy that writes": TABLE
    + """
    create table public.log (n int);
    create function public.f() returns boolean language plpgsql security definer as
    'begin insert into public.log values (1); return true; end';
    create policy q on public.t as restrictive using (public.f());
    """,
    "a trigger that sleeps before": TABLE
    + """
    create function public.f() returns trigger language plpgsql as 'begin perform pg_sleep(30); return new; end';
    create trigger f before insert or update on public.t for each row execute function public.f();
    """,
    "a trigger that sleeps after": TABLE
    + """
    create function public.f() returns trigger language plpgsql as 'begin perform pg_sleep(30); return new; end';
    create trigger f after insert or update or delete on public.t for each row execute function public.f();
    """,
    "a trigger that sleeps at the end": TABLE
    + """
    create function public.f() returns trigger language plpgsql as 'begin perform pg_sleep(30); return new; end';
    create constraint trigger f after insert or update or delete on public.t deferrable initially deferred
    for each row execute function public.f();
    """,
    "a trigger that never ends": TABLE
    + """
    create function public.f() returns trigger language plpgsql as 'begin loop null; end loop; end';
    create trigger f before insert or update or delete on public.t for each row execute function public.f();
    """,
    "a trigger that waits for a lock": TABLE
    + """
    create function public.f() returns trigger language plpgsql as
    'begin perform pg_advisory_lock(4711); return new; end';
    create trigger f before insert or update on public.t for each row execute function public.f();
    """,
    "a trigger that raises after": TABLE
    + """
    create function public.f() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger f after insert or update or delete on public.t for each row execute function public.f();
    """,
    "a trigger that updates its own table": TABLE
    + """
    create function public.f() returns trigger language plpgsql security definer as
    'begin update public.t set text = new.text where id = new.id; return new; end';
    create trigger f after insert or update on public.t for each row execute function public.f();
    """,
    "a deferred constraint": TABLE
    + "alter table public.t add foreign key (user_id) references public.profiles deferrable initially deferred;",
    "functions without an end": """
    create function public.f(user_id uuid) returns int language plpgsql stable as 'begin loop null; end loop; end';
    create function public.g() returns setof int language sql as 'select generate_series(1, 1000000000)';
    create function public.h(n int) returns int language plpgsql as 'begin return public.h(n + 1); end';
    create view public.v as select public.f(null) as f;
    grant execute on all functions in schema public to anon, authenticated;
    grant select on public.v to anon, authenticated;
    """,
    "300 functions": """
    do $$ begin
        for n in 1..300 loop
            execute format('create function public.f%s(user_id uuid, request_id uuid, kind text) returns text
                            language plpgsql stable as ''begin return (select name from public.profiles
                            where id = user_id); end''', n);
        end loop;
    end $$;
    grant execute on all functions in schema public to anon, authenticated;
    """,
    "a view with instead-of triggers": TABLE
    + """
    create view public.v with (security_invoker) as select * from public.t;
    create function public.f() returns trigger language plpgsql as 'begin perform pg_sleep(30); return new; end';
    create trigger f instead of insert or update or delete on public.v for each row execute function public.f();
    grant all on public.v to authenticated;
    """,
    "rules": TABLE
    + """
    create table public.log (n int);
    create rule r as on update to public.t do also insert into public.log values (1);
    create rule d as on delete to public.t do instead nothing;
    """,
    "a table of another role, forced": TABLE
    + "alter table public.t owner to service_role; alter table public.t force row level security;",
    "children": TABLE
    + "create table public.child (more text) inherits (public.t); grant select on public.child to authenticated;",
    "50 partitions": """
    create table public.t (id bigint, user_id uuid, text text, primary key (id)) partition by range (id);
    do $$ begin
        for n in 0..49 loop
            execute format('create table public.t%s partition of public.t for values from (%s) to (%s)', n, n, n + 1);
        end loop;
    end $$;
    insert into public.t select n, p.id, 'x' from generate_series(0, 49) n, (select id from public.profiles limit 1) p;
    alter table public.t enable row level security;
    create policy p on public.t using (user_id = (select auth.uid()));
    grant select, insert, update, delete on public.t to authenticated;
    """,
    "1,600 columns": """
    do $$ begin
        execute 'create table public.t (user_id uuid primary key, '
            || (select string_agg('c' || n || ' int', ', ') from generate_series(1, 1599) n) || ')';
    end $$;
    insert into public.t (user_id) select id from public.profiles limit 20;
    alter table public.t enable row level security;
    create policy p on public.t using (user_id = (select auth.uid()));
    grant select, insert, update, delete on public.t to authenticated;
    """,
    "no key, reserved and quoted names": """
    create table public."Select ""from" ("user" uuid, "order by" int, "100%s" text);
    insert into public."Select ""from" select id, 1, 'x' from public.profiles;
    alter table public."Select ""from" enable row level security;
    create policy "p"";" on public."Select ""from" using ("user" = (select auth.uid()));
    grant select, insert, update, delete on public."Select ""from" to authenticated;
    """,
    "a generated key": """
    create table public.t (user_id uuid, text text, n int, id text generated always as (
        md5(coalesce(text, '')) || n) stored primary key);
    insert into public.t (user_id, text, n) select id, 'x', row_number() over () from public.profiles limit 40;
    alter table public.t enable row level security;
    create policy p on public.t using (user_id = (select auth.uid()));
    grant select, insert, update, delete on public.t to authenticated;
    """,
    "odd types": """
    create type public.mood as enum ('good', 'bad');
    create domain public.feeling as public.mood;
    create type public.pair as (one int, two text);
    create table public.t (feeling public.feeling, user_id uuid, pair public.pair, pairs public.pair[], primary key (
        feeling, user_id));
    insert into public.t select 'good', id, row(1, 'x')::public.pair,
    array[row(1, 'x')::public.pair] from public.profiles limit 20;
    alter table public.t enable row level security;
    create policy p on public.t using (user_id = (select auth.uid()));
    grant select, insert, update, delete on public.t to authenticated;
    """,
    "generated columns alone, and none": """
    create table public.t (a int generated always as (1) stored, b text generated always as ('x') stored);
    insert into public.t default values;
    create table public.none ();
    insert into public.none default values;
    alter table public.t enable row level security;
    create policy p on public.t using (true);
    grant select, insert, update, delete on public.t, public.none to authenticated;
    """,
}

NEVER = ("policies that fail", "what is given away", "what is abused", "what constraints tell", "what widens reach")
# Who must say that something gave no answer; the others may have met nothing that takes its time.
NAMED = {
    "a policy that never ends": NEVER,
    "a policy that sleeps": NEVER,
    "a trigger that sleeps before": ("what widens reach",),
    "a trigger that sleeps after": ("what widens reach",),
    "a trigger that sleeps at the end": ("what widens reach",),
    "a trigger that never ends": ("what widens reach",),
    "functions without an end": ("what is abused", "functions that fail", "what is given away"),
}
# What may be named: the only things in the cases that can be at fault.
GUILTY = ("public.t", "public.f(", "public.g()", "public.h(", "public.v", "public.f", "what triggers copy")

ASKERS: dict[str, Callable[[Stage], Evidence]] = {
    "what widens reach": lambda stage: widened(stage.actor("outsiders") | stage.actor("alice") | stage.actor("bob")),
    "policies that fail": lambda stage: unusable(stage.actor("alice") | stage.actor("anon")),
    "what is given away": lambda stage: given_away(stage.actor("anon") | stage.actor("stranger")),
    "what is abused": lambda stage: abused(stage.actor("anon") | stage.actor("stranger")),
    "functions that fail": lambda stage: faulty(stage.actor("alice") | stage.actor("service_role")),
    "what constraints tell": lambda stage: telling(stage.actor("anon") | stage.actor("stranger")),
}
OWN = {
    "rows": {"own": "user_id = :me"},
    "reach": {command: {"everybody": ["own"]} for command in ("select", "insert", "update", "delete")},
}
TIMEOUT_MS = 1000
# The longest that an asker may take by its own limits, with a busy machine in mind.
MOST_S = 100


@pytest.fixture
def other(bench: Bench) -> Iterator[None]:
    """Somebody else, who holds an advisory lock."""
    with connect(bench.connection.info.dsn) as connection:
        connection.execute("select pg_advisory_lock(4711)")
        yield


@contextmanager
def scene(bench: Bench, sql: str) -> Iterator[Stage]:
    """Yield a stage on a database with something hostile in it, and little patience."""
    known = {**bench.known, "tables": {"public.t": OWN}, "statement_timeout_ms": TIMEOUT_MS}
    with staged(bench.connection, known, Log(), {}) as stage:
        bench.connection.execute(sql)
        yield stage


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("other")
def test_every_asker_comes_to_an_end_and_names_the_guilty(bench: Bench, case: str) -> None:
    for name, ask in ASKERS.items():
        with scene(bench, CASES[case]) as stage:
            begun = time.monotonic()
            found = ask(stage)
            took = time.monotonic() - begun
        assert took < MOST_S, f"{name}: {took:.0f} s"
        assert not found.unjudgeable or any(each in found.unjudgeable for each in GUILTY), (
            f"{name}: {found.unjudgeable}"
        )
        assert found.unjudgeable or name not in NAMED.get(case, ()), f"{name} said nothing"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("other")
def test_the_matrix_of_all_other_tables_is_judged(bench: Bench, case: str) -> None:
    with scene(bench, CASES[case]) as stage:
        begun = time.monotonic()
        found = judge(stage)
        took = time.monotonic() - begun
    assert took < MOST_S
    for shape in ("select", "update", "delete blind"):
        assert found.cell("alice", "public.help_requests", shape).verdict is Cell.OK
    unchecked = {cell.relation for cell in found.cells if cell.verdict is Cell.UNCHECKED}
    assert unchecked <= {"public.t"}
    assert bool(unchecked) == case.startswith(SLOW), unchecked


# Where the matrix gets no answer. What raises gives one.
SLOW = (
    "a policy that never ends",
    "a policy that sleeps",
    "a trigger that sleeps",
    "a trigger that never ends",
    "a trigger that waits",
)


def test_a_hostile_project_is_audited_to_the_end(tmp_path: Path) -> None:
    """All of it at once, as the only migration of a project, seeds and reports included."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "20260101000000_hostile.sql").write_bytes(HOSTILE.read_bytes())
    settings = tmp_path / "audit.toml"
    settings.write_text(f"[thresholds]\nstatement_timeout_ms = {2 * TIMEOUT_MS}\n", encoding="utf-8")
    outcome = audit(tmp_path / "out", f"--migrations={folder}", f"--settings={settings}")
    assert outcome.status == 1
    assert outcome.policies["MIG-01"]["verdict"] == "HOLDS"
    unchecked = outcome.having("UNCHECKED")
    assert {"EXPO-05", "EXPO-11", "RLS-07", "RLS-09", "SCHEMA-04"} <= unchecked
    reasons = " ".join(str(outcome.policies[name]["reason"]) for name in unchecked)
    assert "public.endless" in reasons
    assert "public.calm" not in reasons
    # What can be judged is: a recursion is a fault, not a lack of an answer.
    assert "public.circular" in {finding["object"] for finding in outcome.policies["RLS-05"]["findings"]}
