"""The applier of migrations: how files are split, in which order they run, and what is told of one that fails."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from audit.connection import connect
from audit.migrations import apply, stands_alone
from audit.results import Migration, Thing
from audit.server.rights import OWNER, login
from audit.sql_text import statements


@pytest.fixture(scope="module")
def database(target):
    """Connect to a copy of the reference database that these tests may change."""
    with connect(target.server.clone_database("migrations")) as connection:
        # A copy does not keep its owner, whose rights in schema public are those of pg_database_owner.
        connection.execute("alter database migrations owner to postgres")
        yield connection
    target.server.drop_database("migrations")


@pytest.fixture(scope="module")
def applying(target, database):
    """Connect to it as those do who apply migrations."""
    with connect(login(target.server.dsn_of("migrations"), OWNER)) as connection:
        yield connection


@pytest.fixture
def run(applying, tmp_path):
    """Write files given as ``{name: text}`` and apply them."""

    def run(files: dict[str, str | bytes], *, piecewise: bool = False) -> list[Migration]:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return list(apply(applying, tmp_path, piecewise=piecewise))

    return run


def scalar(connection, query):
    return connection.execute(query).fetchone()[0]


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("create index concurrently i on t (a)", True),
        ("create unique index concurrently i on t (a)", True),
        ("create /* here */ index -- now\n concurrently i on t (a)", True),
        ("drop index concurrently if exists i", True),
        ("reindex index concurrently i", True),
        ("reindex (verbose, concurrently) table t", True),
        ("alter table only a.p detach partition a.c concurrently", True),
        ("vacuum (analyze) t", True),
        ("alter system set work_mem = '8MB'", True),
        ("create database d", True),
        ("alter database d set work_mem = '8MB'", False),
        ("refresh materialized view concurrently v", False),
        ("alter type t add value 'x'", False),
        ("create index i on t ((a || 'concurrently'))", False),
        ("comment on table t is 'create index concurrently'", False),
    ],
)
def test_statements_that_cannot_run_in_a_transaction_are_known(text, alone):
    assert [stands_alone(statement) for statement in statements(text)] == [alone]


def test_files_run_as_postgres(run, database):
    assert run({"1_a.sql": "create table public.made_by_postgres (id int primary key)"}) == [Migration("1_a.sql", True)]
    owner = "select relowner::regrole::text from pg_class where relname = 'made_by_postgres'"
    assert scalar(database, owner) == "postgres"


@pytest.mark.parametrize("way_out", ["reset session authorization", "set session authorization default", "reset all"])
def test_a_file_is_nobody_but_postgres(run, database, way_out):
    run({"1_a.sql": f"{way_out}; create table public.seen as select session_user as one, current_user as two"})
    assert database.execute("table public.seen").fetchall() == [("postgres", "postgres")]
    database.execute("drop table public.seen")


def test_no_file_is_applied_by_a_superuser(database, tmp_path):
    (tmp_path / "1_a.sql").write_text("select 1")
    with pytest.raises(ValueError, match="not on a superuser's connection"):
        apply(database, tmp_path)


def test_a_file_cannot_become_the_superuser_by_reset_role(run, database):
    run({"1_a.sql": "reset role; create table public.made_after_reset (id int primary key)"})
    owner = "select relowner::regrole::text from pg_class where relname = 'made_after_reset'"
    assert scalar(database, owner) == "postgres"


def test_a_file_that_fails_is_rolled_back_and_the_rest_goes_on(run, database):
    broken, fine = run(
        {
            "1_broken.sql": "create table public.half (id int);\n\n--\nselect 1,\n  nonsense\nfrom public.half",
            "2_fine.sql": "create table public.whole (id int primary key);",
        }
    )
    assert broken == Migration("1_broken.sql", False, 'column "nonsense" does not exist', 5, "42703")
    assert fine.applied
    assert scalar(database, "select to_regclass('public.half') is null and to_regclass('public.whole') is not null")


def test_an_error_without_a_position_is_told_with_the_line_of_its_statement(run):
    (failure,) = run({"1_a.sql": "select 1;\n/* two\nlines */\n\ncreate table public.profiles (id int);"})
    assert (failure.line, failure.sqlstate) == (5, "42P07")


def test_lines_are_right_after_characters_outside_the_basic_plane(run):
    (failure,) = run({"1_a.sql": "\ufeffselect '😀😀';\nselect '😀😀' ||\n  nonsense;"})
    assert failure.line == 3


def test_values_of_rows_are_not_told(run):
    failures = run(
        {
            "1_a.sql": "create table public.keyed (name text primary key);\n"
            "insert into public.keyed values ('Ada L.'), ('Ada L.')",
            "2_b.sql": "do $$ begin raise exception 'no such member: Ada L.'; end $$",
            "3_c.sql": "select 'Ada L.'::uuid",
        }
    )
    assert [failure.error for failure in failures] == [
        "unique violation, table public.keyed, constraint keyed_pkey",
        "no such member: Ada L.",
        "invalid text representation",
    ]
    assert [failure.sqlstate for failure in failures] == ["23505", "P0001", "22P02"]


def test_hostile_names_cannot_write_to_the_terminal(run):
    (failure,) = run({"1_a.sql": 'select * from "public"."\x1b[2J\nx"'})
    assert failure.sqlstate == "42P01"
    assert failure.error.isprintable()


def test_indexes_are_made_concurrently_between_transactions(run, database):
    files = {
        "1_a.sql": """
            create table public.indexed (a int primary key, b int);
            create index concurrently indexed_b on public.indexed (b);
            alter table public.indexed add column c int;
        """,
        "2_b.sql": """
            alter table public.indexed add column d int;
            vacuum public.indexed;
            alter table public.indexed add column e int, add column e int;
        """,
    }
    fine, broken = run(files)
    assert fine.applied
    assert broken.error == 'column "e" of relation "indexed" already exists; what stands before it stays applied'
    database.execute("select a, b, c, d from public.indexed")
    assert scalar(database, "select indisvalid from pg_index where indexrelid = 'public.indexed_b'::regclass")


def test_files_with_a_transaction_of_their_own_work(run, database):
    results = run(
        {
            "1_a.sql": "begin; create table public.own_1 (id int primary key); commit;",
            "2_b.sql": "begin; create table public.own_2 (id int primary key); rollback;",
            "3_c.sql": "create type public.mood as enum ('fine'); commit; begin; "
            "alter type public.mood add value 'good'; commit; "
            "create table public.own_3 (mood public.mood primary key default 'good');",
            "4_d.sql": "start transaction; create table public.own_4 (id int primary key); select nonsense; commit;",
        }
    )
    assert [result.applied for result in results] == [True, True, True, False]
    made = "select array_agg(relname::text order by 1) from pg_class where relname ~ '^own_.$'"
    assert scalar(database, made) == ["own_1", "own_3"]


def test_a_deferred_constraint_that_fails_at_the_end_is_the_files_failure(run, database):
    (failure,) = run(
        {
            "1_a.sql": "create table public.parent (id int primary key);\n"
            "create table public.child (id int primary key references public.parent deferrable initially deferred);\n"
            "insert into public.child values (1);"
        }
    )
    assert (failure.sqlstate, failure.line) == ("23503", 3)
    assert scalar(database, "select to_regclass('public.parent') is null")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("select 1;\n\\i other.sql\n", 2, r"\i is a command of psql, not SQL"),
        ("\\copy t from 'x.csv'", 1, r"\copy is a command of psql, not SQL"),
        ("select 1;\n\\.\n", 2, r"\. is a command of psql, not SQL"),
        ("select 1;\ncopy t from stdin;", 2, r"copy from stdin has no data behind it, or no line with \. at their end"),
        ("select 1;\ncopy (select 1) to stdout;", 2, "copy to stdout needs psql, and changes nothing"),
        ("select 1;\nselect '\0';", 2, "holds a zero byte, which SQL cannot"),
        (b"select 1;\nselect '\xe4';", 2, "is not UTF-8 text"),
    ],
)
def test_what_is_not_sql_is_named_with_its_line_and_nothing_is_run(run, database, text, line, reason):
    prefix = "create table public.never (id int);"
    (failure,) = run({"1_a.sql": prefix.encode() + text if isinstance(text, bytes) else prefix + text})
    assert failure == Migration("1_a.sql", False, reason, line)
    assert scalar(database, "select to_regclass('public.never') is null")


def test_an_extension_that_is_stood_in_for_is_passed_over(run, database):
    results = run(
        {
            "1_a.sql": 'create extension if not exists "uuid-ossp" with schema extensions;\n'
            "create extension if not exists pgcrypto with schema extensions;\n"
            "create table public.with_ids (id uuid primary key default uuid_generate_v4(), salt bytea);\n"
            "insert into public.with_ids (salt) values (gen_random_bytes(8));"
        }
    )
    assert [result.error for result in results] == [None]
    assert scalar(database, "select octet_length(salt) from public.with_ids") == 8


@pytest.mark.parametrize("piecewise", [False, True])
def test_an_extension_that_cannot_be_stood_in_for_is_set_aside(run, database, piecewise):
    text = 'select 1;\n create /* x */ extension if not exists "No-Such" with schema extensions;\n'
    text += "comment on extension \"No-Such\" is 'x'; create table public.beside (id int primary key);"
    (result,) = run({"1_a.sql": text}, piecewise=piecewise)
    assert (result.applied, result.error) == (True, None)
    (trouble,) = result.troubles
    assert (trouble.aside, trouble.line, trouble.touched) == (True, 2, (Thing("extension", "", "No-Such"),))
    assert trouble.error == "this server does not have the extension No-Such, and nothing stands in for it"
    assert scalar(database, "select to_regclass('public.beside') is not null")
    database.execute("drop table public.beside")


def test_an_extension_goes_where_the_platform_puts_it(run, database):
    (result,) = run({"1_a.sql": "create extension if not exists pg_cron with schema extensions version '1.6.4';"})
    assert result.error is None
    assert (
        scalar(database, "select extnamespace::regnamespace::text from pg_extension where extname = 'pg_cron'")
        == "pg_catalog"
    )
    database.execute("drop extension pg_cron")
    (result,) = run({"1_a.sql": "create extension pg_cron;", "2_b.sql": "drop extension pg_cron;"})[:1]
    assert result.error is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("drop extension pg_graphql;", None),
        ("create extension pg_graphql; drop extension pg_graphql; drop extension if exists pgjwt, pg_graphql;", None),
        ("drop extension hstore;", 'extension "hstore" does not exist'),
    ],
    ids=["gone", "made anew", "never there"],
)
def test_an_extension_that_projects_began_with_is_gone_already(run, database, text, error):
    (result,) = run({"1_a.sql": text})
    assert result.error == error
    assert scalar(database, "select count(*) from pg_extension where extname in ('pg_graphql', 'hstore')") == 0


# --- Statement by statement


def test_a_file_that_fails_is_applied_as_far_as_it_goes(run, database):
    (result,) = run(
        {
            "1_a.sql": """
            begin;
            set local search_path = private;
            create table piece_1 (id int primary key);
            create table public.piece_2 (id int references public.gone (id));
            insert into public.piece_2 values (1);
            create index concurrently piece_i on private.piece_1 (id);
            create type public.piece_mood as enum ('fine');
            alter type public.piece_mood add value 'good';
            alter table piece_1 add column mood public.piece_mood default 'good';
            commit;
            """
        },
        piecewise=True,
    )
    assert not result.applied
    assert (result.line, result.sqlstate, result.error) == (5, "42P01", 'relation "public.gone" does not exist')
    assert [trouble.line for trouble in result.troubles] == [5, 6]
    assert result.troubles[0].lacks == Thing("table", "public", "gone")
    assert result.troubles[0].made == (Thing("table", "public", "piece_2"),)
    assert result.troubles[1].touched == (Thing("rows", "public", "piece_2"),)
    assert scalar(database, "select count(*) from information_schema.columns where table_name = 'piece_1'") == 2
    assert scalar(database, "select to_regclass('private.piece_i') is not null")
    assert scalar(database, "select session_user || ' ' || current_user") == "supabase_admin supabase_admin"


def test_what_was_committed_before_the_failure_is_not_done_again(run, database):
    text = "create table public.once (id int);\ncommit;\nselect nonsense;\ncreate table public.then (id int);"
    (result,) = run({"1_a.sql": text}, piecewise=True)
    assert [(trouble.line, trouble.sqlstate) for trouble in result.troubles] == [(3, "42703")]
    assert scalar(database, "select to_regclass('public.once') is not null and to_regclass('public.then') is not null")


def test_a_file_whose_statements_only_fail_together_has_failed(run):
    text = "create type public.alone as enum ('a');\ncommit;\nalter type public.alone add value 'b';\n"
    (result,) = run({"1_a.sql": text + "select 'b'::public.alone;"}, piecewise=True)
    assert (result.applied, result.line, result.sqlstate) == (False, 4, "55P04")
    assert len(result.troubles) == 1


def test_a_file_that_is_left_out_tells_all_that_it_would_have_touched(run):
    (result,) = run({"1_a.sql": "alter table public.profiles add column x int;\nselect nonsense;\ndrop view public.v;"})
    (trouble,) = result.troubles
    assert trouble.made == (Thing("column", "public", "x", "profiles"),)
    told = {f"{each.kind} {each.name}" for each in trouble.touched}
    assert told == {"column x", "view v"}  # a query that calls nothing touches nothing


def test_what_became_of_a_file_survives_being_written_down(run):
    (result,) = run({"1_a.sql": "select public.gone();\ncreate extension nowhere_to_be_had;"}, piecewise=True)
    again = Migration.of(json.loads(json.dumps(asdict(result))))
    assert (again, again.troubles) == (result, result.troubles)


# --- Dumps

DUMP = r"""--
-- PostgreSQL database dump
--

