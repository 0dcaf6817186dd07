"""How a proof is made: a sabotage is read, and policies are asked on the reference database, outside of a run."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg.errors import InsufficientPrivilege, ProhibitedSqlStatementAttempted
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL

from audit.access.results import Judgement
from audit.actors import Stage
from audit.auditor import Auditor
from audit.catalog.amcheck import Amcheck
from audit.catalog.growth import WEEK, measure
from audit.client.app import Findings
from audit.client.app import read as read_application
from audit.connection import connect
from audit.drift.building import Built
from audit.drift.building import read as read_catalogue
from audit.drift.findings import Drift, Drifted, compared, of_live
from audit.drift.printing import Printer
from audit.evidence import Log
from audit.gate.base import Base
from audit.gate.pending import Pending
from audit.gate.rehearsal import rehearse
from audit.gate.results import Rehearsal, Standing
from audit.gate.versions import judge_versions
from audit.migrations import apply, find
from audit.policy import Policy, collected
from audit.question import Connection
from audit.results import Sizes, Verdict
from audit.runbook.desk import Desk
from audit.runbook.examine import examine
from audit.runbook.findings import Runbook
from audit.runbook.reading import Book, book_of
from audit.server.rights import OWNER, STAND_IN, follow, login
from audit.server.target import MIGRATIONS, Target
from audit.sql_text import statements
from fixtures.askers import Disposable
from fixtures.suite import Suite, put
from reports.model import Result, Waiver
from reports.verdicts import result_of

# Vacuuming takes as long as a few proofs; what they leave behind slows them down little by little.
CLEAN_EVERY = 20
CONNECT_EVERY = 5

SABOTAGE = Path(__file__).parents[1] / "sabotage"
RUNBOOKS = Path(__file__).parents[1] / "runbooks"
# The application that is sabotaged where a policy is about one.
APPLICATION = Path(__file__).parents[1] / "client" / "app"

CLEAN = (Verdict.HOLDS, Verdict.NOT_APPLICABLE)

KEYS = ("also", "blind", "object", "set", "on", "file", "text")
# As SQL, TypeScript, settings and pages begin their comments.
COMMENT = re.compile(r"(?:--|//|#|<!--)(.*?)(?:-->)?$")


# These look at all access at once, and take their time: by id, at which aspects of a database (see below).
_REACH = frozenset(["policies", "grants", "functions", "triggers", "columns"])
OVERALL = {
    "RLS-07": _REACH,
    "RLS-08": _REACH,
    "RLS-09": _REACH,
    "RLS-13": _REACH,
    "RLS-15": _REACH,
    "RLS-19": frozenset(["policies", "grants", "constraints", "columns"]),
    "RLS-24": frozenset(["policies", "grants", "constraints", "columns", "functions", "triggers"]),
    "RLS-25": frozenset(["policies", "grants", "constraints", "columns", "functions", "triggers"]),
    "RLS-26": frozenset(["policies", "grants", "columns", "functions"]),
    "EXPO-18": frozenset(["policies", "grants", "columns", "functions"]),
    "EXPO-19": frozenset(["policies", "grants", "columns", "functions"]),
    "EXPO-05": frozenset(["policies", "grants", "functions"]),
    "EXPO-11": frozenset(["policies", "grants", "functions", "columns", "views"]),
    "SCHEMA-04": frozenset(["functions", "triggers", "columns", "views"]),
    "AUTH-08": frozenset(["functions", "triggers", "columns", "constraints"]),
}

POLICIES = {policy.id: policy for policy in collected("policies")}
# Of those, what is not about files that are given beside a database.
OF_DATABASES = {name for name, policy in POLICIES.items() if not {*policy.askers} & {"app", "runbook", "drift"}}


@dataclass(frozen=True)
class Sabotage:
    """One file that breaks a policy on purpose, or (innocent) looks as if it did.

    It is SQL for a database; a file of any other kind takes its place in the reference's application (on "app"), where
    ``file`` says.

    Its first comment lines may say: ``also`` (ids of policies that must fail too), ``blind`` (ids of others that cannot
    be judged then, because what is broken stands in their way), ``object`` (the expected object,
    exactly or as a pattern; one line each), ``set`` (settings and declarations for this proof, in TOML), ``on``
    ("clone": a transaction cannot hold it; "migration": the file is applied as the last migration; "gate": it is a new
    migration, by the name that ``file`` says, and judged by the gate; "runbook": it is a block of a runbook, in which
    there is ``text`` besides, and is not executed).
    """

    path: Path
    policy: str
    innocent: bool
    sql: str
    also: frozenset[str] = frozenset()
    blind: frozenset[str] = frozenset()
    objects: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    on: str = "transaction"
    file: str = ""
    text: tuple[str, ...] = ()

    def expects(self, found: set[str]) -> bool:
        """Tell whether the objects found are those expected: each is one, and each expected one was found."""
        return all(any(fnmatchcase(f, o) for o in self.objects) for f in found) and all(
            any(fnmatchcase(f, o) for f in found) for o in self.objects
        )


def read(path: Path) -> Sabotage:
    """Read a sabotage file. Raises ValueError with one sentence when its name or first comment is not as it must be."""
    policy, _, rest = path.name.partition(".")
    sql = path.read_text(encoding="utf-8")
    header: dict[str, list[str]] = {key: [] for key in KEYS}
    for line in sql.splitlines():
        if not (comment := COMMENT.match(line)):
            break
        key, colon, value = comment[1].strip().partition(":")
        if colon and key in KEYS:
            header[key].append(value.strip())
    innocent = ".innocent." in rest
    of_application = path.suffix != ".sql"
    if policy not in POLICIES:
        raise ValueError(f"{path.name}: the name must begin with the id of a policy")
    if not innocent and not header["object"]:
        raise ValueError(f"{path.name}: the first comment must say the expected object, '-- object: public.profiles'")
    if of_application and not header["file"]:
        raise ValueError(f"{path.name}: the first comment must say which file it is, 'file: lib/supabase/client.ts'")
    return Sabotage(
        path=path,
        policy=policy,
        innocent=innocent,
        sql=sql,
        also=frozenset(" ".join(header["also"]).replace(",", " ").split()),
        blind=frozenset(" ".join(header["blind"]).replace(",", " ").split()),
        objects=tuple(header["object"]),
        settings=tomllib.loads("\n".join(header["set"])),
        on="app" if of_application else header["on"][0] if header["on"] else "transaction",
        text=tuple(header["text"]),
        file=header["file"][0] if header["file"] else f"29990101000000_{rest.partition('.')[0]}.sql",
    )


def all_sabotages() -> list[Sabotage]:
    """Return every sabotage and innocent look-alike, by name."""
    return [read(path) for path in sorted(SABOTAGE.iterdir())]


class ThriftySuite(Suite):
    """The suite as the proofs of the gate have it asked: of those that take their time only the access matrix."""

    @staticmethod
    def has(policy: Policy) -> bool:
        return Suite.has(policy) and policy.id not in OVERALL.keys() - {"RLS-07", "RLS-08"}


class Proof(Disposable):
    """A policy asked in a proof: as if the database had had a life, which began a week ago."""

    def __init__(self, bench: Bench, stage: Stage) -> None:
        super().__init__(stage, bench.judgements, bench.migrations, bench.rehearsal)
        self.bench = bench
        self.sizes = bench.sizes
        self.bench_book = bench.book

    def runbook(self) -> Runbook:
        if self.bench_book is None:
            return super().runbook()
        book, desk = self.bench_book, Desk(self.auditor(), self.stage)
        return Runbook(lambda: examine(book, desk, RUNBOOKS / "app"), self.log)

    def amcheck(self) -> Amcheck:
        """Only for this policy's turn: to other policies an extension would be a finding."""
        self.stage().connection.execute(
            f"""
            reset session authorization;
            create extension if not exists amcheck with schema extensions;
            grant execute on all functions in schema extensions to {STAND_IN};
            set session authorization {STAND_IN};
            """
        )
        return Amcheck(self.auditor())

    def drift(self) -> Drift:
        """Whatever is sabotaged is another database than the migrations build: told by the proofs of drift alone."""
        if not self.bench.drifting:
            return super().drift()
        auditor = self.auditor()
        return Drift(lambda: self.bench.drifted(auditor), auditor, lambda: find(MIGRATIONS), self.log)

    def earlier(self, now: Sizes) -> Sizes | None:
        return self.sizes

    def application(self) -> Findings:
        return self.bench.application


