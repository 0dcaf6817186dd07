-- The same rule without the helper: everything is qualified.
alter policy order_events_read on public.order_events using (
    tenant_id in (select m.tenant_id from public.memberships m where m.user_id = (select auth.uid())));
