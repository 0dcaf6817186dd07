-- object: default privileges of postgres in public
-- object: public.notes_too
-- also: EXPO-13
alter default privileges for role postgres in schema public grant truncate, trigger on tables to anon;
set local role postgres;
create table public.notes_of_all (id bigint primary key);
create table public.more_of_them (id bigint primary key);
create table public.notes_too (id bigint primary key);
alter table public.notes_of_all enable row level security;
alter table public.more_of_them enable row level security;
alter table public.notes_too enable row level security;
grant references on public.notes_too to anon;
reset role;
