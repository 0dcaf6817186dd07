-- also: RLS-09 RLS-15 RLS-25
-- object: update (is_admin) on public.profiles
drop trigger guard_profile on public.profiles;
grant update (is_admin) on public.profiles to authenticated;
