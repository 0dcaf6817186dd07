-- object: autovacuum
-- object: track_counts
set local allow_system_table_mods = on;
do $$
begin
    execute 'create or replace view pg_catalog.pg_settings as ' || regexp_replace(
        pg_get_viewdef('pg_catalog.pg_settings'::regclass), '(\ma\.)?\msetting,',
        'case name when ''autovacuum'' then ''off'' when ''track_counts'' then ''off'' else setting end as setting,');
end
$$;
