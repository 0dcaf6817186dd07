-- expected: ended
set work_mem = '64kB';
select count(*) from (select n from generate_series(1, 100000000000) as n order by md5(n::text)) as sorted;
