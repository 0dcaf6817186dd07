-- expect: MIG-04 line 3 private.parcels (reads all rows of private.parcels)
-- expect: MIG-07 line 3 adding-not-nullable-field: *
alter table private.parcels alter column label set not null;
