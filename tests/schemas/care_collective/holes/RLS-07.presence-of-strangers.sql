-- object: presence_select on public.user_presence
-- also: RLS-04 RLS-15
alter policy presence_select on public.user_presence using ((select auth.uid()) is not null);
