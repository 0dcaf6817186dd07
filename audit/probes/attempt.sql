-- Have "caller" (null: the auditor) execute one statement, and what waits for the end of the transaction with it;
-- then undo it. What went wrong, all of it null where nothing did. What ends the server's patience or resources is ours
-- to know, and goes on.
create function pg_temp.tried(
    statement text, caller name, first jsonb, second jsonb, out code text, out message text, out place text, out named text
) language plpgsql as $tried$
declare
    done boolean := false;  -- the project's code may raise what is raised here
begin
    if caller is null then
        execute statement using first, second;
        set constraints all immediate;
    else
        perform pg_temp.audit_by(caller, statement, first, second);
    end if;
    done := true;
    raise exception using errcode = 'ZZ000';
exception
    when insufficient_resources or operator_intervention then raise;
    when others then
        if not done then
            get stacked diagnostics code = returned_sqlstate, message = message_text, place = pg_exception_context,
                named = constraint_name;
        end if;
end $tried$;
