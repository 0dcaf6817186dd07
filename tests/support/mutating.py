"""Mutants: a database with one guard less, as many as its catalogue has guards.

A guard is whatever keeps somebody from something: a policy and each branch of it, a grant that is not there, row level
security, a trigger, a constraint, the rights that a function or a view runs with, a condition in its text. What keeps a
way open (a grant, a policy, a branch) is one, too: without it somebody is locked out. Only the catalogue is asked, so
that the mutants of any schema are made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Error
from psycopg.rows import dict_row
from psycopg.sql import SQL, Literal

from audit.question import Connection
from tests.support.branches import changes

ROLES = ("anon", "authenticated", "public")
COMMANDS = {"r": "select", "a": "insert", "w": "update", "d": "delete"}
PRIVILEGES = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
LONGEST = 90

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Mutant:
    """One change of one guard. ``kind`` groups mutants, ``name`` stays the same from run to run, ``sql`` makes it.

    ``behind`` says which other layer refuses all that this one did, where the catalogue proves it: such a mutant
    changes nothing that anybody could observe, and takes away a line of defence.
    """

    kind: str
    name: str
    sql: str
    behind: str = ""


class Guards:
    """Reads the guards of a database, and makes the mutants of each. ``known`` are the parameters of questions."""

    def __init__(self, connection: Connection, known: Mapping[str, Any]) -> None:
        self.connection = connection
        self.known = known

    def rows(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        """Return the rows of a question about the catalogue."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return list(cursor.execute(question, {**self.known, **parameters}).fetchall())


def mutants(connection: Connection, known: Mapping[str, Any]) -> list[Mutant]:
    """Return the mutants of a database, by kind and name; two that are the same SQL are one.

    The connection is inside a transaction of its own. Names are qualified: the ``search_path`` is emptied for it.
    """
    connection.execute("set local search_path = ''")
    guards = Guards(connection, known)
    found: dict[str, Mutant] = {}
    names: set[str] = set()
    for make in MAKERS:
        for mutant in make(guards):
            if mutant.sql in found:
                continue
            name, count = mutant.name, 1
            while name in names:
                count += 1
                name = f"{mutant.name} ({count})"
            names.add(name)
            found[mutant.sql] = Mutant(mutant.kind, name, mutant.sql, mutant.behind)
    return list(found.values())


def _short(text: str) -> str:
    """Return a condition as part of a name: on one line, and cut where it is long."""
    flat = re.sub(r"\s+", " ", text).strip()
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 3]}..."


# --- policies --------------------------------------------------------------------------------------------------------

POLICIES = """
select quote_ident(p.polname) as name, p.polrelid::pg_catalog.regclass::text as relation, p.polrelid::oid as id,
       p.polcmd::text as command, p.polpermissive as permissive,
       pg_catalog.pg_get_expr(p.polqual, p.polrelid) as "using",
       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as "check",
       array(select case n when 0 then 'public' else n::pg_catalog.regrole::text end
             from unnest(p.polroles) as n order by 1) as roles
from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid
where c.relpersistence <> 't'
order by 2, 1
"""

# Which commands a role has no privilege for, on a table or any of its columns.
LACKING = """
select command from unnest(array['select', 'insert', 'update', 'delete']) as command
where not case when command = 'delete' then pg_catalog.has_table_privilege(%(role)s, %(relation)s, 'delete')
          else pg_catalog.has_any_column_privilege(%(role)s, %(relation)s, command) end
or not pg_catalog.has_schema_privilege(%(role)s, (
    select c.relnamespace from pg_catalog.pg_class c where c.oid = %(relation)s::pg_catalog.regclass), 'usage')
"""


def of_policies(guards: Guards) -> Iterator[Mutant]:
    """Make a policy be gone, be for others, for all commands, always true, or lack or gain a branch."""
    for policy in guards.rows(POLICIES):
        on = f"{policy['name']} on {policy['relation']}"
        about = f"policy {on}"
        kind = "policy" if policy["permissive"] else "restrictive policy"
        yield Mutant(f"{kind} dropped", f"{about}: dropped", f"drop policy {on}")
        yield from _of_roles(guards, policy, about, on)
        yield from _of_commands(guards, policy, about, on)
        for part in ("using", "check"):
            yield from _of_expression(guards, policy, part, about, on)


