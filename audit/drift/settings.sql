-- Settings of roles and of the database, by which the API decides what it serves, among others.
select array[coalesce(r.rolname::pg_catalog.text, ''), case when s.setdatabase = 0 then '' else 'here' end,
             pg_catalog.split_part(o.option, '=', 1)] as name,
       'pg_catalog.pg_db_role_setting'::pg_catalog.regclass::pg_catalog.oid as class, 0::pg_catalog.oid as object, 0 as sub,
       null::pg_catalog.text[] as of,
       pg_catalog.jsonb_build_object(
           'value', pg_catalog.substr(o.option, pg_catalog.strpos(o.option, '=') + 1)) as facts
from pg_catalog.pg_db_role_setting s
left join pg_catalog.pg_roles r on r.oid = s.setrole
cross join lateral pg_catalog.unnest(s.setconfig) as o (option)
where (s.setdatabase = 0 or s.setdatabase = (
    select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()))
and (r.oid is null or r.rolname <> all (%(not_roles)s) or r.rolname = 'authenticator')
-- Ours, on disposable servers; and what the platform loads into the API's sessions, has told them, and searches.
and o.option !~ '^(audit\.|session_preload_libraries=|app\.settings\.jwt_(secret|exp)=)'
and not ((r.oid is null or r.rolname = 'postgres')
         and o.option in ('search_path="$user", public, extensions', 'search_path="\$user", public, extensions'))
