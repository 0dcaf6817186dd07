-- object: public.notes
create table public.notes (id bigint generated always as identity primary key, content text);
grant select on public.notes to authenticated;
