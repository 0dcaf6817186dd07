-- also: CONTACT-08 RLS-15 RLS-23
-- object: select on public.profiles
grant select on public.profiles to authenticated;
