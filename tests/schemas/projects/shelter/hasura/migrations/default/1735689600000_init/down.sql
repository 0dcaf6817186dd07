DROP TABLE public.animals;
