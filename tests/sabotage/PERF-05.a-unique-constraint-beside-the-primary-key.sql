-- object: public.visits_id_key
-- object: public.idx_visits_id
-- object: public.visits_again
create table public.visits (id bigint primary key, place text not null);
alter table public.visits enable row level security;
alter table public.visits add constraint visits_id_key unique (id);
create index idx_visits_id on public.visits (id);
create unique index visits_place on public.visits (place) where id > 0;
create unique index visits_again on public.visits (place) where id > 0;
