"""What a database has, object by object, by names: so that two servers of different versions can be compared.

One question for each kind of object, in the ``.sql`` files beside this one; all are answered from one snapshot. What
the platform and extensions bring is left out. Source: https://www.postgresql.org/docs/current/catalogs.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from audit.connection import setting
from audit.question import Cursor
from audit.server.rights import STAND_IN
from audit.settings import PLATFORM_ROLES, PLATFORM_SCHEMAS
from audit.sql_text import chains, quoted, tokens

Key = tuple[str, ...]
Address = tuple[int, int, int]
Facts = Mapping[str, Any]

# The kinds that a question of the same name is about, and what one of them is called.
KINDS = {
    "schemas": "schema", "relations": "relation", "columns": "column", "constraints": "constraint",
    "indexes": "index", "triggers": "trigger", "rules": "rule", "policies": "policy", "functions": "function",
    "types": "type", "roles": "role", "memberships": "membership", "settings": "setting", "extensions": "extension",
    "publications": "publication", "published": "published", "others": "other",
}  # fmt: skip

# Tables of the platform that a project may write policies and triggers for.
TOUCHED = ("auth", "storage", "realtime")
# Who the API lets in is compared, though the platform brings them.
API_ROLES = ("anon", "authenticated", "service_role")
# What every project of the platform has. https://supabase.com/docs/guides/database/extensions
BROUGHT = (
    "plpgsql", "pg_stat_statements", "pgcrypto", "uuid-ossp", "supabase_vault", "pg_graphql", "pgsodium", "pgjwt",
)  # fmt: skip
# The logins of the audit: nobody's migrations make them (schema/auditor.sql).
AUDITORS = ("care_auditor", STAND_IN)
# In which tools note what they have applied: they make these themselves.
NOTED = frozenset({
    "_prisma_migrations", "__drizzle_migrations", "schema_migrations", "flyway_schema_history", "goose_db_version",
    "knex_migrations", "knex_migrations_lock", "atlas_schema_revisions", "pgmigrations", "migrations_typeorm",
})  # fmt: skip

_SCHEMAS = """
select pg_catalog.array_agg(n.oid) from pg_catalog.pg_namespace n
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.nspname <> all (%(platform)s)
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                and d.objid = n.oid and d.deptype = 'e')
"""
# The platform makes more of these now and then, and keeps others from making them; the CLI logs in by some.
# https://github.com/supabase/supautils (reserved_roles)
_RESERVED = "select r.rolname::pg_catalog.text from pg_catalog.pg_roles r where r.rolname ~ '^(supabase_|cli_login_)'"
MAINTAIN_SINCE = 170000


@dataclass(frozen=True)
class Part:
    """An object, or who may do what with one: its key, the key of what it is a part of, and what is known of it."""

    key: Key
    facts: Facts
    of: Key | None = None

    @property
    def kind(self) -> str:
        """What it is called in SQL."""
        return str(self.facts.get("kind", self.key[0])) if self.key[0] == "relation" else self.key[0]

    @property
    def title(self) -> str:
        """What it is called in a sentence: names as they are written in SQL."""
        kind, *names = self.key
        match kind:
            case "grant":
                return f"grants of {_who(names[-1])} on {_title(tuple(names[:-1]), self.facts)}"
            case "default privileges":
                role, schema, what, grantee = names
                place = f" in {quoted(schema)}" if schema else ""
                return f"default privileges of {_who(grantee)} on {what} of {quoted(role)}{place}"
            case "setting":
                whose = f" of {quoted(names[0])}" if names[0] else ""
                return f"setting {names[2]}{whose}{' in this database' if names[1] else ''}"
            case "membership":
                return f"membership of {quoted(names[1])} in {quoted(names[0])}"
            case "published":
                return f"table {'.'.join(map(quoted, names[1:]))} of publication {quoted(names[0])}"
            case "other":
                return " ".join(names)
        return _title(self.key, self.facts)


def _who(grantee: str) -> str:
    return quoted(grantee) if grantee else "the owner"


def _title(key: Key, facts: Facts) -> str:
    kind, *names = key
    if kind == "function":
        return f"{facts.get('kind', kind)} {'.'.join(map(quoted, names[:2]))}{names[2]}"
    if kind in ("constraint", "trigger", "rule", "policy"):
        return f"{kind} {quoted(names[2])} of {'.'.join(map(quoted, names[:2]))}"
    if kind in ("bucket", "job"):
        return f"{'storage bucket' if kind == 'bucket' else 'cron job'} {quoted(names[0])}"
    return f"{facts.get('kind', kind) if kind == 'relation' else kind} {'.'.join(map(quoted, names))}"


@dataclass(frozen=True)
class Catalogue:
    """All parts of a database by key, and what each rests on; ``version`` is the server's, such as 150004.

    ``taken`` are the keys that parts really have there, where some are here under those of another database.
    """

    version: int
    parts: Mapping[Key, Part]
    needs: Mapping[Key, frozenset[Key]] = field(default_factory=dict)
    taken: frozenset[Key] = frozenset()

    def without_maintain(self) -> Catalogue:
        """Return it without a privilege that servers before version 17 do not know."""
        parts = {}
        for key, part in self.parts.items():
            if "privileges" in part.facts:
                left = [each for each in part.facts["privileges"] if not each.startswith("MAINTAIN")]
                if not left and part.facts["privileges"]:
                    continue
                part = replace(part, facts={**part.facts, "privileges": left})
            parts[key] = part
        return replace(self, parts=parts)

    def with_parts(self, more: Mapping[Key, Part]) -> Catalogue:
        """Return it with some parts more."""
        return replace(self, parts={**self.parts, **more})


@cache
def question(name: str) -> str:
    """Return the question of a kind."""
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")


def asked(cursor: Cursor, given: Sequence[str] = ()) -> Catalogue:
    """Ask for everything, in the transaction of ``cursor``, whose search_path must be empty.

    ``given`` are roles that are no part of the project, such as the login that asks. Raises psycopg.Error.
    """
    # Constants are printed by these.
    cursor.execute(setting({"TimeZone": "UTC", "bytea_output": "hex"}))
    cursor.execute(_SCHEMAS, {"platform": [*PLATFORM_SCHEMAS]})
    ((schemas,),) = cursor.fetchall()
    cursor.execute(_RESERVED)
    not_roles = [*dict.fromkeys([*PLATFORM_ROLES, *AUDITORS, *given, *(name for (name,) in cursor.fetchall())])]
    known = {
        "schemas": schemas or [], "touched": [*TOUCHED], "not_roles": not_roles, "api_roles": [*API_ROLES],
        "brought": [*BROUGHT],
    }  # fmt: skip
    parts: dict[Key, Part] = {}
    places: dict[Address, Key] = {}
    for name, kind in KINDS.items():
        cursor.execute(question(name), known)
        for names, class_, object_, sub, of, facts, *also in cursor.fetchall():
            key = (kind, *names)
            parts[key] = Part(key, facts, tuple(of) if of else None)
            places[class_, object_, sub] = key
            _note(places, kind, key, class_, also)
    _grants(cursor, known, parts, places, ignored={*not_roles} - {"authenticator"})
    needs = _needs(cursor, places)
    return _settled(Catalogue(cursor.connection.info.server_version, parts, needs))


def by_default(key: Key) -> list[str]:
    """Return what is granted where default privileges were never changed.

    https://www.postgresql.org/docs/current/ddl-priv.html
    """
    _, _, schema, kind, grantee = key
    return [] if schema or grantee != "public" else {"functions": ["EXECUTE"], "types": ["USAGE"]}.get(kind, [])


# The system's catalogues by oid, which never changes: pg_class, pg_attrdef.
_CLASS, _ATTRDEF = 1259, 2604


def _note(places: dict[Address, Key], kind: str, key: Key, class_: int, also: Sequence[int | None]) -> None:
    """Note what an object is also known as to others: a column by its default, a constraint by its index, a type ..."""
    for number, oid in enumerate(also):
        if oid:
            place = _ATTRDEF if kind == "column" else _CLASS if kind == "constraint" or number else class_
            places[place, oid, 0] = key


def _grants(
    cursor: Cursor, known: Mapping[str, Any], parts: dict[Key, Part], places: Mapping[Address, Key], ignored: set[str]
) -> None:
    cursor.execute(question("grants"), known)
    for class_, object_, sub, grantee, privileges in cursor.fetchall():
        of = places.get((class_, object_, sub)) or places.get((class_, object_, 0))
        if of is None or of not in parts or grantee in ignored:
            continue
        # Columns of views have grants and are no parts themselves: theirs are named after them.
        if sub and places.get((class_, object_, sub)) is None:
            continue
        key = ("grant", *of, grantee)
        facts = {"privileges": sorted(privileges), "kind": parts[of].facts.get("kind", of[0]), "on": list(of)}
        parts[key] = Part(key, facts, of)
    cursor.execute(question("defaults"), known)
    for role, schema, kind, grantee, privileges in cursor.fetchall():
        key = ("default privileges", role, schema or "", kind, grantee)
        if grantee not in ignored and sorted(privileges) != by_default(key):
            parts[key] = Part(key, {"privileges": sorted(privileges)}, ("schema", schema) if schema else None)


def _needs(cursor: Cursor, places: Mapping[Address, Key]) -> dict[Key, frozenset[Key]]:
    cursor.execute(question("needs"))
    needs: dict[Key, set[Key]] = {}
    for class_, object_, sub, of_class, of_object, of_sub in cursor.fetchall():
        key = places.get((class_, object_, sub)) or places.get((class_, object_, 0))
        for other in (places.get((of_class, of_object, of_sub)), places.get((of_class, of_object, 0))):
            if key is not None and other is not None and key != other:
                needs.setdefault(key, set()).add(other)
    return {key: frozenset(others) for key, others in needs.items()}


def _settled(catalogue: Catalogue) -> Catalogue:
    """Return it without what tools note in tables of their own, and with what follows from something else left out."""
    parts: dict[Key, Part] = {}
    for key, part in catalogue.parts.items():
        if key[0] in ("relation", "column", "constraint", "index") and _noted(part):
            continue
        if key[0] == "grant" and len(key) > 3 and key[1] in ("relation", "column") and key[3] in NOTED:
            continue
        if key[0] == "relation" and part.facts.get("options"):
            part = replace(part, facts=_plain_options(part.facts))
        facts = part.facts
        if key[0] == "relation" and facts.get("owned by"):
            # Such a sequence comes and goes with its column, and belongs to whoever owns the table.
            owner = _column(catalogue.parts, str(facts["owned by"]))
            part = replace(part, facts={k: v for k, v in facts.items() if k != "owner"}, of=owner or part.of)
        parts[key] = part
    return replace(catalogue, parts=parts)


_YES, _NO = ("on", "true", "yes", "1"), ("off", "false", "no", "0")
# What a relation does anyhow. https://www.postgresql.org/docs/current/sql-createview.html
_IDLE = frozenset({"security_invoker=false", "security_barrier=false", "autovacuum_enabled=true"})


def _plain_options(facts: Facts) -> Facts:
    """Return what is known of a relation with options written in one way, and none that change nothing."""
    options = []
    for option in facts["options"]:
        key, _, value = option.partition("=")
        value = "true" if value in _YES and not value.isdigit() else "false" if value in _NO[:3] else value
        if key in ("security_invoker", "security_barrier", "autovacuum_enabled"):
            value = {"1": "true", "0": "false"}.get(value, value)
        if f"{key}={value}" not in _IDLE:
            options.append(f"{key}={value}")
    plain = {name: value for name, value in facts.items() if name != "options"}
    return {**plain, "options": sorted(options)} if options else plain


def _noted(part: Part) -> bool:
    table = part.of if part.key[0] != "relation" else part.key
    return table is not None and table[-1].removesuffix("_id_seq") in NOTED


@cache
def _columns(name: str) -> Key:
    """Return the key of a column, given its name as SQL has it."""
    (chain,) = chains(list(tokens(name)))
    return ("column", *chain.names)


def _column(parts: Mapping[Key, Part], name: str) -> Key | None:
    key = _columns(name)
    return key if key in parts else None
