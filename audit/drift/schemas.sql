-- Schemas that are compared. public is the platform's own, whatever its owner.
select array[n.nspname::pg_catalog.text] as name, 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid as class,
       n.oid as object, 0 as sub, null::pg_catalog.text[] as of,
       pg_catalog.jsonb_build_object(
           'owner', case when n.nspname <> 'public' then pg_catalog.pg_get_userbyid(n.nspowner) end) as facts
from pg_catalog.pg_namespace n
where n.oid = any (%(schemas)s)
