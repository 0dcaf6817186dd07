-- set: declared_tables = []
-- Everybody reads what people write to each other: that is RLS-04's. A list of towns is nobody's.
create table public.letters (
    id bigint generated always as identity primary key,
    author_id uuid not null references auth.users (id) on delete cascade,
    title text not null,
    body text not null
);
create index on public.letters (author_id);
create table public.regions (name text primary key);
alter table public.letters enable row level security;
alter table public.regions enable row level security;
revoke all on public.letters, public.regions from anon, authenticated;
grant select on public.letters, public.regions to authenticated;
create policy "everybody reads" on public.letters for select to authenticated using (true);
create policy "everybody knows them" on public.regions for select to authenticated using (true);
