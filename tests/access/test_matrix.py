"""The access matrix: what a mistake in access.toml says, what is hostile to observe, and the draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from audit.access import declaration
from audit.access.draft import draft
from audit.access.matrix import Matrix, _vacuous, judge, opened_tables
from audit.access.results import Cell, Judged, Judgement
from audit.actors import Stage, staged
from audit.evidence import Log
from audit.people import CAST
from audit.results import Verdict
from audit.server.rights import STAND_IN
from tests.support.proving import POLICIES, Bench

ROOT = Path(__file__).parents[2]

TABLE = """
create table public.t (id bigint generated always as identity primary key, user_id uuid, text text);
insert into public.t (user_id, text) select id, 'x' from public.profiles;
alter table public.t enable row level security;
create policy p on public.t using (user_id = (select auth.uid()));
"""
READ = {"rows": {"own": "user_id = :me"}, "reach": {"select": {"everybody": ["own"]}}}


@contextmanager
def scene(bench: Bench, sql: str, tables: Mapping[str, Any]) -> Iterator[Stage]:
    """Yield a stage with one more table, and with what is declared of it."""
    with staged(bench.connection, {**bench.known, "tables": tables}, Log(), {}) as stage:
        bench.connection.execute(sql)
        yield stage


def judged(bench: Bench, sql: str, tables: Mapping[str, Any]) -> Judgement:
    """Return the matrix of a database with one more table."""
    with scene(bench, sql, tables) as stage:
        return judge(stage)


# Rows written anew lie behind the others, and ctid is what reads follow.
MOVED = "update public.t set text = text where id % {} = 0;"


@pytest.mark.parametrize(
    ("check", "reached"), [("user_id = (select auth.uid())", "some"), ("user_id is not null", "all"), ("false", "none")]
)
def test_who_may_insert_does_not_hang_on_where_rows_lie(bench: Bench, check: str, reached: str) -> None:
    policy = f"create policy i on public.t for insert to authenticated with check ({check});"
    policy += "grant select, insert on public.t to authenticated;"
    for moved in ("", MOVED.format(2), MOVED.format(3)):
        cell = judged(
            bench, TABLE.replace("on public.t using", "on public.t for select using") + policy + moved, {}
        ).cell("alice", "public.t", "insert")
        told = "none" if not cell.reached else "all" if cell.reached >= cell.rows else "some"
        assert (cell.verdict, told) == (Cell.UNDECLARED, reached)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("reach.select = { members = ['mine'] }", "line 2: reach.select.members: there are no rows called 'mine'"),
        ("reach.select = { people = ['all'] }", "line 2: unknown actor 'people'"),
        (
            "reach.truncate = { members = ['all'] }",
            "line 2: unknown key 'truncate' in tables.public.t.reach; the keys are delete, insert, select, update",
        ),
        ("rows.own = 3", "line 2: tables.public.t.rows.own must be a string"),
        ("rows.all = 'true'", "line 2: 'all' are all rows"),
        ("hidden = ['phone']", "line 2: tables.public.t.hidden must be a table"),
        ("\n[tables.'public.t'.fixed]\nalice = 'id'", "line 4: tables.public.t.fixed.alice must be a list of strings"),
        (
            "columns.delete = { alice = ['id'] }",
            "line 2: unknown key 'delete' in tables.public.t.columns; the keys are insert, select, update",
        ),
        ("columns.insert = ['id']", "line 2: tables.public.t.columns.insert must be a table"),
        ("columns = 1", "line 2: tables.public.t.columns must be a table"),
        ("review = 'yes'", "line 2: tables.public.t.review must be true or false"),
    ],
)
def test_a_mistake_in_the_form_ends_the_run(tmp_path, text, sentence):
    path = tmp_path / "access.toml"
    path.write_text(f"[tables.'public.t']\n{text}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"access\.toml") as caught:
        declaration.load(path)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"rows": {"own": "usr_id = :me"}}, 'rows.own of public.t does not run: column "usr_id" does not exist'),
        ({"hidden": {"everybody": ["phone"]}}, "public.t has no column phone"),
        ({"columns": {"insert": {"alice": ["phone"]}}}, "public.t has no column phone"),
        ({"rows": {"own": "user_id = "}}, "rows.own of public.t does not run"),
    ],
)
def test_what_does_not_fit_the_database_is_told_by_itself(bench, entry, sentence):
    found = judged(bench, TABLE, {"public.t": entry})
    assert [misfit for misfit in found.misfits if sentence in misfit] and not found.doubts


def test_one_wrong_line_leaves_the_rest_judged(bench, tmp_path):
    path = tmp_path / "access.toml"
    path.write_text(
        (ROOT / "schema" / "access.toml")
        .read_text(encoding="utf-8")
        .replace('hidden = { everybody = ["phone",', 'hidden = { everybody = ["phon", "phone",')
        + '[tables."public.gone"]\nserver_only = true\n[buckets.gone]\npublic = true\n'
        + "[functions.'public.gone()']\ncallers = ['admin']\n[tables.'no name']\nprivate = true\n",
        encoding="utf-8",
    )
    known = {**bench.known, **declaration.load(path).parameters()}
    lines = path.read_text(encoding="utf-8").splitlines()
    with staged(bench.connection, known, Log(), {}) as stage:
        matrix = Matrix(stage, [])
        assert not matrix.leaks() and not matrix.leaks("guest") and not matrix.lockouts()
        found = matrix.judgement()
    assert not any(evidence.unjudgeable for evidence in stage.log.judged)
    for text, sentence in {
        'hidden = { everybody = ["phon"': "public.profiles has no column phon",
        '[tables."public.gone"]': "table public.gone is not in this database",
        "[buckets.gone]": "bucket gone is not in this database",
        "[functions.'public.gone()']": "function public.gone() is not in this database",
        "[tables.'no name']": "table no name is not in this database",
    }.items():
        line = next(number for number, each in enumerate(lines, 1) if each.startswith(text))
        assert f"access.toml, line {line}: {sentence}" in found.misfits
    assert len(found.misfits) == 5


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("get diagnostics said = pg_context; return said not like E'%\\n%';", "pg_context"),
        ("return coalesce(now() > '2099-01-01', false);", "now"),
        ("return nextval('public.calls') > 100000;", "nextval(public.calls)"),
        ("return current_query() like '%pgrst_source%';", "current_query"),
        ("return public.chance() > 2;", "random"),
        # What says who calls, and a row that is compared with the clock, are the same everywhere.
        ("return auth.role() = 'service_role' and of = (select auth.uid());", ""),
        ("return exists (select from public.t where user_id = of and made > now());", ""),
    ],
)
def test_what_a_policy_does_elsewhere_is_not_known(bench, code, told):
    found = judged(
        bench,
        TABLE
        + f"""
        alter table public.t add column made timestamptz;
        create sequence public.calls;
        create function public.chance() returns float language sql as 'select random()';
        create function public.may(of uuid) returns boolean language plpgsql stable security definer as
        $$ declare said text; begin {code} end $$;
        create policy q on public.t using (public.may(user_id));
        grant select on public.t to authenticated;
        """,
        {"public.t": {"rows": {"own": "user_id = :me"}, "reach": {"select": {"signed_in": ["own"]}}}},
    )
    assert [*found.doubts] == (
        [f"q on public.t decides by {told}: whom it lets in elsewhere, or at another time, is not known"]
        if told
        else []
    )


@pytest.mark.parametrize(
    ("code", "doubted"),
    [
        ("perform set_config('role', 'service_role', true);", True),
        ("perform set_config('request.jwt.claims', '{}', true);", True),
        ("set local role service_role;", True),
        ("perform public.within();", True),
        ("perform set_config('response.headers', '[]', true);", False),
        ("if current_setting('request.path', true) = '/x' then raise exception 'no'; end if;", False),
    ],
)
def test_what_is_set_before_each_request_is_not_known(bench, code, doubted):
    found = judged(
        bench,
        TABLE
        + f"""
        create function public.within() returns void language plpgsql as
        $$ begin perform set_config('role', 'service_role', true); end $$;
        create function public.before() returns void language plpgsql as $$ begin {code} end $$;
        alter role authenticator set pgrst.db_pre_request = 'public.before';
        create policy q on public.t using (user_id = (select auth.uid()));
        grant select on public.t to authenticated;
        """,
        {"public.t": {"rows": {"own": "user_id = :me"}, "reach": {"select": {"signed_in": ["own"]}}}},
    )
    doubt = "public.before is called before each request (pgrst.db_pre_request) and sets who asks, which was not tried"
    assert [*found.doubts] == ([doubt] if doubted else [])


def test_a_token_holds_what_each_token_holds(bench):
    """Whom a policy lets in because they have a session is seen: all have one."""
    claims = ["iss", "iat", "exp", "aal", "amr", "session_id", "phone", "email", "app_metadata", "user_metadata"]
    policy = f"create policy q on public.t using (auth.jwt() ?& array{claims});"
    reads = judged(bench, TABLE + policy + "grant select on public.t to authenticated", {"public.t": READ})
    assert reads.cell("stranger", "public.t", "select").verdict is Cell.LEAK


def test_rows_that_cannot_be_told_apart_leave_their_table_undeclared(bench):
    found = judged(
        bench, TABLE + "grant select on public.t to authenticated", {"public.t": {"rows": {"own": "x = :me"}}}
    )
    verdicts = {cell.relation: set() for cell in found.cells}
    for cell in found.cells:
        verdicts[cell.relation].add(cell.verdict)
    assert verdicts.pop("public.t") == {Cell.UNDECLARED}
    assert all(Cell.UNDECLARED not in each for each in verdicts.values())
    assert not found.doubts and not found.undeclared


UNDECLARED = {"declared": {}, "callers": {}, "places": {}, "server_only_tables": [], "public_tables": []}


def test_where_nobody_declared_anything_that_is_one_sentence(bench):
    with staged(bench.connection, {**bench.known, **UNDECLARED}, Log(), {}) as stage:
        matrix = Matrix(stage, [])
        for evidence in (matrix.leaks(), matrix.lockouts(), matrix.leaks("guest")):
            assert not evidence.rows
            assert evidence.unjudgeable.startswith("nobody has declared who may reach what; the report shows")
        assert {cell.verdict for cell in matrix.judgement().cells} == {Cell.UNDECLARED}
        assert len(matrix.judgement().undeclared) == 1


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("true", False),  # opened to everybody signed in
        ("user_id is not distinct from (select auth.uid()) or (select auth.uid()) is null", True),
    ],
)
def test_of_undeclared_tables_a_caller_without_an_id_is_told_where_nobody_else_reaches(bench, policy, told):
    sql = f"""
    {TABLE} create policy q on public.t for select to authenticated using ({policy});
    grant select on public.t to authenticated
    """
    with staged(bench.connection, {**bench.known, **UNDECLARED}, Log(), {}) as stage:
        bench.connection.execute(sql)
        found = Matrix(stage, []).beyond("nobody", "anon")
    assert [row.object for row in found] == (["q on public.t"] if told else [])


@pytest.mark.parametrize("tables", [{}, {"public.t": {**READ, "review": True}}])
def test_a_table_that_nobody_declared_is_unchecked(bench, tables):
    with bench.connection.transaction(force_rollback=True):
        bench.connection.execute(TABLE + "grant select on public.t to authenticated")
        bench.judgements = []
        try:
            verdict = bench.ask(POLICIES["RLS-07"], bench.connection, {"tables": tables}).verdict
        finally:
            bench.judgements = bench.untouched
    assert verdict is Verdict.UNCHECKED


def test_what_reaches_as_declared_is_in_order(bench):
    found = judged(bench, TABLE + "grant select on public.t to anon, authenticated", {"public.t": READ})
    cells = [cell for cell in found.cells if cell.relation == "public.t"]
    assert len(cells) == 9 * 6
    assert {str(cell.verdict) for cell in cells} == {"OK"}


def test_every_cell_of_the_reference_tells(bench):
    with bench.connection.transaction(force_rollback=True):
        bench.judgements = bench.untouched
        bench.ask(POLICIES["RLS-07"], bench.connection)
    (judgement,) = bench.untouched
    cells = [cell for cell in judgement.cells if " column " not in cell.shape]
    assert len(cells) > 300
    assert [cell.object for cell in cells if cell.verdict is Cell.VACUOUS] == []


def test_rows_that_decide_are_made_where_a_tenant_stands_alone(bench):
    """All rows are one company's, and none of the cast works for any: somebody is put there, and reads the others'."""
    sql = """
    create table public.staff (
        company integer, user_id uuid references public.profiles (id), primary key (company, user_id));
    create table public.quotes (
        id bigint generated always as identity primary key, company integer not null, said text);
    alter table public.staff enable row level security;
    alter table public.quotes enable row level security;
    grant select on public.staff, public.quotes to authenticated;
    grant update (said) on public.quotes to authenticated;
    create policy own on public.staff for select to authenticated using (user_id = (select auth.uid()));
    create policy read on public.quotes for select to authenticated
        using (exists (select from public.staff s where s.user_id = (select auth.uid())));
    create policy change on public.quotes for update to authenticated
        using (company in (select s.company from public.staff s where s.user_id = (select auth.uid())));
    insert into public.quotes (company) select 1 + n / 9 from generate_series(1, 10) as n;
    """
    people = ", ".join(f"'{who.id}'" for who in CAST.values() if who.id)
    sql += f"insert into public.staff select 1, id from public.profiles where id not in ({people}) limit 5;"
    found = judged(bench, sql, {})
    assert [(each.policy, each.relation) for each in found.doubtful] == [("read", "public.quotes")]


HOSTILE = {
    "a trigger that sleeps": (
        """
        create function public.f() returns trigger language plpgsql as $$ begin
            perform pg_sleep(60); return new; end $$;
        create trigger f before update on public.t for each row execute function public.f();
        grant select, update on public.t to authenticated
        """,
        "alice",
        "update",
        Cell.UNCHECKED,
    ),
    "a policy that never ends": (
        """
        create function public.f() returns boolean language plpgsql as $$ begin loop null; end loop; end $$;
        create policy q on public.t as restrictive for select using (public.f());
        grant execute on function public.f() to public;
        grant select on public.t to authenticated
        """,
        "alice",
        "select",
        Cell.UNCHECKED,
    ),
    "a policy that asks its own table": (
        """
        create policy q on public.t as restrictive for select using (exists (select from public.t));
        grant select on public.t to authenticated
        """,
        "alice",
        "select",
        Cell.BROKEN,
    ),
    "a deferred constraint": (
        """
        alter table public.t add foreign key (user_id) references public.profiles deferrable initially deferred;
        grant select, delete on public.t to authenticated
        """,
        "alice",
        "delete",
        Cell.LEAK,
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_hostile_ends_in_a_verdict(bench, case):
    sql, actor, shape, verdict = HOSTILE[case]
    found = judged(bench, TABLE + sql, {"public.t": READ})
    assert found.cell(actor, "public.t", shape).verdict is verdict
    assert found.cell(actor, "public.help_requests", "select").verdict is Cell.OK


ODD = {
    "no key, quoted names, a generated column": """
        create table public."Select" ("user" uuid, "order by" int, g text generated always as ('x') stored);
        insert into public."Select" select id, 1 from public.profiles;
        alter table public."Select" enable row level security;
        create policy p on public."Select" using ("user" = (select auth.uid()));
        grant select ("user"), delete on public."Select" to anon, authenticated
        """,
    "1,600 columns": """
        do $$ begin
            execute 'create table public."Select" ("user" uuid primary key, '
                || (select string_agg('c' || n || ' int', ', ') from generate_series(1, 1599) n) || ')';
        end $$;
        insert into public."Select" select id from public.profiles limit 20;
        alter table public."Select" enable row level security;
        create policy p on public."Select" using ("user" = (select auth.uid()));
        grant select, delete on public."Select" to anon, authenticated
        """,
    "partitions with columns in another order": """
        create table public."Select" (id int, "user" uuid, primary key (id, "user")) partition by list (id);
        create table public.part ("user" uuid not null, id int not null);
        alter table public."Select" attach partition public.part default;
        insert into public."Select" select 1, id from public.profiles;
        alter table public."Select" enable row level security;
        create policy p on public."Select" using ("user" = (select auth.uid()));
        grant select, delete on public."Select" to anon, authenticated
        """,
}


@pytest.mark.parametrize("case", ODD)
def test_odd_tables_are_observed(bench, case):
    rows = {"own": '"user" = :me'}
    whole = {"rows": rows, "reach": {c: {"everybody": ["own"]} for c in ("select", "delete")}}
    found = judged(bench, ODD[case], {'public."Select"': whole})
    cells = [cell for cell in found.cells if cell.relation == 'public."Select"']
    assert {str(cell.verdict) for cell in cells} == {"OK"}
    assert found.cell("alice", 'public."Select"', "delete blind").reached == 1


def test_a_leak_names_the_policy_that_let_the_row_through(bench):
    sql = """
    create policy "let in" on public.t for select using (text = 'x' and (select auth.role()) = 'authenticated');
    grant select on public.t to anon, authenticated
    """
    cell = judged(bench, TABLE + sql, {"public.t": READ}).cell("alice", "public.t", "select")
    assert (cell.verdict, cell.policies, cell.leaked) == (Cell.LEAK, ('"let in"',), cell.rows - 1)


def test_nobody_is_asked_with_anothers_plan(bench):
    """A function that is falsely IMMUTABLE is worked out as a statement is planned; deep below what a policy calls."""
    sql = """
    create function public.me() returns uuid language plpgsql immutable as 'begin return auth.uid(); end';
    create function public.mine(owner uuid) returns boolean language sql stable as 'select owner = public.me()';
    create policy q on public.t as restrictive using (public.mine(user_id));
    grant select, delete on public.t to authenticated
    """
    reach = {**READ["reach"], "delete": {"everybody": ["own"]}}
    found = judged(bench, TABLE + sql, {"public.t": {**READ, "reach": reach}})
    cells = [cell for cell in found.cells if cell.relation == "public.t" and cell.actor != "anon"]
    assert {str(cell.verdict) for cell in cells} == {"OK"}


def test_the_draft_says_what_is_so_and_can_be_read(bench, tmp_path):
    with scene(bench, TABLE + "grant select, delete on public.t to authenticated", {}) as stage:
        text = "\n".join(draft(stage))
    path = tmp_path / "access.toml"
    path.write_text(text, encoding="utf-8")
    declared = declaration.load(path).declared["public.t"]
    assert declared.review
    assert declared.rows == {"own": "user_id = :me"}
    assert declared.reach["select"] == {"signed_in": ("own",)}
    assert "anon" not in declared.reach["select"]


def test_a_condition_that_no_row_decides_is_unchecked(bench):
    told = "public.help_requests: there is no row for which status = 'open' (policy p)"
    with staged(bench.connection, bench.known, Log(), {}, undecided=(told, "private.t: not exposed")) as stage:
        matrix = Matrix(stage, [])
        assert matrix.leaks().unjudgeable == told
        assert "no row for which" in matrix.lockouts().unjudgeable


def test_a_table_of_which_everybody_may_have_every_row_is_unchecked(bench):
    mine = "insert into public.t (user_id, text) values ('%s', 'x'); delete from public.t where user_id <> '%s';"
    alone = TABLE.replace("alter table", mine.replace("%s", str(CAST["alice"].id)) + "alter table", 1)
    everybody = {"rows": {"named": "text = 'x'"}, "reach": {"select": {"everybody": ["named"]}}}
    grant = "grant select on public.t to authenticated; create policy q on public.t using (text = 'x');"
    with scene(bench, alone + grant, {"public.t": everybody}) as stage:
        assert "public.t has no row that select could reach beyond named" in Matrix(stage, []).leaks().unjudgeable


def test_a_table_that_cannot_be_looked_at_costs_no_other_its_verdict(bench):
    closed = f"""
    create table public.shut (id bigint primary key);
    revoke all on public.shut from public, postgres, anon, authenticated, service_role;
    alter table public.t owner to postgres;
    set local session authorization {STAND_IN};
    """
    with scene(bench, TABLE + "grant select on public.t to authenticated;" + closed, {"public.t": READ}) as stage:
        told = judge(stage)
        words = "\n".join(draft(stage, only=None))
    assert "public.shut could not be looked at: permission denied for table shut" in told.doubts
    assert any(cell.relation == "public.t" and cell.verdict is Cell.OK and cell.reached for cell in told.cells)
    assert not any(cell.relation == "public.shut" for cell in told.cells)
    assert "# not seen: public.shut could not be looked at (permission denied for table shut)" in words


def test_rules_for_roles_that_nobody_calls_with_say_nothing_of_callers(bench):
    sql = """
    alter table public.t add column door_code text not null default 'x';
    create role door_keeper nologin;
    create policy keeper on public.t to door_keeper using (text = (select current_setting('request.apikey.door')));
    grant select on public.t to authenticated;
    """
    with scene(bench, TABLE + sql, {}) as stage:
        told = Matrix(stage, []).codes()
        assert (told.unjudgeable, [row.object for row in told if "public.t" in row.object]) == ("", [])


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("exists (select from public.desk_admins d where d.user_id = (select auth.uid()))", []),
        ("exists (select from public.desk_admins d)", ["office on public.t"]),
        ("exists (select from public.desk_guests d where d.user_id = (select auth.uid()))", ["office on public.t"]),
    ],
    ids=["whoever holds it", "whoever asks", "no office"],
)
def test_an_outsider_who_holds_an_office_reads_codes(bench: Bench, rule: str, told: list[str]) -> None:
    sql = f"""
    alter table public.t add column door_code text not null default 'x';
    create table public.desk_admins (user_id uuid primary key);
    create table public.desk_guests (user_id uuid primary key);
    insert into public.desk_admins values ('{CAST["pending"].id}');
    insert into public.desk_guests values ('{CAST["pending"].id}');
    create policy office on public.t for select to authenticated using ({rule});
    grant select on public.t, public.desk_admins, public.desk_guests to authenticated;
    """
    with scene(bench, TABLE + sql, {}) as stage:
        assert [row.object for row in Matrix(stage, []).codes() if "public.t" in row.object] == told


@pytest.mark.parametrize("bob", [Cell.VACUOUS, Cell.OK])
def test_what_callers_without_an_id_are_kept_from_tells_nothing_of_members(bob):
    verdicts = {"nobody": Cell.OK, "alice": Cell.VACUOUS, "bob": bob}
    cells = [Judged(who, "public.t", "select", verdict, rows=3, declared=("own",)) for who, verdict in verdicts.items()]
    told = ["public.t has no row that select could reach beyond own"]
    assert _vacuous(cells) == (told if bob is Cell.VACUOUS else [])


# What a project's code may try while it is asked: our settings, what is ordered and noted, and functions of its own
# that fit better than the server's where a name has no schema.
BOUGHT = """
create function public.bought() returns boolean language plpgsql as $$ begin
    perform set_config(name, value, true) from (values
        ('audit.cell', '-99'), ('audit.mode', 'act'), ('audit.wanted', '[]'),
        ('chain.relation', to_regclass('public.t')::oid::text), ('chain.keys', '[]')) as x (name, value);
    begin perform setval('pg_temp.audit_now', 3); exception when others then null; end;
    begin delete from pg_temp.audit_hit; exception when others then null; end;
    return true;
