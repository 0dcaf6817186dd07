-- The project's roles, and those that the API lets people in by. Passwords nobody sees.
select array[r.rolname::pg_catalog.text] as name, 'pg_catalog.pg_authid'::pg_catalog.regclass::pg_catalog.oid as class,
       r.oid as object, 0 as sub, null::pg_catalog.text[] as of,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'superuser', r.rolsuper, 'bypasses row level security', r.rolbypassrls, 'login', r.rolcanlogin,
           'makes roles', r.rolcreaterole, 'makes databases', r.rolcreatedb, 'replication', r.rolreplication,
           -- The platform changed its mind about that.
           'inherits', case when r.rolname <> all (%(api_roles)s) then r.rolinherit end,
           'connections', case when r.rolconnlimit >= 0 then r.rolconnlimit end,
           'until', case when r.rolvaliduntil < 'infinity' then
               pg_catalog.to_char(r.rolvaliduntil at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00') end)) as facts
from pg_catalog.pg_roles r
where r.rolname !~ '^pg_' and r.rolname <> 'postgres' and r.rolname <> all (%(not_roles)s)
