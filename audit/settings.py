"""audit.toml: what a team tunes. Everything has a default; an unknown key or a wrong type ends the run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from audit.lint_rules import RULES
from audit.packs import EXCHANGE_TRAIL, MESSAGING, REQUEST_CATEGORIES, RUNBOOK_OBJECTS
from audit.policy import CARE_COLLECTIVE, CORE, OWN, PACKS, Pack, Policy, packs_of_others
from audit.toml_file import CAPITALS, EXACTLY, Amount, Flag, Text, TomlFile, form_of, read, suggestion

# The ways of signing up that Supabase has (https://supabase.com/docs/guides/auth).
Way = Literal["email", "invitation", "phone", "anonymous"]
WAYS: tuple[Way, ...] = ("email", "invitation", "phone", "anonymous")

# One name may be anybody's, and one of ours may have gone.
ENOUGH_MARKS = 2

# A table's name as the questions write it: they are put into texts, where anything else would be something else.
QUALIFIED = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")
COLUMN = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Thresholds:
    """From where on something is a finding. Durations carry their unit in the name."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    slow_statement_ms: Amount = 1000
    slow_statement_calls: Amount = 5
    dashboard_ms: Amount = 1000
    unconfirmed_hours: Amount = 24
    abandoned_hours: Amount = 48
    exchanges_per_hour: Amount = 5
    undelivered_hours: Amount = 24
    dead_rows_percent: Amount = 20
    dead_rows: Amount = 1000
    unused_index_bytes: Amount = 10_000_000
    statistics_days: Amount = 14
    modified_rows_percent: Amount = 20
    modified_rows: Amount = 1000
    bloat_percent: Amount = 50
    bloat_bytes: Amount = 10_000_000
    large_bloat_percent: Amount = 25
    large_bloat_bytes: Amount = 1_000_000_000
    connections_percent: Amount = 80
    long_query_seconds: Amount = 30
    busy_query_seconds: Amount = 1
    idle_in_transaction_minutes: Amount = 5
    open_transaction_minutes: Amount = 60
    held_back_transactions: Amount = 1_000_000
    blocked_seconds: Amount = 30
    growth_percent: Amount = 20
    growth_bytes: Amount = 10_000_000
    maintenance_days: Amount = 8
    freeze_percent: Amount = 50
    sequence_percent: Amount = 80
    archive_minutes: Amount = 60
    slot_bytes: Amount = 1_000_000_000
    slot_idle_minutes: Amount = 60
    prepared_minutes: Amount = 5
    migration_statement_seconds: Amount = 60
    overwritten_percent: Amount = 20
    statement_timeout_ms: Amount = 5000
    deep_timeout_ms: Amount = 60_000
    lock_timeout_ms: Amount = 100
    lock_hold_ms: Amount = 0


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
    "audit_stand_in",  # ours, on disposable servers
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


@dataclass(frozen=True)
class Messaging:
    """Which tables, by qualified name, play the parts of messaging. A project may have several generations of them.

    ``parties``: the columns of the table of conversations that name who takes part, where no table of participants
    does.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    conversations: str = MESSAGING[0]
    participants: str = MESSAGING[1]
    messages: str = MESSAGING[2]
    parties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parts:
    """Which tables play which part in the community, where their names are for the project to say."""

    messaging: tuple[Messaging, ...] = (Messaging(),)
    exchange_trail: str = EXCHANGE_TRAIL


@dataclass(frozen=True)
class Project:
    """Whether a live database is that of the folder that audit.toml is in.

    With ``live`` it is, whatever is there; else where it has ``ENOUGH_MARKS`` of the tables, views and functions that
    are the project's ``marks``, by qualified name.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    live: Flag = False
    marks: tuple[str, ...] = ()


def _rule(name: str) -> str:
    if name not in RULES:
        raise ValueError(f"unknown rule {name!r} in linter; {suggestion(name, RULES, 'the rules are')}")
    return name


# What an option of the command can be: a word, a number, a switch, or several words.
Option = str | Flag | Amount | tuple[str, ...]

# Where the settings of a project may stand beside those of other tools.
PYPROJECT, TABLE = "pyproject.toml", ("tool", "care-audit")


def _pack(name: str) -> str:
    known = (*PACKS, *packs_of_others())
    if name not in known:
        raise ValueError(f"unknown pack {name!r} in packs; {suggestion(name, known, 'the packs are')}")
    return name


_UNITS = {"minute": 1, "hour": 60, "day": 24 * 60, "week": 7 * 24 * 60}


def _limit(text: str) -> str:
    found = re.fullmatch(r"([1-9][0-9]{0,3}) (minute|hour|day|week)s?", text)
    if found is None:
        raise ValueError(f"{text!r} is no time limit; write a number and a unit, such as '15 minutes' or '2 days'")
    return text


def minutes(limit: str) -> int:
    """Return how many minutes a time limit of the settings is."""
    number, _, unit = limit.partition(" ")
    return int(number) * _UNITS[unit.removesuffix("s")]


Grade = Literal["P0", "P1", "P2", "P3"]
Limit = Annotated[str, AfterValidator(_limit)]
Named = Annotated[Pack, AfterValidator(_pack)]
Rule = Annotated[str, AfterValidator(_rule), WithJsonSchema({"enum": sorted(RULES)})]
Weight = Literal["P0", "P1", "P2", "P3", "off"]


