create extension if not exists "uuid-ossp";
create table public.tickets (id uuid primary key default uuid_generate_v4(), title text not null);
insert into public.tickets (title) values ('first');
