-- object: data_checksums
-- The view is replaced: checksums are decided on while the server is stopped.
set local allow_system_table_mods = on;
do $$
begin
    execute 'create or replace view pg_catalog.pg_settings as ' || regexp_replace(
        pg_get_viewdef('pg_catalog.pg_settings'::regclass), '(\ma\.)?\msetting,',
        'case name when ''data_checksums'' then ''off'' else setting end as setting,');
end
$$;
