-- object: public."Visits; id"
create table public.visits (id bigint primary key);
alter table public.visits enable row level security;
create sequence public."Visits; id" as smallint;
alter table public.visits alter column id set default nextval('public."Visits; id"');
select setval('public."Visits; id"', 30000);
