-- expect: MIG-04 line 3 private.parcels (rewrites the table)
-- expect: MIG-07 line 3 adding-field-with-default: *
alter table private.parcels add column heavy boolean generated always as (weight > 100) stored;
