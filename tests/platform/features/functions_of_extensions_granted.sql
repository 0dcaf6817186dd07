create role reporting nologin;
grant usage on schema extensions to reporting;
do $$
declare
    each record;
begin
    for each in
        select p.oid::regprocedure as signature from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('public', 'extensions')
    loop
        execute format('grant execute on function %s to reporting', each.signature);
    end loop;
end $$;
