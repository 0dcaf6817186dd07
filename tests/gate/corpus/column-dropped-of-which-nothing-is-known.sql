-- unchecked: MIG-03
-- expect: MIG-07 line 3 ban-drop-column: *
alter table private.parcels drop column remark;
