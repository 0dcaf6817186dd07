create index concurrently idx_parcels_code on private.parcels (code);
