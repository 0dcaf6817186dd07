grant select (id, email) on auth.users to service_role;
grant usage on schema auth to service_role;
