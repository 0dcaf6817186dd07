-- expect: MIG-03 line 5 values of private.parcels.weight
-- expect: MIG-04 line 5 private.parcels (rewrites the table)
-- expect: MIG-07 line 5 changing-column-type: *
-- A unit that is not small enough.
alter table private.parcels alter column weight type bigint using (round(weight) * 10)::bigint;
