-- expected: refused
commit;
create subscription s connection 'host=127.0.0.1 dbname=postgres user=supabase_admin password=x' publication p;
