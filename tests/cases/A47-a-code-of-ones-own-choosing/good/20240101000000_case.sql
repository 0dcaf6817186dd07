create table public.players (
    id uuid primary key references auth.users on delete cascade, connect text unique, called text
);
create table public.challenges (
    id uuid primary key default gen_random_uuid(),
    sender uuid not null default auth.uid() references auth.users on delete cascade, wanted text not null, words text not null
);
create index on public.challenges (sender);
create index on public.challenges (wanted);
alter table public.players enable row level security;
alter table public.challenges enable row level security;
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update (called) on public.players to authenticated;
create policy own on public.players for select to authenticated using (id = (select auth.uid()));
create policy edit on public.players for update to authenticated using (id = (select auth.uid()))
    with check (id = (select auth.uid()));
create policy sent on public.challenges for select to authenticated using (
    sender = (select auth.uid())
    or wanted = (select p.connect from public.players p where p.id = (select auth.uid())));
