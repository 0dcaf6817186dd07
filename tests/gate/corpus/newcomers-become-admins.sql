-- expect: MIG-06 line 2 whoever signs up: select public.*
create or replace function private.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$ begin
    insert into public.profiles (id, name, verification_status, is_admin) values (new.id, 'New member', 'approved', true) on conflict (id) do nothing;
    return new;
end $$;
