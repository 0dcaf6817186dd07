create policy "own row" on auth.users for select to authenticated using (id = auth.uid());
drop policy "own row" on auth.users;
