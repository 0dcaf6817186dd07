create table public.events (id bigint, user_id uuid not null, at timestamptz not null, primary key (id, at))
partition by range (at);
create index on public.events (user_id);
alter table public.events enable row level security;
create policy "own events" on public.events for select to authenticated using (user_id = (select auth.uid()));
grant select on public.events to authenticated;
create table public.events_2026 partition of public.events for values from ('2026-01-01') to ('2027-01-01');
create table public.events_2027 partition of public.events for values from ('2027-01-01') to ('2028-01-01');
alter table public.events_2027 enable row level security;
grant select on public.events_2027 to authenticated;
