-- expect: MIG-03 line 7 rows of private.labels
-- expect: MIG-03 line 11 rows of private.stops
-- expect: MIG-03 line 14 rows of private.parcels
-- One of the values is not kept.
create table private.old_labels (id bigint primary key, word text);
insert into private.old_labels select id, word from private.labels where id < 20;
delete from private.labels where id < 20;
-- Not all of the rows are kept.
create table private.old_stops (like private.stops including constraints including indexes);
insert into private.old_stops (id, parcel_id, place, kind) select id, parcel_id, place, kind from private.stops where id < 400;
delete from private.stops where id < 500;
-- Kept where they are gone when the session, or the server, ends.
create temporary table old_parcels as select * from private.parcels where id = 2999;
delete from private.parcels where id = 2999;
