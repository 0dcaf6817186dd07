DROP TABLE public.adoptions;
