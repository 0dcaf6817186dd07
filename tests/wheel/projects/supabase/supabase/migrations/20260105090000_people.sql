-- What new tables and functions are given is said table by table, as in projects since May 2026.
alter default privileges for role postgres in schema public revoke all on tables from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on sequences from anon, authenticated;
alter default privileges for role postgres in schema public revoke all on functions from anon, authenticated;
alter default privileges for role postgres revoke execute on functions from public;

-- Neighbours who lend each other tools.
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    nickname text not null check (char_length(nickname) between 1 and 60),
    created_at timestamptz not null default now()
);
alter table public.profiles enable row level security;

create policy "people see themselves" on public.profiles for select to authenticated using ((select auth.uid()) = id);
create policy "people change their own" on public.profiles for update to authenticated
    using ((select auth.uid()) = id) with check ((select auth.uid()) = id);

create function public.greet() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.profiles (id, nickname) values (new.id, 'Neighbour');
    return new;
end
$$;
create trigger on_signed_up after insert on auth.users for each row execute function public.greet();

grant select, update (nickname) on public.profiles to authenticated;
grant all on public.profiles to service_role;
