-- expected: ended
create extension if not exists pg_cron;
select cron.schedule('job', '* * * * *', 'select pg_terminate_backend(pg_backend_pid())');
