select count(*) from private.stops;
alter table private.parcels add column extra text;
select 1 from private.stops where id = 7;