@dataclass(frozen=True)
class Settings:
    """The settings of a run.

    ``packs`` None means: those of the reference for the reference, else the core. ``runbook_objects`` None: what the
    runbook of the packs names. ``exposed_schemas`` empty: ask the target, else ``public``. ``access`` and ``waivers``
    are the project's other files, from where this one is. ``sign_up`` are the ways of signing up that the project
    offers; empty: those of its configuration, else by e-mail and by invitation, as a new project has it. ``people``
    are whom to call, by severity, and ``severities`` what must have happened by when, such as "begin diagnosis" within
    "15 minutes"; where nothing is said, as the runbook of the reference has it. ``policies`` is the folder of the
    project's own policies, from where this file is, and ``prefix`` what their ids begin with. ``options`` are those of
    the command care-audit that need not be given then, by their names.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACTLY

    packs: Annotated[tuple[Named, ...], Field(min_length=1)] | None = None
    access: str = ""
    waivers: str = ""
    project: Project = field(default_factory=Project)
    exposed_schemas: tuple[str, ...] = ()
    api_roles: tuple[str, ...] = ("anon", "authenticated")
    runbook_objects: tuple[str, ...] | None = None
    request_categories: tuple[str, ...] = REQUEST_CATEGORIES
    messaging: tuple[Messaging, ...] = (Messaging(),)
    exchange_trail: str = EXCHANGE_TRAIL
    sign_up: tuple[Way, ...] = ()
    expected_role: Literal["primary", "standby"] = "primary"
    private_columns: tuple[str, ...] = ()
    linter: Mapping[Rule, Weight] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    people: Mapping[Grade, Text] = field(default_factory=dict)
    severities: Mapping[Grade, Mapping[str, Limit]] = field(default_factory=dict)
    policies: str = ""
    prefix: Annotated[str, Field(pattern=CAPITALS)] = ""
    options: Mapping[str, Option] = field(default_factory=dict)

    @property
    def selected(self) -> tuple[Pack, ...]:
        """The packs whose policies are asked."""
        return (CORE,) if self.packs is None else self.packs

    def asks(self, policy: Policy) -> bool:
        """Tell whether a policy is asked: one of a pack that is selected, or of the project itself."""
        return policy.pack in (*self.selected, OWN)

    @property
    def parts(self) -> Parts:
        """Which tables play which part."""
        return Parts(self.messaging, self.exchange_trail)

    @property
    def relied_on(self) -> tuple[str, ...]:
        """What the runbook calls or names: as set, else what that of the Care Collective does, if it is selected."""
        if self.runbook_objects is not None:
            return self.runbook_objects
        return RUNBOOK_OBJECTS if CARE_COLLECTIVE in self.selected else ()

    def parameters(self) -> dict[str, Any]:
        """Return what questions can name, each setting under its own name: lists for tuples, numbers else."""
        lists = ("exposed_schemas", "api_roles", "request_categories", "private_columns", "sign_up")
        return {
            **{name: list(getattr(self, name)) for name in lists},
            "expected_role": self.expected_role,
            "packs": list(self.selected),
            "runbook_objects": list(self.relied_on),
            "messaging": [asdict(each) for each in self.messaging],
            "exchange_trail": self.exchange_trail,
            **{f.name: getattr(self.thresholds, f.name) for f in fields(self.thresholds)},
            "platform_schemas": list(PLATFORM_SCHEMAS),
            "platform_roles": list(PLATFORM_ROLES),
        }


def emptiness(name: str, value: object) -> str:
    """Say what to do about an option that has no value, most likely a variable that was not set; "" where it has one.

    An empty ``--baseline`` is none, whatever the settings say.
    """
    empty = name != "--baseline" and "" in (value if isinstance(value, list | tuple) else (value,))
    return f"{name} is empty: give it a value, or leave it out" if empty else ""


def in_settings(path: Path) -> TomlFile:
    """Read audit.toml, or what a pyproject.toml says under ``[tool.care-audit]``. Raises FileError."""
    return read(path).part(TABLE) if path.name == PYPROJECT else read(path)


def load(path: Path) -> Settings:
    """Read audit.toml; a missing file means the defaults. Its access and waivers become paths from where people are.

    Raises FileError (a ValueError), with one sentence that names file, line and key, when the file cannot be used.
    """
    if not path.exists():
        return Settings()
    file = in_settings(path)
    settings = form_of(Settings, file)
    _qualified(settings, file)
    return replace(
        settings,
        access=_beside(file, "access", settings.access, path),
        waivers=_beside(file, "waivers", settings.waivers, path),
    )


def _beside(file: TomlFile, key: str, name: str, path: Path) -> str:
    """Return the path of another file of the project, which is named from where audit.toml is; or ""."""
    if name and not (path.parent / name).is_file():
        raise file.wrong((key,), f"{key}: there is no file {name}")
    return str(path.parent / name) if name else ""


def _qualified(settings: Settings, file: TomlFile) -> None:
    if not re.fullmatch(rf"{QUALIFIED.pattern}\.{COLUMN.pattern}", settings.exchange_trail):
        raise file.wrong(
            ("exchange_trail",), f"exchange_trail must be a column with its table and schema, such as {EXCHANGE_TRAIL}"
        )
    for number, generation in enumerate(settings.messaging):
        for role, table in asdict(generation).items():
            if role != "parties" and not QUALIFIED.fullmatch(table):
                raise file.wrong(
                    ("messaging", number, role), f"{role} must be a table with its schema, such as public.messages"
                )
        if len(generation.parties) == 1 or not all(map(COLUMN.fullmatch, generation.parties)):
            raise file.wrong(
                ("messaging", number, "parties"), "parties must be two columns or more of the table of conversations"
            )
