-- expected: absent
create function public.rls_auto_enable() returns event_trigger language plpgsql as $$ begin null; end $$;
create event trigger ensure_rls on ddl_command_end execute function public.rls_auto_enable();
