alter table private.parcels add constraint label_there check (label is not null) not valid;
