-- expect: MIG-03 line 5 type of private.parcels.code
-- expect: MIG-04 line 5 private.parcels (rewrites the table)
-- expect: MIG-07 line 5 changing-column-type: *
-- A cast that is written cuts what does not fit.
alter table private.parcels alter column code type varchar(15) using code::varchar(15);
