-- expected: ended
set work_mem = '2000GB';
set hash_mem_multiplier = 1000;
select count(*) from (select distinct repeat(n::text, 200) from generate_series(1, 1000000000) as n) as many;