def as_book(sabotage: Sabotage) -> Book:
    """Return a runbook with a sabotage as one block, without its first comment, and its text before that."""
    lines = sabotage.sql.splitlines()
    body = list(itertools.dropwhile(lambda line: line.startswith("--"), lines))
    text = "\n\n".join(["# A runbook", *sabotage.text, "\n".join(["```sql", *body, "```"])])
    return book_of(text, "runbook.md", RUNBOOKS)


class Bench:
    """A reference database on which policies are asked, sabotaged and mended, one proof after the other.

    ``connection`` is to a copy of the target's database: the database itself has no connections, so it can be cloned.
    """

    def __init__(
        self,
        target: Target,
        known: Mapping[str, Any],
        connection: Connection,
        suite: Suite,
        accepted: Sequence[Waiver] = (),
    ) -> None:
        self.target = target
        self.suite = ThriftySuite(suite.settings, suite.access)
        self.rehearsal = Rehearsal("the reference", (), ())
        self.accepted = accepted
        self.known = known
        self.connection = connection
        self.clones = itertools.count(1)
        self.proofs = itertools.count(1)
        self.migrations = target.migrations
        self.questions: dict[str, set[str]] = {}
        # The access matrix: of the untouched database, which is observed once, and as it is now.
        self.untouched: list[Judgement] = []
        self.judgements = self.untouched
        # How large everything was when the proof began.
        self.sizes: Sizes | None = None
        # Whether the database is compared with what the migrations build.
        self.drifting = False
        # The runbook that is audited, where a proof has one.
        self.book: Book | None = None
        # What the files of the reference's application say, and where those are.
        self.folder = APPLICATION
        self.application = read_application(self.folder)

    def ask(self, policy: Policy, connection: Connection, settings: Mapping[str, Any] | None = None) -> Result:
        """Ask one policy on a connection that is inside a transaction, and judge it."""
        known = {**self.known, **(settings or {})}
        log = Log()
        stage = Stage(connection, known, log, self.target.unfilled)
        with asking(connection):
            result = result_of(put(policy, Proof(self, stage)), self.accepted)
        self.questions.setdefault(policy.id, set()).update(evidence.question for evidence in log.asked)
        return result

    @cached_property
    def standing(self) -> Standing:
        """What the suite says of the untouched reference."""
        assert self.connection.info.transaction_status == TransactionStatus.IDLE
        with connect(login(self.target.server.dsn_of(self.connection.info.dbname), STAND_IN)) as connection:
            return self.suite.ask(connection, self.target.unfilled, self.target.migrations)

    @cached_property
    def built(self) -> Built:
        """What the migrations build: a clone, as the databases of the proofs are."""
        dsn = login(self.target.server.clone_database("as_built"), STAND_IN)
        with connect(dsn) as connection:
            return Built(dsn, read_catalogue(connection), self.target.migrations, tuple(find(MIGRATIONS)))

    def drifted(self, auditor: Auditor) -> Drifted:
        """Compare a database with what the migrations build."""
        live, unsure = of_live(auditor, self.built.catalogue)
        with connect(self.built.dsn) as connection:
            return compared(self.built, live, unsure, Printer(connection))

    def note_history(self, connection: Connection) -> None:
        """Note the migrations as the platform does when it applies them."""
        for path in find(MIGRATIONS):
            number, _, name = path.name.partition("_")
            texts = [each.text for each in statements(path.read_text(encoding="utf-8"))]
            connection.execute(
                "insert into supabase_migrations.schema_migrations (version, name, statements) values (%s, %s, %s)",
                [number, name.removesuffix(".sql"), texts],
            )

    def rehearse(self, connection: Connection, name: str, sql: str) -> None:
        """Judge a new migration on the database of a connection."""
        dsn = login(self.target.server.dsn_of(connection.info.dbname), STAND_IN)
        base = Base(replace(self.target, dsn=dsn), self.target.server, self.standing)
        with TemporaryDirectory() as directory, ExitStack() as stack:
            path = Path(directory, name)
            path.write_text(sql, encoding="utf-8")
            made = rehearse(stack, lambda: nullcontext(base), [path], self.suite, {})
            versions = judge_versions(Pending("the reference", (path,), tuple(find(MIGRATIONS))))
        self.rehearsal = Rehearsal("the reference", made.files, versions, made.final, made.unlinted)

    def _measure(self, connection: Connection) -> None:
        """Measure at the beginning of a proof, as if that had been a week ago."""
        now = measure(Auditor(lambda: connection, self.known, Log()))
        self.sizes = replace(now, at=now.at - WEEK)

    @contextmanager
    def proof(self, sabotage: Sabotage) -> Iterator[Scene]:
        """Yield a place to break and mend; afterwards the reference database is as before."""
        self.judgements = [] if sabotage.settings else self.untouched
        self.drifting = sabotage.policy.startswith("DRIFT-")
        if sabotage.on == "app":
            with self._copied():
                self.connection.execute("begin")
                try:
                    yield Scene(self, self.connection, sabotage, in_transaction=True)
                finally:
                    self.connection.execute("rollback")
        elif sabotage.on not in ("transaction", "runbook"):
            name = f"clone_{next(self.clones)}"
            dsn = self.target.server.clone_database(name)
            try:
                with connect(dsn) as connection:
                    self._measure(connection)
                    try:
                        yield Scene(self, connection, sabotage, in_transaction=False)
                    finally:
                        _end_prepared_transactions(connection)
            finally:
                self.migrations = self.target.migrations
                self.rehearsal = Rehearsal("the reference", (), ())
                self.judgements = self.untouched
                self.sizes = None
                self.target.server.drop_database(name)
        else:
            self.connection.execute("begin")
            try:
                self._measure(self.connection)
                if self.drifting:
                    self.note_history(self.connection)
                yield Scene(self, self.connection, sabotage, in_transaction=True)
            finally:
                self.connection.execute("rollback")
                self.judgements = self.untouched
                self.sizes = None
                self.book = None
                done = next(self.proofs)
                if done % CLEAN_EVERY == 0:
                    self._clean_up()
                if done % CONNECT_EVERY == 0:
                    self._connect_again()

    @contextmanager
    def _copied(self) -> Iterator[None]:
        """Work on a copy of the application, in a repository of its own."""
        before = self.folder, self.application
        with TemporaryDirectory() as directory:
            self.folder = Path(directory, "app")
            shutil.copytree(APPLICATION, self.folder)
            try:
                subprocess.run(["git", "init", "--quiet", str(self.folder)], check=True, capture_output=True)
                self.read_again()
                yield
            finally:
                self.folder, self.application = before

    def read_again(self) -> None:
        """Read the application again, after everything in it that is not ignored was given to git."""
        subprocess.run(["git", "-C", str(self.folder), "add", "--all"], check=True, capture_output=True)
        self.application = read_application(self.folder)

    def _connect_again(self) -> None:
        """Leave behind what a session remembers of objects that are gone: it makes it large and slow."""
        dsn = self.target.server.dsn_of(self.connection.info.dbname)
        self.connection.close()
        self.connection = connect(dsn)

    def _clean_up(self) -> None:
        """Remove what no rollback removes: dead rows, and the counts of them in the statistics."""
        self.connection.execute(
            """
            do $$ begin
                if current_setting('server_version_num')::int >= 150000 then perform pg_stat_force_next_flush(); end if;
            end $$
            """
        )
        self.connection.execute("vacuum")
        self.connection.execute("select pg_catalog.pg_stat_reset()")


