create extension if not exists "pg_cron";
select cron.schedule('*/5 * * * *', 'select 1');
select cron.schedule('every-half-minute', '30 seconds', 'select 1');
