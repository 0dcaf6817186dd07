-- expect: MIG-04 line 4 private.parcels (*)
-- expect: MIG-07 line 4 disallowed-unique-constraint: *
-- expect: MIG-07 line 4 constraint-missing-not-valid: *
alter table private.parcels add constraint one_code unique (code);
