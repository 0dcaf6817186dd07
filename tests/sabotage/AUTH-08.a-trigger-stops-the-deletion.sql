-- object: auth.users
-- blind: AUTH-09
-- also: SCHEMA-04
-- It writes what has been renamed.
set role postgres;
create function private.say_goodbye() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    update public.conversations c set closed_at = now() where c.created_by = old.id;
    return old;
end $$;
create trigger say_goodbye before delete on auth.users for each row execute function private.say_goodbye();
