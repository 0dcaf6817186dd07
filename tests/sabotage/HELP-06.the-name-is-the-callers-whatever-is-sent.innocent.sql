create function private.own_name() returns trigger language plpgsql set search_path = '' as $$
begin
    if current_user = 'authenticated' then
        new.user_id := auth.uid();
    end if;
    return new;
end $$;
create trigger a_own_name before insert on public.help_requests for each row execute function private.own_name();
