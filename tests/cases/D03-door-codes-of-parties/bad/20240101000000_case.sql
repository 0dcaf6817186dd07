create table public.parties (
    id uuid primary key default gen_random_uuid(),
    host uuid not null references auth.users on delete cascade,
    title text not null,
    listed boolean not null default false,
    door_code text not null
);
create index on public.parties (host);
alter table public.parties enable row level security;
create policy listed on public.parties for select to anon using (listed);
create policy seen on public.parties for select to authenticated using (host = (select auth.uid()));
create policy changed on public.parties for update to authenticated using (host = (select auth.uid()));
