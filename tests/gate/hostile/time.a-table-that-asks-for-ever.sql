-- expected: ended
create view private.endless as with recursive n as (select 1 as n union all select n from n) select n from n;
select count(*) from private.endless;
