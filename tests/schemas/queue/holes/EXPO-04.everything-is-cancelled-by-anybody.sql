-- object: public.cancel_all(text)
create function public.cancel_all(which text) returns void language sql security definer set search_path = '' as $$
    update public.jobs set state = 'cancelled', finished_at = greatest(now(), started_at)
    where queue = which and state = 'queued'
$$;
grant execute on function public.cancel_all(text) to authenticated;
