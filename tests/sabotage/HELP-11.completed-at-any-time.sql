-- object: alice: say oneself when help began
-- object: alice: say oneself when help ended
-- object: alice: say oneself when it was called off
-- also: AUTH-08
create or replace function private.keep_life_cycle() returns trigger language plpgsql set search_path = '' as $$
begin
    if new.status = 'in_progress' then
        new.helped_at := coalesce(new.helped_at, now());
    elsif new.status = 'completed' then
        new.completed_at := coalesce(new.completed_at, now());
    elsif new.status = 'cancelled' then
        new.cancelled_at := coalesce(new.cancelled_at, now());
    elsif new.status = 'open' then
        new.helper_id := null; new.helped_at := null; new.completed_at := null; new.cancelled_at := null;
    end if;
    return new;
end $$;
