-- expect: MIG-07 line 2 renaming-column: *
alter table private.parcels rename column remark to remarks;
