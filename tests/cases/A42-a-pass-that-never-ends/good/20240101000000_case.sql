create table public.passes (holder uuid primary key references auth.users (id) on delete cascade, label text, ends_at timestamptz not null default now());
create table public.recordings (id uuid primary key default gen_random_uuid(), title text not null default '');
alter table public.passes enable row level security;
alter table public.recordings enable row level security;
revoke all on public.passes, public.recordings from anon, authenticated;
grant select on public.passes, public.recordings to authenticated;
create policy mine on public.passes for select to authenticated using (holder = (select auth.uid()));
create policy edit on public.passes for update to authenticated using (holder = (select auth.uid())) with check (holder = (select auth.uid()));
create policy look on public.recordings for select to authenticated using (
    exists (select from public.passes p where p.holder = (select auth.uid()) and p.ends_at > now()));

grant update (label) on public.passes to authenticated;
