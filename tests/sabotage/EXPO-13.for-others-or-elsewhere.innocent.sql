alter default privileges for role postgres in schema public grant select on tables to authenticated, service_role;
alter default privileges for role supabase_admin in schema public grant all on tables to anon;
alter default privileges for role postgres in schema extensions grant execute on functions to anon;
alter default privileges for role postgres in schema public revoke all on sequences from service_role;
