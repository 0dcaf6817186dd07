-- expect: MIG-04 line 4 private.parcels (rewrites the table)
-- expect: MIG-04 line 4 private.stops (rewrites the table)
-- expect: MIG-07 line 4 changing-column-type: *
alter table private.parcels alter column id type bigint;
