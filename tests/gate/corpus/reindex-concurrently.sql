reindex table concurrently private.parcels;
