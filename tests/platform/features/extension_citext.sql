create extension if not exists citext with schema extensions;
create table public.handles (handle extensions.citext primary key);
insert into public.handles values ('Ada');
alter extension citext set schema public;
