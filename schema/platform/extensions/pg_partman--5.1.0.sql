-- pg_partman: what is to be partitioned is written down; a parent gets one partition for everything, so that rows fit.
-- Source: https://github.com/pgpartman/pg_partman/blob/development/doc/pg_partman.md

create table part_config (
    parent_table text not null primary key,
    control text not null,
    partition_interval text not null,
    partition_type text not null default 'range',
    premake integer not null default 4,
    automatic_maintenance text not null default 'on',
    template_table text,
    retention text,
    retention_keep_table boolean not null default true,
    retention_keep_index boolean not null default true,
    infinite_time_partitions boolean not null default false,
    datetime_string text
);
create function create_parent(
    p_parent_table text, p_control text, p_interval text, p_type text default 'range', p_epoch text default 'none',
    p_premake integer default 4, p_start_partition text default null, p_default_table boolean default true,
    p_automatic_maintenance text default 'on', p_constraint_cols text[] default null, p_template_table text default null,
    p_jobmon boolean default true, p_date_trunc_interval text default null
) returns boolean language plpgsql as $$
begin
    insert into @extschema@.part_config (parent_table, control, partition_interval, partition_type, premake, template_table)
    values (p_parent_table, p_control, p_interval, p_type, p_premake, p_template_table);
    if exists (select from pg_catalog.pg_class where oid = p_parent_table::regclass and relkind = 'p') then
        execute format('create table if not exists %s partition of %s default',
            format('%I.%I', split_part(p_parent_table, '.', 1), split_part(p_parent_table, '.', 2) || '_default'),
            p_parent_table::regclass);
    end if;
    return true;
end
$$;
create function run_maintenance(
    p_parent_table text default null, p_analyze boolean default false, p_jobmon boolean default true
) returns void language sql as '';
create procedure run_maintenance_proc(
    p_wait integer default 0, p_analyze boolean default null, p_jobmon boolean default true
) language sql as '';
create function undo_partition(p_parent_table text, p_target_table text default null) returns record language sql as $$
    select 0, 0
$$;
grant select, insert, update, delete on part_config to postgres with grant option;
