-- object: "members read their own profile and approved members" on public.profiles
-- also: RLS-07 RLS-13 RLS-15
alter policy "members read their own profile and approved members" on public.profiles
using (id = (select auth.uid()) or id is not null);
