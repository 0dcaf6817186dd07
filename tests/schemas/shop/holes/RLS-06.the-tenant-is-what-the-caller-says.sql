-- object: *payments_claim*
create policy payments_claim on public.payments for select to authenticated
    using (tenant_id::text = (select auth.jwt()) -> 'user_metadata' ->> 'tenant_id');
