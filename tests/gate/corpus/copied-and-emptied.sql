create table private.notes as select id, note from private.parcels;
alter table private.notes add primary key (id);
update private.parcels set note = null where note is not null;
