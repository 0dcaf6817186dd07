-- expected: error 22023
create extension pg_cron;
select cron.schedule('nonsense', 'every tuesday', 'select 1');
