create table public.entries (
    id bigint generated always as identity primary key,
    keeper uuid not null references auth.users on delete cascade,
    settings jsonb not null default '{}',
    heading text not null
);
create index on public.entries (keeper);
alter table public.entries enable row level security;
revoke all on public.entries from anon, authenticated;
grant select on public.entries to authenticated;
create policy "read entries" on public.entries for select to authenticated
    using (keeper = (select auth.uid()));