# What access depends on, in parts: texts that are not the same any more when something of that kind has changed. Ids
# are left out, because an object that was made anew is the same one.
ASPECTS = """
with project as (
    select n.oid from pg_catalog.pg_namespace n
    where n.nspname !~ '^pg_|^information_schema$' or n.oid = pg_catalog.pg_my_temp_schema()
),
relations as (
    select c.*, c.oid::regclass::text as title from pg_catalog.pg_class c
    where c.relnamespace in (select oid from project) and c.relkind in ('r', 'p', 'v', 'm', 'f')
),
parts (aspect, text) as (
    select 'policies', concat_ws(' ', p.polname, p.polrelid::regclass, p.polcmd, p.polpermissive, p.polroles::regrole[],
                                 pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_catalog.pg_policy p
    union all
    select 'policies', concat_ws(' ', title, relrowsecurity, relforcerowsecurity, relowner::regrole) from relations
    union all
    select 'grants', concat_ws(' ', title, relacl) from relations
    union all
    select 'grants', concat_ws(' ', r.title, a.attname, a.attacl) from relations r
    join pg_catalog.pg_attribute a on a.attrelid = r.oid where a.attacl is not null
    union all
    select 'grants', concat_ws(' ', n.nspname, n.nspacl) from pg_catalog.pg_namespace n join project using (oid)
    union all
    select 'grants', concat_ws(' ', m.roleid::regrole, m.member::regrole) from pg_catalog.pg_auth_members m
    union all
    select 'grants', concat_ws(' ', rolname, rolsuper, rolinherit, rolbypassrls) from pg_catalog.pg_roles
    union all
    select 'functions', concat_ws(' ', p.oid::regprocedure, p.proacl, p.proowner::regrole, p.prosecdef, p.proconfig,
                                  p.prokind, p.provolatile, p.prosrc, p.prosqlbody is null)
    from pg_catalog.pg_proc p join project n on n.oid = p.pronamespace
    union all
    select 'triggers', concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled) from pg_catalog.pg_trigger t
    where not t.tgisinternal
    union all
    select 'columns', concat_ws(' ', r.title, r.relkind, a.attname, a.atttypid::regtype, a.attnotnull)
    from relations r join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    union all
    select 'views', concat_ws(' ', title, reloptions, pg_get_viewdef(oid)) from relations where relkind in ('v', 'm')
    union all
    select 'constraints', concat_ws(' ', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
    from pg_catalog.pg_constraint c where c.connamespace in (select oid from project)
    union all
    select 'constraints', pg_get_indexdef(i.indexrelid) from pg_catalog.pg_index i
    where i.indisunique and i.indrelid in (select oid from relations)
)
select aspect, md5(string_agg(text, E'\n' order by text)) from parts group by aspect
"""


