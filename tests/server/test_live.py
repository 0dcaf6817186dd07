"""Live targets: what the audit's login may not see is never taken for sound, and nothing on the server changes."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from audit.auditor import Auditor
from audit.connection import Dsn, connect
from audit.evidence import Log, Unchecked
from audit.question import Connection, Question
from audit.server.target import Target
from audit.server_errors import Unanswered
from audit.settings import Settings
from reports.folder import OUTPUTS
from tests.support.auditing import ROOT, Outcome, acts, audit
from tests.support.proving import POLICIES

SECRET = "c0rrect-h0rse-battery"
ATTEMPTS = 3
POWERFUL = ("supabase_admin", "postgres")
# What a copy may be too young for, whose statistics have just begun.
YOUNG = {"MAINT-01", "MAINT-02", "PERF-03"}

# Counters of the whole server, and of what was written to tables of this database, catalogues included. Not of those
# that all databases share: other sessions tell of them late, and whoever writes there takes a transaction id.
STATE = """
select pg_catalog.pg_current_wal_insert_lsn()::text as wal,
       pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text as next_transaction,
       (select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_catalog.pg_stat_all_tables s
        join pg_catalog.pg_class c on c.oid = s.relid where not c.relisshared) as tuples,
       (select tup_inserted + tup_updated + tup_deleted from pg_catalog.pg_stat_database
        where datname = current_database()) as tuples_of_database
"""

# What each login may do, apart from logging in.
RIGHTS = {
    "audit_filtered": "grant pg_read_all_data, pg_monitor to audit_filtered",
    "audit_nothing": "",
    "audit_secretive": f"""
        alter role audit_secretive bypassrls password '{SECRET}';
        grant pg_read_all_data, pg_monitor to audit_secretive
    """,
}


@pytest.fixture(scope="module")
def superuser(target: Target) -> Iterator[Connection]:
    """A connection to a copy of the reference database that is audited as a live one, on a server at rest."""
    dsn = target.server.clone_database("production")
    rules = target.server.directory / "pg_hba.conf"
    before = rules.read_text()
    with connect(dsn) as connection:
        rules.write_text(f"local all audit_secretive scram-sha-256\n{before}")
        # Somebody's session, not the audit's own. Autovacuum must be on, a policy says; it is not to begin just now.
        connection.execute("set application_name = 'somebody'")
        connection.execute("alter system set autovacuum_naptime = '1d'")
        for name, rights in RIGHTS.items():
            connection.execute(f"create role {name} login; {rights}")
        connection.execute("select pg_reload_conf()")
        yield connection
        connection.execute("alter system reset autovacuum_naptime")
        connection.execute(f"drop role {', '.join(RIGHTS)}")
        rules.write_text(before)
        connection.execute("select pg_reload_conf()")
    target.server.drop_database("production")


@pytest.fixture(scope="module")
def dsn(target: Target, superuser: Connection) -> Callable[..., Dsn]:
    """How to log in to the live database, or to another one of its server."""
    return lambda user, database="production": Dsn(make_conninfo(target.server.dsn_of(database), user=user))


@pytest.fixture(scope="module")
def audited(
    superuser: Connection, dsn: Callable[..., Dsn], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Outcome, list[dict[str, object]]]]:
    """Audit the live database as a login, once, and return what changed on the server in each attempt."""

    @cache
    def audited(user: str) -> tuple[Outcome, list[dict[str, object]]]:
        # What reading would otherwise tidy up on the way (hint bits, dead rows), with a note in the log.
        # What a session has done is told of its tables first, and of the database by the next flush.
        flush = "select pg_catalog.pg_stat_force_next_flush()"
        for tidy in ("analyze", "vacuum (freeze)", "checkpoint", flush, flush):
            superuser.execute(tidy)
        changes = []
        for attempt in range(ATTEMPTS):
            before = state(superuser)
            outcome = audit(tmp_path_factory.mktemp(f"{user}-{attempt}"), f"--target={dsn(user)}")
            settle(superuser)
            after = state(superuser)
            changes.append({key: (before[key], after[key]) for key in before if before[key] != after[key]})
            if not changes[-1] or user not in POWERFUL:
                break
        return outcome, changes

    return audited


def state(connection: Connection) -> dict[str, object]:
    cursor = connection.execute(STATE)
    return dict(zip([column.name for column in cursor.description or ()], cursor.fetchone() or (), strict=True))


def settle(connection: Connection) -> None:
    """Wait until the audit's sessions are over: they tell the statistics what they did at their end."""
    connection.execute(
        """
        do $$ begin
            while exists (select from pg_catalog.pg_stat_activity
                          where datname = 'production' and pid <> pg_catalog.pg_backend_pid())
            loop
                perform pg_catalog.pg_sleep(0.02), pg_catalog.pg_stat_clear_snapshot();
            end loop;
        end $$
        """
    )


