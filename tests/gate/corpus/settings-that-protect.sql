-- expect: MIG-06 line 6 setting statement_timeout of anon
-- expect: MIG-06 line 7 setting row_security of authenticated
-- expect: MIG-06 line 8 setting role of authenticator
-- expect: MIG-06 line 9 setting search_path of every role in this database
-- What protects, taken away or made weaker.
alter role anon set statement_timeout = 0;
alter role authenticated set row_security = off;
alter role authenticator set role = 'service_role';
do $$ begin execute format(
    'alter database %I set search_path = private, public', current_database()); end $$;