def aspects(connection: Connection) -> dict[str, str]:
    """Return what the database is like now, by what access depends on: one fingerprint for each aspect."""
    return dict(connection.execute(ASPECTS).fetchall())


def _end_prepared_transactions(connection: Connection) -> None:
    """End what was prepared and left: a database that has such transactions cannot be dropped."""
    connection.rollback()
    left = "select gid from pg_catalog.pg_prepared_xacts where database = pg_catalog.current_database()"
    for (gid,) in connection.execute(left).fetchall():
        connection.execute(SQL("rollback prepared {}").format(gid))


@contextmanager
def asking(connection: Connection) -> Iterator[None]:
    """Make a superuser's session the stand-in's, as a disposable target is asked; to sabotage remains the superuser's.

    In a transaction or out of one; the session of somebody else stays as it is.
    """
    if connection.info.parameter_status("is_superuser") != "on":
        yield
        return
    follow(connection)
    connection.execute(f"set session authorization {STAND_IN}")
    try:
        yield
    finally:
        if not connection.closed and connection.info.transaction_status != TransactionStatus.INERROR:
            connection.execute("reset session authorization")


def as_the_project_would(connection: Connection, sql: str) -> None:
    """Execute statements on a superuser's connection as the project's role, or as the superuser where that one may not.

    What a project makes is its own; what only its provider can do is done by the provider.
    """
    nested = connection.info.transaction_status != TransactionStatus.IDLE
    connection.execute(f"savepoint as_the_project; set local role {OWNER}" if nested else f"set role {OWNER}")
    try:
        connection.execute(sql)
    except (InsufficientPrivilege, ProhibitedSqlStatementAttempted):
        connection.execute("rollback to savepoint as_the_project" if nested else "reset role")
        connection.execute(sql)
    connection.execute("reset role")


