-- object: auth_service: sign in
create function private.refuse_sign_in() returns trigger language plpgsql as $$
begin
    if new.last_sign_in_at is distinct from old.last_sign_in_at then
        raise exception 'closed';
    end if;
    return new;
end $$;
create trigger closed before update on auth.users for each row execute function private.refuse_sign_in();
