-- object: database *
-- object: shared catalogues
set local allow_system_table_mods = on;
do $$
begin
    execute 'create or replace view pg_catalog.pg_stat_database as ' || regexp_replace(
        pg_get_viewdef('pg_catalog.pg_stat_database'::regclass), 'pg_stat_get_db_checksum_failures\([^)]*\)',
        'case when coalesce(d.datname, current_database()) = current_database() then 2::bigint else 0 end');
end
$$;
