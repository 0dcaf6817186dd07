create extension pg_cron;
select cron.schedule('digest', '0 6 * * 1', 'select 1');
do $$
begin
    perform cron.unschedule(jobid) from cron.job where jobname = 'digest';
    perform cron.schedule('digest', '0 7 * * 1', 'select 1');
end $$;
select cron.alter_job(jobid, active := false) from cron.job where jobname = 'digest';
