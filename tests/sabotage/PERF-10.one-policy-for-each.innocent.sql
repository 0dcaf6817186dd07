create table public.notes (user_id uuid primary key, shared boolean);
alter table public.notes enable row level security;
grant select on public.notes to authenticated, anon;
create policy "own notes" on public.notes for select to authenticated using (user_id = (select auth.uid()) or shared);
create policy "shared notes" on public.notes for select to anon using (shared);
create policy "the server" on public.notes for all to service_role using (true);
create policy "no guests" on public.notes as restrictive for select to authenticated using ((select not private.is_guest()));
create policy "write one" on public.notes for insert to authenticated with check (user_id = (select auth.uid()));
create policy "write two" on public.notes for insert to authenticated
with check (user_id = (select auth.uid()) and not shared);
