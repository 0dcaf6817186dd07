-- object: public."Old ""visits"" -- ".id
create domain public.short as smallint;
create domain public.shorter as public.short check (value <> 0);
create table public."Old ""visits"" -- " (id public.shorter, part integer, primary key (id, part));
alter table public."Old ""visits"" -- " enable row level security;
insert into public."Old ""visits"" -- " values (30000, 1), (1, 2100000000);
