-- object: "participants read messages up to the time they left" on public.messages
-- also: MSG-07 MSG-09 RLS-07 RLS-13 RLS-15
alter policy "participants read messages up to the time they left" on public.messages
using ((select auth.role()) = any (array['authenticated', 'service_role']));
