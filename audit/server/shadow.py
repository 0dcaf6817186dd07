"""The shadow of a live database: a disposable server with its schema and made-up people, for actors to act on.

Only the catalogue is read from the live database, by a short READ ONLY transaction and by ``pg_dump --schema-only``,
which has one, too. What is restored is compared with the original, part by part; a relation that is not as it is there
is named with the reason, and nothing is concluded from it.

Whoever may create functions in the live database must gain no power over the machine that audits it. So the shadow
leads nowhere: foreign servers, subscriptions, event triggers, functions in C and extensions that reach out of the
database are not restored. And none of the project's code ever runs with a superuser's rights: the live superusers, who
would own some of it, have a role in their place that may read and write everything in the database, and people act, and
tables are filled, on a connection of that role.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from audit.connection import ANSWER_BYTES, GRACE_S, WEAK_SSLMODES, Dsn, TargetError, connect, reading
from audit.effects import effects
from audit.ending import ENDING
from audit.evidence import Unchecked, safe
from audit.footprint import Footprint
from audit.migrations import STOOD_IN
from audit.progress import PROGRESS
from audit.question import Connection
from audit.results import GRANT
from audit.seeding.seeds import plant
from audit.server import embedded
from audit.server.inventory import Part, differences, inventory
from audit.server.rights import NOT_GRANTED, POWERS, SETTABLE, STAND_IN, login, superuser, without_event_triggers
from audit.server.steady import steady
from audit.server.target import with_platform
from audit.server.upkeep import OBJECT_LIMIT_S, analyze, within
from audit.server.walls import told
from audit.server_errors import describe, explain
from audit.settings import PLATFORM_SCHEMAS, Parts
from audit.sql_text import Statement, statements

# Of the platform's schemas those that a project builds upon; the others are the business of the platform's services.
KEPT = ("auth", "storage")

# Besides those that are marked as trusted in the server. None of them leads out of the database.
HARMLESS = ("pg_stat_statements", "postgis", "vector", "uuid-ossp")
# Marked as trusted in our installation, as at the provider, and yet they lead out of the database.
REACHING = ("dblink", "postgres_fdw")

# Schemas of the platform whose functions projects call to reach the network, with what does nothing in their place: a
# trigger that sends a message elsewhere must not keep people from writing, and nobody must get the message.
# Sources: https://supabase.com/docs/guides/database/extensions/pg_net
#          https://supabase.com/docs/guides/database/webhooks
INERT = {
    "net": """
        create schema net;
        grant usage on schema net to public;
        create function net.http_get(
            url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 5000
        ) returns bigint language sql as 'select 1::bigint';
        create function net.http_post(
            url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}',
            timeout_milliseconds integer default 5000
        ) returns bigint language sql as 'select 1::bigint';
        create function net.http_delete(
            url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 5000,
            body jsonb default null
        ) returns bigint language sql as 'select 1::bigint';
    """,
    "supabase_functions": """
        create schema supabase_functions;
        grant usage on schema supabase_functions to public;
        create function supabase_functions.http_request() returns trigger language plpgsql as
            'begin return coalesce(new, old); end';
    """,
}

# Kinds of objects that are restored; https://www.postgresql.org/docs/current/sql-commands.html has all.
RESTORED = {
    *("aggregate", "cast", "collation", "constraint", "default", "domain", "function", "index", "materialized"),
    *("operator", "or", "policy", "procedure", "publication", "rule", "schema", "sequence", "statistics", "table"),
    *("text", "trigger", "type", "unique", "unlogged", "view"),
}

# Those of them that may evaluate what the project has defined while they are made (bounds of partitions, initial
# values, constants of a type with a check): not by a superuser. All the others do not, and some need one (LEAKPROOF).
EVALUATED = {
    *("aggregate", "collation", "constraint", "default", "domain", "index", "materialized", "policy", "rule"),
    *("sequence", "statistics", "table", "trigger", "type", "unique", "unlogged", "view"),
}

# Of https://www.postgresql.org/docs/current/libpq-connect.html: what only the connection string can hold and nobody may
# see, and what has been looked up by the time that a connection is there.
SECRETS = ("sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret")
LOOKED_UP = ("service", "servicefile")

DUMP_LIMIT_S = 300
# More is not taken of what pg_dump writes: it is foreign, and is read whole.
DUMP_BYTES = ANSWER_BYTES
LOCK_WAIT_MS = 2000
POOLER_TRIES = 10
STATEMENT_LIMIT_MS = 60_000
NAMED = 12  # as many things a note names; the rest it counts

_QUOTED = r'(?<!")"((?:[^"]++|"")++)"'
_RELATION = re.compile(rf"{_QUOTED}\.{_QUOTED}")
_OWNER = re.compile(rf" OWNER TO {_QUOTED}\Z")
_COMPILED = re.compile(r'^ {1,8}(?:[A-Z ]{1,80} )?LANGUAGE "(?:c|internal)"', re.MULTILINE)

Say = Callable[[str], None]

# https://www.postgresql.org/docs/current/errcodes-appendix.html
UNDEFINED_FUNCTION = "42883"


@dataclass(frozen=True)
class Shadow:
    """A disposable copy. ``unfilled`` says for relations from which nothing may be concluded why that is so.

    ``unlike`` are those of them that are not as in the original, missing ones included; ``undecided`` are conditions of
    policies that no row decides. ``server`` runs it.
    """

    dsn: Dsn
    unfilled: Mapping[str, str]
    unlike: Mapping[str, str]
    notes: tuple[str, ...]
    server: embedded.Server
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True)
class Role:
    """A role of the original, with the attributes of pg_roles."""

    name: str
    superuser: bool
    inherit: bool
    createrole: bool
    createdb: bool
    login: bool
    replication: bool
    bypassrls: bool


@dataclass(frozen=True)
class Original:
    """What the live catalogue says: schemas, those that are copied and others; roles and memberships; extensions."""

    version: int
    schemas: tuple[str, ...]
    others: tuple[str, ...]
    roles: tuple[Role, ...]
    memberships: tuple[tuple[str, str, bool, bool, bool], ...]
    extensions: tuple[tuple[str, str], ...]
    parts: Mapping[Part, str]
    webhooks: bool

    @property
    def superusers(self) -> list[str]:
        """The names of those who are superusers, and of the one who stands for them."""
        return [STAND_IN, *(role.name for role in self.roles if role.superuser)]


@dataclass(frozen=True)
class Failure:
    """A statement of the dump that the shadow's server refused, and why."""

    statement: Statement
    reason: str

    @property
    def relation(self) -> str:
        """The title of the first qualified name in the statement: the relation that it makes or is about."""
        found = _RELATION.search(self.statement.text)
        return ".".join(name.replace('""', '"') for name in found.groups()) if found else ""

    @property
    def title(self) -> str:
        """The first line, up to what a person needs to recognise it."""
        first = self.statement.text.splitlines()[0].replace('"', "")
        return safe(first if len(first) <= 100 else f"{first[:99]}…")

    @property
    def matters(self) -> bool:
        """Tell whether the relation would behave differently: not for want of an ordinary index, or of a function."""
        return self.statement.words[1:2] not in (("index",), ("function",), ("procedure",), ("statistics",))


