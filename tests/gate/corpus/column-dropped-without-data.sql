-- live: private.parcels.remark empty
-- expect: MIG-07 line 3 ban-drop-column: *
alter table private.parcels drop column remark;
