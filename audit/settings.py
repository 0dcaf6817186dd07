"""audit.toml: what a team tunes. Everything has a default; an unknown key or a wrong type ends the run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from audit.gate.linter import OFF, RULES
from fixtures.policy import SEVERITIES


@dataclass(frozen=True)
class Thresholds:
    """From where on something is a finding. Durations carry their unit in the name."""

    slow_statement_ms: int = 1000
    slow_statement_calls: int = 5
    dashboard_ms: int = 1000
    unconfirmed_hours: int = 24
    abandoned_hours: int = 48
    exchanges_per_hour: int = 5
    undelivered_hours: int = 24
    dead_rows_percent: int = 20
    dead_rows: int = 1000
    unused_index_bytes: int = 10_000_000
    statistics_days: int = 14
    modified_rows_percent: int = 20
    modified_rows: int = 1000
    bloat_percent: int = 50
    bloat_bytes: int = 10_000_000
    large_bloat_percent: int = 25
    large_bloat_bytes: int = 1_000_000_000
    connections_percent: int = 80
    long_query_seconds: int = 30
    busy_query_seconds: int = 1
    idle_in_transaction_minutes: int = 5
    blocked_seconds: int = 30
    growth_percent: int = 20
    growth_bytes: int = 10_000_000
    maintenance_days: int = 8
    freeze_percent: int = 50
    sequence_percent: int = 80
    archive_minutes: int = 60
    slot_bytes: int = 1_000_000_000
    slot_idle_minutes: int = 60
    prepared_minutes: int = 5
    migration_statement_seconds: int = 60
    statement_timeout_ms: int = 5000
    deep_timeout_ms: int = 60_000
    lock_timeout_ms: int = 100


# What the runbook calls or names; SCHEMA-01 asks for each. A project with another runbook lists its own.
RUNBOOK_OBJECTS = (
    "table auth.users",
    "table public.profiles",
    "table public.help_requests",
    "table public.contact_exchanges",
    "table public.conversations",
    "table public.conversation_participants",
    "table public.messages",
    "function public.verify_user_registration_system()",
    "function public.verify_rls_security()",
    "function public.get_contact_info_with_consent(uuid,uuid)",
    "trigger on_auth_user_created on auth.users",
    "view public.unhealthy_metrics",
)


# Schemas that the platform brings and keeps: what is in them is not the project's to change.
# https://supabase.com/docs/guides/database/overview
PLATFORM_SCHEMAS = (
    "auth",
    "storage",
    "extensions",
    "realtime",
    "_realtime",
    "graphql",
    "graphql_public",
    "vault",
    "pgsodium",
    "pgsodium_masks",
    "pgbouncer",
    "supabase_functions",
    "supabase_migrations",
    "_analytics",
    "_supavisor",
    "cron",
    "net",
    "pgmq",
    "pgtle",
    "tiger",
    "topology",
)

# Roles that the platform brings and keeps, beside postgres, which is the project's own.
# https://supabase.com/docs/guides/database/postgres/roles
PLATFORM_ROLES = (
    "authenticator",
    "dashboard_user",
    "pgbouncer",
    "pgsodium_keyholder",
    "pgsodium_keyiduser",
    "pgsodium_keymaker",
    "pgtle_admin",
    "supabase_admin",
    "supabase_auth_admin",
    "supabase_etl_admin",
    "supabase_functions_admin",
    "supabase_read_only_user",
    "supabase_realtime_admin",
    "supabase_replication_admin",
    "supabase_storage_admin",
)

# The known categories of help requests, where the database itself does not say which there are.
REQUEST_CATEGORIES = (
    "groceries",
    "transport",
    "household",
    "meals",
    "childcare",
    "petcare",
    "medical",
    "technology",
    "companionship",
    "other",
)


@dataclass(frozen=True)
class Settings:
    """The settings of a run. ``exposed_schemas`` empty means: ask the target, else ``public``."""

    exposed_schemas: tuple[str, ...] = ()
    api_roles: tuple[str, ...] = ("anon", "authenticated")
    runbook_objects: tuple[str, ...] = RUNBOOK_OBJECTS
    request_categories: tuple[str, ...] = REQUEST_CATEGORIES
    expected_role: str = "primary"
    linter: Mapping[str, str] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)

    def parameters(self) -> dict[str, Any]:
        """Return every setting under its own name, as parameters for questions: lists for tuples, numbers else."""
        tables = ("thresholds", "linter")
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in vars(self).items() if k not in tables}
        platform = {"platform_schemas": list(PLATFORM_SCHEMAS), "platform_roles": list(PLATFORM_ROLES)}
        return {**plain, **asdict(self.thresholds), **platform}


def _fitted(kind: type, found: Mapping[str, Any], where: str) -> dict[str, Any]:
    defaults: dict[str, Any] = {f.name: getattr(kind(), f.name) for f in fields(kind)}
    for key, value in found.items():
        if key not in defaults:
            known = ", ".join(sorted(defaults))
            raise ValueError(f"{where}: unknown key {key!r}; the keys are {known}")
        expected = list if isinstance(defaults[key], tuple) else type(defaults[key])
        if type(value) is not expected or (expected is list and not all(isinstance(v, str) for v in value)):
            raise ValueError(f"{where}: {key} must be {_PLAIN[expected]}")
        if isinstance(value, int) and value < 0:
            raise ValueError(f"{where}: {key} must not be negative")
    return {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}


_PLAIN = {list: "a list of strings", int: "a whole number", str: "a string"}


def _weights(found: object, where: str) -> dict[str, str]:
    """Return what the linter's rules weigh. Raises ValueError."""
    if not isinstance(found, dict):
        raise ValueError(f"{where}: linter must be a table of rules")
    for rule, weight in found.items():
        if rule not in RULES:
            raise ValueError(f"{where}, linter: unknown rule {rule!r}; the rules are {', '.join(sorted(RULES))}")
        if weight not in (*SEVERITIES, OFF):
            raise ValueError(f"{where}, linter: {rule} must be {', '.join(SEVERITIES)} or {OFF}")
    return found


def load(path: Path) -> Settings:
    """Read audit.toml; a missing file means the defaults.

    Raises ValueError, with one sentence that names file and key, when the file cannot be used.
    """
    if not path.exists():
        return Settings()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    thresholds = found.pop("thresholds", {})
    if not isinstance(thresholds, dict):
        raise ValueError(f"{path.name}: thresholds must be a table")
    linter = _weights(found.pop("linter", {}), path.name)
    settings = _fitted(Settings, found, path.name)
    if settings.get("expected_role", "primary") not in ("primary", "standby"):
        raise ValueError(f"{path.name}: expected_role must be 'primary' or 'standby'")
    limits = Thresholds(**_fitted(Thresholds, thresholds, f"{path.name}, thresholds"))
    return Settings(**settings, linter=linter, thresholds=limits)
