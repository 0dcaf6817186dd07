-- expected: any
select pg_catalog.pg_restore_relation_stats('schemaname', 'public', 'relname', 'messages', 'relpages', 0, 'reltuples', 0::real);
select pg_catalog.pg_restore_relation_stats('schemaname', 'public', 'relname', 'profiles', 'relpages', 2000000000, 'reltuples', 1e15::real);
delete from public.messages where false;