@contextmanager
def shadowed(
    dsn: Dsn,
    postgres_bin: Path | None,
    members: int,
    say: Say,
    footprint: Footprint | None = None,
    parts: Parts | None = None,
) -> Iterator[Shadow]:
    """Make the shadow of the live database at ``dsn``, and remove every trace of it at the end.

    ``footprint`` counts what that asks of the live database; ``parts``: which tables play which.

    Raises Unchecked with one sentence, and the remedy, when it cannot be made.
    """
    start = time.monotonic()
    footprint = footprint or Footprint()
    waiting: dict[str, Any] = {"patience_s": STATEMENT_LIMIT_MS / 1000 + GRACE_S, "waited": footprint.waited}
    with ExitStack() as stack:
        try:
            footprint.left_ms()
            footprint.sessions += 2
            with connect(dsn, **waiting) as connection:
                with connect(dsn, **waiting) as other:
                    if shares_sessions(connection, other):
                        raise Unchecked(
                            f"{NO_SHADOW}: {POOLED}", "use the direct connection, or a pooler in session mode"
                        )
                original = study(connection)
                limit_s = min(DUMP_LIMIT_S, footprint.left_ms() / 1000)
                begun = time.monotonic()
                try:
                    text = dump(connection, original, embedded.program("pg_dump", postgres_bin), limit_s)
                finally:
                    footprint.dumped(time.monotonic() - begun)
            server = stack.enter_context(with_platform(postgres_bin))
            with superuser(server.dsn) as connection:
                failures, count, lacking = restore(connection, login(server.dsn, STAND_IN), original, text)
                unlike = compare(connection, original, failures)
            inside = login(server.dsn, STAND_IN)
            with connect(inside) as built, steady(built):
                planted = plant(built, members, parts or Parts())
                unfilled = dict(planted.unfilled) | refresh(built) | unlike
                analyze(built)
        except TargetError as error:
            footprint.left_ms()
            raise Unchecked(f"{NO_SHADOW}: {error}", REMEDY) from error
        except psycopg.Error as error:
            raise Unchecked(f"{NO_SHADOW}: {describe(error)}", REMEDY) from error
        say(
            f"shadow PostgreSQL {server.version}: {count - len(failures)} of {count} statements restored, "
            f"{len(unlike)} objects unlike the original, {members} members ({time.monotonic() - start:.1f} s)"
        )
        notes = (*_notes(original, failures, lacking, unlike), *planted.remarks, told(server.walls.standing))
        yield Shadow(inside, unfilled, unlike, notes, server, planted.undecided)


