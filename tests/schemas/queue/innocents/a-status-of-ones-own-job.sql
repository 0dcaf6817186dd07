create function public.my_job(job bigint) returns jsonb
    language sql stable security definer set search_path = '' as $$
    select to_jsonb(j) from public.jobs j where j.id = job and j.requested_by = auth.uid()
$$;
grant execute on function public.my_job(bigint) to authenticated;
