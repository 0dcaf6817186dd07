-- object: *: select public.payments
-- object: *: delete public.discounts
-- object: *: *
-- The helper's rewrite lost one of its conditions.
create or replace function private.may_manage(tenant uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.memberships m where m.user_id = (select auth.uid()) and m.role in ('owner', 'manager')
    )
$$;
