-- expect: MIG-07 line 4 ban-drop-column: *
create table private.notes as select id, note from private.parcels;
alter table private.notes add primary key (id);
alter table private.parcels drop column note;
