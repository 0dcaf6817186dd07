-- Triggers: of the tables that are compared, and those that lead from the platform's tables to the project's functions.
select array[n.nspname::pg_catalog.text, c.relname::pg_catalog.text, t.tgname::pg_catalog.text] as name,
       'pg_catalog.pg_trigger'::pg_catalog.regclass::pg_catalog.oid as class, t.oid as object, 0 as sub,
       case when n.oid = any (%(schemas)s)
            then array['relation', n.nspname::pg_catalog.text, c.relname::pg_catalog.text] end as of,
       pg_catalog.jsonb_build_object(
           'definition', pg_catalog.pg_get_triggerdef(t.oid),
           'fires', case t.tgenabled when 'O' then 'enable' when 'D' then 'disable' when 'R' then 'enable replica'
                                     else 'enable always' end) as facts
from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_proc p on p.oid = t.tgfoid
where not t.tgisinternal and t.tgparentid = 0
and (n.oid = any (%(schemas)s) or (n.nspname = any (%(touched)s) and p.pronamespace = any (%(schemas)s)))
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
                and d.objid = t.oid and d.deptype = 'e')
