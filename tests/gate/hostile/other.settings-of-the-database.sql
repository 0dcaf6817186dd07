-- expected: any
do $$ begin
    execute format('alter database %I set statement_timeout = 1', current_database());
    execute format('alter database %I set row_security = off', current_database());
    execute format('alter database %I set default_transaction_read_only = on', current_database());
end $$;
