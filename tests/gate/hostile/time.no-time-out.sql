-- expected: ended
set statement_timeout = 0;
set transaction_timeout = 0;
set client_connection_check_interval = 0;
do $$ begin loop null; end loop; end $$;
