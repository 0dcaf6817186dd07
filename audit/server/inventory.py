"""What a database has, part by part, in a form that two servers of different versions can be compared by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from audit.question import Connection

Part = tuple[str, str]

# One row for each part of a relation or function: its title, the part, and what is to be the same on both servers.
# Expressions are left out, because servers print them differently; so is the privilege MAINTAIN, which only versions
# from 17 on know, and what superusers are granted, who need no grants. Members of extensions, and what a partition has
# from its parent, are no parts of their own.
# Source: https://www.postgresql.org/docs/current/catalogs.html
_INVENTORY = """
with schemas as (select oid, nspname from pg_catalog.pg_namespace where nspname = any (%(schemas)s)),
names as (
    select oid, case when rolname = any (%(superusers)s) then 'superuser' else rolname::text end as name
    from pg_catalog.pg_roles
    union all select 0, 'public'
),
members as materialized (
    select classid, objid from pg_catalog.pg_depend
    where deptype = 'e' and refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
),
relations as materialized (
    select c.oid, n.nspname || '.' || c.relname as title, c.relname, c.relkind, c.relowner, c.relrowsecurity,
           c.relforcerowsecurity, c.reloptions,
           coalesce(c.relacl, pg_catalog.acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))
               as acl
    from pg_catalog.pg_class c join schemas n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't'
    and (c.oid, 'pg_catalog.pg_class'::pg_catalog.regclass) not in (select objid, classid from members)
),
functions as materialized (
    select p.oid, n.nspname || '.' || p.proname as title, p.proowner, p.prosecdef, p.proconfig,
           pg_catalog.pg_get_function_identity_arguments(p.oid) as arguments,
           coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)) as acl
    from pg_catalog.pg_proc p join schemas n on n.oid = p.pronamespace
    where (p.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass) not in (select objid, classid from members)
),
grants as (
    select title, 'its grants' as part, acl, null::oid as aside from relations
    union all
    select r.title, 'the grants of column ' || a.attname, a.attacl, null
    from relations r join pg_catalog.pg_attribute a on a.attrelid = r.oid and not a.attisdropped
    where a.attacl is not null
    union all
    select title, 'the grants of function (' || arguments || ')', acl, proowner from functions
)
select title, 'it' as part,
       concat_ws(' ', relkind, (select name from names where names.oid = relowner), relrowsecurity, relforcerowsecurity,
                 case relkind when 'v' then pg_catalog.array_to_string(reloptions, ' ') end) as detail
from relations
union all
select r.title, 'column ' || a.attname,
       concat_ws(' ', pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef, a.attidentity,
                 a.attgenerated)
from relations r join pg_catalog.pg_attribute a on a.attrelid = r.oid
where a.attnum > 0 and not a.attisdropped and r.relkind <> 'S'
union all
select r.title, 'policy ' || p.polname,
       concat_ws(' ', p.polcmd, p.polpermissive, p.polqual is null, p.polwithcheck is null,
                 (select pg_catalog.string_agg(n.name, ' ' order by n.name collate "C")
                  from names n where n.oid = any (p.polroles)))
from relations r join pg_catalog.pg_policy p on p.polrelid = r.oid
union all
select r.title, 'trigger ' || t.tgname, concat_ws(' ', t.tgenabled, t.tgtype)
from relations r join pg_catalog.pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal and t.tgparentid = 0
union all
select r.title, 'constraint ' || c.conname, concat_ws(' ', c.contype, c.condeferrable, c.convalidated)
from relations r join pg_catalog.pg_constraint c on c.conrelid = r.oid and c.conparentid = 0
where c.contype in ('p', 'u', 'f', 'c', 'x')
union all
select r.title, 'unique index ' || i.relname, ''
from relations r join pg_catalog.pg_index x on x.indrelid = r.oid and x.indisunique and x.indisvalid
join pg_catalog.pg_class i on i.oid = x.indexrelid and not i.relispartition
union all
select r.title, 'rule ' || w.rulename, concat_ws(' ', w.ev_type, w.ev_enabled)
from relations r join pg_catalog.pg_rewrite w on w.ev_class = r.oid and w.rulename <> '_RETURN'
union all
select title, 'function (' || arguments || ')', concat_ws(' ', prosecdef, pg_catalog.array_to_string(proconfig, ' '))
from functions
union all
select g.title, g.part,
       (select pg_catalog.string_agg(entry, ', ' order by entry collate "C")
        from (select distinct concat_ws(' ', n.name, a.privilege_type, a.is_grantable) as entry
              from pg_catalog.aclexplode(g.acl) as a join names n on n.oid = a.grantee
              where a.privilege_type <> 'MAINTAIN' and a.grantee is distinct from g.aside and n.name <> 'superuser'
             ) as entries)
from grants g
"""


def inventory(connection: Connection, schemas: Sequence[str], superusers: Sequence[str]) -> dict[Part, str]:
    """Return the parts of everything in ``schemas``, each by the title of its relation or function and its own name.

    ``superusers`` are taken for one and the same. Raises psycopg.Error.
    """
    given = {"schemas": [*schemas], "superusers": [*superusers]}
    rows = cast("list[tuple[str, str, str | None]]", connection.execute(_INVENTORY, given).fetchall())
    return {(title, part): detail or "" for title, part, detail in rows}


def differences(original: Mapping[Part, str], copy: Mapping[Part, str]) -> Iterator[tuple[str, str]]:
    """Yield the title and a short description of each part that is missing in the copy, is too much, or differs."""
    for title, part in sorted(original.keys() | copy.keys()):
        here, there = original.get((title, part)), copy.get((title, part))
        if here == there:
            continue
        what = "is missing" if there is None else "should not be there" if here is None else "differs"
        yield title, f"{part} {what}"
