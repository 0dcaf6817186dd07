-- object: public.notes
create table public.notes (id bigint generated always as identity primary key, content text);
grant update (content) on public.notes to anon;
