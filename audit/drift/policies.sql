-- Policies: of the tables that are compared, and of the platform's that a project may write policies for.
select array[n.nspname::pg_catalog.text, c.relname::pg_catalog.text, p.polname::pg_catalog.text] as name,
       'pg_catalog.pg_policy'::pg_catalog.regclass::pg_catalog.oid as class, p.oid as object, 0 as sub,
       case when n.oid = any (%(schemas)s)
            then array['relation', n.nspname::pg_catalog.text, c.relname::pg_catalog.text] end as of,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                                    when 'd' then 'delete' else 'all' end,
           'restrictive', not p.polpermissive,
           'roles', (select pg_catalog.jsonb_agg(case r.id when 0 then 'public'
                                                 else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r.id)) end
                                                 order by pg_catalog.pg_get_userbyid(r.id))
                     from pg_catalog.unnest(p.polroles) as r (id)),
           'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
           'with check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
       )) as facts
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where (n.oid = any (%(schemas)s) or n.nspname = any (%(touched)s))
and not exists (select from pg_catalog.pg_depend d where d.deptype = 'e'
                and (d.classid, d.objid) in (('pg_catalog.pg_policy'::pg_catalog.regclass, p.oid),
                                             ('pg_catalog.pg_class'::pg_catalog.regclass, c.oid)))
