-- object: public.imported.id
create table public.imported (id integer primary key);
alter table public.imported enable row level security;
insert into public.imported values (-2100000000), (7);
