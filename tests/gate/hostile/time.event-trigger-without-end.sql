-- expected: ended
create function public.on_ddl() returns event_trigger language plpgsql as 'begin loop end loop; end';
create event trigger bait on ddl_command_end execute function public.on_ddl();
create table public.never (id integer primary key);
