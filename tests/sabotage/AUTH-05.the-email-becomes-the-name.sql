-- object: 00000000-0000-4000-8000-00000000aaaa
alter table public.profiles drop constraint profiles_name_is_no_email;
create or replace function private.handle_new_user() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into public.profiles (id, name)
    values (new.id, left(coalesce(nullif(new.raw_user_meta_data ->> 'name', ''), new.email), 100));
    return new;
end $$;
