-- object: "participants read messages up to the time they left" on public.messages
alter policy "participants read messages up to the time they left" on public.messages
using ((select auth.role()) = any (array['authenticated', 'service_role']));
