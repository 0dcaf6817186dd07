-- expected: any
do $$ begin execute format('alter database %I connection limit 0', current_database()); end $$;
