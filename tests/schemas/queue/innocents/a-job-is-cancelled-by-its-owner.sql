create function public.cancel(job bigint) returns void language sql security definer set search_path = '' as $$
    update public.jobs set state = 'cancelled', finished_at = greatest(now(), started_at)
    where id = job and state = 'queued' and requested_by = auth.uid()
$$;
grant execute on function public.cancel(bigint) to authenticated;
