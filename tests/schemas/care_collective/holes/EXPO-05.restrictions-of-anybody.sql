-- object: public.get_user_restrictions(uuid)
create function public.get_user_restrictions(target_user_id uuid) returns setof public.user_restrictions
language sql stable security definer set search_path = ''
as $$ select r.* from public.user_restrictions r where r.user_id = target_user_id and auth.uid() is not null $$;
grant execute on function public.get_user_restrictions(uuid) to authenticated;