\restrict x3Y

SET statement_timeout = 0;
SET no_such_setting_of_another_version = 0;
SELECT pg_catalog.set_config('search_path', '', false);
SET row_security = off;

CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO pg_database_owner;
CREATE SCHEMA auth;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements WITH SCHEMA extensions;
COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';
CREATE TABLE auth.users (id uuid);
ALTER TABLE auth.users OWNER TO supabase_auth_admin;
CREATE TABLE public.dumped (
    id integer NOT NULL,
    name text
);
ALTER TABLE public.dumped OWNER TO shop_owner;
COPY public.dumped (id, name) FROM stdin;
1	one; two
2	\N
\.


ALTER TABLE ONLY public.dumped ADD CONSTRAINT dumped_pkey PRIMARY KEY (id);
CREATE POLICY p ON public.dumped FOR SELECT TO shop_reader, "Shop Clerk" USING (true);
CREATE TRIGGER t AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION private.handle_new_user();
GRANT SELECT ON TABLE public.dumped TO shop_reader;
GRANT ALL ON TABLE public.dumped TO anon;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT ALL ON TABLES TO anon;
CREATE PUBLICATION supabase_realtime WITH (publish = 'insert');
CREATE TYPE realtime.of_another_version AS (name text, next realtime.later_still);
CREATE FUNCTION storage.of_another_version() RETURNS trigger LANGUAGE plpgsql AS $$ begin return new; end $$;
COPY auth.identities (provider_id, user_id, identity_data, provider, id) FROM stdin;
x	00000000-0000-4000-8000-0000000000ff	{}	email	00000000-0000-4000-8000-0000000000fe
\.
ALTER TABLE ONLY auth.mfa_amr_claims ADD CONSTRAINT amr_id_pk PRIMARY KEY (id);
CREATE TRIGGER of_another_version BEFORE DELETE ON storage.objects
    FOR EACH ROW EXECUTE FUNCTION storage.of_another_version();
