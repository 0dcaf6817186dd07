create table public.reports (
    id uuid primary key default gen_random_uuid(), writer uuid not null references auth.users (id) on delete cascade, said text not null default '', kind text);
create index on public.reports (writer);
alter table public.reports enable row level security;
create policy look on public.reports for select to authenticated using (writer = (select auth.uid()));
create policy add on public.reports for insert to authenticated with check (writer = (select auth.uid()));
revoke all on public.reports from anon, authenticated;
grant select, insert (writer, said) on public.reports to authenticated;

alter table public.reports alter column kind set not null;
