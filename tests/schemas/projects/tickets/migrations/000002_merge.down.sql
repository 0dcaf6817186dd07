drop table public.satisfaction;
