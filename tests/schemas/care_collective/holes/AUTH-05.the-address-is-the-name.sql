-- object: 00000000-0000-4000-8000-00000000aaaa
alter table public.profiles drop constraint profiles_name_check;
create or replace function public.handle_user_registration() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    insert into public.profiles (id, name, terms_version)
    values (new.id, coalesce(nullif(trim(left(new.raw_user_meta_data ->> 'name', 100)), ''), left(new.email, 100), 'Member'), '1.0')
    on conflict (id) do nothing;
    return new;
end
$$;
