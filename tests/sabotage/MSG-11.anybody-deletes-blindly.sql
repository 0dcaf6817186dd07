-- also: RLS-04 RLS-07 RLS-13 RLS-15
-- object: *: delete a message
-- object: *: delete messages blindly
grant delete on public.messages to authenticated;
create policy "clean up" on public.messages for delete to authenticated using (true);
