-- object: anon: rewrite others' requests blindly
-- also: RLS-04 RLS-07 RLS-21
create policy "counts are kept" on public.help_requests for update to anon using (true) with check (true);
grant update (title) on public.help_requests to anon;