def _of_roles(guards: Guards, policy: Row, about: str, on: str) -> Iterator[Mutant]:
    held = policy["roles"]
    if not policy["permissive"] or "public" in held:
        return
    command = COMMANDS.get(policy["command"])
    for role in ROLES:
        if role in held:
            continue
        reader = "anon" if role == "public" else role
        lacking = {row["command"] for row in guards.rows(LACKING, role=reader, relation=policy["relation"])}
        wanted = {command} if command else set(COMMANDS.values())
        behind = f"grants: {reader} holds no privilege to {' or '.join(sorted(wanted))}" if wanted <= lacking else ""
        to = role if role == "public" else ", ".join([*held, role])
        yield Mutant("policy's role widened", f"{about}: to {to}", f"alter policy {on} to {to}", behind)


def _of_commands(guards: Guards, policy: Row, about: str, on: str) -> Iterator[Mutant]:
    """A policy for one command becomes one for all."""
    if policy["command"] == "*" or not policy["permissive"]:
        return
    using = policy["using"] or policy["check"]
    command = COMMANDS[policy["command"]]
    others = {*COMMANDS.values()} - {command}
    roles = [role for role in ("anon", "authenticated") if role in policy["roles"] or "public" in policy["roles"]]
    lacking = [{r["command"] for r in guards.rows(LACKING, role=role, relation=policy["relation"])} for role in roles]
    behind = f"grants: {command} is the only privilege" if all(others <= each for each in lacking) else ""
    create = f"create policy {on} for all to {', '.join(policy['roles'])} using ({using}) with check "
    sql = f"drop policy {on}; {create}({policy['check'] or using})"
    yield Mutant("policy's command widened", f"{about}: for all", sql, behind)


def _of_expression(guards: Guards, policy: Row, part: str, about: str, on: str) -> Iterator[Mutant]:
    text = policy[part]
    clause = "using" if part == "using" else "with check"
    missing = text is None and part == "check" and policy["command"] in ("w", "*")
    if text is not None or missing:
        yield Mutant(f"{clause} true", f"{about}: {clause} true", f"alter policy {on} {clause} (true)")
    if text is None:
        return

    def altered(kind: str, what: str, expression: str) -> Mutant:
        sql = f"alter policy {on} {clause} ({expression})"
        return Mutant(kind, f"{about}: {clause} {_short(what)}", sql)

    for change in changes(text):
        yield altered("branch removed", change.what, change.text)
    for extra in _extra(guards, policy):
        yield altered("branch added", f"or {extra}", f"{text} or {extra}")
    for what, other in _other_columns(guards, text, policy["relation"]):
        yield altered("compared with another column", what, other)


def _extra(guards: Guards, policy: Row) -> list[str]:
    """Return what an OR may be widened with: what is always true, who is signed in, a row that is somebody's."""
    text = f"{policy['using']} {policy['check']}"
    columns = guards.rows(COLUMNS, relation=policy["relation"])
    ids = [c for c in columns if c["type"] == "uuid"]
    owners = [c for c in ids if re.search(rf"\b{re.escape(c['name'])}\b", text)]
    found = ["1 = 1", "(select auth.uid()) is not null"]
    return found + [f"{column['quoted']} is not null" for column in (owners or ids)[:2]]


# --- whose rows they are ---------------------------------------------------------------------------------------------

