-- expected: error 42501
alter role supabase_auth_admin superuser;