end $$;
"""
NAMES = """
create function public.to_jsonb(public.t) returns jsonb language sql as $$ select '{}'::jsonb $$;
create function public.format(text, text, text, text) returns text language sql as $$ select 'select null::text[]' $$;
create function public.cardinality(text[]) returns integer language sql as 'select 0';
create function public.gone(text[], text) returns text[] language sql as $$ select '{}'::text[] $$;
create aggregate public.array_agg(text) (sfunc = public.gone, stype = text[], initcond = '{}');
"""


# A function like it, by which whoever asks would be the auditor again: by commands, settings, and what shows them.
UNDO = "begin execute 'delete from pg_temp.audit_hit'; exception when others then null; end;"
BECOME = {
    "a role": "execute 'reset ' || 'role';",
    "a login": "execute 'reset ' || 'session authorization';",
    "a setting": "perform set_config('role', 'none', true);",
    "a view": "update pg_settings set setting = 'none' where name = 'role';",
}
INSTEAD = """
create function public.bought() returns boolean language plpgsql as $$ begin
    begin {} exception when others then null; end;
    return true;
end $$;
"""


@pytest.mark.parametrize(
    "code",
    [BOUGHT, BOUGHT + NAMES, *(INSTEAD.format(become + UNDO) for become in BECOME.values())],
    ids=["settings and orders", "names", *BECOME],
)
def test_the_projects_code_buys_no_verdict(bench: Bench, code: str) -> None:
    sql = TABLE.replace("using (user_id = (select auth.uid()))", "using (public.bought())")
    sql += "grant select, update, delete on public.t to authenticated;"
    # Functions whose arguments are the table's row cannot be made before it.
    first, *others = code.split("create function public.to_jsonb")
    told = judged(bench, "create function public.to_jsonb".join([first + sql, *others]), {"public.t": READ})
    for shape in ("select", "update", "update blind", "delete", "delete blind"):
        cell = told.cell("alice", "public.t", shape)
        assert (cell.verdict, cell.reached) == (Cell.LEAK, cell.rows), (shape, cell)
        assert cell.rows > 1


# Where a function of a policy prepares something else under the name of what is executed for people.
POISON = """
create function public.bought() returns boolean language plpgsql as $$ declare n text; begin
    for n in select name from pg_prepared_statements where name ~ '{}' loop
        execute format('deallocate %I', n);
        execute format('prepare %I as {}', n);
    end loop;
    return true;
