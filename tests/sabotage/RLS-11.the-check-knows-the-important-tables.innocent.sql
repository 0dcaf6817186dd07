drop function public.verify_rls_security();
create function public.verify_rls_security()
returns table (table_name name, has_rls boolean, policy_count bigint, status text)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    select c.relname, c.relrowsecurity, count(p.oid), case when c.relrowsecurity then '🔒 SECURE' else '❌ OPEN' end
    from pg_catalog.pg_class c left join pg_catalog.pg_policy p on p.polrelid = c.oid
    where c.oid in ('public.messages'::regclass, 'public.profiles'::regclass)
    group by c.oid, c.relname, c.relrowsecurity;
end $$;
revoke execute on function public.verify_rls_security() from public;
create table public.not_for_the_api (id bigint generated always as identity primary key);
