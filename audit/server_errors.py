"""What is told of a server's errors: one list of messages that hold no data, and one place that words them."""

from __future__ import annotations

import os
import re

import psycopg
from psycopg.conninfo import conninfo_to_dict

from audit.evidence import safe

# Messages of these classes name objects, settings and limits only; all others may quote the data that they are about.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
NAMING_CLASSES = ("0A", "25", "2B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58")

# Of those, what quotes the text of a statement: where that was put together from data, it shows them.
QUOTING = ("42601", "42804")

# What a project's own RAISE says, in its own words: https://www.postgresql.org/docs/current/plpgsql-errors-and-messages.html
RAISED = "P0001"

# So much of a message is told: a migration can raise one of gigabytes, and every report would hold it.
LONGEST = 2000

# What libpq or the server says -> what a person can do about it. The first that matches counts. Servers that speak
# another language than English end up with their own sentence, see explain().
_ADVICE: tuple[tuple[str, str], ...] = (
    (r"definition of service .* not found|service file .* not found", "no such service is defined; see PGSERVICEFILE"),
    (r"invalid \S*port number|connection option \"port\"", "the port is no number from 1 to 65535"),
    (r"translate host name|resolve|Name or service not known|getaddrinfo", "the host name is not known"),
    (r"password authentication failed", "the user name or password is wrong"),
    (r"no password supplied", "a password is needed: set PGPASSWORD, or use a password file or service file"),
    (r'role ".*" does not exist', "the role does not exist"),
    (r'database ".*" does not exist', "the database does not exist"),
    (
        r"is too long \(maximum \d+ bytes",
        "the path of its socket is too long: name a shorter directory, or a host and a port",
    ),
    (
        r"invalid response to SSL negotiation|expected authentication request|unexpected response from server",
        "what answers there is no PostgreSQL server: check host and port",
    ),
    (
        r"\A(?!.*SSL encryption).*pg_hba\.conf.*(no encryption|SSL off)",
        "the server does not admit this user from here without TLS (pg_hba.conf): say sslmode=require",
    ),
    (
        r"\A(?!.*no encryption).*pg_hba\.conf.*SSL encryption",
        "the server does not admit this user from here with TLS (pg_hba.conf): if it takes none, say sslmode=disable",
    ),
    (r"pg_hba\.conf", "the server does not admit this user from here (pg_hba.conf)"),
    (r"does not support SSL|certificate|SSL|TLS", "TLS could not be agreed: check sslmode and sslrootcert"),
    (r"too many connections|too many clients|connection slots", "the server has no free connection"),
    (r"starting up|shutting down|recovery mode", "the server is starting or stopping; try again"),
    (r"timeout expired|timed out", "no answer in time: check host, port and firewall"),
    (r"Connection refused|No such file|unreachable|No route", "nothing answers there: check host and port"),
)


class Unanswered(psycopg.OperationalError):
    """The server did not answer in time; the connection is closed. The message is one safe sentence."""


class Oversized(psycopg.OperationalError):
    """The server said more than is taken; the connection is closed. The message is one safe sentence."""


class Altered(psycopg.OperationalError):
    """Code of the project changed the schema that is judged. The message is one safe sentence and says what to do."""


class Overdue(psycopg.errors.QueryCanceled):
    """A statement took too long on a server of ours, and was ended from outside. The message names it and is safe."""


def explain(error: Exception, dsn: str) -> str:
    """Turn a failed connection attempt into one sentence; unknown causes keep the server's words, without secrets."""
    text = str(error)
    if isinstance(error, Altered):
        return text
    for pattern, advice in _ADVICE:
        if re.search(pattern, text, re.IGNORECASE | re.DOTALL):
            return advice
    lines = [line for line in text.splitlines() if line.strip()]
    said = lines[-1] if lines else type(error).__name__
    given = conninfo_to_dict(dsn)
    for secret in (given.get("password"), given.get("sslpassword"), os.environ.get("PGPASSWORD")):
        said = said.replace(str(secret), "***") if secret else said
    return safe(said)


def describe(error: psycopg.Error) -> str:
    """Say what went wrong with a question in one safe sentence: the condition, and only details that hold no data."""
    if isinstance(error, Altered | Unanswered | Overdue):
        return str(error)
    if error.sqlstate is None:
        return "the connection to the database was lost"
    condition = type(error).__name__
    if _names_only(error) and error.sqlstate not in QUOTING:
        return safe(f"{error.diag.message_primary} ({condition}, {error.sqlstate})")
    where = safe(" ".join(name for _, name in _objects(error)))
    return f"{condition} ({error.sqlstate})" + (f" about {where}" if where else "")


def tell(error: psycopg.Error) -> str:
    """Say in one safe line what went wrong with a statement of a file, in the server's words where they hold no data.

    What the file itself raises is told as it is raised: whoever runs the file reads the same.
    """
    if isinstance(error, Overdue):
        return safe(str(error))
    if _names_only(error) or error.sqlstate == RAISED:
        return safe(" ".join((error.diag.message_primary or "")[:LONGEST].split()))
    condition = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
    return safe(", ".join([condition, *(f"{kind} {name}" for kind, name in _objects(error))]))


def _names_only(error: psycopg.Error) -> bool:
    return (error.sqlstate or "").startswith(NAMING_CLASSES)


def _objects(error: psycopg.Error) -> list[tuple[str, str]]:
    """Return the objects that the server names beside its message, each with its kind."""
    diag = error.diag
    table = ".".join(filter(None, (diag.schema_name, diag.table_name))) if diag.table_name else None
    named = (("table", table), ("column", diag.column_name), ("constraint", diag.constraint_name))
    return [(kind, name) for kind, name in named if name]
