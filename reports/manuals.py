"""Where the public manual of what a policy is about stands, for programs that show a link beside each rule."""

from __future__ import annotations

POSTGRESQL = "https://www.postgresql.org/docs/current/"
SUPABASE = "https://supabase.com/docs/guides/"

# By the first word of a policy's id.
PAGES = {
    "AUTH": f"{SUPABASE}auth/managing-user-data",
    "CONF": f"{SUPABASE}api/api-keys",
    "CONTACT": f"{SUPABASE}database/postgres/row-level-security",
    "DRIFT": f"{SUPABASE}deployment/database-migrations",
    "EXPO": f"{SUPABASE}api/securing-your-api",
    "HELP": f"{SUPABASE}database/postgres/row-level-security",
    "MAINT": f"{POSTGRESQL}maintenance.html",
    "MIG": f"{SUPABASE}deployment/database-migrations",
    "MON": f"{POSTGRESQL}monitoring.html",
    "MSG": f"{SUPABASE}database/postgres/row-level-security",
    "PERF": f"{POSTGRESQL}performance-tips.html",
    "RLS": f"{SUPABASE}database/postgres/row-level-security",
    "RUN": f"{POSTGRESQL}sql.html",
    "SCHEMA": f"{POSTGRESQL}ddl.html",
    "SETUP": f"{SUPABASE}local-development/cli/config",
}


def page(policy: str) -> str:
    """Return the address for a policy; of an area that is not known, the manual's first page."""
    return PAGES.get(policy.partition("-")[0], POSTGRESQL)
