alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke execute on functions from public, anon, authenticated;
create table public.closed (id int);
do $$ begin
    if has_table_privilege('anon', 'public.closed', 'select') then raise exception 'open'; end if;
end $$;
