-- object: anon: ask for help
-- also: RLS-04 RLS-07
alter table public.help_requests alter column user_id drop not null;
create policy "visitors may ask" on public.help_requests for insert to anon with check (user_id is null);
grant insert (title, category) on public.help_requests to anon;
