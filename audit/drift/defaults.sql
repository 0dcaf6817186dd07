-- Default privileges of role postgres and of the project's roles: in all schemas, where what PostgreSQL grants by itself
-- holds until it is changed, and what is added in one.
-- https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html
with roles as (
    select r.oid, r.rolname from pg_catalog.pg_roles r
    where r.rolname !~ '^pg_' and r.rolname <> all (%(not_roles)s)
), granted as (
    select r.oid as role, 0::pg_catalog.oid as namespace, k.kind::"char" as kind,
           coalesce(d.defaclacl, pg_catalog.acldefault(case k.kind when 'S' then 's' else k.kind end::"char", r.oid)) as acl
    from roles r cross join (values ('r'), ('S'), ('f'), ('T'), ('n')) as k (kind)
    left join pg_catalog.pg_default_acl d on d.defaclrole = r.oid and d.defaclnamespace = 0 and d.defaclobjtype = k.kind::"char"
    union all
    select d.defaclrole, d.defaclnamespace, d.defaclobjtype, d.defaclacl
    from pg_catalog.pg_default_acl d join roles r on r.oid = d.defaclrole
    where d.defaclnamespace = any (%(schemas)s)
)
select r.rolname::pg_catalog.text as role, n.nspname::pg_catalog.text as schema,
       case g.kind when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types'
                   else 'schemas' end as kind,
       case when x.grantee = g.role then '' when x.grantee = 0 then 'public'
            else pg_catalog.pg_get_userbyid(x.grantee)::pg_catalog.text end as grantee,
       pg_catalog.array_agg(distinct x.privilege_type || case when x.is_grantable then ' with grant option' else '' end)
           as privileges
from granted g join roles r on r.oid = g.role left join pg_catalog.pg_namespace n on n.oid = g.namespace,
     pg_catalog.aclexplode(g.acl) as x
group by 1, 2, 3, 4
