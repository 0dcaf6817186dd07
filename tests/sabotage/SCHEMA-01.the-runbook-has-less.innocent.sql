-- set: runbook_objects = ["table public.profiles", "function public.get_contact_info_with_consent(uuid,uuid)"]
drop function public.my_profile();
create function public.my_profile() returns setof public.profiles
language sql stable security definer set search_path = '' as $$ select * from public.profiles where id = auth.uid() $$;
revoke execute on function public.my_profile() from public, anon;
grant execute on function public.my_profile() to authenticated;
