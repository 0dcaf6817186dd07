alter function public.is_agent() stable;
