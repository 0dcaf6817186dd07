"""What was not built: causes and consequences, what no file creates, and what is not certain for it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from audit.causes import Cause
from audit.connection import connect
from audit.evidence import Evidence, Log, Population
from audit.policy import Policy, Severity
from audit.results import Migration, Offence, Ruling, Thing, Trouble, Verdict
from audit.server.rights import OWNER, login
from audit.unbuilt import NOWHERE, built, doubted, not_built, unapplied, uncertain


@pytest.fixture(scope="module")
def server(target):
    return target.server


@pytest.fixture
def build(server, tmp_path):
    """Build files given as ``{name: text}`` in a copy of the reference database."""

    def build(files, *, folder="kept", before=None, piecewise=True):
        for name, text in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        dsn = server.clone_database("unbuilt")
        try:
            with connect(dsn) as connection:
                connection.execute("alter database unbuilt owner to postgres")
            with connect(login(server.dsn_of("unbuilt"), OWNER)) as connection:
                place = tmp_path / folder
                found = built(connection, place, before and tmp_path / before, piecewise=piecewise)
                build.exposed = connection.execute(
                    "select setconfig from pg_db_role_setting s join pg_roles r on r.oid = s.setrole "
                    "where r.rolname = 'authenticator' and setdatabase = 0"
                ).fetchone()
                connection.execute("alter role authenticator reset pgrst.db_schemas")
                return found
        finally:
            server.drop_database("unbuilt")

    return build


def rows(migrations):
    return {row.object: row for row in unapplied(migrations, Log())}


def test_what_follows_from_a_cause_is_told_with_it(build):
    migrations, made = build(
        {
            "1_a.sql": "create table public.shops (id int primary key, kind nonsense);\n",
            "2_b.sql": "alter table public.shops enable row level security;\n"
            "create table public.goods (id int primary key, shop int references public.shops (id));\n",
            "3_c.sql": "insert into public.goods values (1, 1);\n",
            "4_d.sql": "create table public.other (id int primary key);\nselect nothing;\n",
        }
    )
    found = rows(migrations)
    assert set(found) == {"1_a.sql", "4_d.sql"}
    details = found["1_a.sql"].details
    assert (details["line"], details["error"]) == (1, 'type "nonsense" does not exist')
    assert details["consequences"] == "3 statements cannot run for it"
    assert details["consequences in"] == "2_b.sql:1, 2_b.sql:2, 3_c.sql:1"
    assert "consequences" not in found["4_d.sql"].details
    assert made.summary == f"built: 0 of 4 files; {made.tables} of {made.tables + 2} tables"
    assert made.missing == ("public.goods", "public.shops")
    assert made.no_baseline == ""


def test_what_the_platform_keeps_for_itself_is_there_all_the_same(build):
    text = "create or replace function auth.{}() returns text language sql stable as $$ select 'x' $$;\n"
    migrations, _ = build({"1_a.sql": text.format("email") + text.format("mine")})
    assert "permission denied for schema auth" in rows(migrations)["1_a.sql"].details["error"]
    assert [str(thing) for thing in uncertain(migrations)] == ["function auth.mine"]


def test_what_is_published_already_is_there(build):
    text = "create table public.shops (id int);\n" + "alter publication supabase_realtime add table public.shops;\n" * 2
    migrations, _ = build({"1_a.sql": text})
    assert "already member" in rows(migrations)["1_a.sql"].details["error"]
    assert uncertain(migrations) == ()


@pytest.mark.parametrize(
    ("text", "extension"),
    [
        ("select cron.schedule('a', '* * * * *', 'select 1');", "pg_cron"),
        ("do $$ begin perform cron.unschedule(jobid) from cron.job; end $$;", "pg_cron"),
        ("create table public.shops (id int, place vector(3));", "vector"),
        ("create table public.shops (id int, place extensions.citext);", "citext"),
        ("create table public.shops (name text); create index on public.shops using gin (name gin_trgm_ops);",
         "pg_trgm"),
        ("create function public.f() returns bigint language sql as $$ select net.http_post('http://x') $$;",
         "pg_net"),
    ],
)  # fmt: skip
def test_an_extension_that_was_enabled_elsewhere_is_told_once_and_made(build, text, extension):
    migrations, _ = build({"1_a.sql": text, "2_b.sql": text.replace("shops", "goods").replace("f()", "g()")})
    (found,) = rows(migrations).values()
    assert found.object == "1_a.sql"
    assert "does not exist" in found.details["error"]
    assert found.details["error"].endswith(f"; no file before it creates the extension {extension}")
    assert uncertain(migrations) == ()


def test_a_forgotten_semicolon_leaves_nothing_out(build):
    migrations, made = build(
        {
            "1_a.sql": "create table public.shops (id int primary key)\n"
            "create table public.goods (id int primary key, shop int references public.shops (id));\n",
            "2_b.sql": "insert into public.goods values (1, null);\n",
        }
    )
    (found,) = rows(migrations).values()
    assert (found.object, found.details["line"]) == ("1_a.sql", 2)
    assert found.details["error"] == 'syntax error at or near "create"; a semicolon seems to be missing before it'
    assert "consequences" not in found.details
    assert (made.missing, made.no_baseline) == ((), "")
    assert made.summary == f"built: 1 of 2 files; {made.tables} of {made.tables} tables"


def test_of_what_runs_on_the_wrong_part_alone_fails(build):
    migrations, made = build(
        {
            "1_a.sql": "create table public.shops (id int primary key)\n"
            "create table public.goods (kind nonsense)\ncreate table public.more (id int);\n"
        }
    )
    assert made.missing == ("public.goods",)
    assert {str(each) for migration in migrations for trouble in migration.troubles for each in trouble.made} == {
        "table public.goods"
    }


def test_a_column_that_failed_is_a_cause_too(build):
    migrations, _ = build(
        {
            "1_a.sql": "alter table public.profiles add column rank nonsense;\n",
            "2_b.sql": "create index on public.profiles (rank);\nupdate public.profiles set rank = 1;\n",
        }
    )
    assert rows(migrations)["1_a.sql"].details["consequences"] == "2 statements cannot run for it"


def test_rows_and_keys_that_failed_are_causes_too(build):
    migrations, _ = build(
        {
            "1_a.sql": "create table public.up (id int primary key, code text);\n"
            "create table public.down (id int primary key, up int references public.up (id));\n",
            "2_b.sql": "insert into public.up values (1, nonsense);\n",
            "3_c.sql": "insert into public.down values (1, 1);\n",
            "4_d.sql": "create unique index up_code on public.up (code) where folly;\n",
            "5_e.sql": "insert into public.up values (2, 'x') on conflict (code) do nothing;\n",
            "6_f.sql": "insert into public.down values (2, 7);\ninsert into public.down values (3, null), (3, null);\n",
        }
    )
    found = rows(migrations)
    assert set(found) == {"2_b.sql", "4_d.sql", "6_f.sql"}
    assert found["6_f.sql"].details["error"] == "unique violation, table public.down, constraint down_pkey"
    assert found["2_b.sql"].details["consequences in"] == "3_c.sql:1"
    assert found["4_d.sql"].details["consequences in"] == "5_e.sql:1, 6_f.sql:1"


def test_a_column_that_several_files_count_on_and_none_makes_is_one_cause(build):
    migrations, _ = build(
        {
            "1_a.sql": "create policy p on public.profiles using (lodge = 'x');\n",
            "2_b.sql": "create index on public.profiles (lodge);\nselect lodge from public.profiles;\n",
            "3_c.sql": "select lodge from public.profiles;\n",
        }
    )
    (row,) = rows(migrations).values()
    assert row.object == "what no migration creates"
    assert row.details["error"] == "column lodge: no file creates it"
    assert row.details["consequences"] == "4 statements cannot run for it"


def test_one_error_of_several_statements_is_one_cause(build):
    migrations, _ = build({"1_a.sql": "select 1 / 0;\nselect 2 / 0;\ncreate table x (y nonsense);\n"})
    found = rows(migrations)
    assert set(found) == {"1_a.sql", '1_a.sql: type "nonsense" does not exist'}
    assert found["1_a.sql"].details["likewise"] == "1 more statement fails for the same"


def test_files_of_one_version_are_told_together():
    same = [Migration(f"1_{name}.sql", True, twice="1_a.sql" if name != "a" else "") for name in "abcd"]
    (row,) = rows(same).values()
    assert row.object == "1_b.sql: the version of 1_a.sql"
    assert row.details["also"] == "1_c.sql, 1_d.sql"


def test_many_files_of_versions_that_others_have_are_one_cause():
    same = [
        Migration(f"{n}_{name}.sql", True, twice=f"{n}_a.sql" if name == "b" else "") for n in "1234" for name in "ab"
    ]
    (row,) = rows(same).values()
    assert row.object == "versions that several files have"
    assert row.details["also"] == "2_b.sql, 3_b.sql, 4_b.sql"


def test_what_comes_too_late_for_several_statements_is_one_cause(build):
    migrations, _ = build(
        {
            "1_a.sql": "create index on public.late (id);\ninsert into public.late values (1);\n",
            "2_b.sql": "create policy p on public.late using (true);\n",
            "3_c.sql": "create table public.late (id int primary key);\n",
        }
    )
    found = rows(migrations)
    assert set(found) == {"1_a.sql"}
    assert found["1_a.sql"].details["consequences in"] == "1_a.sql:2, 2_b.sql:1"


def test_what_comes_later_is_said(build):
    migrations, _ = build(
        {
            "20240811000000_a.sql": "alter table public.late add column b int;\n",
            "20250107_b.sql": "create table public.late (id int primary key);\n",
        }
    )
    (row,) = unapplied(migrations, Log())
    assert row.details["error"] == 'relation "public.late" does not exist; 20250107_b.sql creates it, and comes later'


def test_what_no_file_creates_is_told_first_and_once(build):
    migrations, made = build(
        {
            "1_a.sql": "alter table public.alpha add column b int;\ncreate policy p on beta using (true);\n",
            "2_b.sql": "create table public.gamma (id int primary key, a int references public.alpha (id));\n"
            "grant select on public.gamma to anon;\n",
            "3_c.sql": "select nonsense;\n",
        }
    )
    found = list(unapplied(migrations, Log()))
    assert [row.object for row in found] == [NOWHERE, "3_c.sql"]
    assert found[0].details["needed first"] == "1_a.sql, line 1"
    assert found[0].details["consequences"] == "4 statements cannot run for it"
    assert "--schema=FILE" in (found[0].fix or "")
    assert made.no_baseline == (
        "2 tables are created by no migration (public.alpha, beta): these files alone cannot be judged"
    )
    assert made.missing == ("beta", "public.alpha", "public.gamma")
    assert any("care-audit check --target=" in each for each in made.advice)
    assert any("--schema=schema.sql" in each for each in made.advice)


def test_a_mistake_in_one_file_is_no_missing_baseline(build):
    migrations, made = build({"1_a.sql": "alter table public.profils add column b int;\n", "2_b.sql": "select 1;\n"})
    assert set(rows(migrations)) == {"1_a.sql"}
    assert made.no_baseline == ""
    assert made.advice == ()


def test_a_baseline_is_looked_for_in_the_repository(build, tmp_path):
    (tmp_path / ".git").mkdir()
    for name, text in {
        "docs/schema.sql": "create table public.alpha (id int primary key);\ncreate table beta (id int primary key);",
        "supabase/schemas/a.sql": "create table public.alpha (id int);",
        "supabase/schemas/b.sql": "create table public.beta (id int);",
        "node_modules/x/y.sql": "create table public.alpha (id int); create table public.beta (id int)",
        "other.sql": "\\i broken",
        "src/database.types.ts": "type Database = {\n  public: {\n    Tables: {\n      alpha: {\n        Row: {\n"
        "        }\n      }\n      beta: {\n      }\n    }\n    Views: {\n      gamma: {\n      }\n    }\n  }\n}\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    files = {"1_a.sql": "alter table public.alpha add column b int;\nalter table public.beta add column b int;\n"}
    migrations, made = build(files, folder="supabase/migrations")
    assert made.advice[:2] == (
        "docs/schema.sql creates 2 of them: --before=docs/schema.sql",
        "supabase/schemas creates 2 of them: --before=supabase/schemas",
    )
    assert any(each.startswith("the generated database types know 2 tables, ") for each in made.advice)
    for before in ("docs/schema.sql", "supabase/schemas"):
        migrations, made = build(files, folder="supabase/migrations", before=before)
        assert not unapplied(migrations, Log()).rows
        assert made.no_baseline == ""


def test_what_a_baseline_has_already_is_no_fault(build, tmp_path):
    (tmp_path / "base.sql").write_text("create table public.alpha (id int primary key, b int, c int);\n")
    migrations, _ = build(
        {
            "1_a.sql": "create table public.alpha (id int primary key);\n",
            "2_b.sql": "alter table public.alpha add column b int;\ncreate index on public.alpha (b);\n",
            "3_c.sql": "create table public.profiles (id int);\n",
        },
        before="base.sql",
    )
    assert set(rows(migrations)) == {"3_c.sql"}


def test_what_this_server_lacks_is_set_aside_with_what_needs_it(build):
    migrations, made = build(
        {
            "1_a.sql": "create extension no_such_kind;\ncreate table public.kept (id int primary key);\n",
            "2_b.sql": "create table public.shapes (id int primary key, shape public.no_such_kind);\n",
            "3_c.sql": "alter table public.shapes enable row level security;\nselect storage.no_such_function();\n",
        }
    )
    assert [each.applied for each in migrations] == [True, True, True]
    assert all(trouble.aside for each in migrations for trouble in each.troubles)
    evidence = unapplied(migrations, Log())
    assert not evidence.rows
    assert evidence.unjudgeable.startswith("4 statements were set aside, and what they make could not be looked at: ")
    assert "no_such_kind" in evidence.unjudgeable
    assert made.missing == ("public.shapes",)


def test_two_files_of_one_version_are_told_outside_the_gate(build):
    migrations, _ = build({"1_a.sql": "select 1;", "1_b.sql": "create table public.both (id int primary key);"})
    ((name, row),) = rows(migrations).items()
    assert name == "1_b.sql: the version of 1_a.sql"
    assert "same version as 1_a.sql" in str(row.details["error"])
    assert all(each.applied for each in migrations)


def test_a_file_left_out_as_a_whole_is_understood_too(build):
    migrations, made = build(
        {
            "1_a.sql": "create table public.shops (id int primary key);\nselect nonsense;\n",
            "2_b.sql": "alter table public.shops enable row level security;\n",
        },
        piecewise=False,
    )
    assert rows(migrations)["1_a.sql"].details["consequences in"] == "2_b.sql:1"
    assert made.missing == ("public.shops",)


def test_the_projects_configuration_is_used(build):
    config = "[api]\nschemas = ['public', 'shop']\n[db]\nmajor_version = 9\n"
    files = {"../config.toml": config, "../seed.sql": "select 1;", "1_a.sql": "create schema shop;", "fix.sql": ""}
    _, made = build(files, folder="supabase/migrations")
    assert "pgrst.db_schemas=public, shop" in build.exposed[0]
    notes = "\n".join(made.notes)
    assert "fix.sql is not applied: its name is not <timestamp>_name.sql" in notes
    assert "exposed schemas as supabase/config.toml has them: public, shop" in notes
    assert "supabase/config.toml says PostgreSQL 9" in notes
    assert "seed files are not loaded (seed.sql)" in notes
    assert made.layout == "1 file, Supabase CLI, 1 skipped"


# --- What is not certain


def policy():
    return Policy("X-01", "test_x", Severity.P1, "r", "t", "e", "fix", "", "core", "", lambda auditor: None)


def ruled(verdict, question, *, offences=(), reason="", touched=(), lacks=None):
    """Return what a policy says after it asked a question, where one statement was not executed."""
    log = Log()
    if question is not None:
        Evidence((), about="x", log=log, population=Population(1, "x"), question=question)
    trouble = Trouble(1, "e", lacks=lacks, touched=touched)
    migrations = [Migration("1_a.sql", False, "e", 1, troubles=(trouble,) if touched or lacks else ())]
    return doubted(Ruling(policy(), verdict, reason, offences=offences), log, migrations)


TABLE = Thing("table", "public", "shops")
INDEX = Thing("index", "public", "shops_i", "shops")
COLUMN = Thing("column", "public", "rating", "shops")
POLICY = Thing("policy", "public", "p", "shops")


@pytest.mark.parametrize(
    ("question", "touched", "verdict"),
    [
        ("select oid from pg_catalog.pg_class c", TABLE, Verdict.UNCHECKED),
        ("select from pg_catalog.pg_policy p join pg_catalog.pg_class c on true", TABLE, Verdict.UNCHECKED),
        ("select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on true", TABLE, Verdict.HOLDS),
        ("select from pg_catalog.pg_proc p", Thing("function", "public", "f"), Verdict.UNCHECKED),
        ("select from pg_catalog.pg_index i", INDEX, Verdict.UNCHECKED),
        ("select from pg_catalog.pg_policy p", INDEX, Verdict.HOLDS),
        ("select from pg_catalog.pg_class c", INDEX, Verdict.HOLDS),
        ("select from pg_catalog.pg_class c", COLUMN, Verdict.HOLDS),
        ("select from pg_catalog.pg_class c", POLICY, Verdict.HOLDS),
        ("select from pg_catalog.pg_policy p", POLICY, Verdict.UNCHECKED),
        ("select from pg_catalog.pg_policy p", TABLE, Verdict.UNCHECKED),
        ("select from pg_catalog.pg_attribute a", COLUMN, Verdict.UNCHECKED),
        ("select from pg_catalog.pg_constraint k", Thing("constraint", "public", "", "shops"), Verdict.UNCHECKED),
        ("select from pg_catalog.pg_trigger t", COLUMN, Verdict.UNCHECKED),
        (
            "select from pg_catalog.pg_class c where c.relrowsecurity",
            Thing("row level security", "public", "", "shops"),
            Verdict.UNCHECKED,
        ),
        ("select from pg_catalog.pg_class c", Thing("row level security", "public", "", "shops"), Verdict.HOLDS),
        (
            "select has_table_privilege(c.oid, 'x') from pg_catalog.pg_class c",
            Thing("grant", "public", "", "shops"),
            Verdict.UNCHECKED,
        ),
        ("select from pg_catalog.pg_class c", Thing("grant", "public", "", "shops"), Verdict.HOLDS),
        ("select from public.shops", INDEX, Verdict.UNCHECKED),
        ("select from public.shops", TABLE, Verdict.UNCHECKED),
        ("select from public.others", TABLE, Verdict.HOLDS),
        ("select from public.shops", Thing("rows", "", "shops"), Verdict.UNCHECKED),
        ("select from pg_catalog.pg_settings s", TABLE, Verdict.HOLDS),
        ("select from pg_catalog.pg_class c", Thing("anything", "", ""), Verdict.UNCHECKED),
        ("select from pg_catalog.pg_settings s", Thing("anything", "", ""), Verdict.HOLDS),
        ("insert into auth.users (id) values ($1)", Thing("trigger", "auth", "t", "users"), Verdict.UNCHECKED),
        ("insert into auth.users (id) values ($1)", TABLE, Verdict.UNCHECKED),
        ("", TABLE, Verdict.UNCHECKED),
        ("not ( SQL", TABLE, Verdict.UNCHECKED),
    ],
)
def test_what_would_hold_of_what_is_not_certain_is_unchecked(question, touched, verdict):
    made = ruled(Verdict.HOLDS, question, touched=(touched,))
    assert made.verdict is verdict
    assert (verdict is Verdict.UNCHECKED) == ("not built as the migrations say" in made.reason) == bool(made.remedy)
    assert "nothing of what was built offends" in made.reason or verdict is not Verdict.UNCHECKED


@pytest.mark.parametrize(
    ("counted", "verdict"),
    [
        ("select count(*) as extensions from pg_catalog.pg_extension", Verdict.NOT_APPLICABLE),
        ("select from storage.buckets", Verdict.NOT_APPLICABLE),
        ("select count(*) as tables from pg_catalog.pg_class", Verdict.UNCHECKED),
        ("select from public.shops", Verdict.UNCHECKED),
        ("", Verdict.UNCHECKED),
    ],
)
def test_that_there_is_nothing_to_look_at_rests_on_what_was_counted(counted, verdict):
    log = Log()
    question = "select from pg_catalog.pg_class c join pg_catalog.pg_policy p on true"
    Evidence((), about="x", log=log, population=Population(0, "x"), question=question, counted=counted)
    migrations = [Migration("1_a.sql", False, "e", 1, troubles=(Trouble(1, "e", touched=(TABLE,)),))]
    assert doubted(Ruling(policy(), Verdict.NOT_APPLICABLE, "x"), log, migrations).verdict is verdict


def test_people_who_act_on_all_there_is_act_on_what_is_missing_too():
    migrations = [Migration("1_a.sql", False, "e", 1, troubles=(Trouble(1, "e", touched=(COLUMN,)),))]
    for asker, verdict in ((lambda auditor: None, Verdict.HOLDS), (lambda alice: None, Verdict.UNCHECKED)):
        question = "select from pg_catalog.pg_settings s"
        log = Log()
        Evidence((), about="x", log=log, question=question)
        made = Ruling(replace(policy(), function=asker), Verdict.HOLDS)
        assert doubted(made, log, migrations).verdict is verdict


@pytest.mark.parametrize(
    ("thing", "verdict"),
    [
        (INDEX, Verdict.HOLDS),
        (COLUMN, Verdict.UNCHECKED),
        (Thing("grant", "public", "", "shops"), Verdict.UNCHECKED),
    ],
)
def test_people_who_act_on_tables_act_on_all_that_belongs_to_them(thing, verdict):
    log = Log()
    Evidence((), about="x", log=log, question="select from pg_catalog.pg_class c")
    made = Ruling(replace(policy(), function=lambda alice: None), Verdict.HOLDS)
    migrations = [Migration("1_a.sql", False, "e", 1, troubles=(Trouble(1, "e", touched=(thing,)),))]
    assert doubted(made, log, migrations).verdict is verdict


@pytest.mark.parametrize(
    ("about", "words", "thing", "verdict"),
    [
        ("", "i.indisunique", INDEX, Verdict.HOLDS),
        ("", "i.indisprimary", INDEX, Verdict.HOLDS),
        ("constraint", "i.indisvalid", INDEX, Verdict.HOLDS),
        ("", "i.indisunique", INDEX._replace(kind="constraint"), Verdict.UNCHECKED),
        ("index", "not i.indisunique", INDEX, Verdict.UNCHECKED),
        ("", "i.indcollation", INDEX, Verdict.UNCHECKED),
    ],
)
def test_an_index_that_is_no_key_is_nothing_to_what_needs_one(about, words, thing, verdict):
    log = Log()
    Evidence((), about="x", log=log, question=f"select from pg_catalog.pg_index i where {words}")
    made = Ruling(replace(policy(), about=about), Verdict.HOLDS)
    migrations = [Migration("1_a.sql", False, "e", 1, troubles=(Trouble(1, "e", touched=(thing,)),))]
    assert doubted(made, log, migrations).verdict is verdict


def test_an_index_that_is_no_key_is_nothing_to_people_who_act():
    log = Log()
    Evidence((), about="x", log=log, question="select from pg_catalog.pg_index i")
    made = Ruling(replace(policy(), function=lambda alice: None), Verdict.HOLDS)
    migrations = [Migration("1_a.sql", False, "e", 1, troubles=(Trouble(1, "e", touched=(INDEX,)),))]
    assert doubted(made, log, migrations).verdict is Verdict.HOLDS


def test_a_unique_index_is_a_key_too(build):
    migrations, _ = build({"1_a.sql": "create unique index k on c (id); create index i on d (id);"})
    assert {"constraint k of c", "index i of d"} <= {each.told for each in uncertain(migrations)}


def test_what_came_later_is_there(build):
    migrations, _ = build(
        {
            "1_a.sql": "create table a (id int); create view v as select * from b; create table b (id int);",
            "2_b.sql": "create index on c (id); create table c (id int defualt);",
        }
    )
    told = {each.told for each in uncertain(migrations)}
    assert told == {"view v", "an index of c", "c"}


def test_where_everything_was_built_nothing_changes():
    assert ruled(Verdict.HOLDS, "select from pg_catalog.pg_class c").verdict is Verdict.HOLDS


def test_what_is_not_there_because_it_failed_is_not_out_of_scope():
    reason = "public.shops is not in this database"
    assert ruled(Verdict.NOT_APPLICABLE, None, reason=reason, touched=(TABLE,)).verdict is Verdict.UNCHECKED
    assert ruled(Verdict.NOT_APPLICABLE, None, reason=reason, lacks=TABLE).verdict is Verdict.UNCHECKED
    other = "public.messages is not in this database"
    assert ruled(Verdict.NOT_APPLICABLE, None, reason=other, touched=(TABLE,)).verdict is Verdict.NOT_APPLICABLE


def test_findings_about_it_say_that_they_are_unproven():
    offences = (Offence("p on public.shops", {"a": 1}), Offence("public.others"), Offence("other.shops"))
    made = ruled(Verdict.VIOLATED, "select from pg_catalog.pg_class c", offences=offences, touched=(TABLE,))
    assert made.verdict is Verdict.VIOLATED
    told = [each.details.get("unproven") for each in made.offences]
    assert told == ["it rests on public.shops, which was not built as the migrations say", None, None]


def test_what_fails_for_want_of_it_is_no_finding():
    """The real database has what the files lack; a function that reads it works there."""
    fails = Offence("public.f()", {"error": 'relation "shops" does not exist (42P01)'})
    other = Offence("public.g()", {"error": 'relation "others" does not exist (42P01)'})
    made = ruled(Verdict.VIOLATED, "select from pg_catalog.pg_proc p", offences=(fails, other), touched=(TABLE,))
    assert (made.verdict, made.offences) == (Verdict.VIOLATED, (other,))
    made = ruled(Verdict.VIOLATED, "select from pg_catalog.pg_proc p", offences=(fails,), touched=(TABLE,))
    assert made.verdict is Verdict.UNCHECKED
    assert made.reason.endswith("public.shops was not built as the migrations say")


@pytest.mark.parametrize(
    ("thing", "told", "unproven"),
    [
        (INDEX, Offence("k on public.shops", cause=Cause("constraint", "k on public.shops")), True),
        (INDEX, Offence("p on public.shops", cause=Cause("policy", "p on public.shops")), False),
        (COLUMN, Offence("public.shops"), True),
        (COLUMN, Offence("p on public.shops", cause=Cause("policy", "p on public.shops")), False),
        (Thing("rows", "", "shops"), Offence("p on public.shops", cause=Cause("policy", "p on public.shops")), False),
        (TABLE, Offence('"of shops" on public.bills', cause=Cause("policy", '"of shops" on public.bills')), False),
        (TABLE, Offence("p on public.shops", cause=Cause("policy", "p on public.shops")), True),
        (POLICY, Offence("public.shops"), True),
        (POLICY, Offence("other on public.shops"), False),
        (COLUMN, Offence("public.f()", {"error": 'column "rating" does not exist (42703)'}), None),
        (COLUMN, Offence("public.f()", {"error": 'record "new" has no field "rating" (42703)'}), None),
        (COLUMN, Offence("public.f()", {"error": 'column "title" does not exist (42703)'}), False),
        (TABLE, Offence("select on public.bills", {"error": 'relation "public.shops" does not exist'}), None),
        (TABLE, Offence("public.f()", {"error": "public.shops does not exist"}), None),
        (TABLE, Offence("public.f()", {"error": 'relation "shops" does not exist (42P01)'}), None),
        (TABLE, Offence("public.f()", {"error": 'relation "archive.shops" does not exist (42P01)'}), False),
        (TABLE, Offence("public.f()", {"error": 'relation "shop" does not exist (42P01)'}), False),
        (Thing("function", "public", "is_owner"), Offence("p on public.bills",
            {"error": "function public.is_owner(uuid) does not exist"}), None),
    ],
)  # fmt: skip
def test_what_rests_on_what_failed_is_unproven(thing, told, unproven):
    """What fails for want of it (None) is no finding at all."""
    made = ruled(Verdict.VIOLATED, "select from pg_catalog.pg_class c", offences=(told,), touched=(thing,))
    assert ["unproven" in each.details for each in made.offences] == [unproven] * (unproven is not None)
    assert (made.verdict is Verdict.UNCHECKED) is (unproven is None)


def test_the_policy_about_migrations_is_not_in_doubt_about_itself():
    def about(failed_migrations):
        """Ask."""

    made = Ruling(replace(policy(), function=about), Verdict.HOLDS)
    migrations = [Migration("1_a.sql", True, troubles=(Trouble(1, "e", touched=(TABLE,), aside=True),))]
    assert doubted(made, Log(), migrations) == made


def test_hostile_names_are_made_inert(build):
    migrations, made = build(
        {"1_a.sql": 'alter table "\x1b[2Ja" add b int;', "2_b.sql": 'alter table "x\u202e" add b int;'}
    )
    told = [made.no_baseline, *made.missing, *made.advice, *made.notes]
    told += [str(value) for row in unapplied(migrations, Log()) for value in (row.object, *row.details.values())]
    assert not [each for each in told if "\x1b" in each or "\u202e" in each]
    assert json.dumps(told)


def test_layouts_with_a_folder_for_each_are_built(build):
    migrations, made = build({"1_a/migration.sql": "select 1;", "2_b/migration.sql": "select nonsense;"})
    assert [each.file for each in migrations] == ["1_a/migration.sql", "2_b/migration.sql"]
    assert set(rows(migrations)) == {"2_b/migration.sql"}
    assert made.layout == "2 files, Prisma"


def test_what_was_not_built_is_named_once():
    things = [
        Thing("table", "public", "reviews"),
        Thing("rows", "public", "reviews"),
        Thing("table", "public", "shops"),
    ]
    assert not_built(things[:2]) == f"{things[0].told} was not built as the migrations say"
    assert not_built(things) == f"{things[0].told}, {things[2].told} were not built as the migrations say"


def test_a_gate_tells_of_its_own_files_only():
    """What released files fail for is no fault of a new one; neither is what it lacks because of them."""
    shops, goods = Thing("table", "public", "shops"), Thing("table", "public", "goods")
    old = Trouble(1, 'type "nonsense" does not exist', made=(shops,), touched=(shops,))
    lacking = Trouble(1, 'relation "public.shops" does not exist', lacks=shops, touched=(goods,))
    own = Trouble(1, 'relation "public.other" does not exist', lacks=Thing("table", "public", "other"))

    def gated(*troubles):
        new = Migration("2_b.sql", not troubles, troubles[0].error if troubles else None, 1, "42P01", troubles)
        return unapplied([Migration("1_a.sql", False, old.error, 1, "42704", (old,)), new], Log(), {"2_b.sql"})

    assert not gated().rows and not gated().unjudgeable
    assert not gated(lacking).rows
    assert "nobody knows whether 2_b.sql would" in gated(lacking).unjudgeable
    assert [row.object for row in gated(own).rows] == ["2_b.sql"]
    assert [row.object for row in gated(lacking, own).rows] == ["2_b.sql", "2_b.sql: " + own.error]


TEAMS = "create table public.teams (id uuid primary key, name text);\n"
NOTES = (
    "create table public.notes (id uuid primary key, team uuid references public.teams, made timestamptz);\n"
    "create index on public.notes (team);\n"
    "alter table public.notes enable row level security;\n"
    "create policy shown on public.notes for select using (made is not null);\n"
    "create function public.newest() returns public.notes language sql as 'select * from public.notes limit 1';\n"
    "revoke execute on function public.newest() from public;\n"
)


def test_what_comes_too_late_is_there_in_the_end(build):
    """A file that needs what a later one creates is out of order; what it makes is there, and in no doubt."""
    migrations, made = build({"1_notes.sql": NOTES, "2_teams.sql": TEAMS})
    assert made.missing == ()
    (row,) = rows(migrations).values()
    assert row.details["error"].endswith("2_teams.sql creates it, and comes later")
    assert uncertain(migrations) == ()


def test_what_comes_too_late_changes_nothing_that_is_there(build):
    """The later file has the last word: an older function, a dropped column or other rows do not come back."""
    first = (
        "create or replace function public.word(public.teams) returns text language sql as $$ select 'old' $$;\n"
        "alter table public.teams drop column name;\n"
        "update public.teams set name = '';\n"
    )
    function = "create function public.word(public.teams) returns text language sql as $$ select 'new' $$;\n"
    says = "do $$ begin if (select public.word(t) <> 'new' from public.teams t) then raise 'old'; end if; end $$;\n"
    row = "insert into public.teams values (gen_random_uuid(), 'ours');\n"
    migrations, _ = build({"1_a.sql": first, "2_b.sql": TEAMS + function + row + says, "3_c.sql": says})
    assert [each.applied for each in migrations] == [False, True, True]
    assert [thing.kind for thing in uncertain(migrations)] == ["column", "rows"]


def test_what_comes_too_late_leaves_room_for_what_comes_later_still(build):
    """A later file that makes the same is not refused for it."""
    policy = "create policy shown on public.teams for select using ({});\n"
    again = "drop policy if exists old on public.teams;\n" + policy.format("name is not null")
    migrations, _ = build({"1_a.sql": policy.format("true"), "2_b.sql": TEAMS, "3_c.sql": again})
    assert [each.applied for each in migrations] == [False, True, True]
    assert uncertain(migrations) == ()


def test_many_files_out_of_order_are_one_cause(build):
    """Somebody applied them in another order; what else is wrong with them is told by itself."""
    early = {f"1{number}_{name}.sql": f"create index on public.{name} (id);\n" for number, name in enumerate("abcdef")}
    late = "".join(f"create table public.{name} (id int primary key);\n" for name in "abcdef")
    again = {
        f"3{number}_.sql": f"alter table public.{name} add primary key (id);\n" for number, name in enumerate("abcdef")
    }
    other = {"4_x.sql": "create table public.x (id nonsense);\n"}
    migrations, _ = build({**early, "2_all.sql": late, **again, **other})
    found = rows(migrations)
    assert [*found] == ["files that need what a later one creates", "files that make what is there already", "4_x.sql"]
    assert found["files that need what a later one creates"].details["also"].startswith("11_b.sql, 12_c.sql")
    fewer = {name: text for name, text in early.items() if name < "13"}
    migrations, _ = build({**fewer, "2_all.sql": late}, folder="fewer")
    assert [*rows(migrations)] == ["10_a.sql", "11_b.sql", "12_c.sql"]


def test_what_comes_too_late_stays_away_where_a_later_file_takes_it_away(build):
    """``drop ... if exists`` passes while the table is not there; what it was to remove is not made afterwards."""
    first = (
        "create policy open on public.teams for all using (true);\n"
        "create policy members on public.teams for select using (name is not null);\n"
        "create table public.seats (team uuid references public.teams);\n"
        "create policy open on public.seats for all using (true);\n"
    )
    gone = "drop policy if exists open on public.teams;\ndrop table if exists public.seats;\n"
    says = (
        "do $$ begin if (select array_agg(polname::text) <> '{members}' from pg_policy where polrelid = "
        "'public.teams'::regclass) or to_regclass('public.seats') is not null then raise 'made again'; end if; end $$;"
    )
    migrations, _ = build({"1_a.sql": first, "2_b.sql": gone, "3_c.sql": TEAMS, "4_d.sql": says})
    assert [each.applied for each in migrations] == [False, True, True, True]
    assert uncertain(migrations) == ()
