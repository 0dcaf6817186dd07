alter table private.parcels validate constraint label_there;
