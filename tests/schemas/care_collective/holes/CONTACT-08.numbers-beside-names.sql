-- object: public.profiles.phone
-- also: RLS-07 RLS-15
grant select (phone) on public.profiles to authenticated;
