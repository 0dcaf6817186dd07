create table private.sign_ins (
    id bigint generated always as identity primary key, user_id uuid, at timestamptz not null default now()
);
create function private.count_sign_in() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into private.sign_ins (user_id) values (new.user_id);
    return new;
end $$;
create trigger count_sign_in after insert on auth.sessions for each row execute function private.count_sign_in();
