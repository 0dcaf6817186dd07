-- object: public.events.at
-- The fix is advice: the server does not change the type beneath a view. What is inherited is the parent's.
create table public.events (id bigint generated always as identity primary key, at timestamp);
create table public.more_events (primary key (id)) inherits (public.events);
alter table public.events enable row level security;
alter table public.more_events enable row level security;
create view public.days with (security_invoker = true) as select at::date as day from public.events;
