alter table private.parcels alter column code type text;
