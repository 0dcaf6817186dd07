create table public.posts (id bigint, owner uuid default auth.uid(), body text);
alter table public.posts enable row level security;
create policy own on public.posts to authenticated using (auth.uid() = owner and auth.role() = 'authenticated');
create policy staff on public.posts for select using (auth.jwt() -> 'app_metadata' ->> 'role' = 'staff' or auth.email() like '%@example.org');