end $$;
"""


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("update|delete", "update public.t set text = text where false"),
        ("rows", "select array[]::text[], array[]::text[]"),
        ("select", "select null::text[]"),
    ],
)
def test_what_is_asked_is_what_was_prepared(bench: Bench, name: str, statement: str) -> None:
    sql = TABLE.replace("using (user_id = (select auth.uid()))", "using (public.bought())")
    sql += "grant select, update, delete on public.t to authenticated;"
    told = judged(bench, POISON.format(name, statement) + sql, {"public.t": READ})
    cells = [told.cell(who, "public.t", shape) for who in ("alice", "bob") for shape in ("select", "update", "delete")]
    assert {cell.verdict for cell in cells} <= {Cell.LEAK, Cell.UNCHECKED}, cells


def test_plans_are_kept_where_no_function_says_that_it_is_what_it_is_not(bench: Bench) -> None:
    with scene(bench, TABLE, {}) as stage, opened_tables(stage, {}) as (observatory, _):
        assert observatory.cursor.execute("select from pg_temp.audit_fresh").fetchall() == []


@pytest.mark.parametrize(
    "what",
    [
        'alter function pg_temp."audit_as authenticated" security invoker',
        'alter function pg_temp."audit_as authenticated" set search_path = public',
        """
        do $x$ begin
            drop function pg_temp."audit_as authenticated";
            create function pg_temp."audit_as authenticated"(text, jsonb, boolean) returns bigint
            language sql as 'select 1';
        end $x$
        """,
    ],
)
def test_nobody_makes_something_else_of_what_acts_for_them(bench: Bench, what: str) -> None:
    act = "select pg_temp.audit_act('authenticated', %s)"
    with scene(bench, TABLE, {}) as stage, opened_tables(stage, {}) as (observatory, _):
        assert observatory.cursor.execute(act, ["select"]).fetchall() == [(1,)]
        observatory.cursor.execute(act, [what])
        with pytest.raises(psycopg.Error, match="code of the project changed what is asked"):
            observatory.cursor.execute(act, ["select"])


def test_roles_act_where_nobody_may_make_temporary_things(bench: Bench) -> None:
    sql = f"""
    do $$ begin
        execute format('revoke all on database %I from public, anon, authenticated', current_database());
        execute format('alter database %I owner to postgres', current_database());
    end $$;
    alter table public.t owner to postgres;
    grant select, update on public.t to authenticated;
    set local session authorization {STAND_IN};
    """
    with scene(bench, TABLE + sql, {"public.t": READ}) as stage:
        told = judge(stage)
    cell = told.cell("alice", "public.t", "select")
    assert (cell.verdict, cell.reached) == (Cell.OK, 1), (told.unjudgeable, told.doubts)
    update = told.cell("alice", "public.t", "update")
    assert (update.verdict, update.reached) == (Cell.LEAK, 1)


# What a function does that a declaration names, which the auditor asks: any of it would hide the open policy.
ASIDE = """
create function public.owned(somebody uuid) returns boolean language plpgsql as $$ begin
    if somebody = auth.uid() then {} end if;
    return somebody = auth.uid();
end $$;
"""


@pytest.mark.parametrize(
    "deed",
    [
        "drop policy if exists p on public.t;",
        "delete from public.t where user_id <> auth.uid();",
        """
        create or replace function pg_temp.audit_first() returns trigger language plpgsql as 'begin return null; end';
        """,
        "perform setval('pg_temp.audit_now', 3);",
    ],
)
def test_what_is_declared_changes_nothing(bench: Bench, deed: str) -> None:
    sql = (
        TABLE.replace("user_id = (select auth.uid())", "true")
        + "grant select, update, delete on public.t to authenticated;"
    )
    rows = {"rows": {"own": "public.owned(user_id)"}, "reach": {"select": {"everybody": ["own"]}}}
    told = judged(bench, ASIDE.format(deed) + sql, {"public.t": rows})
    for shape in ("select", "update", "update blind", "delete"):
        cell = told.cell("alice", "public.t", shape)
        assert (cell.verdict, cell.reached) == (Cell.LEAK, 207), (shape, cell)
