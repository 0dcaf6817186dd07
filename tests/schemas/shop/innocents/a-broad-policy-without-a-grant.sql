-- Nobody may delete shipments at all: the policy waits for a grant that a later version will give.
create policy shipments_manage on public.shipments for delete to authenticated using (private.is_member(tenant_id));
