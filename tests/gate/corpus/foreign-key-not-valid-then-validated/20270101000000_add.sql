alter table private.labels add constraint labels_parcel foreign key (parcel_id) references private.parcels (id) not valid;
