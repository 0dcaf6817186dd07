-- expect: MIG-03 line 7 rows of private.labels
-- expect: MIG-03 line 10 rows of private.stops
-- expect: MIG-03 line 13 rows of private.parcels
-- One of the values is not kept.
create table private.old_labels (id bigint primary key, word text);
insert into private.old_labels select id, word from private.labels where id < 20;
delete from private.labels where id < 20;
-- Not all of the rows are kept.
create table private.old_stops as select * from private.stops where id < 400;
delete from private.stops where id < 500;
-- Kept where they are gone when the session, or the server, ends.
create temporary table old_parcels as select * from private.parcels where id = 2999;
delete from private.parcels where id = 2999;
