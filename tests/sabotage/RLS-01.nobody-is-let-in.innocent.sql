create table public.notes (id bigint generated always as identity primary key, content text);
create schema internal;
create table internal.notes (id bigint generated always as identity primary key);
grant all on internal.notes to anon, authenticated;
create temporary table scratch (id bigint primary key);
grant all on scratch to anon;
create view public.no_table with (security_invoker = true) as select id from public.notes;
grant select on public.no_table to authenticated;
