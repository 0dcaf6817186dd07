-- object: auth_service: sign up with an empty name
create or replace function private.handle_new_user() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into public.profiles (id, name)
    values (new.id, left(coalesce(new.raw_user_meta_data ->> 'name', 'New member'), 100));
    return new;
end $$;
