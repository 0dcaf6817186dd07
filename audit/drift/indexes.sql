-- Indexes that belong to no constraint and come from no parent's index.
select array[n.nspname::pg_catalog.text, x.relname::pg_catalog.text] as name,
       'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid as class, x.oid as object, 0 as sub,
       array['relation', n.nspname::pg_catalog.text, c.relname::pg_catalog.text] as of,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'definition', pg_catalog.pg_get_indexdef(x.oid),
           'valid', i.indisvalid
       )) as facts
from pg_catalog.pg_index i
join pg_catalog.pg_class x on x.oid = i.indexrelid and not x.relispartition and x.relpersistence <> 't'
join pg_catalog.pg_class c on c.oid = i.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.oid = any (%(schemas)s)
and not exists (select from pg_catalog.pg_constraint k where k.conindid = x.oid and k.contype in ('p', 'u', 'x'))
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                and d.objid in (c.oid, x.oid) and d.deptype = 'e')