CREATE POLICY "of the project" ON storage.objects FOR SELECT USING (public.lost());
COMMENT ON INDEX auth.of_another_version IS 'x';
SELECT pg_catalog.setval('auth.refresh_tokens_id_seq', 7, true);
CREATE FUNCTION public.wrong() RETURNS integer LANGUAGE sql AS $$ select nothing $$;
GRANT USAGE ON SCHEMA vault TO postgres WITH GRANT OPTION;
GRANT USAGE ON SCHEMA of_the_project TO postgres WITH GRANT OPTION;

\unrestrict x3Y
"""


def test_an_index_whose_method_is_stood_in_for_takes_its_options(run, database):
    text = (
        "create extension pgroonga with schema extensions;"
        "create table public.dishes (id bigint primary key, name text);"
        "create index found on public.dishes using pgroonga (name) with (normalizers = 'Normalizer(\"a\", true)',"
        " tokenizer = 'TokenNgram(\"n\", 2)') where id > 0;"
        "create index usual on public.dishes using btree (name) with (fillfactor = 70);"
        "create index wrong on public.dishes using btree (name) with (tokenizer = 'x')"
    )
    (result,) = run({"20250101000000_a.sql": text}, piecewise=True)
    # Of a method that the server has, an option that it does not know is the file's own mistake, or another server's.
    assert [trouble.sqlstate for trouble in result.troubles] == ["22023"]
    indexes = (
        "select indexname::text, indexdef from pg_indexes where tablename = 'dishes' and indexname <> 'dishes_pkey'"
    )
    made = dict(database.execute(indexes).fetchall())
    assert "fillfactor" in made["usual"] and "WHERE (id > 0)" in made["found"] and len(made) == 2


def test_rows_refer_to_secrets_of_the_vault(run):
    """Whoever applies migrations may refer to them and not have triggers of their own there, as at the provider."""
    table = "create table public.keys (id bigint primary key, secret uuid references vault.secrets on delete set null)"
    body = "as $$ begin return new; end $$"
    trigger = (
        f"create function public.look() returns trigger language plpgsql {body};"
        "create trigger look before insert on vault.secrets for each row execute function public.look()"
    )
    one, other = run({"20250101000000_a.sql": table, "20250102000000_b.sql": trigger}, piecewise=True)
    assert one.troubles == ()
    assert [trouble.sqlstate for trouble in other.troubles] == ["42501"]


@pytest.mark.parametrize("name", ["20250101000000_baseline.sql", "schema.sql"])
def test_what_pg_dump_wrote_is_applied(run, database, name, tmp_path):
    (result,) = run({name: DUMP}, piecewise=True)
    lost = ["function public.lost() does not exist", 'column "nothing" does not exist']
    lost += ['schema "of_the_project" does not exist']
    assert [trouble.error for trouble in result.troubles] == lost
    assert result.line == DUMP[: DUMP.index("public.lost")].count("\n") + 1
    rows = database.execute("select id, name from public.dumped order by 1").fetchall()
    assert rows == [(1, "one; two"), (2, None)]
    assert scalar(database, "select relowner::regrole::text from pg_class where relname = 'dumped'") == "postgres"
    assert scalar(database, "select has_table_privilege('shop_reader', 'public.dumped', 'select')")
    assert not scalar(database, "select bool_or(rolcanlogin) from pg_roles where rolname ~* '^shop'")
    assert scalar(database, "select count(*) from pg_trigger where tgname = 't'") == 1
    assert any("Shop Clerk, shop_owner, shop_reader" in note for note in result.notes)
    assert any("about what the platform brings" in note for note in result.notes)
    assert "2 objects that the dump gives to other roles stay postgres's" in result.notes
    database.execute(
        'drop table public.dumped; drop trigger t on auth.users; drop role shop_owner, shop_reader, "Shop Clerk"'
    )


def test_no_setting_of_a_file_outlives_it(run, database):
    before = scalar(database, "show search_path")
    results = run(
        {
            "1_dump.sql": "select set_config('search_path', '', false); set row_security = off; set role anon;",
            "2_plain.sql": "create table unqualified (id int primary key)",
        }
    )
    assert [result.error for result in results] == [None, None]
    assert scalar(database, "select to_regclass('public.unqualified') is not null")
    assert scalar(database, "show search_path") == before
    assert scalar(database, "show row_security") == "on"


def test_migrations_may_do_what_supabase_lets_postgres_do(run):
    (result,) = run(
        {
            "1_a.sql": """
            create trigger also_on_sign_up after insert on auth.users
                for each row execute function private.handle_new_user();
            drop trigger also_on_sign_up on auth.users;
            create table public.pets (id uuid primary key references auth.users (id) on delete cascade);
            insert into storage.buckets (id, name, public) values ('avatars', 'avatars', false);
            create policy "own pictures" on storage.objects for select to authenticated
                using (bucket_id = 'avatars' and (storage.foldername(name))[1] = (select auth.uid())::text);
            create schema inventory;
            create extension if not exists citext with schema extensions;
            alter publication supabase_realtime add table public.pets;
            alter role authenticator set pgrst.db_schemas = 'public';
            alter role authenticator reset pgrst.db_schemas;
            """
        }
    )
    assert result.error is None
