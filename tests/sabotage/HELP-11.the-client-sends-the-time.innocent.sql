-- also: RLS-07 RLS-23
-- The times are the client's to write; constraints refuse what contradicts the status.
create or replace function private.keep_life_cycle() returns trigger language plpgsql set search_path = '' as $$
begin
    if tg_op = 'UPDATE' and new.status = 'in_progress' and old.helper_id is not null and new.helper_id is null then
        new.status := 'open';
        new.helped_at := null;
    end if;
    if new.helper_id is not null and (tg_op = 'INSERT' or new.helper_id is distinct from old.helper_id) and not exists (
        select from public.profiles p where p.id = new.helper_id and p.verification_status = 'approved'
    ) then
        raise exception 'a helper is an approved member' using errcode = 'check_violation';
    end if;
    return new;
end $$;
grant update on public.help_requests to authenticated;