NO_SHADOW = "the shadow for people to act on cannot be made"
POOLED = "the pooler on the way shares sessions between clients, and what pg_dump sets in a session would stay in it"
REMEDY = "mend that, or audit the migrations that built the database: care-audit check --migrations=DIR"


# --- What is read from the live database

_ROLES = """
select rolname::text, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls
from pg_catalog.pg_roles where rolname !~ '^pg_' and rolname <> 'audit_stand_in' order by rolname
"""

# Before version 16 whether rights are inherited is the member's own attribute:
# https://www.postgresql.org/docs/16/release-16.html
_MEMBERSHIPS = """
select g.rolname::text, m.rolname::text, pg_catalog.bool_or(x.admin_option), pg_catalog.bool_or({}),
       pg_catalog.bool_or({})
from pg_catalog.pg_auth_members x
join pg_catalog.pg_roles g on g.oid = x.roleid
join pg_catalog.pg_roles m on m.oid = x.member
where m.rolname !~ '^pg_' and m.rolname <> 'audit_stand_in' group by 1, 2 order by 1, 2
"""

_SCHEMAS = """
select n.nspname::text, exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.objid = n.oid and d.deptype = 'e')
from pg_catalog.pg_namespace n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1
"""

_EXTENSIONS = """
select e.extname::text, n.nspname::text
from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
where e.extname <> 'plpgsql' order by e.oid
"""


# The platform brings the schema of webhooks, used or not; where one is used, it is a trigger that says so.
_WEBHOOKS = """
select exists (
    select from pg_catalog.pg_trigger t
    join pg_catalog.pg_proc p on p.oid = t.tgfoid and not t.tgisinternal
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace and n.nspname = 'supabase_functions'
)
"""


def study(connection: Connection) -> Original:
    """Read from the live catalogue what a dump does not tell, in one READ ONLY transaction. Raises psycopg.Error."""
    version = connection.info.server_version // 10000
    options = ("x.inherit_option", "x.set_option") if version >= 16 else ("m.rolinherit", "true")
    limits = {"statement_timeout": str(STATEMENT_LIMIT_MS), "lock_timeout": str(LOCK_WAIT_MS)}
    with reading(connection, **limits, search_path=""):
        found = connection.execute(_SCHEMAS).fetchall()
        # What an extension brings comes with the extension.
        others = tuple(name for name, brought in found if brought or (name in PLATFORM_SCHEMAS and name not in KEPT))
        schemas = tuple(name for name, _ in found if name not in others)
        roles = tuple(Role(*row) for row in connection.execute(_ROLES))
        memberships = tuple(connection.execute(_MEMBERSHIPS.format(*options)))
        extensions = tuple(connection.execute(_EXTENSIONS))
        superusers = [role.name for role in roles if role.superuser]
        parts = inventory(connection, schemas, superusers)
        ((webhooks,),) = connection.execute(_WEBHOOKS)
        return Original(version, schemas, others, roles, memberships, extensions, parts, webhooks)


