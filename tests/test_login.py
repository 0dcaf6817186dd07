"""The login of schema/auditor.sql sees what the policies ask about and no more; the report says what a login lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from fixtures import live
from fixtures.asking import Connection, Question
from fixtures.auditor import Auditor
from fixtures.evidence import Log, Unchecked
from fixtures.live import Dsn
from fixtures.login import excess, lacking, read
from fixtures.settings import Settings
from fixtures.target import SCHEMA, Target
from tests.auditing import Outcome, acts, audit
from tests.proving import POLICIES

AUDITOR = (SCHEMA / "auditor.sql").read_text(encoding="utf-8")
LOGIN = "care_auditor"


@pytest.fixture(scope="module")
def production(target: Target) -> Iterator[Dsn]:
    """A copy of the reference database that has been there for a while, with the login that its owner made."""
    dsn = target.server.clone_database("for_login")
    with live.connect(Dsn(make_conninfo(dsn, user="postgres"))) as owner:
        owner.execute(AUDITOR)
        owner.execute("analyze")
    yield dsn
    with live.connect(dsn) as superuser:
        superuser.execute(f"drop owned by {LOGIN}")
    target.server.drop_database("for_login")
    with live.connect(target.server.dsn_of("template1")) as superuser:
        superuser.execute(f"drop role {LOGIN}")


@pytest.fixture
def owner(production: Dsn) -> Iterator[Connection]:
    """Its owner, who on Supabase is postgres and no superuser."""
    with live.connect(Dsn(make_conninfo(production, user="postgres"))) as connection:
        yield connection


@pytest.fixture
def auditor(production: Dsn) -> Iterator[Connection]:
    """The audit's login."""
    with live.connect(as_auditor(production)) as connection:
        connection.execute("set search_path = ''")
        yield connection


def as_auditor(dsn: Dsn) -> Dsn:
    return Dsn(make_conninfo(dsn, user=LOGIN))