COLUMNS = """
select a.attname::text as name, quote_ident(a.attname) as quoted, a.atttypid::pg_catalog.regtype::text as type
from pg_catalog.pg_attribute a
where a.attrelid = pg_catalog.to_regclass(nullif(%(relation)s, '')) and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""

_NAME = r'(?:"(?:[^"]|"")+"|[a-z_]\w*)'
_CALLER = r"\(?\s*(?:select\s+)?auth\.uid\(\)"
_OWNER = re.compile(rf"(?<![\w.\"])((?:{_NAME}\.)*)({_NAME})(?=\s*(?:=|<>)\s*{_CALLER})", re.IGNORECASE)
_AFTER = re.compile(rf"(?<=auth\.uid\(\))(\s*(?:=|<>)\s*)((?:{_NAME}\.)*)({_NAME})", re.IGNORECASE)


def _other_columns(guards: Guards, text: str, relation: str) -> Iterator[tuple[str, str]]:
    """Yield texts in which the caller is compared with another id of the same row, and what was done."""
    for pattern, before, name in ((_OWNER, 1, 2), (_AFTER, 2, 3)):
        for found in pattern.finditer(text):
            qualifier, column = found[before], found[name].strip('"')
            of = _relation(text, qualifier.rstrip("."), relation)
            columns = guards.rows(COLUMNS, relation=of)
            if column not in {each["name"] for each in columns}:
                continue
            for other in columns:
                if other["type"] == "uuid" and other["name"] != column:
                    changed = f"{text[: found.start(name)]}{other['quoted']}{text[found.end(name) :]}"
                    yield f"{qualifier}{other['quoted']} in the place of {column}", changed


def _relation(text: str, alias: str, own: str) -> str:
    """Return the relation that a name before a dot stands for: one of the text's own, or the policy's table."""
    if not alias or alias == own.rpartition(".")[2]:
        return own
    named = re.search(rf"({_NAME}\.{_NAME})\s+(?:as\s+)?{re.escape(alias)}\b", text, re.IGNORECASE)
    if named:
        return named[1]
    plain = re.search(rf"({_NAME}\.{re.escape(alias)})\b", text, re.IGNORECASE)
    return plain[1] if plain else own


# --- row level security, grants --------------------------------------------------------------------------------------

NOT_OF_EXTENSIONS = """
not exists (select from pg_catalog.pg_depend e where e.classid = '{0}'::pg_catalog.regclass
            and e.objid = {1}.oid and e.deptype = 'e')
"""

RELATIONS = f"""
select c.oid::pg_catalog.regclass::text as name, c.relkind::text as kind, c.relrowsecurity as security,
       c.relforcerowsecurity as forced, c.relispartition as partition,
       case when c.relkind = 'v' then pg_catalog.pg_get_viewdef(c.oid) end as definition,
       coalesce((select o.option_value::boolean from pg_catalog.pg_options_to_table(c.reloptions) as o
                 where o.option_name = 'security_invoker'), false) as invoker,
       coalesce((select o.option_value::boolean from pg_catalog.pg_options_to_table(c.reloptions) as o
                 where o.option_name = 'security_barrier'), false) as barrier,
       n.nspname = any (%(exposed)s) as exposed,
       exists (select from pg_catalog.pg_roles r where r.rolname = any (%(api_roles)s)
               and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage')
               and pg_catalog.has_any_column_privilege(r.oid, c.oid, 'select')) as readable
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relpersistence <> 't'
and n.nspname !~ '^pg_|^information_schema$' and n.nspname <> all (%(platform_schemas)s)
and {NOT_OF_EXTENSIONS.format("pg_catalog.pg_class", "c")}
order by 1
"""

# For each grantee what it holds of a privilege: all of the relation, some columns (given in "granted"), or nothing.
HELD = """
select g.grantee, p.privilege,
       exists (select from pg_catalog.pg_class c cross join lateral pg_catalog.aclexplode(c.relacl) as a
               where c.oid = x.oid and a.privilege_type = upper(p.privilege) and a.grantee = g.id) as granted_all,
       case when g.id = 0 then false else pg_catalog.has_table_privilege(g.id, x.oid, p.privilege) end as holds_all,
       array(select quote_ident(t.attname)
             from pg_catalog.pg_attribute t cross join lateral pg_catalog.aclexplode(t.attacl) a
             where t.attrelid = x.oid and a.privilege_type = upper(p.privilege) and a.grantee = g.id and t.attnum > 0
             order by t.attnum) as granted,
       array(select quote_ident(t.attname) from pg_catalog.pg_attribute t
             where t.attrelid = x.oid and t.attnum > 0 and not t.attisdropped
             and p.privilege in ('select', 'insert', 'update')
             and case when g.id = 0 then true
                 else not pg_catalog.has_column_privilege(g.id, x.oid, t.attnum, p.privilege) end
             order by t.attnum) as lacking,
       exists (select from pg_catalog.pg_policy y where y.polrelid = x.oid and y.polpermissive
               and y.polcmd in ('*', p.code::"char")
               and exists (select from unnest(y.polroles) as n cross join pg_catalog.pg_roles r
                           where r.rolname = any (%(api_roles)s) and r.oid = coalesce(nullif(g.id, 0), r.oid)
                           and (g.id <> 0 or not pg_catalog.has_table_privilege(r.oid, x.oid, p.privilege))
                           and (n = 0 or pg_catalog.pg_has_role(r.oid, n, 'usage')))) as applies
from (select %(relation)s::pg_catalog.regclass as oid) as x
cross join (select 0::oid as id, 'public' as grantee
            union all select r.oid, r.rolname::text from pg_catalog.pg_roles r
            where r.rolname = any (%(api_roles)s)) as g