def shares_sessions(connection: Connection, other: Connection) -> bool:
    """Tell whether a pooler may give one session of the server to both connections, as it does in transaction mode.

    pg_dump empties the search_path of its session; the next client of the pooler would get it so. A pooler answers for
    the server under a process id of its own; in session mode, who is behind it stays the same for each client.
    Sources: https://www.pgbouncer.org/features.html, https://www.postgresql.org/docs/current/protocol-flow.html
    (BackendKeyData). Raises psycopg.Error.
    """
    question = "select pg_catalog.pg_backend_pid()"
    pairs = {
        tuple(int(pid) for each in (connection, other) for (pid,) in each.execute(question))
        for _ in range(POOLER_TRIES)
    }
    ((mine, theirs), *more) = pairs
    return mine != connection.info.backend_pid and (bool(more) or mine == theirs)


def dump(connection: Connection, original: Original, pg_dump: Path, limit_s: float = DUMP_LIMIT_S) -> str:
    """Return the schema of the live database as SQL, dumped with the login of ``connection``.

    pg_dump reads in one REPEATABLE READ, READ ONLY transaction of its own, and holds an ACCESS SHARE lock on each table
    meanwhile (https://www.postgresql.org/docs/current/app-pgdump.html). Secrets go through the environment, which only
    the same user of the machine can read. Raises Unchecked with the remedy.
    """
    version = _version(pg_dump)
    if version < original.version:
        raise Unchecked(
            f"pg_dump {version} cannot dump the live server, which is PostgreSQL {original.version}",
            f"name the programs of version {original.version} or newer with --postgres-bin=DIR",
        )
    place, environment = _way_in(connection)
    excluded = [f"--exclude-schema={name}" for name in PLATFORM_SCHEMAS if name not in KEPT]
    left_out = ("comments", "security-labels", "subscriptions", "tablespaces", "toast-compression")
    command = [
        str(pg_dump), "--schema-only", "--quote-all-identifiers", "--encoding=UTF8", "--no-password",
        f"--lock-wait-timeout={LOCK_WAIT_MS}", *(f"--no-{kind}" for kind in left_out), *excluded, f"--dbname={place}",
    ]  # fmt: skip
    status, text, said = _run(command, environment, limit_s)
    if status == 0:
        return text
    if "SSL support is not compiled in" in said:
        # The wheel's programs are so. What our own connection has, the dump must have, too.
        other = shutil.which("pg_dump")
        if other is not None and Path(other) != pg_dump:
            return dump(connection, original, Path(other), limit_s)
        raise Unchecked(
            f"{NO_SHADOW}: the connection is encrypted, and the pg_dump in {safe(str(pg_dump.parent))} knows no TLS",
            f"install client programs of PostgreSQL {original.version} or newer, or name them with --postgres-bin=DIR",
        )
    if "permission denied" in said:
        grant = "select pg_catalog.format('grant pg_read_all_data to %I;', current_user)"
        raise Unchecked(
            f"{NO_SHADOW}: the audit's login may not dump the schema",
            grants=[safe(statement) for (statement,) in connection.execute(grant)],
        )
    if "canceling statement due to" in said:
        raise Unchecked(
            f"{NO_SHADOW}: somebody holds a lock on a table of the live database",
            "ask again when nobody changes the schema",
        )
    raise TargetError(f"pg_dump: {explain(RuntimeError(embedded.last_complaint(said)), connection.info.dsn)}")


def _version(pg_dump: Path) -> int:
    status, text, _ = _run([str(pg_dump), "--version"], dict(os.environ)) if pg_dump.is_file() else (1, "", "")
    found = re.search(r"\(PostgreSQL\) (\d+)", text)
    if status or not found:
        raise Unchecked(
            f"{NO_SHADOW}: there is no usable pg_dump in {safe(str(pg_dump.parent))}",
            "install PostgreSQL's client programs there, or leave --postgres-bin away",
        )
    return int(found[1])


