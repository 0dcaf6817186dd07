-- Publications, but the platform's own.
select array[p.pubname::pg_catalog.text] as name,
       'pg_catalog.pg_publication'::pg_catalog.regclass::pg_catalog.oid as class, p.oid as object, 0 as sub,
       null::pg_catalog.text[] as of,
       pg_catalog.jsonb_build_object(
           'owner', case when p.pubname <> 'supabase_realtime' then pg_catalog.pg_get_userbyid(p.pubowner) end,
           'all tables', p.puballtables, 'root', p.pubviaroot,
           'publish', pg_catalog.concat_ws(', ', case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
                                           case when p.pubdelete then 'delete' end,
                                           case when p.pubtruncate then 'truncate' end)) as facts
from pg_catalog.pg_publication p
where p.pubname <> 'supabase_realtime_messages_publication'
