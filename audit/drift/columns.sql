-- Columns of tables. What a partition or a child has from its parent is its parent's, but for defaults.
select array[n.nspname::pg_catalog.text, c.relname::pg_catalog.text, a.attname::pg_catalog.text] as name,
       'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid as class, c.oid as object, a.attnum::pg_catalog.int4 as sub,
       array['relation', n.nspname::pg_catalog.text, c.relname::pg_catalog.text] as of,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
           'collation', case when a.attcollation <> t.typcollation then (
               select pg_catalog.format('%%I.%%I', cn.nspname, l.collname) from pg_catalog.pg_collation l
               join pg_catalog.pg_namespace cn on cn.oid = l.collnamespace where l.oid = a.attcollation) end,
           'not null', a.attnotnull,
           'default', case when a.attgenerated = '' then pg_catalog.pg_get_expr(f.adbin, f.adrelid) end,
           'generated', case when a.attgenerated <> '' then pg_catalog.pg_get_expr(f.adbin, f.adrelid) end,
           'generation', case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end,
           'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
           'numbers', (select pg_catalog.format(
                           'increment by %%s minvalue %%s maxvalue %%s start with %%s cache %%s %%s',
                           s.seqincrement, s.seqmin, s.seqmax, s.seqstart,
                           s.seqcache, case when s.seqcycle then 'cycle' else 'no cycle' end)
                       from pg_catalog.pg_depend d join pg_catalog.pg_sequence s on s.seqrelid = d.objid
                       where a.attidentity <> '' and d.deptype = 'i'
                       and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                       and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                       and d.refobjid = c.oid and d.refobjsubid = a.attnum),
           '_storage', case t.typstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main'
                                         else 'extended' end,
           'inherited', case when a.attinhcount > 0 then true end,
           'above', case when a.attinhcount > 0 then (
               select pg_catalog.pg_get_expr(pf.adbin, pf.adrelid) from pg_catalog.pg_inherits h
               join pg_catalog.pg_attribute pa on pa.attrelid = h.inhparent and pa.attname = a.attname
               join pg_catalog.pg_attrdef pf on pf.adrelid = pa.attrelid and pf.adnum = pa.attnum
               where h.inhrelid = c.oid limit 1) end,
           'storage', case when a.attstorage <> t.typstorage then case a.attstorage
               when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end end
       )) as facts,
       f.oid as also
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_attrdef f on f.adrelid = c.oid and f.adnum = a.attnum
where n.oid = any (%(schemas)s) and c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't' and c.reloftype = 0
and (a.attinhcount = 0 or exists (
    select from pg_catalog.pg_inherits h
    join pg_catalog.pg_attribute pa on pa.attrelid = h.inhparent and pa.attname = a.attname
    left join pg_catalog.pg_attrdef pf on pf.adrelid = pa.attrelid and pf.adnum = pa.attnum
    where h.inhrelid = c.oid
    and (a.attnotnull <> pa.attnotnull
         or pg_catalog.pg_get_expr(pf.adbin, pf.adrelid) is distinct from pg_catalog.pg_get_expr(f.adbin, f.adrelid))))
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                and d.objid = c.oid and d.deptype = 'e')
