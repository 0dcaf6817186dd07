"""The applier of migrations: how files are split, in which order they run, and what is told of one that fails."""

from __future__ import annotations

import pytest

from audit.connection import TargetError, connect
from audit.migrations import Migration, apply, find, stands_alone, statements


@pytest.fixture(scope="module")
def database(target):
    """Connect to a copy of the reference database that these tests may change."""
    with connect(target.server.clone_database("migrations")) as connection:
        # A copy does not keep its owner, whose rights in schema public are those of pg_database_owner.
        connection.execute("alter database migrations owner to postgres")
        yield connection
    target.server.drop_database("migrations")


@pytest.fixture
def run(database, tmp_path):
    """Write files given as ``{name: text}`` and apply them."""

    def run(files: dict[str, str | bytes]) -> list[Migration]:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return list(apply(database, tmp_path))

    return run


def scalar(connection, query):
    return connection.execute(query).fetchone()[0]


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("", []),
        (" -- nothing\n/* at all; */ ;;", []),
        ("select 1; select 2", ["select 1", "select 2"]),
        ("select 'a;''b'; select 2;", ["select 'a;''b'", "select 2"]),
        (r"select 'a\'; select 2", [r"select 'a\'", "select 2"]),
        (r"select E'a\';b'; select 2", [r"select E'a\';b'", "select 2"]),
        (r"select e'\\'; select 2", [r"select e'\\'", "select 2"]),
        ('select ";"";" from t; select 2', ['select ";"";" from t', "select 2"]),
        ("/* a /* b; */ c; */ select 1; select 2", ["select 1", "select 2"]),
        ("select 1 -- ; ' $$\n+ 1; select 2", ["select 1 -- ; ' $$\n+ 1", "select 2"]),
        ("do $$begin; end$$; select 2", ["do $$begin; end$$", "select 2"]),
        ("do $a$ ;$$;' $b$ $a$; select 2", ["do $a$ ;$$;' $b$ $a$", "select 2"]),
        ("select a$b$c; select $1; select 3", ["select a$b$c", "select $1", "select 3"]),
        ("do $ä$ ; $ä$; select 2", ["do $ä$ ; $ä$", "select 2"]),
        (
            "create rule r as on insert to t do (select 1; select 2); select 3",
            ["create rule r as on insert to t do (select 1; select 2)", "select 3"],
        ),
        (
            "create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3",
            [
                "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
                "select 3",
            ],
        ),
        ("begin; select case when true then 1 end; end; select 3", None),
        ("select 'never closed; select 2", ["select 'never closed; select 2"]),
        ("do $$ never closed; select 2", ["do $$ never closed; select 2"]),
        ("/* never closed; select 2", []),
    ],
)
def test_files_are_split_into_statements(text, texts):
    expected = texts if texts is not None else [part.strip() for part in text.split(";")]
    assert [statement.text for statement in statements(text)] == expected


def test_large_and_hostile_files_are_split_in_linear_time():
    insert = "insert into t values ('it''s; fine', E'\\\\', $$;$$, 42); -- and so on\n"
    count = 5_000_000 // len(insert)
    assert sum(1 for _ in statements(insert * count)) == count
    assert len(list(statements("'" + "''" * 1_000_000))) == 1
    assert len(list(statements("E'" + "''\\'" * 500_000))) == 1
    assert list(statements("/*" * 500_000)) == []
    assert len(list(statements("$a" * 500_000 + ";" * 500_000))) == 1
    assert len(list(statements("(" * 500_000 + ";" * 500_000))) == 1


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


def test_files_come_in_the_order_of_their_versions(tmp_path):
    for name in ("10_b.sql", "9_a.sql", "20250101000000_c.sql", "seed.sql", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "11_directory.sql").mkdir()
    assert [path.name for path in find(tmp_path)] == ["9_a.sql", "10_b.sql", "20250101000000_c.sql", "seed.sql"]


def test_a_directory_without_migrations_is_said_in_a_sentence(tmp_path):
    with pytest.raises(TargetError, match=r"there is no directory of migrations .*missing"):
        find(tmp_path / "missing")
    with pytest.raises(TargetError, match=r"there is no \.sql file in "):
        find(tmp_path)
    (tmp_path / "supabase" / "migrations").mkdir(parents=True)
    with pytest.raises(TargetError, match=r"did you mean .*supabase/migrations"):
        find(tmp_path)


def test_files_run_as_postgres(run, database):
    assert run({"1_a.sql": "create table public.made_by_postgres (id int primary key)"}) == [Migration("1_a.sql", True)]
    owner = "select relowner::regrole::text from pg_class where relname = 'made_by_postgres'"
    assert scalar(database, owner) == "postgres"
    assert scalar(database, "select session_user || ' ' || current_user") == "supabase_admin supabase_admin"


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
        "raise exception",
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
        ("select 1;\n\ncopy t (a, b) from stdin;\n1\t2\n\\.\n", 5, r"\. is a command of psql, not SQL"),
        ("select 1;\ncopy t (a, b) from stdin;", 2, "copy from stdin or to stdout needs psql; use insert"),
        ("select 1;\ncopy (select 1) to stdout;", 2, "copy from stdin or to stdout needs psql; use insert"),
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


def test_an_extension_that_cannot_be_stood_in_for_is_named(run):
    (failure,) = run({"1_a.sql": "select 1;\ncreate extension if not exists pg_none with schema pg_catalog;"})
    assert failure.line == 2
    assert failure.error.startswith("this server does not have the extension pg_none, and it cannot be stood in for")


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
