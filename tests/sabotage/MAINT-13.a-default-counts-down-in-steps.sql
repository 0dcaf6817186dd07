-- object: public.downwards
-- object: public.evens
create sequence public.downwards increment by -1 maxvalue 0 start 0;
create sequence public.evens as integer increment by 2 start 2;
create domain public.number as smallint;
create table public.lots (
    id public.number primary key default nextval('public.downwards'), even integer unique default nextval('public.evens')
);
alter table public.lots enable row level security;
select setval('public.evens', 10);
select nextval('public.downwards');
insert into public.lots (id, even) values (-5, 40), (3, 13);
