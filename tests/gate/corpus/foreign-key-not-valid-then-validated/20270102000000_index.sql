create index concurrently idx_labels_parcel_id on private.labels (parcel_id);
