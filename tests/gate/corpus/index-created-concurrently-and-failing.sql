-- expect: MIG-01 line 4 20270101000000_index-created-concurrently-and-failing.sql
-- expect: MIG-05 line 4 PERF-06 *
-- unchecked: MIG-06
create unique index concurrently one_label_each on private.parcels (label);
