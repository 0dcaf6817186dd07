-- expect: MIG-03 line 5 column private.parcels.note
-- expect: MIG-07 line 5 ban-drop-column: *
create table private.notes as select id, note from private.parcels;
alter table private.notes add primary key (id);
alter table private.parcels drop column note;
