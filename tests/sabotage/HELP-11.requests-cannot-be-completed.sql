-- object: alice: complete a request
-- also: AUTH-08
create function private.never_done() returns trigger language plpgsql set search_path = '' as $$
begin
    if new.status = 'completed' then
        raise exception 'requests are completed by the desk';
    end if;
    return new;
end $$;
create trigger never_done before update on public.help_requests for each row execute function private.never_done();
