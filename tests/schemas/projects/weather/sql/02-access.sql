alter table public.stations enable row level security;
alter table public.readings enable row level security;
alter table public.alarms enable row level security;
grant select on public.stations, public.readings to anon, authenticated;
grant select, insert, update, delete on public.alarms to authenticated;
create policy stations_read on public.stations for select to anon, authenticated using (true);
create policy readings_read on public.readings for select to anon, authenticated using (true);
create policy alarms_all on public.alarms for all to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