@pytest.fixture(scope="module")
def about_members(superuser: Connection, audited: Callable[[str], tuple[Outcome, object]]) -> set[str]:
    """The policies about rows of tables that have row level security, by what the report says that they looked at."""
    named = superuser.execute(
        "select relnamespace::regnamespace || '.' || relname from pg_catalog.pg_class where relrowsecurity"
    )
    guarded = {name for (name,) in named}
    outcome, _ = audited("supabase_admin")
    found = {
        name
        for name, policy in outcome.policies.items()
        if policy["population"] and policy["population"]["of"] in guarded and not acts(POLICIES[name])
    }
    assert found
    return found


def test_an_all_powerful_login_sees_everything(audited, about_members):
    outcome, _ = audited("supabase_admin")
    assert outcome.document["target"]["kind"] == "live"
    assert about_members <= outcome.having("HOLDS")
    assert not outcome.having("VIOLATED"), outcome.said


@pytest.mark.parametrize("user", POWERFUL)
def test_nothing_changes_whatever_the_login_could_do(audited, user):
    """The superuser and the owner of the tables could write; neither the log nor any counter moves.

    What the server notes by itself (the running transactions, once after a checkpoint) it notes once: one attempt of
    three is without. What an audit wrote it would write each time.
    """
    outcome, changes = audited(user)
    assert outcome.document["target"]["role"] == user
    assert len(outcome.policies) == len(POLICIES)
    assert changes[-1] == {}, changes
    # The transaction counter and the tables tell of no exception at all.
    assert {key for change in changes for key in change} <= {"wal"}, changes


def test_the_counters_would_tell(superuser):
    """The smallest of writes moves each of them: they prove something by standing still."""
    before = state(superuser)
    superuser.execute("update public.profiles set name = name where id = (select id from public.profiles limit 1)")
    superuser.execute("select pg_catalog.pg_stat_force_next_flush()")
    after = state(superuser)
    assert {key for key in before if before[key] != after[key]} == {*before}


@pytest.mark.parametrize(
    "question",
    [
        "select public.audit_test_write() as object",
        "select nextval('public.audit_test_sequence') as object",
        "select set_config('transaction_read_only', 'off', true) as object",
        "with gone as (delete from public.messages returning id) select id as object from gone",
    ],
)
def test_a_question_that_would_write_is_refused(superuser, question):
    superuser.execute(
        """
        create or replace function public.audit_test_write() returns text
        begin atomic
            update public.profiles set name = 'written' returning name;
        end;
        create sequence if not exists public.audit_test_sequence
        """
    )
    auditor = Auditor(lambda: superuser, Settings().parameters(), Log())
    with pytest.raises(Unchecked):
        auditor(question, of="public.profiles")
    assert superuser.execute("select count(*) from public.profiles where name = 'written'").fetchone() == (0,)
    assert superuser.execute("select is_called from public.audit_test_sequence").fetchone() == (False,)
    assert superuser.execute("select count(*) > 0 from public.messages").fetchone() == (True,)


GUARDS = """
select name, setting from pg_catalog.pg_settings
where name in ('transaction_read_only', 'transaction_isolation', 'statement_timeout', 'lock_timeout', 'row_security',
               'idle_in_transaction_session_timeout', 'transaction_timeout', 'search_path')
"""


def test_a_question_has_its_guards_for_its_transaction_alone(superuser):
    before = dict(superuser.execute(GUARDS).fetchall())
    auditor = Auditor(lambda: superuser, Settings().parameters(), Log())
    with auditor.asking(Question("select", None)) as cursor:
        during = dict(cursor.execute(GUARDS).fetchall())
    assert during == {
        "transaction_read_only": "on",
        "transaction_isolation": "repeatable read",
        "statement_timeout": "5000",
        "lock_timeout": "100",
        "idle_in_transaction_session_timeout": "30000",
        "row_security": "off",
        "search_path": "",
        **({"transaction_timeout": "60000"} if "transaction_timeout" in before else {}),
    }
    assert dict(superuser.execute(GUARDS).fetchall()) == before


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("select id::text as object from public.profiles, pg_catalog.pg_sleep(20) limit 1", "public.profiles"),
        (
            "select 'x' as object where false",
            "select count(*) as messages from public.messages, pg_catalog.pg_sleep(20)",
        ),
        # Each statement is short enough, but all of them together are not.
        (
            "select id::text as object from public.profiles, pg_catalog.pg_sleep(0.2) limit 1",
            "select count(*) as messages from public.messages, pg_catalog.pg_sleep(0.2)",
        ),
    ],
)
def test_no_question_holds_a_lock_for_longer_than_is_set(superuser, text, of):
    known = {**Settings().parameters(), "lock_hold_ms": 300}
    auditor = Auditor(lambda: superuser, known, Log())
    with pytest.raises(Unchecked, match="held a lock for longer than 300 ms"):
        auditor(text, of=of)
    assert auditor("select id::text as object from public.profiles where false", of="public.profiles").population.count


