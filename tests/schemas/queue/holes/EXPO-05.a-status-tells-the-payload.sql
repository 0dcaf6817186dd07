-- object: public.job_status(bigint)
create function public.job_status(job_id bigint) returns jsonb
    language sql stable security definer set search_path = '' as $$
    select to_jsonb(j) from public.jobs j where j.id = job_id and auth.uid() is not null
$$;
grant execute on function public.job_status(bigint) to authenticated;
