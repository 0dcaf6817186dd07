create view public.my_jobs with (security_invoker) as
    select j.id, j.queue, j.state, f.path from public.jobs j left join public.job_files f on f.job_id = j.id;
grant select on public.my_jobs to authenticated;
