alter table private.parcels alter column label set not null;
alter table private.parcels drop constraint label_there;
