create table public.tickets (id smallint generated always as identity (start with 100) primary key, day date);
create table public.gone (id bigserial primary key);
create sequence public.unused owned by public.gone.id;
alter table public.gone alter column id drop default;
alter table public.tickets enable row level security;
alter table public.gone enable row level security;
insert into public.tickets (day) values (null), (null), (null), (null), (null), (null), (null), (null);
insert into public.gone (id) values (700);
