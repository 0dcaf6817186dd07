-- object: memberships_add on public.memberships
-- Colleagues see each other's profiles: whoever manages a shop makes a colleague of anybody whose id they know.
grant insert on public.memberships to authenticated;
create policy memberships_add on public.memberships for insert to authenticated
    with check (private.may_manage(tenant_id) and role in ('clerk', 'viewer'));
