-- object: update (current_tenant_id) on public.profiles
-- Everybody may choose the shop that they look at; nothing asks whether they belong to it.
alter table public.profiles add column current_tenant_id uuid references public.tenants (id) on delete set null;
create index on public.profiles (current_tenant_id);
grant update (current_tenant_id) on public.profiles to authenticated;
create function private.current_tenant() returns uuid
    language sql stable security definer set search_path = '' as $$
    select p.current_tenant_id from public.profiles p where p.id = (select auth.uid())
$$;
grant execute on function private.current_tenant() to authenticated;
create policy shipments_current on public.shipments for select to authenticated
    using (tenant_id = (select private.current_tenant()));
