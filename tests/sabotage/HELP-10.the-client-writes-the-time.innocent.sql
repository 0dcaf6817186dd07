-- also: RLS-07 RLS-23
-- The times are the client's to write, as the columns' grants say, which are more than is declared.
create or replace function private.keep_life_cycle() returns trigger language plpgsql set search_path = '' as $$
begin
    -- A helper who leaves opens the request again.
    if tg_op = 'UPDATE' and new.status = 'in_progress' and old.helper_id is not null and new.helper_id is null then
        new.status := 'open';
        new.helped_at := null;
    end if;
    return new;
end $$;
grant update on public.help_requests to authenticated;
