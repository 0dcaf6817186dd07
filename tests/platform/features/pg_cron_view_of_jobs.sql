create extension pg_cron;
create view public.recent_runs as
    select j.jobname, d.status, d.start_time from cron.job_run_details d join cron.job j using (jobid);
revoke all on public.recent_runs from anon, authenticated;
