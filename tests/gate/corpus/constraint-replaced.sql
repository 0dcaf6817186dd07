-- expect: MIG-05 line 3 MAINT-08 *
alter table private.parcels drop constraint parcels_no_remark;
alter table private.parcels add constraint parcels_short_remark check (length(remark) < 9) not valid;
