"""The migration gate: what a corpus of migrations would do is found, at its line, and harmless ones are silent."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from audit.connection import Dsn, TargetError, connect
from audit.evidence import Location
from audit.gate import linter
from audit.gate.pending import by_git, by_history
from audit.gate.rehearsal import migrating, undone
from audit.gate.trace import state
from audit.gate.versions import judge_versions
from audit.migrations import apply_files, find, version
from audit.results import Verdict
from audit.server.embedded import PREFIX
from audit.server.rights import STAND_IN, login
from audit.server.target import MIGRATIONS, Target
from tests.support.auditing import ROOT, Outcome, audit
from tests.support.rehearsing import GATE, Case, Ground, corpus, wrong
from tests.support.waiting import LIMIT_S


@pytest.mark.parametrize("case", corpus(), ids=lambda case: case.name)
def test_what_a_migration_does_is_found(ground: Ground, case: Case) -> None:
    assert wrong(case, ground.try_out(case)) == []


def test_every_danger_has_a_harmless_counterpart() -> None:
    cases = corpus()
    assert len(cases) >= 40
    assert sum(not case.dangerous for case in cases) >= 20
    assert sum(case.dangerous for case in cases) >= 40


def sql(folder: Path, text: str, name: str = "20270101000000_new.sql") -> list[Path]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return [path]


def test_a_statement_that_never_ends_is_stopped_and_named(ground: Ground, tmp_path: Path) -> None:
    text = "comment on table private.labels is 'x';\ndo $$ begin loop perform pg_sleep(0.01); end loop; end $$;\n"
    results = ground.try_files(sql(tmp_path, text), limit_s=3)
    (finding,) = results["MIG-01"].findings
    assert finding.location == Location("20270101000000_new.sql", 2)
    assert finding.details["error"] == "was stopped at the time limit of 3 s: do"


def test_a_statement_that_will_not_be_cancelled_loses_its_session(ground: Ground, tmp_path: Path) -> None:
    stubborn = """
    do $$ begin loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop; end $$;
    """
    files = sql(tmp_path, stubborn) + sql(tmp_path, "comment on table private.labels is 'x';", "20270102000000_b.sql")
    results = ground.try_files(files, limit_s=3)
    assert [(found.object, found.details["line"]) for found in results["MIG-01"].findings] == [
        ("20270101000000_new.sql", 2)
    ]


def test_a_statement_that_waits_for_a_lock_is_stopped(ground: Ground, tmp_path: Path) -> None:
    files = sql(tmp_path, "\n\nselect pg_advisory_xact_lock(7);\n")
    results = ground.try_files(files, limit_s=3, meanwhile="select pg_advisory_lock(7)")
    (finding,) = results["MIG-01"].findings
    assert finding.location == Location("20270101000000_new.sql", 3)
    assert finding.details["error"] == "was stopped at the time limit of 3 s: select pg_advisory_xact_lock"


def test_five_megabytes_take_no_longer_than_they_must(ground: Ground, tmp_path: Path) -> None:
    rows = "".join(f"insert into private.labels values ({n}, 1, '{'x' * 60}');\n" for n in range(10_000, 60_000))
    text = f"{rows}alter table private.parcels add column token uuid default gen_random_uuid();\n"
    assert len(text) > 5_000_000
    begun = time.monotonic()
    results = ground.try_files(sql(tmp_path, text), limit_s=60)
    assert time.monotonic() - begun < 600
    (finding,) = results["MIG-04"].findings
    assert finding.location == Location("20270101000000_new.sql", 50_001)
    assert results["MIG-03"].verdict is Verdict.HOLDS


TAKEN_BACK = """
begin;
delete from private.parcels;
rollback;
begin;
savepoint a;
savepoint "B b";
update private.parcels set note = null;
rollback to savepoint "B b";
alter table private.parcels drop column note;
rollback work to a;
release savepoint a;
commit;
"""
TAKEN_BACK_AND_DONE = """
begin;
delete from private.stops;
rollback;
delete from private.stops;
savepoint a;
delete from private.labels;
rollback to savepoint a;
savepoint a;
delete from private.labels;
release a;
rollback to savepoint a;
delete from private.labels;
"""
CHAINED = """
begin;
delete from private.stops;
commit and chain;
delete from private.labels;
rollback and chain;
delete from private.parcels;
rollback;
"""


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        (TAKEN_BACK, []),
        (TAKEN_BACK_AND_DONE, [("rows of private.stops", 5), ("rows of private.labels", 13)]),
        (CHAINED, [("rows of private.stops", 3)]),
    ],
)
def test_what_was_rolled_back_is_not_lost(
    ground: Ground, tmp_path: Path, text: str, lost: list[tuple[str, int]]
) -> None:
    result = ground.try_files(sql(tmp_path, text), limit_s=60)["MIG-03"]
    assert result.verdict is (Verdict.VIOLATED if lost else Verdict.HOLDS), result.reason
    found = {
        (finding.object.rpartition(": ")[2], finding.location.line) for finding in result.findings if finding.location
    }
    assert found == {*lost}


# --- Which files are new


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose branch "main" has the reference migrations, checked out on a branch of its own."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=n@example.org", "commit", "--quiet", "-m", "released"],
        ["checkout", "--quiet", "-b", "change"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    return folder


def test_git_tells_what_is_new_edited_and_removed(repository: Path, tmp_path: Path) -> None:
    (repository / "20270101000000_new.sql").write_text("select 1;\n")
    edited = repository / "20250104000000_contact_exchanges.sql"
    edited.write_text(edited.read_text() + "\n-- edited\n")
    (repository / "20250106000000_operations.sql").unlink()
    place = tmp_path / "released"
    place.mkdir()
    files = by_git(repository, "main", place)
    assert [path.name for path in files.new] == ["20270101000000_new.sql"]
    assert [path.name for path in files.released] == [path.name for path in find(MIGRATIONS)]
    assert files.edited == ("20250104000000_contact_exchanges.sql",)
    assert files.removed == ("20250106000000_operations.sql",)
    assert {row.object for row in judge_versions(files)} == {
        "20250104000000_contact_exchanges.sql: released, and was edited",
        "20250106000000_operations.sql: released, and was removed",
    }


@pytest.mark.parametrize("ref", ["no-such-branch", "--output=x", ""])
def test_a_base_that_is_none_is_refused_in_one_sentence(repository: Path, tmp_path: Path, ref: str) -> None:
    with pytest.raises(TargetError) as refused:
        by_git(repository, ref, tmp_path)
    assert "\n" not in str(refused.value) and str(refused.value)


def test_line_ends_of_a_checkout_are_no_edit(repository: Path, tmp_path: Path) -> None:
    path = repository / "20250106000000_operations.sql"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    place = tmp_path / "released"
    place.mkdir()
    assert by_git(repository, "main", place).edited == ()


def test_a_file_that_cannot_be_read_is_named(repository: Path, tmp_path: Path) -> None:
    edited = repository / "20250104000000_contact_exchanges.sql"
    edited.unlink()
    edited.symlink_to(repository / "nowhere.sql")
    place = tmp_path / "released"
    place.mkdir()
    with pytest.raises(TargetError, match=r"20250104000000_contact_exchanges\.sql cannot be read: No such file"):
        by_git(repository, "main", place)


def test_what_might_never_end_is_not_read(repository: Path, tmp_path: Path) -> None:
    os.mkfifo(repository / "20270101000000_pipe.sql")
    with pytest.raises(TargetError, match=r"20270101000000_pipe\.sql is not a regular file"):
        by_git(repository, "main", tmp_path)


def test_a_link_in_git_is_not_taken_for_a_migration(repository: Path, tmp_path: Path) -> None:
    (repository / "20270101000000_link.sql").symlink_to(repository / "20250106000000_operations.sql")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=n@example.org"]
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "linked"], check=True)
    with pytest.raises(TargetError, match=r"20270101000000_link\.sql is a symbolic link at HEAD"):
        by_git(repository, "HEAD", tmp_path)


def test_who_may_not_read_what_was_applied_is_told_what_to_grant(target: Target, tmp_path: Path) -> None:
    database = target.server.clone_database("history")
    try:
        with connect(database) as connection:
            connection.execute(
                "drop table supabase_migrations.schema_migrations;"
                "create table supabase_migrations.schema_migrations (version text);"
            )
            for right in ("usage on schema supabase_migrations", "select on supabase_migrations.schema_migrations"):
                connection.execute("set role anon")
                with pytest.raises(TargetError, match="grant it usage on schema supabase_migrations and select on"):
                    by_history(MIGRATIONS, connection)
                connection.execute(f"reset role; grant {right} to anon")
            connection.execute("set role anon")
            assert [path.name for path in by_history(MIGRATIONS, connection).new] == [p.name for p in find(MIGRATIONS)]
    finally:
        target.server.drop_database("history")


# --- The static part alone


def test_the_linter_alone_names_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = sql(tmp_path, "select 1;\ncreate index i on public.messages (content);\n")
    assert linter.main([str(path)]) == 1
    assert f"{path}:2: require-concurrent-index-creation (P1)" in capsys.readouterr().out
    (path,) = sql(tmp_path, "create index concurrently i on public.messages (content);\n")
    assert linter.main([str(path)]) == 0
    assert linter.main([str(tmp_path / "none.sql")]) == 2


def test_a_rule_that_is_off_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = sql(tmp_path, "create index i on public.messages (content);\n")
    (tmp_path / "audit.toml").write_text('[linter]\nrequire-concurrent-index-creation = "off"\n')
    monkeypatch.chdir(tmp_path)
    assert linter.main([str(path)]) == 0
    (tmp_path / "audit.toml").write_text('[linter]\nno-such-rule = "off"\n')
    assert linter.main([str(path)]) == 2


# --- The whole gate, as a person runs it


def gate(folder: Path, *options: str) -> Outcome:
    cache = f"--gate-cache={folder / 'cache'}"
    return audit(folder / "out", "--gate", cache, "--members=20", *options)


def test_a_pull_request_is_judged(repository: Path, tmp_path: Path) -> None:
    (repository / "20270101000000_open.sql").write_text(
        "alter table public.profiles add column nickname text;\n"
        "grant select on public.contact_exchanges to anon;\n"
        'create policy "open" on public.contact_exchanges for select to anon using (true);\n'
    )
    options = (f"--migrations={repository}", "--base=main")
    first = gate(tmp_path, *options)
    assert first.status == 1
    assert first.having("VIOLATED") == {"MIG-05", "MIG-06", "MIG-07"}  # it sets no lock_timeout, either
    assert set(first.policies) == {policy.id for policy in GATE}
    (reach,) = [each for each in first.document["gate"]["files"][0]["reach"] if each["wider"]]
    assert (reach["cell"], reach["before"], reach["after"]) == ("anon: select public.contact_exchanges", "none", "all")
    page = (first.folder / "audit.html").read_text(encoding="utf-8")
    assert "anon: select public.contact_exchanges</span> none → all" in page
    second = gate(tmp_path, *options)
    assert "base: " in first.said and "base: " not in second.said  # it is kept
    assert second.having("VIOLATED") == first.having("VIOLATED")


def test_what_is_undone_is_compared_with_the_base(ground: Ground, tmp_path: Path) -> None:
    files = sql(
        tmp_path, "create table private.crates (id bigint primary key);\nalter table private.labels add x int;\n"
    )
    files += sql(tmp_path, "create table private.lids (id bigint primary key);\n", "20270102000000_lids.sql")
    sql(tmp_path, "drop table private.crates;\n", "20270101000000_new.down.sql")
    target = replace(ground.base.target, dsn=login(ground.base.server.clone_database("undone"), STAND_IN))
    try:
        with connect(migrating(target)) as connection:
            origin = state(connection)
            assert all(migration.applied for migration in apply_files(connection, files))
        told = undone(target, files, origin, wanted=True)
    finally:
        ground.base.server.drop_database("undone")
    assert "20270102000000_lids.sql cannot be undone: there is no 20270102000000_lids.down.sql" in told
    assert "after undoing the new migrations, column private.labels.x is left" in told
    assert "after undoing the new migrations, table private.lids is left" in told
    assert not any("crates" in each for each in told)


def test_nothing_new_is_not_applicable(repository: Path, tmp_path: Path) -> None:
    outcome = gate(tmp_path, f"--migrations={repository}", "--base=main")
    assert outcome.status == 0
    assert outcome.policies["MIG-05"]["reason"].startswith("no migration is new since main")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--gate"], "say what is new"),
        (["--base=main"], "--base is for --gate"),
        (["--gate", "--since-version=1", "--files=a.sql"], "say in one way what is new"),
        (["--gate", "--files=missing.sql"], "missing.sql is not in"),
        (["--gate", "--base=live"], "say what is new"),
        (["--gate", "--since-version=1", "--history=history.sqlite"], "--history is for audits"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, options: list[str], said: str) -> None:
    outcome = audit(tmp_path, *options)
    assert outcome.status == 4
    assert said in outcome.said


def test_an_interrupted_gate_leaves_no_server(repository: Path, tmp_path: Path) -> None:
    (repository / "20270101000000_loop.sql").write_text("select pg_sleep(600);\n")
    command = [
        sys.executable, "-m", "pytest", "policies", "--gate", f"--migrations={repository}", "--base=main",
        "--members=5", f"--gate-cache={tmp_path / 'cache'}", f"--report-dir={tmp_path / 'out'}",
    ]  # fmt: skip
    place = Path(tempfile.mkdtemp(prefix="gate", dir="/tmp"))
    try:
        running = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "TMPDIR": str(place)}, stdout=subprocess.PIPE, text=True
        )
        assert running.stdout is not None
        for line in running.stdout:
            if "policies asked" in line:
                break
        time.sleep(1)  # by then it is at work, or about to be: both must end
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=LIMIT_S)
        assert running.returncode == 2
        assert not list(place.glob(f"{PREFIX}*"))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def test_the_live_schema_is_a_base_and_stays_as_it_is(target: Target, tmp_path: Path) -> None:
    database = target.server.clone_database("gated")
    try:
        with connect(database) as connection:
            connection.execute(
                "drop table supabase_migrations.schema_migrations;"
                "create table supabase_migrations.schema_migrations (version text);"
                "insert into supabase_migrations.schema_migrations values "
                + ", ".join(f"('{version(path.name)}')" for path in find(MIGRATIONS))
            )
        before = fingerprint(database)
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder)
        (folder / "20270101000000_open.sql").write_text(
            "grant select on public.contact_exchanges to anon;\n"
            'create policy "open" on public.contact_exchanges for select to anon using (true);\n'
        )
        options = (f"--target={database}", "--base=live", f"--migrations={folder}", f"--stats-from={database}")
        outcome = gate(tmp_path, *options)
        assert {"MIG-05", "MIG-06"} <= outcome.having("VIOLATED"), outcome.said
        assert outcome.document["gate"]["since"] == "what the live database has applied"
        assert fingerprint(database) == before
    finally:
        target.server.drop_database("gated")


def fingerprint(dsn: Dsn) -> list[tuple[object, ...]]:
    """Return all of a database that a write would change: the catalogue's rows with their transactions, and rows."""
    with connect(dsn) as connection:
        found = state(connection)
        numbers = connection.execute(
            "select c.oid, c.xmin::text, c.relname from pg_class c union all select p.oid, p.xmin::text, p.proname "
            "from pg_proc p where p.oid > 16384 order by 1, 3"
        ).fetchall()
    return [*numbers, *((title, found.prints.get(oid)) for oid, title in sorted(found.titles.items()))]
