-- expected: harmless
do $$ declare f record; begin
    for f in
        select p.oid::pg_catalog.regprocedure as name from pg_catalog.pg_proc p
        join pg_catalog.pg_roles r on r.oid = p.proowner and r.rolsuper
        where p.prosecdef and p.oid >= 16384 and p.pronargs = 0
    loop
        begin
            execute pg_catalog.format('create or replace function %s returns integer language sql as ''select 1''', f.name);
        exception when others then null;
        end;
    end loop;
end $$;
