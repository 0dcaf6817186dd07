-- object: public.profiles.is_admin
create or replace function public.handle_user_registration() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    insert into public.profiles (id, name, terms_version, is_admin)
    values (
        new.id,
        case when new.raw_user_meta_data ->> 'name' ~ '@' or coalesce(trim(new.raw_user_meta_data ->> 'name'), '') = ''
             then 'Community member' else left(new.raw_user_meta_data ->> 'name', 100) end,
        '1.0', coalesce((new.raw_user_meta_data ->> 'is_admin')::boolean, false))
    on conflict (id) do nothing;
    return new;
end
$$;
