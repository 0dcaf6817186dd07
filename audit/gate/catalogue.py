"""What the catalogue says, part by part, and how two states of it differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from audit.catalog.calls import BODY
from audit.gate.contents import USER_SCHEMA
from audit.gate.results import Change, Entry
from audit.question import Connection

RELATIONS = f"""
select c.oid::pg_catalog.int8, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind::pg_catalog.text,
       pg_catalog.pg_relation_filenode(c.oid)::pg_catalog.int8, i.indrelid::pg_catalog.int8
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_index i on i.indexrelid = c.oid
where {USER_SCHEMA} and c.relpersistence <> 't'
"""

_GRANTS = """(
           select pg_catalog.array_agg(pg_catalog.concat(
                      case x.grantee when 0 then 'public' else x.grantee::pg_catalog.regrole::pg_catalog.text end,
                      ' ', x.privilege_type, case when x.is_grantable then ' grantable' end)
                  order by x.grantee, x.privilege_type, x.is_grantable)
           from pg_catalog.aclexplode({}) x)"""
# Of a longer text its beginning is known, and a digest: it is foreign, and is read after each statement.
LONGEST = 1_000_000
_CUT = (
    f"case when pg_catalog.octet_length({{0}}) > {LONGEST} "
    f"then pg_catalog.concat(pg_catalog.substr({{0}}, 1, {LONGEST}), ' ', pg_catalog.md5({{0}})) else {{0}} end"
)


def _cut(text: str) -> str:
    """Return the expression of a text, cut where it is too long; it is evaluated once."""
    return f"(select {_CUT.format('whole.said')} from (select {text} as said offset 0) as whole)"


# Where nothing was ever granted, PostgreSQL's own defaults hold.
_DEFAULT = 'coalesce({0}, pg_catalog.acldefault({1}::pg_catalog."char", {2}))'
_GRANTS_OF_RELATION = _GRANTS.format(
    _DEFAULT.format("c.relacl", "case c.relkind when 'S' then 's' else 'r' end", "c.relowner")
)
_GRANTS_OF_COLUMN = _GRANTS.format("a.attacl")
_GRANTS_OF_FUNCTION = _GRANTS.format(_DEFAULT.format("p.proacl", "'f'", "p.proowner"))
_GRANTS_OF_SCHEMA = _GRANTS.format(_DEFAULT.format("n.nspacl", "'n'", "n.nspowner"))

_DEFINITION_OF_RELATION = _cut(
    "case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) "
    "when c.relkind in ('i', 'I') then pg_catalog.pg_get_indexdef(c.oid) end"
)
_DEFINITION_OF_FUNCTION = _cut("case when p.prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(p.oid) end")

# https://www.postgresql.org/docs/current/catalogs.html
ENTRIES = f"""
with schemas as (select n.oid, n.nspname, n.nspowner, n.nspacl from pg_catalog.pg_namespace n where {USER_SCHEMA}),
relations as (
    select c.*, pg_catalog.format('%I.%I', n.nspname, c.relname) as title
    from pg_catalog.pg_class c join schemas n on n.oid = c.relnamespace where c.relpersistence <> 't'
)
select 'r' || c.oid as key,
       case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'i' then 'index'
            when 'I' then 'index' when 'S' then 'sequence' when 'f' then 'foreign table' when 'c' then 'type'
            else 'table' end as kind,
       c.title,
       pg_catalog.jsonb_build_object(
           'owner', c.relowner::pg_catalog.regrole, 'row level security', c.relrowsecurity,
           'forced row level security', c.relforcerowsecurity, 'options', c.reloptions,
           'grants', c.relacl::pg_catalog.text,
           '_acl', {_GRANTS_OF_RELATION},
           'valid', (select i.indisvalid from pg_catalog.pg_index i where i.indexrelid = c.oid),
           '_of', (select i.indrelid::pg_catalog.int8 from pg_catalog.pg_index i where i.indexrelid = c.oid),
           'persistence', c.relpersistence, 'partition', c.relispartition,
           '_parents', case when c.relkind in ('r', 'p', 'f') then (
               select pg_catalog.array_agg(pg_catalog.format('%I.%I', pn.nspname, pc.relname) order by h.inhseqno)
               from pg_catalog.pg_inherits h join pg_catalog.pg_class pc on pc.oid = h.inhparent
               join pg_catalog.pg_namespace pn on pn.oid = pc.relnamespace where h.inhrelid = c.oid) end,
           'cycles', (select s.seqcycle from pg_catalog.pg_sequence s where s.seqrelid = c.oid),
           '_definition', {_DEFINITION_OF_RELATION}) as facts
