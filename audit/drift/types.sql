-- Enumerations, domains, composite types and ranges; their arrays and multiranges come with them.
select array[n.nspname::pg_catalog.text, t.typname::pg_catalog.text] as name,
       'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid as class, t.oid as object, 0 as sub,
       array['schema', n.nspname::pg_catalog.text] as of,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'kind', case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite' else 'range' end,
           'owner', pg_catalog.pg_get_userbyid(t.typowner),
           'labels', (select pg_catalog.jsonb_agg(e.enumlabel order by e.enumsortorder)
                      from pg_catalog.pg_enum e where e.enumtypid = t.oid),
           'type', case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
           'collation', case when t.typtype = 'd' and t.typcollation <> b.typcollation then (
               select pg_catalog.format('%%I.%%I', cn.nspname, l.collname) from pg_catalog.pg_collation l
               join pg_catalog.pg_namespace cn on cn.oid = l.collnamespace where l.oid = t.typcollation) end,
           'not null', case when t.typtype = 'd' then t.typnotnull end,
           'default', case when t.typtype = 'd' then
               coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0), pg_catalog.quote_literal(t.typdefault)) end,
           'checks', (select pg_catalog.jsonb_object_agg(k.conname, pg_catalog.pg_get_constraintdef(k.oid))
                      from pg_catalog.pg_constraint k where k.contypid = t.oid and k.contype = 'c'),
           'attributes', (select pg_catalog.jsonb_object_agg(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
                          from pg_catalog.pg_attribute a
                          where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped),
           '_order', (select pg_catalog.jsonb_agg(a.attname order by a.attnum) from pg_catalog.pg_attribute a
                     where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped),
           'range', (select pg_catalog.concat_ws(', ', 'subtype = ' || pg_catalog.format_type(r.rngsubtype, null),
                         'subtype_diff = ' || nullif(r.rngsubdiff, 0)::pg_catalog.regproc)
                     from pg_catalog.pg_range r where r.rngtypid = t.oid)
       )) as facts,
       nullif(t.typarray, 0) as also, nullif(t.typrelid, 0) as shape
from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_type b on b.oid = t.typbasetype
where n.oid = any (%(schemas)s)
and (t.typtype in ('e', 'd', 'r')
     or t.typtype = 'c' and (select c.relkind from pg_catalog.pg_class c where c.oid = t.typrelid) = 'c')
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
                and d.objid = t.oid and d.deptype = 'e')
