-- also: RLS-07 RLS-15
-- object: public.profiles.phone
grant select (phone) on public.profiles to authenticated;
