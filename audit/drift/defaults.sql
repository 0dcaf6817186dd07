-- Default privileges of role postgres and of the project's roles, as far as anybody changed them: in all schemas, where
-- they take the place of what PostgreSQL grants by itself (public may lack that then), and what is added in one.
-- https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html
with changed as (
    select r.rolname::pg_catalog.text as role, r.oid, d.defaclnamespace, d.defaclacl,
           case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                                when 'T' then 'types' else 'schemas' end as kind
    from pg_catalog.pg_default_acl d join pg_catalog.pg_roles r on r.oid = d.defaclrole
    where r.rolname !~ '^pg_' and r.rolname <> all (%(not_roles)s)
    and (d.defaclnamespace = 0 or d.defaclnamespace = any (%(schemas)s))
)
select c.role, n.nspname::pg_catalog.text as schema, c.kind,
       case when x.grantee = 0 then 'public' else pg_catalog.pg_get_userbyid(x.grantee)::pg_catalog.text
       end as grantee,
       pg_catalog.array_agg(distinct x.privilege_type || case when x.is_grantable then ' with grant option' else '' end)
           as privileges
from changed c left join pg_catalog.pg_namespace n on n.oid = c.defaclnamespace,
     pg_catalog.aclexplode(c.defaclacl) as x
where x.grantee <> c.oid  -- who owns all of it anyhow
group by 1, 2, 3, 4
union all
select c.role, null, c.kind, 'public', '{}'
from changed c
where c.defaclnamespace = 0 and c.kind in ('functions', 'types')
and not exists (select from pg_catalog.aclexplode(c.defaclacl) as x where x.grantee = 0)
