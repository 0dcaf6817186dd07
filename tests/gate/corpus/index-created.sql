-- expect: MIG-04 line 3 private.parcels (builds an index)
-- expect: MIG-07 line 3 require-concurrent-index-creation: *
create index idx_parcels_code on private.parcels (code);
