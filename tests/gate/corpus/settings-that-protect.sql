-- expect: MIG-06 line 7 setting statement_timeout of anon
-- expect: MIG-06 line 8 setting row_security of authenticated
-- expect: MIG-06 line 9 setting role of authenticator
-- expect: MIG-06 line 10 setting search_path of every role in this database
-- expect: MIG-06 line 12 setting idle_in_transaction_session_timeout of authenticator
-- What protects, taken away or made weaker.
alter role anon set statement_timeout = 0;
alter role authenticated set row_security = off;
alter role authenticator set role = 'service_role';
do $$ begin execute format(
    'alter database %I set search_path = private, public', current_database()); end $$;
alter role authenticator set idle_in_transaction_session_timeout = '10h';
