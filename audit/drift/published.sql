-- Tables of publications.
select array[p.pubname::pg_catalog.text, n.nspname::pg_catalog.text, c.relname::pg_catalog.text] as name,
       'pg_catalog.pg_publication_rel'::pg_catalog.regclass::pg_catalog.oid as class, r.oid as object, 0 as sub,
       case when n.oid = any (%(schemas)s)
            then array['relation', n.nspname::pg_catalog.text, c.relname::pg_catalog.text] end as of,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'columns', (select pg_catalog.jsonb_agg(pg_catalog.quote_ident(a.attname) order by a.attname)
                       from pg_catalog.unnest(r.prattrs::pg_catalog.int2[]) as k
                       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k),
           'where', pg_catalog.pg_get_expr(r.prqual, r.prrelid))) as facts
from pg_catalog.pg_publication_rel r
join pg_catalog.pg_publication p on p.oid = r.prpubid and p.pubname <> 'supabase_realtime_messages_publication'
join pg_catalog.pg_class c on c.oid = r.prrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
union all
select array[p.pubname::pg_catalog.text, n.nspname::pg_catalog.text],
       'pg_catalog.pg_publication_namespace'::pg_catalog.regclass::pg_catalog.oid, r.oid, 0,
       array['schema', n.nspname::pg_catalog.text], '{}'
from pg_catalog.pg_publication_namespace r
join pg_catalog.pg_publication p on p.oid = r.pnpubid
join pg_catalog.pg_namespace n on n.oid = r.pnnspid
