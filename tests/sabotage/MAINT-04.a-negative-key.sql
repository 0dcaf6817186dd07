-- object: public.imported.id
create table public.imported (id integer primary key, weight integer, half integer generated always as (weight / 2) stored);
alter table public.imported enable row level security;
create index on public.imported (id, weight);
insert into public.imported (id) values (-2100000000), (7);
