create role reports login;
alter role reports set default_transaction_read_only = on;
do $$
begin
    execute format('alter role reports in database %I set default_transaction_read_only = on', current_database());
    execute format('alter database %I set default_transaction_read_only = off', current_database());
end
$$;
