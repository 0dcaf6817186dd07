-- object: public.notes: select by authenticated
create table public.notes (user_id uuid primary key, shared boolean);
alter table public.notes enable row level security;
grant select, insert on public.notes to authenticated;
create policy "own notes" on public.notes for all to authenticated using (user_id = (select auth.uid()));
create policy "shared notes" on public.notes for select to authenticated using (shared);
