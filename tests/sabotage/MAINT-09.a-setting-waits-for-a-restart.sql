-- object: max_connections
set local allow_system_table_mods = on;
do $$
begin
    execute 'create or replace view pg_catalog.pg_settings as ' || regexp_replace(
        pg_get_viewdef('pg_catalog.pg_settings'::regclass), '(\ma\.)?\mpending_restart',
        'name = ''max_connections'' as pending_restart');
end
$$;
