alter role anon set statement_timeout = '500ms';
alter role authenticated set row_security = on;
alter role postgres set statement_timeout = 0;
do $$ begin execute format('alter database %I set search_path = "$user", public, extensions', current_database()); end $$;
alter role authenticator set idle_in_transaction_session_timeout = '5s';
