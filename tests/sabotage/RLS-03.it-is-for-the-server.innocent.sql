-- set: server_only_tables = ["public.jobs"]
create table public.jobs (id bigint generated always as identity primary key);
alter table public.jobs enable row level security;
grant select, insert on public.jobs to anon, authenticated;
create table public.queue (id bigint generated always as identity primary key);
alter table public.queue enable row level security;
create table public.events (id bigint generated always as identity primary key) partition by range (id);
create table public.events_of_today partition of public.events default;
alter table public.events enable row level security;
alter table public.events_of_today enable row level security;
create policy "approved members read events" on public.events for select to authenticated
using ((select private.is_approved()));
grant select on public.events, public.events_of_today to authenticated;
