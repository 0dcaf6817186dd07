-- object: public.partners
create foreign data wrapper nowhere;
create server elsewhere foreign data wrapper nowhere;
create foreign table public.partners (id integer, phone text) server elsewhere;
grant select (phone) on public.partners to public;
