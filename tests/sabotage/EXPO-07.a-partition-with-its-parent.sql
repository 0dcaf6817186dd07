-- object: public.visits
-- object: public."Visits 2025"
-- also: RLS-01
create table public.visits (at date primary key, who uuid) partition by range (at);
create table public.visits_2024 partition of public.visits for values from ('2024-01-01') to ('2025-01-01');
create table public.calls (at date primary key, who uuid) partition by range (at);
create table public."Visits 2025" partition of public.calls for values from ('2025-01-01') to ('2026-01-01');
grant truncate on public.visits, public.visits_2024, public."Visits 2025" to authenticated;
