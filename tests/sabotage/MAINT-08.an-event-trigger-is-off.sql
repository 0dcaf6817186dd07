-- object: event trigger watch
create function private.watch() returns event_trigger language plpgsql set search_path = '' as $$ begin end $$;
create event trigger watch on ddl_command_end execute function private.watch();
alter event trigger watch disable;
