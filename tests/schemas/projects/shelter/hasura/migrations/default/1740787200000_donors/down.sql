DROP TABLE public.donors;
