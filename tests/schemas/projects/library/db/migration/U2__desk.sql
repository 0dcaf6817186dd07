drop function public.fine_of(bigint);
drop function public.take_back(bigint);
drop function public.lend(bigint, uuid);
