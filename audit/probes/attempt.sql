-- Have "caller" (null: whoever acts here) execute one statement, and what waits for the end of the transaction with it;
-- then undo it. What went wrong, all of it null where nothing did. What ends the server's patience or resources is ours
-- to know, and goes on.
create function pg_temp.tried(
    statement text, caller name, first jsonb, second jsonb, out code text, out message text, out place text, out named text
) language plpgsql as $tried$
begin
    if caller is not null then
        perform pg_catalog.set_config('role', caller, true);
    end if;
    execute statement using first, second;
    set constraints all immediate;
    raise exception using errcode = 'ZZ000';
exception
    when sqlstate 'ZZ000' then null;
    when insufficient_resources or operator_intervention then raise;
    when others then
        get stacked diagnostics code = returned_sqlstate, message = message_text, place = pg_exception_context,
            named = constraint_name;
end $tried$;