cross join (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd'), ('truncate', '-'),
                   ('references', '-'), ('trigger', '-')) as p (privilege, code)
-- What a view cannot do, nobody needs to be kept from.
where exists (
    select from pg_catalog.pg_class c where c.oid = x.oid
    and (c.relkind in ('r', 'p') or p.privilege = 'select'
         or pg_catalog.pg_relation_is_updatable(c.oid, false)
            & case p.privilege when 'insert' then 8 when 'update' then 4 when 'delete' then 16 else 0 end > 0))
order by 1, 2
"""


def of_relations(guards: Guards) -> Iterator[Mutant]:
    """Switch row level security off, and let the API's roles have what they have not, or not have what they have."""
    for relation in guards.rows(RELATIONS):
        name = relation["name"]
        if relation["security"]:
            sql = f"alter table {name} disable row level security"
            yield Mutant("row level security off", f"table {name}: row level security off", sql)
        if relation["forced"]:
            sql = f"alter table {name} no force row level security"
            yield Mutant("row level security off", f"table {name}: no force row level security", sql)
        if relation["kind"] == "v":
            yield from _of_view(guards, relation)
        for held in guards.rows(HELD, relation=name):
            yield from _of_privilege(relation, held)


def _of_privilege(relation: Row, held: Row) -> Iterator[Mutant]:
    name, role, privilege = relation["name"], held["grantee"], held["privilege"]
    if held["granted_all"]:
        revoked = f"revoke {privilege} on {name} from {role}"
        yield Mutant("grant revoked", revoked, revoked)
    for column in held["granted"]:
        revoked = f"revoke {privilege} ({column}) on {name} from {role}"
        yield Mutant("column grant revoked", revoked, revoked)
    if not relation["exposed"]:
        return
    closed = relation["security"] and privilege in COMMANDS.values() and not held["applies"]
    behind = f"row level security: no policy lets {role} {privilege}" if closed else ""
    if not held["granted_all"] and not held["holds_all"]:
        granted = f"grant {privilege} on {name} to {role}"
        kind = "column grant widened" if held["granted"] else "grant given"
        yield Mutant(kind, granted, granted, behind)
    if role != "public" and (held["granted"] or held["applies"]):
        for column in held["lacking"]:
            granted = f"grant {privilege} ({column}) on {name} to {role}"
            yield Mutant("column grant widened", granted, granted, behind)


def _of_view(guards: Guards, relation: Row) -> Iterator[Mutant]:
    name = relation["name"]
    other = "false" if relation["invoker"] else "true"
    sql = f"alter view {name} set (security_invoker = {other})"
    behind = "" if relation["readable"] else "grants: no API role reads the view"
    yield Mutant("definer switched", f"view {name}: security_invoker {other}", sql, behind)
    if not relation["readable"]:
        return
    if relation["barrier"]:
        sql = f"alter view {name} set (security_barrier = false)"
        yield Mutant("definer switched", f"view {name}: security_barrier false", sql)
    definition = relation["definition"].rstrip().removesuffix(";")
    for change in changes(definition):
        sql = f"create or replace view {name} as {change.text}"
        yield Mutant("condition of a view", f"view {name}: {_short(change.what)}", _keeping_options(guards, name, sql))


def _keeping_options(guards: Guards, view: str, sql: str) -> str:
    """Put the view's options into its new definition, which would be without them."""
    ((options,),) = [
        row.values()
        for row in guards.rows(
            "select array_to_string(c.reloptions, ', ') as options from pg_catalog.pg_class c "
            "where c.oid = %(view)s::pg_catalog.regclass",
            view=view,
        )
    ]
    return sql.replace(f"view {view} as", f"view {view} with ({options}) as", 1) if options else sql


