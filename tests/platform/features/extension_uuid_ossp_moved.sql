do $$
begin
    if exists (select 1 from pg_extension e join pg_namespace n on n.oid = e.extnamespace
               where e.extname = 'uuid-ossp' and n.nspname = 'extensions') then
        alter extension "uuid-ossp" set schema public;
        alter extension "uuid-ossp" set schema extensions;
    end if;
end $$;
