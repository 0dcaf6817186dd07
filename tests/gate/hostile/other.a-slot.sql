-- expected: any
select pg_create_logical_replication_slot('kept', 'pgoutput');
