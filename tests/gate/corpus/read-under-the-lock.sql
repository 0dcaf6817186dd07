-- expect: MIG-04 line 3 private.parcels (reads all rows of private.stops)
alter table private.parcels add column extra text;
select count(*) from private.stops;
