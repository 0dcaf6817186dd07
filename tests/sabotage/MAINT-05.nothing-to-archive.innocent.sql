set local allow_system_table_mods = on;
do $$
begin
    execute 'create or replace view pg_catalog.pg_settings as ' || regexp_replace(
        pg_get_viewdef('pg_catalog.pg_settings'::regclass), '(\ma\.)?\msetting,',
        'case name when ''archive_mode'' then ''on'' when ''archive_command'' then ''cp %p /archive/%f'' else setting end as setting,');
end
$$;
do $$
begin
    execute format($view$
        create or replace view pg_catalog.pg_stat_archiver as
        select 7::bigint as archived_count, %L::text as last_archived_wal,
            now() - interval '30 hours' as last_archived_time, 1::bigint as failed_count,
            '000000010000000000000000'::text as last_failed_wal, now() - interval '9 days' as last_failed_time,
            now() - interval '90 days' as stats_reset
        $view$, pg_walfile_name(pg_current_wal_lsn()));
end
$$;
