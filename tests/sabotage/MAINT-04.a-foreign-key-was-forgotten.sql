-- object: public.visits_id_seq
create table public.visits (id bigint generated always as identity primary key);
create table public.visit_notes (note uuid primary key, visit integer references public.visits (id));
create index on public.visit_notes (visit);
alter table public.visits enable row level security;
alter table public.visit_notes enable row level security;
select setval('public.visits_id_seq', 2000000000);