@dataclass(frozen=True)
class Scene:
    """Where one proof takes place."""

    bench: Bench
    connection: Connection
    sabotage: Sabotage
    in_transaction: bool

    def ask(self, policy: str) -> Result:
        """Ask one policy, with the settings that the sabotage asks for."""
        return self.bench.ask(POLICIES[policy], self.connection, self.sabotage.settings)

    def execute(self, sql: str) -> None:
        """Execute statements, one by one where a transaction cannot hold them; statistics are read afresh then."""
        if self.sabotage.on == "runbook":
            self.bench.book = as_book(self.sabotage)
            return
        if self.sabotage.on == "app":
            path = self.bench.folder / self.sabotage.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(sql, encoding="utf-8")
            self.bench.read_again()
            return
        self.bench.judgements = []
        if self.in_transaction:
            as_the_project_would(self.connection, sql)
            self.connection.execute("select pg_catalog.pg_stat_clear_snapshot()")
        elif self.sabotage.on == "gate":
            self.bench.rehearse(self.connection, self.sabotage.file, sql)
        elif self.sabotage.on == "migration":
            with TemporaryDirectory() as directory:
                Path(directory, self.sabotage.path.name).write_text(sql, encoding="utf-8")
                dsn = login(self.bench.target.server.dsn_of(self.connection.info.dbname), OWNER)
                with connect(dsn) as connection:
                    self.bench.migrations += apply(connection, Path(directory))
        else:
            for statement in statements(sql):
                as_the_project_would(self.connection, statement.text)
