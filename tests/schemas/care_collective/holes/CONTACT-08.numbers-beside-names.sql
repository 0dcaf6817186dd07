-- object: public.profiles.phone
grant select (phone) on public.profiles to authenticated;
