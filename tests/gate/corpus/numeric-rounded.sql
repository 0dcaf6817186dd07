-- expect: MIG-03 line 4 values of private.parcels.weight
-- expect: MIG-04 line 4 private.parcels (rewrites the table)
-- expect: MIG-07 line 4 changing-column-type: *
alter table private.parcels alter column weight type numeric(10, 0);
