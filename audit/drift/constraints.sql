-- Constraints of tables. NOT NULL is a column's; a constraint's triggers and index are its own.
select array[n.nspname::pg_catalog.text, c.relname::pg_catalog.text, k.conname::pg_catalog.text] as name,
       'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid as class, k.oid as object, 0 as sub,
       array['relation', n.nspname::pg_catalog.text, c.relname::pg_catalog.text] as of,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'kind', k.contype,
           'definition', pg_catalog.pg_get_constraintdef(k.oid),
           'check', case when k.contype = 'c' then pg_catalog.pg_get_expr(k.conbin, k.conrelid) end,
           'no inherit', case when k.contype = 'c' then k.connoinherit end,
           'valid', k.convalidated,
           'options', (select pg_catalog.jsonb_agg(o order by o) from pg_catalog.unnest(x.reloptions) as o)
       )) as facts,
       nullif(k.conindid, 0) as also
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid and c.relpersistence <> 't'
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_class x on x.oid = k.conindid and k.contype in ('p', 'u', 'x')
where n.oid = any (%(schemas)s) and k.contype in ('p', 'u', 'f', 'c', 'x') and k.conparentid = 0
and (k.contype <> 'c' or k.conislocal)
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                and d.objid = c.oid and d.deptype = 'e')
