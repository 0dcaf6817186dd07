alter table private.labels validate constraint labels_parcel;
