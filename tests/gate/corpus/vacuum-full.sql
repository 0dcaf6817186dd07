-- expect: MIG-04 line 2 private.parcels (rewrites the table)
vacuum full private.parcels;