def _way_in(connection: Connection) -> tuple[str, dict[str, str]]:
    """Return how ``connection`` got in, as a connection string without secrets and an environment with them."""
    used = {
        option.keyword.decode(): option.val.decode()
        for option in connection.pgconn.info
        if option.val and option.val != option.compiled
    }
    password = used.pop("password", None)
    if connection.pgconn.ssl_in_use and used.get("sslmode", "prefer") in WEAK_SSLMODES:
        used["sslmode"] = "require"  # where encryption could be had, nothing goes without
    if used.get("sslcertmode") == "allow":
        del used["sslcertmode"]  # the default, spelt out by libpq; unknown before version 16
    if secret := next((name for name in SECRETS if name in used), None):
        raise Unchecked(
            f"{NO_SHADOW}: pg_dump cannot be given the {secret} in private",
            "use a password file, or a client key without a password that only you can read",
        )
    # All that they say is in the connection string already; PGSERVICE would be looked up once more.
    environment = {name: value for name, value in os.environ.items() if name not in ("PGSERVICE", "PGPASSWORD")}
    environment["LC_ALL"] = "C"
    if password:
        environment["PGPASSWORD"] = password
    return make_conninfo("", **{key: value for key, value in used.items() if key not in LOOKED_UP}), environment


def _run(command: Sequence[str], environment: Mapping[str, str], limit_s: float = DUMP_LIMIT_S) -> tuple[int, str, str]:
    """Run a program to its end in a session of its own; return its exit status, output and complaints.

    Raises TargetError when it takes too long, or says more than is taken. Interrupted, it is ended.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        # A file that grows beyond its limit ends whoever writes it, wherever the program comes from.
        limited = ["/bin/sh", "-c", f'ulimit -f {DUMP_BYTES >> 9}; exec "$@"', "sh", *command]
        process = subprocess.Popen(  # noqa: S603  the program is PostgreSQL's, from the wheel or the user's directory
            limited,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=complaints,
            env=environment,
            start_new_session=True,
        )
        try:
            with PROGRESS.doing("pg_dump of the live database's schema"):
                status = _ended(process, limit_s)
        except BaseException as reason:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(reason, subprocess.TimeoutExpired):
                raise TargetError(f"pg_dump did not end within {limit_s:.3g} seconds") from None
            raise
        if max(os.fstat(file.fileno()).st_size for file in (output, complaints)) >= DUMP_BYTES:
            raise TargetError(f"pg_dump: the schema is larger than {DUMP_BYTES >> 20} MB as SQL, and is not read")
        output.seek(0)
        complaints.seek(0)
        return status, output.read().decode(errors="replace"), complaints.read().decode(errors="replace")


def _ended(process: subprocess.Popen[bytes], limit_s: float) -> int:
    """Wait for the end of a program; return its status. Raises subprocess.TimeoutExpired."""
    for part in PROGRESS.waits(limit_s):
        with suppress(subprocess.TimeoutExpired), ENDING.waiting():
            return process.wait(part)
    raise subprocess.TimeoutExpired(process.args, limit_s)


# --- What is made of it on the shadow


def restore(connection: Connection, inside: Dsn, original: Original, text: str) -> tuple[list[Failure], int, list[str]]:
    """Restore a dump over the platform; return what failed, of how many statements, and the extensions not there.

    ``connection`` is the superuser's of a disposable database, in autocommit mode, and ``inside`` its stand-in's login.
    Raises psycopg.Error when one is lost.
    """
    _make_room(connection, original)
    _make_roles(connection, original)
    for name in sorted({schema for _, schema in original.extensions} - {"pg_catalog"}):
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(name)))
    lacking = [name for name, schema in original.extensions if not _extend(connection, name, schema)]
    for name in original.others:
        ((there,),) = connection.execute("select pg_catalog.to_regnamespace(quote_ident(%s)) is not null", [name])
        if not there:  # neither the platform nor a stand-in for an extension brings it
            connection.execute(INERT.get(name, ""))
    wanted = [statement for statement in statements(_without_psql(text)) if _is_restored(statement)]
    with connect(inside) as lesser:
        for each in (connection, lesser):
            # What pg_dump begins its output with; functions are not looked into, views and policies are.
            each.execute(
                f"set check_function_bodies = off; set client_min_messages = error; set search_path = '';"
                f"set statement_timeout = {STATEMENT_LIMIT_MS}; set xmloption = content"
            )
        # What the platform keeps from a project's role is restored by one that is not the platform's service either.
        _guard(connection, on=False)
        failures = _execute(connection, lesser, [_disarmed(statement, original.superusers) for statement in wanted])
        _guard(connection, on=True)
        failures = [each for each in failures if not _grants_what_an_extension_has(connection, each)]
    connection.execute("reset all")
    connection.execute(_DISARM_THE_REST)
    return failures, len(wanted), lacking


def _grants_what_an_extension_has(connection: Connection, failure: Failure) -> bool:
    """Tell whether a grant is of an extension's function, which takes other arguments in the version that is here."""
    statement = failure.statement
    if statement.words[:1] not in (("grant",), ("revoke",)) or UNDEFINED_FUNCTION not in failure.reason:
        return False
    question = """
        select from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
            and d.deptype = 'e'
        where n.nspname = %s and p.proname = %s
    """
    of = [(thing.schema, thing.of) for thing in effects(statement).touched if thing.kind == GRANT]
    return bool(of) and all(connection.execute(question, each).fetchone() is not None for each in of)


