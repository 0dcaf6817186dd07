create function public.size_of(garden bigint) returns bigint language sql stable set search_path = '' as $$
    select coalesce(sum(square_metres), 0) from public.plots where garden_id = garden
$$;
grant execute on function public.size_of(bigint) to authenticated;
