-- expect: MIG-04 line 3 private.parcels (builds an index again)
-- expect: MIG-07 line 3 require-concurrent-reindex: *
reindex table private.parcels;
