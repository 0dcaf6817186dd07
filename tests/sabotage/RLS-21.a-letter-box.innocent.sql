-- Anybody signed in may put something in; nobody reads it but the server.
create table public.wishes (id bigint generated always as identity primary key, author uuid not null, words text);
create index on public.wishes (author);
alter table public.wishes enable row level security;
grant insert on public.wishes to authenticated;
create policy wish on public.wishes for insert to authenticated with check (author = (select auth.uid()));
create policy jobs on public.wishes for update to service_role using (true);
