-- also: CONTACT-08 RLS-15 RLS-23
-- object: *: select column phone of public.profiles
-- object: *: select column contact_preferences of public.profiles
-- object: *: select column approved_at of public.profiles
-- object: *: select column approved_by of public.profiles
grant select on public.profiles to authenticated;
