-- expected: any
create function private.refuses() returns event_trigger language plpgsql security definer as $$ begin
    if session_user <> 'postgres' then raise exception 'nobody comes in'; end if;
end $$;
create event trigger refuses on login execute function private.refuses();
