-- expected: harmless
create sequence public.s increment -1 cycle minvalue -2 maxvalue 1;
select nextval('public.s') from generate_series(1, 100);