def _guard(connection: Connection, *, on: bool) -> None:
    """Switch the event triggers on or off by which the platform refuses what Supabase refuses a project's role."""
    names = connection.execute("select e.evtname from pg_catalog.pg_event_trigger e").fetchall()
    for (name,) in names:
        state = sql.SQL("enable" if on else "disable")
        connection.execute(sql.SQL("alter event trigger {} {}").format(sql.Identifier(name), state))


def _without_psql(text: str) -> str:
    r"""Take out the commands of psql that newer versions of pg_dump frame their output with: \restrict, \unrestrict."""
    return re.sub(r"^\\(?:un)?restrict [0-9A-Za-z]+$", "", text, flags=re.MULTILINE)


def _is_restored(statement: Statement) -> bool:
    """Tell whether a statement makes something that is wanted on the shadow: nothing else of a dump is executed."""
    match statement.words[:3]:
        case ("grant" | "revoke", *_):
            return not re.search(r"\bON (?:FOREIGN|LANGUAGE|DATABASE|PARAMETER|LARGE)\b", statement.text)
        case ("create" | "alter", "text", "search"):
            return True
        case ("alter", "publication", "owner"):
            return False  # some can belong to superusers only, and it changes nothing
        case ("create", "constraint" | "default" | "materialized" | "or" | "unique" | "unlogged", *_):
            return True
        case ("create" | "alter", "function" | "procedure" | "aggregate", *_):
            return not _COMPILED.search(statement.text.split("\n    AS ", 1)[0])
        case ("alter", "table", *_) if statement.words[-1] == "set":
            return (
                False  # options of a column, set (n_distinct = ...): for the planner, some of one vendor's server only
            )
        case ("create" | "alter", kind, *_):
            return kind in RESTORED
    return False


def _disarmed(statement: Statement, superusers: Sequence[str]) -> Statement:
    """Give what would belong to a superuser to the one who stands for them."""
    found = _OWNER.search(statement.text) if statement.words[:1] == ("alter",) else None
    if found is None or found[1].replace('""', '"') not in superusers:
        return statement
    return replace(statement, text=f'{statement.text[: found.start()]} OWNER TO "{STAND_IN}"')


def _evaluates(statement: Statement) -> bool:
    """Tell whether executing a statement may call what the project has defined."""
    kind = next((word for word in statement.words[1:4] if word != "or" and word != "replace"), "")
    return statement.words[0] in ("create", "alter") and kind in EVALUATED and not _OWNER.search(statement.text)


def _execute(connection: Connection, lesser: Connection, waiting: Sequence[Statement]) -> list[Failure]:
    """Execute the statements, and those that failed again for as long as that helps; return what fails to the end."""
    while True:
        failures = []
        for statement in waiting:
            by = lesser if _evaluates(statement) else connection
            try:
                by.execute(statement.text.encode(), prepare=False)
            except psycopg.Error as error:
                if by.broken:
                    raise
                failures.append(Failure(statement, describe(error)))
        if len(failures) in (0, len(waiting)):
            return failures
        waiting = [failure.statement for failure in failures]


