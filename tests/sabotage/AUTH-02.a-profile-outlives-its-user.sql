-- object: 00000000-0000-4000-8000-00000000dead
-- also: AUTH-06 AUTH-08 SCHEMA-03
alter table public.profiles drop constraint profiles_id_fkey;
insert into public.profiles (id, name) values ('00000000-0000-4000-8000-00000000dead', 'Left Behind');
