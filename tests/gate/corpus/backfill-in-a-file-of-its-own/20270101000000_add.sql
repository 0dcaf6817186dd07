alter table private.parcels add column colour text;
