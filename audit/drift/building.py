"""The database that the migrations build: on a server of our own, with what the platform brings, and without people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from audit.connection import Dsn, TargetError, connect, reading
from audit.drift.catalogue import Catalogue, Key, Part, asked, question
from audit.layouts import recognised
from audit.migrations import apply
from audit.question import Connection, Cursor
from audit.results import Migration
from audit.server.rights import OWNER, STAND_IN, follow, hire, login, superuser
from audit.server.target import DEFAULTS, with_platform
from audit.server_errors import explain
from audit.unbuilt import understood


@dataclass(frozen=True)
class Built:
    """What migrations build: where it is, its catalogue, and what became of each file."""

    dsn: Dsn
    catalogue: Catalogue
    migrations: tuple[Migration, ...]
    files: tuple[Path, ...]


@contextmanager
def built(
    place: Path, postgres_bin: Path | None = None, defaults: str = DEFAULTS[0], before: Path | None = None
) -> Iterator[Built]:
    """Build the migrations of a directory, after what comes ``before`` them.

    Raises TargetError with one sentence.
    """
    files = recognised(place).files
    first = recognised(before).files if before else ()
    with with_platform(postgres_bin, defaults) as server:
        try:
            with superuser(server.dsn) as connection:
                hire(connection)
            with connect(login(server.dsn, OWNER)) as connection:
                done = apply(connection, before, piecewise=True) if before else ()
                done += apply(connection, place, piecewise=True)
                migrations, _ = understood(connection, done, (*first, *files), len(first))
            with superuser(server.dsn) as connection:
                follow(connection)
            inside = login(server.dsn, STAND_IN)
            with connect(inside) as connection:
                catalogue = read(connection)
        except psycopg.Error as error:
            raise TargetError(f"the migrations could not be built: {explain(error, server.dsn)}") from error
        yield Built(inside, catalogue, migrations, files)


def read(connection: Connection) -> Catalogue:
    """Return the catalogue of a database of our own, with what its tables say of buckets and jobs."""
    with reading(connection, search_path=""), connection.cursor() as cursor:
        found = asked(cursor)
        return found.with_parts({**buckets(cursor), **jobs(cursor)})


def there(cursor: Cursor, table: str) -> bool:
    """Tell whether a relation is there, whoever may read it."""
    schema, name = table.split(".")
    cursor.execute(
        """
        select exists (select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                       where n.nspname = %s and c.relname = %s)
        """,
        [schema, name],
    )
    ((found,),) = cursor.fetchall()
    return bool(found)


def buckets(cursor: Cursor) -> dict[Key, Part]:
    """Return the storage buckets. Raises psycopg.Error."""
    if not there(cursor, "storage.buckets"):
        return {}
    cursor.execute(question("buckets"))
    return {
        ("bucket", str(key)): Part(
            ("bucket", str(key)),
            {"name": called, "public": public, "file_size_limit": limit, "allowed_mime_types": types},
        )
        for key, called, public, limit, types in cursor.fetchall()
    }


def jobs(cursor: Cursor) -> dict[Key, Part]:
    """Return the jobs of cron. Raises psycopg.Error."""
    if not there(cursor, "cron.job"):
        return {}
    cursor.execute(question("jobs"))
    return {
        ("job", key): Part(
            ("job", key),
            {"unnamed": unnamed, "schedule": schedule, "command": command, "username": username, "active": active},
        )
        for key, unnamed, schedule, command, username, active in cursor.fetchall()
    }
