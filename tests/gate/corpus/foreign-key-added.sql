-- expect: MIG-04 line 4 private.labels (reads all rows of *)
-- expect: MIG-04 line 4 private.parcels (reads all rows of *)
-- expect: MIG-07 line 4 adding-foreign-key-constraint: *
alter table private.labels add constraint labels_parcel foreign key (parcel_id) references private.parcels (id);
-- expect: MIG-07 line 4 constraint-missing-not-valid: *
-- expect: MIG-05 line 4 PERF-04 *