SCHEMAS = """
select n.nspname::text as name, quote_ident(n.nspname) as quoted, r.role, k.privilege,
       n.nspname = any (%(exposed)s) as exposed,
       exists (select from pg_catalog.aclexplode(n.nspacl) as a where a.privilege_type = upper(k.privilege)
               and a.grantee = r.id) as granted,
       -- Without it nobody lacks anything: PUBLIC has it, or all of the roles by themselves.
       case when r.id <> 0 then exists (
           select from pg_catalog.aclexplode(n.nspacl) as a
           where a.privilege_type = upper(k.privilege) and a.grantee = 0)
       else not exists (
           select from pg_catalog.pg_roles x where x.rolname = any (%(api_roles)s) and not exists (
               select from pg_catalog.aclexplode(n.nspacl) as a
               where a.privilege_type = upper(k.privilege) and a.grantee = x.oid)) end as granted_otherwise,
       case when r.id = 0 then false else pg_catalog.has_schema_privilege(r.id, n.oid, k.privilege) end as held
from pg_catalog.pg_namespace n
cross join (select 0::oid as id, 'public' as role
            union all select x.oid, x.rolname::text from pg_catalog.pg_roles x
            where x.rolname = any (%(api_roles)s)) as r
cross join (values ('usage'), ('create')) as k (privilege)
where n.nspname !~ '^pg_|^information_schema$' and n.nspname <> all (%(platform_schemas)s)
order by 1, 3, 4
"""

SEQUENCES = f"""
select c.oid::pg_catalog.regclass::text as name, a.grantee::pg_catalog.regrole::text as role,
       lower(a.privilege_type) as privilege
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral pg_catalog.aclexplode(c.relacl) as a
join pg_catalog.pg_roles r on r.oid = a.grantee and r.rolname = any (%(api_roles)s)
where c.relkind = 'S' and n.nspname !~ '^pg_' and n.nspname <> all (%(platform_schemas)s)
and {NOT_OF_EXTENSIONS.format("pg_catalog.pg_class", "c")}
order by 1, 2, 3
"""


def of_schemas(guards: Guards) -> Iterator[Mutant]:
    """Let the API's roles use or create in a schema, or not; take sequences from them."""
    for schema in guards.rows(SCHEMAS):
        privilege, name, role = schema["privilege"], schema["quoted"], schema["role"]
        if privilege == "create" and not schema["exposed"]:
            continue
        if schema["granted"]:
            if schema["granted_otherwise"]:
                continue
            revoked = f"revoke {privilege} on schema {name} from {role}"
            yield Mutant("grant revoked", revoked, revoked)
        elif not schema["held"]:
            granted = f"grant {privilege} on schema {name} to {role}"
            yield Mutant("grant given", granted, granted)
    for sequence in guards.rows(SEQUENCES):
        revoked = f"revoke {sequence['privilege']} on sequence {sequence['name']} from {sequence['role']}"
        yield Mutant("grant revoked", revoked, revoked)


DEFAULTS = """
select r.rolname::text as owner, quote_ident(n.nspname) as schema, k.kind, g.role, k.privilege
from pg_catalog.pg_namespace n
join pg_catalog.pg_roles r on r.rolname = 'postgres'
cross join (values ('tables', 'r', 'select'), ('sequences', 'S', 'usage'), ('functions', 'f', 'execute'))
    as k (kind, code, privilege)
cross join (select 0::oid as id, 'public' as role
            union all select x.oid, x.rolname::text from pg_catalog.pg_roles x
            where x.rolname = any (%(api_roles)s)) as g
where n.nspname = any (%(exposed)s)
and not exists (
    select from pg_catalog.pg_default_acl d cross join lateral pg_catalog.aclexplode(d.defaclacl) as a
    where d.defaclrole = r.oid and d.defaclnamespace in (0, n.oid) and d.defaclobjtype = k.code::"char"
    and a.grantee = g.id and a.privilege_type = upper(k.privilege))
order by 2, 3, 4
"""


def of_defaults(guards: Guards) -> Iterator[Mutant]:
    """Hand what is made from now on to the API's roles."""
    for each in guards.rows(DEFAULTS):
        if (each["kind"], each["role"]) == ("functions", "public"):
            sql = "alter default privileges for role postgres grant execute on functions to public"
        else:
            given = f"grant {each['privilege']} on {each['kind']} to {each['role']}"
            sql = f"alter default privileges for role postgres in schema {each['schema']} {given}"
        yield Mutant("default privileges", sql, sql)


def of_roles(guards: Guards) -> Iterator[Mutant]:
    """Let the API's roles be more than they are."""
    for role in guards.known["api_roles"]:
        for power in ("superuser", "bypassrls", "login", "createrole"):
            sql = f"alter role {role} {power}"
            yield Mutant("role", sql, sql)
        for other in ("service_role", "supabase_auth_admin"):
            sql = f"grant {other} to {role}"
            yield Mutant("role", sql, sql)


# --- functions -------------------------------------------------------------------------------------------------------

