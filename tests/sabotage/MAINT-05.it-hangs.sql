-- object: archiving
set local allow_system_table_mods = on;
do $$
begin
    execute 'create or replace view pg_catalog.pg_settings as ' || regexp_replace(
        pg_get_viewdef('pg_catalog.pg_settings'::regclass), '(\ma\.)?\msetting,',
        'case name when ''archive_mode'' then ''on'' when ''archive_command'' then ''cp %p /archive/%f'' else setting end as setting,');
end
$$;
create or replace view pg_catalog.pg_stat_archiver as
select 7::bigint as archived_count, '000000010000000000000000'::text as last_archived_wal,
    now() - interval '90 minutes' as last_archived_time, 1::bigint as failed_count,
    '000000010000000000000000'::text as last_failed_wal, now() - interval '9 days' as last_failed_time,
    now() - interval '90 days' as stats_reset;
select pg_switch_wal();
create table public.written as select generate_series(1, 10) as id;
drop table public.written;
select pg_switch_wal();
