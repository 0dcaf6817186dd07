-- expected: refused
alter default privileges for role supabase_admin grant all on tables to anon;
