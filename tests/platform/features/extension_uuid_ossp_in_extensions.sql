create extension if not exists "uuid-ossp" with schema "extensions";
create table public.rooms (id uuid primary key default extensions.uuid_generate_v1mc(), name text);
insert into public.rooms (name) values ('kitchen');
