create function private.tell() returns trigger language plpgsql set search_path = '' as $$
begin
    if new.place <> old.place then
        perform pg_notify('stops', new.id::text);
    end if;
    return new;
end $$;
create trigger told after update on private.stops for each row execute function private.tell();
