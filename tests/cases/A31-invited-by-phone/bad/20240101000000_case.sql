create table public.callers (id uuid primary key references auth.users (id) on delete cascade, nick text, phone text);
alter table public.callers enable row level security;
create policy me on public.callers for select to authenticated using (id = (select auth.uid()));
create policy edit on public.callers for update to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
revoke all on public.callers from anon, authenticated;
grant select on public.callers to authenticated;
create table public.letters (
    id uuid primary key default gen_random_uuid(), phone text not null, said text not null default '');
create index on public.letters (phone);
alter table public.letters enable row level security;
create policy look on public.letters for select to authenticated using (
    exists (select from public.callers c where c.phone = letters.phone and c.id = (select auth.uid())));

grant update (nick, phone) on public.callers to authenticated;