def test_what_a_database_sets_for_its_sessions_changes_no_verdict(target, tmp_path):
    """Dates in German, backslashes that escape, names in quotes: whoever needs that has it, and the audit does not."""
    name = 'of "Care" x'
    dsn = Dsn(make_conninfo(target.server.clone_database(name), options=""))
    try:
        with connect(dsn) as connection:
            for setting in (
                "DateStyle = 'German'", "IntervalStyle = 'sql_standard'", "extra_float_digits = -15",
                "standard_conforming_strings = off", "quote_all_identifiers = on", "search_path = 'private, \"none\"'",
                "default_transaction_isolation = 'serializable'", "default_transaction_deferrable = on",
                "row_security = off", "timezone = 'Asia/Kathmandu'", "idle_session_timeout = '1s'",
            ):  # fmt: skip
                connection.execute(f"""alter database "of ""Care"" x" set {setting}""")
            connection.execute("analyze")
        outcome = audit(tmp_path, f"--target={dsn}")
        assert not outcome.having("VIOLATED", "UNCHECKED") - YOUNG, outcome.said
        assert outcome.status in (0, 6)
    finally:
        target.server.drop_database(name)


def test_a_server_that_does_not_answer_is_waited_for_so_long(dsn):
    waits: list[float] = []
    with connect(dsn("supabase_admin"), patience_s=0.3, waited=waits.append) as connection:
        with pytest.raises(Unanswered, match=r"the server did not answer within 0\.3 seconds"):
            connection.execute("select pg_catalog.pg_sleep(2)")
        assert connection.closed
    assert 0.3 <= sum(waits) < 30


def test_a_login_that_row_level_security_filters_checks_nothing_about_members(audited, about_members):
    outcome, _ = audited("audit_filtered")
    assert outcome.having("UNCHECKED") >= about_members
    reasons = [outcome.policies[name]["reason"] for name in about_members]
    assert all("row-level security" in reason or "permission denied" in reason for reason in reasons), reasons
    assert any("row-level security" in reason for reason in reasons)
    assert outcome.status == 6


def test_a_login_without_rights_checks_nothing_about_members(audited, about_members):
    outcome, _ = audited("audit_nothing")
    assert outcome.having("UNCHECKED") >= about_members
    assert all(outcome.policies[name]["remedy"] for name in about_members)
    assert [policy for policy in outcome.policies.values() if "hidden from the audit" in policy["reason"]]
    assert outcome.status == 6


@pytest.mark.parametrize("user", ["audit_filtered", "audit_nothing"])
def test_what_a_login_cannot_see_is_never_sound(sabotaged, tmp_path, user):
    """On a database that is broken everywhere, a login with fewer rights finds less, and takes nothing for sound."""
    with connect(sabotaged.target.server.dsn) as connection:
        connection.execute("set session characteristics as transaction read write")
        connection.execute(f"create role {user} login; {RIGHTS[user]}")
    outcome = audit(tmp_path, f"--target={make_conninfo(sabotaged.target.server.dsn, user=user)}", "--no-shadow")
    violated = sabotaged.outcome.having("VIOLATED")
    assert violated & outcome.having("UNCHECKED")
    assert not violated & outcome.having("HOLDS", "WAIVED")


ACTING = {name for name, policy in POLICIES.items() if acts(policy)}


@pytest.mark.parametrize("user", ["supabase_admin", "postgres", "audit_filtered"])
def test_people_act_on_the_shadow_of_a_live_database(audited, user):
    outcome, _ = audited(user)
    assert re.search(r"shadow PostgreSQL \d+\S*: (\d+) of \1 statements restored, 0 objects unlike", outcome.said)
    held = outcome.having("HOLDS") & ACTING
    assert held
    assert {cell["relation"] for cell in outcome.document["matrix"]["cells"]} >= {"public.profiles", "public.messages"}
    # What a policy asks the live database besides may be hidden from a login; nothing of the shadow is.
    blind = outcome.having("UNCHECKED") & ACTING
    assert not blind or user == "audit_filtered"
    assert not [name for name in blind if "shadow" in outcome.policies[name]["reason"]]


def test_a_login_that_may_not_dump_lets_nobody_act(audited):
    outcome, _ = audited("audit_nothing")
    assert outcome.having("UNCHECKED", "NOT_APPLICABLE") >= ACTING
    told = [outcome.policies[name] for name in ACTING if "may not dump" in outcome.policies[name]["reason"]]
    assert told and all("grant pg_read_all_data" in policy["remedy"] for policy in told)
    assert outcome.status == 6


