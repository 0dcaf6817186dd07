-- expect: MIG-03 line 3 rows of private.parcels
-- expect: MIG-03 line 3 rows of private.stops
delete from private.parcels;
