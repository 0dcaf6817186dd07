-- object: public."Stays on x"
-- object: public.stays_unique
create table public.stays (id bigint primary key, at timestamptz) partition by range (id);
alter table public.stays enable row level security;
create table public.stays_1 partition of public.stays for values from (0) to (1000);
alter table public.stays_1 enable row level security;
create index "Stays on x" on only public.stays (at desc);
create unique index stays_unique on only public.stays (id, at);
