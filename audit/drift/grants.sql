-- Who was granted what on the objects that are compared. What was never granted is as PostgreSQL has it by default.
-- https://www.postgresql.org/docs/current/ddl-priv.html
with granted as (
    select 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid as class, n.oid as object, 0 as sub,
           n.nspowner as owner, coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) as acl
    from pg_catalog.pg_namespace n where n.oid = any (%(schemas)s)
    union all
    select 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid, 0, c.relowner,
           coalesce(c.relacl, pg_catalog.acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))
    from pg_catalog.pg_class c
    where c.relnamespace = any (%(schemas)s) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid, a.attnum, c.relowner, a.attacl
    from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = any (%(schemas)s) and a.attacl is not null and not a.attisdropped
    union all
    select 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, p.oid, 0, p.proowner,
           coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))
    from pg_catalog.pg_proc p where p.pronamespace = any (%(schemas)s)
    union all
    select 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, t.oid, 0, t.typowner,
           coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner))
    from pg_catalog.pg_type t where t.typnamespace = any (%(schemas)s) and t.typtype in ('e', 'd', 'c', 'r')
)
select g.class, g.object, g.sub,
       case when x.grantee = g.owner then '' when x.grantee = 0 then 'public'
            else pg_catalog.pg_get_userbyid(x.grantee)::pg_catalog.text end as grantee,
       pg_catalog.array_agg(distinct x.privilege_type || case when x.is_grantable then ' with grant option' else '' end)
           as privileges
from granted g, pg_catalog.aclexplode(g.acl) as x
group by 1, 2, 3, 4
