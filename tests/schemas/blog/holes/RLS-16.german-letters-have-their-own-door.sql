-- object: public.newsletters_de
grant select on public.newsletters_de to authenticated;
alter table public.newsletters_de disable row level security;
