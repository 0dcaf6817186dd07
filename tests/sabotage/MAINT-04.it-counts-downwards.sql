-- object: public.downwards
create sequence public.downwards increment by -1 minvalue -1000 maxvalue 0 start 0;
select setval('public.downwards', -900);
