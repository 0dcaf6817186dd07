-- expected: absent
create extension "supabase-dbdev";