FUNCTIONS = f"""
select p.oid::pg_catalog.regprocedure::text as name, p.prosecdef as definer, p.prosrc as source,
       case when p.prosrc = '' then pg_catalog.pg_get_function_sqlbody(p.oid) end as body,
       pg_catalog.pg_get_functiondef(p.oid) as definition, l.lanname as language,
       p.prorettype::pg_catalog.regtype::text as returns, p.proretset as set,
       case when p.prosrc = '' then pg_catalog.pg_get_functiondef(p.oid) else p.prosrc end
           ~* '\\mauth\\s*\\.\\s*(uid|jwt|role|email)\\M|request\\.jwt|\\mcurrent_user\\M' as asks,
       exists (select from pg_catalog.pg_depend d
               where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
               and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.refobjid = p.oid) as of_policy,
       exists (select from unnest(p.proconfig) as s where s like 'search_path=%%') as pinned,
       n.nspname = any (%(exposed)s) as exposed,
       array(select distinct r.rolname::text from pg_catalog.pg_roles r
             where r.rolname = any (%(api_roles)s) and not pg_catalog.has_function_privilege(r.oid, p.oid, 'execute')
             order by 1) as without,
       array(select distinct case a.grantee when 0 then 'public' else a.grantee::pg_catalog.regrole::text end
             from pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
             left join pg_catalog.pg_roles r on r.oid = a.grantee
             where a.grantee = 0 or r.rolname = any (%(api_roles)s) order by 1) as granted
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
where p.prokind in ('f', 'p') and l.lanname in ('sql', 'plpgsql')
and n.nspname !~ '^pg_|^information_schema$' and n.nspname <> all (%(platform_schemas)s)
and {NOT_OF_EXTENSIONS.format("pg_catalog.pg_proc", "p")}
order by 1
"""

# A statement that raises an exception, strings and all.
_RAISE = re.compile(r"\braise\s+exception\b(?:[^;'\"]|'(?:[^']|'')*'|\"[^\"]*\")*;", re.IGNORECASE)


def of_functions(guards: Guards) -> Iterator[Mutant]:
    """Let a function run with other rights, for others, with the caller's path, or with one condition less."""
    for function in guards.rows(FUNCTIONS):
        name = function["name"]
        about = f"function {name}"
        other = "invoker" if function["definer"] else "definer"
        yield Mutant("definer switched", f"{about}: security {other}", f"alter routine {name} security {other}")
        # With the caller's rights there is nothing to gain, and the standard's form is resolved when it is made.
        if function["pinned"] and function["definer"] and function["source"]:
            kind = "search_path released"
            yield Mutant(kind, f"{about}: its search_path is the caller's", f"alter routine {name} reset search_path")
        for role in function["granted"]:
            revoked = f"revoke execute on routine {name} from {role}"
            yield Mutant("execute revoked", revoked, revoked)
        if function["exposed"] and function["returns"] != "trigger":
            for role in (*function["without"], *(["public"] if "public" not in function["granted"] else [])):
                granted = f"grant execute on routine {name} to {role}"
                yield Mutant("execute given", granted, granted)
        yield from _of_body(guards, function, about)


def _of_body(guards: Guards, function: Row, about: str) -> Iterator[Mutant]:
    definition, body = function["definition"], function["source"] or function["body"]
    begin = definition.index(body)

    def changed(kind: str, what: str, text: str) -> Mutant:
        sql = f"{definition[:begin]}{text}{definition[begin + len(body) :]}"
        return Mutant(kind, f"{about}: {_short(what)}", sql)

    if function["returns"] == "boolean" and not function["set"]:
        for value in ("true", "false"):
            yield changed("function's answer", f"always {value}", _returning(function, value))
    if function["language"] == "plpgsql":
        for found in _RAISE.finditer(body):
            text = f"{body[: found.start()]}null;{body[found.end() :]}"
            yield changed("exception not raised", f"without {found[0]}", text)
    callable_by_all = function["exposed"] and function["definer"] and function["granted"]
    if not (function["asks"] or function["of_policy"] or callable_by_all):
        return
    for change in changes(body):
        yield changed("condition of a function", change.what, change.text)
    for what, text in _other_columns(guards, body, ""):
        yield changed("compared with another column", what, text)


def _returning(function: Row, value: str) -> str:
    if function["language"] == "plpgsql":
        return f"begin return {value}; end"
    if function["source"]:
        return f"select {value}"
    return (
        f"RETURN {value}"
        if function["body"].lstrip().upper().startswith("RETURN")
        else f"BEGIN ATOMIC SELECT {value}; END"
    )