from relations c
union all
select 'c' || a.attrelid || '.' || a.attnum, 'column', c.title || '.' || pg_catalog.quote_ident(a.attname),
       pg_catalog.jsonb_build_object(
           'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'not null', a.attnotnull, 'identity', a.attidentity,
           'generated', a.attgenerated, 'grants', a.attacl::pg_catalog.text, 'default', f.oid is not null,
           '_name', a.attname, '_of', a.attrelid::pg_catalog.int8,
           '_acl', {_GRANTS_OF_COLUMN},
           '_default', {_cut("pg_catalog.pg_get_expr(f.adbin, f.adrelid)")})
from relations c join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
where c.relkind in ('r', 'p', 'v', 'm', 'f')
union all
select 'k' || k.oid, 'constraint', pg_catalog.quote_ident(k.conname) || ' of ' || c.title,
       pg_catalog.jsonb_build_object('kind', k.contype, 'valid', k.convalidated, '_of', k.conrelid::pg_catalog.int8,
                                     '_to', k.confrelid::pg_catalog.int8, '_columns', k.conkey,
                                     '_definition', {_cut("pg_catalog.pg_get_constraintdef(k.oid)")})
from relations c join pg_catalog.pg_constraint k on k.conrelid = c.oid
union all
select 'p' || p.oid, 'policy', pg_catalog.quote_ident(p.polname) || ' of ' || c.title,
       pg_catalog.jsonb_build_object(
           'command', p.polcmd, 'permissive', p.polpermissive, '_of', p.polrelid::pg_catalog.int8, 'roles', (
               select pg_catalog.array_agg(coalesce(r.rolname, 'public') order by r.rolname)
               from pg_catalog.unnest(p.polroles) as role left join pg_catalog.pg_roles r on r.oid = role),
           '_using', {_cut("pg_catalog.pg_get_expr(p.polqual, p.polrelid)")},
           '_check', {_cut("pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)")})
from relations c join pg_catalog.pg_policy p on p.polrelid = c.oid
union all
select 't' || t.oid, 'trigger', pg_catalog.quote_ident(t.tgname) || ' of ' || c.title,
       pg_catalog.jsonb_build_object('enabled', t.tgenabled, '_of', t.tgrelid::pg_catalog.int8,
                                     '_function', t.tgfoid::pg_catalog.int8,
                                     '_definition', {_cut("pg_catalog.pg_get_triggerdef(t.oid)")})
from relations c join pg_catalog.pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
union all
select 'w' || w.oid, 'rule', pg_catalog.quote_ident(w.rulename) || ' of ' || c.title,
       pg_catalog.jsonb_build_object('enabled', w.ev_enabled, '_of', w.ev_class::pg_catalog.int8,
                                     '_definition', {_cut("pg_catalog.pg_get_ruledef(w.oid)")})
