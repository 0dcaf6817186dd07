set role postgres;
-- With the caller's rights, who has none.
create view public.addresses with (security_invoker = true) as select u.email from auth.users u;
grant select on public.addresses to authenticated;
-- Nobody but the server may read it.
create view public.accounts as select u.id, u.email from auth.users u;
create view private.accounts as select u.id, u.email from auth.users u;
grant select on private.accounts to authenticated;
grant select on auth.users to service_role;
