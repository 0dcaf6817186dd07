-- expected: harmless
create function public.escape() returns integer language plpgsql volatile as $$
begin
    begin
        copy (select 1) to program 'touch @marker@';
    exception when insufficient_privilege then null;
    end;
    return 1;
end
$$;
create function public.on_ddl() returns event_trigger language plpgsql as 'begin perform public.escape(); end';
create event trigger bait on ddl_command_end execute function public.on_ddl();
