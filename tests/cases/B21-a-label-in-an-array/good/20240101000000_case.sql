create table public.bilder (
    id bigint generated always as identity primary key,
    besitzer uuid not null references auth.users on delete cascade,
    titel text not null,
    marken text[] not null default '{}'
);
create index on public.bilder (besitzer);
alter table public.bilder enable row level security;
revoke all on public.bilder from anon, authenticated;
grant select on public.bilder to authenticated;
create policy "read bilder" on public.bilder for select to authenticated
    using (besitzer = (select auth.uid()));
