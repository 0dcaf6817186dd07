-- object: memberships_join on public.memberships
-- Two steps: a row in somebody's own name first, and then that shop's orders, customers and payments.
grant insert on public.memberships to authenticated;
create policy memberships_join on public.memberships for insert to authenticated
    with check (user_id = (select auth.uid()));
