-- expect: MIG-07 line 2 ban-drop-constraint: parcels_no_remark of private.parcels
alter table private.parcels drop constraint parcels_no_remark;
