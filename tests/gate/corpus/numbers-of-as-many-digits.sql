-- expect: MIG-04 line 3 private.parcels (rewrites the table)
-- expect: MIG-07 line 3 changing-column-type: *
alter table private.parcels alter column weight type double precision;
