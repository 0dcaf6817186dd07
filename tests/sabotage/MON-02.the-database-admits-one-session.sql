-- object: database *
do $$
begin
    execute format('alter database %I connection limit 1', current_database());
end
$$;
