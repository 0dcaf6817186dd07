-- object: public.profiles.is_admin
create or replace function private.handle_new_user() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into public.profiles (id, name, is_admin)
    values (new.id, coalesce(nullif(left(new.raw_user_meta_data ->> 'name', 100), ''), 'New member'),
            coalesce((new.raw_user_meta_data ->> 'is_admin')::boolean, false));
    return new;
end $$;
