-- expect: MIG-04 line 3 private.parcels (reads all rows of private.parcels)
-- expect: MIG-07 line 3 constraint-missing-not-valid: *
alter table private.parcels add constraint weighs check (weight >= 0);
