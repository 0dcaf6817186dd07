-- timescaledb: a hypertable stays the table that it is; policies are not carried out.
-- Sources: https://supabase.com/docs/guides/database/extensions/timescaledb
--          https://docs.timescale.com/api/latest/

create function create_hypertable(
    relation regclass, time_column_name name, partitioning_column name default null, number_partitions integer default null,
    chunk_time_interval anyelement default null::bigint, if_not_exists boolean default false,
    migrate_data boolean default false, create_default_indexes boolean default true
) returns table (hypertable_id integer, schema_name name, table_name name, created boolean) language sql as $$
    select 1, n.nspname, c.relname, true
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = relation
$$;
create function add_dimension(
    hypertable regclass, column_name name, number_partitions integer default null, chunk_time_interval interval default null,
    if_not_exists boolean default false
) returns void language sql as '';
create function set_chunk_time_interval(hypertable regclass, chunk_time_interval interval) returns void language sql as '';
create function add_retention_policy(relation regclass, drop_after interval, if_not_exists boolean default false)
    returns integer language sql return 1;
create function remove_retention_policy(relation regclass, if_exists boolean default false) returns void language sql as '';
create function add_compression_policy(hypertable regclass, compress_after interval, if_not_exists boolean default false)
    returns integer language sql return 1;
create function remove_compression_policy(hypertable regclass, if_exists boolean default false) returns boolean
    language sql return true;
create function add_continuous_aggregate_policy(
    continuous_aggregate regclass, start_offset interval, end_offset interval, schedule_interval interval,
    if_not_exists boolean default false
) returns integer language sql return 1;
create function drop_chunks(relation regclass, older_than interval default null, newer_than interval default null)
    returns setof text language sql as $$ select null::text where false $$;
create function show_chunks(relation regclass, older_than interval default null, newer_than interval default null)
    returns setof regclass language sql as $$ select null::regclass where false $$;
create function time_bucket(bucket_width interval, ts timestamptz) returns timestamptz
    language sql immutable strict parallel safe
return pg_catalog.date_bin(bucket_width, ts, '2000-01-03 00:00:00+00'::timestamptz);
create function time_bucket(bucket_width interval, ts timestamp) returns timestamp
    language sql immutable strict parallel safe
return pg_catalog.date_bin(bucket_width, ts, '2000-01-03 00:00:00'::timestamp);
create function time_bucket(bucket_width interval, ts date) returns date language sql immutable strict parallel safe
return pg_catalog.date_bin(bucket_width, ts::timestamp, '2000-01-03 00:00:00'::timestamp)::date;
create function time_bucket(bucket_width integer, ts integer) returns integer language sql immutable strict parallel safe
return ts / bucket_width * bucket_width;
create function time_bucket(bucket_width bigint, ts bigint) returns bigint language sql immutable strict parallel safe
return ts / bucket_width * bucket_width;
