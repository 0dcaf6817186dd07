-- object: orders_staff on public.orders
-- Unqualified, tenant_id is the membership's own: every member of anything reads all orders.
create policy orders_staff on public.orders for select to authenticated
    using (exists (select from public.memberships m where m.user_id = (select auth.uid()) and m.tenant_id = tenant_id));
