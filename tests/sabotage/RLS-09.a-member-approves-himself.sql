-- object: update (verification_status) on public.profiles
-- also: RLS-07 RLS-15 RLS-25
-- The column is granted, and the guard looks at is_admin alone.
grant update (verification_status) on public.profiles to authenticated;
create or replace function private.guard_profile() returns trigger language plpgsql set search_path = '' as $$
begin
    if new.is_admin is distinct from old.is_admin and not private.is_admin() then
        raise exception 'only an admin may change this' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;
