-- object: owner of public.notes
create table public.notes (id bigint generated always as identity primary key, owner uuid not null);
create index on public.notes using brin (owner);
alter table public.notes enable row level security;
grant select on public.notes to authenticated;
create policy "own" on public.notes for select to authenticated using (owner = (select auth.uid()));
