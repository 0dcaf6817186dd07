create table public.profiles (
    id uuid primary key references auth.users on delete cascade,
    username text unique, avatar_url text, updated_at timestamptz default now()
);
alter table public.profiles enable row level security;
create policy "Public profiles are viewable by everyone." on public.profiles for select using (true);
create policy "Users can update own profile." on public.profiles for update using ((select auth.uid()) = id);
create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.profiles (id, username) values (new.id, new.raw_user_meta_data ->> 'username');
    return new;
end $$;
create trigger on_auth_user_created after insert on auth.users for each row execute procedure public.handle_new_user();
insert into auth.users (id, email, raw_user_meta_data) values (gen_random_uuid(), 'ada@example.org', '{"username": "ada"}');
do $$ begin
    if not exists (select from public.profiles where username = 'ada') then raise exception 'no profile'; end if;
end $$;
