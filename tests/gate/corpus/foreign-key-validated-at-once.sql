-- expect: MIG-04 line 6 private.labels (reads all rows of *)
-- expect: MIG-04 line 6 private.parcels (reads all rows of *)
-- expect: MIG-05 line 6 PERF-04 *
-- expect: MIG-07 line 6 constraint-missing-not-valid: *
alter table private.labels add constraint labels_parcel foreign key (parcel_id) references private.parcels (id) not valid;
alter table private.labels validate constraint labels_parcel;
