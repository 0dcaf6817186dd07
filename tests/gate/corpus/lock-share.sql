-- expect: MIG-04 line 2 private.parcels (an explicit lock)
lock table private.parcels in share mode;
