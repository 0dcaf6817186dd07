-- expected: refused
alter role supabase_admin password 'known';
