-- object: "members read their own profile and approved members" on public.profiles
alter policy "members read their own profile and approved members" on public.profiles
using (id = (select auth.uid()) or id is not null);
