-- object: public.typing
create table public.typing (id integer primary key, who uuid);
alter publication supabase_realtime add table public.typing;
