-- expected: any
do $$ begin execute format('create function public.long() returns int language sql as %L', '/*' || repeat('x ', 100000000) || '*/ select 1'); end $$;