from relations c join pg_catalog.pg_rewrite w on w.ev_class = c.oid and w.rulename <> '_RETURN'
union all
select 'f' || p.oid, 'function',
       pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
       pg_catalog.jsonb_build_object(
           'owner', p.proowner::pg_catalog.regrole, 'security definer', p.prosecdef, 'settings', p.proconfig,
           'volatility', p.provolatile, 'grants', p.proacl::pg_catalog.text, '_name', p.proname,
           '_trigger', p.prorettype in ('pg_catalog.trigger'::pg_catalog.regtype,
                                        'pg_catalog.event_trigger'::pg_catalog.regtype),
           '_acl', {_GRANTS_OF_FUNCTION},
           '_body', {_cut(BODY)},
           '_definition', {_DEFINITION_OF_FUNCTION})
from schemas n join pg_catalog.pg_proc p on p.pronamespace = n.oid
where not exists (select from pg_catalog.pg_depend d where d.deptype = 'e' and d.objid = p.oid
                  and d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
union all
select 'y' || t.oid, 'type', pg_catalog.format('%I.%I', n.nspname, t.typname),
       pg_catalog.jsonb_build_object('labels', (
           select pg_catalog.array_agg(e.enumlabel order by e.enumsortorder)
           from pg_catalog.pg_enum e where e.enumtypid = t.oid))
from schemas n join pg_catalog.pg_type t on t.typnamespace = n.oid and t.typtype in ('e', 'd')
union all
select 's' || n.oid, 'schema', pg_catalog.quote_ident(n.nspname),
       pg_catalog.jsonb_build_object('owner', n.nspowner::pg_catalog.regrole, 'grants', n.nspacl::pg_catalog.text,
                                     '_acl', {_GRANTS_OF_SCHEMA})
from schemas n
union all
select 'd' || d.oid, 'default privileges',
       pg_catalog.format('of %s on %s in %s', d.defaclrole::pg_catalog.regrole, d.defaclobjtype,
                         case when d.defaclnamespace = 0 then 'every schema'
                              else d.defaclnamespace::pg_catalog.regnamespace::pg_catalog.text end),
       pg_catalog.jsonb_build_object('grants', d.defaclacl::pg_catalog.text)
from pg_catalog.pg_default_acl d
union all
select 'e' || e.oid, 'extension', pg_catalog.quote_ident(e.extname),
       pg_catalog.jsonb_build_object('version', e.extversion)
from pg_catalog.pg_extension e
union all
select 'u' || x.oid, 'published table', c.title || ' in ' || pg_catalog.quote_ident(u.pubname),
       pg_catalog.jsonb_build_object('_of', c.oid::pg_catalog.int8, '_publication', u.pubname)
from relations c join pg_catalog.pg_publication_rel x on x.prrelid = c.oid
join pg_catalog.pg_publication u on u.oid = x.prpubid
union all
select 'b' || u.oid, 'publication', pg_catalog.quote_ident(u.pubname),
       pg_catalog.jsonb_build_object('all tables', u.puballtables, 'insert', u.pubinsert, 'update', u.pubupdate,
                                     'delete', u.pubdelete)
from pg_catalog.pg_publication u
union all
select 'm' || m.roleid || '.' || m.member, 'membership',
       pg_catalog.format('of %s in %s', m.member::pg_catalog.regrole, m.roleid::pg_catalog.regrole), '{{}}'
from (select distinct roleid, member from pg_catalog.pg_auth_members) m
union all
select 'o' || r.oid, 'role', pg_catalog.quote_ident(r.rolname),
       pg_catalog.jsonb_build_object('superuser', r.rolsuper, 'bypasses row level security', r.rolbypassrls,
                                     'login', r.rolcanlogin)
from pg_catalog.pg_roles r where r.rolname !~ '^pg_'
union all
select 'g' || g.setrole || '.' || g.setdatabase, 'settings',
       pg_catalog.concat(case when g.setrole = 0 then 'of every role'
                              else 'of ' || g.setrole::pg_catalog.regrole::pg_catalog.text end,
                         case when g.setdatabase <> 0 then ' in this database' end),
       pg_catalog.jsonb_build_object('settings', g.setconfig)
from pg_catalog.pg_db_role_setting g
where g.setdatabase in (0, (select d.oid from pg_catalog.pg_database d
                            where d.datname = pg_catalog.current_database()))
"""
_AS_TEXT = f"select x.key, x.kind, x.title, x.facts::pg_catalog.text from ({ENTRIES}) as x"

# Facts that no report shows by name when they change.
_SILENT = frozenset({"_acl", "_of", "_name", "_to", "_columns", "_function", "_trigger"})

# Facts that are numbers, of which something that was made anew has others.
_NUMBERS = frozenset({"_of", "_to", "_columns", "_function"})


def lasting(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that are the same of something that was dropped and made anew."""
    return {name: value for name, value in facts.items() if name not in _NUMBERS}


def read(conn: Connection, known: Mapping[str, Entry] | None = None) -> dict[str, Entry]:
    """Return all parts of the catalogue by number, which stays when something is renamed.

    Those that are as they are ``known`` are not made anew. Raises psycopg.Error.
    """
    known = known or {}
    found = {}
    for key, kind, title, text in conn.execute(_AS_TEXT):
        old = known.get(key)
        same = old is not None and (old.text, old.title, old.kind) == (text, title, kind)
        found[key] = old if same and old is not None else Entry(kind, title, json.loads(text), text)
    return found


def columns(entries: Mapping[str, Entry]) -> dict[int, dict[str, tuple[str, object]]]:
    """Return the columns of each table, by its number: title and type, by number."""
    found: dict[int, dict[str, tuple[str, object]]] = {}
    for key, entry in entries.items():
        if entry.kind == "column":
            found.setdefault(entry.facts["_of"], {})[key] = entry.title, entry.facts.get("type")
    return found


def differences(was: Mapping[str, Entry], now: Mapping[str, Entry], base: Mapping[str, Entry]) -> Iterator[Change]:
    """Tell how the catalogue changed; parts of what is new or gone as a whole are not told one by one."""
    whole = {key[1:] for key in was.keys() ^ now.keys() if key.startswith("r")}
    for key in sorted(was.keys() | now.keys()):
        before, after = was.get(key), now.get(key)
        if before == after or (key.startswith("c") and key[1:].partition(".")[0] in whole):
            continue
        known = key in base
        if before is None and after is not None:
            yield Change("created", after.kind, after.title, _shown(after.facts), key, None, after, known)
        elif before is not None and after is None:
            yield Change("dropped", before.kind, before.title, "", key, before, None, known)
        elif before is not None and after is not None:
            # A column's title begins with its table's, and a constraint's ends with it: those may be renamed, too.
            own = [e.title.rpartition(".")[2] if key[0] in "ck" else e.title for e in (before, after)]
            if own[0] != own[1]:
                yield Change("renamed", after.kind, before.title, f"to {after.title}", key, before, after, known)
            facts = _differing(before.facts, after.facts)
            if facts:
                yield Change("changed", after.kind, after.title, facts, key, before, after, known)


def _shown(facts: Mapping[str, Any]) -> str:
    """Tell of something new what matters for access, and for a column its type."""
    told = [f"{name} {_plain(facts[name])}" for name in ("type", "command", "roles", "grants") if facts.get(name)]
    told += ["security definer"] if facts.get("security definer") else []
    told += ["invalid"] if facts.get("valid") is False else []
    return ", ".join(told)


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    told = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new or name in _SILENT:
            continue
        if name.startswith("_"):
            told.append(name[1:])
        elif name == "settings":
            told.append(f"settings {_names(old)} → {_names(new)}")
        else:
            told.append(f"{name} {_plain(old)} → {_plain(new)}")
    return ", ".join(told)


def _names(settings: list[str] | None) -> str:
    """Return the names of settings: what they are set to may be a secret, such as a key of the API."""
    return " ".join(each.partition("=")[0] for each in settings or ()) or "none"


def _plain(value: object) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)
