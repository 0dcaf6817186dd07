-- object: "own notes" on public.notes
create table public.notes (user_id uuid primary key, content text);
alter table public.notes enable row level security;
grant select on public.notes to authenticated;
create policy "own notes" on public.notes for select using (user_id = (select auth.uid()));
