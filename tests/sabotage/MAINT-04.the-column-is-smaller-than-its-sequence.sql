-- object: public.visits_id_seq
create table public.visits (id serial primary key);
alter table public.visits enable row level security;
alter sequence public.visits_id_seq as bigint;
select setval('public.visits_id_seq', 1900000000);
