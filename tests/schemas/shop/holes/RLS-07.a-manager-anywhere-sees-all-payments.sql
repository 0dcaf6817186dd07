-- object: payments_managers on public.payments
-- A helper that forgot which tenant it is asked about.
create function private.is_manager(tenant uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.memberships m where m.user_id = (select auth.uid()) and m.role in ('owner', 'manager')
    )
$$;
grant execute on function private.is_manager(uuid) to authenticated;
create policy payments_managers on public.payments for select to authenticated using (private.is_manager(tenant_id));
