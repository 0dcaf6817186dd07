-- expected: refused
grant supabase_admin to postgres;
