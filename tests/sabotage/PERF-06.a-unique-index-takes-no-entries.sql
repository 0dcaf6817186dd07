-- object: public."visits's place"
-- object: public.visits_place_ccnew
-- object: public.visits_gone
create table public.visits (id bigint primary key, place text);
alter table public.visits owner to postgres;
alter table public.visits enable row level security;
create unique index "visits's place" on public.visits (place);
create index visits_place_ccnew on public.visits (place);
create index visits_gone on public.visits (place, id);
update pg_catalog.pg_index set indisvalid = false, indisready = false
where indexrelid in ('public."visits''s place"'::regclass, 'public.visits_place_ccnew'::regclass);
update pg_catalog.pg_index set indisvalid = false, indisready = false, indislive = false
where indexrelid = 'public.visits_gone'::regclass;