@pytest.fixture(scope="module")
def outcome(production: Dsn, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The audit with exactly this login."""
    return audit(tmp_path_factory.mktemp("least"), f"--target={as_auditor(production)}")


# Statistics of a database that has just been made tell nothing about its maintenance, whoever asks.
YOUNG = {"MAINT-01", "MAINT-02", "PERF-03"}


@pytest.fixture(scope="module")
def lacks(target: Target) -> set[str]:
    """What the owner did not give the login: the shadow's right, and what up to PostgreSQL 15 only superusers give."""
    everything = set() if int(target.server_version.split(".")[0]) >= 16 else {f"alter role {LOGIN} bypassrls;"}
    return everything | {f"grant pg_read_all_data to {LOGIN};"}


def test_everything_is_judged_or_the_grant_is_named(outcome, lacks):
    assert {*outcome.policies} == {*POLICIES}
    unchecked = {name: outcome.policies[name] for name in outcome.having("UNCHECKED") - YOUNG}
    assert not {name for name, policy in unchecked.items() if not policy["grants"]}, unchecked
    assert {grant for policy in unchecked.values() for grant in policy["grants"]} == lacks
    if len(lacks) == 1:
        assert {*unchecked} <= {name for name, policy in POLICIES.items() if acts(policy) or "matrix" in policy.askers}
    assert not outcome.having("VIOLATED") - YOUNG, outcome.said
    assert len(outcome.having("HOLDS")) > len(POLICIES) / 3


def test_the_report_names_what_is_missing_and_that_nothing_is_too_much(outcome, lacks):
    login = outcome.document["login"]
    assert (login["excess"], login["unknown"]) == ([], "")
    assert {missing["grant"] for missing in login["missing"]} == lacks
    named = {name for missing in login["missing"] for name in missing["policies"]}
    assert named == outcome.having("UNCHECKED") - YOUNG
    assert "It can read and nothing else." in (outcome.folder / "audit.html").read_text(encoding="utf-8")


def test_the_grants_mend_what_was_unchecked(outcome, production, tmp_path):
    grants = [missing["grant"] for missing in outcome.document["login"]["missing"]]
    with live.connect(production) as superuser:
        for grant in grants:
            superuser.execute(grant)
        try:
            mended = audit(tmp_path, f"--target={as_auditor(production)}")
        finally:
            superuser.execute(f"revoke pg_read_all_data from {LOGIN}")
    assert not mended.having("UNCHECKED", "VIOLATED") - YOUNG, mended.said
    assert mended.document["login"]["missing"] == []
    assert mended.document["footprint"]["dump_ms"] > 0


def test_the_file_can_be_run_again(owner):
    before = owner.execute(RIGHTS).fetchall()
    owner.execute(AUDITOR)
    assert owner.execute(RIGHTS).fetchall() == before
    assert before


# Every column that the login can read, and not because everybody can.
RIGHTS = f"""
select n.nspname || '.' || c.relname, a.attname::text
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind <> 'S' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
and pg_catalog.has_column_privilege('{LOGIN}', c.oid, a.attnum, 'select')
and not exists (select from pg_catalog.aclexplode(c.relacl) x where x.grantee = 0)
order by 1, 2
"""


def test_the_file_grants_what_the_policies_read_and_no_more(bench, owner, monkeypatch):
    """What each policy asks the target itself; what people act on is the shadow. How far keys are is MAINT-04's."""
    asked: dict[str, set[str]] = {}
    asking = Auditor.asking

    def noted(self: Auditor, question: Question, *rest: str) -> object:
        for relation, columns in read(question.text).items():
            asked.setdefault(relation, set()).update(columns)
        return asking(self, question, *rest)

    monkeypatch.setattr(Auditor, "asking", noted)
    bench.connection.execute("begin")
    for policy in POLICIES.values():
        if "auditor" in policy.askers:
            bench.ask(policy, bench.connection)
    bench.connection.execute("rollback")
    granted: dict[str, set[str]] = {}
    for relation, column in owner.execute(RIGHTS).fetchall():
        granted.setdefault(relation, set()).add(column)
    assert granted == asked


def test_it_can_change_nothing_even_outside_of_the_audits_transactions(auditor):
    auditor.execute("set default_transaction_read_only = off")
    for statement in (
        "update public.profiles set name = 'x'",
        "insert into public.messages default values",
        "delete from auth.users",
        "create table public.x ()",
        "create schema x",
        "create role x",
        "select content from public.messages",
        "select phone from public.profiles",
        "set role postgres",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            auditor.execute(statement)


def test_its_settings_guard_whoever_else_uses_it(auditor, owner):
    found = auditor.execute(
        """
        select current_setting('default_transaction_read_only'), current_setting('statement_timeout'),
               current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')
        """
    ).fetchone()
    assert found == ("on", "30s", "2s", "1min")
    limit = owner.execute("select rolconnlimit, rolpassword from pg_catalog.pg_roles where rolname = %s", [LOGIN])
    assert limit.fetchone() == (4, "********")
    assert "password '" not in AUDITOR.lower()


@pytest.mark.parametrize(
    ("right", "back", "sentence"),
    [
        ("alter role {0} createrole", "alter role {0} nocreaterole", "it could create and change roles"),
        ("alter role {0} createdb", "alter role {0} nocreatedb", "it could create databases"),
        ("alter role {0} replication", "alter role {0} noreplication", "it could replicate the whole server"),
        ("alter role {0} superuser", "alter role {0} nosuperuser", f"it can become the superuser {LOGIN}"),
        ("grant pg_write_all_data to {0}", "revoke pg_write_all_data from {0}", "it is a member of pg_write_all_data"),
        ("grant pg_execute_server_program to {0}", "revoke pg_execute_server_program from {0}",
         "it is a member of pg_execute_server_program"),
        ("grant update (name) on public.profiles to {0}", "revoke update (name) on public.profiles from {0}",
         "it could write to 1 relations, such as public.profiles"),
        ("create role r; grant delete on auth.users to r; grant r to {0} ", "drop owned by r; drop role r",
         "it could write to 1 relations, such as auth.users"),
        ("create table public.mine (); alter table public.mine owner to {0}", "drop table public.mine",
         "it owns 1 relations, such as public.mine"),
        ("grant create on schema public to {0}", "revoke create on schema public from {0}",
         "it could create objects in 1 schemas, such as public"),
        ("grant supabase_admin to {0}", "revoke supabase_admin from {0}", "it can become the superuser supabase_admin"),
    ],
)  # fmt: skip
def test_a_right_too_many_is_told(production, auditor, right, back, sentence):
    with live.connect(production) as superuser:
        assert excess(auditor.cursor()) == ()
        superuser.execute(right.format(LOGIN))
        try:
            assert sentence in excess(auditor.cursor())
        finally:
            superuser.execute(back.format(LOGIN))
        assert excess(auditor.cursor()) == ()


def test_a_login_with_too_many_rights_is_noted(production, tmp_path):
    outcome = audit(tmp_path, f"--target={production}", "--no-shadow", "-k", "profile")
    assert outcome.document["login"]["excess"] == ["it can become the superuser supabase_admin"]
    assert "note: The audit's login can do more than read: it can become the superuser supabase_admin." in outcome.said
    assert outcome.document["notes"] == []
    assert "Too many rights" in (outcome.folder / "audit.html").read_text(encoding="utf-8")


# --- What a question lacks


@pytest.fixture
def bare(production: Dsn) -> Iterator[Callable[[str], tuple[str, ...]]]:
    """Ask as a login without any rights; return the grants that it is told to need, and give them."""
    with live.connect(production) as superuser:
        superuser.execute(
            """
            create role bare login;
            create schema apart;
            create table apart.notes (id int, "Owner's" text, text text);
            create view apart.seen with (security_invoker = on) as select id, text from apart.notes;
            create function apart.one() returns int language sql return 1;
            revoke execute on function apart.one() from public;
            """
        )
        try:
            with live.connect(Dsn(make_conninfo(production, user="bare"))) as connection:
                question = Auditor(lambda: connection, Settings().parameters(), Log())

                def ask(text: str, of: str = "select 1 as things") -> tuple[str, ...]:
                    with pytest.raises(Unchecked) as refusal:
                        question(text, of=of)
                    assert refusal.value.remedy == " ".join(refusal.value.grants)
                    for grant in refusal.value.grants:
                        superuser.execute(grant)
                    question(text, of=of)
                    return refusal.value.grants

                yield ask
        finally:
            superuser.execute("drop schema apart cascade; drop owned by bare; drop role bare")


USAGE = "grant usage on schema apart to bare;"


@pytest.mark.parametrize(
    ("text", "of", "grants"),
    [
        ("select n.id as object from apart.notes n", "apart.notes",
         (USAGE, "grant select (id) on apart.notes to bare;")),
        ('select n."Owner\'s" as object from apart.notes n where n.id > 1', "apart.notes",
         (USAGE, 'grant select (id, "Owner\'s") on apart.notes to bare;')),
        ("select count(*) as object from apart.notes", "apart.notes",
         (USAGE, "grant select (id) on apart.notes to bare;")),
        ("select n.*, 1 as object from apart.notes n", "apart.notes", (USAGE, "grant select on apart.notes to bare;")),
        ("select s.id as object from apart.seen s", "apart.seen",
         (USAGE, "grant select (id) on apart.seen to bare;", "grant select (id, text) on apart.notes to bare;")),
        ("select apart.one() as object", "select 1 as things",
         (USAGE, "grant execute on function apart.one() to bare;")),
        ("select id as object from auth.users", "auth.users",
         ("grant usage on schema auth to bare;", "grant select (id) on auth.users to bare;",
          "alter role bare bypassrls;")),
    ],
)  # fmt: skip
def test_the_grants_named_are_those_that_it_takes(bare, text, of, grants):
    assert bare(text, of) == grants


def test_hidden_sessions_come_with_the_grant(production, tmp_path):
    with live.connect(production) as superuser:
        superuser.execute("create role blind login")
        try:
            with live.connect(production) as somebody:
                somebody.execute("set application_name = 'somebody'")
                outcome = audit(
                    tmp_path, f"--target={make_conninfo(production, user='blind')}", "--no-shadow", "-k", "query"
                )
        finally:
            superuser.execute("drop role blind")
    hidden = [policy for policy in outcome.policies.values() if "hidden from the audit" in policy["reason"]]
    assert {policy["id"] for policy in hidden} == {"MON-03", "MON-04"}
    assert {*map(str, (policy["grants"] for policy in hidden))} == {"['grant pg_read_all_stats to blind;']"}


# --- Where the owner may not give everything


def test_what_could_not_be_granted_is_a_notice(target):
    """As on a server whose owner has neither pg_monitor nor bypassrls to give, and no rights in the schema auth."""
    dsn = target.server.clone_database("lesser")
    said: list[str] = []
    with live.connect(dsn) as superuser:
        superuser.execute(
            """
            create role lesser login createrole;
            alter database lesser owner to lesser;
            grant all on all tables in schema public to lesser with grant option;
            grant usage on schema public to lesser with grant option;
            """
        )
    try:
        with live.connect(Dsn(make_conninfo(dsn, user="lesser"))) as connection:
            connection.add_notice_handler(lambda notice: said.append(str(notice.message_primary)))
            connection.execute(AUDITOR.replace(LOGIN, "lesser_auditor"))
        if int(target.server_version.split(".")[0]) >= 16:  # before, whoever may create roles may give this one
            assert [line for line in said if line.startswith("not granted: pg_monitor")]
        assert [line for line in said if line.startswith("not given: bypassrls")]
        assert [line for line in said if line.endswith("on auth.users")]
        assert not [line for line in said if "public.messages" in line]
        with live.connect(Dsn(make_conninfo(dsn, user="lesser_auditor"))) as connection:
            connection.execute("set search_path = ''")
            assert excess(connection.cursor()) == ()
            assert lacking(connection.cursor(), ["public.messages"]) == ("alter role lesser_auditor bypassrls;",)
    finally:
        target.server.drop_database("lesser")
        with live.connect(target.server.dsn_of("template1")) as superuser:
            superuser.execute("drop role lesser_auditor, lesser")


def test_a_question_that_names_nothing_lacks_nothing(auditor):
    with Auditor(lambda: auditor, Settings().parameters(), Log()).asking(Question("select", None)) as cursor:
        assert lacking(cursor, ["select oid from pg_catalog.pg_class", ""]) == ()
