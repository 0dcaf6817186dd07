"""What every question can name: thresholds, declarations, and which schemas the API serves."""

from __future__ import annotations

from typing import Any

from audit.access.declaration import Access
from audit.people import CAST
from audit.question import Connection
from audit.settings import Settings


def exposed_schemas(connection: Connection, settings: Settings) -> list[str]:
    """Return the schemas that the API serves: as set in audit.toml, else as the API is configured, else public.

    The API reads ``pgrst.db_schemas`` from its role's settings
    (https://docs.postgrest.org/en/stable/references/configuration.html#in-database-configuration).
    """
    if settings.exposed_schemas:
        return list(settings.exposed_schemas)
    found = connection.execute(
        """
        select split_part(setting, '=', 2)
        from pg_catalog.pg_db_role_setting s, unnest(s.setconfig) as setting
        where setting like 'pgrst.db_schemas=%' and s.setdatabase in (
            0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
        order by s.setdatabase desc limit 1
        """
    ).fetchone()
    names = [name.strip().strip('"') for name in found[0].split(",")] if found else []
    return [name for name in names if name] or ["public"]


def ways_of_signing_up(connection: Connection, settings: Settings) -> list[str]:
    """Return the ways of signing up that the project offers: as set in audit.toml, else as its configuration has it.

    What supabase/config.toml says was noted when the target was built. A new project has neither anonymous sign-ins nor
    those by phone (https://supabase.com/docs/guides/local-development/cli/config#auth-config).
    """
    if settings.sign_up:
        return list(settings.sign_up)
    found = connection.execute(
        """
        select split_part(setting, '=', 2)
        from pg_catalog.pg_db_role_setting s, unnest(s.setconfig) as setting
        where setting like 'audit.sign_up=%' limit 1
        """
    ).fetchone()
    noted = found[0].split() if found else []
    if "none" in noted:
        return ["invitation"]
    return ["email", "invitation", *(way for way in ("phone", "anonymous") if way in noted)]


def parameters(connection: Connection, settings: Settings, access: Access) -> dict[str, Any]:
    """Return what questions can name: thresholds, declarations, ``exposed`` schemas and ``api_roles``.

    Among them is what they must know beforehand: ``absent_roles`` of the API, and of the people who act.
    """
    wanted = {*settings.api_roles, *(person.role for person in CAST.values())}
    there = connection.execute(
        "select rolname::text from pg_catalog.pg_roles where rolname = any (%s)", [[*wanted]]
    ).fetchall()
    return {
        **settings.parameters(),
        **access.parameters(),
        "exposed": exposed_schemas(connection, settings),
        "sign_up": ways_of_signing_up(connection, settings),
        "absent_roles": sorted(wanted - {name for (name,) in there}),
    }
