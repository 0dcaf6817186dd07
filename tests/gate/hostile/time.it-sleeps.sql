-- expected: ended
select pg_sleep(100000);
