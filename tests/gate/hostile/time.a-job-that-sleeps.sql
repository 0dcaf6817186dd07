-- expected: harmless
create extension if not exists pg_cron;
select cron.schedule('one', '* * * * *', 'select pg_sleep(100000)');
select cron.schedule('two', '* * * * *', 'set statement_timeout = 0; select pg_sleep(100000) where now() > ''-infinity''');
