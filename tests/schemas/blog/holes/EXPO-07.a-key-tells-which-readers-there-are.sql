-- object: public.subscribers
grant references ("ID") on public.subscribers to anon;
