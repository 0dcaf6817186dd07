-- Extensions, but those that every project of the platform has. Their versions are the server's business.
select array[e.extname::pg_catalog.text] as name, 'pg_catalog.pg_extension'::pg_catalog.regclass::pg_catalog.oid as class,
       e.oid as object, 0 as sub, null::pg_catalog.text[] as of,
       pg_catalog.jsonb_build_object(
           'schema', n.nspname, 'moves', e.extrelocatable) as facts
from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
where e.extname <> all (%(brought)s)
