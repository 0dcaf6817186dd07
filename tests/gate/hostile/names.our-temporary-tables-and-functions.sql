-- expected: harmless
create function public.escape() returns integer language plpgsql volatile as $$
begin
    begin
        copy (select 1) to program 'touch @marker@';
    exception when insufficient_privilege then null;
    end;
    return 1;
end
$$;
create temporary table audit_table (relation text);
create temporary table pg_class as select public.escape();
create temporary table pg_roles (rolname name, rolsuper boolean);
create function pg_temp.audit_prepare(text[], text[], uuid[], integer) returns integer language sql as 'select public.escape()';
create function pg_temp.count(text) returns bigint language sql as 'select public.escape()::bigint';
