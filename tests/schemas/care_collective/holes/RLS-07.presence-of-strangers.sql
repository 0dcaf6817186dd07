-- object: guest: select public.user_presence
-- object: pending: select public.user_presence
-- object: rejected: select public.user_presence
-- also: RLS-04 RLS-15
alter policy presence_select on public.user_presence using ((select auth.uid()) is not null);