def test_without_a_shadow_nobody_acts(dsn, tmp_path):
    outcome = audit(tmp_path, f"--target={dsn('supabase_admin')}", "--no-shadow", "-k", "phone or sign")
    assert "shadow PostgreSQL" not in outcome.said
    unchecked = outcome.having("UNCHECKED") & ACTING
    assert unchecked == {*outcome.policies} & ACTING
    assert {outcome.policies[name]["remedy"] for name in unchecked} == {"audit without --no-shadow"}


@pytest.mark.parametrize("way", ["service file", "password file", "environment", "connection string"])
def test_a_password_gets_in_and_never_out(target, dsn, tmp_path, way):
    service, passwords = tmp_path / "services", tmp_path / "passwords"
    place = f"host={target.server.directory / 's'}"
    service.write_text(
        f"[prod]\n{place}\nuser=audit_secretive\npassword={SECRET}\ndbname=production\n".replace(" ", "\n")
    )
    passwords.write_text(f"*:*:*:audit_secretive:{SECRET}\n")
    passwords.chmod(0o600)
    plain = make_conninfo(place, user="audit_secretive", dbname="production")
    option, environment = {
        "service file": ("service=prod", {"PGSERVICEFILE": str(service)}),
        "password file": (plain, {"PGPASSFILE": str(passwords)}),
        "environment": (plain, {"PGPASSWORD": SECRET}),
        "connection string": (make_conninfo(plain, password=SECRET), {}),
    }[way]
    options = (f"--target={option}", "-k", "profile", "-vv", "--no-shadow", f"--output={','.join(OUTPUTS)}")
    outcome = audit(tmp_path / "out", *options, **environment)
    assert outcome.document["target"]["role"] == "audit_secretive", outcome.said
    assert outcome.having("HOLDS")
    assert SECRET not in outcome.said
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(written) == len(OUTPUTS)
    assert not [path for path in written if SECRET in path.read_text(encoding="utf-8")]


class Watched(threading.Thread):
    """Reads, again and again, what every user of the machine can read of all processes: their command lines."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[str] = set()
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.002):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    self.seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc")
def test_no_process_shows_the_password_while_people_act(dsn, tmp_path):
    """Not even when the connection string holds it: the environment names the target, and pg_dump gets it privately."""
    watched = Watched()
    watched.start()
    target = make_conninfo(dsn("audit_secretive"), password=SECRET)
    outcome = audit(
        tmp_path / "out", "-k", "phone", AUDIT_TARGET=target, PGPASSWORD=f"not {SECRET}", TMPDIR=str(tmp_path)
    )
    watched.ended.set()
    watched.join()
    assert outcome.having("HOLDS") & ACTING, outcome.said
    assert [line for line in watched.seen if "pg_dump --schema-only" in line], "it was not watched closely enough"
    # Another test, which may run just now, shows it on purpose.
    ours = [line for line in watched.seen if "--report-dir=" not in line or str(tmp_path) in line]
    assert not [line for line in ours if SECRET in line]
    assert SECRET not in outcome.said
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 3
    assert not [path for path in written if SECRET in path.read_text(encoding="utf-8")]


def test_without_its_password_it_does_not_get_in(dsn, tmp_path):
    outcome = audit(tmp_path, f"--target={dsn('audit_secretive')}", "-k", "profile", PGPASSFILE=os.devnull)
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert "a password is needed" in outcome.said


def test_an_empty_table_is_not_applicable(target, dsn, tmp_path, about_members):
    with connect(target.server.clone_database("nobody_yet")) as connection:
        connection.execute("truncate auth.users cascade")
    outcome = audit(tmp_path, f"--target={dsn('supabase_admin', 'nobody_yet')}", "--no-shadow")
    assert about_members <= outcome.having("NOT_APPLICABLE")
    assert all("nothing to look at" in outcome.policies[name]["reason"] for name in about_members)


def test_a_database_without_the_projects_tables_is_not_applicable(target, dsn, tmp_path, about_members):
    with connect(target.server.clone_database("platform_only")) as connection:
        connection.execute("drop schema public cascade; create schema public; truncate auth.users cascade")
    login = dsn("supabase_admin", "platform_only")
    # Nothing tells any more that it is ours; whose it is has to be said.
    outcome = audit(tmp_path / "whose", f"--target={login}", "--no-shadow", "-k", "SCHEMA")
    assert "not the database of this folder's audit.toml" in outcome.said
    outcome = audit(tmp_path, f"--target={login}", "--no-shadow", f"--settings={ROOT / 'audit.toml'}")
    assert about_members <= outcome.having("NOT_APPLICABLE")
    for name in about_members:
        assert re.search(
            r"(is|are) not in this database|nothing to look at|no key of", outcome.policies[name]["reason"]
        )
    assert outcome.status == 1, "what the runbook relies on is missing"