# --- triggers and constraints ----------------------------------------------------------------------------------------

TRIGGERS = """
select quote_ident(t.tgname) || ' on ' || t.tgrelid::pg_catalog.regclass as name
from pg_catalog.pg_trigger t
join pg_catalog.pg_proc p on p.oid = t.tgfoid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where not t.tgisinternal and t.tgparentid = 0
and n.nspname !~ '^pg_|^information_schema$' and n.nspname <> all (%(platform_schemas)s)
order by 1
"""

CONSTRAINTS = """
select quote_ident(k.conname) || ' on ' || k.conrelid::pg_catalog.regclass as name, quote_ident(k.conname) as plain,
       k.conrelid::pg_catalog.regclass::text as relation, k.contype::text as type, k.confdeltype::text as deleting,
       pg_catalog.pg_get_constraintdef(k.oid) as definition
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where k.contype in ('c', 'f', 'u') and k.conparentid = 0 and k.coninhcount = 0
and n.nspname = any (%(exposed)s)
order by 1
"""

# Columns that must not be null and that a policy, or the key of somebody's row, is about.
REQUIRED = """
select a.attrelid::pg_catalog.regclass::text as relation, quote_ident(a.attname) as "column"
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and not c.relispartition
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = any (%(exposed)s) and a.attnum > 0 and a.attnotnull and a.attidentity = ''
and not exists (select from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype = 'p'
                and a.attnum = any (k.conkey))
and exists (select from pg_catalog.pg_depend d join pg_catalog.pg_policy p on p.oid = d.objid and p.polrelid = c.oid
            where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = c.oid
            and d.refobjsubid = a.attnum)
order by 1, 2
"""


def of_triggers(guards: Guards) -> Iterator[Mutant]:
    """Take a trigger away."""
    for trigger in guards.rows(TRIGGERS):
        yield Mutant("trigger dropped", f"trigger {trigger['name']}: dropped", f"drop trigger {trigger['name']}")


def of_constraints(guards: Guards) -> Iterator[Mutant]:
    """Take a check or a key away; let a row outlive the one that it belongs to; let a column that decides be null."""
    for each in guards.rows(CONSTRAINTS):
        drop = f"alter table {each['relation']} drop constraint {each['plain']}"
        kind = {"c": "check dropped", "f": "foreign key dropped", "u": "unique key dropped"}[each["type"]]
        yield Mutant(kind, f"constraint {each['name']}: dropped", f"{drop} cascade")
        if each["type"] == "f" and each["deleting"] == "c":
            loose = each["definition"].replace("ON DELETE CASCADE", "ON DELETE NO ACTION")
            sql = f"{drop}; alter table {each['relation']} add constraint {each['plain']} {loose}"
            yield Mutant("cascade loosened", f"constraint {each['name']}: on delete no action", sql)
    for each in guards.rows(REQUIRED):
        sql = f"alter table {each['relation']} alter column {each['column']} drop not null"
        yield Mutant("null allowed", f"{each['relation']}.{each['column']}: may be null", sql)


BUCKETS = "select b.id::text as id from storage.buckets b where not b.public order by 1"


def of_buckets(guards: Guards) -> Iterator[Mutant]:
    """Serve the files of a private bucket to everybody."""
    if not guards.rows("select 1 as one where pg_catalog.to_regclass('storage.buckets') is not null"):
        return
    for bucket in guards.rows(BUCKETS):
        sql = SQL("update storage.buckets set public = true where id = {}").format(Literal(bucket["id"])).as_string()
        yield Mutant("bucket made public", f"bucket {bucket['id']}: public", sql)


MAKERS: tuple[Callable[[Guards], Iterator[Mutant]], ...] = (
    of_policies,
    of_relations,
    of_schemas,
    of_defaults,
    of_roles,
    of_functions,
    of_triggers,
    of_constraints,
    of_buckets,
)


def refused(connection: Connection, mutant: Mutant) -> str:
    """Return why the server takes a mutant for no SQL, or ""; the connection is inside a transaction."""
    connection.execute("savepoint mutant")
    try:
        connection.execute(mutant.sql)
    except Error as error:
        return error.diag.message_primary or str(error)
    finally:
        connection.execute("rollback to savepoint mutant; release savepoint mutant")
    return ""
