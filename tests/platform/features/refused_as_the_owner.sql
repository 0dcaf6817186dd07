-- expected: refused
set role supabase_auth_admin;
alter table auth.users drop column phone;
