create or replace function private.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$ begin
    insert into public.profiles (id, name) values (new.id, coalesce(nullif(left(btrim(translate(new.raw_user_meta_data ->> 'name', '@', ' ')), 60), ''), 'Newcomer')) on conflict (id) do nothing;
    return new;
end $$;
