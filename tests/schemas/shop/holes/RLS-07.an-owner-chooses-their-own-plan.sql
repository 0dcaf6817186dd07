-- object: update (plan) on public.tenants
-- The grant for the name was widened by a column that is paid for.
grant update (plan) on public.tenants to authenticated;
