-- object: public.restart(bigint)
create function public.restart(job bigint) returns void language sql security definer set search_path = '' as $$
    update public.jobs set state = 'queued', finished_at = null, error = null, worker_id = null
    where id = job and state in ('failed', 'cancelled') and auth.uid() is not null
$$;
grant execute on function public.restart(bigint) to authenticated;
