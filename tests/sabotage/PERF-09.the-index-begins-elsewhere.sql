-- object: author of public.notes
create table public.notes (id bigint generated always as identity primary key, at timestamptz, author uuid not null);
create index on public.notes (at, author);
create index on public.notes (author) where at is null;
alter table public.notes enable row level security;
grant select on public.notes to authenticated;
create policy "own notes" on public.notes for select to authenticated using ((select auth.uid()) = author);
