-- Who is a member of what. What postgres and the platform's services are members of is the platform's business.
select array[g.rolname::pg_catalog.text, m.rolname::pg_catalog.text] as name,
       'pg_catalog.pg_auth_members'::pg_catalog.regclass::pg_catalog.oid as class, 0::pg_catalog.oid as object, 0 as sub,
       null::pg_catalog.text[] as of,
       pg_catalog.jsonb_build_object('admin', pg_catalog.bool_or(x.admin_option)) as facts
from pg_catalog.pg_auth_members x
join pg_catalog.pg_roles g on g.oid = x.roleid
join pg_catalog.pg_roles m on m.oid = x.member
where m.rolname !~ '^pg_' and m.rolname <> 'postgres'
and (m.rolname <> all (%(not_roles)s) or m.rolname = 'authenticator')
group by g.rolname, m.rolname
