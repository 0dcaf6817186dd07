-- expect: MIG-03 line 3 column private.parcels.note
-- expect: MIG-07 line 3 ban-drop-column: *
alter table private.parcels drop column note;
