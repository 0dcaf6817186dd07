-- object: archiving
set local allow_system_table_mods = on;
do $$
begin
    execute 'create or replace view pg_catalog.pg_settings as ' || regexp_replace(
        pg_get_viewdef('pg_catalog.pg_settings'::regclass), '(\ma\.)?\msetting,',
        'case name when ''archive_mode'' then ''on'' when ''archive_command'' then '''' else setting end as setting,');
end
$$;
