-- expect: MIG-04 line 4 private.parcels (rewrites the table)
-- expect: MIG-07 line 4 changing-column-type: *
-- The same weights, in a smaller unit.
alter table private.parcels alter column weight type bigint using (weight * 100)::bigint;
