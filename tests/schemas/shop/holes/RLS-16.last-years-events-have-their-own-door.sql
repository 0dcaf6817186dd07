-- object: public.order_events_2024
alter table public.order_events_2024 disable row level security;
grant select on public.order_events_2024 to authenticated;