def _make_room(connection: Connection, original: Original) -> None:
    """Take away of the platform what the dump brings as it is on the live database."""
    for name in ("public", *KEPT):
        if name in original.schemas:
            connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(name)))
    if "public" in original.schemas:
        # As initdb makes it, which is what pg_dump takes for granted: since version 15 with this owner.
        owner = "pg_database_owner" if connection.info.server_version >= 150000 else "current_user"
        more = "" if connection.info.server_version >= 150000 else "create, "
        connection.execute(f"create schema public authorization {owner}; grant {more}usage on schema public to public")
    publications = [name for (name,) in connection.execute("select pubname from pg_catalog.pg_publication")]
    for name in publications:
        connection.execute(sql.SQL("drop publication {}").format(sql.Identifier(name)))


def _make_roles(connection: Connection, original: Original) -> None:
    """Give the shadow the roles and memberships of the original, and none of its superusers and passwords."""
    owner = connection.info.user
    present = {name for (name,) in connection.execute("select rolname from pg_catalog.pg_roles")}
    connection.execute(
        """
        do $$ declare membership record; begin
            for membership in select roleid::pg_catalog.regrole as role, member::pg_catalog.regrole from
                pg_catalog.pg_auth_members where member::pg_catalog.regrole::text !~ '^pg_'
            loop
                execute pg_catalog.format('revoke %s from %s cascade', membership.role, membership.member);
            end loop;
        end $$
        """
    )
    stand_in = Role(STAND_IN, True, True, True, False, True, False, True)
    for role in (stand_in, *(role for role in original.roles if role.name != owner)):
        name = sql.Identifier(role.name)
        if role.name not in present:
            connection.execute(sql.SQL("create role {}").format(name))
        flags = {
            "inherit": role.inherit, "createrole": role.createrole, "createdb": role.createdb, "login": role.login,
            "replication": role.replication, "bypassrls": role.bypassrls or role.superuser,
        }  # fmt: skip
        words = " ".join(flag if on else f"no{flag}" for flag, on in flags.items())
        connection.execute(sql.SQL("alter role {} {}").format(name, sql.SQL(words)))
    # Superusers are members of nobody, so that there is no circle when somebody is a member of theirs.
    supers = [name for name in original.superusers if name != owner]
    grants = [(power, name, False, True, True) for name in supers for power in POWERS]
    grants += [(role.name, STAND_IN, False, True, True) for role in original.roles]
    grants += [each for each in original.memberships if each[1] not in (owner, *supers)]
    known = present | {role.name for role in original.roles}
    for granted, member, admin, inherit, settable in grants:
        if granted in (owner, *NOT_GRANTED) or granted not in known:
            continue
        options = f"admin {admin}, inherit {inherit}, set {settable}"
        if connection.info.server_version < 160000:
            options = "admin option" if admin else ""
        statement = sql.SQL("grant {} to {}" + (f" with {options}" if options else ""))
        connection.execute(statement.format(sql.Identifier(granted), sql.Identifier(member)))
    database, stand_in_name = sql.Identifier(connection.info.dbname), sql.Identifier(STAND_IN)
    for right in (sql.SQL("all on database {}").format(database), *(_setting(name) for name in SETTABLE)):
        connection.execute(sql.SQL("grant {} to {}").format(right, stand_in_name))
    for each in without_event_triggers(connection.info.server_version):
        connection.execute(each)


def _setting(name: str) -> sql.Composed:
    return sql.SQL("set on parameter {}").format(sql.Identifier(name))


_TRUSTED = """
select (v.trusted or v.name = any (%s)) and v.name <> all (%s), e.nspname
from pg_catalog.pg_available_extensions a
join pg_catalog.pg_available_extension_versions v on v.name = a.name and v.version = a.default_version
left join (select extname, nspname::text from pg_catalog.pg_extension x join pg_catalog.pg_namespace n
           on n.oid = x.extnamespace) as e on e.extname = a.name
where a.name = %s
"""


