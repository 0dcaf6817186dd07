create table public.journals (
    id bigint generated always as identity primary key,
    writer uuid not null references auth.users on delete cascade,
    words text not null,
    happened_at timestamptz not null default now()
);
create index on public.journals (writer);
alter table public.journals enable row level security;
revoke all on public.journals from anon, authenticated;
grant select on public.journals to authenticated;
create policy "read journals" on public.journals for select to authenticated
    using (writer = (select auth.uid()) or happened_at < now() - interval '1 year');
