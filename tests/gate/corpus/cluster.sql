-- expect: MIG-04 line 2 private.parcels (rewrites the table)
cluster private.parcels using parcels_pkey;
