-- The broad policy lets in whoever is signed in; the restrictive one keeps it to the staff.
create policy stock_levels_signed_in on public.stock_levels for select to authenticated
    using ((select auth.uid()) is not null);
drop policy stock_levels_staff on public.stock_levels;
create policy stock_levels_staff_only on public.stock_levels as restrictive for all to authenticated
    using (private.is_member(tenant_id)) with check (private.is_member(tenant_id));
