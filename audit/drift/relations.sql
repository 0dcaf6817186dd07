-- Tables, views, materialised views, foreign tables and sequences. The sequence of an identity column is that column's.
select array[n.nspname::pg_catalog.text, c.relname::pg_catalog.text] as name,
       'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid as class, c.oid as object, 0 as sub,
       array['schema', n.nspname::pg_catalog.text] as of,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'kind', case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
                                  when 'f' then 'foreign table' else 'table' end,
           'owner', pg_catalog.pg_get_userbyid(c.relowner),
           'row level security', case when c.relkind in ('r', 'p') then c.relrowsecurity end,
           'forced row level security', case when c.relkind in ('r', 'p') then c.relforcerowsecurity end,
           'unlogged', case when c.relkind <> 'v' then c.relpersistence = 'u' end,
           'options', (select pg_catalog.jsonb_agg(o order by o) from pg_catalog.unnest(c.reloptions) as o),
           'query', case when c.relkind in ('v', 'm') then pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), '; ') end,
           'columns', case when c.relkind in ('v', 'm') then (
               select pg_catalog.jsonb_agg(a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
                                           order by a.attnum)
               from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) end,
           'partitioned by', pg_catalog.pg_get_partkeydef(c.oid),
           'partition', case when c.relispartition then pg_catalog.pg_get_expr(c.relpartbound, c.oid) end,
           'inherits', (select pg_catalog.jsonb_agg(pg_catalog.format('%%I.%%I', pn.nspname, p.relname) order by i.inhseqno)
                        from pg_catalog.pg_inherits i join pg_catalog.pg_class p on p.oid = i.inhparent
                        join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace where i.inhrelid = c.oid),
           'of type', case when c.reloftype <> 0 then pg_catalog.format_type(c.reloftype, null) end,
           'replica identity', case when c.relkind in ('r', 'p') then case c.relreplident
               when 'd' then 'default' when 'f' then 'full' when 'n' then 'nothing'
               else (select 'using index ' || pg_catalog.quote_ident(x.relname) from pg_catalog.pg_index i
                     join pg_catalog.pg_class x on x.oid = i.indexrelid
                     where i.indrelid = c.oid and i.indisreplident) end end,
           'server', (select pg_catalog.quote_ident(s.srvname) from pg_catalog.pg_foreign_table f
                      join pg_catalog.pg_foreign_server s on s.oid = f.ftserver where f.ftrelid = c.oid),
           'table options', (select pg_catalog.jsonb_agg(o order by o) from pg_catalog.pg_foreign_table f,
                             pg_catalog.unnest(f.ftoptions) as o where f.ftrelid = c.oid),
           'numbers', (select pg_catalog.format(
                           'as %%s increment by %%s minvalue %%s maxvalue %%s start with %%s cache %%s %%s',
                           pg_catalog.format_type(s.seqtypid, null), s.seqincrement, s.seqmin, s.seqmax, s.seqstart,
                           s.seqcache, case when s.seqcycle then 'cycle' else 'no cycle' end)
                       from pg_catalog.pg_sequence s where s.seqrelid = c.oid),
           'owned by', (select pg_catalog.format('%%I.%%I.%%I', tn.nspname, t.relname, a.attname)
                        from pg_catalog.pg_depend d join pg_catalog.pg_class t on t.oid = d.refobjid
                        join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
                        join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
                        where c.relkind = 'S' and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                        and d.objid = c.oid and d.deptype = 'a'
                        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)
       )) as facts
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.oid = any (%(schemas)s) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't'
and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                and d.objid = c.oid and (d.deptype = 'e' or (d.deptype = 'i' and c.relkind = 'S')))
