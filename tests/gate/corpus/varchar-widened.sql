alter table private.parcels alter column code type varchar(80);