def _extend(connection: Connection, name: str, schema: str) -> bool:
    """Create an extension as in the original; tell whether the shadow has it, or the platform stands in for it."""
    found = connection.execute(_TRUSTED, [[*HARMLESS], [*REACHING], name]).fetchone()
    if found is None:
        return name in STOOD_IN
    harmless, place = found
    if place == schema:
        return True
    if not harmless:
        return False
    try:
        with connection.transaction():
            if place is not None:
                connection.execute(sql.SQL("drop extension {}").format(sql.Identifier(name)))
            create = sql.SQL("create extension {} with schema {} cascade")
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(schema)))
    except psycopg.Error:
        if connection.broken:
            raise
        return False
    return True


# What is left with our superuser, because its own owner could not be given to it, must not act with such rights.
_DISARM_THE_REST = """
do $$ declare armed record; begin
    for armed in
        select p.oid::pg_catalog.regprocedure as name from pg_catalog.pg_proc p
        join pg_catalog.pg_roles r on r.oid = p.proowner and r.rolsuper
        where p.oid >= 16384 and p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace and not exists (
            select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
            and d.objid = p.oid and d.deptype = 'e')
    loop
        execute pg_catalog.format('alter routine %s owner to %I', armed.name, {stand_in});
    end loop;
end $$
""".replace("{stand_in}", f"'{STAND_IN}'")


def compare(connection: Connection, original: Original, failures: Sequence[Failure]) -> dict[str, str]:
    """Return which relations and functions are not as in the original, each with what is wrong and why.

    Raises psycopg.Error.
    """
    connection.execute("set search_path = ''")  # as when the original was read: names of types depend on it
    titles = {title for title, _ in original.parts}
    causes = {failure.relation: failure for failure in reversed(failures)}
    wrong: dict[str, list[str]] = {}
    for title, what in differences(original.parts, inventory(connection, original.schemas, original.superusers)):
        wrong.setdefault(title, []).append(what)
    for title, failure in causes.items():
        if title in titles and failure.matters:
            wrong.setdefault(title, [])
    return {
        title: safe(
            "it could not be restored as it is on the live database: "
            + "; ".join([*whats[:3], *([f"{causes[title].title}: {causes[title].reason}"] if title in causes else [])])
        )
        for title, whats in sorted(wrong.items())
    }


def refresh(connection: Connection) -> dict[str, str]:
    """Fill the materialised views, which a dump of the schema leaves empty; return which could not be, and why.

    Raises psycopg.Error when the connection is lost.
    """
    names = connection.execute(
        """
        select c.oid::pg_catalog.regclass::text, n.nspname || '.' || c.relname
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'm' and not c.relispopulated order by c.oid
        """
    ).fetchall()
    waiting: dict[str, str] = {title: name for name, title in names}
    endless: dict[str, str] = {}  # not tried again
    while waiting:
        unfilled: dict[str, str] = {}
        for title, name in waiting.items():
            try:
                within(connection, f"refresh materialized view {name}", OBJECT_LIMIT_S)
            except psycopg.errors.QueryCanceled:
                endless[title] = f"filling it takes more than {OBJECT_LIMIT_S} s"
            except psycopg.Error as error:
                if connection.broken:
                    raise
                unfilled[title] = describe(error)
        if len(unfilled) in (0, len(waiting)):
            return unfilled | endless
        waiting = {title: waiting[title] for title in unfilled}
    return endless


def _notes(
    original: Original, failures: Sequence[Failure], lacking: Sequence[str], unlike: Mapping[str, str]
) -> Iterator[str]:
    idle = () if original.webhooks else ("supabase_functions",)
    if inert := [name for name in original.others if name in INERT and name not in idle]:
        yield f"In the shadow, what calls the network through the schemas {_some(inert)} has no effect."
    if lacking:
        yield f"The shadow's server lacks, or must not have, these extensions of the live one: {_some(lacking)}."
    if failures:
        told = [f"{failure.title}: {failure.reason}" for failure in failures]
        yield f"Of the live database, {len(failures)} objects could not be restored in its shadow: {_some(told)}."
    if unlike:
        yield (
            f"In the shadow, {len(unlike)} relations and functions are not as on the live database, and nothing is "
            f"concluded from relations among them: {_some([*unlike])}."
        )


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return safe("; ".join(names[:NAMED]) + (f"; and {more} more" if more > 0 else ""))
